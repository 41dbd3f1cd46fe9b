"""Repeated rows: known by hashes alone, so that no problem's text stays in memory."""

import hashlib
from dataclasses import dataclass

from a2r_ray.errors import ErrorKind
from a2r_ray.records import Problem, Reject, hash_of
from a2r_ray.sources.rows import RawRow


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row that repeats an earlier problem: the same id, question, shown columns and known answer."""

    problem_id: str
    source: str
    line: int
    problem_hash: str
    """Of the question, as ``records.problem_hash`` has it."""


class Seen:
    """The problems so far: per id, what it asked and where it stood, packed into one integer.

    Args:
        named: whether the input names its problems, or each is known by what it asks.
    """

    def __init__(self, *, named: bool) -> None:
        self._named = named
        self._first: dict[int, int] = {}
        self._sources: dict[str, int] = {}

    def judge(self, problem: Problem, raw: RawRow) -> Problem | Reject | Duplicate:
        key = digest(problem.problem_id)
        content = digest(problem.problem, repr(problem.messages), repr(problem.reference_answer), problem.shown)
        source = self._sources.setdefault(problem.source, len(self._sources))
        position = source << 48 | problem.line
        first = self._first.setdefault(key, position << 64 | content)
        if first == position << 64 | content:
            return problem
        if first & (1 << 64) - 1 == content:
            return Duplicate(problem.problem_id, problem.source, problem.line, hash_of(problem))
        return self._clash(problem, raw, first >> 64)

    def _clash(self, problem: Problem, raw: RawRow, position: int) -> Reject:
        where = f"{list(self._sources)[position >> 48]}:{position & (1 << 48) - 1}"
        error = f"id {problem.problem_id!r} is already that of {where}, which asks something else or has another answer"
        if not self._named:
            error = (
                f"it asks the same as {where}, and has another known answer, or another column that a prompt shows and "
                "that of the run which sampled the paths did not; give the rows ids (input.id_column)"
            )
        kind, known = ErrorKind.DUPLICATE_ID, problem.reference_answer
        return Reject(problem.problem_id, problem.source, problem.line, "input", kind, error, raw.text, known)


def digest(*texts: str) -> int:
    """A 64-bit hash, the same in every process."""
    joined = "\0".join(texts).encode()
    return int.from_bytes(hashlib.blake2b(joined, digest_size=8).digest(), "big")

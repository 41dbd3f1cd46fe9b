"""Sources: what a run reads its problems from, each by one reader, every row of it accounted for.

- ``open_source`` raises InputError for what cannot be read at all; after that no row raises.
- Every input row becomes exactly one of Problem, Reject, Duplicate, in the input's order, in flat memory but for the
  keys by which repeated rows are known (about 120 bytes per problem).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from a2r_ray.config import InputConfig
from a2r_ray.errors import InputError
from a2r_ray.records import Problem, Reject
from a2r_ray.sources.parsing import parse
from a2r_ray.sources.rows import RawRow, Source, public

__all__ = ["Duplicate", "RawRow", "Source", "first_rows", "open_source", "parse", "read_problems"]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row that repeats an earlier problem: the same id, question and known answer."""

    problem_id: str
    source: str
    line: int


def open_source(config: InputConfig) -> Source:
    """The configured input.

    Raises:
        InputError: it is not there, cannot be read, or lacks a configured column; with the remedy.
    """
    match config.source:
        case "file":
            from a2r_ray.sources.file import open_files

            return open_files(config)
        case "huggingface":
            from a2r_ray.sources.huggingface import open_dataset

            return open_dataset(config)
        case "reasoning_gym":
            from a2r_ray.sources.reasoning_gym import open_datasets

            return open_datasets(config)
        case _:
            raise InputError(f"input.source {config.source}: there is no reader for it")


def read_problems(source: Source, config: InputConfig) -> Iterator[Problem | Reject | Duplicate]:
    """What each input row is: a problem, a reject or a duplicate; no more rows than ``limit``."""
    seen = _Seen()
    for raw in islice(source.rows(), config.limit):
        record = parse(raw, config)
        yield seen.judge(record, raw) if isinstance(record, Problem) else record


def first_rows(source: Source, config: InputConfig, n: int) -> list[Problem | Reject]:
    """The first ``n`` rows that are no duplicates, and the first problem where it comes later.

    Raises:
        InputError: the input has no rows, or none that is a problem.
    """
    rows: list[Problem | Reject] = []
    reasons: list[Reject] = []
    count, found = 0, False
    for record in read_problems(source, config):
        count += 1
        if isinstance(record, Duplicate):
            continue
        if isinstance(record, Problem):
            found = True
        elif len(reasons) < _REASONS:
            reasons.append(record)
        if len(rows) < n or isinstance(record, Problem):
            rows.append(record)
        if found and len(rows) >= n:
            break
    if not found:
        raise InputError(_nothing_readable(config, count, reasons))
    return rows


_REASONS = 3
"""Rejects that explain why there is no problem."""


def _nothing_readable(config: InputConfig, count: int, rejects: list[Reject]) -> str:
    name = public(config.path or "") or ", ".join(config.datasets or {})
    if not count:
        return f"{name}: it has no rows"
    reasons = [f"  {row.source}:{row.line}: {row.error_kind}: {row.error}" for row in rejects]
    return "\n".join([f"{name}: none of its {count:,} rows is a problem; the first reasons:", *reasons])


class _Seen:
    """The problems so far: per id, what it asked and where it stood, packed into one integer."""

    def __init__(self) -> None:
        self._first: dict[int, int] = {}
        self._sources: dict[str, int] = {}

    def judge(self, problem: Problem, raw: RawRow) -> Problem | Reject | Duplicate:
        key = _digest(problem.problem_id)
        content = _digest(problem.problem, repr(problem.messages), repr(problem.reference_answer))
        source = self._sources.setdefault(problem.source, len(self._sources))
        place = source << 48 | problem.line
        first = self._first.setdefault(key, place << 64 | content)
        if first == place << 64 | content:
            return problem
        if first & (1 << 64) - 1 == content:
            return Duplicate(problem.problem_id, problem.source, problem.line)
        return self._clash(problem, raw, first >> 64)

    def _clash(self, problem: Problem, raw: RawRow, place: int) -> Reject:
        where = f"{list(self._sources)[place >> 48]}:{place & (1 << 48) - 1}"
        error = f"id {problem.problem_id!r} is already that of {where}, which has another problem or answer"
        return Reject(problem.problem_id, problem.source, problem.line, "input", "duplicate_id", error, raw.text)


def _digest(*texts: str) -> int:
    joined = "\0".join(texts).encode()
    return int.from_bytes(hashlib.blake2b(joined, digest_size=8).digest(), "big")

"""What has changed in an input since it was answered: known by what each stored row says that it is of.

A row of a run folder has the hash of its question, and a result the known answer that it was judged by. Memory: 41
bytes a problem, and those problems that have changed.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from a2r_ray.answers.judging import judged_by, reads_metadata
from a2r_ray.records import Problem, hash_of
from a2r_ray.runs import table
from a2r_ray.runs.done import among
from a2r_ray.runs.index import hash_ids
from a2r_ray.runs.storage import Storage

_CHUNK = 8192
_SHOWN = 20
_UNKNOWN, _APART = "\x00", "\x01"
"""Stands for a known answer that there is not."""

_Hashes = npt.NDArray[np.uint64]


@dataclass
class Changes:
    """The problems that are not what was answered under their id."""

    questions: list[str] = field(default_factory=list)
    """The ids of those that ask something else."""
    answers: dict[str, Problem] = field(default_factory=dict)
    """Those that ask the same, and whose known answer, its kind or its choices are others; by id."""
    paths: list[str] = field(default_factory=list)
    """The ids of those of which a brought path has another text, or is gone."""
    gone: list[str] = field(default_factory=list)
    """The ids of those that the input has no more, or rejects now."""
    rejected: list[str] = field(default_factory=list)
    """The ids of those that were rejected by a model or a server, and of which the known answer is another one."""

    def __bool__(self) -> bool:
        return bool(self.questions or self.answers or self.paths or self.gone or self.rejected)

    @property
    def superseded(self) -> list[str]:
        """The ids of those of which nothing that is stored can stay."""
        return [*self.questions, *self.paths, *self.gone, *self.rejected]

    def __str__(self) -> str:
        parts = [
            ("the question", self.questions),
            ("the known answer, its kind or its choices,", self.answers),
            ("a brought path (its text, or that it is there)", self.paths),
            ("the row (gone, or rejected now)", self.gone),
            ("the known answer of a rejected problem,", self.rejected),
        ]
        return "; ".join(f"{what} of {len(ids):,}: {_listed(ids)}" for what, ids in parts if ids)


def changes(run: Storage, problems: Iterable[Problem], kind: str | None) -> Changes:
    """What of an input is not what a run folder's rows are of.

    Args:
        run: the run folder.
        problems: the input's.
        kind: of answer by which those were judged that have none of their own; None where that is not known, and not
            compared.
    """
    found = Changes()
    questions = _Stored.of(_questions(run))
    answers = _Stored.of(_answers(run, kinds=kind is not None))
    rejected = _Stored.of(_of_rejects(run))
    coming = iter(problems)
    while chunk := list(islice(coming, _CHUNK)):
        keys = hash_ids([problem.problem_id for problem in chunk])
        questions.meet(keys)
        asked = questions.differ(keys, hash_ids([hash_of(problem) for problem in chunk]))
        judged = answers.differ(keys, hash_ids([_of_problem(problem, kind) for problem in chunk]))
        refused = rejected.differ(keys, hash_ids([_known(problem) for problem in chunk])) & ~asked
        found.rejected += [chunk[at].problem_id for at in np.flatnonzero(refused)]
        found.questions += [chunk[at].problem_id for at in np.flatnonzero(asked)]
        found.answers |= {chunk[at].problem_id: chunk[at] for at in np.flatnonzero(judged & ~asked)}
    found.gone = _names(run, questions.unmet)
    return found


@dataclass(frozen=True)
class _Stored:
    """A hash by key; where a key has several, the least and the greatest of them."""

    keys: _Hashes
    least: _Hashes
    greatest: _Hashes
    met: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, pairs: Iterable[tuple[_Hashes, _Hashes]]) -> "_Stored":
        none = np.empty(0, np.uint64)
        keys, values = (np.concatenate(parts) for parts in zip(*[(none, none), *pairs], strict=True))
        order = np.lexsort((values, keys))
        keys, values = keys[order], values[order]
        first = np.ones(len(keys), np.bool_)
        first[1:] = keys[1:] != keys[:-1]
        last = np.roll(first, -1)
        return cls(keys[first], values[first], values[last], np.zeros(int(first.sum()), np.bool_))

    def meet(self, keys: _Hashes) -> None:
        """Notes that there are these keys."""
        at = np.searchsorted(self.keys, keys[among(keys, self.keys)])
        self.met[at] = True

    @property
    def unmet(self) -> _Hashes:
        """The keys that were not noted, sorted."""
        return self.keys[~self.met]

    def differ(self, keys: _Hashes, values: _Hashes) -> npt.NDArray[np.bool_]:
        """Which keys are there with another value."""
        if not len(self.keys):
            return np.zeros(len(keys), np.bool_)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        other = (self.least[at] != values) | (self.greatest[at] != values)
        differ: npt.NDArray[np.bool_] = (self.keys[at] == keys) & other
        return differ


def _questions(run: Storage) -> Iterator[tuple[_Hashes, _Hashes]]:
    for name in ("results", "rejects", "paths"):
        for batch in table.scan(run, name, ["problem_id", "problem_hash"]):
            rows = batch.filter(pc.not_equal(batch["problem_hash"], ""))  # input rows, and paths of nobody knows what
            # A problem has many paths, one after the other.
            rows = pa.Table.from_batches([rows]).group_by(rows.schema.names, use_threads=False).aggregate([])
            yield _hashes(rows["problem_id"]), _hashes(rows["problem_hash"])


def _names(run: Storage, keys: _Hashes) -> list[str]:
    """The problems whose ids have these hashes, sorted."""
    names: set[str] = set()
    for name in ("results", "rejects", "paths") if len(keys) else ():
        for batch in table.scan(run, name, ["problem_id"]):
            ids = batch["problem_id"].unique().drop_null()
            names.update(ids.filter(pa.array(among(_hashes(ids), keys))).to_pylist())
    return sorted(names)


def _answers(run: Storage, *, kinds: bool) -> Iterator[tuple[_Hashes, _Hashes]]:
    columns = ["problem_id", "reference_answer", *(["answer_kind"] if kinds else [])]
    if kinds and any(reads_metadata(kind) for kind in _kinds(run)):
        columns.append("metadata")
    for batch in table.scan(run, "results", columns):
        known = pc.fill_null(batch["reference_answer"], _UNKNOWN)
        if kinds:
            given = batch["metadata"].to_pylist() if "metadata" in columns else [""] * batch.num_rows
            hangs_on = [judged_by(*each) for each in zip(batch["answer_kind"].to_pylist(), given, strict=True)]
            known = pc.binary_join_element_wise(known, batch["answer_kind"], pa.array(hangs_on, pa.string()), _APART)
        yield _hashes(batch["problem_id"]), _hashes(known)


def _kinds(run: Storage) -> set[str]:
    """The kinds of answers that results were judged by."""
    batches = table.scan(run, "results", ["answer_kind"])
    return {kind for batch in batches for kind in batch["answer_kind"].unique().to_pylist()}


def _of_rejects(run: Storage) -> Iterator[tuple[_Hashes, _Hashes]]:
    for batch in table.scan(run, "rejects", ["problem_id", "problem_hash", "reference_answer"]):
        rows = batch.filter(pc.not_equal(batch["problem_hash"], ""))  # input rows have none
        yield _hashes(rows["problem_id"]), _hashes(pc.fill_null(rows["reference_answer"], _UNKNOWN))


def _hashes(column: Any) -> _Hashes:
    return hash_ids(column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy())


def _of_problem(problem: Problem, kind: str | None) -> str:
    """What its verdict hangs on."""
    known = _known(problem)
    if kind is None:
        return known
    own = problem.answer_kind or kind
    return f"{known}{_APART}{own}{_APART}{judged_by(own, problem.metadata)}"


def _known(problem: Problem) -> str:
    return _UNKNOWN if problem.reference_answer is None else problem.reference_answer


def _listed(ids: Collection[str] | Sequence[str]) -> str:
    shown = ", ".join(list(ids)[:_SHOWN])
    return f"{shown}, … and {len(ids) - _SHOWN:,} more" if len(ids) > _SHOWN else shown

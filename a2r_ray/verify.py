"""The receipt counted again, from the input and the files alone, and the ids where it does not add up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from a2r_ray.config.schema import Config
from a2r_ray.records import PATH_KEY, TOKENS, Problem, Reject
from a2r_ray.runs import table
from a2r_ray.runs.changes import Changes
from a2r_ray.runs.done import among, done_keys, line_key, reject_key
from a2r_ray.runs.folder import changed
from a2r_ray.runs.index import hash_ids
from a2r_ray.runs.receipt import InputCounts, account, keys_of
from a2r_ray.runs.record import read_receipt, read_record
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.supersede import outgrown
from a2r_ray.sources import Duplicate, Source, open_source, read_problems
from a2r_ray.sources.given import given
from a2r_ray.sources.paths import stored_keys

_CHUNK = 8192
_MOST_IDS = 1000
_COUNTED = ("input", "ok", "answered", "failed", "filtered", "duplicate", "paths.stored", "paths.errors", "tokens")

_Keys = npt.NDArray[np.uint64]


@dataclass
class Ids:
    """Some ids: how many, and the first of them."""

    count: int = 0
    ids: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """One more."""
        self.count += 1
        if len(self.ids) < _MOST_IDS:
            self.ids.append(name)


@dataclass(frozen=True)
class Verification:
    """What was found."""

    outcome: str
    """Of the last attempt."""
    receipt: dict[str, Any]
    """As it was counted now; of the paths, what was sampled when is not in the files and left out."""
    missing: Ids
    """Input rows that are neither in results nor in rejects."""
    doubled: Ids
    """Rows that are there more than once."""
    unknown: Ids
    """Rows that the input has not."""
    doubled_paths: Ids
    """Path keys that are there more than once."""
    changed: Changes
    """What is not in the input as it was answered."""
    outgrown: Ids
    """Results of fewer, or of older paths than the input brings by now: the next run makes them anew."""
    is_judged: bool
    """Whether all answers were judged by the present rule of what an answer is."""
    differs: dict[str, tuple[Any, Any]]
    """Fields of ``receipt.json`` that say something else: what it says, and what was counted."""

    @property
    def adds_up(self) -> bool:
        """Whether everything is where it should be, once."""
        found = (self.missing, self.doubled, self.unknown, self.doubled_paths)
        known = not (any(ids.count for ids in found) or self.differs or self.changed)
        return bool(self.receipt["balanced"]) and known and self.is_judged

    @property
    def is_unfinished(self) -> bool:
        """Whether all that is wrong is that something is still to be done."""
        found = (self.doubled, self.unknown, self.doubled_paths)
        known = not (any(ids.count for ids in found) or self.differs or self.changed)
        return self.outcome != "complete" and known

    def document(self) -> dict[str, Any]:
        """All of it, for a program to read; of the ids the first 1,000 of each kind."""
        kinds = ("missing", "doubled", "unknown", "doubled_paths", "outgrown")
        ids = {kind: {"count": getattr(self, kind).count, "ids": getattr(self, kind).ids} for kind in kinds}
        differs = {name: {"receipt.json": said, "counted": counted} for name, (said, counted) in self.differs.items()}
        of_input = {
            name: {"count": len(all_ids), "ids": list(all_ids)[:_MOST_IDS]}
            for name, all_ids in vars(self.changed).items()
        }
        about = {"adds_up": self.adds_up, "outcome": self.outcome, "is_judged": self.is_judged}
        about |= {**ids, "changed": of_input}
        return {**about, "differs": differs, "receipt": self.receipt}

    def lines(self) -> Iterator[str]:
        """What a person is shown."""
        receipt = self.receipt
        unanswered = f" ({receipt['unanswered']:,} of them without an answer)" if receipt["unanswered"] else ""
        parts = " + ".join(f"{receipt[name]:,} {name}" for name in ("failed", "filtered", "duplicate"))
        yield f"input {receipt['input']:,} rows; {receipt['ok']:,} ok{unanswered} + {parts}"
        tokens = receipt["tokens"]
        paid = sum(tokens[role]["completion"] for role in TOKENS)
        yield f"paths {receipt['paths']['stored']:,}; completion tokens {paid:,}; paid twice {tokens['paid_twice']:,}"
        kinds = {
            "still to be done (neither in results nor in rejects)": self.missing,
            "in results or rejects more than once": self.doubled,
            "in results or rejects, but not in the input": self.unknown,
            "paths stored more than once": self.doubled_paths,
            "of fewer or older paths than there are by now, which the same command makes anew": self.outgrown,
        }
        for text, found in kinds.items():
            if found.count:
                more = f", … and {found.count - _SHOWN:,} more" if found.count > _SHOWN else ""
                yield f"{found.count:,} {text}: {', '.join(found.ids[:_SHOWN])}{more}"
        if not self.is_judged:
            yield "the answers are not all judged by the present rule: the same command goes on with it"
        if self.changed:
            yield f"changed in the input since it was answered: {self.changed}; undo it, or: a2r run … --changed redo"
        for name, (said, counted) in self.differs.items():
            yield f"receipt.json says {name} {said}, and the files {counted}"
        if self.doubled.count or self.doubled_paths.count:
            yield "what is there more than once is taken out by: a2r retry RUN"
        if self.adds_up:
            yield "it adds up"
        elif self.is_unfinished:
            yield f"it does not add up yet: the last attempt is {self.outcome}; the same command continues"
        else:
            yield f"IT DOES NOT ADD UP; the last attempt is {self.outcome}"


_SHOWN = 20


def verify(config: Config, run: Storage) -> Verification:
    """Counts a run folder again; memory for 64-bit hashes of its keys, 9 bytes each.

    Args:
        config: the run's.
        run: the run folder.

    Raises:
        InputError: the input cannot be read any more.
        OutputError: it is no run folder, or a file of it is damaged.
    """
    record = read_record(run)
    outcome = record["attempts"][-1]["outcome"]
    stored = done_keys(run)
    keys, counts = np.unique(stored, return_counts=True)
    source = open_source(config.input)
    tally, missing, seen = _read_input(source, keys)
    receipt = account(run, tally, outcome, 0)
    del receipt["paths"]["sampled_this_attempt"], receipt["paths"]["reused"]
    said = (read_receipt(run) if outcome == "complete" else None) or receipt
    return Verification(
        outcome=outcome,
        receipt=receipt,
        missing=missing,
        doubled=_named(run, keys[counts > 1]),
        unknown=_named(run, keys[~seen]),
        doubled_paths=_doubled_paths(run),
        changed=changed(run, record, given(config, source, tally.input)),
        outgrown=_outgrown(config, run, source),
        is_judged=record["judged_by"] == record["config"]["answer"],
        differs={
            name: (_field(said, name), _field(receipt, name))
            for name in _COUNTED
            if _field(said, name) != _field(receipt, name)
        },
    )


def _outgrown(config: Config, run: Storage, source: Source) -> Ids:
    found = Ids()
    if config.input.source == "paths":
        rule = config.explorer.paths if config.explorer else None
        for name in outgrown(run, stored_keys(run, source), rule):
            found.add(name)
    return found


def _read_input(source: Source, keys: _Keys) -> tuple[InputCounts, Ids, npt.NDArray[np.bool_]]:
    """What the input has, which of it is not among the keys, and which of the keys it has."""
    missing, seen = Ids(), np.zeros(len(keys), np.bool_)
    rows = duplicates = 0
    records = read_problems(source)
    while chunk := list(islice(records, _CHUNK)):
        fresh = [record for record in chunk if not isinstance(record, Duplicate)]
        rows += len(chunk)
        duplicates += len(chunk) - len(fresh)
        hashes = hash_ids([_key(record) for record in fresh])
        found = among(hashes, keys)
        seen[np.searchsorted(keys, hashes[found])] = True
        for index in np.flatnonzero(~found):
            record = fresh[index]
            missing.add(f"{record.source}:{record.line}" if isinstance(record, Reject) else record.problem_id)
    return InputCounts(rows, duplicates), missing, seen


def _key(record: Problem | Reject) -> str:
    return line_key(record.source, record.line) if isinstance(record, Reject) else record.problem_id


def _named(run: Storage, hashes: _Keys) -> Ids:
    """The rows of results and rejects that have these hashes, once each."""
    found = Ids()
    if not len(hashes):
        return found
    names: set[str] = set()
    for name, columns in (("results", ["problem_id"]), ("rejects", ["problem_id", "source", "line", "stage"])):
        for batch in table.scan(run, name, columns):
            rows = batch.to_pylist()
            keys = [row["problem_id"] if name == "results" else reject_key(row) for row in rows]
            for index in np.flatnonzero(among(hash_ids(keys), hashes)):
                row = rows[index]
                at_input = row.get("stage") == "input"
                names.add(f"{row['source']}:{row['line']}" if at_input else str(row["problem_id"]))
    for text in sorted(names):
        found.add(text)
    return found


def _doubled_paths(run: Storage) -> Ids:
    """Path keys that more than one row has, as ``problem id/path index``."""
    found = Ids()
    hashes = [keys_of(batch, PATH_KEY) for batch in table.scan(run, "paths", PATH_KEY)]
    keys, counts = np.unique(np.concatenate([np.empty(0, np.uint64), *hashes]), return_counts=True)
    doubled = keys[counts > 1]
    names: set[str] = set()
    for batch in table.scan(run, "paths", PATH_KEY) if len(doubled) else ():
        hit = batch.filter(pa.array(among(keys_of(batch, PATH_KEY), doubled)))
        names.update(f"{row['problem_id']}/{row['path_index']}" for row in hit.to_pylist())
    for name in sorted(names):
        found.add(name)
    return found


def _field(receipt: Mapping[str, Any], name: str) -> Any:
    value: Any = receipt
    for part in name.split("."):
        value = value[part]
    return value

"""Counts of what the tables of a run hold, for the lines at its end."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from a2r_ray.records import TOKENS, WRITTEN_BY
from a2r_ray.runs import table
from a2r_ray.runs.storage import Storage


def uncounted(run: Storage) -> int:
    """How many sampled paths, and syntheses, were stored with no token of the prompt, or of the reply."""
    found = 0
    for batch in table.scan(run, "paths", [WRITTEN_BY, "error", *_OF_PATHS]):
        good = pc.and_(pc.not_equal(batch[WRITTEN_BY], ""), pc.equal(batch["error"], ""))
        found += whole(pc.and_(good, _lacks_one(batch, _OF_PATHS)))
    for batch in table.scan(run, "results", ["synthesis", *_OF_SYNTHESES]):
        found += whole(pc.and_(pc.is_valid(batch["synthesis"]), _lacks_one(batch, _OF_SYNTHESES)))
    return found


_OF_PATHS, _OF_SYNTHESES = TOKENS["explorer"][1:], TOKENS["synthesizer"][1:]


def _lacks_one(batch: pa.RecordBatch, counts: Sequence[str]) -> pa.Array:
    return reduce(pc.or_, (pc.equal(batch[count], 0) for count in counts))


def problems_of_their_own(rejects: pa.Table, results: pa.Table) -> int:
    """How many problems rejected rows stand for that may each be one of many paths of a problem."""
    named = rejects["problem_id"].drop_null().unique()
    answered = pc.is_in(named, value_set=results["problem_id"].combine_chunks())
    return int(rejects["problem_id"].null_count) + len(named) - (pc.sum(answered).as_py() or 0)


def whole(column: pa.ChunkedArray | pa.Array) -> int:
    """What a column adds up to."""
    return pc.sum(column).as_py() or 0


def how_often(column: pa.ChunkedArray) -> dict[str, int]:
    """How often each value is there, the most frequent first."""
    counts = pc.value_counts(column).to_pylist() if len(column) else []
    return {entry["values"]: entry["counts"] for entry in sorted(counts, key=lambda each: -each["counts"])}


def seconds(replicas: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Seconds by pool, as ``Summary.seconds`` has them."""
    seconds: dict[str, dict[str, float]] = {}
    for sample in replicas.values():
        pool = seconds.setdefault(sample["pool"], {"replicas": 0, "ready": 0.0, "busy": 0.0, "running": 0.0})
        pool["replicas"] += 1
        pool["ready"] += sample["ready_s"]
        pool["busy"] += sample["busy_s"]
        pool["running"] += sample["running_s"]
    return seconds


Reasons = Mapping[str, tuple[int, str]]
"""By kind of error: how often, and what is said of it."""


def reasons(errors: pa.ChunkedArray, rejects: pa.Table) -> dict[str, tuple[int, str]]:
    """Errors, each ``kind: message``, and those of rejects, by kind, the most frequent first."""
    found: dict[str, Counter[str]] = {}
    of_rejects = pc.binary_join_element_wise(rejects["error_kind"], rejects["error"], ": ")
    for entry in pc.value_counts(pa.chunked_array([*errors.chunks, *of_rejects.chunks], pa.string())).to_pylist():
        kind, _, message = (entry["values"] or "nothing to read: no path can be shown").partition(": ")
        found.setdefault(kind, Counter())[message] += entry["counts"]
    said = {kind: (messages.total(), _said(messages)) for kind, messages in found.items()}
    return dict(sorted(said.items(), key=lambda item: -item[1][0]))


def _said(messages: Counter[str]) -> str:
    """One message; of two both with their counts, of more the most frequent."""
    each = sorted(messages.items(), key=lambda item: (-item[1], item[0]))
    if len(each) == 1:
        return each[0][0]
    two = "; ".join(f"{count:,}: {message}" for message, count in each)
    return two if len(each) == 2 else f"such as {each[0][0]}"  # noqa: PLR2004

"""Counts of what the tables of a run hold, for the lines at its end."""

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

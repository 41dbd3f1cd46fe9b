"""Counts of what the tables of a run hold, for the lines at its end."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from a2r_ray.records import WRITTEN_BY
from a2r_ray.runs import table
from a2r_ray.runs.storage import Storage


def uncounted(run: Storage) -> int:
    """How many sampled paths, and syntheses, were stored with no prompt."""
    found = 0
    for batch in table.scan(run, "paths", [WRITTEN_BY, "error", "prompt_tokens"]):
        good = pc.and_(pc.not_equal(batch[WRITTEN_BY], ""), pc.equal(batch["error"], ""))
        found += whole(pc.and_(good, pc.equal(batch["prompt_tokens"], 0)))
    for batch in table.scan(run, "results", ["synthesis", "synthesizer_prompt_tokens"]):
        found += whole(pc.and_(pc.is_valid(batch["synthesis"]), pc.equal(batch["synthesizer_prompt_tokens"], 0)))
    return found


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

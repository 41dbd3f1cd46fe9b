"""The receipt: every input row and every token accounted for, counted from the files and not from memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from a2r_ray.runs import table
from a2r_ray.runs.ledger import hash_ids
from a2r_ray.runs.storage import Storage


@dataclass(frozen=True)
class Tally:
    """What the reader counted of the input, in rows."""

    input: int
    duplicate: int
    filtered: int = 0


def account(run: Storage, tally: Tally | None, outcome: str, stored_before: int) -> dict[str, Any]:
    """The receipt of a run folder.

    Args:
        run: the run folder.
        tally: what the reader counted; None where the input was not read to its end, and then nothing can balance.
        outcome: complete, interrupted or failed.
        stored_before: paths that were there before this attempt.
    """
    ok, failed = table.count(run, "results"), table.count(run, "rejects")
    rows = tally or Tally(0, 0)
    paths = _paths(run)
    once = _unique(run, "results", ["problem_id"]) == ok and paths["keys"] == paths["stored"]
    return {
        "input": rows.input,
        "ok": ok,
        "failed": failed,
        "filtered": rows.filtered,
        "duplicate": rows.duplicate,
        "balanced": tally is not None and once and rows.input == ok + failed + rows.filtered + rows.duplicate,
        "outcome": outcome,
        "paths": {
            "stored": paths["stored"],
            "sampled_this_attempt": paths["stored"] - stored_before,
            "reused": stored_before,
            "errors": paths["errors"],
        },
        "tokens": {
            "explorer": {"prompt": paths["prompt"], "completion": paths["completion"]},
            "synthesizer": _synthesizer_tokens(run),
            "paid_twice": 0 if paths["keys"] == paths["stored"] else _paid_twice(run),
        },
    }


def _paths(run: Storage) -> dict[str, int]:
    counts = {"stored": 0, "errors": 0, "prompt": 0, "completion": 0}
    for batch in table.scan(run, "paths", ["prompt_tokens", "completion_tokens", "error"]):
        counts["stored"] += batch.num_rows
        counts["errors"] += _sum(pc.not_equal(batch["error"], ""))
        counts["prompt"] += _sum(batch["prompt_tokens"])
        counts["completion"] += _sum(batch["completion_tokens"])
    return {**counts, "keys": _unique(run, "paths", ["problem_id", "path_index", "round", "explorer"])}


def _synthesizer_tokens(run: Storage) -> dict[str, int]:
    tokens = {"prompt": 0, "completion": 0}
    for batch in table.scan(run, "results", ["synthesizer_prompt_tokens", "synthesizer_completion_tokens"]):
        tokens["prompt"] += _sum(batch["synthesizer_prompt_tokens"])
        tokens["completion"] += _sum(batch["synthesizer_completion_tokens"])
    return tokens


def _paid_twice(run: Storage) -> int:
    """Completion tokens of every path row whose key an earlier row has."""
    seen: set[int] = set()
    twice = 0
    columns = ["problem_id", "path_index", "round", "explorer", "completion_tokens"]
    for batch in table.scan(run, "paths", columns):
        for key, tokens in zip(_keys(batch, columns[:4]).tolist(), batch["completion_tokens"].to_pylist(), strict=True):
            twice += tokens if key in seen else 0
            seen.add(key)
    return twice


def _unique(run: Storage, name: str, columns: Sequence[str]) -> int:
    """Distinct keys of a table, by their 64-bit hashes; 8 bytes of memory a row."""
    hashes = np.empty(table.count(run, name), np.uint64)
    filled = 0
    for batch in table.scan(run, name, columns):
        hashes[filled : filled + batch.num_rows] = _keys(batch, columns)
        filled += batch.num_rows
    hashes.sort()
    return int((hashes[1:] != hashes[:-1]).sum()) + bool(filled)


def _keys(batch: pa.RecordBatch, columns: Sequence[str]) -> Any:
    texts = [pc.cast(batch[column], pa.string()) for column in columns]
    return hash_ids(pc.binary_join_element_wise(*texts, "\x00").to_numpy(zero_copy_only=False))


def _sum(values: pa.Array) -> int:
    return pc.sum(values).as_py() or 0

"""The receipt: every input row and every token accounted for, counted from the files and not from memory."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from a2r_ray.errors import StorageError
from a2r_ray.records import PATH_KEY, TOKENS
from a2r_ray.runs import table
from a2r_ray.runs.index import hash_ids
from a2r_ray.runs.storage import Storage


@dataclass(frozen=True)
class InputCounts:
    """What the reader counted of the input, in rows."""

    input: int
    duplicate: int
    filtered: int = 0


def account(
    run: Storage, tally: InputCounts | None, outcome: str, stored_before: int, rows: int | None = None
) -> dict[str, Any]:
    """The receipt of a run folder.

    Args:
        run: the run folder.
        tally: what the reader counted; None where the input was not read to its end, and then nothing can balance.
        outcome: complete, interrupted or failed.
        stored_before: paths that were there before this attempt.
        rows: how many rows the input has, for where the reader did not count them.

    Returns:
        The contract's fields. ``tokens`` are those of what is stored, by what they went to (``records.TOKENS``), those
        of results and paths that were made again apart. Beside them, ``paid_twice`` are the completion tokens
        that engines generated and no table holds, of work that was in flight when its process ended (as of that
        replica's last report, half a second before at most, and two where the driver ended as well), and those of
        paths that are stored twice. What a server behind the openai engine did not deliver is not known.
    """
    ok, failed = table.count(run, "results"), table.count(run, "rejects")
    unanswered = sum(batch["answer"].null_count for batch in table.scan(run, "results", ["answer"]))
    counted = tally or InputCounts(rows or 0, 0)
    spent = _Spent.of(run)
    keys = _unique(run, "paths", PATH_KEY)
    once = _unique(run, "results", ["problem_id"]) == ok and keys == spent.paths
    doubled = 0 if keys == spent.paths else _stored_twice(run)
    return {
        "input": counted.input,
        "ok": ok,
        "answered": ok - unanswered,
        "unanswered": unanswered,
        "failed": failed,
        "filtered": counted.filtered,
        "duplicate": counted.duplicate,
        "balanced": tally is not None and once and counted.input == ok + failed + counted.filtered + counted.duplicate,
        "outcome": outcome,
        "paths": {
            "stored": spent.paths,
            "sampled_this_attempt": spent.paths - stored_before,
            "reused": stored_before,
            "errors": spent.errors,
            "cut_off": spent.cut_off,
        },
        "tokens": {
            **{
                name: {"prompt": prompt, "completion": completion}
                for name, (prompt, completion) in spent.tokens.items()
            },
            "paid_twice": spent.lost(read_generated(run)) + doubled,
        },
    }


@dataclass
class _Spent:
    """Tokens by what they went to, and completion tokens by the replica that stored them."""

    paths: int = 0
    errors: int = 0
    cut_off: int = 0
    tokens: dict[str, list[int]] = field(default_factory=dict)
    stored: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, run: Storage) -> "_Spent":
        spent = cls()
        for purpose, (folder, *columns) in TOKENS.items():
            spent.tokens[purpose] = [0, 0]
            for name in table.files(run, folder):
                spent._add(run, name, purpose, columns)
        return spent

    def lost(self, generated: Mapping[str, int]) -> int:
        """Completion tokens that were generated, by replica, and are not stored."""
        return sum(max(0, tokens - self.stored[replica]) for replica, tokens in generated.items())

    def _add(self, run: Storage, name: str, purpose: str, columns: list[str]) -> None:
        folder, replica = TOKENS[purpose][0], table.writer_of(name)
        if folder.startswith("superseded"):  # such a file is named for the one that its rows were taken from
            replica = table.writer_of(replica)
        is_ledger = folder == "paths"
        for batch in table.read(run, name, [*columns, "error", "finish_reason"] if is_ledger else columns):
            prompt, completion = (_sum(batch[column]) for column in columns)
            self.tokens[purpose][0] += prompt
            self.tokens[purpose][1] += completion
            self.stored[replica] += completion
            if is_ledger:
                self.paths += batch.num_rows
                self.errors += _sum(pc.not_equal(batch["error"], ""))
                self.cut_off += _sum(pc.equal(batch["finish_reason"], "length"))


GENERATED = "generated.json"


def read_generated(run: Storage) -> dict[str, int]:
    """Completion tokens that each replica, of any attempt, had generated when it last reported."""
    data = run.read(GENERATED)
    try:
        return {} if data is None else {str(name): int(tokens) for name, tokens in json.loads(data).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise StorageError(
            f"{run.join(GENERATED)}: damaged: {error}; remove it, and what earlier attempts paid twice is not counted"
        ) from error


def _stored_twice(run: Storage) -> int:
    """Completion tokens of every path row whose key an earlier row has."""
    seen: set[int] = set()
    twice = 0
    for batch in table.scan(run, "paths", [*PATH_KEY, "completion_tokens"]):
        for key, tokens in zip(keys_of(batch, PATH_KEY).tolist(), batch["completion_tokens"].to_pylist(), strict=True):
            twice += tokens if key in seen else 0
            seen.add(key)
    return twice


def _unique(run: Storage, name: str, columns: Sequence[str]) -> int:
    """Distinct keys of a table, by their 64-bit hashes; 8 bytes of memory a row."""
    hashes = np.empty(table.count(run, name), np.uint64)
    filled = 0
    for batch in table.scan(run, name, columns):
        hashes[filled : filled + batch.num_rows] = keys_of(batch, columns)
        filled += batch.num_rows
    hashes.sort()
    return int((hashes[1:] != hashes[:-1]).sum()) + bool(filled)


def keys_of(batch: pa.RecordBatch, columns: Sequence[str]) -> Any:
    """A 64-bit hash per row over some columns."""
    texts = [pc.cast(batch[column], pa.string()) for column in columns]
    return hash_ids(pc.binary_join_element_wise(*texts, "\x00").to_numpy(zero_copy_only=False))


def _sum(values: pa.Array) -> int:
    return pc.sum(values).as_py() or 0

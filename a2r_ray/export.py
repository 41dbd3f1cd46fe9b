"""Training data from a run: the synthesized reasoning of verified answers, as chat messages."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from a2r_ray.errors import OutputError
from a2r_ray.runs import table
from a2r_ray.runs.storage import Storage, spooled

SAMPLE_SCHEMA = pa.schema(
    [
        ("problem_id", pa.string()),
        ("messages", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))),
        ("answer", pa.string()),
    ]
)

_COLUMNS = ["problem_id", "problem", "messages", "synthesis", "answer", "route", "correct"]


def chat_samples(run: Storage) -> Iterator[dict[str, Any]]:
    """A sample for each result whose synthesis gave the right answer: the question, and the synthesis as the reply."""
    for batch in table.scan(run, "results", _COLUMNS):
        for row in batch.to_pylist():
            if row["correct"] and row["route"] == "synthesized":
                asked = (
                    json.loads(row["messages"]) if row["messages"] else [{"role": "user", "content": row["problem"]}]
                )
                reply = {"role": "assistant", "content": row["synthesis"]}
                yield {"problem_id": row["problem_id"], "messages": [*asked, reply], "answer": row["answer"]}


def check_samples_target(target: str) -> None:
    """Raises OutputError where the file's name does not say one of the formats of ``write_samples``."""
    if not target.partition("?")[0].endswith((".jsonl", ".parquet")):
        raise OutputError(f"{target}: samples are written as .jsonl or .parquet; name the file so")


def write_samples(run: Storage, target: str) -> int:
    """Writes the chat samples of a run to a ``.jsonl`` or ``.parquet`` file, local or by URI.

    Returns:
        The samples written.

    Raises:
        OutputError: the file's name ends in neither, or it cannot be written.
    """
    check_samples_target(target)
    count, samples = 0, chat_samples(run)
    with spooled(target) as file, _writer(file, target) as write:
        while batch := list(islice(samples, _BATCH)):
            write(batch)
            count += len(batch)
    return count


@contextmanager
def _writer(file: IO[bytes], target: str) -> Iterator[Callable[[list[dict[str, Any]]], object]]:
    """What writes rows in the format that the target's name asks for."""
    if target.partition("?")[0].endswith(".jsonl"):
        yield lambda rows: file.writelines(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
        return
    with pq.ParquetWriter(file, SAMPLE_SCHEMA, compression="zstd") as parquet:
        yield lambda rows: parquet.write_table(pa.Table.from_pylist(rows, schema=SAMPLE_SCHEMA))


_BATCH = 1000

"""Training data from a run: the synthesized reasoning of verified answers, as chat messages."""

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from a2r_ray.errors import OutputError
from a2r_ray.runs import table
from a2r_ray.runs.storage import Storage

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


def write_samples(run: Storage, target: str) -> int:
    """Writes the chat samples of a run to a ``.jsonl`` or ``.parquet`` file, local or by URI.

    Returns:
        The samples written.

    Raises:
        OutputError: the file's name ends in neither.
    """
    folder, _, name = target.rpartition("/")
    samples = list(chat_samples(run))
    if name.endswith(".jsonl"):
        data: bytes | pa.Buffer = "".join(json.dumps(s, ensure_ascii=False) + "\n" for s in samples).encode()
    elif name.endswith(".parquet"):
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(samples, schema=SAMPLE_SCHEMA), sink, compression="zstd")
        data = sink.getvalue()
    else:
        raise OutputError(f"{target}: samples are written as .jsonl or .parquet; name the file so")
    Storage(folder or ".").write(name, data)
    return len(samples)

"""A dataset with its answers: every input row in its place, all its columns, and the answer's columns beside them.

Rows that were rejected keep their place with a null answer and the reason; duplicates each get the one answer. Columns
of the input keep their types (``sources.typed``). Columns of an earlier annotation are replaced.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from a2r_ray.config.schema import Config
from a2r_ray.records import RESULT_SCHEMA, Problem, Reject, hash_of
from a2r_ray.runs import table
from a2r_ray.runs.index import Index
from a2r_ray.runs.storage import Storage, spooled
from a2r_ray.sources import Duplicate, RawRow, open_source, read_rows
from a2r_ray.sources.typed import Column, MisfitError, columns_of, features_of, table_of_rows, with_json

_FROM_RESULT = ["answer", "route", "synthesis", "vote_answer", "vote_share", "correct", "cost_usd", "error"]
ANSWER_SCHEMA = pa.schema(
    [
        pa.field("a2r_row", pa.int64()),
        pa.field("a2r_problem_id", pa.string()),
        *(pa.field(f"a2r_{name}", RESULT_SCHEMA.field(name).type) for name in _FROM_RESULT),
    ]
)
"""The columns added: ``a2r_row`` is the row's number in the input, from 1; the others are those of the results."""

_NO_RESULTS = pa.schema(
    [RESULT_SCHEMA.field(name) for name in ("problem_id", "problem_hash", "reference_answer", *_FROM_RESULT)]
).empty_table()

_CHUNK, _CHUNK_BYTES = 8192, 64 << 20
"""Rows that are written at once, at most, and about how many bytes of them."""

_Read = tuple[RawRow, Problem | Reject | Duplicate]


def annotate(config: Config, target: str) -> int:
    """Writes the input of a finished run with its answers, as one Parquet file.

    Args:
        config: the run's config.
        target: the file: local, or a URI.

    Returns:
        The rows written: as many as the input has.
    """
    answers = _Answers(Storage(config.output))
    chunks = ([raw for raw, _ in chunk] for chunk in _chunks(_read(config)))
    columns = columns_of(chunks, taken=ANSWER_SCHEMA.names)
    while True:
        try:
            return _write(config, target, columns, answers)
        except MisfitError as misfit:  # seen only where the value is: such as a number that is too long for a fraction
            columns = with_json(columns, misfit.column)


def _write(config: Config, target: str, columns: Sequence[Column], answers: "_Answers") -> int:
    schema = pa.schema([*(column.field for column in columns), *ANSWER_SCHEMA], _metadata(columns))
    count = 0
    with spooled(target) as file, pq.ParquetWriter(file, schema, compression="zstd") as parquet:
        for chunk in _chunks(_read(config)):
            body = table_of_rows(columns, [raw for raw, _ in chunk])
            added = answers.of([record for _, record in chunk], first_row=count + 1)
            parquet.write_table(pa.Table.from_arrays([*body, *added.columns], schema=schema))
            count += len(chunk)
    return count


def _metadata(columns: Sequence[Column]) -> dict[str, str] | None:
    """What Hugging Face's library reads class labels and the like from."""
    declared = features_of(columns, ANSWER_SCHEMA)
    return None if declared is None else {"huggingface": json.dumps({"info": {"features": declared}})}


class _Answers:
    """The answers of a run by problem id: read as they are asked for, for they lie about in the input's order."""

    def __init__(self, run: Storage) -> None:
        self._results = Index(run, "results", ["problem_id", "problem_hash", "reference_answer", *_FROM_RESULT])
        self._results.refresh()
        self._judged_by_another: set[str] = set()  # ids of problems whose known answer is not that of their result
        self._reasons = {
            row["problem_id"]: f"{row['error_kind']}: {row['error']}"
            for batch in table.scan(run, "rejects", ["problem_id", "stage", "error_kind", "error"])
            for row in batch.to_pylist()
            if row["stage"] != "input"
        }

    def of(self, records: Sequence[Problem | Reject | Duplicate], first_row: int) -> pa.Table:
        """The answer columns of consecutive input rows."""
        ids = pa.array([None if isinstance(record, Reject) else record.problem_id for record in records], pa.string())
        results = pa.concat_tables([_NO_RESULTS, *self._results.row_groups(ids.drop_null().unique().to_pylist())])
        found = pc.index_in(ids, value_set=results["problem_id"])
        asked = pa.array([None if isinstance(record, Reject) else _asked(record) for record in records], pa.string())
        found = pc.if_else(pc.equal(results["problem_hash"].take(found), asked), found, None)
        taken = results.take(found)
        columns: list[Any] = [pa.array(range(first_row, first_row + len(records)), pa.int64())]
        columns.append(pa.array([record.problem_id for record in records], pa.string()))
        taken = taken.set_column(taken.schema.get_field_index("correct"), "correct", self._verdicts(records, taken))
        columns += [taken[name].combine_chunks() for name in _FROM_RESULT[:-1]]
        errors = zip(records, found.to_pylist(), taken["error"].to_pylist(), strict=True)
        columns.append(pa.array([self._reason(*error) for error in errors], pa.string()))
        return pa.Table.from_arrays(columns, schema=ANSWER_SCHEMA)

    def _verdicts(self, records: Sequence[Problem | Reject | Duplicate], taken: pa.Table) -> pa.ChunkedArray:
        """Whether the answers are right, where they were judged by the known answer that the row has now."""
        for record, known in zip(records, taken["reference_answer"].to_pylist(), strict=True):
            if isinstance(record, Problem) and record.reference_answer != known:
                self._judged_by_another.add(record.problem_id)
        if not self._judged_by_another:
            return taken["correct"]
        stale = pc.is_in(taken["problem_id"], value_set=pa.array(sorted(self._judged_by_another)))
        return pc.if_else(pc.fill_null(stale, False), None, taken["correct"])  # noqa: FBT003

    def _reason(self, record: Problem | Reject | Duplicate, found: int | None, error: str | None) -> str | None:
        if isinstance(record, Reject):
            return f"{record.error_kind}: {record.error}"
        if found is not None:
            return error
        return self._reasons.get(
            record.problem_id, "not_run: the run has no result for what it asks; run the same config to its end"
        )


def _asked(record: Problem | Duplicate) -> str:
    return record.problem_hash if isinstance(record, Duplicate) else hash_of(record)


def _read(config: Config) -> Iterator[_Read]:
    """Every input row as it was read, with what was made of it."""
    return read_rows(open_source(config.input))


def _chunks(rows: Iterator[_Read]) -> Iterator[list[_Read]]:
    chunk: list[_Read] = []
    size, last, of_last = 0, None, 0
    for raw, record in rows:
        if raw.stored is not None and raw.stored[0] is not last:
            last = raw.stored[0]
            of_last = last.nbytes // max(last.num_rows, 1)
        chunk.append((raw, record))
        size += len(raw.raw) if raw.stored is None else of_last
        if len(chunk) == _CHUNK or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk

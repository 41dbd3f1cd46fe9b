"""A dataset with its answers: every input row in its place, all its columns, and the answer's columns beside them.

Rows that were rejected keep their place with a null answer and the reason; duplicates each get the one answer. Columns
of the input keep the type that its rows show; one whose rows disagree becomes JSON text.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from a2r_ray.config.schema import Config
from a2r_ray.records import RESULT_SCHEMA, Problem, Reject, Row
from a2r_ray.runs import table
from a2r_ray.runs.index import Index
from a2r_ray.runs.storage import Storage, spooled
from a2r_ray.sources import Duplicate, RawRow, open_source, read_rows

_FROM_RESULT = ["answer", "route", "synthesis", "vote_answer", "vote_share", "correct", "cost_usd", "error"]
ANSWER_SCHEMA = pa.schema(
    [
        pa.field("a2r_row", pa.int64()),
        pa.field("a2r_problem_id", pa.string()),
        *(pa.field(f"a2r_{name}", RESULT_SCHEMA.field(name).type) for name in _FROM_RESULT),
    ]
)
"""The columns added: ``a2r_row`` is the row's number in the input, from 1; the others are those of the results."""

_NO_RESULTS = pa.schema([RESULT_SCHEMA.field(name) for name in ("problem_id", *_FROM_RESULT)]).empty_table()

_CHUNK = 8192

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
    columns = _columns(_read(config))
    schema = pa.schema([*columns, *ANSWER_SCHEMA])
    count = 0
    with spooled(target) as file, pq.ParquetWriter(file, schema, compression="zstd") as parquet:
        for chunk in _chunks(_read(config)):
            rows = [_typed(raw.row or {}, columns) for raw, _ in chunk]
            added = answers.of([record for _, record in chunk], first_row=count + 1)
            body = pa.Table.from_pylist(rows, schema=pa.schema(columns)) if columns else None
            arrays = [*(body.columns if body is not None else []), *added.columns]
            parquet.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(chunk)
    return count


class _Answers:
    """The answers of a run by problem id: read as they are asked for, for they lie about in the input's order."""

    def __init__(self, run: Storage) -> None:
        self._results = Index(run, "results", ["problem_id", *_FROM_RESULT])
        self._results.refresh()
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
        taken = results.take(found)
        columns: list[Any] = [pa.array(range(first_row, first_row + len(records)), pa.int64())]
        columns.append(pa.array([record.problem_id for record in records], pa.string()))
        columns += [taken[name].combine_chunks() for name in _FROM_RESULT[:-1]]
        errors = zip(records, found.to_pylist(), taken["error"].to_pylist(), strict=True)
        columns.append(pa.array([self._reason(*error) for error in errors], pa.string()))
        return pa.Table.from_arrays(columns, schema=ANSWER_SCHEMA)

    def _reason(self, record: Problem | Reject | Duplicate, found: int | None, error: str | None) -> str | None:
        if isinstance(record, Reject):
            return f"{record.error_kind}: {record.error}"
        if found is not None:
            return error
        return self._reasons.get(
            record.problem_id, "not_run: the run has no result for it; run the same config to its end"
        )


def _read(config: Config) -> Iterator[_Read]:
    """Every input row as it was read, with what was made of it."""
    return read_rows(open_source(config.input))


def _chunks(rows: Iterator[_Read]) -> Iterator[list[_Read]]:
    while chunk := list(islice(rows, _CHUNK)):
        yield chunk


def _columns(rows: Iterator[_Read]) -> list[pa.Field]:
    """The input's columns, in the order in which they appear, each with the type that fits all of its values."""
    types: dict[str, pa.DataType] = {}
    for chunk in _chunks(rows):
        present = [raw.row for raw, _ in chunk if raw.row is not None]
        for name in dict.fromkeys(name for row in present for name in row):
            seen = _type([row.get(name) for row in present])
            types[name] = seen if name not in types else _common(types[name], seen)
    return [pa.field(name, pa.string() if pa.types.is_null(kind) else kind) for name, kind in types.items()]


def _type(values: list[Any]) -> pa.DataType:
    try:
        return pa.array(values).type
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return _JSON_TEXT


def _common(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if _JSON_TEXT in (one, other):
        return _JSON_TEXT
    try:
        schemas = [pa.schema([("column", kind)]) for kind in (one, other)]
        return pa.unify_schemas(schemas, promote_options="permissive").field("column").type
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return _JSON_TEXT


_JSON_TEXT = pa.large_string()
"""The type of a column whose rows disagree; no reader of ours makes it otherwise."""


def _typed(row: Row, columns: Sequence[pa.Field]) -> Row:
    """The row with values of disagreeing columns as JSON text."""
    return {
        field.name: json.dumps(row[field.name], ensure_ascii=False, default=str)
        if field.type == _JSON_TEXT and row.get(field.name) is not None
        else row.get(field.name)
        for field in columns
    }

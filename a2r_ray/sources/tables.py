"""The rows of a table that declares types: read as they are meant, numbered, each known by where it lies.

A row with text that is no UTF-8 spoils only itself, and a value that Python cannot hold only what needs it.
"""

from collections.abc import Iterable, Iterator

import pyarrow as pa

from a2r_ray.errors import ErrorKind
from a2r_ray.records import Row
from a2r_ray.sources.rows import RawRow, as_json
from a2r_ray.sources.values import Unheld, meanings, read

_UNHELD = (ValueError, OverflowError, KeyError, pa.ArrowException)
"""What is raised for text that is no UTF-8, a time that Python has no place for, and a time zone that nobody knows."""


def table_rows(source: str, batches: Iterable[pa.RecordBatch | pa.Table]) -> Iterator[RawRow]:
    """The rows of a table, numbered from 1."""
    line = 0
    for batch in batches:
        meant = meanings(batch.schema)
        try:
            rows = [read(row, meant) for row in batch.to_pylist()]
        except _UNHELD:
            yield from (_row(source, line + i + 1, batch, i) for i in range(batch.num_rows))
        else:
            yield from (RawRow(source, line + i, row, stored=(batch, i - 1)) for i, row in enumerate(rows, 1))
        line += batch.num_rows


def _row(source: str, line: int, batch: pa.RecordBatch | pa.Table, index: int) -> RawRow:
    row: Row = {}
    kind, error = "", ""
    for name in batch.schema.names:
        try:
            row[name] = batch.column(name)[index].as_py()
        except UnicodeDecodeError:
            row[name] = "<not UTF-8>"
            kind, error = ErrorKind.INVALID_UTF8, f"column `{name}`: found text that is not UTF-8"
        except _UNHELD as reason:
            row[name] = Unheld(f"found a value that Python cannot hold: {' '.join(str(reason).split())}")
    stored = (batch, index)
    if kind:
        return RawRow(source, line, None, as_json(row), kind, error, stored=stored)
    return RawRow(source, line, read(row, meanings(batch.schema)), stored=stored)


def column_names(schema: pa.Schema) -> list[str]:
    """The columns, and with dots the fields within them."""
    names: list[str] = []
    for field in schema:
        names += [field.name, *_fields(field.name, field.type)]
    return names


def _fields(name: str, kind: pa.DataType) -> list[str]:
    if not pa.types.is_struct(kind):
        return []
    return [inner for part in kind for inner in (f"{name}.{part.name}", *_fields(f"{name}.{part.name}", part.type))]

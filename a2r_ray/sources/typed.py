"""The columns of an input as Arrow has them: of a table as it declares them, of text as its rows show them.

- A type is kept as it is declared: units and time zones, decimals, small integers, dictionaries, maps, lists of a fixed
  size, class labels. Where files declare different types, the smallest that holds both.
- What no type holds is JSON text: a column whose rows disagree, or whose values Parquet has no place for, such as
  objects without fields, half of a surrogate pair, a number of any length.
"""

import base64
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from a2r_ray.sources.rows import RawRow, as_json
from a2r_ray.sources.values import Features, features

_MISFITS = (pa.ArrowException, OverflowError, ValueError, TypeError)
"""What Arrow raises for values that do not fit, text that cannot be encoded among it."""


class MisfitError(Exception):
    """A column has a value that its type does not hold."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the input."""

    name: str
    """In the input."""
    field: pa.Field
    """As it is written: its name may be another, where that of the input is no UTF-8."""
    feature: Any = None
    """What Hugging Face's features say of it, if they do."""
    is_json: bool = False

    def values(self, rows: Sequence["_Segment"]) -> pa.ChunkedArray:
        """Its values in some rows.

        Raises:
            MisfitError: the type does not hold them.
        """
        try:
            parts = [segment.json(self.name) if self.is_json else segment.typed(self) for segment in rows]
            whole = pa.chunked_array(parts, self.field.type)
            return whole.unify_dictionaries()
        except _MISFITS as error:
            raise MisfitError(self.name) from error


def table_of_rows(columns: Sequence[Column], rows: Sequence[RawRow]) -> list[pa.ChunkedArray]:
    """The columns of consecutive rows.

    Raises:
        MisfitError: a type does not hold a value.
    """
    segments = list(_segments(rows))
    return [column.values(segments) for column in columns]


def with_json(columns: Sequence[Column], name: str) -> list[Column]:
    """The columns, one of them as JSON text."""
    return [_as_json(column) if column.name == name else column for column in columns]


def _as_json(column: Column) -> Column:
    return replace(column, field=pa.field(column.field.name, pa.string()), feature=None, is_json=True)


# What the types are -------------------------------------------------------------------------------------------------


def columns_of(chunks: Iterable[Sequence[RawRow]], taken: Collection[str]) -> list[Column]:
    """The columns of all rows, in the order in which they appear.

    Args:
        chunks: the rows.
        taken: names that are somebody else's: columns of these names are left out.
    """
    types = _Types()
    for rows in chunks:
        types.look(rows)
    return list(types.columns(taken))


class _Types:
    """The types that were seen so far, by column; None where no type holds them all."""

    def __init__(self) -> None:
        self._types: dict[str, pa.DataType | None] = {}
        self._features: dict[str, Any] = {}
        self._untyped: set[str] = set()  # that no table declares: of nothing but nulls, they are text
        self._schema: pa.Schema | None = None

    def look(self, rows: Sequence[RawRow]) -> None:
        """Takes in some rows."""
        written: dict[str, list[Any]] = {}
        for raw in rows:
            declared = raw.stored[0].schema if raw.stored is not None else None
            if declared is not None:
                self._declare(declared)
            for name, value in (raw.row or {}).items():
                if declared is None or declared.get_field_index(name) < 0:
                    written.setdefault(name, []).append(value)
        for name, values in written.items():
            if name not in self._types:
                self._untyped.add(name)
            self._add(name, _inferred(values), None)

    def _declare(self, schema: pa.Schema) -> None:
        if self._schema is not None and (schema is self._schema or schema.equals(self._schema, check_metadata=True)):
            self._schema = schema
            return
        self._schema = schema
        said = features(schema)
        for field in schema:
            self._untyped.discard(field.name)
            self._add(field.name, field.type, said.get(field.name))

    def _add(self, name: str, kind: pa.DataType | None, feature: Any) -> None:
        if name not in self._types:
            self._types[name], self._features[name] = kind, feature
            return
        before = self._types[name]
        if self._features[name] != feature and "ClassLabel" in f"{self._features[name]}{feature}":
            kind = None  # a number means one label here, and another there
        self._types[name] = None if before is None or kind is None else _common(before, kind)

    def columns(self, taken: Collection[str]) -> Iterator[Column]:
        """The columns, as they are written."""
        names = set(taken)
        for name, kind in self._types.items():
            if name in taken:
                continue
            written = name.encode("utf-8", "backslashreplace").decode()
            while written in names:
                written += "_"
            names.add(written)
            known = pa.string() if name in self._untyped and kind == pa.null() else kind
            column = Column(name, pa.field(written, pa.null() if known is None else known), self._features[name])
            yield column if known is not None and _is_writable(column.field) else _as_json(column)


def _inferred(values: list[Any]) -> pa.DataType | None:
    try:
        return pa.array(values).type
    except _MISFITS:
        return None


def _common(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """The type that holds what either does; None where there is none."""
    if one == other:
        return one
    if pa.types.is_dictionary(one) != pa.types.is_dictionary(other):
        one, other = (kind.value_type if pa.types.is_dictionary(kind) else kind for kind in (one, other))
    if {pa.types.is_decimal(kind) for kind in (one, other)} == {True, False} and not _whole(one, other):
        return None
    schemas = [pa.schema([("column", kind)]) for kind in (one, other)]
    try:
        return pa.unify_schemas(schemas, promote_options="permissive").field("column").type
    except pa.ArrowException:
        return None


def _whole(*kinds: pa.DataType) -> bool:
    """Whether these hold no binary fractions."""
    return not any(pa.types.is_floating(kind) for kind in kinds)


def _is_writable(field: pa.Field) -> bool:
    """Whether Parquet has a place for the type."""
    schema = pa.schema([field])
    file = io.BytesIO()
    try:
        with pq.ParquetWriter(file, schema) as parquet:
            parquet.write_table(pa.Table.from_arrays([pa.nulls(1, field.type)], schema=schema))
        return bool(pq.read_table(file).num_rows)  # what lies deep in other things is written, and read by nobody
    except (*_MISFITS, OSError):
        return False


# Consecutive rows ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Segment:
    """Consecutive rows that lie one after the other in one table, or that lie in none."""

    rows: list[RawRow]

    def follows(self, raw: RawRow) -> bool:
        """Whether a row is the next of this segment."""
        last = self.rows[-1]
        if last.stored is None or raw.stored is None:
            return last.stored is None and raw.stored is None
        same = last.stored[0] is raw.stored[0] and last.stored[1] + 1 == raw.stored[1]
        return same and last.row is not None and raw.row is not None

    def json(self, name: str) -> pa.Array:
        values = [(raw.row or {}).get(name) for raw in self.rows]
        return pa.array([None if value is None else as_json(value, _whole_bytes) for value in values], pa.string())

    def typed(self, column: Column) -> pa.Array:
        kind, stored = column.field.type, self.rows[0].stored
        at = -1 if stored is None else stored[0].schema.get_field_index(column.name)
        if stored is None or at < 0:
            return pa.array([(raw.row or {}).get(column.name) for raw in self.rows], kind)
        values = stored[0].column(at).slice(stored[1], len(self.rows))
        if isinstance(values, pa.ChunkedArray):
            values = pa.concat_arrays(values.chunks) if values.num_chunks != 1 else values.chunk(0)
        if self.rows[0].row is None and not _is_valid(values):
            return pa.nulls(1, kind)
        return values if values.type == kind else values.cast(kind)


def _segments(rows: Sequence[RawRow]) -> Iterator[_Segment]:
    segment: _Segment | None = None
    for raw in rows:
        if segment is not None and segment.follows(raw):
            segment.rows.append(raw)
            continue
        if segment is not None:
            yield segment
        segment = _Segment([raw])
    if segment is not None:
        yield segment


def _is_valid(values: pa.Array) -> bool:
    try:
        values.validate(full=True)
    except pa.ArrowException:
        return False
    return True


def _whole_bytes(value: Any) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


# Hugging Face's features --------------------------------------------------------------------------------------------


def features_of(columns: Sequence[Column], others: pa.Schema) -> Features | None:
    """What the features of a table of these columns and some others are; None where the input declares none.

    None as well where a type is none of Hugging Face's.
    """
    if not any(column.feature for column in columns):
        return None
    from datasets import Features as Declared

    declared = {column.field.name: column.feature for column in columns if column.feature}
    fields = [*(column.field for column in columns), *others]
    try:
        made = Declared.from_arrow_schema(
            pa.schema([field for field in fields if field.name not in declared])
        ).to_dict()
    except (ValueError, TypeError, NotImplementedError):
        return None
    return {field.name: declared.get(field.name) or made[field.name] for field in fields}

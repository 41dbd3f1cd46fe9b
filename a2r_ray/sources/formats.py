"""The formats of files: JSON Lines, CSV and Parquet, each read row by row in flat memory.

- A bad line spoils only itself; a damaged file ends in one ``unreadable_file`` row after what could be read of it.
- Blank lines are no rows; a byte order mark is no text.
"""

import csv
import io
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO, Protocol

import pyarrow.parquet as pq

from a2r_ray.errors import ErrorKind
from a2r_ray.sources.rows import RawRow, as_json
from a2r_ray.sources.tables import column_names, table_rows
from a2r_ray.sources.values import LongFloat

_BATCH = 256
"""Rows of a table that are turned into Python at once."""
_MAX_FIELD = 1 << 27
"""Bytes of one CSV field: what a quote that never closes can take of memory."""
_BOM = b"\xef\xbb\xbf"
_WIDE = "it is UTF-16 or UTF-32; save the file as UTF-8"
_NO_TEXT = {
    **dict.fromkeys((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff"), _WIDE),
    b"\x1f\x8b": "it is packed; name it with .gz at its end",
    b"BZh91AY&SY": "it is packed; name it with .bz2 at its end",
    b"\xfd7zXZ": "it is packed; name it with .xz at its end",
    b"\x28\xb5\x2f\xfd": "it is packed; name it with .zst at its end",
    b"PAR1": "it is Parquet; name it .parquet",
    b"PK\x03\x04": "it is a zip archive, as a spreadsheet is; unpack it, or save its table as CSV",
}
"""What files of other kinds begin with, and what would help."""


class UnreadableError(Exception):
    """What the file says shows that it cannot be read; the message says why and what would help."""


class File(Protocol):
    """A file of whatever compression, on whatever file system."""

    @property
    def name(self) -> str:
        """As the user would recognise it."""
        ...

    def stream(self) -> BinaryIO:
        """Its bytes, decompressed, from front to back."""
        ...

    def seekable(self) -> BinaryIO:
        """Its bytes, decompressed, in any order."""
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """How files of a kind are read."""

    rows: Callable[[File], Iterator[RawRow]]
    count: Callable[[File], int]
    columns: Callable[[File], list[str] | None]
    """With dots, the fields within them; None: known only row by row."""


# JSON Lines ---------------------------------------------------------------------------------------------------------


def _lines(file: File) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers."""
    with file.stream() as stream:
        for number, line in enumerate(stream, 1):
            if number == 1:
                _check_text(line)
            text = line.removeprefix(_BOM) if number == 1 else line
            if text and not text.isspace():
                yield number, text


def _check_text(begin: bytes) -> None:
    """Raises UnreadableError where a file begins as no text in UTF-8 does."""
    for mark, remedy in _NO_TEXT.items():
        if begin.startswith(mark):
            raise UnreadableError(remedy)


def _document_lines(file: File) -> Iterator[tuple[int, bytes]]:
    """The lines of a ``.json``, which may be one array: told apart, or each line of it would be malformed."""
    for count, (number, line) in enumerate(_lines(file)):
        if count == 0 and line.lstrip().startswith(b"["):
            raise UnreadableError("it is one JSON array; write one object per line, as `jq -c '.[]'` does")
        yield number, line


def _float(text: str) -> float | Decimal:
    """A number; as exactly as it is written where a float does not hold it."""
    value = float(text)
    if not math.isfinite(value):
        return Decimal(text)
    shown = repr(value)
    return value if shown == text or Decimal(shown) == Decimal(text) else LongFloat(text)


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; of two values of one key nobody knows which is meant."""
    found = dict(pairs)
    if len(found) < len(pairs):
        for name, value in pairs:
            if repr(found[name]) != repr(value):  # a NaN is the same as another
                raise ValueError(f"the key `{name}` is there twice, with different values")
    return found


_JSON = json.JSONDecoder(parse_float=_float, object_pairs_hook=_each_key_once)


def _json_row(name: str, number: int, line: bytes) -> RawRow:
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        shown = line.decode(errors="replace").rstrip()
        message = f"byte {error.start + 1} of the line is not UTF-8 ({error.reason}); save the file as UTF-8"
        return RawRow(name, number, None, shown, ErrorKind.INVALID_UTF8, message)
    text = text.rstrip()
    try:
        value = _JSON.decode(text)
    except json.JSONDecodeError as error:
        several = text.endswith(("{", "[", ",", ":"))
        expected = "one JSON object per line" + ", as `jq -c .` makes of one over several lines" * several
        message = f"column {error.colno}: {error.msg}; expected {expected}"
        return RawRow(name, number, None, text, ErrorKind.MALFORMED_JSON, message)
    except RecursionError:
        message = "brackets lie too deep in each other to be read; write what is within as text"
        return RawRow(name, number, None, text, ErrorKind.MALFORMED_JSON, message)
    except ValueError as error:
        long = "a number has more digits than Python reads; write it as text" if "digits" in str(error) else str(error)
        return RawRow(name, number, None, text, ErrorKind.MALFORMED_JSON, long)
    if not isinstance(value, dict):
        array = "; of an array write one object per line, as `jq -c '.[]'` does" if isinstance(value, list) else ""
        message = f"found {as_json(value)[:60]}, expected a JSON object of columns{array}"
        return RawRow(name, number, None, text, ErrorKind.NOT_AN_OBJECT, message)
    return RawRow(name, number, value, text)


def _json(lines: Callable[[File], Iterator[tuple[int, bytes]]]) -> Format:
    """JSON Lines, taken from a file in one way or another."""

    def rows(file: File) -> Iterator[RawRow]:
        for number, line in lines(file):
            yield _json_row(file.name, number, line)

    return Format(rows, lambda file: sum(1 for _ in lines(file)), lambda _: None)


# CSV ----------------------------------------------------------------------------------------------------------------

_Record = tuple[int, list[str] | csv.Error, str]
"""The line where it starts, its fields or what is wrong with it, and how it was written."""


def _records(file: File) -> Iterator[_Record]:
    csv.field_size_limit(_MAX_FIELD)
    taken: list[str] = []

    def lines(text: io.TextIOBase) -> Iterator[str]:
        for line in text:
            taken.append(line)
            yield line

    stream = file.stream()
    with io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
        reader = csv.reader(lines(text), strict=True)
        start = 1
        while True:
            fields: list[str] | csv.Error
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                fields = error
            if fields:
                yield start, fields, "".join(taken)
            taken.clear()
            start = reader.line_num + 1


def _header(records: Iterator[_Record]) -> list[str]:
    """The names in the first record; none in an empty file."""
    _, names, written = next(records, (1, list[str](), ""))
    if isinstance(names, csv.Error):
        raise UnreadableError(f"its header is no CSV: {names}")
    _check_text(written.encode(errors="surrogateescape"))
    if _utf8(written) != written:
        raise UnreadableError("its header is not UTF-8; save the file as UTF-8")
    if len(names) == 1 and any(mark in names[0] for mark in ";\t"):
        raise UnreadableError("its header has no comma: separate the fields by commas, not by semicolons or tabs")
    _check_once(names, "header")
    return names


def _check_once(names: list[str], where: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UnreadableError(f"its {where} names `{twice[0]}` twice; name every column once")


def _csv_rows(file: File) -> Iterator[RawRow]:
    records = _records(file)
    names = _header(records)
    for line, fields, written in records:
        yield _csv_row(file.name, line, names, fields, written)


def _csv_row(name: str, line: int, names: list[str], fields: list[str] | csv.Error, written: str) -> RawRow:
    text = _utf8(written)
    shown = text.rstrip("\r\n")
    if isinstance(fields, csv.Error):
        return RawRow(
            name, line, None, shown, ErrorKind.MALFORMED_CSV, f"{fields}; a quote inside a field is written twice"
        )
    if text != written:
        return RawRow(name, line, None, shown, ErrorKind.INVALID_UTF8, "the row is not UTF-8; save the file as UTF-8")
    if len(fields) != len(names):
        message = f"found {len(fields)} fields, expected the header's {len(names)}; quote a field that holds a comma"
        return RawRow(name, line, None, shown, ErrorKind.MALFORMED_CSV, message)
    row = {column: value or None for column, value in zip(names, fields, strict=True)}
    return RawRow(name, line, row, shown)


def _utf8(text: str) -> str:
    """The text with ``\ufffd`` for each byte that was no UTF-8: unchanged where there was none."""
    return text if text.isascii() else text.encode(errors="surrogateescape").decode(errors="replace")


def _csv_count(file: File) -> int:
    records = _records(file)
    _header(records)
    return sum(1 for _ in records)


def _csv_columns(file: File) -> list[str] | None:
    return _header(_records(file)) or None


# Parquet ------------------------------------------------------------------------------------------------------------


def _opened(handle: BinaryIO) -> pq.ParquetFile:
    opened = pq.ParquetFile(handle)
    _check_once(opened.schema_arrow.names, "schema")
    return opened


def _parquet_rows(file: File) -> Iterator[RawRow]:
    with file.seekable() as handle:
        yield from table_rows(file.name, _opened(handle).iter_batches(batch_size=_BATCH))


def _parquet_count(file: File) -> int:
    with file.seekable() as handle:
        return int(_opened(handle).metadata.num_rows)


def _parquet_columns(file: File) -> list[str] | None:
    with file.seekable() as handle:
        return column_names(_opened(handle).schema_arrow)


FORMATS = {
    ".jsonl": _json(_lines),
    ".ndjson": _json(_lines),
    ".json": _json(_document_lines),
    ".csv": Format(_csv_rows, _csv_count, _csv_columns),
    ".parquet": Format(_parquet_rows, _parquet_count, _parquet_columns),
}
"""By the extension, compression's taken off."""

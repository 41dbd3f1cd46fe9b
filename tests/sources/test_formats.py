"""JSON Lines, CSV and Parquet: a bad line spoils only itself, and what is written is what is read."""

import bz2
import gzip
import io
import json
import lzma
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pytest
from pyarrow import parquet

from a2r_ray.config.input import InputConfig
from a2r_ray.records import Problem, Reject
from a2r_ray.sources import formats, parse
from a2r_ray.sources.formats import FORMATS, UnreadableError
from a2r_ray.sources.rows import RawRow


@dataclass
class Bytes:
    """A file in memory."""

    content: bytes
    name: str = "in"

    def stream(self) -> BinaryIO:
        return io.BytesIO(self.content)

    def seekable(self) -> BinaryIO:
        return io.BytesIO(self.content)


def read(extension: str, content: bytes) -> list[RawRow]:
    """The rows; that they are as many as counted is part of every test."""
    file = Bytes(content)
    rows = list(FORMATS[extension].rows(file))
    assert FORMATS[extension].count(file) == len(rows)
    return rows


def good(rows: list[RawRow]) -> list[tuple[int, dict[str, Any] | None]]:
    assert [row.error for row in rows if row.error] == []
    return [(row.line, row.row) for row in rows]


# JSON Lines


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b'{"a": 1}\n{"a": 2}\n', [(1, {"a": 1}), (2, {"a": 2})]),
        (b'{"a": 1}\r\n\r\n \t\n{"a": 2}', [(1, {"a": 1}), (4, {"a": 2})]),
        (b'\xef\xbb\xbf{"a": 1}\n', [(1, {"a": 1})]),
        (b'\xef\xbb\xbf\n{"a": 1}\n', [(2, {"a": 1})]),
        (b'{"a": 1, "a": 1}', [(1, {"a": 1})]),
        ('{"a": "π\u2028x"}'.encode(), [(1, {"a": "π\u2028x"})]),
        (b'{"a": Infinity}', [(1, {"a": float("inf")})]),
        (b'{"a": -1.5e400}', [(1, {"a": Decimal("-1.5E+400")})]),
        (b"", []),
        (b"\n\n", []),
    ],
)
def test_json_lines(content: bytes, rows: list[tuple[int, dict[str, Any]]]) -> None:
    assert good(read(".jsonl", content)) == rows


@pytest.mark.parametrize(
    ("line", "kind", "error"),
    [
        (b'{"a": 1', "malformed_json", "column 8: Expecting"),
        (b"nonsense", "malformed_json", "column 1"),
        (b'{"a": 1} {"a": 2}', "malformed_json", "column 10: Extra data"),
        (b"[" * 100_000, "malformed_json", "too deep"),
        (b'{"a": ' + b"9" * 5000 + b"}", "malformed_json", "more digits"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "malformed_json", "the key `c` is there twice, with different values"),
        (b'{"a": "\xff"}', "invalid_utf8", "byte 8 of the line"),
        (b"[1, 2]", "not_an_object", "found [1, 2], expected"),
        (b"[1e400]", "not_an_object", "found "),
        (b'"text"', "not_an_object", 'found "text"'),
        (b"null", "not_an_object", "found null"),
    ],
)
def test_a_bad_line_spoils_only_itself(line: bytes, kind: str, error: str) -> None:
    before, bad, after = read(".jsonl", b'{"a": 1}\n' + line + b'\n{"a": 3}\n')
    assert (before.row, after.row) == ({"a": 1}, {"a": 3})
    assert (bad.source, bad.line, bad.row, bad.error_kind) == ("in", 2, None, kind)
    assert error in bad.error
    assert bad.text == line.decode(errors="replace")


def test_a_very_long_line() -> None:
    assert good(read(".jsonl", b'{"a": "' + b"x" * 5_000_000 + b'"}'))[0][1] == {"a": "x" * 5_000_000}


def test_a_json_file_that_is_one_array_says_what_to_do() -> None:
    for content in (b'[\n {"a": 1}\n]', b' [{"a": 1}]'):
        with pytest.raises(UnreadableError, match=r"one JSON array.*jq -c"):
            list(FORMATS[".json"].rows(Bytes(content)))
    assert good(read(".json", b'{"a": [1]}\n')) == [(1, {"a": [1]})]


# CSV


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"a,b\n1,2\n", [(2, {"a": "1", "b": "2"})]),
        (b'a,b\n"1,5","say ""hi"""\n', [(2, {"a": "1,5", "b": 'say "hi"'})]),
        (b'a,b\n"two\nlines",x\nlast,y', [(2, {"a": "two\nlines", "b": "x"}), (4, {"a": "last", "b": "y"})]),
        (b"\xef\xbb\xbfa,b\r\n1,\r\n\r\n,2\r\n", [(2, {"a": "1", "b": None}), (4, {"a": None, "b": "2"})]),
        ("a,b\nπ,\u2028\n".encode(), [(2, {"a": "π", "b": "\u2028"})]),
        (b"a,b\n", []),
        (b"", []),
    ],
)
def test_csv(content: bytes, rows: list[tuple[int, dict[str, Any]]]) -> None:
    assert good(read(".csv", content)) == rows


@pytest.mark.parametrize(
    ("record", "kind", "error"),
    [
        (b"1,2,3", "malformed_csv", "found 3 fields, expected the header's 2"),
        (b"1", "malformed_csv", "found 1 fields"),
        (b'"1"x,2', "malformed_csv", "expected after"),
        (b"\xff,2", "invalid_utf8", "UTF-8"),
    ],
)
def test_a_bad_record_spoils_only_itself(record: bytes, kind: str, error: str) -> None:
    before, bad, after = read(".csv", b'a,b\n"1\n",2\n' + record + b"\n3,4\n")
    assert (before.row, after.row) == ({"a": "1\n", "b": "2"}, {"a": "3", "b": "4"})
    assert (bad.line, bad.row, bad.error_kind, after.line) == (4, None, kind, 5)
    assert error in bad.error
    assert bad.text == record.decode(errors="replace")


def test_a_quote_that_never_closes_is_one_bad_record() -> None:
    good_row, bad = read(".csv", b'a,b\n1,2\n"open,3\n4,5\n')
    assert good_row.row == {"a": "1", "b": "2"}
    assert (bad.line, bad.error_kind, bad.text) == (3, "malformed_csv", '"open,3\n4,5')


def test_a_field_may_be_long_but_not_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    long = b"x" * 200_000
    assert good(read(".csv", b"a,b\n1," + long + b"\n"))[0][1] == {"a": "1", "b": long.decode()}
    monkeypatch.setattr(formats, "_MAX_FIELD", 1000)
    bad, after = read(".csv", b"a,b\n1," + long + b"\n3,4\n")
    assert bad.error_kind == "malformed_csv"
    assert after.row == {"a": "3", "b": "4"}


@pytest.mark.parametrize(
    ("header", "error"),
    [(b"a,b,a", "names `a` twice"), (b"a,\xff", "header is not UTF-8"), (b'"a"x,b', "header is no CSV")],
)
def test_a_header_that_cannot_be_used(header: bytes, error: str) -> None:
    with pytest.raises(UnreadableError, match=error):
        list(FORMATS[".csv"].rows(Bytes(header + b"\n1,2\n")))


# Parquet


def as_parquet(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(table, sink, **options)
    return sink.getvalue()


def test_parquet_by_row_groups() -> None:
    rows = [{"a": i, "b": {"c": [str(i)]}, "d": None} for i in range(700)]
    read_rows = read(".parquet", as_parquet(pa.Table.from_pylist(rows), row_group_size=300))
    assert good(read_rows) == list(enumerate(rows, 1))
    assert json.loads(read_rows[1].text) == rows[1]


def test_text_in_parquet_that_is_not_utf8_spoils_only_its_row() -> None:
    broken = pa.array([b"x", b"\xff", b"z"], pa.binary()).cast(pa.string(), safe=False)
    read_rows = read(".parquet", as_parquet(pa.table({"a": [1, 2, 3], "b": broken})))
    assert [row.row for row in read_rows] == [{"a": 1, "b": "x"}, None, {"a": 3, "b": "z"}]
    assert (read_rows[1].line, read_rows[1].error_kind) == (2, "invalid_utf8")
    assert "column `b`" in read_rows[1].error
    assert json.loads(read_rows[1].text)["a"] == 2


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        ('{"a": 1}\n'.encode("utf-16"), "it is UTF-16 or UTF-32; save the file as UTF-8"),
        ('{"a": 1}\n'.encode("utf-32"), "it is UTF-16 or UTF-32; save the file as UTF-8"),
        (gzip.compress(b"{}"), "name it with .gz at its end"),
        (bz2.compress(b"{}"), "name it with .bz2 at its end"),
        (lzma.compress(b"{}"), "name it with .xz at its end"),
        (pa.compress(b"{}", codec="zstd", asbytes=True), "name it with .zst at its end"),
        (b"PAR1", "it is Parquet; name it .parquet"),
        (b"PK\x03\x04\x14", "it is a zip archive"),
    ],
    ids=["utf-16", "utf-32", "gz", "bz2", "xz", "zst", "parquet", "zip"],  # bytes of gzip hold the time
)
@pytest.mark.parametrize("extension", [".jsonl", ".csv", ".json"])
def test_a_file_of_another_kind_is_told_with_what_would_help(content: bytes, remedy: str, extension: str) -> None:
    with pytest.raises(UnreadableError, match=remedy):
        list(FORMATS[extension].rows(Bytes(content)))


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_csv_without_commas_is_told(mark: str) -> None:
    with pytest.raises(UnreadableError, match="separate the fields by commas"):
        list(FORMATS[".csv"].rows(Bytes(f"id{mark}problem\n1{mark}x\n".encode())))


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('{"a": [', "expected one JSON object per line, as `jq -c .` makes of one over several lines"),
        ("{", "as `jq -c .` makes"),
    ],
)
def test_a_line_that_cannot_be_read_says_what_would_help(line: str, error: str) -> None:
    bad, good = read(".jsonl", f'{line}\n{{"a": NaN, "a": NaN}}\n'.encode())
    assert error in bad.error
    assert good.row is not None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.timestamp("s"), 2**50),
        (pa.timestamp("us", "Mars/Olympus"), 1),
        (pa.list_(pa.timestamp("us", "Mars/Olympus")), [1]),
        (pa.struct([("t", pa.timestamp("ms"))]), {"t": 2**62}),
    ],
)
def test_a_value_that_python_cannot_hold_spoils_only_what_needs_it(kind: pa.DataType, value: Any) -> None:
    table = pa.table({"problem": ["1+1?", "2+2?"], "t": pa.array([None, value], kind)})
    one, other = read(".parquet", as_parquet(table))
    assert [row.row and row.row["problem"] for row in (one, other)] == ["1+1?", "2+2?"]
    assert json.loads(other.text)["t"] == "<unreadable>"
    unused = InputConfig(path="x")
    assert isinstance(parse(other, unused), Problem)
    for needs in ("answer_column", "id_column", "problem_column", "messages_column"):
        used = unused.model_copy(update={needs: "t"})
        bad = parse(other, used)
        assert isinstance(bad, Reject)
        assert bad.error_kind == "unreadable_row"
        assert bad.error.startswith("column `t`: found a value that Python cannot hold: ")


def test_columns_are_known_where_the_format_tells() -> None:
    assert FORMATS[".csv"].columns(Bytes(b"a,b\n1,2\n")) == ["a", "b"]
    assert FORMATS[".csv"].columns(Bytes(b"")) is None
    assert FORMATS[".parquet"].columns(Bytes(as_parquet(pa.table({"a": [1]})))) == ["a"]
    assert FORMATS[".jsonl"].columns(Bytes(b'{"a": 1}')) is None


# Amounts


@pytest.mark.parametrize("extension", [".jsonl", ".csv", ".parquet"])
def test_how_fast_100_000_rows_are_read(extension: str, tmp_path: Path) -> None:
    rows = [{"id": f"p{i}", "problem": f"What is {i} + {i}? " * 5, "answer": str(2 * i)} for i in range(100_000)]
    if extension == ".parquet":
        content = as_parquet(pa.Table.from_pylist(rows))
    elif extension == ".csv":
        content = b"id,problem,answer\n" + b"".join(",".join(row.values()).encode() + b"\n" for row in rows)
    else:
        content = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    path = tmp_path / f"in{extension}"
    path.write_bytes(content)
    started = time.perf_counter()
    assert sum(1 for _ in FORMATS[extension].rows(Bytes(content))) == 100_000
    print(f"{extension}: 100,000 rows in {time.perf_counter() - started:.2f} s")  # noqa: T201

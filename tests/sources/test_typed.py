"""Columns keep the types that they are declared with, and what no type holds becomes JSON text."""

import datetime as dt
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from a2r_ray.config.input import InputConfig
from a2r_ray.sources import open_source, read_rows
from a2r_ray.sources.typed import Column, MisfitError, columns_of, table_of_rows, with_json

Row = dict[str, Any]


def put(path: Path, rows: pa.Table | list[Row]) -> Path:
    """Rows, with a problem each, as Parquet or JSON Lines."""
    if isinstance(rows, pa.Table):
        problems = pa.array([f"q{i}" for i in range(rows.num_rows)])
        sink = io.BytesIO()
        parquet.write_table(rows.append_column("problem", problems), sink, store_schema=True)
        path.write_bytes(sink.getvalue())
    else:
        path.write_text("".join(json.dumps({**row, "problem": f"q{i}"}) + "\n" for i, row in enumerate(rows)))
    return path


def written(path: Path) -> pa.Table:
    """The columns of an input but its problems, as they come back from a Parquet file."""
    raws = [raw for raw, _ in read_rows(open_source(InputConfig(path=str(path))))]
    columns = columns_of([raws[:2], raws[2:]], taken=["problem"])
    sink = io.BytesIO()
    parquet.write_table(_table(columns, raws), sink)
    return parquet.read_table(io.BytesIO(sink.getvalue()))


def _table(columns: list[Column], raws: list[Any]) -> pa.Table:
    while True:
        try:
            arrays = table_of_rows(columns, raws)
        except MisfitError as misfit:
            columns = with_json(columns, misfit.column)
        else:
            return pa.Table.from_arrays(arrays, schema=pa.schema([column.field for column in columns]))


BERLIN = pa.timestamp("us", "Europe/Berlin")
POINT = pa.struct([("x", pa.float32()), ("y", pa.int8())])

KEPT: list[tuple[pa.DataType, list[Any]]] = [
    (pa.timestamp("ms"), [dt.datetime(2026, 1, 2, 3), None, dt.datetime(1, 1, 1)]),  # noqa: DTZ001
    (BERLIN, [dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC), None, None]),
    (pa.timestamp("ns", "UTC"), [dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC), None, None]),
    (pa.decimal128(9, 2), [Decimal("1.50"), None, Decimal("0.05")]),
    (pa.int8(), [1, None, -3]),
    (pa.uint16(), [1, None, 65535]),
    (pa.uint64(), [1, None, 2**64 - 1]),
    (pa.float32(), [0.5, None, 0.25]),
    (pa.bool_(), [True, None, False]),
    (pa.date32(), [dt.date(2026, 1, 2), None, None]),
    (pa.time64("us"), [dt.time(1, 2), None, None]),
    (pa.duration("s"), [dt.timedelta(1), None, None]),
    (pa.binary(), [b"\xff", None, b""]),
    (pa.binary(2), [b"ab", None, b"cd"]),
    (pa.large_string(), ["x", None, "y"]),
    (pa.string_view(), ["x", None, "y"]),
    (pa.null(), [None, None, None]),
    (pa.dictionary(pa.int8(), pa.string()), ["x", None, "y"]),
    (pa.dictionary(pa.int8(), pa.string(), ordered=True), ["x", None, "y"]),
    (pa.list_(pa.int8(), 2), [[1, 2], None, [3, 4]]),
    (pa.list_(POINT), [[{"x": 0.5, "y": 1}], None, []]),
    (pa.large_list(pa.string()), [["x"], None, []]),
    (pa.map_(pa.string(), pa.int32()), [[("a", 1)], None, []]),
    (POINT, [{"x": 0.5, "y": 1}, None, {"x": None, "y": 2}]),
]


@pytest.mark.parametrize(
    ("kind", "values"), KEPT, ids=lambda value: str(value) if isinstance(value, pa.DataType) else ""
)
def test_a_declared_type_is_kept(kind: pa.DataType, values: list[Any], tmp_path: Path) -> None:
    given = pa.table({"column": pa.array(values, kind)})
    found = written(put(tmp_path / "in.parquet", given))
    assert found.schema.field("column").type == kind
    assert found["column"].to_pylist() == given["column"].to_pylist()


def test_rows_without_a_column_and_rejected_ones_have_nulls_in_its_type(tmp_path: Path) -> None:
    far = pa.array([0, 2**50], pa.int64()).cast(pa.timestamp("s"))
    put(tmp_path / "a.parquet", pa.table({"when": far, "n": pa.array([1, 2], pa.int8())}))
    broken = pa.array([b"x", b"\xff"], pa.binary()).cast(pa.string(), safe=False)
    put(tmp_path / "b.parquet", pa.table({"text": broken, "n": pa.array([3, 4], pa.int8())}))
    (tmp_path / "c.jsonl").write_text("{torn\n")
    found = written(tmp_path)
    assert found["n"].to_pylist() == [1, 2, 3, 4, None]
    assert found["text"].to_pylist() == [None, None, "x", None, None]
    assert found["when"].cast(pa.int64()).to_pylist()[:3] == [0, 2**50 * 1000, None]
    assert found.schema.field("n").type == pa.int8()


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (pa.array([1], pa.int8()), pa.array([300], pa.int16()), pa.int16()),
        (pa.array([1], pa.int8()), pa.array([0.5]), pa.float64()),
        (pa.array([Decimal("1.5")]), pa.array([Decimal("2.25")]), pa.decimal128(3, 2)),
        (pa.array([1], pa.timestamp("ms")), pa.array([1], pa.timestamp("us")), pa.timestamp("us")),
        (pa.array(["x"]), pa.array(["y"], pa.large_string()), pa.large_string()),
        (pa.array(["x"]).dictionary_encode(), pa.array(["y"]), pa.string()),
        (pa.array(["x"], pa.dictionary(pa.int8(), pa.string())), pa.array(["y"]).dictionary_encode(), None),
        (pa.array([None], pa.null()), pa.array(["y"]), pa.string()),
        (pa.array([{"a": 1}]), pa.array([{"b": "x"}]), pa.struct([("a", pa.int64()), ("b", pa.string())])),
    ],
)
def test_files_that_differ_share_the_smallest_type_that_holds_both(
    one: pa.Array, other: pa.Array, both: pa.DataType | None, tmp_path: Path
) -> None:
    put(tmp_path / "a.parquet", pa.table({"column": one}))
    put(tmp_path / "b.parquet", pa.table({"column": other}))
    found = written(tmp_path)["column"]
    assert found.type == (both or pa.dictionary(pa.int32(), pa.string()))
    assert found.null_count == one.null_count


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1, "x"], ["1", '"x"']),
        ([True, 1], ["true", "1"]),
        ([1, 2, 0.5, 2**60 + 1], ["1", "2", "0.5", str(2**60 + 1)]),
        ([10**30, None], [str(10**30), None]),
        ([{}, {}], ["{}", "{}"]),
        ([[{}], []], ["[{}]", "[]"]),
        ([{"a": {"b": {}}}], ['{"a": {"b": {}}}']),
        (["cut \ud83d here", "whole"], ['"cut \\ud83d here"', '"whole"']),
        ([{"a": "\ud83d"}], ['{"a": "\\ud83d"}']),
        ([{"\ud83d": 1}], ['{"\\ud83d": 1}']),
        ([{"": 1}, {"a": [1, "x"]}], ['{"": 1}', '{"a": [1, "x"]}']),
    ],
)
def test_what_no_type_holds_is_json_text(values: list[Any], texts: list[str | None], tmp_path: Path) -> None:
    found = written(put(tmp_path / "in.jsonl", [{"column": value} for value in values]))
    assert found.schema.field("column").type == pa.string()
    assert found["column"].to_pylist() == texts


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (pa.dense_union([pa.field("a", pa.int8())]), None, None),
        (pa.struct([("a", pa.struct([]))]), {"a": {}}, '{"a": {}}'),
        (pa.month_day_nano_interval(), None, None),
    ],
)
def test_types_that_parquet_has_no_place_for(kind: pa.DataType, value: Any, text: str | None) -> None:
    """They come from datasets that were saved as Arrow."""
    from a2r_ray.sources.tables import table_rows

    array = pa.nulls(1, kind) if value is None else pa.array([value], kind)
    raws = list(table_rows("in", [pa.table({"column": array})]))
    [column] = columns_of([raws], taken=[])
    assert column.field.type == pa.string()
    assert table_of_rows([column], raws)[0].to_pylist() == [text]


def test_a_column_of_nothing_but_nulls_is_text_unless_it_is_declared(tmp_path: Path) -> None:
    path = put(tmp_path / "a.jsonl", [{"column": None}, {"column": None}])
    assert written(path).schema.field("column").type == pa.string()
    put(tmp_path / "b.parquet", pa.table({"column": pa.nulls(1)}))
    assert written(tmp_path).schema.field("column").type == pa.null()


def test_bytes_beside_other_values_are_base64(tmp_path: Path) -> None:
    put(tmp_path / "a.parquet", pa.table({"column": pa.array([b"\xff"])}))
    put(tmp_path / "b.jsonl", [{"column": 5}])
    assert written(tmp_path)["column"].to_pylist() == ['"/w=="', "5"]


def test_names_that_cannot_be_written_or_are_taken_are_written_in_another_way(tmp_path: Path) -> None:
    row = {"\ud83d": 1, "\\ud83d": 2, "": 3, "a.b": 4}
    found = written(put(tmp_path / "in.jsonl", [row, row]))
    assert found.to_pylist() == [{"\\ud83d": 1, "\\ud83d_": 2, "": 3, "a.b": 4}] * 2


def test_keys_of_folders_are_text_beside_a_table_s_own_columns(tmp_path: Path) -> None:
    (tmp_path / "lang=en").mkdir()
    put(tmp_path / "lang=en" / "in.parquet", pa.table({"n": pa.array([1, 2, 3], pa.int8())}))
    found = written(tmp_path)
    assert found.schema.field("lang").type == pa.string()
    assert found.to_pylist() == [{"n": n, "lang": "en"} for n in (1, 2, 3)]

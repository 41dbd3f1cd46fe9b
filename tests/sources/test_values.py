"""A table's values in Python are what they are meant to be, and known answers keep their meaning."""

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from a2r_ray.config.input import InputConfig
from a2r_ray.records import Problem
from a2r_ray.sources import open_source, read_problems
from a2r_ray.sources.formats import FORMATS
from a2r_ray.sources.values import answer_text
from tests.sources.test_formats import Bytes


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.50", "1.50"),
        (5.0, "5"),
        (0.1, "0.1"),
        (0.30000000000000004, "0.30000000000000004"),
        (1.6e-19, "1.6e-19"),
        (2e3, "2000"),
        (1e16, "10000000000000000"),
        (1e300, "1e+300"),
        (-0.0, "0"),
        (float("-inf"), "-\\infty"),
        (float("nan"), ""),
        (10**30, "1" + "0" * 30),
        (Decimal("1.50"), "1.5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("12345678901234567890.123456789"), "12345678901234567890.123456789"),
        (Decimal("NaN"), ""),
        (True, "True"),
        (False, "False"),
        (0, "0"),
        ([4], "4"),
        (["3", "4"], '["3", "4"]'),
        ([3, 4], "[3, 4]"),
        ([0.2, 3.0], "[0.2, 3]"),
        ([Decimal("1.50"), Decimal(2)], "[1.5, 2]"),
        ([[float("inf"), 0.5], {"a": 2.0}], '[[null, 0.5], {"a": 2}]'),
        ({"value": 4}, '{"value": 4}'),
        ([("value", 4)], '{"value": 4}'),
        ([], ""),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (dt.datetime(2026, 1, 2), "2026-01-02"),  # noqa: DTZ001 (as pandas has dates)
        (dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "2026-01-02 00:00:00+00:00"),
        (dt.time(13, 30), "13:30:00"),
        ("π".encode(), "π"),
        (b"\xff", None),
        (np.float32(0.1), "0.1"),
        (np.float64(5), "5"),
        (np.int8(3), "3"),
        (np.bool_(True), "True"),  # noqa: FBT003
        (np.array([3, 4]), "[3, 4]"),
    ],
)
def test_an_answer_says_what_it_means(value: Any, text: str | None) -> None:
    assert answer_text(value) == text


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("1E400", "1e+400"),
        ("-1e400", "-1e+400"),
        ("1e-400", "1e-400"),
        ("12345678901234567890.0", "12345678901234567890"),
        ("9007199254740993.0", "9007199254740993"),
        ("0.1234567890123456789", "0.1234567890123456789"),
        ("0.10", "0.1"),
        ("5.0", "5"),
        ("[1E400]", "1e+400"),
        ("[0.5, 9007199254740993.0]", "[0.5, 9007199254740993]"),
    ],
)
def test_a_number_in_json_is_what_is_written(written: str, text: str) -> None:
    [row] = FORMATS[".jsonl"].rows(Bytes(f'{{"a": {written}}}'.encode()))
    assert row.row is not None
    assert answer_text(row.row["a"]) == text


def answers(config: InputConfig) -> list[str | None]:
    records = list(read_problems(open_source(config)))
    return [record.reference_answer for record in records if isinstance(record, Problem)]


@pytest.mark.parametrize(
    ("kind", "values", "texts"),
    [
        (pa.float32(), [0.1, 1 / 3, 5.0, None], ["0.1", "0.33333334", "5", None]),
        (pa.float16(), [np.float16(0.1), np.float16(2)], ["0.1", "2"]),
        (pa.float64(), [0.1, 1.6e-19], ["0.1", "1.6e-19"]),
        (pa.decimal128(9, 2), [Decimal("1.50")], ["1.5"]),
        (pa.decimal256(60, 2), [Decimal("1" + "0" * 50 + ".25")], ["1" + "0" * 50 + ".25"]),
        (pa.int8(), [-3], ["-3"]),
        (pa.uint64(), [2**64 - 1], [str(2**64 - 1)]),
        (pa.bool_(), [True, False], ["True", "False"]),
        (pa.dictionary(pa.int8(), pa.string()), ["B", "A"], ["B", "A"]),
        (pa.list_(pa.float32()), [[0.1, 0.2], [0.5]], ["[0.1, 0.2]", "0.5"]),
        (pa.struct([("v", pa.float32())]), [{"v": 0.1}], ['{"v": 0.1}']),
        (pa.date32(), [dt.date(2026, 1, 2)], ["2026-01-02"]),
        (pa.large_string(), ["7"], ["7"]),
        (pa.binary(), [b"7"], ["7"]),
    ],
)
def test_answers_of_a_table(kind: pa.DataType, values: list[Any], texts: list[str | None], tmp_path: Path) -> None:
    table = pa.table({"problem": [f"q{i}" for i in range(len(values))], "answer": pa.array(values, kind)})
    parquet.write_table(table, tmp_path / "in.parquet")
    assert answers(InputConfig(path=f"{tmp_path}/in.parquet", answer_column="answer")) == texts


LABEL = datasets.ClassLabel(names=["A", "B", "C"])
FEATURES = datasets.Features(
    {
        "problem": datasets.Value("string"),
        "answer": LABEL,
        "all": datasets.Sequence(LABEL),
        "within": {"label": LABEL, "score": datasets.Value("float32")},
        "each": [{"label": LABEL}],
    }
)


@pytest.fixture
def labelled() -> datasets.Dataset:
    datasets.disable_progress_bars()
    rows = {
        "problem": ["q0", "q1", "q2"],
        "answer": [1, 2, -1],
        "all": [[0, 1], [], None],
        "within": [{"label": 0, "score": 0.1}, {"label": None, "score": None}, None],
        "each": [[{"label": 2}], [], None],
    }
    return datasets.Dataset.from_dict(rows, features=FEATURES)


def test_class_labels_are_their_names_in_a_dataset_and_in_parquet(labelled: datasets.Dataset, tmp_path: Path) -> None:
    labelled.save_to_disk(tmp_path / "saved")
    labelled.to_parquet(tmp_path / "in.parquet")
    (tmp_path / "folder").mkdir()
    labelled.to_parquet(tmp_path / "folder" / "train.parquet")
    places = [("huggingface", "saved"), ("huggingface", "folder"), ("file", "in.parquet"), ("file", "folder")]
    for source, name in places:
        config = InputConfig.model_validate({"source": source, "path": f"{tmp_path}/{name}", "answer_column": "answer"})
        assert answers(config) == ["B", "C", None]
        first, second, third = [row.row for row in open_source(config).rows()]
        assert first is not None
        assert (first["all"], first["within"], first["each"]) == (
            ["A", "B"],
            {"label": "A", "score": 0.1},
            [{"label": "C"}],
        )
        assert second is not None
        assert (second["all"], second["within"]) == ([], {"label": None, "score": None})
        assert third is not None
        assert (third["all"], third["within"]) == (None, None)


@pytest.mark.parametrize("metadata", [b"{torn", b"[]", b'{"info": null}', b'{"info": {"features": []}}'])
def test_metadata_that_cannot_be_read_says_nothing(metadata: bytes) -> None:
    table = pa.table({"a": [1]}).replace_schema_metadata({"huggingface": metadata})
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    assert [row.row for row in FORMATS[".parquet"].rows(Bytes(sink.getvalue()))] == [{"a": 1}]

"""Columns by name, dots included; one that is nowhere is an error with the nearest name, in every format."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pytest
from pyarrow import parquet

from a2r_ray.config.input import InputConfig
from a2r_ray.errors import InputError
from a2r_ray.records import Problem
from a2r_ray.sources import first_rows, open_source, read_problems
from a2r_ray.sources.columns import MISSING, check_columns, lookup

Row = dict[str, Any]


def test_unknown_columns_are_named_all_at_once_with_what_may_have_been_meant() -> None:
    config = InputConfig(path="t.csv", id_column="nr", answer_column="anwser")
    with pytest.raises(InputError) as error:
        check_columns("t.csv", ["id", "problem", "answer"], config)
    assert str(error.value) == (
        "t.csv lacks input.id_column `nr` and input.answer_column `anwser`; did you mean `answer`? "
        "name one of its columns: `id`, `problem`, `answer`"
    )
    check_columns("t.csv", ["nr", "problem", "anwser"], config)


@pytest.mark.parametrize(
    ("row", "name", "value"),
    [
        ({"a": {"b": 1}}, "a.b", 1),
        ({"a": {"b": 1}, "a.b": 2}, "a.b", 2),
        ({"a": {"b.c": 1}}, "a.b.c", 1),
        ({"a.b": {"c": 1}, "a": {"b": {"c": 2}}}, "a.b.c", 1),
        ({"a": {"b": {"c": None}}}, "a.b.c", None),
        ({"a": '{"b": "4"}'}, "a.b", "4"),
        ({"a": [("b", "4")]}, "a.b", "4"),
        ({"a": None}, "a.b", MISSING),
        ({"a": "text"}, "a.b", MISSING),
        ({"a": "{torn"}, "a.b", MISSING),
        ({"a": {"b": 1}}, "a.c", MISSING),
        ({"a": {"b": 1}}, ".a", MISSING),
    ],
)
def test_a_name_with_dots_is_a_column_or_a_field_within_one(row: Row, name: str, value: Any) -> None:
    assert lookup(row, name) is value or lookup(row, name) == value


def jsonl(rows: list[Row], path: Path) -> InputConfig:
    path.with_suffix(".jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return InputConfig(path=f"{path}.jsonl")


def csv(rows: list[Row], path: Path) -> InputConfig:
    """Objects as their JSON, for a CSV file has no other."""

    def cell(value: Any) -> str:
        text = value if isinstance(value, str) else json.dumps(value)
        return '"' + text.replace('"', '""') + '"'

    lines = [",".join(rows[0]), *(",".join(map(cell, row.values())) for row in rows)]
    path.with_suffix(".csv").write_text("\n".join(lines) + "\n")
    return InputConfig(path=f"{path}.csv")


def as_parquet(rows: list[Row], path: Path) -> InputConfig:
    sink = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), sink)
    path.with_suffix(".parquet").write_bytes(sink.getvalue())
    return InputConfig(path=f"{path}.parquet")


def saved(rows: list[Row], path: Path) -> InputConfig:
    datasets.disable_progress_bars()
    datasets.Dataset.from_list(rows).save_to_disk(path)
    return InputConfig(source="huggingface", path=str(path))


FORMATS = pytest.mark.parametrize("written", [jsonl, csv, as_parquet, saved])
Write = Callable[[list[Row], Path], InputConfig]


@FORMATS
def test_a_field_within_a_column_in_every_format(written: Write, tmp_path: Path) -> None:
    rows = [{"ticket": {"nr": i, "body": f"q{i}"}, "reward_model": {"ground_truth": f"{i}"}} for i in range(2)]
    named = {
        "id_column": "ticket.nr",
        "problem_column": "ticket.body",
        "answer_column": "reward_model.ground_truth",
    }
    config = written(rows, tmp_path / "in").model_copy(update=named)
    found = [row for row in read_problems(open_source(config)) if isinstance(row, Problem)]
    assert [(row.problem_id, row.problem, row.reference_answer) for row in found] == [
        ("0", "q0", "0"),
        ("1", "q1", "1"),
    ]
    with pytest.raises(InputError, match=r"input\.answer_column `reward_model\.ground_trut`; did you mean"):
        first_rows(open_source(config.model_copy(update={"answer_column": "reward_model.ground_trut"})), 1)


@FORMATS
@pytest.mark.parametrize("option", ["id_column", "answer_column"])
def test_an_optional_column_that_no_row_has_is_an_error_in_every_format(
    written: Write, option: str, tmp_path: Path
) -> None:
    rows = [{"id": str(i), "problem": f"q{i}", "answer": "1"} for i in range(300)]
    config = written(rows, tmp_path / "in").model_copy(update={option: "anwser"})
    with pytest.raises(InputError, match=rf"input\.{option} `anwser`; did you mean `answer`\? name one of its columns"):
        first_rows(open_source(config), 100)


def test_a_column_that_few_rows_have_is_none_that_is_missing(tmp_path: Path) -> None:
    rows: list[Row] = [{"problem": f"q{i}"} for i in range(300)]
    config = jsonl([*rows, {"problem": "q", "answer": 1}], tmp_path / "in").model_copy(
        update={"answer_column": "answer"}
    )
    assert len(first_rows(open_source(config), 100)) == 100


def test_a_column_of_an_input_that_cannot_be_read_is_not_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text("{torn\n")
    with pytest.raises(InputError, match=r"none of its 1 rows is a problem.*\n.*malformed_json"):
        first_rows(open_source(InputConfig(path=f"{tmp_path}/in.jsonl", answer_column="answer")), 1)

"""A dataset gets its answers: each row in its place, with all its columns."""

import json
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from a2r_ray.annotate import ANSWER_SCHEMA, annotate
from a2r_ray.config.loading import parse_config
from a2r_ray.config.schema import Config
from a2r_ray.records import Reject, Result
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.table import TableWriter
from tests.conftest import arrow, problem
from tests.runs.test_ledger import path
from tests.scripted import ScriptedEngine, said, synthesized


def row(number: int, **fields: Any) -> str:
    return json.dumps({"id": f"p{number}", "problem": f"What is {number} + {number}?", "answer": 2 * number, **fields})


@pytest.fixture
def finished(document: dict[str, Any], problems_file: Path) -> Config:
    """An input of seven rows, of which the run has answered two and rejected one."""
    lines = [row(1, tags=["a"], odd=1), row(2, odd={"deep": "ü"}), "{torn", row(1, tags=["a"], odd=1), row(3), row(4)]
    problems_file.write_text("\n".join([*lines, json.dumps({"id": "none", "problem": ""})]) + "\n")
    config = parse_config(document)
    run = Storage(config.output)
    asked = [problem(1), problem(2)]
    engine = ScriptedEngine(lambda _: said(r"So \boxed{2}", 40, 7))
    made = synthesized(config, engine, asked, [[path(each.problem_id, 0)] for each in asked])
    records: dict[str, list[Result | Reject]] = {
        "results": list(made),
        "rejects": [Reject("p3", "f", 5, "explore", "no_path", "4 paths failed", "r")],
    }
    for name, rows in records.items():
        writer = TableWriter(run, name, "w")
        writer.append(arrow(*rows))
        writer.close()
    return config


def annotated(config: Config, target: Path) -> list[dict[str, Any]]:
    count = annotate(config, str(target))
    rows: list[dict[str, Any]] = pq.read_table(target).to_pylist()
    assert count == len(rows)
    return rows


def test_every_row_keeps_its_place_and_gets_its_answer_or_the_reason(finished: Config, tmp_path: Path) -> None:
    rows = annotated(finished, tmp_path / "new" / "out.parquet")
    assert [row["a2r_row"] for row in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert [row["a2r_problem_id"] for row in rows[:2]] == ["p1", "p2"]
    assert [row["a2r_answer"] for row in rows] == ["2", "2", None, "2", None, None, None]
    assert [row["a2r_correct"] for row in rows[:4]] == [True, False, None, True]
    reasons = [(row["a2r_error"] or "").partition(":")[0] for row in rows]
    assert reasons == ["", "", "malformed_json", "", "no_path", "not_run", "empty_problem"]


def test_the_input_s_columns_stay_and_those_that_disagree_become_json(finished: Config, tmp_path: Path) -> None:
    rows = annotated(finished, tmp_path / "out.parquet")
    assert [row["answer"] for row in rows] == [2, 4, None, 2, 6, 8, None]
    assert rows[0]["tags"] == rows[3]["tags"] == ["a"]
    assert [row["odd"] for row in rows[:3]] == ["1", '{"deep": "ü"}', None]
    schema = pq.read_schema(tmp_path / "out.parquet")
    assert schema.names == ["id", "problem", "answer", "tags", "odd", *ANSWER_SCHEMA.names]
    assert schema.field("tags").type == pa.list_(pa.string())


def of_input(document: dict[str, Any], path: Path, **fields: Any) -> Config:
    """A config of a run that has answered nothing yet."""
    return parse_config({**document, "input": {"path": str(path), **fields}})


def test_an_annotated_dataset_can_be_annotated_again(
    finished: Config, document: dict[str, Any], tmp_path: Path
) -> None:
    once, twice = tmp_path / "once.parquet", tmp_path / "twice.parquet"
    before = annotated(finished, once)
    again = of_input(document, once, id_column="id", answer_column="answer")
    rows = annotated(again, twice)
    assert pq.read_schema(twice).names == pq.read_schema(once).names
    own = [name for name in pq.read_schema(once).names if not name.startswith("a2r_")]
    assert [{name: row[name] for name in own} for row in rows] == [{name: row[name] for name in own} for row in before]
    assert [row["a2r_answer"] for row in rows[:2]] == ["2", "2"]
    assert rows[2]["a2r_error"] == "missing_id: column `id`: found null, expected text or an integer"


def test_class_labels_are_class_labels_still(document: dict[str, Any], tmp_path: Path) -> None:
    datasets.disable_progress_bars()
    features = datasets.Features(
        {"problem": datasets.Value("string"), "level": datasets.ClassLabel(names=["low", "high"])}
    )
    given = datasets.Dataset.from_dict({"problem": ["q0", "q1"], "level": [1, 0]}, features=features)
    given.to_parquet(tmp_path / "in.parquet")
    given.save_to_disk(tmp_path / "saved")
    for fields in ({}, {"source": "huggingface"}):
        path = tmp_path / ("saved" if fields else "in.parquet")
        annotated(of_input(document, path, answer_column="level", **fields), tmp_path / "out.parquet")
        found = datasets.Dataset.from_parquet(str(tmp_path / "out.parquet"), cache_dir=str(tmp_path / "cache"))
        assert found.features["level"] == features["level"]
        assert found["level"][:] == [1, 0]
        assert found.column_names == ["problem", "level", *ANSWER_SCHEMA.names]


def test_what_arrow_cannot_hold_is_json_text(document: dict[str, Any], tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"problem": f"q{i}", "meta": {}, "note": "cut \ud83d here", "n": 0.5 if i else 2**60 + 1} for i in range(9000)
    ]
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    found = annotated(of_input(document, path), tmp_path / "out.parquet")
    assert (found[0]["meta"], found[0]["note"]) == ("{}", '"cut \\ud83d here"')
    assert [found[0]["n"], found[-1]["n"]] == [str(2**60 + 1), "0.5"]


@pytest.mark.parametrize("name", ["in.jsonl", "in.parquet"])
def test_long_rows_are_written_few_at_a_time(
    name: str, document: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"problem": f"q{i}", "text": "x" * 100_000} for i in range(50)]
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / name)
    else:
        (tmp_path / name).write_text("".join(json.dumps(each) + "\n" for each in rows))
    monkeypatch.setattr("a2r_ray.annotate._CHUNK_BYTES", 1_000_000)
    assert len(annotated(of_input(document, tmp_path / name), tmp_path / "out.parquet")) == 50
    assert pq.ParquetFile(tmp_path / "out.parquet").metadata.num_row_groups == 5


def test_a_question_that_has_changed_does_not_get_the_answer_to_another(finished: Config, tmp_path: Path) -> None:
    given = Path(str(finished.input.path))
    lines = given.read_text().splitlines(keepends=True)
    given.write_text("".join([lines[0].replace("What is", "Is it"), *lines[1:]]))
    assert given.read_text() != "".join(lines)
    rows = annotated(finished, tmp_path / "out.parquet")
    assert [row["a2r_answer"] for row in rows[:2]] == [None, "2"]
    assert rows[0]["a2r_error"].startswith("not_run: the run has no result for what it asks")


def test_what_lies_too_deep_to_be_read_again_is_json(
    document: dict[str, Any], problems_file: Path, tmp_path: Path
) -> None:
    deep = "[" * 60 + "]" * 60
    problems_file.write_text(f'{{"id": "p1", "problem": "What?", "answer": 2, "deep": {deep}}}\n')
    [only] = annotated(parse_config(document), tmp_path / "out.parquet")
    assert only["deep"] == deep


def test_another_known_answer_leaves_no_verdict(finished: Config, tmp_path: Path) -> None:
    given = Path(str(finished.input.path))
    lines = [line.replace('"answer": 2,', '"answer": 3,') for line in given.read_text().splitlines(keepends=True)]
    given.write_text("".join(lines))
    rows = annotated(finished, tmp_path / "out.parquet")
    assert [row["a2r_answer"] for row in rows[:4]] == ["2", "2", None, "2"]
    assert [row["a2r_correct"] for row in rows[:4]] == [None, False, None, None]  # the fourth repeats the first

"""A dataset gets its answers: each row in its place, with all its columns."""

import json
from pathlib import Path
from typing import Any

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

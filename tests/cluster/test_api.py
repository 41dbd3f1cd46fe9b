"""In Python the stages compose onto any dataset: what they add begins with a2r_, and nothing of its own is lost."""

from pathlib import Path
from typing import Any

import pytest
import ray

import a2r_ray
from a2r_ray.config.loading import parse_config
from a2r_ray.records import RESULT_SCHEMA

pytestmark = pytest.mark.usefixtures("local_ray")


def items(count: int = 3, **columns: Any) -> list[dict[str, Any]]:
    return [
        {"problem_id": f"{n}", "problem": f"What is {n} + 1?", "reference_answer": n + 1, **columns}
        for n in range(count)
    ]


def answered(document: dict[str, Any], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    config = parse_config(document)
    dataset = a2r_ray.synthesize(a2r_ray.explore(ray.data.from_items(rows), config), config)
    assert not Path(config.output).exists()  # to chain is not to run
    found: list[dict[str, Any]] = sorted(dataset.take_all(), key=lambda row: row["problem_id"])
    assert not Path(config.output).exists()
    return found


def test_columns_of_the_dataset_stay_whatever_they_are_called_also_where_a_row_is_no_problem(
    document: dict[str, Any],
) -> None:
    document["synthesizer"]["simulated"] = {"accuracy": 1.0}
    own = {"problem_id", "problem", "messages", "reference_answer"}
    taken: dict[str, Any] = {name: f"my {name}" for name in RESULT_SCHEMA.names if name not in own}
    taken |= {"answer": "my answer", "paths": "my paths", "line": 7, "verifier": {"mine": 1}, "metadata": {"a": 1}}
    *found, none = answered(document, [*items(**taken), {**items(**taken)[0], "problem_id": "3", "problem": "  "}])
    assert [{name: row[name] for name in taken} for row in (*found, none)] == [taken] * 4
    assert [row["a2r_route"] for row in (*found, none)] == ["synthesized"] * 3 + ["failed"]
    assert none["a2r_error"].startswith("empty_problem: column `problem`")
    assert none["a2r_answer"] is None
    assert none["a2r_paths"] == []
    assert [row["a2r_answer"] for row in found] == ["1", "2", "3"]
    assert [row["a2r_correct"] for row in found] == [True] * 3
    added = set(found[0]) - set(taken) - {"problem_id", "problem", "reference_answer"}
    assert all(name.startswith("a2r_") for name in added)
    assert {"a2r_paths", "a2r_route", "a2r_vote_answer", "a2r_synthesis", "a2r_error"} <= added
    assert [len(row["a2r_paths"]) for row in found] == [4, 4, 4]
    # An answered dataset can be answered again.
    document["synthesizer"]["simulated"] = {"accuracy": 0.0}
    again = a2r_ray.synthesize(ray.data.from_items(found), parse_config(document)).take_all()
    assert {row["problem_id"]: row["a2r_correct"] for row in again} == {"0": False, "1": False, "2": False}


def test_a_column_of_chats_is_asked_where_there_is_no_problem(document: dict[str, Any]) -> None:
    rows = items(2)
    for row in rows:
        row["messages"] = [{"role": "system", "content": "be brief"}, {"role": "user", "content": row.pop("problem")}]
    found = answered(document, rows)
    assert [row["a2r_route"] for row in found] == ["synthesized"] * 2
    beside = answered(document, [{**row, "problem": "What is 2 + 2?"} for row in rows])
    assert [row["a2r_error"] for row in beside] == ["", ""]


def test_without_a_synthesizer_the_answer_is_the_vote(document: dict[str, Any]) -> None:
    found = answered({**document, "synthesizer": None}, items())
    assert [row["a2r_answer"] == row["a2r_vote_answer"] for row in found] == [True] * 3


def test_one_large_block_is_served_by_many_calls_at_once(document: dict[str, Any]) -> None:
    document["explorer"]["simulated"] = {"latency_s": {"median": 1.0}}
    config = parse_config(document)
    dataset = a2r_ray.explore(ray.data.from_items(items(64), override_num_blocks=1), config)
    paths = [path for row in dataset.take_all() for path in row["a2r_paths"]]
    began = sorted(path["finished_at"].timestamp() - path["latency_s"] for path in paths)
    ended = min(path["finished_at"].timestamp() for path in paths)
    assert sum(at < ended for at in began) > 64  # more than a quarter had begun before the first was done
    assert len({path["replica"] for path in paths}) == 1

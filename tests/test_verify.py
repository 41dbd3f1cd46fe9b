"""The receipt is counted again from the input and the files, and what does not add up is named."""

import json
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

import pytest

from a2r_ray.config.loading import parse_config
from a2r_ray.config.schema import Config
from a2r_ray.records import Reject
from a2r_ray.runs.folder import RunFolder
from a2r_ray.runs.receipt import InputCounts, account
from a2r_ray.sources import open_source
from a2r_ray.verify import Verification, verify
from tests.runs.test_ledger import path, write
from tests.runs.test_supersede import put, result


@pytest.fixture
def folder(config: Config, problems_file: FilePath) -> RunFolder:
    """A finished run of twenty problems, a broken row and a repeated one."""
    with problems_file.open("a") as file:
        file.write("{broken\n")
        file.write(json.dumps({"id": "p1", "problem": "What is 1 + 1?", "answer": 2, "topic": "sums"}) + "\n")
    folder = RunFolder.open(config)
    put(folder.storage, "results", "w", [result(config, number, 1) for number in range(20)])
    put(folder.storage, "rejects", "w", [Reject(None, str(problems_file), 21, "input", "malformed_json", "e", "r")])
    write(folder.storage, "e", [path(f"p{number}", 0) for number in range(20)])
    folder.write("receipt.json", account(folder.storage, InputCounts(22, 1), "complete", 0))
    folder.finish("complete")
    return folder


def check(config: Config, folder: RunFolder) -> Verification:
    return verify(config, folder.storage)


def test_a_whole_run_adds_up(config: Config, folder: RunFolder) -> None:
    found = check(config, folder)
    assert found.adds_up
    assert list(found.lines()) == [
        "input 22 rows; 20 ok + 1 failed + 0 filtered + 1 duplicate",
        "paths 20; completion tokens 240; paid twice 0",
        "it adds up",
    ]


def test_what_is_missing_is_named_by_id_or_by_place(config: Config, folder: RunFolder) -> None:
    for table in ("results", "rejects"):
        FilePath(config.output, table, "w-00000.parquet").unlink()
    put(folder.storage, "results", "v", [result(config, number, 1) for number in range(19)])
    found = check(config, folder)
    assert not found.adds_up
    assert found.missing.ids == ["p19", f"{config.input.path}:21"]
    assert any("2 still to be done" in line for line in found.lines())


def test_what_is_doubled_is_named_wherever_it_lies(config: Config, folder: RunFolder) -> None:
    put(folder.storage, "results", "v", [result(config, 3, 1)])
    put(folder.storage, "rejects", "v", [Reject("p4", "f", 5, "explore", "k", "e", "r")])
    write(folder.storage, "f", [path("p7", 0)])
    found = check(config, folder)
    assert found.doubled.ids == ["p3", "p4"]
    assert found.doubled_paths.ids == ["p7/0"]
    assert not found.adds_up


def test_what_the_input_has_not_is_named(config: Config, folder: RunFolder) -> None:
    put(folder.storage, "results", "v", [result(config, 99, 1)])
    found = check(config, folder)
    assert found.unknown.ids == ["p99"]
    document: dict[str, Any] = found.document()
    assert (document["adds_up"], document["unknown"]) == (False, {"count": 1, "ids": ["p99"]})


def test_a_receipt_that_says_something_else_is_said(config: Config, folder: RunFolder) -> None:
    receipt = json.loads(folder.storage.read("receipt.json") or b"")
    folder.storage.write("receipt.json", json.dumps({**receipt, "ok": 21}).encode())
    found = check(config, folder)
    assert found.differs == {"ok": (21, 20)}
    assert not found.adds_up


def test_what_has_changed_in_the_input_is_named(config: Config, folder: RunFolder, problems_file: FilePath) -> None:
    lines = [json.loads(line) for line in problems_file.read_text().splitlines() if line.startswith('{"')]
    lines[3]["problem"] = "Another question?"
    lines[5]["answer"] = 777
    problems_file.write_text("".join(json.dumps(line) + "\n" for line in lines if line["id"] != "p7"))
    found = check(config, folder)
    assert not found.adds_up
    assert not found.is_unfinished
    changed: dict[str, Any] = found.document()["changed"]
    assert {name: ids["ids"] for name, ids in changed.items()} == {
        "questions": ["p3"],
        "answers": ["p5"],
        "paths": [],
        "gone": ["p7"],
        "rejected": [],
    }
    assert any("--changed redo" in line and "p3" in line and "p7" in line for line in found.lines())


def test_a_change_that_keeps_the_version_of_the_input_is_seen(
    config: Config, folder: RunFolder, problems_file: FilePath
) -> None:
    problems_file.write_text(problems_file.read_text().replace("What is 3 + 3?", "What is 3 - 3?"))
    folder.record["input_version"] = open_source(config.input).version()
    folder.save()
    assert check(config, folder).changed.questions == ["p3"]


def test_answers_that_are_half_judged_do_not_add_up(config: Config, folder: RunFolder) -> None:
    folder.record["judged_by"] = None
    folder.save()
    found = check(config, folder)
    assert not found.adds_up
    assert "the answers are not all judged by the present rule: the same command goes on with it" in found.lines()


def test_results_of_fewer_paths_than_are_brought_by_now_are_named(config: Config, tmp_path: FilePath) -> None:
    file = tmp_path / "paths.jsonl"
    file.write_text(json.dumps({"id": "p1", "problem": "What is 1 + 1?", "paths": ["2"]}) + "\n")
    given = {"source": "paths", "path": str(file), "id_column": "id"}
    brought = parse_config({**config.model_dump(), "input": given, "explorer": None, "output": str(tmp_path / "b")})
    run = RunFolder.open(brought).storage
    of_it = [replace(path("p1", index), explorer="", finished_at=0) for index in range(2)]
    write(run, "e", of_it[:1])
    stored = replace(result(brought, 1, 1), reference_answer=None, answer_kind="math")
    put(run, "results", "w", [stored])
    assert verify(brought, run).outgrown.ids == []
    write(run, "f", of_it[1:])
    found = verify(brought, run)
    assert found.outgrown.ids == ["p1"]
    assert any("of fewer or older paths than there are by now" in line for line in found.lines())

"""A run that is there, whole, is known as such; one of which anything is left to do is not."""

from pathlib import Path
from typing import Any

import pytest

from a2r_ray.config.loading import parse_config
from a2r_ray.runs.finished import finished
from a2r_ray.runs.folder import Given, RunFolder
from a2r_ray.runs.receipt import InputCounts, account
from tests.runs.test_ledger import path, write
from tests.runs.test_receipt import fill


@pytest.fixture
def complete(document: dict[str, Any]) -> dict[str, Any]:
    """The config of a run of two problems and a bad row, at its end."""
    config = parse_config(document)
    folder = RunFolder.open(config, Given(3, "v1", list))
    write(folder.storage, "a", [path("p1", 0), path("p2", 0)])
    fill(folder.storage, config, [1, 2], rejected=1)
    folder.write("receipt.json", account(folder.storage, InputCounts(3, 0), "complete", 0))
    folder.finish("complete")
    return document


def there(document: dict[str, Any], version: str = "v1") -> bool:
    return finished(parse_config(document), version) is not None


def test_a_complete_run_is(complete: dict[str, Any]) -> None:
    found = finished(parse_config(complete), "v1")
    assert found is not None
    record, receipt = found
    assert (record["attempts"][-1]["outcome"], receipt["ok"]) == ("complete", 2)


def test_a_new_folder_is_not(document: dict[str, Any]) -> None:
    assert not there(document)


@pytest.mark.parametrize(
    ("field", "value"), [("paths", 8), ("engine_args", {"tokenizer": "other"}), ("model", "another")]
)
def test_more_or_something_else_is_left_to_do(field: str, value: Any, complete: dict[str, Any]) -> None:
    complete["explorer"][field] = value
    assert not there(complete)


def test_how_it_is_scheduled_changes_nothing(complete: dict[str, Any]) -> None:
    complete["explorer"]["replicas"] = {"min": 3}
    assert there(complete)


def test_another_input_may_have_more_rows(complete: dict[str, Any]) -> None:
    assert not there(complete, "v2")
    complete["input"]["limit"] = 3
    assert not there(complete)


def test_an_interrupted_one_is_not(complete: dict[str, Any]) -> None:
    RunFolder.open(parse_config(complete), Given(3, "v1", list)).finish("interrupted")
    assert not there(complete)


@pytest.mark.parametrize("table", ["results", "rejects", "paths"])
def test_nor_is_one_with_a_file_less(table: str, complete: dict[str, Any]) -> None:
    next(Path(complete["output"], table).iterdir()).unlink()
    assert not there(complete)


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", "null", '{"outcome": "complete"}'])
def test_a_damaged_receipt_is_none(complete: dict[str, Any], content: str) -> None:
    (Path(complete["output"]) / "receipt.json").write_text(content)
    assert not there(complete)

"""The reader feeds what needs work, with what is stored of it, and keeps the rest from the pools."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from a2r_ray.cluster import reader
from a2r_ray.cluster.reader import Reading
from a2r_ray.config.loading import parse_config
from a2r_ray.records import CASE_SCHEMA, PATH_SCHEMA, REJECT_SCHEMA, Reject, table_of
from a2r_ray.records import Path as Sampled
from a2r_ray.replica.monitor import Monitor
from a2r_ray.replica.tables import RunTables
from a2r_ray.runs import table
from a2r_ray.runs.storage import Storage
from a2r_ray.thinking import visible


def reading(document: dict[str, Any], *, brings: bool = False) -> Reading:
    config = parse_config(document)
    run = Storage(config.output)
    return Reading(config.input, RunTables(run, "", ("e", "")), config.explorer if brings else None)


def stored(run: Storage, name: str, rows: pa.Table) -> None:
    writer = table.TableWriter(run, name, "before")
    writer.append(rows)
    writer.close()


def read(given: Reading, monitor: Any = None) -> list[dict[str, Any]]:
    tables = list(reader._read(None, given, monitor))
    assert all(each.schema.equals(CASE_SCHEMA) for each in tables)
    return [row for each in tables for row in each.to_pylist()]


def sampled(problem_id: str, index: int, explorer: str = "e") -> Sampled:
    return Sampled(problem_id, index, explorer, "m", f"{problem_id}/{index}", None, "stop", 1, 1, 0.1)


def test_rows_that_are_no_problems_are_written_and_counted_and_go_no_further(
    document: dict[str, Any], problems_file: Path
) -> None:
    with problems_file.open("a") as file:
        file.write("{torn\n")
        file.write(json.dumps({"id": "p1", "problem": "What is 1 + 1?", "answer": 2}) + "\n")
    given, monitor = reading(document), Monitor()
    for _ in range(2):  # and a second time nothing is written again
        assert [row["problem_id"] for row in read(given, monitor)] == [f"p{number}" for number in range(20)]
        [reject] = [row for batch in table.scan(given.tables.run, "rejects") for row in batch.to_pylist()]
        assert (reject["line"], reject["error_kind"]) == (21, "malformed_json")
        assert monitor.snapshot().input_rows == {"input": 22, "duplicate": 1}


def test_each_problem_comes_with_what_is_stored_of_its_paths(document: dict[str, Any]) -> None:
    document["explorer"]["paths"] = 2
    given = reading(document, brings=True)
    paths = [sampled("p3", 1), sampled("p3", 0), sampled("p3", 2), sampled("p5", 7), sampled("p5", 0, "another")]
    stored(given.tables.run, "paths", table_of(paths, PATH_SCHEMA))
    found = {row["problem_id"]: [path["text"] for path in row["paths"]] for row in read(given)}
    assert found["p3"] == ["p3/0", "p3/1"]
    assert found["p5"] == ["p5/7"]
    assert len(found) == 20
    assert not any(paths for name, paths in found.items() if name not in ("p3", "p5"))


def test_what_is_done_with_is_not_read_again_and_an_id_of_none_is_no_exception(
    document: dict[str, Any], problems_file: Path
) -> None:
    with problems_file.open("a") as file:
        file.write(json.dumps({"id": "None", "problem": "Who?", "answer": 1}) + "\n")
    given, monitor = reading(document), Monitor()
    poison = Reject("p4", "file", 5, "explore", "poison", "it ends replicas", "What is 4 + 4?")
    stored(given.tables.run, "rejects", table_of([poison], REJECT_SCHEMA))
    found = {row["problem_id"] for row in read(given, monitor)}
    assert "p4" not in found
    assert "None" in found
    assert monitor.snapshot().input_rows == {"input": 21, "duplicate": 0}


@pytest.mark.parametrize("lost", [0, 3])
def test_paths_are_brought_by_their_key_whatever_is_stored(document: dict[str, Any], tmp_path: Path, lost: int) -> None:
    file = tmp_path / "paths.jsonl"
    lines = [{"id": f"q{n}", "problem": f"{n}?", "paths": [f"\\boxed{{{k}}}" for k in range(3)]} for n in range(4)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    document["input"] = {"source": "paths", "path": str(file), "id_column": "id"}
    given = reading(document)
    reader._bring(None, given)
    first = rows(given)
    assert len(first) == 12
    whole = pa.Table.from_pylist(first, schema=PATH_SCHEMA)
    for name in table.files(given.tables.run, "paths"):
        table.write(given.tables.run, name, whole.slice(lost))  # a file was damaged, and moved away
    reader._bring(None, given)
    keys = [(row["problem_id"], row["path_index"], row["text"]) for row in rows(given)]
    assert sorted(keys) == sorted((row["problem_id"], row["path_index"], row["text"]) for row in first)


def test_a_file_of_paths_may_grow_and_be_reordered(document: dict[str, Any], tmp_path: Path) -> None:
    """Two samples a problem, then four, the new ones first: none is lost, and none stored twice."""
    file = tmp_path / "paths.jsonl"
    document["input"] = {"source": "paths", "path": str(file), "id_column": "id", "paths_column": "text"}
    lines = [{"id": f"q{n}", "problem": f"{n}?", "text": f"\\boxed{{{k}}}"} for k in range(4) for n in range(4)]
    for samples in (2, 4, 4):
        file.write_text("".join(json.dumps(line) + "\n" for line in lines[: 4 * samples][::-1]))
        given = reading(document)
        reader._bring(None, given)
        found = {(row["problem_id"], row["path_index"]): row["text"] for row in rows(given)}
        assert len(found) == len(rows(given)) == 4 * samples
        assert sorted(found) == [(f"q{n}", k) for n in range(4) for k in range(samples)]
        assert {(name, text) for (name, _), text in found.items()} == {
            (f"q{n}", f"\\boxed{{{k}}}") for k in range(samples) for n in range(4)
        }


def test_the_thinking_of_brought_texts_has_the_marks_of_the_explorer(document: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "paths.jsonl"
    line = {"id": "q", "problem": "?", "paths": ["((is it \\boxed{1}?)) \\boxed{2}", "((cut off at \\boxed{3}"]}
    file.write_text(json.dumps(line) + "\n")
    document["input"] = {"source": "paths", "path": str(file), "id_column": "id"}
    document["explorer"]["thinking"] = {"begin": "((", "end": "))"}
    given = reading(document, brings=True)
    reader._bring(None, given)
    found = {row["path_index"]: row for row in rows(given)}
    assert [visible(found[n]["text"]) for n in (0, 1)] == ["\\boxed{2}", ""]


def rows(given: Reading) -> list[dict[str, Any]]:
    return [row for batch in table.scan(given.tables.run, "paths") for row in batch.to_pylist()]

"""What the tables of a run hold, counted for the lines at its end."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from a2r_ray.config.schema import Config
from a2r_ray.evaluate.counts import how_often, seconds, uncounted, whole
from a2r_ray.evaluate.summary import summarize
from a2r_ray.records import Reject
from a2r_ray.runs.receipt import InputCounts, account
from a2r_ray.runs.storage import Storage
from tests.evaluate.test_summary import lines
from tests.runs.test_ledger import path, write
from tests.runs.test_supersede import put, result


def test_bad_rows_of_paths_are_no_more_problems_than_they_are_of(config: Config, tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    put(run, "results", "w", [result(config, 2, 1)])
    rows = [("p2", 2), ("p2", 3), ("p4", 4), ("p4", 5), (None, 6)]
    put(run, "rejects", "w", [Reject(name, "f", line, "input", "k", "e", "r", "7") for name, line in rows])
    receipt = account(run, InputCounts(input=6, duplicate=0), "complete", 0)
    document = {**config.document, "input": {**config.document["input"], "source": "paths"}}
    assert summarize(run, {"simulated": [], "config": document}, receipt, {}).accuracy.scored == 3
    assert summarize(run, {"simulated": [], "config": config.document}, receipt, {}).accuracy.scored == 6


def test_replies_without_a_usage_are_told_beside_the_cost(config: Config, tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    unknown = [replace(path("p1", index), prompt_tokens=0) for index in range(3)]
    write(
        run,
        "a",
        [path("p2", 0), *unknown, replace(unknown[0], error="timeout: slow"), replace(unknown[1], explorer="")],
    )
    put(run, "results", "w", [replace(result(config, 1, 1), synthesizer_prompt_tokens=0)])
    receipt = account(run, InputCounts(input=1, duplicate=0), "complete", 0)
    assert summarize(run, {"simulated": [], "config": config.document}, receipt, {}).uncounted == 4
    assert lines(uncounted=4)["cost"].endswith("; 4 replies came without a usage, and cost more")


def test_values_are_counted_the_most_frequent_first() -> None:
    column = pa.chunked_array([["a", "b"], ["b", "c", "b", "c"]])
    assert list(how_often(column).items()) == [("b", 3), ("c", 2), ("a", 1)]
    assert how_often(pa.chunked_array([], pa.string())) == {}
    assert whole(pa.chunked_array([[1, None], [4]])) == 5
    assert whole(pa.chunked_array([], pa.int64())) == 0


def test_seconds_are_added_up_by_pool() -> None:
    report = {"pool": "both", "ready_s": 2.0, "busy_s": 1.0, "running_s": 8.0}
    found = seconds({"a": report, "b": {**report, "ready_s": 3.0}, "c": {**report, "pool": "other"}})
    assert found["both"] == {"replicas": 2, "ready": 5.0, "busy": 2.0, "running": 16.0}
    assert found["other"]["replicas"] == 1


def test_replies_without_tokens_of_their_own_are_counted_too(config: Config, tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    write(run, "a", [path("p1", 0), replace(path("p1", 1), completion_tokens=0)])
    put(run, "results", "w", [replace(result(config, 1, 1), synthesizer_completion_tokens=0)])
    assert uncounted(run) == 2

"""The receipt is counted from the files, and says so when they do not add up."""

from dataclasses import replace
from pathlib import Path as FilePath

from a2r_ray.config.schema import Config
from a2r_ray.records import REJECT_SCHEMA, Reject, Result, table_of
from a2r_ray.runs.folder import RunFolder
from a2r_ray.runs.receipt import InputCounts, account
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.table import TableWriter
from tests.conftest import arrow, problem
from tests.runs.test_ledger import path, write
from tests.runs.test_supersede import put, result
from tests.scripted import ScriptedEngine, said, synthesized


def fill(run: Storage, config: Config, ids: list[int], rejected: int) -> None:
    engine = ScriptedEngine(lambda _: said(r"\boxed{1}", 40, 7))
    paths = [[path(f"p{number}", 0)] for number in ids]
    results = synthesized(config, engine, [problem(number) for number in ids], paths)
    writer = TableWriter(run, "results", f"w{ids[0]}-{len(ids)}")
    writer.wait(writer.append(arrow(*(record for record in results if isinstance(record, Result)))))
    writer.close()
    writer = TableWriter(run, "rejects", f"w{ids[0]}")
    rows = [Reject(None, "f", n, "input", "k", "e", "r") for n in range(rejected)]
    writer.wait(writer.append(table_of(rows, REJECT_SCHEMA)))
    writer.close()


def test_it_adds_up(config: Config, tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    write(run, "a", [path("p1", 0), path("p2", 0)])
    fill(run, config, [1, 2], rejected=1)
    receipt = account(run, InputCounts(input=4, duplicate=1), "complete", stored_before=1)
    assert receipt["balanced"]
    assert (receipt["ok"], receipt["failed"], receipt["duplicate"], receipt["filtered"]) == (2, 1, 1, 0)
    assert receipt["paths"] == {"stored": 2, "sampled_this_attempt": 1, "reused": 1, "errors": 0, "cut_off": 0}
    assert receipt["tokens"] == {
        "explorer": {"prompt": 6, "completion": 10},
        "synthesizer": {"prompt": 80, "completion": 14},
        "superseded": {"prompt": 0, "completion": 0},
        "superseded_paths": {"prompt": 0, "completion": 0},
        "paid_twice": 0,
    }


def test_what_gave_no_answer_failed_or_was_cut_off_is_counted(config: Config, tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    cut = replace(path("p1", 0), finish_reason="length")
    write(run, "a", [cut, replace(path("p2", 0), error="timeout: slow")])
    put(run, "results", "w", [result(config, 1, 1), result(config, 2, 1, answer=None)])
    receipt = account(run, InputCounts(2, 0), "complete", 0)
    assert (receipt["ok"], receipt["answered"], receipt["unanswered"]) == (2, 1, 1)
    assert (receipt["paths"]["errors"], receipt["paths"]["cut_off"]) == (1, 1)


def test_a_missing_row_does_not_balance(config: Config, tmp_path: FilePath) -> None:
    fill(Storage(str(tmp_path)), config, [1, 2], rejected=1)
    assert not account(Storage(str(tmp_path)), InputCounts(input=5, duplicate=1), "complete", 0)["balanced"]


def test_a_doubled_result_does_not_balance_even_where_the_counts_agree(config: Config, tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    fill(run, config, [1, 2], rejected=0)
    fill(run, config, [1], rejected=0)
    assert not account(run, InputCounts(input=3, duplicate=0), "complete", 0)["balanced"]


def test_a_doubled_path_is_paid_twice(config: Config, tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    write(run, "a", [path("p1", 0), path("p1", 1)])
    write(run, "b", [path("p1", 1)])
    fill(run, config, [1], rejected=0)
    receipt = account(run, InputCounts(input=1, duplicate=0), "complete", 0)
    assert receipt["tokens"]["paid_twice"] == 5
    assert not receipt["balanced"]


def test_an_input_that_was_not_read_to_its_end_cannot_balance(config: Config, tmp_path: FilePath) -> None:
    fill(Storage(str(tmp_path)), config, [1], rejected=0)
    assert not account(Storage(str(tmp_path)), None, "interrupted", 0)["balanced"]


def test_what_an_engine_generated_and_no_table_holds_was_paid_twice(config: Config) -> None:
    folder = RunFolder.open(config)
    write(folder.storage, "w", [path("p1", 0), path("p1", 1)])
    folder.note_generated({"w": {"completion_tokens": 12}, "v": {}})
    folder.note_generated({"w": {"completion_tokens": 40}, "loading": {"loading": True}})
    folder.finish("interrupted")
    folder = RunFolder.open(config)
    folder.note_generated({"x": {"completion_tokens": 3}})  # a new attempt adds to what the earlier ones had
    tokens = account(folder.storage, None, "interrupted", 0)["tokens"]
    assert tokens["explorer"]["completion"] == 10
    assert tokens["paid_twice"] == 30 + 3


def test_one_engine_of_two_tables_is_counted_once(config: Config) -> None:
    folder = RunFolder.open(config)
    write(folder.storage, "w1-1", [path("p1", 0)])
    fill(folder.storage, config, [1], rejected=0)  # 7 tokens, by the same writer
    folder.note_generated({"w1-1": {"completion_tokens": 12}})
    assert account(folder.storage, None, "complete", 0)["tokens"]["paid_twice"] == 0

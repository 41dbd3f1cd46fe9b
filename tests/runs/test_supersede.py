"""What is to be made again goes, and nothing else; a reader never sees two rows of a problem."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

import pytest

from a2r_ray.config.paths import PathsConfig
from a2r_ray.config.schema import Config
from a2r_ray.records import PATH_KEY, Reject, Result
from a2r_ray.runs import table
from a2r_ray.runs.receipt import account
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.supersede import has_failed, put_back, supersede, supersede_outgrown, supersede_problems
from a2r_ray.runs.table import TableWriter
from tests.conftest import arrow, problem
from tests.runs.test_ledger import path, write
from tests.scripted import ScriptedEngine, said, synthesized


def put(run: Storage, name: str, writer: str, rows: list[Any]) -> None:
    tables = TableWriter(run, name, writer)
    tables.wait(tables.append(arrow(*rows)))
    tables.close()


def result(config: Config, number: int, paths: int, **fields: Any) -> Result:
    engine = ScriptedEngine(lambda _: said(r"\boxed{1}", 40, 7))
    own = [path(f"p{number}", index) for index in range(paths)]
    [made] = synthesized(config, engine, [problem(number)], [own])
    assert isinstance(made, Result)
    return replace(made, **fields)


def ids(run: Storage, name: str) -> list[str]:
    return sorted(i for batch in table.scan(run, name, ["problem_id"]) for i in batch["problem_id"].to_pylist())


def test_results_of_too_few_paths_go_and_their_tokens_stay_on_the_bill(config: Config, tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    put(run, "results", "w", [result(config, 1, 4), result(config, 2, 8)])
    put(run, "results", "v", [result(config, 3, 4)])
    for _ in range(2):  # what was interrupted is called again
        supersede(run, 8, failed=False)
        assert ids(run, "results") == ["p2"]
        assert ids(run, "superseded") == ["p1", "p3"]
    tokens = account(run, None, "interrupted", 0)["tokens"]
    assert (tokens["synthesizer"]["completion"], tokens["superseded"]["completion"]) == (7, 14)
    assert len(table.files(run, "results")) == 2  # a reader may have listed the file that is empty now


@pytest.mark.parametrize(("most", "outgrown"), [(None, ["p2", "p3"]), (4, ["p2"]), (2, [])])
def test_results_of_fewer_paths_than_were_brought_go(
    config: Config, tmp_path: FilePath, most: int | None, outgrown: list[str]
) -> None:
    run = Storage(str(tmp_path))
    rule = None if most is None else PathsConfig(min=most, max=most)
    put(run, "results", "w", [result(config, 1, 4), result(config, 2, 2), result(config, 3, 4), result(config, 4, 4)])
    counts = (("p1", 4), ("p2", 4), ("p3", 6))
    brought = [replace(path(name, index), finished_at=1) for name, count in counts for index in range(count)]
    write(run, "a", [*brought, brought[0]])  # stored twice, it is one
    for left in (len(outgrown), 0):
        assert supersede_outgrown(run, table.scan(run, "paths", [*PATH_KEY, "finished_at"]), rule) == left
    assert ids(run, "superseded") == outgrown
    assert ids(run, "results") == sorted({"p1", "p2", "p3", "p4"} - set(outgrown))


def test_results_of_older_paths_than_were_brought_go(config: Config, tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    made = [result(config, number, 2) for number in (1, 2)]
    put(run, "results", "w", made)
    later = max(each.finished_at for each in made) + 1
    old = [replace(path(name, index), finished_at=1) for name in ("p1", "p2") for index in range(2)]
    write(run, "a", [*old[:3], replace(old[3], finished_at=later)])
    brought = table.scan(run, "paths", [*PATH_KEY, "finished_at"])
    assert supersede_outgrown(run, brought, None) == 1
    assert ids(run, "superseded") == ["p2"]


def test_what_is_taken_out_twice_is_kept_twice(tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    failed = replace(path("p1", 0), error="timeout: slow", completion_tokens=100)
    write(run, "a", [failed, path("p1", 1)])
    supersede(run, 2, failed=True)
    supersede_problems(run, ["p1"])
    kept = [row for batch in table.scan(run, "superseded_paths") for row in batch.to_pylist()]
    assert sorted(row["path_index"] for row in kept) == [0, 1]
    assert sum(row["completion_tokens"] for row in kept) == 100 + path("p1", 1).completion_tokens


def test_a_copy_of_what_is_where_it_was_is_dropped(
    config: Config, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Storage(str(tmp_path))
    put(run, "results", "w", [result(config, number, 2) for number in (1, 2)])
    write_table = table.write

    def broken(run: Storage, name: str, rows: Any) -> None:
        if name.startswith("results/"):
            raise KeyboardInterrupt
        write_table(run, name, rows)

    monkeypatch.setattr(table, "write", broken)
    with pytest.raises(KeyboardInterrupt):
        supersede_problems(run, ["p1"])
    monkeypatch.undo()
    assert (ids(run, "results"), ids(run, "superseded")) == (["p1", "p2"], ["p1"])
    put_back(run)
    assert (ids(run, "results"), ids(run, "superseded")) == (["p1", "p2"], [])
    supersede_problems(run, ["p1"])
    put_back(run)
    assert (ids(run, "results"), ids(run, "superseded")) == (["p2"], ["p1"])


def test_a_copy_beside_paths_of_the_same_moment_stays(tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    at_once = [replace(path("p1", index), finished_at=7) for index in range(3)]
    write(run, "a", [replace(at_once[0], error="timeout: slow"), *at_once[1:]])
    supersede(run, 3, failed=True)
    put_back(run)
    assert (ids(run, "paths"), ids(run, "superseded_paths")) == (["p1", "p1"], ["p1"])


def test_an_interruption_between_copy_and_removal_keeps_no_row_twice(config: Config, tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    put(run, "results", "w", [result(config, 1, 4), result(config, 2, 8)])
    whole = run.read("results/w-00000.parquet")
    assert whole is not None
    supersede(run, 8, failed=False)
    run.write("results/w-00000.parquet", whole)  # as if the process had ended before it was rewritten
    supersede(run, 8, failed=False)
    assert ids(run, "superseded") == ["p1"]
    assert ids(run, "results") == ["p2"]


def test_more_paths_may_answer_a_rejected_problem_but_mend_no_input_row(tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    put(
        run,
        "rejects",
        "w",
        [Reject("a", "f", 1, "input", "k", "e", "r"), Reject("b", "f", 2, "explore", "k", "e", "r")],
    )
    supersede(run, 8, failed=False)
    assert ids(run, "rejects") == ["a"]
    supersede(run, 8, failed=True)
    assert ids(run, "rejects") == []


def test_failures_are_paths_and_what_hangs_on_them_and_failed_syntheses(config: Config, tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    write(run, "a", [path("p1", 0), replace(path("p1", 1), error="timeout: slow"), path("p2", 0)])
    put(
        run,
        "results",
        "w",
        [
            result(config, 1, 2),
            result(config, 2, 2),
            result(config, 3, 2, finish_reason="error", route="vote_fallback"),
            result(config, 4, 2, answer=None, route="failed"),
        ],
    )
    assert has_failed(run, 2)
    supersede(run, 2, failed=True)
    assert ids(run, "results") == ["p2"]
    assert ids(run, "paths") == ["p1", "p2"]
    assert not has_failed(run, 1)
    assert has_failed(run, 3)  # it has too few paths then
    put(run, "rejects", "w", [Reject("p9", "f", 9, "input", "k", "e", "r")])
    assert has_failed(run, 1)


@pytest.mark.parametrize("text", ["", " \n", "<think>cut off", "<think>closed</think>", "[THINK]cut off"])
def test_what_has_nothing_to_show_is_made_again_but_not_what_was_brought(
    config: Config, tmp_path: FilePath, text: str
) -> None:
    run = Storage(str(tmp_path))
    hidden = replace(path("p1", 0), text=text, finish_reason="length")
    write(run, "a", [hidden, path("p1", 1), path("p2", 0), replace(hidden, problem_id="p3", explorer="")])
    made = [result(config, number, 1, route="vote_fallback") for number in (1, 2, 3)]
    put(run, "results", "w", [*made, result(config, 4, 1, synthesis=text, route="vote_fallback")])
    supersede(run, 1, failed=True)
    assert ids(run, "results") == ["p2", "p3"]
    assert ids(run, "superseded") == ["p1", "p4"]
    assert ids(run, "paths") == ["p1", "p2", "p3"]


def doubled(config: Config, run: Storage) -> None:
    """A folder in which something of each table is there twice."""
    unanswered = result(config, 1, 8, answer=None, route="failed")
    put(run, "results", "w", [unanswered, result(config, 2, 8)])
    put(run, "results", "v", [result(config, 1, 8), result(config, 3, 8)])
    failed = replace(path("p1", 0), text="", error="timeout: slow")
    put(run, "paths", "w", [failed, path("p1", 1), *(path("p1", index) for index in range(2, 8))])
    put(run, "paths", "v", [path("p1", 0), path("p1", 1)])


def test_what_is_stored_twice_is_taken_out_and_the_good_one_stays(config: Config, tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    doubled(config, run)
    for _ in range(2):
        supersede(run, 8, failed=True)
        assert ids(run, "results") == ["p1", "p2", "p3"]
        assert ids(run, "superseded") == ["p1"]
        answers = [
            row for batch in table.scan(run, "results") for row in batch.to_pylist() if row["problem_id"] == "p1"
        ]
        assert [row["answer"] for row in answers] == ["1"]
        paths = [row for batch in table.scan(run, "paths") for row in batch.to_pylist()]
        assert sorted(row["path_index"] for row in paths) == list(range(8))
        assert not any(row["error"] for row in paths)


def test_a_mending_that_is_broken_off_anywhere_is_ended_by_the_next(
    config: Config, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, left = Storage.write, [0]

    def until_none_is_left(*given: object) -> None:
        if left[0] == 0:
            raise KeyboardInterrupt
        left[0] -= 1
        write(*given)  # type: ignore[arg-type]

    for writes in range(6):
        run = Storage(str(tmp_path / str(writes)))
        doubled(config, run)
        left[0] = writes
        with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
            patch.setattr(Storage, "write", until_none_is_left)
            supersede(run, 8, failed=True)
        supersede(run, 8, failed=True)
        assert (ids(run, "results"), ids(run, "superseded")) == (["p1", "p2", "p3"], ["p1"])
        assert account(run, None, "interrupted", 0)["tokens"]["paid_twice"] == 0


def test_what_is_stored_twice_stays_where_nobody_asks_for_it_to_be_mended(config: Config, tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    doubled(config, run)
    supersede(run, 8, failed=False)
    assert ids(run, "results") == ["p1", "p1", "p2", "p3"]

"""A replica hands on only what is durable, and passes through what it has no part in."""

import faulthandler
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from a2r_ray.config.loading import parse_config
from a2r_ray.config.schema import Config
from a2r_ray.records import INPUT_SCHEMA, RESULT_SCHEMA, Reject, input_row
from a2r_ray.replica.replica import OUTCOME_SCHEMA, Replica, Work, tally_row
from a2r_ray.runs import table
from a2r_ray.runs.storage import Storage
from tests.conftest import problem


class SilentBoard:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.samples: list[dict[str, Any]] = []
        self.accused: dict[str, list[str]] = {}
        self.stopping = False
        self.guilty = 0

    def report(self, replica: str, sample: dict[str, Any]) -> bool:
        self.samples.append({**sample, "replica": replica})
        return self.stopping

    def failed(self, message: str) -> None:
        pass

    def accuse(self, key: str, replica: str) -> tuple[list[str], int]:
        before = self.accused.pop(key, [])
        self.guilty += bool(before)
        explained = self.guilty + len(self.accused)
        self.accused[key] = [*before, replica]
        return before, explained

    def acquit(self, key: str) -> None:
        del self.accused[key]


def block(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=INPUT_SCHEMA)


REJECT = Reject(None, "file", 3, "input", "malformed_json", "line 3 is not JSON", "{oops")


def test_two_stages_leave_every_row_in_its_table(config: Config) -> None:
    run = Storage(config.output)
    explorer, synthesizer = Replica(Work(config, "explorer", run)), Replica(Work(config, "synthesizer", run))
    rows = block(input_row(problem(1)), input_row(REJECT), tally_row({"input": 3, "duplicate": 1}))
    explored = explorer(rows)
    assert explored.num_rows == 3
    assert [len(paths or ()) for paths in explored["paths"].to_pylist()] == [4, 0, 0]
    assert table.count(run, "paths") == 4
    outcomes = synthesizer(explored)
    assert outcomes.schema.equals(OUTCOME_SCHEMA)
    assert outcomes["outcome"].to_pylist() == ["ok", "failed", "tally"]
    assert table.count(run, "results") == 1
    assert [row for batch in table.scan(run, "rejects") for row in batch.to_pylist()] == [
        {"problem_id": None, "source": "file", "line": 3, "stage": "input", "error_kind": "malformed_json",
         "error": "line 3 is not JSON", "row": "{oops"}
    ]  # fmt: skip
    explorer.close()
    synthesizer.close()


def test_what_a_former_process_stored_is_not_stored_again(config: Config) -> None:
    run = Storage(config.output)
    clash = replace(REJECT, problem_id="p1", line=9, error_kind="duplicate_id")
    rows = block(input_row(problem(1)), input_row(problem(2)), input_row(REJECT), input_row(clash))
    explored = Replica(Work(config, "explorer", run))(rows)
    first = Replica(Work(config, "synthesizer", run))
    first(explored.filter([True, False, True, False]))
    again = Replica(Work(config, "synthesizer", run))
    assert again(explored)["outcome"].to_pylist() == ["ok", "failed"]
    assert table.count(run, "results") == 2
    assert sorted(row for batch in table.scan(run, "rejects", ["line"]) for row in batch["line"].to_pylist()) == [3, 9]


def test_a_restarted_replica_uses_the_paths_that_were_stored(config: Config) -> None:
    run = Storage(config.output)
    first = Replica(Work(config, "explorer", run))
    before = first(block(input_row(problem(1))))["paths"].to_pylist()
    again = Replica(Work(config, "explorer", run))
    after = again(block(input_row(problem(1)), input_row(problem(2))))["paths"].to_pylist()
    assert [path["finished_at"] for path in after[0]] == [path["finished_at"] for path in before[0]]
    assert table.count(run, "paths") == 8
    first.close()
    again.close()


def test_the_synthesizer_of_a_phased_run_finds_the_paths_in_the_run_folder(config: Config) -> None:
    run = Storage(config.output)
    explorer = Replica(Work(config, "explorer", run, last=True))
    assert explorer(block(input_row(problem(1))))["outcome"].to_pylist() == ["explored"]
    explorer.close()
    synthesizer = Replica(Work(config, "synthesizer", run, last=True))
    assert synthesizer(block(input_row(problem(1))))["outcome"].to_pylist() == ["ok"]
    [row] = [row for batch in table.scan(run, "results") for row in batch.to_pylist()]
    assert row["references"] == [0, 1, 2, 3]
    synthesizer.close()


def test_a_result_is_stored_after_its_paths_which_may_take_as_long_as_its_synthesis(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthesized, stored = threading.Event(), threading.Event()
    write = Storage.write

    def watched(run: Storage, name: str, data: bytes, guard: Callable[[], None]) -> None:
        if name.startswith("paths/"):
            assert synthesized.wait(10), "the synthesis waits for its paths"
            assert not stored.wait(1), "a result is stored before its paths"
        else:
            stored.set()
        write(run, name, data, guard)

    monkeypatch.setattr(Storage, "write", watched)
    run = Storage(config.output)
    replica = Replica(Work(config, "both", run, last=True))
    synthesize = replica._synthesize
    assert synthesize is not None

    def watched_synthesis(*given: Any) -> Any:
        made = synthesize(*given)
        synthesized.set()
        return made

    monkeypatch.setattr(replica, "_synthesize", watched_synthesis)
    assert replica(block(input_row(problem(1))))["outcome"].to_pylist() == ["ok"]
    assert (table.count(run, "paths"), table.count(run, "results")) == (4, 1)
    replica.close()


def test_without_a_run_folder_rows_keep_their_columns(config: Config) -> None:
    replica = Replica(Work(config, "both"))
    rows = pa.table({"problem_id": ["a", "b"], "problem": ["1+1?", "2+2?"], "mine": [1, 2]})
    found = replica(rows)
    assert found["mine"].to_pylist() == [1, 2]
    assert {*RESULT_SCHEMA.names, "paths"} <= {*found.column_names}
    assert [len(paths) for paths in found["paths"].to_pylist()] == [4, 4]
    replica.close()


def test_without_a_synthesizer_one_pool_explores_and_votes(document: dict[str, Any]) -> None:
    config = parse_config({**document, "synthesizer": None})
    run = Storage(config.output)
    replica = Replica(Work(config, "both", run, last=True))
    assert replica(block(input_row(problem(1))))["outcome"].to_pylist() == ["ok"]
    assert [b["synthesizer"].to_pylist() for b in table.scan(run, "results", ["synthesizer"])] == [[""]]
    replica.close()


def test_an_engine_that_cannot_start_says_so_to_the_board(document: dict[str, Any]) -> None:
    said: list[str] = []

    class Listening(SilentBoard):
        def failed(self, message: str) -> None:
            said.append(message)

    document["explorer"]["simulated"] = {"faults": {"load": "no such model"}}
    with pytest.raises(Exception, match="no such model"):
        Replica(Work(parse_config(document), "explorer"), Listening())
    assert said == ["the engine of the explorer cannot start: no such model"]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_stopped_replica_flushes_and_begins_nothing_more(document: dict[str, Any]) -> None:
    document["explorer"]["simulated"] = {"latency_s": {"median": 0.05, "sigma": 0.0}}
    config = parse_config(document)
    board = SilentBoard()
    replica = Replica(Work(config, "explorer", Storage(config.output)), board)
    replica(block(input_row(problem(1))))
    board.stopping = True
    until(lambda: bool(board.samples) and board.samples[-1]["flushed"])
    thread = threading.Thread(target=replica, args=(block(input_row(problem(2))),), daemon=True)
    thread.start()
    thread.join(timeout=1)
    assert thread.is_alive()
    replica.close()
    assert table.count(Storage(config.output), "paths") == 4


def test_what_was_in_a_replica_that_ended_is_on_trial(config: Config) -> None:
    run, board = Storage(config.output), SilentBoard()
    explorer = Replica(Work(config, "explorer", run), board, deaths=lambda: 1)
    rows = block(input_row(problem(1)), input_row(problem(2)))
    assert [len(paths) for paths in explorer(rows)["paths"].to_pylist()] == [4, 4]
    assert board.accused == {}  # neither did harm
    board.accused["p1"] = ["explorer-1 (at 12:00:00)"]
    explored = explorer(rows)
    assert explored["error_kind"].to_pylist() == ["poison", None]
    synthesizer = Replica(Work(config, "synthesizer", run))
    assert synthesizer(explored)["outcome"].to_pylist() == ["ok", "failed"]
    [reject] = [row for batch in table.scan(run, "rejects") for row in batch.to_pylist()]
    assert (reject["problem_id"], reject["stage"], reject["row"]) == ("p1", "explore", "What is 1 + 1?")


def test_a_replica_that_loads_for_ever_says_so_and_ends(
    document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    ended, loaded = threading.Event(), threading.Event()  # of which the second never comes

    class Listening(SilentBoard):
        def failed(self, message: str) -> None:
            said.append(message)

    def end(_: int) -> None:
        ended.set()
        loaded.wait()

    monkeypatch.setattr("a2r_ray.replica.replica.os._exit", end)
    monkeypatch.setattr("a2r_ray.replica.replica.create_engine", lambda *_, **__: loaded.wait())
    document["explorer"]["replicas"] = {"start_timeout_s": 0.5}
    work = Work(parse_config(document), "explorer")
    threading.Thread(target=Replica, args=(work, Listening()), daemon=True).start()
    assert ended.wait(30)
    faulthandler.cancel_dump_traceback_later()
    [message] = said
    assert message.startswith("the engine of the explorer does not start: sim-small has been loading for ")
    assert message.endswith(" s (explorer.replicas.start_timeout_s)")


HOLDS_THE_LOCK = """
import json, re, sys
from a2r_ray.config.loading import parse_config
from a2r_ray.replica.replica import Replica, Work
from tests.replica.test_replica import SilentBoard
replica = Replica(Work(parse_config(json.loads(sys.argv[1])), "explorer"), SilentBoard())
print("holds it", flush=True)
re.match("(a+)+$", "a" * 60 + "b")  # longer than anybody lives
"""


def test_a_replica_in_which_something_holds_pythons_lock_ends_with_its_stacks(document: dict[str, Any]) -> None:
    document["explorer"]["hang_timeout_s"] = 1
    command = [sys.executable, "-c", HOLDS_THE_LOCK, json.dumps(document)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "holds it\n"
    assert done.returncode == 1
    assert "Timeout (0:00:11)!" in done.stderr
    assert "in match" in done.stderr

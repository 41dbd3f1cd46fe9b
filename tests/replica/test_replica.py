"""A replica hands on only what is durable, makes nothing twice, and says why it ends."""

import faulthandler
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from a2r_ray.config.loading import parse_config
from a2r_ray.config.schema import Config
from a2r_ray.engines import Completion
from a2r_ray.errors import EngineError, ErrorKind, ServiceError
from a2r_ray.method.compile import compile_method, fingerprints
from a2r_ray.records import CASE_SCHEMA
from a2r_ray.replica.blocks import PATH_STRUCT, case_table
from a2r_ray.replica.monitor import Monitor
from a2r_ray.replica.replica import Assignment, Call, Replica
from a2r_ray.replica.tables import RunTables
from a2r_ray.runs import table
from a2r_ray.runs.storage import Storage
from tests.conftest import problem
from tests.nodes import wait_until
from tests.scripted import ScriptedEngine


class Actor:
    """A process that is said to have been started again, or a call to be asked again, or to be another's."""

    def __init__(self, name: str = "actor", *, again: bool = False, moved: bool = False, node: str = "node") -> None:
        self.name, self.its_node, self.present = name, node, Call(7, again, moved)

    def actor(self) -> str:
        return self.name

    def node(self) -> str:
        return self.its_node

    def call(self) -> Call:
        return self.present


def assignment(config: Config, number: int = 0, schedule: Any = "streaming", **more: Any) -> Assignment:
    """A pool of a config, writing to its output."""
    method = compile_method(config, schedule)
    tables = RunTables(Storage(config.output), "", fingerprints(method))
    return Assignment(method[number], tables, **{"last": number == len(method) - 1, "width": 8, **more})


def block(*numbers: int) -> pa.Table:
    nothing = pa.array([[] for _ in numbers], pa.list_(PATH_STRUCT))
    return case_table([problem(number) for number in numbers], nothing)


def rows(config: Config, name: str, *columns: str) -> list[dict[str, Any]]:
    found = table.scan(Storage(config.output), name, columns or None)
    return [row for batch in found for row in batch.to_pylist()]


def test_two_pools_leave_every_problem_in_its_tables(config: Config) -> None:
    explorer, synthesizer = Replica(assignment(config, 0)), Replica(assignment(config, 1))
    explored = explorer(block(1, 2))
    assert explored.schema.equals(CASE_SCHEMA)
    assert [len(paths) for paths in explored["paths"].to_pylist()] == [4, 4]
    # What was handed on is durable, and the very rows of the table.
    assert sorted(map(str, rows(config, "paths"))) == sorted(
        map(str, explored["paths"].combine_chunks().values.to_pylist())
    )
    assert synthesizer(explored).to_pylist() == [{"problems": 2}]
    assert [row["references"] for row in rows(config, "results")] == [[0, 1, 2, 3]] * 2
    explorer.close()
    synthesizer.close()


def test_paths_that_came_with_a_problem_are_not_sampled_again(config: Config) -> None:
    first, second = Replica(assignment(config, 0)), Replica(assignment(config, 0))
    explored = first(block(1))
    half = pa.array([explored["paths"][0].as_py()[:2]], pa.list_(PATH_STRUCT))
    again = second(case_table([problem(1)], half))
    assert [path["finished_at"] for path in again["paths"][0].as_py()[:2]] == [
        path["finished_at"] for path in explored["paths"][0].as_py()[:2]
    ]
    assert len(rows(config, "paths")) == 4 + 2
    first.close()
    second.close()


def test_a_call_that_is_asked_again_looks_into_the_files_of_those_that_ended(config: Config) -> None:
    monitor = Monitor()
    first = Replica(assignment(config, 0), monitor, Actor())
    first(block(1))
    first.close()
    other = Replica(assignment(config, 0), monitor, Actor("other"))
    other(block(2))
    again = Replica(assignment(config, 0), monitor, Actor(again=True))
    again(block(1))
    assert len(rows(config, "paths")) == 8  # p1 was found in the files of the replica before
    again(block(2))
    assert len(rows(config, "paths")) == 12  # the other one has not ended: it is nobody's to look into
    for replica in (other, again):
        replica.close()


def test_what_a_lost_node_owed_is_done_once_by_whoever_is_given_it(config: Config) -> None:
    lost: set[str] = set()
    monitor = Monitor(lost.__contains__)
    first = Replica(assignment(config, 0), monitor, Actor("away", node="spot"))
    other = Replica(assignment(config, 0), monitor, Actor("other", moved=True))
    first(block(1))
    first.close()
    lost.add("spot")
    assert monitor.move("away", [7])
    assert [len(paths) for paths in other(block(1, 2))["paths"].to_pylist()] == [4, 4]
    assert len(rows(config, "paths")) == 8  # p1's were in the files of the one that was lost
    actor = Actor("away", again=True)
    back = Replica(assignment(config, 0), monitor, actor)
    assert back(block(1, 2)).num_rows == 0
    actor.present = Call(7)  # it was lost on its way to the one before
    assert back(block(1, 2)).num_rows == 0
    assert len(rows(config, "paths")) == 8
    for replica in (other, back):
        replica.close()


def test_a_result_that_a_former_process_stored_is_not_stored_again(config: Config) -> None:
    monitor = Monitor()
    explored = Replica(assignment(config, 0))(block(1, 2))
    first = Replica(assignment(config, 1), monitor, Actor())
    first(explored.slice(0, 1))
    first.close()
    again = Replica(assignment(config, 1), monitor, Actor(again=True))
    assert again(explored).to_pylist() == [{"problems": 2}]
    assert sorted(row["problem_id"] for row in rows(config, "results")) == ["p1", "p2"]
    again.close()


def test_a_result_is_stored_after_its_paths_which_may_take_as_long_as_its_synthesis(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthesized, stored = threading.Event(), threading.Event()
    write = Storage.write

    def watched(run: Storage, name: str, data: bytes, may_write: Callable[[], None]) -> None:
        if name.startswith("paths/"):
            assert synthesized.wait(10), "the synthesis waits for its paths"
            assert not stored.wait(1), "a result is stored before its paths"
        else:
            stored.set()
        write(run, name, data, may_write)

    monkeypatch.setattr(Storage, "write", watched)
    shared = assignment(config, schedule="shared")
    replica = Replica(replace(shared, pool=replace(shared.pool, stages=(*shared.pool.stages[:1], Telling(
        shared.pool.stages[1], synthesized)))))  # fmt: skip
    assert replica(block(1)).to_pylist() == [{"problems": 1}]
    assert (len(rows(config, "paths")), len(rows(config, "results"))) == (4, 1)
    replica.close()


class Telling:
    """A stage that says when it is done."""

    def __init__(self, stage: Any, done: threading.Event) -> None:
        self._stage, self._done = stage, done
        self.name, self.requests, self.concludes, self.fingerprints = stage.name, 1, True, ()

    def __call__(self, cases: Any, context: Any) -> Any:
        made = self._stage(cases, context)
        self._done.set()
        return made


def test_a_replica_loads_no_index(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    Replica(assignment(config, 0))(block(1))

    def read(*_: Any) -> None:
        raise AssertionError("read")

    monkeypatch.setattr(table, "open_file", read)
    replica = Replica(assignment(config, 0), Monitor(), Actor())
    assert replica(block(2)).num_rows == 1
    replica.close()


def test_an_engine_that_cannot_load_says_so_waits_and_ends_the_process(
    document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("a2r_ray.replica.replica.time.sleep", slept.append)
    monkeypatch.setattr("a2r_ray.replica.replica.os._exit", exit_with)
    document["explorer"]["simulated"] = {"faults": {"load": "no such model"}}
    monitor = Monitor()
    for pause in (15.0, 30.0):
        with pytest.raises(SystemExit, match="1"):
            Replica(assignment(parse_config(document)), monitor, Actor())
        assert slept[-1] == pause
    assert monitor.snapshot().cannot_load["explorer"].last == "no such model"
    with pytest.raises(EngineError, match="no such model"):  # nobody is there to start it again
        Replica(assignment(parse_config(document)))


def exit_with(code: int) -> None:
    raise SystemExit(code)


def test_a_server_that_refuses_all_ends_the_run_and_not_only_the_process(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Completion(error="http://x/v1 refuses the key: HTTP 401: no", error_kind=ErrorKind.NO_SERVICE)
    monkeypatch.setattr("a2r_ray.replica.replica.create_engine", lambda *_, **__: ScriptedEngine(lambda _: refused))
    monitor = Monitor()
    replica = Replica(assignment(config), monitor, Actor())
    with pytest.raises(ServiceError):
        replica(block(1))
    assert monitor.snapshot().failures == ("http://x/v1 refuses the key: HTTP 401: no; the same command continues",)
    replica.close()
    assert rows(config, "paths") == []


def test_a_stopped_replica_flushes_and_begins_nothing_more(document: dict[str, Any]) -> None:
    document["explorer"]["simulated"] = {"latency_s": {"median": 0.05, "sigma": 0.0}}
    config = parse_config(document)
    monitor = Monitor()
    replica = Replica(assignment(config), monitor, Actor())
    replica(block(1))
    monitor.stop()
    wait_until(lambda: monitor.snapshot().reports[replica.name]["flushed"], 30, "it does not hear")
    thread = threading.Thread(target=replica, args=(block(2),), daemon=True)
    thread.start()
    thread.join(timeout=1)
    assert thread.is_alive()
    replica.close()
    assert len(rows(config, "paths")) == 4


def test_what_was_in_a_replica_that_died_is_on_probation_and_what_is_proven_is_rejected(config: Config) -> None:
    monitor = Monitor()
    for name in ("r1", "r2", "r3"):  # each ended with p1 alone
        monitor.arrive(name, "explorer", "actor", "node")
        monitor.report(name, {"pool": "explorer", "loading": False})
        monitor.let_in(name, "p1")
    explorer = Replica(assignment(config), monitor, Actor(again=True))
    explored = explorer(block(1, 2))
    assert explored["problem_id"].to_pylist() == ["p2"]
    [reject] = rows(config, "rejects")
    assert (reject["problem_id"], reject["stage"], reject["error_kind"]) == ("p1", "explore", "poison")
    assert (reject["row"], reject["error"][:2]) == ("What is 1 + 1?", "4 ")
    wait_until(lambda: monitor.snapshot().reports[explorer.name].get("failed") == 1, 30, "it is not counted")
    explorer.close()


def test_counts_are_told_by_stage_and_outcome(config: Config) -> None:
    monitor = Monitor()
    replica = Replica(assignment(config, schedule="shared"), monitor, Actor())
    replica(block(1, 2, 3))

    def counted() -> bool:
        report = monitor.snapshot().reports[replica.name]
        return bool(report["stages"] == {"explore": 3, "synthesize": 3} and (report["ok"], report["failed"]) == (3, 0))

    wait_until(counted, 30, "it is not counted")
    assert monitor.snapshot().reports[replica.name]["pool"] == "explorer+synthesizer"
    replica.close()


def test_secrets_of_the_driver_reach_the_engine_and_no_log(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_KEY", raising=False)
    seen: list[str | None] = []

    def create(*_: Any, **__: Any) -> None:
        import os

        seen.append(os.environ.get("A_KEY"))

    monkeypatch.setattr("a2r_ray.replica.replica.create_engine", create)
    given = assignment(config, environment={"A_KEY": "sk-secret"})
    Replica(given)
    assert seen == ["sk-secret"]
    assert "sk-secret" not in repr(given)
    monkeypatch.delenv("A_KEY")


def test_a_replica_that_loads_for_ever_says_so_and_ends(
    document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, loaded = threading.Event(), threading.Event()  # of which the second never comes

    def end(_: int) -> None:
        ended.set()
        loaded.wait()

    monkeypatch.setattr("a2r_ray.replica.replica.os._exit", end)
    monkeypatch.setattr("a2r_ray.replica.replica.create_engine", lambda *_, **__: loaded.wait())
    monkeypatch.setattr("a2r_ray.replica.monitor._FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr("a2r_ray.replica.monitor._REPORT_EVERY_S", 0.05)
    document["explorer"]["replicas"] = {"start_timeout_s": 0.3}
    monitor = Monitor()
    given = assignment(parse_config(document))
    threading.Thread(target=Replica, args=(given, monitor, Actor()), daemon=True).start()
    assert ended.wait(30)
    faulthandler.cancel_dump_traceback_later()
    assert monitor.snapshot().cannot_load["explorer"].last.startswith("sim-small has been loading for ")


HOLDS_THE_LOCK = """
import json, re, sys, time
from a2r_ray.config.loading import parse_config
from a2r_ray.replica import heartbeat
from a2r_ray.replica.replica import Replica
from tests.replica.test_replica import Actor, Monitor, assignment
replica = Replica(assignment(parse_config(json.loads(sys.argv[1]))), Monitor(), Actor())
heartbeat._SLOW_S = 3.0
time.sleep(2)  # from its next beat on it counts
print("holds it", flush=True)
re.match("(a+)+$", "a" * 60 + "b")  # longer than anybody lives
"""


def test_a_replica_in_which_something_holds_pythons_lock_ends_with_its_stacks(document: dict[str, Any]) -> None:
    document["explorer"]["hang_timeout_s"] = 1
    command = [sys.executable, "-c", HOLDS_THE_LOCK, json.dumps(document)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "holds it\n"
    assert done.returncode == 1
    assert "Timeout (0:00:04)!" in done.stderr
    assert "in match" in done.stderr

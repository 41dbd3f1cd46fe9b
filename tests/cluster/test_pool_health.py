"""A pool without a place is told of, then ends the run; one that has a replica, or is done, is left alone."""

import time
from collections.abc import Sequence
from typing import Any

import pytest

from a2r_ray.cluster.pool_health import PoolHealth
from a2r_ray.config.loading import parse_config
from a2r_ray.config.schema import Config
from a2r_ray.errors import A2RError, EngineError
from a2r_ray.method.compile import compile_method
from a2r_ray.method.placement import Node
from a2r_ray.replica.monitor import LoadFailures, Snapshot


class Clock:
    """Time as the watch sees it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def roles(document: dict[str, object], config: Config) -> Config:
    assert config.explorer is not None
    explorer = {**config.explorer.model_dump(), "resources": {"cpus": 4, "gpus": 1, "accelerator_type": "L4"}}
    return parse_config({**document, "explorer": {**explorer, "replicas": {"start_timeout_s": 100}}})


NODES = [Node({"CPU": 8.0, "memory": 1e9}), *[Node({"CPU": 2.0, "GPU": 1.0, "accelerator_type:H100": 1.0})] * 6]


def watching(config: Config, waiting: list[bool], said: list[str], nodes: Sequence[Node] = NODES) -> PoolHealth:
    [pool, _] = compile_method(config, "streaming")
    return PoolHealth([pool], lambda _: waiting[0], lambda: nodes, said.append)


def reporting(**sample: Any) -> Snapshot:
    return Snapshot({"a": {"pool": "explorer", "age_s": 0.0, "loading": False, **sample}})


def test_a_pool_without_a_place_is_told_of_once_and_then_ends_the_run(roles: Config, clock: Clock) -> None:
    said: list[str] = []
    health = watching(roles, [True], said)
    for _ in range(12):
        health.look(Snapshot())
        clock.now += 6
    [warning] = said
    assert warning == (
        "the pool of the explorer has had no place in the cluster for 36 s: a replica asks for 4 CPU, 1 GPU, L4 "
        "(explorer.resources), and no node that is up has it; there are 6 nodes with 2 CPU, 1 GPU, H100; 1 node with "
        "8 CPU; the run ends if it stays so and no pool gets anything done for 100 s "
        "(explorer.replicas.start_timeout_s)"
    )
    clock.now += 60
    with pytest.raises(A2RError, match=r"no place in the cluster for 132 s.*the same command continues"):
        health.look(Snapshot())


def test_nodes_that_fit_and_are_taken_are_counted(roles: Config, clock: Clock) -> None:
    said: list[str] = []
    fitting = Node({"CPU": 4.0, "GPU": 1.0, "accelerator_type:L4": 1.0})
    health = watching(roles, [True], said, [fitting, *NODES])
    for _ in range(8):
        health.look(Snapshot())
        clock.now += 6
    assert "1 of the 8 nodes that are up have it, but not free" in said[0]


def test_who_has_no_place_waits_as_long_as_another_pool_gets_something_done(roles: Config, clock: Clock) -> None:
    said: list[str] = []
    health = watching(roles, [True], said)
    for number in range(100):
        other = {"pool": "other", "age_s": 0.0, "loading": False, "stages": {"answer": number}}
        health.look(Snapshot({"b": other}))
        clock.now += 6
    assert len(said) == 1  # it is told once, and goes on for ten minutes
    clock.now += 94  # 100 s since something was done
    health.look(Snapshot({"b": other}))
    clock.now += 6
    with pytest.raises(A2RError, match="no place in the cluster for 700 s"):
        health.look(Snapshot({"b": other}))


def test_a_pool_with_a_replica_or_none_that_waits_is_left_alone(roles: Config, clock: Clock) -> None:
    said: list[str] = []
    waiting = [True]
    health = watching(roles, waiting, said)
    for number in range(100):
        health.look(reporting(loading=number % 2 == 0) if number % 4 else Snapshot())  # between deaths, at most 24 s
        clock.now += 6
    waiting[0] = False  # its work is done, and Ray has ended it
    for _ in range(100):
        health.look(Snapshot())
        clock.now += 6
    assert said == []


def test_a_report_that_is_old_is_none(roles: Config, clock: Clock) -> None:
    said: list[str] = []
    health = watching(roles, [True], said)
    for _ in range(8):
        health.look(reporting(age_s=60.0))
        clock.now += 6
    assert len(said) == 1


def cannot_load(count: int, *, ever_ready: bool) -> dict[str, LoadFailures]:
    return {"explorer": LoadFailures(count, "out of {memory}", ever_ready)}


def test_a_pool_that_never_had_a_replica_ends_the_run_with_the_first_reason(roles: Config) -> None:
    health = watching(roles, [False], [])
    with pytest.raises(EngineError, match=r"the engine of the explorer cannot start: out of \{memory\}"):
        health.look(Snapshot(cannot_load=cannot_load(1, ever_ready=False)))


def test_later_failures_are_told_of_and_end_the_run_only_where_no_replica_is_left(roles: Config, clock: Clock) -> None:
    said: list[str] = []
    health = watching(roles, [False], said)
    one_works = reporting().reports
    for count in (1, 1, 2):
        health.look(Snapshot(one_works, cannot_load=cannot_load(count, ever_ready=True)))
        clock.now += 200
    assert [text.partition(",")[0] for text in said] == ["a replica of the explorer cannot load"] * 2
    assert "time 2 in a row; it is tried again: out of {memory}" in said[1]
    none_works = Snapshot(reporting(loading=True).reports, cannot_load=cannot_load(2, ever_ready=True))
    health.look(none_works)
    clock.now += 50
    health.look(none_works)
    clock.now += 60
    with pytest.raises(A2RError, match=r"has had no replica for 110 s: out of \{memory\}; the same command continues"):
        health.look(none_works)


def test_a_pool_whose_engines_all_wait_for_a_server_is_told_of_and_then_ends_the_run(
    roles: Config, clock: Clock
) -> None:
    said: list[str] = []
    health = watching(roles, [False], said)
    held = reporting(held_s=1.0, held_for="http://server is away: connection refused")
    for _ in range(8):
        health.look(held)
        clock.now += 6
    [warning] = said
    assert warning.startswith(
        "the pool of the explorer has been waiting for 36 s: http://server is away: connection ref"
    )
    clock.now += 60
    with pytest.raises(A2RError, match="the same command continues"):
        health.look(held)
    health.look(reporting())  # and it is back


def test_what_a_replica_says_must_end_the_run_ends_it(roles: Config) -> None:
    with pytest.raises(A2RError, match="the disk is full"):
        watching(roles, [False], []).look(Snapshot(failures=("the disk is full",)))

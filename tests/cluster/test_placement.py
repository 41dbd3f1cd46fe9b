"""A pool without a place is told of, then ends the run; one that has a replica, or is done, is left alone."""

import time

import pytest

from a2r_ray.cluster.placement import Watch
from a2r_ray.config.loading import parse_config
from a2r_ray.config.schema import Config
from a2r_ray.errors import A2RError


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


NODES = [{"CPU": 8.0, "memory": 1e9}, {"CPU": 2.0, "GPU": 1.0, "accelerator_type:H100": 1.0}]


def watching(config: Config, waiting: list[bool], said: list[str], nodes: list[dict[str, float]] = NODES) -> Watch:
    assert config.explorer is not None
    return Watch({"explorer": config.explorer}, lambda _: waiting[0], lambda: nodes, said.append)


def test_a_pool_without_a_place_is_told_of_once_and_then_ends_the_run(roles: Config, clock: Clock) -> None:
    said: list[str] = []
    watched = watching(roles, [True], said)
    for _ in range(12):
        watched.look([])
        clock.now += 6
    [warning] = said
    assert warning == (
        "the pool of the explorer has had no place in the cluster for 36 s: a replica asks for 4 CPU, 1 GPU, L4 "
        "(explorer.resources), and no node that is up has it; they have 8 CPU; 2 CPU, 1 GPU, H100; the run ends if it "
        "stays so for 100 s (explorer.replicas.start_timeout_s)"
    )
    clock.now += 60
    with pytest.raises(A2RError, match=r"no place in the cluster for 132 s.*the same command continues"):
        watched.look([])


def test_nodes_that_fit_and_are_taken_are_counted(roles: Config, clock: Clock) -> None:
    said: list[str] = []
    fitting = {"CPU": 4.0, "GPU": 1.0, "accelerator_type:L4": 1.0}
    watched = watching(roles, [True], said, [fitting, *NODES])
    for _ in range(8):
        watched.look([])
        clock.now += 6
    assert "1 of the 3 nodes that are up have it, but not free" in said[0]


def test_a_pool_with_a_replica_or_none_that_waits_is_left_alone(roles: Config, clock: Clock) -> None:
    said: list[str] = []
    waiting = [True]
    watched = watching(roles, waiting, said)
    for number in range(100):
        reports = [{"role": "explorer", "at": time.time()}] if number % 4 else []  # between deaths, at most 24 s
        watched.look(reports)
        clock.now += 6
    waiting[0] = False  # its work is done, and Ray has ended it
    for _ in range(100):
        watched.look([])
        clock.now += 6
    assert said == []


def test_a_report_that_is_old_is_none(roles: Config, clock: Clock) -> None:
    said: list[str] = []
    watched = watching(roles, [True], said)
    for _ in range(8):
        watched.look([{"role": "explorer", "at": time.time() - 60}])
        clock.now += 6
    assert len(said) == 1

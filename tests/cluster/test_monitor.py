"""The monitor's actor: what is said to it is heard by others, and it ends with its block."""

import signal

import pytest
import ray

from a2r_ray.cluster import connection, monitor
from a2r_ray.errors import Stopped
from a2r_ray.replica.monitor import Past
from tests.nodes import wait_until

pytestmark = pytest.mark.usefixtures("local_ray")


def sample(**fields: object) -> dict[str, object]:
    return {"pool": "explorer", "loading": False, "flushed": False, **fields}


def test_it_keeps_what_was_said_and_ends_with_its_block() -> None:
    with monitor.opened(connection.driver_node()) as watched:
        node = ray.get_runtime_context().get_node_id()
        assert not watched.arrive("a", "explorer", "actor", node)
        assert watched.serve("a") == Past()
        assert watched.report("a", sample(running=1)) > 0
        watched.report("a", sample(running=2))
        watched.fail("no such model")
        snapshot = watched.snapshot()
        assert snapshot.reports["a"]["running"] == 2
        assert snapshot.reports["a"]["age_s"] < 60
        assert snapshot.failures == ("no such model",)

    def is_gone() -> bool:
        try:
            watched.report("a", sample())
        except ray.exceptions.RayActorError:
            return True
        return False

    wait_until(is_gone, 30, "it outlives its block")  # Ray's kill does not wait


def test_a_death_on_a_node_that_is_up_is_the_process_own() -> None:
    with monitor.opened(connection.driver_node()) as watched:
        here = ray.get_runtime_context().get_node_id()
        watched.arrive("a", "explorer", "actor", here)
        assert watched.arrive("b", "explorer", "actor", "0" * 56)
        assert watched.move("actor", [7])  # that node is not there
        assert not watched.arrive("c", "explorer", "actor", here)
        assert watched.ended("c") == ("a", "b")
        assert watched.serve("c").moved == {7}


def test_a_stop_waits_for_the_replicas_that_still_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "_FLUSH_S", 30.0)
    monkeypatch.setattr(monitor, "_MISSED", 1)
    with monitor.opened(connection.driver_node()) as watched:
        watched.report("gone", sample())
        with pytest.raises(Stopped), watched.flushed_when_broken_off():
            raise Stopped(signal.SIGTERM)
        assert watched.report("b", sample()) == 0  # and what reports now hears of it


def test_an_error_has_the_replicas_flush_too_and_is_the_one_that_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "_FLUSH_S", 0.1)
    with monitor.opened(connection.driver_node()) as watched:
        with pytest.raises(ValueError, match="first"), watched.flushed_when_broken_off():
            raise ValueError("first")
        assert watched.report("a", sample()) == 0
        ray.kill(watched.actor)
        with pytest.raises(ValueError, match="second"), watched.flushed_when_broken_off():
            raise ValueError("second")

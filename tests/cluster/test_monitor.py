"""What the board remembers, and how it ends."""

import signal

import pytest
import ray

from a2r_ray.cluster import connection as cluster
from a2r_ray.cluster import monitor as boards
from a2r_ray.cluster.monitor import _Board
from a2r_ray.errors import Stopped
from tests.nodes import wait_until


def test_an_accusation_stays_until_it_is_dropped() -> None:
    board = _Board()
    assert board.accuse("p1", "a") == ([], 0)
    board.acquit("p1")
    assert board.accuse("p2", "a") == ([], 0)
    # The replica ended, and another was begun.
    assert board.accuse("p1", "b") == ([], 1)
    board.acquit("p1")
    [ended], explained = board.accuse("p2", "b")
    assert ended.startswith("a (at ")
    assert explained == 1
    board.acquit("p2")
    assert board.accuse("p3", "b") == ([], 1)


@pytest.mark.usefixtures("local_ray")
def test_it_keeps_what_was_said_and_ends_with_its_block() -> None:
    with boards.opened(cluster.here()) as board:
        assert board.report("a", {"running": 1}) is False
        board.report("a", {"running": 2})
        board.failed("no such model")
        assert board.reports() == {"a": {"running": 2}}
        assert board.failures() == ["no such model"]

    def is_gone() -> bool:
        try:
            board.report("a", {})
        except ray.exceptions.RayActorError:
            return True
        return False

    wait_until(is_gone, 30, "it outlives its block")  # Ray's kill does not wait


@pytest.mark.usefixtures("local_ray")
def test_a_stop_waits_for_the_replicas_that_still_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "_FLUSH_S", 30.0)
    with boards.opened(cluster.here()) as board:
        board.report("gone", {"at": 0.0, "flushed": False})
        with pytest.raises(Stopped), board.flushed_when_stopped():
            raise Stopped(signal.SIGTERM)
        assert board.report("b", {"at": 0.0, "flushed": False}) is True  # and what reports now hears of it

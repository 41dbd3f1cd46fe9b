"""Canaries: what is done to an execution of Ray Data's is possible, and does what it is for."""

import threading
from contextlib import suppress
from typing import Any

import pytest
import ray
from ray.data._internal import stats
from ray.data._internal.execution.node_trackers import actor_location

from a2r_ray.cluster.execution import Execution, _StoppedError, without_actors
from tests.endless import Endless
from tests.nodes import wait_until

pytestmark = pytest.mark.usefixtures("local_ray")

GONE = f"Ray {ray.__version__} has changed a private name; see a2r_ray/cluster/execution.py: "


def test_an_execution_is_stopped_and_its_tasks_and_actors_seen_to_go(endless: Endless) -> None:
    for dataset in (ray.data.range(1).map(endless), ray.data.range(1).map(endless.actor, concurrency=1, num_cpus=1)):
        execution = Execution(dataset)
        thread = threading.Thread(target=swallow, args=(dataset,), daemon=True)
        thread.start()
        wait_until(endless.has_begun, 60, GONE + "what creates the executor of a dataset")
        execution.stop()
        thread.join(20)
        assert not thread.is_alive(), GONE + "a round of the loop of an execution"
        assert any(executor._tasks for executor in execution._executors), GONE + "the tasks of a step"
        wait_until(lambda: execution.left() == [], 20, GONE + "whether tasks and actors have ended")  # noqa: B023
        endless.has_begun()  # from here on of the next
    assert any(executor._actors for executor in execution._executors), GONE + "the actors of a pool"


def test_an_execution_that_was_stopped_before_it_began_begins_nothing(endless: Endless) -> None:
    dataset = ray.data.range(1).map(endless)
    execution = Execution(dataset)
    execution.stop()
    with pytest.raises(_StoppedError):
        list(dataset.iter_batches())
    assert execution.left() == []
    assert not endless.has_begun()


class Doubled:
    """A pool's actor."""

    def __call__(self, batch: Any) -> Any:
        return {"id": batch["id"] * 2}


def test_an_execution_goes_without_the_actors_of_ray_data(monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(stats.logger, "warning", lambda message, **_: warnings.append(message))
    # Who asks for one of them fails.
    assert hasattr(stats, "_StatsActor"), GONE + "what gathers figures for a dashboard"
    assert hasattr(actor_location, "ActorLocationTracker"), GONE + "what knows the nodes of actors"
    monkeypatch.setattr(stats, "_StatsActor", None)
    monkeypatch.setattr(actor_location, "ActorLocationTracker", None)
    with without_actors():
        dataset = ray.data.range(4).map_batches(Doubled, concurrency=1, num_cpus=0.5)
        assert sorted(row["id"] for row in dataset.iter_rows()) == [0, 2, 4, 6]
    assert warnings == []
    with pytest.raises(AttributeError):
        stats.get_or_create_stats_actor()


def swallow(dataset: Any) -> None:
    with suppress(Exception):
        list(dataset.iter_batches())

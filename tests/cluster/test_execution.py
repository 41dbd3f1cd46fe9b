"""Canaries: what is done to an execution of Ray Data's is possible, and does what it is for."""

import secrets
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import ray
from ray.data import ActorPoolStrategy

from a2r_ray.cluster.execution import Execution, _SteeredPool, _StoppedError
from a2r_ray.cluster.steering import Order, Sighting, Steering
from a2r_ray.method.placement import Place
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


def swallow(dataset: Any) -> None:
    with suppress(Exception):
        list(dataset.iter_batches())


class Orders:
    """Stands in for the steering of one pool: its order is set by the test, and what is seen of it kept."""

    def __init__(self, order: Order) -> None:
        self.orders = {"Held": order}
        self.sightings: dict[str, Sighting] = {}
        self.bundles: dict[str, list[Place]] = {}


class Held:
    """Counts the calls that it serves at once, and holds them until a file is there."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._name = ray.get_runtime_context().get_actor_id()

    def __call__(self, block: Any) -> Any:
        mine = self._folder / f"{self._name}-{secrets.token_hex(4)}"
        mine.touch()
        wait_until((self._folder / "go").exists, 60, "a call is let go")
        return block

    @staticmethod
    def calls(folder: Path) -> list[int]:
        """Calls so far by actor, fewest first."""
        return sorted(Counter(path.name.split("-")[0] for path in folder.iterdir() if "-" in path.name).values())


def test_a_pool_is_as_large_as_its_order_and_each_replica_has_what_it_may_hold(tmp_path: Path) -> None:
    steering = Orders(Order(replicas=2, room_of_others=3))
    dataset = (
        ray.data.range(12)
        .repartition(12)
        .map_batches(
            Held,
            fn_constructor_args=(str(tmp_path),),
            batch_size=None,
            num_cpus=0.1,
            compute=ActorPoolStrategy(
                min_size=1, max_size=4, max_concurrent_calls_per_actor=8, enable_true_multi_threading=True
            ),
        )
    )
    execution = Execution(dataset, cast("Steering", steering))
    rows: list[int] = []
    thread = threading.Thread(target=lambda: rows.extend(row["id"] for row in dataset.iter_rows()), daemon=True)
    thread.start()
    wait_until(lambda: Held.calls(tmp_path) == [3, 3], 60, GONE + "who chooses a replica for a block")
    wait_until(lambda: steering.sightings["Held"].waiting == 6, 10, GONE + "what waits for a pool")
    assert steering.sightings["Held"].inside == 6
    assert steering.sightings["Held"].ready == steering.sightings["Held"].replicas == 2
    actors = list(next(iter(execution._executors))._topology)[-1]._actor_pool._running_actors
    one, _ = (actor._actor_id.hex() for actor in actors)
    steering.orders["Held"] = Order(replicas=3, room={one: 5}, room_of_others=3)
    wait_until(lambda: Held.calls(tmp_path) == [1, 3, 5] or Held.calls(tmp_path) == [3, 3, 5], 60, GONE + "sizes")
    steering.orders["Held"] = Order(replicas=1, room={one: 5}, room_of_others=3)
    wait_until(lambda: steering.sightings["Held"].replicas == 1, 10, GONE + "the sizes of a pool")
    (tmp_path / "go").touch()
    thread.join(60)
    assert sorted(rows) == list(range(12))
    assert not thread.is_alive()


class Fickle(dict[str, Order]):
    """Orders that change whenever they are looked at."""

    def __init__(self) -> None:
        super().__init__(Passing=Order(replicas=1, room_of_others=8))
        self._looks = 0

    def __getitem__(self, _: str) -> Order:
        self._looks += 1
        return Order(replicas=1, room_of_others=8 * (self._looks % 2))


class Passing:
    """Hands on what it is given."""

    def __call__(self, block: Any) -> Any:
        return block


def test_an_order_that_comes_within_a_round_counts_from_the_next() -> None:
    steering = Orders(Order(replicas=1, room_of_others=8))
    steering.orders = Fickle()
    pool = ActorPoolStrategy(min_size=1, max_size=2)
    dataset = ray.data.range(4).repartition(4).map_batches(Passing, batch_size=None, num_cpus=0.1, compute=pool)
    Execution(dataset, cast("Steering", steering))
    assert sorted(row["id"] for row in dataset.iter_rows()) == [0, 1, 2, 3]


def test_who_has_nothing_to_do_goes_first_and_then_who_is_away() -> None:
    states = {
        "busy": SimpleNamespace(num_tasks_in_flight=2, is_restarting=False),
        "busier": SimpleNamespace(num_tasks_in_flight=9, is_restarting=False),
        "away and owes": SimpleNamespace(num_tasks_in_flight=7, is_restarting=True),
        "idle": SimpleNamespace(num_tasks_in_flight=0, is_restarting=False),
        "away": SimpleNamespace(num_tasks_in_flight=0, is_restarting=True),
    }
    pool = SimpleNamespace(_running_actors=states, _leaving=set())
    went = []
    for _ in states:
        went.append(_SteeredPool._first_to_go(cast("Any", pool)))
        pool._leaving.add(went[-1])
    assert went == ["away", "idle", "away and owes", "busy", "busier"]


def test_other_datasets_keep_ray_data_s_own_sizes() -> None:
    dataset = ray.data.range(2)
    execution = Execution(dataset)
    assert sorted(row["id"] for row in dataset.iter_rows()) == [0, 1]
    [executor] = execution._executors
    assert type(executor._actor_autoscaler).__module__.startswith("ray."), GONE + "the autoscaler of actors"
    assert type(executor._cluster_autoscaler).__module__.startswith("ray."), GONE + "the autoscaler of the cluster"

"""Canaries: the pools of an execution of Ray Data's follow their orders."""

import secrets
import threading
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import ray
from ray.actor import ActorHandle
from ray.data import ActorPoolStrategy, Dataset

from a2r_ray.cluster import steered_pools
from a2r_ray.cluster.execution import Execution
from a2r_ray.cluster.steered_pools import _SteeredPool
from a2r_ray.cluster.steering import Order, Sighting, Steering
from a2r_ray.method.placement import Place
from tests.nodes import wait_until

pytestmark = pytest.mark.usefixtures("local_ray")

GONE = f"Ray {ray.__version__} has changed a private name; see a2r_ray/cluster/steered_pools.py: "


class Orders:
    """Stands in for the steering of one pool: its order is set by the test, and what is seen of it kept."""

    def __init__(self, order: Order) -> None:
        self.orders = {"Held": order}
        self.sightings: dict[str, Sighting] = {}
        self.bundles: dict[str, list[Place]] = {}


class Held:
    """Notes each call that it serves, and holds it until a file is there."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._name = ray.get_runtime_context().get_actor_id()

    def __call__(self, block: Any) -> Any:
        number, is_moved = steered_pools.present_call()
        (self._folder / f"{self._name}-{secrets.token_hex(4)}-{number}{'-moved' * is_moved}").touch()
        wait_until((self._folder / "go").exists, 60, "a call is let go")
        return block

    @staticmethod
    def calls(folder: Path) -> list[int]:
        """Calls so far by actor, fewest first."""
        return sorted(Counter(path.name.split("-")[0] for path in folder.iterdir() if "-" in path.name).values())

    @staticmethod
    def moved(folder: Path) -> list[str]:
        """Who has been given what was another's."""
        return [path.name.split("-")[0] for path in folder.glob("*-moved")]


class Run:
    """Some blocks that go through ``Held``, a row each; where there is a last, it comes when its file is there."""

    def __init__(self, folder: Path, blocks: int, steering: Orders, last: int | None = None) -> None:
        def come(block: Any) -> Any:
            if block["id"].tolist() == [last]:
                wait_until((folder / "last").exists, 60, "the last comes")
            return block

        self._dataset: Dataset = (
            ray.data.range(blocks)
            .repartition(blocks)
            .map_batches(come, batch_size=None, num_cpus=0.2)  # unlike those of ``Held``, or Ray makes one step of both
            .map_batches(
                Held,
                fn_constructor_args=(str(folder),),
                batch_size=None,
                num_cpus=0.1,
                compute=ActorPoolStrategy(
                    min_size=1, max_size=4, max_concurrent_calls_per_actor=8, enable_true_multi_threading=True
                ),
            )
        )
        self._execution = Execution(self._dataset, cast("Steering", steering))
        self._rows: list[int] = []
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        self._rows.extend(row["id"] for row in self._dataset.iter_rows())

    def actors(self) -> list["ActorHandle[Any]"]:
        """Those of its pool."""
        return list(list(next(iter(self._execution._executors))._topology)[-1]._actor_pool._running_actors)

    def rows(self) -> list[int]:
        """What has come in the end."""
        self._thread.join(60)
        assert not self._thread.is_alive()
        return sorted(self._rows)


def lose(actor: "ActorHandle[Any]", steering: Orders) -> None:
    """Ends a replica, which Ray starts again, and waits until it is seen to be away."""
    ray.kill(actor, no_restart=False)
    wait_until(lambda: bool(steering.sightings["Held"].away), 10, GONE + "which actors are away, and their calls")


def test_a_pool_is_as_large_as_its_order_and_each_replica_has_what_it_may_hold(tmp_path: Path) -> None:
    steering = Orders(Order(replicas=2, room_of_others=3))
    run = Run(tmp_path, 12, steering)
    wait_until(lambda: Held.calls(tmp_path) == [3, 3], 60, GONE + "who chooses a replica for a block")
    wait_until(lambda: steering.sightings["Held"].waiting == 6, 10, GONE + "what waits for a pool")
    assert steering.sightings["Held"].inside == 6
    assert steering.sightings["Held"].ready == steering.sightings["Held"].replicas == 2
    one, _ = (actor._actor_id.hex() for actor in run.actors())
    steering.orders["Held"] = Order(replicas=3, room={one: 5}, room_of_others=3)
    wait_until(lambda: Held.calls(tmp_path) == [1, 3, 5] or Held.calls(tmp_path) == [3, 3, 5], 60, GONE + "sizes")
    steering.orders["Held"] = Order(replicas=1, room={one: 5}, room_of_others=3)
    wait_until(lambda: steering.sightings["Held"].replicas == 1, 10, GONE + "the sizes of a pool")
    (tmp_path / "go").touch()
    assert run.rows() == list(range(12))


def test_what_a_replica_owes_that_is_away_can_be_given_to_another(tmp_path: Path) -> None:
    steering = Orders(Order(replicas=2, room_of_others=3))
    run = Run(tmp_path, 6, steering)
    wait_until(lambda: Held.calls(tmp_path) == [3, 3], 60, GONE + "who chooses a replica for a block")
    lost, other = run.actors()
    lose(lost, steering)
    seen = steering.sightings["Held"]
    [(actor, calls)] = seen.away.items()
    assert (actor, len(calls)) == (lost._actor_id.hex(), 3)
    room = {other._actor_id.hex(): 9}
    steering.orders["Held"] = Order(replicas=2, room=room, moved=frozenset(calls), answers=seen.offer)
    wait_until(lambda: Held.moved(tmp_path) == [other._actor_id.hex()] * 3, 10, GONE + "a step's calls and its queue")
    (tmp_path / "go").touch()
    assert run.rows() == list(range(6))  # of the actor that has come back nobody waits for what it had begun


def test_what_has_come_behind_them_waits_for_no_further_block(tmp_path: Path) -> None:
    steering = Orders(Order(replicas=2, room_of_others=3))
    run = Run(tmp_path, 8, steering, last=7)
    wait_until(lambda: Held.calls(tmp_path) == [3, 3], 60, GONE + "who chooses a replica for a block")
    wait_until(lambda: steering.sightings["Held"].waiting == 1, 60, GONE + "what waits for a pool")
    lost, other = (actor._actor_id.hex() for actor in run.actors())
    lose(run.actors()[0], steering)
    seen = steering.sightings["Held"]

    def order(room: int) -> None:
        steering.orders["Held"] = Order(
            replicas=2, room={lost: 0, other: room}, moved=frozenset(seen.away[lost]), answers=seen.offer
        )

    for room in (3, 4, 5, 6):
        order(room)
        wait_until(lambda room=room: steering.sightings["Held"].inside == room, 10, GONE + "a step's queue")  # type: ignore[misc]
    order(0)
    (tmp_path / "go").touch()
    wait_until(lambda: not steering.sightings["Held"].inside, 10, "they are done")
    assert steering.sightings["Held"].waiting == 1
    order(6)
    wait_until(lambda: not steering.sightings["Held"].waiting, 10, GONE + "a step's queue")
    (tmp_path / "last").touch()
    assert run.rows() == list(range(8))


@pytest.mark.parametrize("is_moved", [True, False])
def test_nothing_is_read_of_what_may_be_given_to_another_until_that_is_decided(
    tmp_path: Path, *, is_moved: bool
) -> None:
    steering = Orders(Order(replicas=2, room_of_others=3))
    run = Run(tmp_path, 6, steering)
    wait_until(lambda: Held.calls(tmp_path) == [3, 3], 60, GONE + "who chooses a replica for a block")
    lost, _ = run.actors()
    lose(lost, steering)
    (tmp_path / "go").touch()
    wait_until(lambda: Held.calls(tmp_path) == [3, 6], 30, "the actor that was lost is back and is asked again")
    wait_until(lambda: steering.sightings["Held"].inside == 3, 10, "what the other had is read")
    time.sleep(1)
    seen = steering.sightings["Held"]
    assert seen.inside == sum(map(len, seen.away.values())) == 3, GONE + "how what came of a call is read"
    taken = frozenset(call for calls in seen.away.values() for call in calls) if is_moved else frozenset()
    steering.orders["Held"] = Order(replicas=2, room_of_others=3, moved=taken, answers=seen.offer)
    assert run.rows() == list(range(6))
    assert len(Held.moved(tmp_path)) == len(taken)


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

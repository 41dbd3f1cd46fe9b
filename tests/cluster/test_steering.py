"""The orders that follow from reports and sightings."""

from collections.abc import Sequence
from typing import Any

import pytest

from a2r_ray.cluster.steering import Order, Sighting, Steering
from a2r_ray.config.loading import parse_config
from a2r_ray.method.compile import Method, compile_method
from a2r_ray.method.placement import Cluster, Node
from a2r_ray.method.schedule import CALLS_OF_FAST_ENGINES
from a2r_ray.replica.monitor import Snapshot


class Clock:
    """Seconds that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def method(document: dict[str, Any]) -> Method:
    for role, seats in (("explorer", 64), ("synthesizer", 16)):
        document[role] |= {"replicas": {"min": 1, "max": 4}, "engine_args": {"max_num_seqs": seats}}
    document["explorer"]["paths"] = 4
    return compile_method(parse_config(document), "streaming")


def report(pool: str, actor: str, **more: Any) -> dict[str, Any]:
    known = {"pool": pool, "actor": actor, "node": f"node of {actor}", "loading": False, "age_s": 0.1, "calls": 0}
    known |= {"running": 0, "waiting": 0, "stages": {}, "load_s": 5.0, "ready_s": 10.0, "running_s": 0.0}
    return {**known, **more}


def orders(steering: Steering, *reports: dict[str, Any]) -> dict[str, Order]:
    steering.look(Snapshot({str(at): each for at, each in enumerate(reports)}))
    return steering.orders


def test_before_anything_is_known_the_first_pool_is_as_wide_as_its_work(method: Method) -> None:
    first = Steering(method, rows=1, cases=64).orders
    assert (first["explorer"].replicas, first["synthesizer"].replicas) == (4, 1)
    few = Steering(method, rows=1, cases=20).orders["explorer"]
    assert few.replicas == 2
    assert few.room_of_others == 18  # nobody else is there yet: 64 seats of 4 requests, and an eighth


def test_no_more_replicas_than_can_stand_but_for_the_minima(document: dict[str, Any]) -> None:
    for role, gpus in (("explorer", 1), ("synthesizer", 2)):
        document[role] |= {"replicas": {"min": 1, "max": 4}, "resources": {"gpus": gpus}}
    pools = compile_method(parse_config(document), "streaming")
    node = Node({"CPU": 8, "GPU": 4})
    four = Steering(pools, rows=1, cases=10_000, cluster=lambda: Cluster([node])).orders
    assert (four["explorer"].replicas, four["synthesizer"].replicas) == (2, 1)
    one = Steering(pools, rows=1, cases=10_000, cluster=lambda: Cluster([Node({"CPU": 8, "GPU": 1})])).orders
    assert (one["explorer"].replicas, one["synthesizer"].replicas) == (1, 1)
    empty = Steering(pools, rows=1, cases=10_000, cluster=lambda: Cluster([], [(node, 2)])).orders
    assert (empty["explorer"].replicas, empty["synthesizer"].replicas) == (4, 1)
    unknown = Steering(pools, rows=1, cases=10_000, cluster=lambda: Cluster([], grows=True)).orders
    assert (unknown["explorer"].replicas, unknown["synthesizer"].replicas) == (4, 1)


def test_replicas_that_load_have_their_share_kept_for_them(method: Method) -> None:
    steering = Steering(method, rows=1, cases=64)
    steering.sightings["explorer"] = Sighting(waiting=64, received=64, complete=True, replicas=4, ready=1)
    loading = [report("explorer", name, loading=True) for name in "bcd"]
    order = orders(steering, report("explorer", "a"), *loading)["explorer"]
    assert order.room["a"] == order.room_of_others == 16  # of 18 that would fit
    assert order.nodes["b"] == "node of b"


def test_what_an_engine_runs_decides_and_not_how_many_blocks_it_holds(method: Method) -> None:
    steering = Steering(method, rows=1, cases=10_000)
    steering.sightings["explorer"] = Sighting(waiting=5000, inside=60, replicas=1, ready=1)
    full = report("explorer", "a", running=64, waiting=8, calls=30)
    hungry = report("explorer", "b", running=30, waiting=0, calls=30)
    order = orders(steering, full, hungry)["explorer"]
    assert order.room == {"a": 30, "b": 30 + 11}


def test_blocks_of_many_problems_are_held_in_number_whatever_the_engine_runs(method: Method) -> None:
    steering = Steering(method, rows=64, cases=1_000_000)
    assert orders(steering, report("explorer", "a"))["explorer"].room == {"a": CALLS_OF_FAST_ENGINES}
    few = Steering(method, rows=64, cases=640)
    few.sightings["explorer"] = Sighting(waiting=10, complete=True, replicas=2, ready=2)
    assert orders(few, report("explorer", "a"))["explorer"].room == {"a": 5}


def test_a_pool_grows_to_its_backlog_and_shrinks_only_when_it_stays_small(method: Method) -> None:
    clock = Clock()
    steering = Steering(method, rows=1, cases=10_000, clock=clock)
    steering.sightings["explorer"] = Sighting(waiting=5000, inside=20, replicas=4, ready=4)
    steering.sightings["synthesizer"] = Sighting(waiting=30, inside=16, replicas=1, ready=1)
    assert orders(steering)["synthesizer"].replicas == 3
    steering.sightings["synthesizer"] = Sighting(waiting=0, inside=10, replicas=3, ready=3)
    clock.now = 5.0
    assert orders(steering)["synthesizer"].replicas == 3
    clock.now = 11.0
    assert orders(steering)["synthesizer"].replicas == 1


def test_at_the_end_who_is_idle_goes_whatever_the_minimum(document: dict[str, Any]) -> None:
    document["explorer"]["replicas"] = {"min": 4, "max": 4}
    steering = Steering(compile_method(parse_config(document), "streaming"), rows=1, cases=64)
    assert steering.orders["explorer"].replicas == 4
    for busy in (4, 1):
        steering.sightings["explorer"] = Sighting(inside=9, complete=True, replicas=4, ready=3, busy=busy)
        assert orders(steering)["explorer"].replicas == busy
    steering.sightings["explorer"] = Sighting(waiting=1, inside=9, complete=True, replicas=4, ready=4, busy=1)
    assert orders(steering)["explorer"].replicas == 4


def test_a_pool_that_is_held_back_gives_back_what_it_does_not_use(method: Method) -> None:
    clock = Clock()
    steering = Steering(method, rows=1, cases=10_000, clock=clock)
    for clock.now in (0.0, 11.0, 22.0):
        steering.sightings["explorer"] = Sighting(waiting=5000, inside=20, replicas=4, ready=4, held_back=True)
        found = orders(steering)["explorer"].replicas
    assert found == 2


def test_a_first_pool_shrinks_to_what_a_slow_reader_gives_it_once_that_has_lasted_as_long_as_a_load(
    method: Method,
) -> None:
    clock = Clock()
    steering = Steering(method, rows=1, cases=10_000, clock=clock)
    loaded = report("explorer", "a", load_s=30.0)

    def replicas_at(now: float, **seen: Any) -> int:
        clock.now = now
        steering.sightings["explorer"] = Sighting(replicas=4, ready=4, **seen)
        return orders(steering, loaded)["explorer"].replicas

    assert replicas_at(60.0) == 4  # it has yet to begin
    assert replicas_at(61.0, waiting=3, inside=64, received=67) == 4
    assert replicas_at(90.0, inside=20, received=400) == 4
    assert replicas_at(92.0, inside=20, received=420) == 2
    assert replicas_at(93.0, waiting=1, inside=20, received=440) == 4


def test_what_is_about_to_come_counts_once_paces_are_known(method: Method) -> None:
    steering = Steering(method, rows=1, cases=10_000)
    steering.sightings["explorer"] = Sighting(waiting=5000, inside=64, replicas=4, ready=4)
    steering.sightings["synthesizer"] = Sighting(inside=2, replicas=1, ready=1)
    explored = report("explorer", "a", stages={"explore": 100}, running=0, running_s=100 * 4 * 2.0)
    concluded = report("synthesizer", "b", stages={"synthesize": 50}, running_s=50 * 2.0)
    found = orders(steering, explored, concluded)
    assert found["synthesizer"].replicas == 4  # 64 that take as long there as they do here


def test_whoever_is_silent_holds_nothing(method: Method) -> None:
    steering = Steering(method, rows=1, cases=10_000)
    order = orders(steering, report("explorer", "a", age_s=60.0))["explorer"]
    assert not order.room
    assert not order.nodes


def test_a_pool_without_an_engine_is_not_held_up(document: dict[str, Any]) -> None:
    document |= {"synthesizer": None}
    [pool] = compile_method(parse_config(document), "streaming")
    assert Steering([pool], rows=1, cases=3).orders[pool.name].replicas == 1
    assert Steering([], rows=1, cases=3).orders == {}


def test_what_a_lost_replica_owes_is_given_to_others_where_it_can_be_and_each_offer_is_answered_once(
    method: Method,
) -> None:
    steering = Steering(method, rows=1, cases=64)
    asked: list[tuple[str, tuple[int, ...]]] = []

    def look(*, is_lost: bool) -> tuple[int, set[int]]:
        def move(actor: str, calls: Sequence[int]) -> bool:
            asked.append((actor, tuple(calls)))
            return is_lost

        steering.look(Snapshot(), move)
        order = steering.orders["explorer"]
        return order.answers, set(order.moved)

    assert look(is_lost=True) == (0, set())
    steering.sightings["explorer"] = Sighting(away={"a": (3, 4)}, offer=1)
    assert look(is_lost=False) == (1, set())
    assert look(is_lost=True) == (1, set())  # the first answer may have been taken up by now
    steering.sightings["explorer"] = Sighting(away={"a": (3, 4)}, offer=2)
    assert look(is_lost=True) == look(is_lost=True) == (2, {3, 4})
    assert asked == [("a", (3, 4)), ("a", (3, 4))]
    assert steering.orders["synthesizer"].moved == set()

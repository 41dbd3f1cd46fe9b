"""How many replicas each pool has."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from a2r_ray.cluster.sizing import Demand, Fits, end_s, sizes


def demand(  # noqa: PLR0913, PLR0917 (a demand with its defaults)
    least: int = 1,
    most: int = 4,
    present: int = 0,
    here: int = 600,
    left: int = 600,
    seconds: float | None = None,
    load_s: float = 5.0,
    at_once: float = 4.0,
) -> Demand:
    return Demand(least, most, present, at_once, here, left, seconds, load_s)


def gpus(count: int) -> Fits:
    """As many replicas of any pool as there are GPUs of one kind."""
    return lambda shares: sum(shares) <= count


def anything(_: Sequence[int]) -> bool:
    return True


def test_the_first_pool_begins_with_what_nobody_else_needs() -> None:
    assert sizes([demand(), demand(here=0)], gpus(4)) == [3, 1]
    assert sizes([demand(), demand(here=0)], gpus(8)) == [4, 1]


def test_no_more_replicas_than_what_is_there_can_fill() -> None:
    assert sizes([demand(here=9, left=9)], anything) == [3]
    assert sizes([demand(here=9, left=9, least=4)], anything) == [4]
    assert sizes([demand(here=1000, left=1000, most=64)], anything) == [64]


def test_the_right_width_at_once() -> None:
    first, second = demand(present=4, seconds=0.5), demand(most=8, present=1, here=64, seconds=0.5)
    assert sizes([first, second], anything) == [4, 8]


def test_a_pool_with_nothing_left_has_no_replica() -> None:
    assert sizes([demand(here=0, left=0, present=3), demand(present=1, seconds=1.0)], gpus(4)) == [0, 4]


def test_minima_stand_also_where_they_do_not_fit() -> None:
    assert sizes([demand(least=2, most=2), demand(least=2, most=2, here=0)], gpus(2)) == [2, 2]


@pytest.mark.parametrize(("explore_s", "synthesize_s"), [(0.26, 0.52), (0.52, 0.26), (0.5, 0.5), (0.1, 2.0)])
@pytest.mark.parametrize("present", [(1, 1), (3, 1), (2, 2), (1, 3)])
def test_one_kind_of_gpu_is_shared_out_so_that_none_runs_short(
    explore_s: float, synthesize_s: float, present: tuple[int, int]
) -> None:
    pools = [
        demand(present=present[0], seconds=explore_s),
        demand(present=present[1], seconds=synthesize_s, here=200),
    ]
    shares = sizes(pools, gpus(4))
    assert sum(shares) == 4
    work_s = 600 * (explore_s + synthesize_s)
    assert end_s(pools, shares, gpus(4)) <= 1.1 * work_s / 4 + 1.5 * 5.0


def test_a_place_is_not_taken_from_a_busy_pool_for_less_than_a_load_costs() -> None:
    starved = [
        demand(present=1, here=40, left=40, seconds=0.52),
        demand(present=3, here=12, left=40, seconds=0.26, load_s=60.0),
    ]
    assert sizes([replace(starved[0], load_s=60.0), starved[1]], gpus(4)) == [1, 3]
    assert sizes([replace(starved[0], load_s=1.0), starved[1]], gpus(4)) == [3, 1]


def test_no_replica_is_begun_for_what_is_done_before_it_would_have_loaded() -> None:
    soon = demand(present=2, here=12, left=12, seconds=0.5, load_s=30.0)
    assert sizes([soon], anything) == [2]
    assert sizes([replace(soon, here=1200, left=1200)], anything) == [4]


def test_the_end_counts_places_that_are_handed_on() -> None:
    pools = [demand(seconds=0.5, left=100), demand(seconds=0.5, left=100, here=0)]
    assert end_s(pools, [2, 2], gpus(4)) == pytest.approx(25.0, rel=0.05)  # as fast as each other
    assert end_s(pools, [3, 1], gpus(4)) == pytest.approx(25.0, rel=0.05)  # three of them help out afterwards
    assert end_s(pools, [3, 1], lambda shares: shares[0] <= 3 and shares[1] <= 1) == pytest.approx(50.0, rel=0.05)


def test_an_end_that_never_comes_is_infinite_and_none_left_is_now() -> None:
    assert end_s([demand(seconds=1.0)], [0], anything) == math.inf
    assert end_s([demand(seconds=1.0, left=0)], [0], anything) == 0
    assert sizes([], anything) == []

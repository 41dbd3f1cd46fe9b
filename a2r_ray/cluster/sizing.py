"""How many replicas each pool has: pure arithmetic over what waits, what that takes, and what can stand where.

A pool has no more replicas than what is there for it can fill, and no fewer than its minimum while anything is left.
Places that several pools could use are shared out so that the whole ends soonest: a pool that is done hands its places
on, so that what counts is that none runs short of cases meanwhile. They are taken from a pool that is busy only where
that saves more than loads cost.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_WORTH = 1.5
"""A place changes hands where that saves so many times the seconds of a load: estimates err."""
_EPSILON = 1e-6

Fits = Callable[[Sequence[int]], bool]


@dataclass(frozen=True)
class Demand:
    """What a pool has to do. Pools are in the order in which a case goes through them."""

    least: int
    """Replicas, while there is anything left."""
    most: int
    present: int
    """Replicas that it has, those that still load or wait for a place included."""
    at_once: float
    """Cases that one replica serves at the same time."""
    here: int
    """Cases that are in the pool, wait for it, or are about to come."""
    left: int
    """Cases that have yet to go through it, wherever they are: no fewer than of the pool before."""
    seconds: float | None = None
    """For which a case takes a whole replica; None where it is not known yet."""
    load_s: float = 0.0
    """What a replica takes to load."""


def sizes(demands: Sequence[Demand], fits: Fits) -> list[int]:
    """Replicas for each pool.

    Args:
        demands: of each pool.
        fits: whether so many of each can stand in the cluster at the same time.
    """
    wanted = [_wanted(demand) for demand in demands]
    least = [min(want, demand.least) for want, demand in zip(wanted, demands, strict=True)]
    present = [demand.present for demand in demands]
    begun = [max(low, min(have, want)) for low, have, want in zip(least, present, wanted, strict=True)]
    kept = _grown(begun if fits(begun) else least, wanted, demands, fits)
    best = _improved(kept, least, wanted, demands, fits)
    load_s = max((d.load_s for d, now, then in zip(demands, kept, best, strict=True) if then > now), default=0.0)
    return best if end_s(demands, kept, fits) - end_s(demands, best, fits) > _WORTH * load_s else kept


def end_s(demands: Sequence[Demand], shares: Sequence[int], fits: Fits) -> float:
    """Seconds until the last case has gone through the last pool, but for loads.

    Places are handed on as pools are done. Cases flow as a liquid: a pool is as fast as its replicas, or as the pool
    before it once nothing waits.
    """
    now, left, shares = 0.0, [float(demand.left) for demand in demands], list(shares)
    while any(part > _EPSILON for part in left):
        rates = _rates(demands, shares, left)
        changes = [part / rate for part, rate in zip(left, rates, strict=True) if part > _EPSILON and rate > 0]
        for at in range(1, len(left)):
            queue, drain = left[at] - left[at - 1], rates[at] - rates[at - 1]
            if queue > _EPSILON and drain > 0:
                changes.append(queue / drain)
        if not changes:
            return math.inf
        now += min(changes)
        left = [max(0.0, part - rate * min(changes)) for part, rate in zip(left, rates, strict=True)]
        left = [
            0.0 if part <= _EPSILON * max(1, demand.left) else part for part, demand in zip(left, demands, strict=True)
        ]
        done = [not part and bool(share) for part, share in zip(left, shares, strict=True)]
        if any(done):
            shares = [0 if over else share for over, share in zip(done, shares, strict=True)]
            wanted = [demand.most if part else 0 for part, demand in zip(left, demands, strict=True)]
            shares = _grown(shares, wanted, demands, fits)
    return now


def _rates(demands: Sequence[Demand], shares: Sequence[int], left: Sequence[float]) -> list[float]:
    """Cases a second that go through each pool."""
    rates: list[float] = []
    for at, (demand, share) in enumerate(zip(demands, shares, strict=True)):
        most = share / max(demand.seconds or 0.0, _EPSILON) if left[at] else 0.0
        waits = at == 0 or left[at] - left[at - 1] > _EPSILON * max(1, demand.left)
        rates.append(most if waits else min(most, rates[-1]))
    return rates


def _wanted(demand: Demand) -> int:
    """Replicas that have something to do; no further one for what is done before it would have loaded."""
    if not demand.left:
        return 0
    filled = max(demand.least, min(demand.most, math.ceil(demand.here / demand.at_once)))
    if filled <= demand.present or not demand.present or demand.seconds is None:
        return filled
    return demand.present if demand.here * demand.seconds / demand.present < demand.load_s else filled


def _grown(begin: Sequence[int], wanted: Sequence[int], demands: Sequence[Demand], fits: Fits) -> list[int]:
    """Adds one replica after another, always where it is the longest until all is ready.

    Where that is not known: in the first pool, for it alone has work at the beginning.
    """

    def ready_s(pool: int) -> float:
        demand = demands[pool]
        if demand.seconds is None:
            return math.inf if pool == 0 else 0.0
        return demand.left * demand.seconds / max(shares[pool], _EPSILON)

    shares, growing = list(begin), set(range(len(begin)))
    while growing := {pool for pool in growing if shares[pool] < wanted[pool]}:
        pool = max(growing, key=lambda pool: (ready_s(pool), -shares[pool], -pool))
        shares[pool] += 1
        if not fits(shares):
            shares[pool] -= 1
            growing.remove(pool)
    return shares


def _improved(
    begin: Sequence[int], least: Sequence[int], wanted: Sequence[int], demands: Sequence[Demand], fits: Fits
) -> list[int]:
    """Moves one place after another to another pool, while the end comes sooner for it."""
    best, best_s = list(begin), end_s(demands, begin, fits)
    if any(demand.seconds is None and demand.left for demand in demands):
        return best
    while True:
        tried = []
        for giver, taker in ((a, b) for a in range(len(best)) for b in range(len(best)) if a != b):
            moved = [share - (at == giver) + (at == taker) for at, share in enumerate(best)]
            if moved[giver] >= least[giver] and moved[taker] <= wanted[taker] and fits(moved):
                tried.append((end_s(demands, moved, fits), moved))
        if not tried or min(tried)[0] >= best_s - _EPSILON:
            return best
        best_s, best = min(tried)

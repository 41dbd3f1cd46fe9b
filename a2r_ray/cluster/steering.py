"""Steers the pools of a phase: how many replicas each has, and how much each replica may hold.

The driver looks twice a second at what the replicas report and at what Ray Data's loop saw of each pool, and leaves an
order for each; the loop, in its own thread, only carries orders out (``private``). Orders and sightings are replaced
whole, so that neither side waits for the other.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from a2r_ray.cluster.admission import Fullness, room, share
from a2r_ray.cluster.sizing import Demand, sizes
from a2r_ray.method import schedule
from a2r_ray.method.compile import Pool
from a2r_ray.method.placement import Cluster, Place, bundles_of, places_of, standing
from a2r_ray.replica.monitor import Snapshot

_SILENT_S = 10.0
"""A replica that has not reported for so long counts as gone."""
_MEMORY_S = 10.0
"""A pool shrinks where it has had less to do for so long, or for as long as its replicas load."""
_CLUSTER_S = 2.0
"""What the cluster has is asked for anew so often."""


Move = Callable[[str, Sequence[int]], bool]
"""Takes calls, by their numbers, from a replica that was lost, by the id of its actor; whether it still can."""


@dataclass(frozen=True)
class Order:
    """What a pool is to be."""

    replicas: int
    room: Mapping[str, int] = field(default_factory=dict)
    """Blocks that a replica may hold, by the id of its actor."""
    room_of_others: int = 1
    """For those that have not reported."""
    nodes: Mapping[str, str] = field(default_factory=dict)
    """Where each replica is, by the id of its actor."""
    moved: frozenset[int] = frozenset()
    """Of the calls of lost replicas that were offered, those that others are to be given, by their numbers."""
    answers: int = 0
    """Which offer that was."""


@dataclass(frozen=True)
class Sighting:
    """What the loop saw of a pool."""

    waiting: int = 0
    """Blocks that wait for a replica."""
    inside: int = 0
    """Blocks in replicas."""
    received: int = 0
    """Rows that have come so far."""
    complete: bool = False
    """Whether no more will come."""
    replicas: int = 0
    """Those that load or wait for a place included."""
    ready: int = 0
    """Of these, how many take blocks."""
    busy: int = 0
    """How many have blocks, those included that are started again."""
    away: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """What each replica owes that is not there now: the numbers of its calls, by the id of its actor."""
    offer: int = 0
    """The number of this offer; until it is answered nothing is read of what is ``away``."""
    held_back: bool = False
    """Whether Ray Data lets it begin nothing, since what it makes is not taken away."""


class Steering:
    """The orders of a phase.

    Args:
        pools: of the phase, in the order in which a case goes through them.
        rows: problems a block.
        cases: how many will come, at most.
        cluster: says what there is to stand on; None: whatever is needed.
        clock: seconds.
    """

    def __init__(
        self,
        pools: Sequence[Pool],
        *,
        rows: int,
        cases: int,
        cluster: Callable[[], Cluster] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pools, self._rows, self._cases, self._clock = tuple(pools), rows, cases, clock
        self._ground = _Ground(self._pools, cluster, clock)
        self._here: dict[str, deque[tuple[float, int]]] = {pool.name: deque() for pool in pools}
        self.sightings: dict[str, Sighting] = {pool.name: Sighting() for pool in pools}
        """By pool; written by the loop."""
        self.orders: dict[str, Order] = {}
        """By pool; read by the loop."""
        self.bundles = {
            pool.name: bundles_of(pool.engine)
            for pool in pools
            if pool.engine is not None and pool.engine.resources.nodes > 1
        }
        """Of pools whose replicas are spread over nodes: what each of them asks for."""
        self.look(Snapshot())

    def look(self, snapshot: Snapshot, move: Move | None = None) -> None:
        """Makes the orders anew.

        Args:
            snapshot: what the replicas have reported.
            move: takes what a lost replica owes from it; None: it waits for it to come back.
        """
        reports = {pool.name: [r for r in snapshot.reports.values() if r["pool"] == pool.name] for pool in self._pools}
        demands = self._demands(reports)
        counts = sizes(demands, self._ground.holds)
        for pool, demand, count in zip(self._pools, demands, counts, strict=True):
            order = self._order(pool, demand, count, reports[pool.name])
            self.orders[pool.name] = self._answered(pool, order, move)

    def _answered(self, pool: Pool, order: Order, move: Move | None) -> Order:
        """The order with an answer to what the pool has offered; what was answered once is answered the same again."""
        seen, before = self.sightings[pool.name], self.orders.get(pool.name, order)
        if before.answers == seen.offer:
            return replace(order, moved=before.moved, answers=seen.offer)
        moved = (calls for actor, calls in seen.away.items() if move is not None and move(actor, calls))
        return replace(order, moved=frozenset(call for calls in moved for call in calls), answers=seen.offer)

    def _demands(self, reports: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Demand]:
        demands: list[Demand] = []
        to_come = self._cases
        for pool in self._pools:
            seen = self.sightings[pool.name]
            own = (seen.waiting + seen.inside) * self._rows
            left = own + (0 if seen.complete else max(0, to_come - seen.received if not demands else demands[-1].left))
            before = (self._pools[len(demands) - 1], demands[-1]) if demands else None
            pace = _Pace.of(pool, reports[pool.name])
            here = self._here_of(pool, seen, own, left, pace, before)
            least, most = (pool.engine.replicas.min, pool.engine.replicas.max) if pool.engine is not None else (1, 1)
            if seen.complete and not seen.waiting:
                # Who is idle now stays so, and may hold the place that another pool needs, or one that lost its node.
                least = most = seen.busy
            demands.append(Demand(least, most, seen.replicas, pace.at_once, here, left, pace.seconds, pace.load_s))
        return demands

    def _here_of(  # noqa: PLR0913, PLR0917 (what is known of a pool)
        self, pool: Pool, seen: Sighting, own: int, left: int, pace: "_Pace", before: tuple[Pool, Demand] | None
    ) -> int:
        """What a pool has to do now: the most of the last seconds, so that it does not shrink in a lull."""
        if seen.held_back:
            here = seen.inside * self._rows
        elif before is None:  # where nothing waits, it is the reader that is slow
            here = left if seen.waiting or not seen.received else own
        else:
            pool_before, demand_before = before
            coming = self.sightings[pool_before.name].inside * self._rows
            takes_before_s = (demand_before.seconds or 0.0) * demand_before.at_once
            here = own + round(coming * (pace.seconds or 0.0) * pace.at_once / takes_before_s if takes_before_s else 0)
        now, lately = self._clock(), self._here[pool.name]
        lately.append((now, here))
        while now - lately[0][0] > max(_MEMORY_S, pace.load_s):
            lately.popleft()
        return min(left, max(count for _, count in lately))

    def _order(self, pool: Pool, demand: Demand, count: int, reports: Sequence[Mapping[str, Any]]) -> Order:
        alive = [report for report in reports if report["age_s"] < _SILENT_S]
        nodes = {report["actor"]: report["node"] for report in alive}
        requests = pool.requests * self._rows
        if pool.engine is None or not requests:
            return Order(count, room_of_others=1 << 30, nodes=nodes)
        seats = pool.engine.max_num_seqs
        loaded = [report for report in alive if not report["loading"]]
        ready = self.sightings[pool.name].ready
        soon = sum(_is_ready_soon(report, demand) for report in alive if report["loading"])
        most = share(-(-demand.left // self._rows), ready + soon)
        # A block of many problems is of an engine so fast that what lasts is the flush, of which no report tells.
        fewest = schedule.CALLS_OF_FAST_ENGINES if self._rows > 1 else 1

        def held(fullness: Fullness | None) -> int:
            return min(most, max(fewest, room(seats, requests, fullness)))

        rooms = {
            report["actor"]: held(Fullness(report["running"], report["waiting"], report["calls"])) for report in loaded
        }
        return Order(count, rooms, held(None), nodes)


class _Ground:
    """What pools can stand on together; what was found for a cluster is remembered while it stays as it is."""

    def __init__(
        self, pools: Sequence[Pool], cluster: Callable[[], Cluster] | None, clock: Callable[[], float]
    ) -> None:
        self._pools = pools
        self._ask, self._clock = cluster, clock
        self._asked = float("-inf")
        self._cluster = Cluster(())
        self._found: dict[tuple[int, ...], bool] = {}

    def holds(self, shares: Sequence[int]) -> bool:
        """Whether so many replicas of each pool can stand at the same time."""
        if self._ask is None:
            return True
        if self._clock() - self._asked > _CLUSTER_S:
            cluster, self._asked = self._ask(), self._clock()
            if cluster != self._cluster:
                self._cluster, self._found = cluster, {}
        key = tuple(shares)
        if key not in self._found:
            self._found[key] = self._cluster.grows or self._stand(shares)
        return self._found[key]

    def _stand(self, shares: Sequence[int]) -> bool:
        asked = [
            places_of(pool.engine, share) if pool.engine is not None else (Place({"CPU": 1}), share)
            for pool, share in zip(self._pools, shares, strict=True)
        ]
        counts = [count for _, count in asked]
        return standing(self._cluster.at_most(sum(counts)), asked) == counts


@dataclass(frozen=True)
class _Pace:
    """How fast the replicas of a pool are."""

    at_once: float
    """Cases that a replica serves at the same time."""
    seconds: float | None
    """For which a case takes a whole replica; None where it is not known yet."""
    load_s: float

    @classmethod
    def of(cls, pool: Pool, reports: Sequence[Mapping[str, Any]]) -> "_Pace":
        if pool.engine is None or not pool.requests:
            return cls(1.0, 0.0, 0.0)
        seats = pool.engine.max_num_seqs
        at_once = max(1.0, seats / pool.requests)
        loads = sorted(report["load_s"] for report in reports if not report["loading"])
        load_s = loads[len(loads) // 2] if loads else 0.0
        last = pool.stages[-1].name
        done = sum(report["stages"].get(last, 0) for report in reports)
        if done < at_once:  # a first wave: few of it say nothing of the others
            return cls(at_once, None, load_s)
        begun = sum(report.get("running", 0) for report in reports if report["age_s"] < _SILENT_S) / pool.requests
        return cls(at_once, sum(report["running_s"] for report in reports) / seats / (done + begun / 2), load_s)


def _is_ready_soon(report: Mapping[str, Any], demand: Demand) -> bool:
    """Whether a replica that loads will take part before others could do its share."""
    if not demand.load_s or demand.seconds is None:
        return True
    return bool(demand.load_s - report["load_s"] < demand.seconds * demand.at_once)

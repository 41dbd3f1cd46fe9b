"""The monitor of a run: what its replicas report, what they hear, and what outlives each of them.

Plain Python; ``a2r_ray.cluster.monitor`` has it run where all replicas reach it. Nothing here compares the clocks of
two machines: a report counts from when it came in.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from a2r_ray.records import Row
from a2r_ray.replica.suspects import Record, Suspicion

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 15.0, 600.0
_GONE_AFTER_S = 15.0
"""A replica that has not reported for so long has ended, or will never be heard of again."""
_REPORT_EVERY_S, _REPORTS_PER_S, _SELDOM_S = 0.5, 32.0, 4.0
"""How often a replica reports, how many reports a second there are at most, and how seldom one reports at least."""


@dataclass(frozen=True)
class Past:
    """What was before a replica began to serve."""

    ended: tuple[str, ...] = ()
    """The replicas of its pool, those before it in its actor included, that have ended: their files grow no more."""
    moved: frozenset[int] = frozenset()
    """The calls that its actor owed and others have been given, by their numbers."""


@dataclass(frozen=True)
class LoadFailures:
    """How often replicas of a pool could not load in a row."""

    count: int
    last: str
    """Why, the last time."""
    ever_ready: bool
    """Whether the pool has had a replica."""


@dataclass(frozen=True)
class Snapshot:
    """What the monitor knows at one time."""

    reports: Mapping[str, Row] = field(default_factory=dict)
    """The last report of each replica, with ``age_s``: how long ago it came in."""
    failures: Sequence[str] = ()
    """Why the run must end, by those who say so."""
    cannot_load: Mapping[str, LoadFailures] = field(default_factory=dict)
    """By pool."""
    input_rows: Mapping[str, int] | None = None
    """What the reader counted; None until it has read all."""
    report_every_s: float = _REPORT_EVERY_S
    """How often a replica reports."""


class Monitor:
    """What the replicas of a run say and hear.

    Args:
        node_is_lost: whether a node, by its id, is no more.
        clock: seconds.
    """

    def __init__(
        self, node_is_lost: Callable[[str], bool] = lambda _: False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._node_is_lost, self._clock = node_is_lost, clock
        self._reports: dict[str, tuple[float, Row]] = {}
        self._actors: dict[str, tuple[str, str]] = {}
        """By actor: its present replica, and that one's node."""
        self._pools: dict[str, str] = {}
        """By replica."""
        self._back: set[str] = set()
        """The replicas that load after the one before them in their actor was lost with its node."""
        self._moved: dict[str, set[int]] = {}
        """By actor: its calls that others have been given."""
        self._moving = threading.Lock()  # a call is its own actor's, or has been given to others
        self._ended: set[str] = set()
        self._suspects = Record()
        self._failures: list[str] = []
        self._cannot_load: dict[str, LoadFailures] = {}
        self._ready_pools: set[str] = set()
        self._input_rows: dict[str, int] | None = None
        self._stopping = False

    def arrive(self, replica: str, pool: str, actor: str, node: str) -> bool:
        """Says that a replica begins; returns whether the one before it in its actor ended by itself.

        Args:
            replica: its name, that no other has.
            pool: the name of its pool.
            actor: what stays the same when it is started again.
            node: where it is.
        """
        with self._moving:
            before, its_node = self._actors.get(actor, ("", ""))
            self._actors[actor] = (replica, node)
            self._pools[replica] = pool
            if not before:
                return False
            lost = before in self._back or self._node_is_lost(its_node)
            if lost:
                self._back.add(replica)
            self._ended.add(before)
        heard_at = self._reports.get(before, (self._clock(), {}))[0]
        self._suspects.ended(before, heard_at, innocent=lost)
        return not lost

    def serve(self, replica: str) -> Past:
        """Says that a replica has loaded; returns what was before. From now on nothing is taken from it."""
        with self._moving:
            self._back.discard(replica)
            moved = [self._moved.get(actor, ()) for actor, (present, _) in self._actors.items() if present == replica]
        return Past(self.ended(replica), frozenset(call for calls in moved for call in calls))

    def ended(self, replica: str) -> tuple[str, ...]:
        """The replicas of its pool that have ended: their files grow no more."""
        silent = {name for name, (at, _) in tuple(self._reports.items()) if self._clock() - at > _GONE_AFTER_S}
        pool = self._pools[replica]
        return tuple(sorted(name for name in self._ended | silent if self._pools.get(name) == pool))

    def move(self, actor: str, calls: Sequence[int]) -> bool:
        """Takes calls from an actor whose node was lost, unless it serves again; returns whether others may have them.

        Args:
            actor: as in ``arrive``.
            calls: their numbers.
        """
        with self._moving:
            replica, node = self._actors.get(actor, ("", ""))
            if replica not in self._back:
                if not replica or not self._node_is_lost(node):
                    return False
                self._ended.add(replica)
            self._moved.setdefault(actor, set()).update(calls)
            return True

    def report(self, replica: str, sample: Row) -> float:
        """Says how full a replica is; returns the seconds to its next report, 0 where the run is stopped."""
        self._reports[replica] = (self._clock(), sample)
        if not sample["loading"]:
            self._ready_pools.add(sample["pool"])
            self._cannot_load.pop(sample["pool"], None)
        return 0.0 if self._stopping else self._report_every_s()

    def cannot_load(self, pool: str, why: str) -> float:
        """Says that a replica could not load; returns the seconds to wait before it is tried again."""
        before = self._cannot_load.get(pool)
        count = 1 if before is None else before.count + 1
        self._cannot_load[pool] = LoadFailures(count, why, pool in self._ready_pools)
        return float(min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** (count - 1)))

    def fail(self, why: str) -> None:
        """Says why the run must end."""
        self._failures.append(why)

    def read_all(self, input_rows: dict[str, int]) -> None:
        """Says what the reader counted of the input, in rows."""
        self._input_rows = input_rows

    def suspicions(self, keys: Sequence[str]) -> list[Suspicion]:
        """What is held against problems that were in a replica that ended."""
        return self._suspects.of(keys)

    def let_in(self, replica: str, key: str) -> None:
        """Says that a suspect is let in."""
        self._suspects.let_in(replica, key, self._clock())

    def done(self, replica: str, key: str) -> None:
        """Says that a suspect did no harm."""
        self._suspects.done(replica, key)

    def stop(self) -> None:
        """Has the replicas begin nothing more and write down what they have."""
        self._stopping = True

    def snapshot(self) -> Snapshot:
        """What is known now."""
        now = self._clock()
        reports: dict[str, Any] = {
            name: {**sample, "age_s": now - at} for name, (at, sample) in tuple(self._reports.items())
        }
        failures, cannot_load = tuple(self._failures), dict(self._cannot_load)
        return Snapshot(reports, failures, cannot_load, self._input_rows, self._report_every_s())

    def _report_every_s(self) -> float:
        """Many replicas report less often each, so that the monitor and the driver keep up."""
        now = self._clock()
        reporting = sum(now - at < _GONE_AFTER_S for at, _ in tuple(self._reports.values()))
        return min(_SELDOM_S, max(_REPORT_EVERY_S, reporting / _REPORTS_PER_S))

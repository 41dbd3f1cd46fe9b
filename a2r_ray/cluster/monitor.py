"""The monitor's actor, for the time of a run: replicas reach it from every node, and so does the driver.

It imports no Ray Data, so that it is up before the pools are.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import ray

from a2r_ray.records import Row
from a2r_ray.replica.monitor import Monitor, Past, Snapshot
from a2r_ray.replica.suspects import Suspicion

_FLUSH_S = 8.0
"""Ray and the receipt need their part of the 20 s that a stop may take."""
_MISSED = 3
"""A replica that has missed so many reports is not waited for."""


@contextmanager
def opened(place: Any) -> Iterator["RemoteMonitor"]:
    """A monitor for the time of the block. With it go the replicas, which Ray would take half a minute to end.

    Args:
        place: Ray's scheduling strategy for it.
    """
    actor = ray.remote(num_cpus=0, max_concurrency=8, scheduling_strategy=place)(Monitor).remote(_node_is_lost)
    try:
        yield RemoteMonitor(actor)
    finally:
        ray.kill(actor)


@dataclass(frozen=True)
class RemoteMonitor:
    """The monitor as a plain object, for replicas, which know no Ray, and for the driver; see ``Monitor``."""

    actor: Any

    def arrive(self, replica: str, pool: str, actor: str, node: str) -> bool:
        """Says that a replica begins; returns whether the one before it in its actor ended by itself."""
        return bool(ray.get(self.actor.arrive.remote(replica, pool, actor, node)))

    def serve(self, replica: str) -> Past:
        """Says that a replica has loaded; returns what was before."""
        past: Past = ray.get(self.actor.serve.remote(replica))
        return past

    def ended(self, replica: str) -> tuple[str, ...]:
        """The replicas of its pool that have ended."""
        return tuple(ray.get(self.actor.ended.remote(replica)))

    def move(self, actor: str, calls: Sequence[int]) -> bool:
        """Takes calls from an actor whose node was lost; returns whether others may have them."""
        return bool(ray.get(self.actor.move.remote(actor, calls)))

    def report(self, replica: str, sample: Row) -> float:
        """Says how full a replica is; returns the seconds to its next report, 0 where the run is stopped.

        Raises where nobody listens.
        """
        return float(ray.get(self.actor.report.remote(replica, sample)))

    def cannot_load(self, pool: str, why: str) -> float:
        """Says that a replica could not load; returns the seconds to wait before it is tried again."""
        return float(ray.get(self.actor.cannot_load.remote(pool, why)))

    def fail(self, why: str) -> None:
        """Says why the run must end."""
        ray.get(self.actor.fail.remote(why))

    def read_all(self, input_rows: dict[str, int]) -> None:
        """Says what the reader counted of the input, in rows."""
        ray.get(self.actor.read_all.remote(input_rows))

    def suspicions(self, keys: Sequence[str]) -> list[Suspicion]:
        """What is held against problems that were in a replica that ended."""
        return list(ray.get(self.actor.suspicions.remote(keys)))

    def let_in(self, replica: str, key: str) -> None:
        """Says that a suspect is let in."""
        ray.get(self.actor.let_in.remote(replica, key))

    def done(self, replica: str, key: str) -> None:
        """Says that a suspect did no harm."""
        ray.get(self.actor.done.remote(replica, key))

    def snapshot(self) -> Snapshot:
        """What is known now."""
        snapshot: Snapshot = ray.get(self.actor.snapshot.remote(), timeout=120)
        return snapshot

    @contextmanager
    def flushed_when_broken_off(self) -> Iterator[None]:
        """Where a signal or an error ends the block, the replicas begin nothing more and write down what they have."""
        try:
            yield
        except BaseException:
            with suppress(ray.exceptions.RayError):  # the first error is the one to read
                self._flush()
            raise

    def _flush(self) -> None:
        ray.get(self.actor.stop.remote())
        deadline = time.monotonic() + _FLUSH_S
        while time.monotonic() < deadline:
            snapshot = self.snapshot()
            heard = [one for one in snapshot.reports.values() if one["age_s"] < _MISSED * snapshot.report_every_s]
            if all(sample["flushed"] for sample in heard):
                break
            time.sleep(0.1)


def _node_is_lost(node: str) -> bool:
    return not any(each["NodeID"] == node and each["Alive"] for each in ray.nodes())

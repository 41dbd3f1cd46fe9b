"""The board: where the replicas of a run say how they are, and hear whether to stop.

An actor with nothing but these few facts in it: it imports no Ray Data, so that it is up before the pools are.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ray

from a2r_ray.errors import Stopped

_FLUSH_S = 8.0
"""Ray and the receipt need their part of the 20 s that a stop may take."""


@contextmanager
def opened(place: Any) -> Iterator["Board"]:
    """A board for the time of the block. With it go the replicas, which Ray would take half a minute to end.

    Args:
        place: Ray's scheduling strategy for it.
    """
    actor = ray.remote(num_cpus=0, max_concurrency=8, scheduling_strategy=place)(_Board).remote()
    try:
        yield Board(actor)
    finally:
        ray.kill(actor)


@dataclass(frozen=True)
class Board:
    """The board as a plain object, for replicas, which know no Ray, and for the driver."""

    actor: Any

    def report(self, replica: str, sample: dict[str, Any]) -> bool:
        """Says how full a replica is; returns whether the run is stopped. Raises where nobody listens."""
        return bool(ray.get(self.actor.report.remote(replica, sample)))

    def failed(self, message: str) -> None:
        """Says why the run ends."""
        ray.get(self.actor.failed.remote(message))

    def accuse(self, key: str, replica: str) -> tuple[list[str], int]:
        """Says that a replica lets this problem in; returns those that ended after that, and how many did after any."""
        ended, explained = ray.get(self.actor.accuse.remote(key, replica))
        return ended, explained

    def acquit(self, key: str) -> None:
        """Says that it did no harm."""
        ray.get(self.actor.acquit.remote(key))

    def reports(self) -> dict[str, dict[str, Any]]:
        """What each replica said last."""
        return dict(ray.get(self.actor.reports.remote(), timeout=120))

    def failures(self) -> list[str]:
        """Why the run ends, by those who end it."""
        return list(ray.get(self.actor.failures.remote(), timeout=10))

    @contextmanager
    def flushed_when_stopped(self) -> Iterator[None]:
        """Where a signal ends the block, has the replicas begin nothing more and write down what they have."""
        try:
            yield
        except (KeyboardInterrupt, Stopped):
            ray.get(self.actor.stop.remote())
            deadline = time.monotonic() + _FLUSH_S
            while time.monotonic() < deadline:
                recent = time.time() - 2
                if all(sample["flushed"] for sample in self.reports().values() if sample["at"] > recent):
                    break
                time.sleep(0.1)
            raise


class _Board:
    """What the replicas last said, and the last words of those that could not start."""

    def __init__(self) -> None:
        self._reports: dict[str, dict[str, Any]] = {}
        self._failures: list[str] = []
        self._accused: dict[str, list[str]] = {}
        self._guilty = 0
        self._stopping = False

    def report(self, replica: str, sample: dict[str, Any]) -> bool:
        self._reports[replica] = sample
        return self._stopping

    def failed(self, message: str) -> None:
        self._failures.append(message)

    def accuse(self, key: str, replica: str) -> tuple[list[str], int]:
        before = self._accused.pop(key, [])
        self._guilty += bool(before)
        # A replica that is up may have somebody on trial as well; it is one at most.
        explained = self._guilty + sum(map(len, self._accused.values()))
        self._accused[key] = [*before, f"{replica} (at {datetime.now().astimezone():%H:%M:%S})"]
        return before, explained

    def acquit(self, key: str) -> None:
        self._accused.pop(key, None)

    def stop(self) -> None:
        self._stopping = True

    def reports(self) -> dict[str, dict[str, Any]]:
        return self._reports

    def failures(self) -> list[str]:
        return self._failures

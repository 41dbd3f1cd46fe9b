"""Suspects: finds the problem that ends replicas, among all that were in one when it ended.

Most replicas end with their node or by chance, so suspects are served again at once, beside everything else, and what
was never in a replica that ended waits for nobody. But not all of them at the same time: with each replica that ended
while they were on probation a quarter as many may be on probation together, until one is alone and its replica ends
again, twice. That one is rejected with its history. A suspect is on probation from when it is let in until it is done
or its time is up, which grows with each death to a minute at most: some problems take their time to do harm.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

_SHARE = 4
"""With each death a suspect's company is so many times smaller."""
_FIRST_PROBATION_S, _LONGEST_PROBATION_S = 1.0, 60.0
_SETTLE_S = 2.0
"""So long after a replica has begun, all that it is asked again has come."""
_ALONE_AT_MOST = 2
"""Replicas that a problem may end while it alone is on probation; the first may have ended by chance."""


def probation_s(deaths: int) -> float:
    """For how long a suspect is on probation that was so with so many replicas when they ended."""
    return float(min(_LONGEST_PROBATION_S, _FIRST_PROBATION_S * _SHARE ** (max(1, deaths) - 1)))


@dataclass(frozen=True)
class Suspicion:
    """What is held against a problem."""

    deaths: int = 1
    """Replicas that ended while it was on probation, or in them for the first time."""
    alone: tuple[str, ...] = ()
    """Those among them that had nothing else on probation."""

    @property
    def is_proven(self) -> bool:
        """Whether it is to be rejected."""
        return len(self.alone) >= _ALONE_AT_MOST


@dataclass
class Record:
    """What outlives replicas: who was let in on probation where, and what came of it. Times are of one clock."""

    _held: dict[str, Suspicion] = field(default_factory=dict)
    _inside: dict[str, dict[str, float]] = field(default_factory=dict)
    """By replica: the suspects that were let in and are not done, with the time at which their probation ends."""

    def of(self, keys: Sequence[str]) -> list[Suspicion]:
        """What is held against problems that were in a replica that ended."""
        return [self._held.get(key, Suspicion()) for key in keys]

    def let_in(self, replica: str, key: str, now: float) -> None:
        """A replica lets a suspect in."""
        held = self._held.setdefault(key, Suspicion())
        self._inside.setdefault(replica, {})[key] = now + probation_s(held.deaths)

    def done(self, replica: str, key: str) -> None:
        """A suspect did no harm."""
        self._inside.get(replica, {}).pop(key, None)
        self._held.pop(key, None)

    def ended(self, replica: str, at: float, *, innocent: bool) -> None:
        """A replica has ended.

        Args:
            replica: its name.
            at: when.
            innocent: whether it ended with its node, which is nobody's deed.
        """
        inside = self._inside.pop(replica, {})
        if innocent:
            return
        on_probation = [key for key, until in inside.items() if until > at]
        name = f"{replica} (at {datetime.now().astimezone():%H:%M:%S})"
        for key in on_probation or inside:
            held = self._held.get(key, Suspicion())
            alone = (*held.alone, name) if len(on_probation) == 1 else held.alone
            self._held[key] = Suspicion(held.deaths + 1, alone)


class Registrar(Protocol):
    """Whoever keeps the record."""

    def suspicions(self, keys: Sequence[str]) -> list[Suspicion]:
        """What is held against problems that were in a replica that ended."""

    def let_in(self, replica: str, key: str) -> None:
        """Says that a suspect is let in."""

    def done(self, replica: str, key: str) -> None:
        """Says that it did no harm."""


class Probation:
    """One replica's way of letting suspects in.

    Args:
        registrar: keeps the record.
        replica: its name.
        width: problems that the replica serves at once.
        clock: seconds.
    """

    def __init__(
        self, registrar: Registrar, replica: str, width: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._registrar, self._replica, self._width, self._clock = registrar, replica, width, clock
        self._changed = threading.Condition()
        self._settled_at = clock() + _SETTLE_S
        self._waiting: Counter[int] = Counter()
        """Suspects that are not yet let in, by their deaths."""
        self._inside: dict[str, tuple[float, int]] = {}

    @contextmanager
    def let_in(self, key: str, suspicion: Suspicion) -> Iterator[None]:
        """Waits until the suspect may be let in; within the block it is inside."""
        with self._changed:
            self._waiting[suspicion.deaths] += 1
            while (wait_s := self._wait_s(suspicion)) > 0:
                self._changed.wait(wait_s)
            self._waiting[suspicion.deaths] -= 1
            self._inside[key] = (self._clock() + probation_s(suspicion.deaths), suspicion.deaths)
            self._changed.notify_all()
        self._registrar.let_in(self._replica, key)
        yield
        self._registrar.done(self._replica, key)
        with self._changed:
            self._inside.pop(key, None)
            self._changed.notify_all()

    def _wait_s(self, suspicion: Suspicion) -> float:
        """How long at most until it is worth while to ask again whether the suspect may be let in; 0: it may."""
        now, deaths = self._clock(), suspicion.deaths
        if suspicion.alone and now < self._settled_at:
            return self._settled_at - now
        if any(count and fewer < deaths for fewer, count in self._waiting.items()):
            return _LONGEST_PROBATION_S
        on_probation = [(until, held) for until, held in self._inside.values() if until > now]
        most = max([deaths, *(held for _, held in on_probation)])
        if len(on_probation) < max(1, self._width // _SHARE**most):
            return 0.0
        return min(until for until, _ in on_probation) - now


def history(suspicion: Suspicion) -> str:
    """What a reject says of a problem against which it is proven."""
    return (
        f"{suspicion.deaths} replicas ended while they worked on it, and of what they had been given again it was the "
        f"only one when {' and '.join(suspicion.alone)} did; Ray's logs have their last words"
    )


Suspicions = Mapping[str, Suspicion]

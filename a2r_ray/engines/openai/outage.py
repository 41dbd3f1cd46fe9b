"""A server that goes away: requests are held until it is back, and none of them is charged for it.

- After three failures in a row for which the server is to blame, nothing more is sent but one probe at a time, with
  growing pauses: the list of models and, where that answers, one of the held requests. A gateway lists models for a
  server that is down, so only a request that is answered says that it is back.
- Where only one request fails so, or all wait too long, at a server that still lists its models, their failures count:
  else one request that no gateway lets through would hold all others for ever, and a slow server would be taken for one
  that is away. So the list is also asked for before a request fails for good.
- An outage is one when a probe has failed. Only then is it shown, and what failed on its account does not count.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import tenacity

from a2r_ray.engines.openai.failures import Failure
from a2r_ray.engines.openai.retries import Patience, persist
from a2r_ray.errors import ErrorKind

_FAILURES_IN_A_ROW = 3

_T = TypeVar("_T")


@dataclass(eq=False)
class Ticket:
    """The leave to send one attempt."""

    number: int
    """Attempts are numbered as they begin."""
    outages: int
    """How many outages there had been by then."""
    trial: asyncio.Future[Failure | None] | None = None
    """Where this attempt is the probe: what became of it, None for an answer."""

    def tell(self, failure: Failure | None) -> None:
        """Says what became of the attempt, to whoever probes with it; only the first word counts."""
        if self.trial is not None and not self.trial.done():
            self.trial.set_result(failure)


@dataclass(frozen=True)
class Away:
    """That the server is away, and why; may be read from any thread."""

    failure: Failure
    since: float

    @property
    def held_s(self) -> float:
        """For how long requests have been held."""
        return time.monotonic() - self.since


@dataclass(eq=False)
class _Held:
    """A request that waits; its leave is None where its failure counts after all."""

    leave: asyncio.Future[Ticket | None]
    failed: bool


class Outage:
    """Lets attempts through while the server serves, and holds them while it is away; used in one event loop.

    Args:
        list_models: asks the server for its models; raises Failure.
        longest_wait_s: the longest Retry-After that is waited for.
        max_pause_s: the pause between two probes doubles from a second up to this.
    """

    def __init__(self, list_models: Callable[[], Awaitable[object]], longest_wait_s: float, max_pause_s: float) -> None:
        self._list_models = list_models
        self._longest_wait_s = longest_wait_s
        self._max_pause_s = max_pause_s
        self._attempts = self._outages = 0
        self._streak = self._first = 0
        """Failures in a row, and the number of the first of them."""
        self._failing: set[object] = set()
        """Which requests failed in that row, but for those to which the server was slow."""
        self._held: deque[_Held] = deque()
        self._prober: asyncio.Task[None] | None = None
        self._since = 0.0
        self.away: Away | None = None
        """Set while the server is taken to be away."""

    async def ask(self, ask: Callable[[Callable[[], None]], Awaitable[_T]], patience: Patience) -> _T:
        """Asks until there is an answer or no use in asking.

        Args:
            ask: one attempt; it calls what it is given as soon as the server answers. Raises Failure.
            patience: how many failures are borne.

        Raises:
            Failure: of the last attempt.
        """
        turn = _Turn(self, patience)
        return await persist(lambda: turn.attempt(ask), patience)

    async def admit(self) -> Ticket:
        """Waits while requests are held."""
        ticket = await self._hold(failed=False) if self._prober else None
        return ticket or self._ticket()

    def answered(self, ticket: Ticket) -> None:
        """The server is there, whatever it answers; unless it only finishes what it began before it went away."""
        ticket.tell(None)
        if ticket.number > self._first:
            self._forget_row()

    async def excuse(self, ticket: Ticket, failure: Failure, request: object, *, last: bool) -> Ticket | None:
        """What follows on an attempt that failed for the server's sake.

        Args:
            ticket: of that attempt.
            failure: what went wrong.
            request: whose attempt it was.
            last: whether the request fails for good if this counts.

        Returns:
            The leave for the next attempt, when the server is back; None where the failure counts.
        """
        ticket.tell(failure)
        if ticket.outages < self._outages and self._prober is None:
            return self._ticket()  # it began before an outage that has ended meanwhile
        self._first = self._first if self._streak else ticket.number
        self._streak += 1
        if failure.kind != ErrorKind.TIMEOUT:
            self._failing.add(request)
        if self._prober is None:
            if self._streak < _FAILURES_IN_A_ROW and not last:
                return None
            self._since = time.monotonic()
            self._prober = asyncio.create_task(self._probe_until_back())
        return await self._hold(failed=True)

    async def close(self) -> None:
        """Ends the probing."""
        if self._prober:
            self._prober.cancel()
            await asyncio.gather(self._prober, return_exceptions=True)

    def _ticket(self, trial: asyncio.Future[Failure | None] | None = None) -> Ticket:
        self._attempts += 1
        return Ticket(self._attempts, self._outages, trial)

    def _forget_row(self) -> None:
        self._streak = 0
        self._failing.clear()

    async def _hold(self, *, failed: bool) -> Ticket | None:
        held = _Held(asyncio.get_running_loop().create_future(), failed)
        # What never failed is the better probe, so it stands first; what failed as a probe goes to the end of the row.
        (self._held.append if failed else self._held.appendleft)(held)
        return await held.leave

    async def _probe_until_back(self) -> None:
        pause = tenacity.wait_exponential(multiplier=1, max=self._max_pause_s)

        def wait(state: tenacity.RetryCallState) -> float:
            asked = self.away.failure.retry_after_s if self.away else 0.0
            return max(pause(state), min(asked, self._longest_wait_s))

        retrying = tenacity.AsyncRetrying(wait=wait, retry=tenacity.retry_if_exception_type(Failure))
        await retrying(self._probe)
        self._release()

    async def _probe(self) -> None:
        """Returns where the server is not away, or not any more; raises Failure where it is."""
        failure = await self._no_list()
        if failure is None and (self.away or len(self._failing) > 1):
            failure = await self._try_one()
        if failure:
            self._outages += self.away is None
            self.away = Away(failure, self._since)
            raise failure

    async def _no_list(self) -> Failure | None:
        try:
            await self._list_models()
        except Failure as failure:
            return failure if failure.away else None
        return None

    async def _try_one(self) -> Failure | None:
        while self._held:
            held = self._held.popleft()
            if not held.leave.done():
                trial: asyncio.Future[Failure | None] = asyncio.get_running_loop().create_future()
                held.leave.set_result(self._ticket(trial))
                return await trial
        return None

    def _release(self) -> None:
        excused, self.away, self._prober = self.away is not None, None, None
        if excused:
            self._forget_row()
        held, self._held = self._held, deque()
        for one in held:
            if not one.leave.done():
                one.leave.set_result(self._ticket() if excused or not one.failed else None)


class _Turn:
    """One request's attempts."""

    def __init__(self, outage: Outage, patience: Patience) -> None:
        self._outage, self._patience = outage, patience
        self._doubtful = self._outages = 0
        """Failures that counted and for which an outage may yet turn out to be the cause, and the outages so far."""

    async def attempt(self, ask: Callable[[Callable[[], None]], Awaitable[_T]]) -> _T:
        """One that counts, and before it all those that an outage excuses."""
        ticket: Ticket | None = await self._outage.admit()
        while ticket is not None:
            self._forgive(ticket)
            outcome = await self._once(ask, ticket)
            if not isinstance(outcome, Failure):
                return outcome
            failure, ticket = outcome, await self._excuse(ticket, outcome)
        raise failure

    async def _once(self, ask: Callable[[Callable[[], None]], Awaitable[_T]], ticket: Ticket) -> _T | Failure:
        try:
            reply = await ask(lambda: self._outage.answered(ticket))
        except Failure as failure:
            return failure
        self._outage.answered(ticket)
        return reply

    async def _excuse(self, ticket: Ticket, failure: Failure) -> Ticket | None:
        if not failure.away:
            self._outage.answered(ticket)
            return None
        last = self._patience.ends_with(failure)
        following = await self._outage.excuse(ticket, failure, self, last=last)
        self._doubtful += following is None
        return following

    def _forgive(self, ticket: Ticket) -> None:
        if ticket.outages > self._outages:
            self._patience.failures -= self._doubtful
            self._doubtful, self._outages = 0, ticket.outages

"""A server that refuses whatever it is asked: found out from a few replies, so that a run ends there.

- One refusal may be meant for what was asked. So it waits for what the other requests on their way come to, and for a
  trial request, which nothing can be said against. Where that is refused, too, or where all that was asked was refused,
  and of a few problems, nothing will be answered; and none of these refusals is anybody's fault.
- Once the server has answered, only a trial that is refused with the same status ends it: a key may be revoked, and
  money spent, in the middle of a run.
"""

import asyncio
from collections.abc import Awaitable, Callable

from a2r_ray.engines.openai.failures import Failure

_FEW = 3
"""Problems; of fewer it may be their own fault."""
_STANDS_S = 10.0
"""For how long a trial speaks for a server that has served."""


class Refusals:
    """Keeps an eye on the first replies; used in one event loop.

    Args:
        try_out: sends a request that nothing can be said against; returns the refusal, None where there is none. Raises
            Failure where the server is away.
    """

    def __init__(self, try_out: Callable[[], Awaitable[Failure | None]]) -> None:
        self._try_out = try_out
        self._trial: asyncio.Future[Failure | None] | None = None
        self._tried_at = 0.0
        self._serves = False
        self._on_their_way = 0
        self._refused: set[str] = set()
        """Problems."""
        self._verdict: asyncio.Future[bool] | None = None
        """What those wait for that were refused."""

    def sent(self) -> None:
        """A request is sent; ``failed`` or ``answered`` follows."""
        self._on_their_way += 1

    def answered(self) -> None:
        """The server has begun to answer a request."""
        if not self._serves:
            self._serves = True
            self._judge(total=False)

    async def failed(self, failure: Failure, problem: str) -> bool:
        """Says what became of a request; returns whether all that is asked is refused.

        Args:
            failure: what became of it.
            problem: what it was about.
        """
        self._on_their_way -= 1
        if self._serves:
            return failure.of_all and await self._serves_no_more(failure)
        if not failure.of_all:
            self._look_around()
            return False
        self._refused.add(problem)
        self._verdict = self._verdict or asyncio.get_running_loop().create_future()
        verdict = self._verdict
        if await self._tried(float("inf")) is not None:
            return True
        self._look_around()
        return await asyncio.shield(verdict)

    def _look_around(self) -> None:
        """Judges, where nothing is on its way any more."""
        if self._on_their_way == 0 and self._trial is not None and self._trial.done():
            self._judge(total=len(self._refused) >= _FEW)

    def _judge(self, *, total: bool) -> None:
        if self._verdict is not None and not self._verdict.done():
            self._verdict.set_result(total)
        self._verdict = None

    async def _serves_no_more(self, failure: Failure) -> bool:
        """Whether a trial is refused as a request was, of a server that has served."""
        trial = await self._tried(_STANDS_S)
        return trial is not None and trial.of_all and trial.status == failure.status

    async def _tried(self, stands_s: float) -> Failure | None:
        """What became of the trial, which is made where there was none, or the last is older."""
        now = asyncio.get_running_loop().time()
        if self._trial is None or (self._trial.done() and now - self._tried_at > stands_s):
            self._trial, self._tried_at = asyncio.ensure_future(self._refusal_of_trial()), now
        return await asyncio.shield(self._trial)

    async def _refusal_of_trial(self) -> Failure | None:
        try:
            return await self._try_out()
        except Failure:  # the server is away: that is another matter
            return None

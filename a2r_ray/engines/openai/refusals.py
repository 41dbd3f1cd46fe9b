"""A server that refuses whatever it is asked: found out from its first replies, so that a run ends there.

- One refusal may be meant for what was asked. So it waits for what the other requests on their way come to, and for a
  trial request, which nothing can be said against. Where that is refused, too, or where all that was asked was refused,
  and of a few problems, nothing will be answered; and none of these refusals is anybody's fault.
- Whatever the server has once answered, it serves: from then on a refusal is that of a request.
"""

import asyncio
from collections.abc import Awaitable, Callable

from a2r_ray.engines.openai.failures import Failure

_FEW = 3
"""Problems; of fewer it may be their own fault."""


class Refusals:
    """Keeps an eye on the first replies; used in one event loop.

    Args:
        try_out: sends a request that nothing can be said against; returns the refusal, None where there is none. Raises
            Failure where the server is away.
    """

    def __init__(self, try_out: Callable[[], Awaitable[Failure | None]]) -> None:
        self._try_out = try_out
        self._trial: asyncio.Future[bool] | None = None
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
            return False
        if not failure.of_all:
            self._look_around()
            return False
        self._refused.add(problem)
        self._verdict = self._verdict or asyncio.get_running_loop().create_future()
        verdict = self._verdict
        self._trial = self._trial or asyncio.ensure_future(self._is_refused_too())
        if await asyncio.shield(self._trial):
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

    async def _is_refused_too(self) -> bool:
        try:
            return await self._try_out() is not None
        except Failure:  # the server is away: that is another matter
            return False

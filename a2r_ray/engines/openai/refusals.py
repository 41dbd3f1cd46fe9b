"""A server that refuses whatever it is asked: found out within its first replies, so that a run ends there.

- One refusal may be meant for what was asked. So the first is followed by a trial request, which nothing can be said
  against; and refusals of a few problems in a row, to which nothing older is still on its way, need none.
- Whatever the server has once answered, it serves: from then on a refusal is that of a request.
"""

import asyncio
from collections.abc import Awaitable, Callable

from a2r_ray.engines.openai.failures import Failure

_PROBLEMS_IN_A_ROW = 3


class Refusals:
    """Keeps an eye on the first replies; used in one event loop.

    Args:
        try_out: sends a request that nothing can be said against; returns the refusal, None where there is none.
    """

    def __init__(self, try_out: Callable[[], Awaitable[Failure | None]]) -> None:
        self._try_out = try_out
        self._trial: asyncio.Future[Failure | None] | None = None
        self._serves = False
        self._asked = 0
        self._pending: set[int] = set()
        self._refused: set[str] = set()
        """Problems."""

    def begin(self) -> int:
        """A request is sent; returns its number."""
        self._asked += 1
        if not self._serves:
            self._pending.add(self._asked)
        return self._asked

    def answered(self) -> None:
        """The server has begun to answer a request."""
        if not self._serves:
            self._serves = True
            self._pending.clear()
            self._refused.clear()

    async def are_total(self, failure: Failure, number: int, problem: str) -> bool:
        """Whether a request that failed says that all will.

        Args:
            failure: what became of it.
            number: the request's.
            problem: what it was about.
        """
        self._pending.discard(number)
        if self._serves or not failure.of_all:
            return False
        self._refused.add(problem)
        if len(self._refused) >= _PROBLEMS_IN_A_ROW and number < min(self._pending, default=number + 1):
            return True
        if self._trial is None:
            self._trial = asyncio.ensure_future(self._try_out())
        try:
            return await asyncio.shield(self._trial) is not None
        except Failure:  # the server is away: that is another matter
            return False

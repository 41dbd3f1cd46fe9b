"""Asking again: whether another attempt is of use, and how long to wait for it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import tenacity

from a2r_ray.engines.openai.failures import Failure
from a2r_ray.errors import ErrorKind

_T = TypeVar("_T")


@dataclass
class Patience:
    """How much of a request's failing is borne, and how much of that is used up."""

    attempts: int
    longest_wait_s: float
    """The longest Retry-After that is waited for."""
    max_backoff_s: float
    """The wait between two attempts doubles up to so many seconds."""
    failures: int = 0
    """Those that count."""

    def ends_with(self, failure: Failure) -> bool:
        """Whether, with this failure counted, asking again is of no use."""
        return self.failures + 1 >= self.attempts or not failure.passes_within(self.longest_wait_s)


async def persist(ask: Callable[[], Awaitable[_T]], patience: Patience) -> _T:
    """Asks until there is an answer or no use in asking; each Failure that ``ask`` raises counts.

    Raises:
        Failure: of the last attempt, whatever it was.
    """
    backoff = tenacity.wait_random_exponential(multiplier=1, max=patience.max_backoff_s)

    def goes_on(state: tenacity.RetryCallState) -> bool:
        if state.outcome is None or not state.outcome.failed:
            return False
        ends = patience.ends_with(_last_failure(state))
        patience.failures += 1
        return not ends

    retrying = tenacity.AsyncRetrying(
        wait=lambda state: backoff(state) + _last_failure(state).retry_after_s, retry=goes_on, reraise=True
    )

    async def once() -> _T:  # what tenacity is given must be seen to be a coroutine function
        return await ask()

    return await retrying(once)


def _last_failure(state: tenacity.RetryCallState) -> Failure:
    error = state.outcome and state.outcome.exception()
    return error if isinstance(error, Failure) else Failure(ErrorKind.ENGINE, str(error), may_pass=False)

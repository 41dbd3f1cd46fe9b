"""Asking a server again: what a failure means, whether another attempt is of use, and how long to wait for it."""

import asyncio
import email.utils
import math
import re
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeVar

import openai
import tenacity

from a2r_ray.errors import ErrorKind

_TOO_LONG = re.compile(
    r"context[_ ](length|window|size)|(prompt|input) is too long|max_model_len|maximum model length"
    r"|input token count|max_new_tokens` must be <=",
    re.IGNORECASE,
)
"""How servers say that a prompt does not fit: OpenAI, vLLM, SGLang, llama.cpp, Anthropic, Gemini, TGI."""

_T = TypeVar("_T")


class Failure(Exception):  # noqa: N818 (it becomes data)
    """One attempt's failure; its text may hold the key."""

    def __init__(
        self, kind: str, text: str, *, status: int = 0, may_pass: bool = True, retry_after_s: float = 0
    ) -> None:
        super().__init__(text)
        self.kind = kind
        self.status = status
        self.may_pass = may_pass
        self.retry_after_s = retry_after_s

    def passes_within(self, timeout_s: float) -> bool:
        """Whether asking again is of use, and soon enough."""
        return self.may_pass and self.retry_after_s <= timeout_s

    @property
    def means_no_service(self) -> bool:
        """Not so where the server answers but lists no models, as many do, or is only busy."""
        return (
            self.kind not in {ErrorKind.REFUSED, ErrorKind.RATE_LIMITED} and self.status != HTTPStatus.NOT_IMPLEMENTED
        )


async def persist(ask: Callable[[], Awaitable[_T]], attempts: int, timeout_s: float, max_backoff_s: float) -> _T:
    """Asks until there is an answer or no use in asking.

    Args:
        ask: one attempt.
        attempts: at most so many.
        timeout_s: seconds that one may take, and the longest Retry-After that is waited for.
        max_backoff_s: the wait between two of them doubles up to so many seconds.

    Raises:
        Failure: of the last attempt, whatever it was.
    """
    backoff = tenacity.wait_random_exponential(multiplier=1, max=max_backoff_s)
    retrying = tenacity.AsyncRetrying(
        stop=tenacity.stop_after_attempt(attempts),
        wait=lambda state: backoff(state) + _last_failure(state).retry_after_s,
        retry=lambda state: state.outcome.failed and _last_failure(state).passes_within(timeout_s),
        reraise=True,
    )
    return await retrying(_attempt, ask, timeout_s)


async def _attempt(ask: Callable[[], Awaitable[_T]], timeout_s: float) -> _T:
    try:
        async with asyncio.timeout(timeout_s):
            return await ask()
    except Exception as error:  # noqa: BLE001 (a request's failure is data, whatever it is)
        failure = _failure(error)
    raise failure


def _failure(error: Exception) -> Failure:
    match error:
        case Failure():
            return error
        case TimeoutError() | openai.APITimeoutError():
            return Failure(ErrorKind.TIMEOUT, "the server did not answer in time")
        case openai.APIConnectionError() if "peer closed connection" in str(error.__cause__):
            return Failure(ErrorKind.BAD_REPLY, f"the reply is cut off: {error.__cause__}")
        case openai.APIConnectionError():
            return Failure(ErrorKind.CONNECTION, f"{error.message} {error.__cause__ or ''}".strip())
        case openai.APIStatusError():
            return _status_failure(error)
        case _:
            return Failure(ErrorKind.ENGINE, f"{type(error).__name__}: {error}", may_pass=False)


def _status_failure(error: openai.APIStatusError) -> Failure:
    status, headers = error.status_code, error.response.headers
    said = error.body.get("message") if isinstance(error.body, dict) else error.body
    text = f"HTTP {status}: {said or error.message}"
    passing = {408: ErrorKind.TIMEOUT, 409: ErrorKind.SERVER, 429: ErrorKind.RATE_LIMITED}
    kind = passing.get(status, ErrorKind.SERVER if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ErrorKind.REFUSED)
    if kind == ErrorKind.REFUSED and _TOO_LONG.search(f"{error.code} {text}"):
        kind = ErrorKind.PROMPT_TOO_LONG
    hint = headers.get("x-should-retry")
    may_pass = hint == "true" or (hint != "false" and (status in passing or kind == ErrorKind.SERVER))
    retry_after_s = _retry_after_s(headers.get("retry-after", ""))
    return Failure(kind, text, status=status, may_pass=may_pass, retry_after_s=retry_after_s)


def _retry_after_s(header: str) -> float:
    """The seconds that a Retry-After header asks for, as a number or a date; 0 where it says nothing."""
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(header).timestamp() - time.time()
        except (ValueError, OverflowError):
            return 0.0
    return max(0.0, seconds) if not math.isnan(seconds) else 0.0


def _last_failure(state: tenacity.RetryCallState) -> Failure:
    error = state.outcome and state.outcome.exception()
    return error if isinstance(error, Failure) else Failure(ErrorKind.ENGINE, str(error), may_pass=False)

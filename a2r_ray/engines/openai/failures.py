"""A failed attempt: what it means, whether asking again is of use, and whether the server is to blame.

- Every exception of an attempt becomes a Failure, and none is chained to one: a chain would carry the key on.
- ``away`` says that the server, not the request, failed: it was not reached, or a gateway before it said so, or not a
  byte came in time. A reply that breaks off is not of that kind, since a request may be what ends the server.
"""

import email.utils
import json
import math
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass
from http import HTTPStatus
from typing import TypeVar

import openai

from a2r_ray.errors import ErrorKind

_TOO_LONG = re.compile(
    r"context[_ ](length|window|size)|(prompt|input) is too long|max_model_len|maximum model length"
    r"|input token count|max_new_tokens` must be <=",
    re.IGNORECASE,
)
"""How servers say that a prompt does not fit: OpenAI, vLLM, SGLang, llama.cpp, Anthropic, Gemini, TGI."""
_TOO_SHORT = re.compile(r"max_(completion_|output_)?tokens|output limit", re.IGNORECASE)
_PASSING = {408: ErrorKind.TIMEOUT, 409: ErrorKind.SERVER, 429: ErrorKind.RATE_LIMITED}
_OF_ALL = frozenset({401, 402, 403, 404, 405, 407, 410})
"""With these a server mostly says of a key, a model or an address that it is the wrong one, whatever is asked."""
_LONG_S = 600.0
"""Who is to come back later than so has no quota left, and neither has the next request."""
_OUT_OF_MONEY = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
"""What OpenAI says with a 429, though no waiting helps."""
_NO_MODEL = re.compile(
    r"model[^.]{0,80}(not found|not exist|not available|not loaded|no access)|(unknown|invalid|no such) model"
    r"|model_not_found|deploymentnotfound|unsupported[_ ]?(param|value)|unrecogni[sz]ed request argument"
    r"|extra_forbidden|(unknown|unexpected) (parameter|argument|field)|api.key.{0,20}(invalid|not valid|incorrect)",
    re.IGNORECASE,
)
"""How others say so with a 400: also of a model's parameters, which are the same in every request."""
_AWAY = frozenset({502, 503, 504, 520, 521, 522, 523, 524})
"""What gateways answer in place of a server that they do not reach; from 520 on it is Cloudflare's."""

_T = TypeVar("_T")


@dataclass(eq=False)
class Failure(Exception):  # noqa: N818 (it becomes data)
    """One attempt's failure; its text may hold the key."""

    kind: str
    text: str
    _: KW_ONLY
    status: int = 0
    may_pass: bool = True
    retry_after_s: float = 0.0
    away: bool = False
    """The server is to blame: it, or a gateway before it, was not to be had."""
    of_all: bool = False
    """It may well be said of every request, whatever is asked."""

    def __str__(self) -> str:
        return self.text

    def passes_within(self, timeout_s: float) -> bool:
        """Whether asking again is of use, and soon enough."""
        return self.may_pass and self.retry_after_s <= timeout_s

    @property
    def means_no_service(self) -> bool:
        """Not so where the server answers but lists no models, as many do, or is only busy."""
        return (
            self.kind not in {ErrorKind.REFUSED, ErrorKind.RATE_LIMITED} and self.status != HTTPStatus.NOT_IMPLEMENTED
        )


def refuses(trial: Failure) -> bool:
    """Whether a trial request for a single token was refused; that one token is too few is no refusal."""
    return trial.of_all or (trial.kind == ErrorKind.REFUSED and not _TOO_SHORT.search(trial.text))


async def attempt(ask: Callable[[], Awaitable[_T]], answers: Callable[[], bool] = lambda: False) -> _T:
    """Asks once.

    Args:
        ask: what is asked.
        answers: whether the server is known to be there, asked after a failure.

    Raises:
        Failure: whatever went wrong.
    """
    try:
        return await ask()
    except Failure:
        raise
    except Exception as error:  # noqa: BLE001 (a request's failure is data, whatever it is)
        own = error.__cause__  # of what was seen in the middle of a request
        failure = own if isinstance(own, Failure) else _failure(error, away=not answers())
    raise failure


def _failure(error: Exception, *, away: bool) -> Failure:
    match error:
        case TimeoutError() | openai.APITimeoutError():
            return Failure(ErrorKind.TIMEOUT, "the server did not answer in time", away=away)
        case openai.APIConnectionError():
            return _connection_failure(error, away=away)
        case openai.APIStatusError():
            return _status_failure(error)
        case openai.APIError():
            return _broken_off(error)
        case json.JSONDecodeError() | UnicodeDecodeError():
            return Failure(ErrorKind.BAD_REPLY, f"the reply is no stream of JSON: {error}")
        case _:
            return Failure(ErrorKind.ENGINE, f"{type(error).__name__}: {error}", may_pass=False)


_NO_REDIRECT = {"TooManyRedirects", "UnsupportedProtocol", "InvalidURL"}
"""By name: the client's library for HTTP differs with its version."""


def _connection_failure(error: openai.APIConnectionError, *, away: bool) -> Failure:
    if type(error.__cause__).__name__ in _NO_REDIRECT:
        text = f"it redirects to where nobody can answer ({error.__cause__}): correct `base_url`"
        return Failure(ErrorKind.REFUSED, text, may_pass=False, of_all=True)
    if not away or "peer closed connection" in str(error.__cause__):
        return Failure(ErrorKind.BAD_REPLY, f"the reply is cut off: {error.__cause__}")
    return Failure(ErrorKind.CONNECTION, f"{error.message} {error.__cause__ or ''}".strip(), away=True)


def _status_failure(error: openai.APIStatusError) -> Failure:
    status, headers = error.status_code, error.response.headers
    said = error.body.get("message") if isinstance(error.body, dict) else error.body
    text = f"HTTP {status}: {said or error.message}"
    kind = _PASSING.get(status, ErrorKind.SERVER if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ErrorKind.REFUSED)
    if kind == ErrorKind.REFUSED and _TOO_LONG.search(f"{error.code} {text}"):
        kind = ErrorKind.PROMPT_TOO_LONG
    hint, broke = headers.get("x-should-retry"), error.code in _OUT_OF_MONEY
    may_pass = not broke and (hint == "true" or (hint != "false" and (status in _PASSING or kind == ErrorKind.SERVER)))
    retry_after_s = _retry_after_s(headers.get("retry-after", ""))
    refused = kind == ErrorKind.REFUSED and (status in _OF_ALL or bool(_NO_MODEL.search(f"{error.code} {text}")))
    return Failure(
        kind,
        text,
        status=status,
        may_pass=may_pass,
        retry_after_s=retry_after_s,
        away=may_pass and status in _AWAY,
        of_all=broke or refused or (status == HTTPStatus.TOO_MANY_REQUESTS and retry_after_s > _LONG_S),
    )


def _broken_off(error: openai.APIError) -> Failure:
    """An error in the middle of a stream, where no status can tell what it is."""
    text = f"the server broke its reply off: {error.message}"
    if _TOO_LONG.search(f"{error.code} {error.message}"):
        return Failure(ErrorKind.PROMPT_TOO_LONG, text, may_pass=False)
    return Failure(ErrorKind.BAD_REPLY, text)


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

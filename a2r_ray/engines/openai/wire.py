"""What is sent, and how a reply is read.

- Replies are streamed, so that a long one is not taken for a lost one: the time-out is for the first token and for each
  pause between two. A server that answers in one piece has that time for the whole.
- A reply is one only if it came whole and ended by itself; all else fails. What was received by then is counted.
- What a server does not take of how it is asked is asked of it once, and remembered: to stream, to count the tokens of
  a stream, and by which name it is told how many tokens to generate at most.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from typing import Any

import openai
from pydantic import ValidationError

from a2r_ray.engines import Request
from a2r_ray.engines.openai.failures import Failure, attempt
from a2r_ray.engines.openai.reply import Reply, Transcript, first_mistake
from a2r_ray.errors import ErrorKind

_STREAMS: tuple[dict[str, Any], ...] = (
    {"stream": True, "stream_options": {"include_usage": True}},
    {"stream": True},
    {},
)
"""How a reply is asked for, the best first; a server that refuses one is asked for the next."""
_REFUSED = re.compile(r"\bstream(ing|_options)?\b", re.IGNORECASE)
_LENGTHS = ("max_tokens", "max_completion_tokens")
"""What servers call the most tokens to be generated, the first for those that take both."""
_NOT_TAKEN = re.compile(
    r"un(supported|recogni[sz]ed|known|expected)|not[_ ](supported|recogni[sz]ed|permitted|allowed|a valid)|forbidden"
    r"|\bextra\b|extra_forbidden|deprecated|\binstead\b",
    re.IGNORECASE,
)
_REFUSALS = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.NOT_IMPLEMENTED}


class Wire:
    """The chat completions of one model at one server."""

    def __init__(self, client: openai.AsyncOpenAI, url: str, model: str) -> None:
        self._client, self._model = client, model
        self._refused = 0
        """How many of the ways of asking the server does not take."""
        # Its reasoning models know no other name.
        self._length = _LENGTHS[url.startswith("https://api.openai.com/")]

    async def ask(self, request: Request, timeout_s: float, heard: Transcript, answered: Callable[[], None]) -> Reply:
        """Asks once.

        Args:
            request: what is asked.
            timeout_s: the longest wait for a token.
            heard: takes down the reply as it comes.
            answered: called with every sign of life.

        Raises:
            Failure: there is no reply, or it is not whole.
        """
        return await attempt(lambda: self._ask(request, timeout_s, heard, answered), lambda: heard.begun)

    async def _ask(self, request: Request, timeout_s: float, heard: Transcript, answered: Callable[[], None]) -> Reply:
        refused, length, renamed = self._refused, self._length, False
        while True:
            try:
                asked = {"extra_body": _body_of(request, length), **_STREAMS[refused]}
                reply = await self._send(request, asked, timeout_s, heard, answered)
            except openai.APIStatusError as error:
                if _refuses(error, _STREAMS[refused]):
                    refused += 1
                elif not renamed and _knows_not(error, length):
                    length, renamed = next(name for name in _LENGTHS if name != length), True
                else:
                    raise
            else:
                self._refused, self._length = max(refused, self._refused), length
                return reply

    async def _send(
        self,
        request: Request,
        asked: dict[str, Any],
        timeout_s: float,
        heard: Transcript,
        answered: Callable[[], None],
    ) -> Reply:
        create: Any = self._client.chat.completions.with_streaming_response.create
        messages = [dict(message) for message in request.messages]
        now = asyncio.get_running_loop().time
        async with (
            asyncio.timeout(timeout_s) as limit,
            create(model=self._model, messages=messages, **asked) as response,
        ):
            heard.begun = True
            if "event-stream" not in response.headers.get("content-type", ""):
                return heard.whole_reply(await _body(response))
            chunks = await response.parse(to=_Chunks)
            async for chunk in chunks:
                limit.reschedule(now() + timeout_s)
                answered()
                _take(heard, chunk)
            return heard.reply(done=chunks.done)


class _Chunks(openai.AsyncStream[object]):
    """The chunks as they are, unchecked; and whether the server said that there are no more."""

    done = False

    async def _iter_events(self) -> AsyncIterator[Any]:
        async for event in super()._iter_events():
            self.done = event.data.startswith("[DONE]")
            yield event


async def _body(response: Any) -> bytes:
    """All of a reply in one piece; the client does not make its own error of one that breaks off."""
    try:
        body: bytes = await response.read()
    except Exception as error:  # noqa: BLE001 (the client's library for HTTP differs with its version)
        text = f"the reply is cut off: {error}"
    else:
        return body
    raise Failure(ErrorKind.BAD_REPLY, text)


def _take(heard: Transcript, chunk: object) -> None:
    try:
        heard.add(chunk)
    except ValidationError as error:
        text = f"{first_mistake(error)}: {chunk}"
    else:
        return
    raise Failure(ErrorKind.BAD_REPLY, text)


def _refuses(error: openai.APIStatusError, stream: dict[str, Any]) -> bool:
    """Whether the server refuses not what is asked, but to stream or to count the tokens of a stream."""
    return bool(stream) and error.status_code in _REFUSALS and bool(_REFUSED.search(f"{error.message} {error.body}"))


def _knows_not(error: openai.APIStatusError, length: str) -> bool:
    """Whether the server refuses not what is asked, but the name of the most tokens that it may generate."""
    said = f"{error.message} {error.body}"
    # One that is too large is named, too; but not as something that is not known.
    named = re.search(rf"\b{length}\b", said) is not None
    return error.status_code in _REFUSALS and named and _NOT_TAKEN.search(said) is not None


def _body_of(request: Request, length: str) -> dict[str, Any]:
    """What is asked beside the messages, as the API has it; what is not set is not sent."""
    sampling = request.sampling.model_dump(exclude_none=True)
    sampling[length] = sampling.pop("max_tokens")
    if request.seed is not None:
        sampling["seed"] = request.seed
    if request.template_kwargs:
        sampling["chat_template_kwargs"] = dict(request.template_kwargs)
    return {"n": 1, **sampling, **request.extra_body}

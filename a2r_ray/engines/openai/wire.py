"""What is sent, and how a reply is read.

- Replies are streamed, so that a long one is not taken for a lost one: the time-out is for the first token and for each
  pause between two. A server that answers in one piece has that time for the whole.
- A reply is one only if it came whole and ended by itself; all else fails. What was received by then is counted.
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
_REFUSALS = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.NOT_IMPLEMENTED}


class Wire:
    """The chat completions of one model at one server."""

    def __init__(self, client: openai.AsyncOpenAI, url: str, model: str, extra_body: dict[str, Any]) -> None:
        self._client, self._url, self._model, self._extra_body = client, url, model, extra_body
        self._refused = 0
        """How many of the ways of asking the server does not take."""

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
        refused = self._refused
        while True:
            try:
                reply = await self._send(request, _STREAMS[refused], timeout_s, heard, answered)
            except openai.APIStatusError as error:
                if not _refuses(error, _STREAMS[refused]):
                    raise
                refused += 1
            else:
                self._refused = max(refused, self._refused)
                return reply

    async def _send(
        self,
        request: Request,
        stream: dict[str, Any],
        timeout_s: float,
        heard: Transcript,
        answered: Callable[[], None],
    ) -> Reply:
        create: Any = self._client.chat.completions.with_streaming_response.create
        body = {**_sampling(request, self._url), **self._extra_body}
        messages = [dict(message) for message in request.messages]
        now = asyncio.get_running_loop().time
        async with (
            asyncio.timeout(timeout_s) as limit,
            create(model=self._model, messages=messages, extra_body=body, **stream) as response,
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


def _sampling(request: Request, url: str) -> dict[str, Any]:
    """The request's sampling as the API has it; what is not set is not sent."""
    sampling = request.sampling.model_dump(exclude_none=True)
    if url.startswith("https://api.openai.com/"):
        sampling["max_completion_tokens"] = sampling.pop("max_tokens")  # its reasoning models know no other name
    if request.seed is not None:
        sampling["seed"] = request.seed
    return {"n": 1, **sampling}

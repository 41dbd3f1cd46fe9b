"""A reply: what is made of a chat completion, come in one piece or in chunks.

Servers differ in much of what they send, so only what is used is read, and checked.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from a2r_ray.engines.openai.failures import Failure
from a2r_ray.errors import ErrorKind

_ENDS = {name: name for name in ("stop", "length", "content_filter", "tool_calls", "function_call")} | {
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
}
"""The finish reasons of a reply that ended by itself, with other servers' names for a stop."""
_ABORTS = {"abort", "aborted", "cancelled", "canceled", "error"}


@dataclass(frozen=True)
class Reply:
    """What the model said."""

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Completion(BaseModel):
    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: _Usage | None = None


class _Part(BaseModel):
    delta: _Message | None = None
    finish_reason: str | None = None


class _Chunk(BaseModel):
    choices: list[_Part] | None = None
    """Empty in the last one, which holds the usage."""
    usage: _Usage | None = None


class Transcript:
    """One attempt's reply as far as it has come."""

    def __init__(self) -> None:
        self.begun = False
        """Whether the server has begun to answer."""
        self._thinking: list[str] = []
        self._answer: list[str] = []
        self._refusal: list[str] = []
        self._finish_reason: str | None = None
        self._usage: _Usage | None = None
        self._spoken = 0

    @property
    def prompt_tokens(self) -> int:
        """0 where the reply broke off: the usage comes last."""
        return (self._usage.prompt_tokens or 0) if self._usage else 0

    @property
    def completion_tokens(self) -> int:
        """As the server counts; where it has not, one for each chunk that says something.

        That is the best guess: servers send a chunk per token, but some put a few into one.
        """
        counted = self._usage.completion_tokens if self._usage else None
        return self._spoken if counted is None else counted

    def add(self, chunk: object) -> None:
        """Takes down a chunk of a stream.

        Raises:
            ValidationError: it is none.
        """
        read = _Chunk.model_validate(chunk)
        self._usage = read.usage or self._usage
        if not read.choices:
            return
        part = read.choices[0]
        self._finish_reason = part.finish_reason or self._finish_reason
        if part.delta:
            self._say(part.delta)

    def _say(self, delta: _Message) -> None:
        # Some servers send the same thinking under both names.
        thinking = delta.reasoning_content or delta.reasoning
        for said, parts in ((thinking, self._thinking), (delta.content, self._answer), (delta.refusal, self._refusal)):
            if said:
                parts.append(said)
        self._spoken += bool(thinking or delta.content or delta.refusal)

    def reply(self, *, done: bool) -> Reply:
        """The reply of a stream that has ended.

        Args:
            done: whether the server said that this is the end.

        Raises:
            Failure: it is not whole, or was given up.
        """
        if self._finish_reason and (done or self._finish_reason in _ABORTS):
            return self._reply(self._finish_reason)
        lacks = "[DONE]" if self._finish_reason else "a finish_reason"
        raise Failure(ErrorKind.BAD_REPLY, f"the reply is cut off: the stream ended without {lacks}")

    def whole_reply(self, body: bytes) -> Reply:
        """The reply that came in one piece.

        Raises:
            Failure: it is none, or was given up.
        """
        try:
            read = _Completion.model_validate_json(body)
        except ValidationError as error:
            text = f"{first_mistake(error)}: {body.decode(errors='replace')}"
        else:
            self._usage, choice = read.usage, read.choices[0]
            self._say(choice.message)
            self._spoken = 0  # one message is not one token
            self._finish_reason = choice.finish_reason or "stop"  # it is whole; some servers say no more than that
            return self._reply(self._finish_reason)
        raise Failure(ErrorKind.BAD_REPLY, text)

    def _reply(self, finish_reason: str) -> Reply:
        if finish_reason in _ABORTS:
            raise Failure(ErrorKind.ABORTED, f"the server gave the reply up: finish_reason {finish_reason}")
        if finish_reason not in _ENDS:
            raise Failure(ErrorKind.BAD_REPLY, f"the reply has an unknown finish_reason: {finish_reason}")
        end = _ENDS[finish_reason]
        return Reply(self._text(end), end, self.prompt_tokens, self.completion_tokens)

    def _text(self, end: str) -> str:
        """The answer, behind the thinking where the server parts them; left open where it was cut off thinking."""
        thinking, answer = "".join(self._thinking), "".join(self._answer or self._refusal)
        if not thinking:
            return answer
        return f"<think>{thinking}" if not answer and end == "length" else f"<think>{thinking}</think>{answer}"


def first_mistake(error: ValidationError) -> str:
    """Why something is no chat completion."""
    mistake = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in mistake["loc"]) or "the body"
    return f"the reply is no chat completion: {where}: {mistake['msg']}"

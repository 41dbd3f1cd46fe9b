"""A reply: what is made of a chat completion, come in one piece or in chunks.

Servers differ in much of what they send, so only what is used is read, and checked.
"""

import json
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from a2r_ray.config.asking import Thinking
from a2r_ray.engines.openai.failures import Failure
from a2r_ray.errors import ErrorKind
from a2r_ray.thinking import apart, stored

_ENDS = {name: name for name in ("stop", "length", "content_filter", "tool_calls", "function_call")} | {
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
    "end_turn": "stop",
    "max_tokens": "length",
    "model_length": "length",
    "repetition": "length",
}
"""The finish reasons of a reply that ended by itself, with other servers' names for a stop and for a cut."""
_ABORTS = {"abort", "aborted", "cancelled", "canceled", "error"}
_THINKS = {"thinking", "reasoning", "reasoning.text", "reasoning.summary", "redacted_thinking", "thought"}
"""The types of the parts of a content that are thinking."""
_SAYS = ("text", "thinking", "reasoning", "summary", "content", "refusal")
"""Where a part has what it says."""


@dataclass(frozen=True)
class Reply:
    """What the model said."""

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int


def _joined(value: Any) -> Any:
    """The text of a content, or of a reasoning, that may come in parts, and these in parts of their own."""
    if isinstance(value, list) and all(isinstance(part, str | dict) for part in value):
        return "".join(part if isinstance(part, str) else _said(part) for part in value)
    return _said(value) if isinstance(value, dict) else value


def _said(part: dict[str, Any]) -> str:
    said = next((part[name] for name in _SAYS if part.get(name)), "")
    joined = _joined(said)
    return joined if isinstance(joined, str) else ""


def _parted(value: Any) -> Any:
    """A content in parts as what is thought in it and what is said."""
    if not isinstance(value, list):
        return {"said": value}
    thinks = [isinstance(part, dict) and part.get("type") in _THINKS for part in value]
    return {
        name: _joined([part for part, is_thought in zip(value, thinks, strict=True) if is_thought is wanted])
        for name, wanted in (("thought", True), ("said", False))
    }


class _Content(BaseModel):
    said: str | None = None
    thought: str | None = None


_Text = Annotated[str | None, BeforeValidator(_joined)]


class _Message(BaseModel):
    content: Annotated[_Content, BeforeValidator(_parted)] = _Content()
    refusal: str | None = None
    reasoning_content: _Text = None
    reasoning: _Text = None
    thinking: _Text = None
    reasoning_details: _Text = None
    thinking_blocks: _Text = None

    @property
    def thought(self) -> str | None:
        """What it thinks; some servers send the same under two names."""
        apart = self.reasoning_content or self.reasoning or self.thinking
        return apart or self.reasoning_details or self.thinking_blocks or self.content.thought


class _Choice(BaseModel):
    index: int | None = None
    message: _Message
    finish_reason: str | None = None


def _counted(value: Any) -> int | None:
    """A number of tokens; None for what is none."""
    whole = type(value) is int or (isinstance(value, float) and value.is_integer())
    return int(value) if whole and 0 <= value < _MOST_TOKENS else None


_MOST_TOKENS = 2**31
"""What is more is no count: and the tables hold none beyond 64 bits."""


_Tokens = Annotated[int | None, BeforeValidator(_counted)]


class _Usage(BaseModel):
    prompt_tokens: _Tokens = None
    completion_tokens: _Tokens = None


def _as_usage(value: Any) -> Any:
    """What a server says of tokens; None where it says it in a way of its own: the reply is good for all that."""
    return value if isinstance(value, dict) else None


_Counts = Annotated[_Usage | None, BeforeValidator(_as_usage)]


class _Completion(BaseModel):
    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: _Counts = None


class _Part(BaseModel):
    index: int | None = None
    delta: _Message | None = None
    finish_reason: str | None = None


class _Chunk(BaseModel):
    choices: list[_Part] | None = None
    """Empty in the last one, which holds the usage."""
    usage: _Counts = None


_AnyChoice = TypeVar("_AnyChoice", _Choice, _Part)


def _first(choices: list[_AnyChoice]) -> _AnyChoice | None:
    """The first of several answers, of which one was asked for; None where a chunk is of another."""
    return next((choice for choice in choices if not choice.index), None)


class Transcript:
    """One attempt's reply as far as it has come.

    Args:
        thinking: where the model's thinking begins and ends, where the server does not send it apart.
    """

    def __init__(self, thinking: Thinking) -> None:
        self._marks = thinking
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
        self._count(read.usage)
        if not read.choices:
            return
        part = _first(read.choices)
        if part is None:
            return
        self._finish_reason = part.finish_reason or self._finish_reason
        if part.delta:
            self._say(part.delta)

    def _count(self, usage: _Usage | None) -> None:
        """What a later chunk does not say stays as an earlier one had it."""
        known = {} if self._usage is None else self._usage.model_dump()
        said = {} if usage is None else usage.model_dump(exclude_none=True)
        self._usage = _Usage(**known | said) if known or said else None

    def _say(self, delta: _Message) -> None:
        said = (delta.thought, self._thinking), (delta.content.said, self._answer), (delta.refusal, self._refusal)
        for text, parts in said:
            if text:
                parts.append(text)
        self._spoken += any(text for text, _ in said)

    def reply(self, *, done: bool) -> Reply:
        """The reply of a stream that has ended.

        Args:
            done: whether the server said that this is the end.

        Raises:
            Failure: it is not whole, or was given up.
        """
        if self._finish_reason and (done or self._finish_reason.lower() in _ABORTS):
            return self._reply(self._finish_reason)
        lacks = "[DONE]" if self._finish_reason else "a finish_reason"
        raise Failure(ErrorKind.BAD_REPLY, f"the reply is cut off: the stream ended without {lacks}")

    def whole_reply(self, body: bytes) -> Reply:
        """The reply that came in one piece.

        Raises:
            Failure: it is none, or was given up.
        """
        try:
            read = _Completion.model_validate(
                json.loads(body)
            )  # pydantic's own reader takes no half of a surrogate pair
        except (ValueError, RecursionError) as error:
            mistake = first_mistake(error) if isinstance(error, ValidationError) else f"the reply is no JSON: {error}"
            text = f"{mistake}: {body.decode(errors='replace')}"
        else:
            self._usage, choice = read.usage, _first(read.choices) or read.choices[0]
            self._say(choice.message)
            self._spoken = 0  # one message is not one token
            if choice.finish_reason:
                return self._reply(choice.finish_reason)
            text = "the reply has no finish_reason"
        raise Failure(ErrorKind.BAD_REPLY, text)

    def _reply(self, said: str) -> Reply:
        finish_reason = said.lower()  # STOP, as some have it
        if finish_reason in _ABORTS:
            raise Failure(ErrorKind.ABORTED, f"the server gave the reply up: finish_reason {finish_reason}")
        if finish_reason not in _ENDS:
            raise Failure(ErrorKind.BAD_REPLY, f"the reply has an unknown finish_reason: {finish_reason}")
        end, text = _ENDS[finish_reason], self._text(_ENDS[finish_reason])
        if end == "stop" and not text.strip():
            raise Failure(ErrorKind.EMPTY, "the reply is empty: no text and no reasoning")
        return Reply(text, end, self.prompt_tokens, self.completion_tokens)

    def _text(self, end: str) -> str:
        """What was said, behind what was thought; left open where it was cut off thinking."""
        thinking, answer = "".join(self._thinking), "".join(self._answer or self._refusal)
        if not thinking.strip():
            return stored(answer, self._marks)
        return apart(thinking, answer, closed=bool(answer) or end != "length")


def first_mistake(error: ValidationError) -> str:
    """Why something is no chat completion."""
    mistake = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in mistake["loc"]) or "the body"
    return f"the reply is no chat completion: {where}: {mistake['msg']}"

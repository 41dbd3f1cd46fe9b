"""Chats: the messages in a row, as they are asked.

- Content is text. Of content in parts the texts are joined by line breaks, and the model's thinking is left out; images
  and sounds are refused.
- A message that calls tools may have no content. Whatever else a message has is kept as it is.
- A chat that ends with the assistant's turn asks nothing: it is refused, or cut, as ``trailing_assistant`` says.
"""

import json
from typing import Any

from a2r_ray.errors import ErrorKind
from a2r_ray.records import Message
from a2r_ray.sources.rows import as_json
from a2r_ray.sources.unfit import UnfitError, text, wrong

CHAT = 'a list of {"role": text, "content": text}'
_TEXTS = {"text": "text", "input_text": "text", "output_text": "text", "refusal": "refusal"}
"""The kinds of parts that say something, and where."""
_THINKING = {"thinking", "redacted_thinking", "reasoning", "reasoning_content"}
_CALLS = ("tool_calls", "function_call")


def messages(value: Any, column: str, *, cut: bool) -> tuple[Message, ...]:
    """The chat that is asked.

    Args:
        value: what the row has: a list, or its JSON.
        column: where it has it.
        cut: whether the assistant's turns at its end are left out.

    Raises:
        UnfitError: it is no chat, or ends with the assistant's turn.
    """
    if isinstance(value, str):  # a CSV file has no other way of holding a list
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise wrong(column, value, CHAT) from None
    if not isinstance(value, list):
        raise wrong(column, value, CHAT)
    chat = [_message(item, column) for item in value]
    while cut and chat and chat[-1]["role"] == "assistant":
        chat.pop()
    if chat and chat[-1]["role"] == "assistant":
        raise UnfitError(
            ErrorKind.ENDS_WITH_ASSISTANT,
            f"column `{column}`: found a chat that ends with the assistant's turn, expected one that asks; set "
            "input.trailing_assistant to `cut` to leave that turn out",
        )
    return tuple(chat)


def last_user_text(chat: tuple[Message, ...], column: str) -> str:
    """What the last user message says.

    Raises:
        UnfitError: there is none, or it says nothing.
    """
    last: str | None = next((m.get("content", "") for m in reversed(chat) if m["role"] == "user"), None)
    if last is None:
        roles = ", ".join(sorted({message["role"] for message in chat})) or "nobody"
        raise UnfitError(
            ErrorKind.MISSING_PROBLEM, f"column `{column}`: found messages of {roles}, expected at least one of user"
        )
    if not last.strip():
        raise UnfitError(
            ErrorKind.EMPTY_PROBLEM, f"column `{column}`: found a last user message of only whitespace, expected text"
        )
    return last


def _message(item: Any, column: str) -> Message:
    """One message; fields that a table fills with nulls are left out."""
    given = {key: value for key, value in item.items() if value is not None} if isinstance(item, dict) else {}
    if "role" not in given or not ("content" in given or any(given.get(name) for name in _CALLS)):
        raise wrong(column, item, CHAT)
    if not isinstance(given["role"], str):
        raise wrong(column, given["role"], CHAT)
    if "content" in given:
        given["content"] = _content(given["content"], column)
    if not all(isinstance(value, str) for value in given.values()):
        given = json.loads(as_json(given))  # a table may hold a time, which no message can
        text(json.dumps(given, ensure_ascii=False), column)
    for value in given.values():
        if isinstance(value, str):
            text(value, column)
    return given


def _content(value: Any, column: str) -> str:
    if isinstance(value, str):
        return value
    parts = [value] if isinstance(value, dict) else value
    if not isinstance(parts, list) or not all(isinstance(part, str | dict) for part in parts):
        raise wrong(column, value, CHAT)
    return "\n".join(said for part in parts if (said := _part(part, column)) is not None)


def _part(part: str | dict[str, Any], column: str) -> str | None:
    """What a part of a content says; None for the model's thinking."""
    if isinstance(part, str):
        return part
    kind = part.get("type", "text")
    if kind in _THINKING:
        return None
    said = part.get(_TEXTS.get(kind, "")) if isinstance(kind, str) else None
    if isinstance(said, str):
        return said
    raise UnfitError(
        ErrorKind.WRONG_TYPE,
        f"column `{column}`: found content with a part of type {kind!r}, expected text: only text is asked of the "
        "models",
    )

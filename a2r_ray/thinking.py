"""Thinking: where a model's begins and ends, and what of a text is shown to whoever reads it.

- ``visible`` needs nothing but a text as it is stored: it knows the marks of the common families of models.
- A text is stored as it came wherever ``visible`` then shows what it should; else ``stored`` and ``apart`` write it so:
  with ``<think>`` in place of marks of its own, or behind ``<think></think>`` where nothing in it is thinking.
"""

import re
from dataclasses import dataclass
from typing import Protocol

OPEN, CLOSE = "<think>", "</think>"

_NOTHING_THOUGHT = OPEN + CLOSE
"""What begins so is all answer, marks and all."""


class Thinking(Protocol):
    """What a role says of its model's thinking."""

    @property
    def marks(thinking: Thinking) -> tuple[str, ...]:
    """The texts by which a thinking is found, though they may be special tokens."""
    match thinking.marks:
        case "none":
            return ()
        case "given":
            return thinking.begin, thinking.end
    return _MARKS


def is_of_marks(token: str, thinking: Thinking) -> bool:
    """Whether a special token is to stay in a text, for the thinking and the answer to be told from each other."""
    return any(token in mark for mark in (*marks(thinking), *(_AROUND if thinking.marks == "auto" else ())))


_UNMISTAKABLE = tuple(
    begin for family in _FAMILIES if not (family.a_word or family.a_phrase) for begin in family.begins
)
_BEGINS = tuple(begin for family in _FAMILIES for begin in family.begins) + (f"{_CHANNEL}analysis<|message|>",)
_MARKS = (
    *_BEGINS,
    *(end for family in _FAMILIES for end in family.ends if not family.a_phrase),
    _CHANNEL,
)
_AROUND = (*(mark for family in _FAMILIES for mark in family.around_answer), *_HARMONY)


def _closes(text: str, family: _Marks) -> bool:
    """Whether a text that begins with no mark has a thinking of the family that ends."""
    if family.a_phrase or not any(end in text for end in family.ends):
        return False
    return not (family.a_word and any(begin in text for begin in family.begins))


def _after(text: str, family: _Marks) -> str:
    """What follows the last end; nothing where there is none."""
    end = max((at + len(end) for end in family.ends if (at := text.rfind(end)) >= 0), default=-1)
    answer = "" if end < 0 else text[end:].strip()
    for mark in family.around_answer:
        answer = answer.removeprefix(mark).strip()
    for mark in reversed(family.around_answer):
        answer = answer.removesuffix(mark).strip()
    return answer


def _final(text: str) -> str:
    """What Harmony's last final channel says."""
    *_, last = [None, *_FINAL.finditer(text)]
    return "" if last is None else _END_OF_MESSAGE.split(text[last.end() :], maxsplit=1)[0].strip()


def _rewritten(text: str, thinking: Thinking, *, opened: bool) -> str:
    before, closed, after = text.rpartition(thinking.end)
    thought = (before if closed else text).replace(thinking.begin, "", 1)
    if not closed and not opened and thinking.begin not in text:
        return _answer_alone(text)
    return apart(thought, after, closed=bool(closed))


def _answer_alone(text: str) -> str:
    return text if visible(text) == text.strip() else _NOTHING_THOUGHT + text

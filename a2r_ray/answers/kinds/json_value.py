"""JSON: compared as the values that it says, whatever its layout and the order of its keys."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from a2r_ray.answers.finding import MAX_LENGTH

_FENCE = re.compile(r"```(?:json|JSON|python)?[ \t]*\n?(.*?)```", re.DOTALL)
_OPENING = re.compile(r"[\[{]")
_BRACKET = re.compile(r"[\[\]{}]")
_AS_PYTHON = re.compile(
    r"'((?:[^'\\\n]|\\.){0,2000})'|\"(?:[^\"\\\n]|\\.){0,2000}\"|(?<![a-zA-Z])(?:True|False|None)(?![a-zA-Z])"
)
_WORDS = {"True": "true", "False": "false", "None": "null"}
_MAX_TRIES = 20
_MAX_EXPONENT = 3
"""Digits."""
_NOTHING: Any = object()


@dataclass(frozen=True, slots=True)
class JsonValue:
    """An object, a list, or a plain value of JSON; the single quotes, True and None of Python are read too."""

    name: str = "json"

    def read(self, announced: str) -> str | None:
        """The first value in the stretch, as it is written; of one that is broken no part is one.

        An object goes before a list of numbers, which may be an interval, and that before ``[1]``, which may be a note.
        """
        text = _without_drafts(announced.strip()[: 5 * MAX_LENGTH])
        fenced = _FENCE.search(text)
        if fenced is not None:
            text = fenced[1].strip()
        if _value(text) is not _NOTHING:
            return text
        return max(_values(text), key=_weight, default=None)

    def equal(self, a: str, b: str) -> bool:
        """The same value: numbers exactly, text with its case; of what is no JSON, the same text."""
        if a == b:
            return True
        one, other = _value(a), _value(b)
        if one is _NOTHING or other is _NOTHING:
            return one is other and a.strip() == b.strip()
        return bool(one == other)

    def fits(self, known: str) -> bool:
        """An object, or a list that holds more than numbers."""
        value = _value(known) if known.strip()[:1] in {"{", "["} else _NOTHING
        if value is _NOTHING:
            return False
        kind, content = value
        return bool(kind == "object" or any(element[0] != "number" for element in content))


_DRAFT = re.compile(
    r"[}\]](?:\s*```)?[^{}\[\]]{0,200}?\b(?:wrong|incorrect|correction|corrected|instead|actually|mistake|wait|final\w*|revised"
    r"|the (?:output|result|answer) is)\b[^{}\[\]]{0,60}(?=[{\[])",
    re.IGNORECASE,
)
"""Between a value that is a draft, or what was given, and the one that is meant."""


def _without_drafts(text: str) -> str:
    """What follows the last draft in a text, where that is a value."""
    if _value(text) is not _NOTHING:
        return text
    last = max((draft.end() for draft in _DRAFT.finditer(text)), default=0)
    return text[last:] if any(True for _ in _values(text[last:])) else text


def _values(text: str) -> Iterator[str]:
    """The objects and lists in a text, none within another."""
    at = 0
    for _ in range(_MAX_TRIES):
        opening = _OPENING.search(text, at)
        if opening is None:
            return
        try:
            _, at = _DECODER.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            at = _closed(text, opening.start())
            continue
        yield text[opening.start() : at]


def _weight(value: str) -> int:
    """How surely an object or a list is what is meant."""
    kind, content = _value(value) if _value(value) is not _NOTHING else ("list", ())
    if kind == "object" or any(element[0] != "number" for element in content):
        return 2
    return int(len(content) != 1)


def _closed(text: str, start: int) -> int:
    """Where the bracket that opens here is closed; the end of the text where it never is."""
    depth = 0
    for bracket in _BRACKET.finditer(text, start):
        depth += 1 if bracket[0] in "[{" else -1
        if depth == 0:
            return bracket.end()
    return len(text)


@lru_cache(maxsize=4096)
def _value(text: str) -> Any:
    """The value as nested tuples of its type and content, so that true is not 1; ``_NOTHING`` where there is none."""
    text = text.strip()
    if len(text) > MAX_LENGTH:
        return _NOTHING
    fenced = _FENCE.fullmatch(text)
    if fenced is not None:
        text = fenced[1].strip()
    try:
        return _typed(_DECODER.decode(text))
    except (ValueError, RecursionError, ArithmeticError):
        pass
    if not text.startswith(("{", "[")):
        return _NOTHING
    try:
        return _typed(_DECODER.decode(_AS_PYTHON.sub(_as_json, text)))
    except (ValueError, RecursionError, ArithmeticError):
        return _NOTHING


def _as_json(token: re.Match[str]) -> str:
    """What Python writes otherwise, as JSON has it."""
    if token[1] is not None:
        return json.dumps(token[1].replace("\\'", "'"), ensure_ascii=False)
    return _WORDS.get(token[0], token[0])


def _typed(value: Any) -> Any:
    match value:
        case bool() | None:
            return ("constant", value)
        case int() | Fraction():
            return ("number", Fraction(value))
        case float():
            return ("number", Fraction(repr(value)))
        case str():
            return ("text", value)
        case list() | tuple():
            return ("list", tuple(map(_typed, value)))
        case dict():
            return ("object", frozenset((_typed(key), _typed(content)) for key, content in value.items()))
    raise ValueError("no value of JSON")


def _number(digits: str) -> Fraction:
    """A decimal, exactly; none whose exponent makes it long."""
    exponent = digits.lower().partition("e")[2]
    if len(exponent.lstrip("+-")) > _MAX_EXPONENT:
        raise ValueError("too large")
    return Fraction(digits)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_float=_number, parse_constant=_refuse)

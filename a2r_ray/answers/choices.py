"""The choices of a problem: in a column of their own, or listed in its text."""

import json
import re
from collections.abc import Mapping
from typing import Any

from a2r_ray.records import Problem

COLUMNS = ("choices", "options")
"""Where datasets have them: a list of texts, an object by letter, or an object of two lists, ``label`` and ``text``."""
_LETTERS = "ABCDEFGHIJ"
_LISTED = re.compile(
    r"(?:^|(?<=[\s,;]))(?:\(([A-J])\)|([A-J])[.):])[ \t]*(\S[^\n]{0,300}?)(?=\s*(?:$|\n|[\s,;]\(?[B-J][.):]))",
    re.MULTILINE,
)
_FEWEST = 2


def choices_of(problem: Problem) -> Mapping[str, str]:
    """The text of each choice by its letter; empty where they are not known."""
    given = json.loads(problem.metadata)
    for column in COLUMNS:
        if found := _by_letter(given.get(column)):
            return found
    return _listed(problem.problem)


def _by_letter(value: Any) -> Mapping[str, str]:
    match value:
        case {"label": [*labels], "text": [*texts]} if len(labels) == len(texts):
            return dict(zip(map(str, labels), map(str, texts), strict=True))
        case {**by_letter} if by_letter and all(len(str(letter)) == 1 for letter in by_letter):
            return {str(letter): str(text) for letter, text in by_letter.items()}
        case [_, _, *_] if len(value) <= len(_LETTERS):
            return dict(zip(_LETTERS, map(_undressed, value), strict=False))
    return {}


_DRESS = re.compile(r"\(?[A-J][.):]\s+")


def _undressed(choice: Any) -> str:
    """A choice without the letter that it may begin with."""
    return _DRESS.sub("", str(choice), count=1) if _DRESS.match(str(choice)) else str(choice)


def _listed(asked: str) -> Mapping[str, str]:
    """Choices that a text lists as ``A) …`` or ``(A) …``, from A on, none left out."""
    found: dict[str, str] = {}
    for match in _LISTED.finditer(asked):
        letter, text = match[1] or match[2], match[3].strip().rstrip(",;")
        if letter == _LETTERS[len(found)]:
            found[letter] = text
        elif letter == _LETTERS[0]:
            found = {letter: text}
        if len(found) == len(_LETTERS):
            break
    return found if len(found) >= _FEWEST else {}

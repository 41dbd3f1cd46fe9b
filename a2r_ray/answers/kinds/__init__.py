"""Kinds: what an answer can be, each in a file of its own: how it is read, when two are equal, how it is recognised.

- ``equal`` is symmetric and total, and the same in a verdict and in a vote, which never merges what no verdict would.
- Texts are untrusted: nothing in them is evaluated as code, and reading one takes linear time.
"""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Protocol

from a2r_ray.answers.kinds.choice import Choice
from a2r_ray.answers.kinds.date import Date
from a2r_ray.answers.kinds.integer import Integer
from a2r_ray.answers.kinds.json_value import JsonValue
from a2r_ray.answers.kinds.math import Math
from a2r_ray.answers.kinds.number import Number
from a2r_ray.answers.kinds.sequence import Sequence
from a2r_ray.answers.kinds.text import Text
from a2r_ray.answers.kinds.yes_no import YesNo

_EXACT = Fraction(0)


class Kind(Protocol):
    """What answers can be."""

    @property
    def name(self) -> str:
        """As in the config."""

    def read(self, announced: str) -> str | None:
        """The answer in the stretch of text that announces it, as it is stored and shown; None: none of this kind."""

    def equal(self, a: str, b: str) -> bool:
        """Whether two answers are the same; either may be the known one, written in any everyday form."""

    def fits(self, known: str) -> bool:
        """Whether a known answer looks like this kind."""


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (YesNo(), Choice(), Integer(), Number(), Date(), JsonValue(), Sequence(), Text(), Math())
    }
)
"""Every kind as it is without options, the most specific first."""


def kind_of(name: str, tolerance: Fraction = _EXACT, choices: Mapping[str, str] | None = None) -> Kind:
    """The kind of this name.

    Args:
        name: one of ``KINDS``.
        tolerance: how far a decimal may be from what it stands for, as a share of the larger of the two (math, number).
        choices: the text of each choice by its letter (choice).

    Raises:
        KeyError: there is no such kind.
    """
    made: dict[str, Callable[[], Kind]] = {
        "math": lambda: Math(tolerance=tolerance),
        "number": lambda: Number(tolerance=tolerance),
        "choice": lambda: Choice.of(choices or {}),
    }
    return made[name]() if name in made else KINDS[name]


def auto(known: Iterable[str]) -> str:
    """The kind of a set of known answers: the first that all of them fit, blank ones aside; where none does, math.

    In this order: yes_no (yes or no, true or false), choice (letters of choices), integer, number (with a unit or
    without), date, json (objects, lists of more than numbers), sequence (several numbers or moves), text (words only).
    Answers of several kinds and what carries mathematical marks are math, which compares each as what it is.
    """
    answers = [answer for answer in known if answer.strip()]
    if not answers:
        return "math"
    return next((name for name, kind in KINDS.items() if all(map(kind.fits, answers))), "math")

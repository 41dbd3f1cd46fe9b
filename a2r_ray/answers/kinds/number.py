"""Numbers: exact or within a tolerance, with a unit or without."""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from a2r_ray.answers.finding import MAX_LENGTH
from a2r_ray.answers.kinds.constants import constant
from a2r_ray.answers.kinds.math import Math
from a2r_ray.answers.kinds.quantities import Quantity, number
from a2r_ray.answers.kinds.reading import read
from a2r_ray.answers.kinds.relations import sides
from a2r_ray.answers.kinds.spelling import plain, prose

_EXACT = Fraction(0)
_BELOW_TWENTY = """
    zero one two three four five six seven eight nine ten eleven twelve
    thirteen fourteen fifteen sixteen seventeen eighteen nineteen
"""
_WORDS = {word: value for value, word in enumerate(_BELOW_TWENTY.split())} | {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_SPELLED = re.compile(
    r"(minus |negative )?([a-z]{3,9})(?:[ -]([a-z]{3,5}))?"
    r"( dozen| hundred| thousand| million| billion)?(?: ([a-z ]{2,40}))?"
)
_SCALE = {None: 1, " dozen": 12, " hundred": 100, " thousand": 1000, " million": 10**6, " billion": 10**9}
_TEN = 10
_IN_TEXT = re.compile(r"(?<![\w.,])[-+$€£]{0,2}(?:[0-9]|\.[0-9])")


@dataclass(frozen=True, slots=True)
class Number:
    """A number with or without a unit."""

    tolerance: Fraction = _EXACT
    """How far two may be apart, as a share of the larger; 0: exact."""
    name: str = "number"

    def read(self, announced: str) -> str | None:
        """The number with its unit, as it is written."""
        found = in_stretch(announced)
        return None if found is None else found[0]

    def equal(self, a: str, b: str) -> bool:
        """The same amount: within the tolerance, units converted; a bare number is the same number of anything."""
        if a == b:
            return True
        one, other = in_stretch(a), in_stretch(b)
        if one is None or other is None:
            return prose(a) == prose(b)
        if one[1].equals(other[1], self.tolerance):
            return True
        # An irrational is not known exactly here.
        return "math" in {read(a).kind, read(b).kind} and Math(tolerance=self.tolerance).equal(a, b)

    def fits(self, known: str) -> bool:
        """A number in digits, with a unit or without."""
        return read(known).quantity is not None


@lru_cache(maxsize=16384)
def in_stretch(text: str) -> tuple[str, Quantity] | None:
    """The number in a short text, as written and as read; None where there is none.

    All of the text, what stands behind its last equals sign, a constant, a number in words, else the only number that
    it holds: of several, nobody knows which is meant.
    """
    text = text.strip()
    if len(text) > MAX_LENGTH:
        return None
    if "=" in text:
        text = sides(text)[-1]
    amount = read(text).quantity
    if amount is not None:
        return text, amount
    if read(text).kind == "math":
        value = constant(plain(text))
        exactly = None if value is None else value.exactly or Fraction(value.nearly)
        return None if exactly is None else (text, Quantity(exactly))
    spelled = _spelled(text)
    if spelled is not None:
        return text, spelled
    return _only(text)


def _spelled(text: str) -> Quantity | None:
    """A number in words, with what it counts."""
    match = _SPELLED.fullmatch(prose(text[:100]))
    if match is None or match[2] not in _WORDS:
        return None
    value = _WORDS[match[2]]
    if match[3] is not None:
        if value < _TEN * 2 or match[3] not in _WORDS or _WORDS[match[3]] >= _TEN:
            return None
        value += _WORDS[match[3]]
    amount = Fraction((-1 if match[1] else 1) * value * _SCALE[match[4]])
    counted = read(f"{amount} {match[5]}").quantity if match[5] else None
    return counted or (None if match[5] else Quantity(amount))


def _only(text: str) -> tuple[str, Quantity] | None:
    """The only number in a sentence, with the unit behind it where it has one."""
    text = text.replace("\n", " ")
    starts = [match.start() for match in _IN_TEXT.finditer(text[:2000])]
    if len(starts) != 1:
        return None
    rest = text[starts[0] :].strip(" .,;:!?*")
    for length in range(4, 0, -1):  # the number and up to three words
        piece = " ".join(rest.split(" ")[:length]).strip(" .,;:!?*()")
        amount = read(piece).quantity
        if amount is not None:
            return piece, amount
    found = number(rest)
    if found is None or rest[found[1] : found[1] + 1].isalnum():
        return None
    return rest[: found[1]], Quantity(found[0])

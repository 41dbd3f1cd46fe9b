"""Integers, with whatever they count; the number is what decides."""

from dataclasses import dataclass

from a2r_ray.answers.kinds.number import in_stretch
from a2r_ray.answers.kinds.quantities import Quantity
from a2r_ray.answers.kinds.reading import read
from a2r_ray.answers.kinds.spelling import worded
from a2r_ray.answers.kinds.surroundings import opposed


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number: ``12``, ``1,000``, ``12 pens``, ``12.0``, ``5 million``, ``twelve``."""

    name: str = "integer"

    def read(self, announced: str) -> str | None:
        """The number with its unit, as it is written; None where it is not whole."""
        found = in_stretch(announced)
        return None if found is None or found[1].value.denominator != 1 else found[0]

    def equal(self, a: str, b: str) -> bool:
        """The same number of the same; a bare number is the same number of anything."""
        if a == b:
            return True
        one, other = _whole(a), _whole(b)
        if one is None or other is None:
            return worded(a) == worded(b)
        return one.equals(other) and not opposed(a, b)

    def fits(self, known: str) -> bool:
        """An integer in digits."""
        amount = read(known).quantity
        return amount is not None and amount.unit is None and amount.value.denominator == 1


def _whole(text: str) -> Quantity | None:
    found = in_stretch(text)
    return None if found is None or found[1].value.denominator != 1 else found[1]

r"""Mathematics: answers that may be written in many ways; numbers, units, lists and words are read on the way.

A comparison takes at most ``math_worker.CPU_LIMIT_S``, after which the two count as different. Only what carries
mathematical marks goes to math-verify (``math_worker``).
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from a2r_ray.answers import math_judge
from a2r_ray.answers.finding import MAX_LENGTH
from a2r_ray.answers.kinds.constants import Constant, constant
from a2r_ray.answers.kinds.date import Date
from a2r_ray.answers.kinds.quantities import Quantity, near
from a2r_ray.answers.kinds.reading import Reading, read, reread
from a2r_ray.answers.kinds.relations import equations, has_names, names, parts, sides, without_names
from a2r_ray.answers.kinds.spelling import spelled

_DATE = Date()
_MONTH = re.compile(r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b", re.IGNORECASE)
_NEAR = 1e-9
"""Numbers further apart than this share of the larger are different, however they are computed."""
_MAX_BITS = 900
"""Integers of up to this size are written out for math-verify."""
_FLOAT = 10**300
_MAX_EQUATIONS = 20
_EXACT = Fraction(0)


@dataclass(frozen=True, slots=True)
class Math:
    """Mathematics, and whatever an answer without a stated kind may be."""

    tolerance: Fraction = _EXACT
    """How far a decimal may be from what it stands for, as a share of the larger; 0: exact."""
    name: str = "math"

    def read(self, announced: str) -> str | None:
        """The stretch as it is: what mathematics is in it, comparing finds."""
        return announced.strip() or None

    def equal(self, a: str, b: str) -> bool:
        r"""Whether two answers mean the same; symmetric, from any thread.

        - The same text, once spacing, delimiters and variants such as ``\dfrac`` are made one: yes.
        - Two numbers (``1,000``, ``-.5``, ``2e3``, ``2 \times 10^3``, ``2 1/2``, ``5 million``) are compared exactly:
          0.333 is not 1/3, unless within the tolerance. A number equals the same number of anything (``5``, ``5 m``,
          ``5%``); amounts of two units are converted (5 km is 5000 m) or different (5 km, 5 kg).
        - Lists of numbers without brackets are sets of solutions, and in any order the same.
        - Words, sequences, scores, dates and formulas of chemistry are compared as text, without case and spacing.
        - An equation equals a bare answer only where a single symbol or function stands on its left.
        - Anything else is for math-verify. Its ``verify(gold, prediction)`` is not symmetric, and in a vote neither is
          gold: either direction suffices.

        Not transitive: ``5 km`` is ``5``, which is ``5 m``; ``(1,2)`` is ``1,2``, which is ``2,1``.

        Raises:
            A2RError: the worker process does not start, so that no verdict on mathematics could be trusted.
        """
        if a == b:
            return True
        if len(a) > MAX_LENGTH or len(b) > MAX_LENGTH:
            return False
        return self._read(read(a), read(b))

    def _read(self, one: Reading, other: Reading) -> bool:
        if one.kind == other.kind and one.key == other.key:
            return True
        if one.kind == other.kind == "list":
            return self._lists(one, other)
        if one.quantity is not None and other.quantity is not None:
            return one.quantity.equals(other.quantity, self.tolerance)
        if one.kind == "words" or other.kind == "words":
            return self._words(one, other)
        return self._mathematics(one, other)

    def fits(self, known: str) -> bool:
        """Whether a known answer carries mathematical marks, or is a number."""
        return bool(known.strip()) and read(known).kind != "words"

    def _lists(self, one: Reading, other: Reading) -> bool:
        if _is_mixed(one) != _is_mixed(other):
            return False  # 3 apples, 2 pears are no 2 and 3
        return len(one.numbers) == len(other.numbers) and all(
            a.equals(b, self.tolerance) for a, b in zip(one.numbers, other.numbers, strict=True)
        )

    def _words(self, one: Reading, other: Reading) -> bool:
        """Words of different text, or words and something else."""
        if one.label is not None and other.label is not None:
            return one.label == other.label and _bare(one.key) == _bare(other.key)
        for words, second in ((one, other), (other, one)):
            if words.kind != "words":
                continue
            if words.label is not None:
                return second.key in {words.label, words.label.upper()} or (
                    words.stated is not None and self.equal(words.stated, second.plain)
                )
            if second.kind == "words" and _is_day(one.plain) and _is_day(other.plain):
                return _DATE.equal(one.plain, other.plain)
            if second.kind != "words":
                return _is_ratio(words, second) or (
                    words.product and second.kind == "math" and self._mathematics(words, second)
                )
        return False

    def _mathematics(self, one: Reading, other: Reading) -> bool:
        """Whether two answers are equal of which one at least is mathematics, and no plain number."""
        verdict = _at_sight(one, other)
        if verdict is not None:
            return verdict
        if equations(one.plain) != equations(other.plain):
            return self._unnamed(one, other)
        if self._side_by_side(one.plain, other.plain):
            return True
        verdict = self._computed(one, other)
        if verdict is None and self.tolerance and _brackets(one.plain) == _brackets(other.plain) == "()":
            ones, others = parts(_inside(one.plain)), parts(_inside(other.plain))
            verdict = self._one_by_one(ones, others) if len(ones) > 1 else None
        if verdict is not None:
            return verdict
        if one.measure is not None and other.measure is not None and one.measure.factor != other.measure.factor:
            return False
        a, b = _written(one), _written(other)
        return a is not None and b is not None and (a == b or math_judge.equal(a, b))

    def _unnamed(self, one: Reading, other: Reading) -> bool:
        """An equation and what is none: equal without the single symbol or function on the left."""
        a, b = (without_names(reading.plain) if has_names(reading.plain) else reading.plain for reading in (one, other))
        if equations(a) != equations(b):
            return False
        if max(len(names(one.plain)), len(names(other.plain))) > 1:
            return self._one_by_one(parts(_inside(a)), parts(_inside(b)))
        return self._read(reread(a, one), reread(b, other))

    def _one_by_one(self, ones: list[str], others: list[str]) -> bool:
        """Whether two lists have the same elements in the same order."""
        if len(ones) != len(others) or len(ones) > _MAX_EQUATIONS:
            return False
        return all(self._read(read(a), read(b)) for a, b in zip(ones, others, strict=True))

    def _side_by_side(self, one: str, other: str) -> bool:
        """Whether two equations, or two lists of them, have the same left sides and equal right ones, in order."""
        ones, others = parts(one), parts(other)
        if "=" not in one or len(ones) != len(others) or len(ones) > _MAX_EQUATIONS:
            return False
        pairs = [(sides(a), sides(b)) for a, b in zip(ones, others, strict=True)]
        if any(len(a) != len(b) or any(spelled(x) != spelled(y) for x, y in zip(a[:-1], b[:-1])) for a, b in pairs):  # noqa: B905
            return False
        return all("=" not in a[-1] + b[-1] and self._read(read(a[-1]), read(b[-1])) for a, b in pairs)

    def _computed(self, one: Reading, other: Reading) -> bool | None:
        """The verdict on two constants, where arithmetic gives one."""
        a, b = _constant(one), _constant(other)
        if a is None or b is None:
            return None
        factor = Fraction(1)
        if one.measure is not None and other.measure is not None:
            factor = one.measure.factor / other.measure.factor
        if a.exactly is not None and b.exactly is not None:
            return near(a.exactly * factor, b.exactly, self.tolerance)
        first, second = a.nearly * float(factor), b.nearly
        size, apart = max(abs(first), abs(second)), abs(first - second)
        if self.tolerance and apart <= float(self.tolerance) * size:
            return True
        return False if apart > _NEAR * size or factor != 1 else None


def _constant(reading: Reading) -> Constant | None:
    if reading.kind == "quantity" and reading.quantity is not None and not reading.quantity.compound:
        value = reading.quantity.value
        return Constant(float(value), value) if abs(value) < _FLOAT else None
    return constant(reading.plain) if reading.kind == "math" else None


def _written(reading: Reading) -> str | None:
    """The answer as math-verify is to read it, without a unit; None where it is too long for it."""
    amounts = (reading.quantity,) if reading.kind == "quantity" else reading.numbers
    written: list[str] = []
    for amount in amounts:
        if amount is None or amount.compound:
            return None
        over, under = amount.value.as_integer_ratio()
        if max(over.bit_length(), under.bit_length()) > _MAX_BITS:
            return None
        written.append(str(over) if under == 1 else f"{'-' if over < 0 else ''}\\frac{{{abs(over)}}}{{{under}}}")
    return ",".join(written) if amounts else reading.plain


def _is_day(words: str) -> bool:
    """Whether words are a date that names its month."""
    return _MONTH.search(words) is not None and _DATE.fits(words)


def _at_sight(one: Reading, other: Reading) -> bool | None:
    """The verdict where the kinds of the two, their units or their brackets give one."""
    kinds = {one.kind, other.kind}
    if "based" in kinds:
        return _same_digits(one, other)
    if kinds == {"quantity", "list"}:
        return False  # 12,345 is a number, and 12, 345 are two
    if "quantity" in kinds and spelled(one.plain) == spelled(other.plain):
        return True  # 5 mg and 5mg
    if "list" in kinds and "math" in kinds:
        return _in_order(one, other)
    if 0 < _depth(one.plain) != _depth(other.plain) > 0:
        return False
    a_set_and_a_point = {_brackets(one.plain), _brackets(other.plain)} == {"()", "\\{\\}"}
    units = one.measure is not None and other.measure is not None and not one.measure.same(other.measure)
    return False if "math" not in kinds or a_set_and_a_point or units else None


def _depth(text: str) -> int:
    r"""In how many sets of one element something lies: 2 in ``\{\{1\}\}``, which is no set of numbers."""
    return (len(text) - len(text.lstrip("\\{"))) // 2 if text.startswith("\\{") and text.endswith("\\}") else 0


def _inside(text: str) -> str:
    """What a pair of parentheses around all of it holds."""
    inside = text[1:-1]
    return inside if text[:1] + text[-1:] == "()" and not any(sign in inside for sign in "()") else text


def _brackets(text: str) -> str:
    return text[:2] + text[-2:] if text.startswith("\\") else text[:1] + text[-1:]


def _in_order(one: Reading, other: Reading) -> bool | None:
    """Whether a list and a tuple hold the same numbers in one order; None where the other is no tuple of numbers."""
    listed, held = (one, other) if one.kind == "list" else (other, one)
    if not (held.plain.startswith("(") and held.plain.endswith(")")):
        return None
    inside = reread(held.plain[1:-1], held)
    if inside.kind != "list":
        return None
    return len(inside.written) == len(listed.written) and all(map(Quantity.equals, inside.written, listed.written))


def _same_digits(one: Reading, other: Reading) -> bool:
    """A number with its base, and the same digits without one."""
    if one.kind == other.kind:
        return False  # their keys differ
    based, bare = (one, other) if one.kind == "based" else (other, one)
    return bare.kind == "quantity" and based.plain.split("_")[0].strip("()").lstrip("0") == bare.plain.lstrip("0")


_RATIO = re.compile(r"(?!(?:[01]?[0-9]|2[0-4]):[0-5][0-9]$)([0-9]{1,9}):([0-9]{1,9})")


def _is_ratio(words: Reading, second: Reading) -> bool:
    """Whether words are a ratio in lowest terms, and the other its fraction: 3:2 is 3/2, and 10:30 a time."""
    ratio = _RATIO.fullmatch(str(words.key))
    value = _constant(second)
    return (
        ratio is not None
        and value is not None
        and value.exactly is not None
        and value.exactly.as_integer_ratio() == (int(ratio[1]), int(ratio[2]))
    )


_UNSAID = frozenset(" \t\n\r()[]{}.,;:!?'\"`$\\_")


def _bare(key: object) -> str:
    return "".join(sign for sign in str(key) if sign not in _UNSAID)


def _is_mixed(listed: Reading) -> bool:
    """Whether a list holds amounts of several units."""
    return len({amount.unit for amount in listed.numbers if amount.unit is not None}) > 1


def equivalent(a: str, b: str) -> bool:
    """Whether two answers mean the same, as kind math has it without a tolerance."""
    return EXACT.equal(a, b)


EXACT = Math()

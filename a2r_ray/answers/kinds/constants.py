r"""Constants: arithmetic without letters, computed exactly where it is rational and in floating point where it is not.

The grammar is small (numbers, ``+ - * / ^ !``, fractions, roots, binomials, pi and e) and every result is bounded, so
that no text can make it long. What is outside of it is no constant; nothing is evaluated as code.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from a2r_ray.answers.kinds.quantities import number

MAX_LENGTH = 200
_MAX_DEPTH = 40
_MAX_BITS = 20_000
_MAX_FACTORIAL = 300
_MAX_ROOTED = 1000
"""Bits."""
_FOURTH = 4
_ORDERS = frozenset(map(Fraction, (2, 3, _FOURTH)))
_OF_ANGLES = {"\\sin": math.sin, "\\cos": math.cos, "\\tan": math.tan}
_LARGE = 1e9
_CANCELLED = 1e-5
"""A difference this small beside its parts is known to too few digits."""

_SIGN = re.compile(r" ?([0-9]+(?:\.[0-9]+)?|\.[0-9]+|\\[a-zA-Z]+|[-+*/^!(){}\[\]e]) ?")
_OPENED = {"(": ")", "{": "}"}


@dataclass(frozen=True, slots=True)
class Constant:
    """A number: exactly where it is rational, else nearly."""

    nearly: float
    exactly: Fraction | None = None


class _NoConstantError(Exception):
    """The text holds something else."""


@lru_cache(maxsize=4096)
def constant(text: str) -> Constant | None:
    """What the arithmetic comes to; None where it is none, or too large."""
    if len(text) > MAX_LENGTH or not text:
        return None
    tokens: list[str] = []
    at = 0
    while at < len(text):
        sign = _SIGN.match(text, at)
        if sign is None:
            return None
        tokens.append(sign[1])
        at = sign.end()
    try:
        reader = _Reader(tokens)
        value = reader.sum(0)
        if reader.at < len(tokens) or not math.isfinite(value.nearly):
            return None
    except (_NoConstantError, ArithmeticError, ValueError):
        return None
    return value


def _exact(value: Fraction) -> Constant:
    if value.numerator.bit_length() > _MAX_BITS or value.denominator.bit_length() > _MAX_BITS:
        raise _NoConstantError
    nearly = float(value)
    if (nearly == 0) != (value == 0):
        raise _NoConstantError
    return Constant(nearly, value)


def _both(one: Constant, other: Constant, compute: Callable[..., Fraction | float]) -> Constant:
    if one.exactly is not None and other.exactly is not None:
        return _exact(Fraction(compute(one.exactly, other.exactly)))
    return Constant(float(compute(one.nearly, other.nearly)))


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str | None = None) -> str:
        sign = self.peek()
        if not sign or expected not in {None, sign}:
            raise _NoConstantError
        self.at += 1
        return sign

    def sum(self, depth: int) -> Constant:
        if depth > _MAX_DEPTH:
            raise _NoConstantError
        value = self.product(depth)
        while self.peek() in {"+", "-"}:
            sign = self.take()
            other = self.product(depth)
            size = max(abs(value.nearly), abs(other.nearly))
            value = _both(value, other, (lambda a, b: a + b) if sign == "+" else (lambda a, b: a - b))
            if value.exactly is None and abs(value.nearly) < size * _CANCELLED:
                raise _NoConstantError
        return value

    def product(self, depth: int) -> Constant:
        value = self.signed(depth)
        divided = False
        while True:
            sign = self.peek()
            if sign in {"*", "\\cdot", "\\times"}:
                self.take()
                value = _both(value, self.signed(depth), lambda a, b: a * b)
            elif sign in {"/", "\\div"}:
                self.take()
                value = _both(value, self.signed(depth), lambda a, b: a / b)
                divided = True
            elif sign and sign not in "+-)}]!^":
                if divided or sign[0].isdigit() or sign[0] == ".":
                    raise _NoConstantError  # 1/2\pi may be meant either way, and 2 3 is no product
                value = _both(value, self.power(depth), lambda a, b: a * b)
            else:
                return value

    def signed(self, depth: int) -> Constant:
        sign = 1
        while self.peek() in {"+", "-"}:
            sign = -sign if self.take() == "-" else sign
        value = self.power(depth)
        return value if sign == 1 else Constant(-value.nearly, None if value.exactly is None else -value.exactly)

    def power(self, depth: int) -> Constant:
        value = self.atom(depth)
        raised = False
        while self.peek() in {"^", "!"}:
            if self.take() == "!":
                double = self.peek() == "!"
                value = _factorial(value, step=2 if double else 1)
                if double:
                    self.take()
            elif raised:
                raise _NoConstantError  # 2^3^2 may be meant either way
            else:
                value, raised = _power(value, self.argument(depth)), True
        return value

    def argument(self, depth: int) -> Constant:
        """What a command or ``^`` takes: what stands in braces, a digit, or a symbol."""
        sign = self.peek()
        if sign[:1].isdigit() and len(sign) > 1:
            raise _NoConstantError
        return self.atom(depth)

    def atom(self, depth: int) -> Constant:
        sign = self.take()
        if sign in _OPENED:
            value = self.sum(depth + 1)
            self.take(_OPENED[sign])
            return value
        if sign[0].isdigit() or sign[0] == ".":
            return self.numeral(sign, depth)
        if depth > _MAX_DEPTH:
            raise _NoConstantError
        match sign:
            case "\\pi":
                return Constant(math.pi)
            case "e":
                return Constant(math.e)
            case _:
                return self.command(sign, depth + 1)

    def command(self, name: str, depth: int) -> Constant:
        if name in _OF_ANGLES:
            return self.of_degrees(_OF_ANGLES[name], depth)
        if name == "\\sqrt":
            degree = _exact(Fraction(2))
            if self.peek() == "[":
                self.take()
                degree = self.sum(depth)
                self.take("]")
            return _root(self.argument(depth), degree)
        one, other = self.argument(depth), self.argument(depth)
        if name == "\\binom":
            return _binomial(one, other)
        if name == "\\frac":
            return _both(one, other, lambda a, b: a / b)
        raise _NoConstantError

    def of_degrees(self, function: Callable[[float], float], depth: int) -> Constant:
        """A function of an angle in degrees; one in radians is for who knows more of it."""
        opened = self.take() if self.peek() in _OPENED else ""
        angle = self.numeral(self.take(), depth)
        self.take("^")
        if braced := self.peek() == "{":
            self.take()
        self.take("\\circ")
        for closes in ("}" * braced, _OPENED.get(opened, "")):
            if closes:
                self.take(closes)
        value = function(math.radians(angle.nearly))
        if abs(value) > _LARGE:
            raise _NoConstantError  # tan 90
        halves = round(2 * value)  # by Niven's theorem no other rational ones come of whole degrees
        rational = (
            abs(2 * value - halves) < _CANCELLED**2 and angle.exactly is not None and angle.exactly.denominator == 1
        )
        return Constant(value, Fraction(halves, 2) if rational else None)

    def numeral(self, sign: str, depth: int) -> Constant:
        value = Fraction(sign)
        if self.peek() == "\\frac" and sign.isdigit():  # 2\frac{1}{2} is a mixed number, 2\frac{\pi}{2} a product
            after = "".join(self.tokens[self.at : self.at + 7])
            part = number(after)
            if part is not None and 0 < part[0] < 1:
                mixed = _exact(value + part[0])
                self.take()
                self.argument(depth)
                self.argument(depth)
                return mixed
        return _exact(value)


def _power(base: Constant, exponent: Constant) -> Constant:
    if base.exactly is not None and exponent.exactly is not None and exponent.exactly.denominator == 1:
        times = exponent.exactly.numerator
        bits = max(base.exactly.numerator.bit_length(), base.exactly.denominator.bit_length())
        if bits * abs(times) <= _MAX_BITS:
            return _exact(Fraction(base.exactly**times))
    if base.nearly <= 0:
        raise _NoConstantError
    return Constant(base.nearly**exponent.nearly)


def _root(of: Constant, degree: Constant) -> Constant:
    if degree.exactly is None or degree.exactly not in _ORDERS or of.nearly < 0:
        raise _NoConstantError
    order = int(degree.exactly)
    if of.exactly is not None:
        over, under = (_whole_root(part, order) for part in (of.exactly.numerator, of.exactly.denominator))
        if over is not None and under is not None:
            return _exact(Fraction(over, under))
    return Constant(of.nearly ** (1 / order))


def _whole_root(value: int, order: int) -> int | None:
    if value.bit_length() > _MAX_ROOTED:
        return None
    guess = round(value ** (1 / order)) if order % 2 else math.isqrt(value)
    if order == _FOURTH:
        guess = math.isqrt(guess)
    return guess if guess**order == value else None


def _factorial(value: Constant, step: int) -> Constant:
    if value.exactly is None or value.exactly.denominator != 1 or not 0 <= value.exactly <= _MAX_FACTORIAL:
        raise _NoConstantError
    return _exact(Fraction(math.prod(range(int(value.exactly), 0, -step))))


def _binomial(of: Constant, chosen: Constant) -> Constant:
    if of.exactly is None or chosen.exactly is None or of.exactly.denominator != 1 or chosen.exactly.denominator != 1:
        raise _NoConstantError
    if not 0 <= chosen.exactly <= of.exactly <= _MAX_FACTORIAL:
        raise _NoConstantError
    return _exact(Fraction(math.comb(int(of.exactly), int(chosen.exactly))))

"""Values: whether two expressions are the same, told from their values at a few points, before anybody simplifies.

Two expressions that differ where all symbols are positive are different. Two that agree to 40 digits there and at two
complex points, drawn once, are the same function: for polynomials that is the test of Schwartz and Zippel, and for the
other functions that people write by hand as sure in practice. A symbol has the same value in both.
"""

import hashlib
from functools import lru_cache
from typing import Any

DIGITS = 50
_SAME = 40
"""Digits that agree; fewer than are computed, for some are lost on the way."""
_POINTS = 3
_WIDE_POINTS = 4
"""Real points far from zero, on both of its sides: |x+3| is x+3 near zero only."""
_WIDTHS = (12, 40, 300, 3000)
_MOST_SYMBOLS = 8


def same(one: Any, other: Any) -> bool | None:
    """Whether two expressions of sympy are the same; None where their values do not tell."""
    if not (_has_values(one) and _has_values(other)):
        return None
    wide = _has_branches(one) or _has_branches(other)
    ones, others = _values(one, wide), _values(other, wide)
    if ones is None or others is None:
        return None
    points = max(len(ones), len(others))
    pairs = list(zip(*(own * (points // len(own)) for own in (ones, others)), strict=True))
    agree = [_close(*pair) for pair in pairs]
    if not (_has_sign(one) or _has_sign(other)):  # ln(ab) is ln a + ln b wherever both are real
        agree[_POINTS:] = [
            told or any(value.imag != 0 for value in pair)
            for told, pair in zip(agree[_POINTS:], pairs[_POINTS:], strict=True)
        ]
    if agree[0] is False:
        return False
    return True if all(agree) else None  # on other branches of a root, readers may differ


def _has_values(expression: Any) -> bool:
    """Not so sets, equations and matrices, which may not even be hashable."""
    import sympy

    return isinstance(expression, sympy.Expr) and not expression.is_Matrix


def _has_sign(expression: Any) -> bool:
    """Whether it has what depends on a sign, or is no smooth function."""
    import sympy

    return bool(expression.has(sympy.Abs, sympy.sign, sympy.Max, sympy.Min, sympy.floor, sympy.ceiling, sympy.Mod))


def _has_branches(expression: Any) -> bool:
    """Whether it has what is one function here and another there: an absolute value, a root, a logarithm."""
    import sympy

    if _has_sign(expression) or expression.has(sympy.log):
        return True
    return any(not power.exp.is_integer for power in expression.atoms(sympy.Pow))


def _close(one: Any, other: Any) -> bool | None:
    """Whether two numbers agree; None where one may be zero, and nobody knows how much of the other is noise."""
    size = max(abs(one), abs(other))
    if size < 10 ** (-DIGITS):
        return True if one == other else None
    if min(abs(one), abs(other)) < size * 10 ** (-DIGITS) and size < 10 ** (-_SAME):
        return None
    return bool(abs(one - other) <= size * 10 ** (-_SAME))


@lru_cache(maxsize=512)
def _values(expression: Any, wide: bool = False) -> tuple[Any, ...] | None:  # noqa: FBT001, FBT002  keys of the cache
    """The values at the points, one for a constant, as numbers of mpmath; None where there is none at one of them."""
    import sympy

    exact = expression.xreplace({number: sympy.Rational(str(number)) for number in expression.atoms(sympy.Float)})
    symbols = exact.free_symbols
    if len(symbols) > _MOST_SYMBOLS or not all(isinstance(symbol, sympy.Symbol) for symbol in symbols):
        return None
    points = range((_POINTS + _WIDE_POINTS * wide) if symbols else 1)
    found = [exact.evalf(DIGITS, subs={symbol: _value(symbol, n) for symbol in symbols}) for n in points]
    if not all(value.is_number and value.is_finite and not value.atoms(sympy.Function) for value in found):
        return None
    return tuple(value._to_mpmath(200) for value in found)  # noqa: SLF001  there is no public way that keeps all digits


def _value(symbol: Any, point: int) -> Any:
    """What a symbol stands for: the same under its name, whoever asks; at the first point something positive."""
    import sympy

    digest = hashlib.blake2b(f"{symbol.name}/{point}".encode(), digest_size=16).digest()
    real, imaginary = (sympy.Rational(int.from_bytes(digest[at : at + 8], "big") | 1, 1 << 62) for at in (0, 8))
    if not point or symbol.is_positive or symbol.is_nonnegative:
        return real
    if point >= _POINTS:
        sign = (-1) ** (point + digest[-1])
        return sign * (real + 1) * _WIDTHS[point - _POINTS] / 4
    real, imaginary = real - 2, imaginary - 2 * (point % 2)
    return real if symbol.is_real else real + sympy.I * imaginary

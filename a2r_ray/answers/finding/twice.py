"""Twice: a value that is given in two forms, or in two units, is one; two values are not."""

import math
import re

_AGAIN = re.compile(
    r"([-+]?\$?(?:\d[\d,]{0,20}/\d[\d,]{0,20}|\\[dt]?frac\{[^{}]{1,40}\}\{[^{}]{1,40}\}|[\d.]{1,20})\$?),? or "
    r"(?:about |approximately |roughly |around )?[-+]?\$?[\d.]{1,20} ?(?:\\?%|percent)\$?"
    r"|([-+]?\$?(?:\d[\d,]{0,20}/\d[\d,]{0,20}|\\[dt]?frac\{[^{}]{1,40}\}\{[^{}]{1,40}\})\$?),? or "
    r"(?:about |approximately |roughly |around )?[-+]?\$?\d{0,20}\.\d{1,20}\$?"
)
"""A value, and the same in another form."""
_DECIMAL_FIRST = re.compile(
    r"[-+]?\$?\d{0,20}\.\d{1,20}\$?,? \(?(?:or|i\.e\.,?|that is,?|which is) "
    r"(\$?[-+]?(?:\d[\d,]{0,20}/\d[\d,]{0,20}|\\[dt]?frac\{[^{}]{1,40}\}\{[^{}]{1,40}\})\$?)\)?"
)
_WITH_ITS_DECIMAL = re.compile(
    r"([-+]?\$?(?:\d[\d,]{0,20}/\d[\d,]{0,20}|\\[dt]?frac\{[^{}]{1,40}\}\{[^{}]{1,40}\})\$?)"
    r"\s?\$?(?:=|≈|\\approx)\$?\s?[-+]?\$?\d{0,20}\.\d{1,20}\$?"
)
"""A fraction is what is exact: ``0.75 (or 3/4)``, ``\\frac{1}{3} = 0.333``."""
_AGAIN_IN_PARENTHESES = re.compile(
    r"(?P<value>[-+]?[$€£]?\d[\d,./]{0,20}\s?[A-Za-z%°²³/]{1,16}(?:\s[A-Za-z]{2,14}){0,2})"
    r"(?:\s\((?:or |i\.e\.,? |that is,? |which is |about |approximately |≈ ?|= ?)?|,? or |, i\.e\.,? |, which is "
    r"|, that is,? )"
    r"[-+]?[$€£]?\d[\d,./]{0,20}\s?[A-Za-z%°][A-Za-z\d,./°²³% ]{0,40}\)?"
)
"""An amount with its unit, and the same in other units: ``160 minutes (2 hours 40 minutes)``."""
_MEASURED = re.compile(r"([-+]?[$€£]?\d[\d,]*(?:\.\d+)?)\s?([A-Za-z%°²³]+)")
_FRACTION = re.compile(
    r"(?:\\[dt]?frac\{(?P<over>[\d,]+)\}\{(?P<under>[\d,]+)\}|(?P<plain>[\d,]+(?:/[\d,]+|\.\d*)?))\$?,?"
)
_DECIMAL = re.compile(r"(\d*\.\d+|\d+) ?(\\?%|percent)?\$?\Z")


def first_amount(stretch: str) -> str | None:
    """The first of an amount in two units; None for anything else, such as two amounts: ``5 kg or 6 kg``."""
    again = _AGAIN_IN_PARENTHESES.fullmatch(stretch)
    if again is None:
        return None
    amounts = [(number, unit.rstrip("s")) for number, unit in _MEASURED.findall(stretch)]
    same_unit = len(amounts) == 2 and amounts[0][1] == amounts[1][1]  # noqa: PLR2004
    return None if same_unit and amounts[0][0] != amounts[1][0] else str(again["value"])


def _is_about(answer: str, value: str) -> bool:
    """Whether the decimal, or the percentage, behind a value is that value, as far as its digits go."""
    fraction, decimal = _FRACTION.fullmatch(value.strip("$-+ ")), _DECIMAL.search(answer)
    if fraction is None or decimal is None:
        return True  # nothing to tell it by
    over, _, under = (fraction["plain"] or f"{fraction['over']}/{fraction['under']}").replace(",", "").partition("/")
    exact = float(over or 0) / float(under or 1) if float(under or 1) else math.inf
    is_percentage = bool(decimal[2]) and "%" not in value
    said = float(decimal[1]) / (100 if is_percentage else 1)
    digits = len(decimal[1].partition(".")[2]) + 2 * is_percentage
    return abs(exact - said) <= 0.1**digits


def once(answer: str) -> str:
    """A value that is given in two forms, in the exact one."""
    if (again := _AGAIN.fullmatch(answer)) and _is_about(answer, str(again[1] or again[2])):
        return str(again[1] or again[2]).rstrip(",")
    exact = _DECIMAL_FIRST.fullmatch(answer) or _WITH_ITS_DECIMAL.fullmatch(answer)
    return exact[1] if exact is not None else answer

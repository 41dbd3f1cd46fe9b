"""Quantities: numbers in their everyday forms, read exactly, with what they are amounts of.

Every form is bounded, so that reading takes linear time and no number can be made long by a short text.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from a2r_ray.answers.kinds.magnitudes import magnitude
from a2r_ray.answers.kinds.units import CURRENCIES, PERMILLE, Unit, unit

MAX_DIGITS = 4_000
_GROUP = 3
"""Digits between commas."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact number and its unit."""

    value: Fraction
    unit: Unit | None = None
    compound: bool = False
    """Written with several units (5 ft 6 in), or per mille: no bare number is that."""

    def equals(self, other: "Quantity", tolerance: Fraction = Fraction(0)) -> bool:
        """Whether both say the same; a bare number equals any amount of that number.

        Units of one dimension are converted. The tolerance is relative to the larger of the two.
        """
        if self.unit is None or other.unit is None:
            bare = self.unit is None and other.unit is None
            return (bare or not (self.compound or other.compound)) and near(self.value, other.value, tolerance)
        if ANYTHING in {self.unit.dimension, other.unit.dimension}:
            return near(self.value, other.value, tolerance)
        if not self.unit.same(other.unit):
            return False
        if self.unit.dimension != other.unit.dimension:
            return near(self.value, other.value, tolerance)
        return near(self.value * self.unit.factor, other.value * other.unit.factor, tolerance)


ANYTHING = (("anything", 1),)


def near(a: Fraction, b: Fraction, tolerance: Fraction) -> bool:
    """Whether two numbers are equal, or differ by at most this share of the larger."""
    return a == b or (tolerance > 0 and abs(a - b) <= tolerance * max(abs(a), abs(b)))


_GROUPED = (
    r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?![0-9])|[1-9][0-9]?(?:,[0-9]{2}){1,5},[0-9]{3}(?![0-9])"
    r"|[1-9][0-9]{0,2}(?:[ '_][0-9]{3})+(?![0-9])"
)
_POINTED = r"[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,}(?![0-9.])|[1-9][0-9]{0,2}(?:\.[0-9]{3})+,[0-9]+"
_DECIMAL = rf"(?:{_GROUPED}|[0-9]+)?(?:\.[0-9]+|\.(?![0-9.]))?"
_EXPONENT = r"(?:[eE][+-]?[0-9]{1,3}(?![0-9]))?"
_TEN = (
    r" ?(?:\\times|\\cdot|\*|x)? ?10\^ ?(?:\{ ?([+-]?[0-9]{1,3}) ?\}|\(([+-]?[0-9]{1,3})\)|([+-]?[0-9]{1,3})(?![0-9]))"
)
_NUMBER = re.compile(
    r"([+-]?) ?(?:"
    r"(?:([0-9]+) ?(?:\\frac ?\{([0-9]+)\}\{([0-9]+)\}|\\frac ?([0-9]) ?([0-9])|(?<= )([0-9]+)/([0-9]+)))"  # 2 1/2
    r"|\\frac ?\{ ?([+-]?[0-9]+) ?\} ?\{ ?([+-]?[0-9]+) ?\}|\\frac ?([0-9]) ?([0-9])|([0-9]+)/([0-9]+)(?![0-9/.])"
    r"|([0-9]*)\.([0-9]*)(?:\\(?:overline|bar) ?\{([0-9]+)\}|\(([0-9]+)\)|\\dot ?\{([0-9])\}"  # 0.1(6)
    r"|(?:([0-9])\20{2,9})(?:\.\.\.|\\[lc]?dots(?![a-z])))"  # 0.1666...
    r"|10\^ ?(?:\{ ?([+-]?[0-9]{1,3}) ?\}|\(([+-]?[0-9]{1,3})\)|(-?[0-9]{1,3})(?![0-9]))"
    rf"|({_POINTED})"
    rf"|((?=\.?[0-9]){_DECIMAL}{_EXPONENT})(?:{_TEN})?"
    r")"
)
_COMMA = re.compile(r"([+-]?[0-9]+),([0-9]{1,9}|[0-9]+)(?![0-9,])")
_LEAD = re.compile(
    r"(?:(?:about|approximately|approx\.?|around|roughly|exactly|nearly|~|\\approx|\\sim|\\simeq|≈) ?){1,2}",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"([+-]?) ?(?:(?:US|A|C|CA|AU|NZ|HK)? ?([$€£¥₹₩₽])|(USD|EUR|GBP|JPY|INR|CNY|CHF|Rs\.?)) ?(?=[0-9.+-])"
)
_SIZES = {"k": 10**3, "m": 10**6, "mn": 10**6, "mm": 10**6, "b": 10**9, "bn": 10**9, "t": 10**12, "tn": 10**12}
_SHORT_OF_MONEY = re.compile(r" ?(k|mm|mn|m|bn|b|tn|t)(?![a-zA-Z0-9^])", re.IGNORECASE)
"""``$1.2M``"""
_JOINT = re.compile(r" ?(?:,|and|\\text ?\{ ?and ?\})? ?")
_NEXT = re.compile(r" ?(?:\\text|\\mathrm)? ?[a-zA-Z°'\"{][^0-9]{0,60}?(?=,? ?(?:and )?[0-9])")


def quantity(text: str) -> Quantity | None:
    """The number with or without a unit that a text in the one way of writing is; None where it is anything else."""
    lead = _LEAD.match(text)
    if lead is not None:
        text = text[lead.end() :]
    money = _MONEY.match(text)
    currency: Unit | None = None
    if money is not None:
        currency = unit(" " + (CURRENCIES[money[2]] if money[2] else money[3].rstrip(".").lower()))
        text = money[1] + text[money.end() :]
    found = number(text)
    if found is None:
        return None
    value, end = found
    times, end = magnitude(text, end)
    if currency is not None and times == 1 and (short := _SHORT_OF_MONEY.match(text, end)):
        times, end = _SIZES[short[1].lower()], short.end()
    value *= times
    rest = text[end:]
    if times > 1 and rest.count("}") > rest.count("{"):
        rest = rest.replace("}", "", 1)  # of \text{ million dollars}
    if not rest.strip():
        return Quantity(value, currency)
    if currency is not None:
        again = unit(rest)
        return Quantity(value, currency) if again is not None and again.dimension == currency.dimension else None
    measure = unit(rest)
    if measure is not None:
        return Quantity(value, measure, compound=measure == PERMILLE)
    return _compound(value, rest)


def _compound(value: Fraction, rest: str) -> Quantity | None:
    """What an amount of several units of one dimension adds up to."""
    total = Fraction(0)
    sign = -1 if value < 0 else 1
    last: Unit | None = None
    for position in range(4):
        between = _NEXT.match(rest)
        written = between[0] if between is not None else rest
        touching = between is not None or position > 0  # 1h 30min
        measure = unit((" " if touching else "") + _PRIMES.get(written.strip(), written).strip(", "))
        if measure is None or measure.things:
            return None
        if last is not None and (measure.dimension != last.dimension or measure.factor >= last.factor):
            return None  # 3 cm and 4 cm are two
        last = measure
        total += sign * abs(value) * measure.factor
        if between is None:
            return Quantity(total, Unit(measure.dimension), compound=True) if position else None
        rest = rest[between.end() :]
        joint = _JOINT.match(rest)
        found = number(rest[joint.end() if joint else 0 :])
        if found is None or found[0] < 0:
            return None
        value, end = found
        rest = rest[(joint.end() if joint else 0) + end :]
    return None


_PRIMES = {"'": " ft", '"': " in", "''": " in"}


def number(text: str) -> tuple[Fraction, int] | None:
    """The number that a text begins with, exactly, and where it ends."""
    if len(text) > MAX_DIGITS + 100:
        return None
    match = _NUMBER.match(text)
    if match is None:
        return None
    try:
        value = _value([group or "" for group in match.groups()])
    except (ValueError, ZeroDivisionError):
        return None
    return value, match.end()


def _value(groups: list[str]) -> Fraction:
    sign = -1 if groups[0] == "-" else 1
    whole, over, under = groups[1], groups[2] or groups[4] or groups[6], groups[3] or groups[5] or groups[7]
    if whole:
        return sign * (int(whole) + Fraction(int(over), int(under)))
    over, under = groups[8] or groups[10] or groups[12], groups[9] or groups[11] or groups[13]
    if over:
        return sign * Fraction(int(over), int(under))
    period = groups[16] or groups[17] or groups[18] or groups[19]
    if period:
        before = Fraction(int((groups[14] + groups[15]) or 0), 10 ** len(groups[15]))
        return sign * (before + Fraction(int(period), (10 ** len(period) - 1) * 10 ** len(groups[15])))
    power = groups[20] or groups[21] or groups[22]
    if power:
        return sign * Fraction(10) ** int(power)
    if groups[23]:
        return sign * Fraction(groups[23].replace(".", "").replace(",", "."))
    value = sign * Fraction(re.sub("[,' _]", "", groups[24]))
    power = groups[25] or groups[26] or groups[27]
    return value * Fraction(10) ** int(power) if power else value


def comma_decimal(text: str) -> Fraction | None:
    """The number of a text such as ``0,5``, where a comma may be the decimal point; None where it cannot be one."""
    match = _COMMA.fullmatch(text)
    if match is None or (len(match[2]) == _GROUP and match[1].lstrip("+-") != "0"):
        return None
    return Fraction(f"{match[1]}.{match[2]}")

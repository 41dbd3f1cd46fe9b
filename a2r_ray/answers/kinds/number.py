"""Numbers: exact or within a tolerance, with a unit or without."""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from a2r_ray.answers.finding import MAX_LENGTH
from a2r_ray.answers.kinds.constants import constant
from a2r_ray.answers.kinds.math import Math
from a2r_ray.answers.kinds.numerals import numeral
from a2r_ray.answers.kinds.quantities import Quantity, number
from a2r_ray.answers.kinds.reading import read
from a2r_ray.answers.kinds.relations import equations, parts, sides
from a2r_ray.answers.kinds.spelling import plain, prose, with_digits, worded
from a2r_ray.answers.kinds.surroundings import altered, has_symbol, is_bounded, is_no_amount, is_told, opposed

_EXACT = Fraction(0)
_MINUS = re.compile(r"(?<!\w)(?:minus|negative) (?=\$?[.0-9])", re.IGNORECASE)
_MIXED = re.compile(r"([-+]?[0-9]{1,15}) ?and ((?:an? |one |three |two )?(?:half|thirds?|quarters?))(?: (.{1,40}))?")
_MEASURE_WORD = re.compile("[个個只本人支张張枚名]")
_COUNTED = re.compile("[a-z ]{2,40}")
_COMMA = re.compile(r"(?<![\w.,([{])(?<![([{]\s)([-+]?[$€£]? ?[0-9]{1,9}),([0-9]{1,2}|[0-9]{4,9})(?![0-9]|[,.][0-9])")
"""A decimal comma: no thousands have one or two digits behind it, and no point has a bracket before it."""
_SAYS_YES_OR_NO = re.compile(r"(?:yes|no|oui|non|ja|nein|sí|sì|si|sim|não|да|нет),\s", re.IGNORECASE)
_CONDITION = re.compile(
    r"(?<=[\w%$°)}])(?<!=)[,;]?\s(?:\(|\\text ?\{ ?)?(?:(?:achieved|attained|reached|obtained|as) )?"
    r"(?:when|where|if|for|at|with|given|using|once|since|because|by|from)\b[^=]{1,40}=.*\Z"
    r"|(?<=\d),\s[$(]{0,2}[a-zA-Z]\s?=[^=]*\Z",
    re.DOTALL,
)
"""For what an amount holds: ``42 when x = 3``, ``42, n = 5``; the equation is not the answer."""
_AMOUNT = re.compile(r"[^=]*[0-9][^=]*\Z")
_PRIMES = ("'", '"', "\u2032", "\u2033")
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
            return worded(a) == worded(b)
        if opposed(one[0], other[0]):
            return False
        if one[1].equals(other[1], self.tolerance):
            return True
        # An irrational is not known exactly here.
        return "math" in {read(a).kind, read(b).kind} and Math(tolerance=self.tolerance).equal(a, b)

    def fits(self, known: str) -> bool:
        """A number in digits, with a unit or without."""
        return read(known).quantity is not None


@lru_cache(maxsize=16384)
def in_stretch(text: str) -> tuple[str, Quantity] | None:  # noqa: PLR0911  a way of writing each
    """The number in a short text, as written and as read; None where there is none.

    All of the text, what stands behind its last equals sign, a constant, a number in words, else the only number that
    it holds: of several, nobody knows which is meant.
    """
    text = text.strip()
    if len(text) > MAX_LENGTH or _SAYS_YES_OR_NO.match(text):
        return None
    text = with_digits(text)
    text = _COMMA.sub(r"\1.\2", text)
    text = _MINUS.sub("-", text)
    condition = _CONDITION.search(text) if "=" in text else None
    if condition is not None and _AMOUNT.match(text[: condition.start()]):
        text = text[: condition.start()]
    if "=" in text:
        if equations(text) > 1:
            return _several(text)
        text = sides(text)[-1]
    if " half" in text or " quarter" in text or " third" in text:
        spelled = _spelled(text)  # "3 and a half" counts no halves
        if spelled is not None:
            return text, spelled
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


def _several(text: str) -> tuple[str, Quantity] | None:
    """The value of several equations, where it is one: of ``x = 5, y = 6`` nobody knows which is meant."""
    found = [in_stretch(part) for part in parts(text) if "=" in part]
    first = found[0]
    return first if first and all(each is not None and each[1] == first[1] for each in found) else None


def _spelled(text: str) -> Quantity | None:
    """A number in words, with what it counts."""
    words = prose(text[:100])
    mixed = _MIXED.fullmatch(words)
    if mixed is not None:
        part = numeral(mixed[2])
        if part is None:
            return None
        whole = int(mixed[1])
        value: Fraction = whole + (-part[0] if mixed[1].startswith("-") else part[0])
        return _counted(value, mixed[3])
    found = numeral(words)
    return None if found is None else _counted(*found)


def _counted(value: Fraction, counted: str | None) -> Quantity | None:
    """The amount of what is counted; None where that is none."""
    if not counted or _MEASURE_WORD.fullmatch(counted):
        return Quantity(value)
    one = read(f"1 {counted}").quantity if _COUNTED.fullmatch(counted) else None
    return None if one is None else Quantity(one.value * value, one.unit)


def _only(text: str) -> tuple[str, Quantity] | None:
    """The only number in a sentence, with the unit behind it where it has one."""
    text = text.replace("\n", " ")
    starts = [match.start() for match in _IN_TEXT.finditer(text[:2000])]
    if len(starts) != 1:
        return None
    rest = text[starts[0] :].strip(" .,;:!?*")
    found = number(rest)
    if found is not None:
        end = text.index(rest, starts[0]) + found[1]
        if altered(text, starts[0], end) or is_no_amount(text, starts[0], end):
            return None
    if (
        found is not None
        and rest[found[1] : found[1] + 1] in _PRIMES
        and text[starts[0] - 1 : starts[0]] not in _PRIMES
    ):
        return None  # 5' and 5" are feet and inches, or minutes and seconds
    unknown = found is not None and has_symbol(rest, found[1])
    keep = text if is_told(text) else ""
    for length in range(4, 0, -1):  # the number and up to three words
        piece = " ".join(rest.split(" ")[:length]).strip(" .,;:!?*()")
        amount = read(piece).quantity
        if amount is not None and not (unknown and amount.unit is None):
            return None if is_bounded(rest, rest.find(piece) + len(piece)) else (keep or piece, amount)
    if found is None or unknown or rest[found[1] : found[1] + 1].isalnum():
        return None
    return keep or rest[: found[1]], Quantity(found[0])

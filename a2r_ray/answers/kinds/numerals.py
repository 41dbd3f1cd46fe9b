"""Numerals: numbers in words, of English and of Chinese."""

import re
from fractions import Fraction

_BELOW_TWENTY = """
    zero one two three four five six seven eight nine ten eleven twelve
    thirteen fourteen fifteen sixteen seventeen eighteen nineteen
"""
_UNITS = {word: value for value, word in enumerate(_BELOW_TWENTY.split())}
_TENS = {
    word: 10 * value
    for value, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_HUNDRED = 100
_PARTS = {
    "half": 2,
    "third": 3,
    "quarter": 4,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
    "twelfth": 12,
    "hundredth": 100,
}
_PLURAL = {**{f"{name}s": value for name, value in _PARTS.items()}, "halves": 2}
_CHINESE = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"两": 2, "兩": 2, "〇": 0}
_CHINESE_SCALES = {"十": 10, "百": 100, "千": 1000}
_CHINESE_RUN = re.compile("负?[零〇一二两兩三四五六七八九十百千万萬亿億]{1,20}")
_MOST_WORDS = 20


def numeral(words: str) -> tuple[Fraction, str] | None:
    """The number that a text opens with in words, and what follows it; None where it opens with none.

    ``one hundred and five pens`` is 105 and ``pens``; ``three quarters``, ``two and a half``, ``a dozen``, ``十二`` are
    read too. The text is in lower case.
    """
    chinese = _CHINESE_RUN.match(words)
    if chinese is not None:
        whole = _chinese(chinese[0].removeprefix("负"))
        signed = None if whole is None else Fraction(-whole if chinese[0].startswith("负") else whole)
        return None if signed is None else (signed, words[chinese.end() :].strip())
    said = words.replace("-", " ").split(maxsplit=_MOST_WORDS)
    sign = -1 if said[:1] in (["minus"], ["negative"]) else 1
    said = said[1:] if sign < 0 else said
    read = _read(said)
    return None if read is None else (sign * read[0], " ".join(said[read[1] :]))


def _read(said: list[str]) -> tuple[Fraction, int] | None:  # noqa: PLR0911  a way of writing each
    """The number and how many words say it."""
    if said[:2] in (["a", "dozen"], ["one", "dozen"]):
        return Fraction(12), 2
    if said[:2] == ["half", "a"] and said[2:3] in (["dozen"], ["million"], ["billion"]):
        return Fraction({"dozen": 6}.get(said[2]) or _SCALES.get(said[2], 0) // 2), 3
    if said[:1] == ["half"]:
        return Fraction(1, 2), 2 if said[1:2] in (["a"], ["an"]) else 1
    if said[:1] == ["a"] and said[1:2] and said[1] in {*_SCALES, "hundred", *_PARTS}:
        said = ["one", *said[1:]]
    whole = _whole(said)
    if whole is None:
        return None
    value, used = whole
    part = said[used] if used < len(said) else ""
    if part == "dozen":
        return Fraction(12 * value), used + 1
    if value > 0 and (part in _PLURAL or (value == 1 and part in _PARTS)):
        return Fraction(value, _PLURAL.get(part) or _PARTS[part]), used + 1
    if part == "and":  # two and a half
        above = _read(said[used + 1 :])
        if above is not None and 0 < above[0] < 1:
            return value + above[0], used + 1 + above[1]
    return Fraction(value), used


def _whole(said: list[str]) -> tuple[int, int] | None:
    """The whole number that the words open with, and how many they are."""
    total = current = used = 0
    last = ""
    for index, word in enumerate(said):
        if word in _UNITS:
            if last == "unit" or (last == "ten" and not 0 < _UNITS[word] < _CHINESE_SCALES["十"]):
                return None  # digits that are read one by one
            current, last = current + _UNITS[word], "unit"
        elif word in _TENS:
            if last in {"unit", "ten"}:
                return None
            current, last = current + _TENS[word], "ten"
        elif word == "hundred" and 0 < current < _HUNDRED:
            current, last = current * _HUNDRED, "hundred"
        elif word in _SCALES and current:
            total, current, last = total + current * _SCALES[word], 0, "scale"
        elif word == "and" and last in {"hundred", "scale"} and said[index + 1 : index + 2]:
            if said[index + 1] not in _UNITS and said[index + 1] not in _TENS:
                break
            continue
        else:
            break
        used = index + 1
    return (total + current, used) if used else None


def _chinese(signs: str) -> int | None:
    """A number of Chinese: 十二, 一百零五, 三万."""
    total = section = digit = 0
    after_digit = False
    for sign in signs:
        if sign in _CHINESE:
            if after_digit and digit:
                return None  # digits that are read one by one
            digit, after_digit = _CHINESE[sign], True
        elif sign in _CHINESE_SCALES:
            section, digit, after_digit = section + (digit or 1) * _CHINESE_SCALES[sign], 0, False
        else:
            scale = 10**4 if sign in "万萬" else 10**8
            total, section, digit, after_digit = (total + section + digit) * scale, 0, 0, False
    return total + section + digit

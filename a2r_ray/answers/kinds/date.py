"""Dates, with or without a time of day, in their everyday forms.

A date of slashes or dashes that ends in its year has the month first, as in 1/2/2024, unless the first number cannot be
a month; one of dots has the day first, as in 1.2.2024.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from a2r_ray.answers.kinds.spelling import folded, prose

_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "january jan janvier enero januar gennaio janeiro января",
            "february feb février febrero februar febbraio fevereiro февраля",
            "march mar mars marzo märz março марта",
            "april apr avril abril aprile апреля",
            "may mai mayo maggio maio мая",
            "june jun juin junio juni giugno junho июня",
            "july jul juillet julio juli luglio julho июля",
            "august aug août agosto августа",
            "september sep sept septembre septiembre settembre setembro сентября",
            "october oct octobre octubre oktober ottobre outubro октября okt",
            "november nov novembre noviembre novembro ноября",
            "december dec décembre diciembre dezember dicembre dezembro декабря dez",
        ],
        1,
    )
    for name in names.split()
}
_NAME = "(" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
_DAY = r"(?:the )?([0-9]{1,2})(?:st|nd|rd|th|er|\.|º)?"
_YEAR = r"([0-9]{4})"
_OF = r"(?: ?(?:of|de|,|-|/) ?| )?"
_FORMS = [
    (re.compile(rf"{_YEAR}[-/.]([0-9]{{1,2}})[-/.]([0-9]{{1,2}})"), "ymd"),
    (re.compile(rf"{_YEAR} ?[年년] ?([0-9]{{1,2}}) ?[月월] ?([0-9]{{1,2}}) ?[日일号]?"), "ymd"),
    (re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?![0-9])"), "ymd"),
    (re.compile(rf"{_YEAR}{_OF}{_NAME}{_OF}{_DAY}"), "ymd"),
    (re.compile(rf"{_DAY}{_OF}{_NAME}{_OF}{_YEAR}"), "dmy"),
    (re.compile(rf"{_NAME}{_OF}{_DAY}(?:,|-|/| of)? ?{_YEAR}"), "mdy"),
    (re.compile(rf"([0-9]{{1,2}})\.([0-9]{{1,2}})\.{_YEAR}"), "dmy"),
    (re.compile(rf"([0-9]{{1,2}})[-/]([0-9]{{1,2}})[-/]{_YEAR}"), "mdy"),
    (re.compile(rf"([0-9]{{1,2}})-{_NAME}-([0-9]{{2}})(?![0-9])"), "dmy"),
    (re.compile(rf"{_NAME}{_OF}{_YEAR}"), "my"),
    (re.compile(rf"([0-9]{{1,2}})/{_YEAR}(?![0-9])"), "my"),
    (re.compile(rf"{_YEAR}-([0-9]{{1,2}})(?![0-9-])"), "ym"),
    (re.compile(rf"{_NAME}{_OF}{_DAY}(?![0-9])"), "md"),
    (re.compile(rf"{_DAY}{_OF}{_NAME}"), "dm"),
]
_WEEKDAY = re.compile(r"(?:on )?(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? ?(?:the )?")
_TIME = re.compile(
    r"(?:,|at|t)? ?([0-9]{1,2})(?::([0-9]{2}))?(?::([0-9]{2}))?(?:\.0{1,6})?(z| ?utc| ?gmt|[+-]00:?00)?"
    r" ?(?:([ap])\.?m\.?)?"
)
_ARTICLE = re.compile(r"^(?:on|the|le|der|den|dem|am|el|il|em|o|on the) (?=[0-9])")
_YEAR_WORD = frozenset({"года", "год", "г", "г."})
_NOON = 12
_TRIED = 2_000
_IN_TEXT = re.compile(rf"[0-9]|{_NAME}")


@dataclass(frozen=True, slots=True)
class Date:
    """A day, with a time of day where one is said; a month of a year, or a day of any year."""

    name: str = "date"

    def read(self, announced: str) -> str | None:
        """The date as it is written."""
        text = announced.strip()
        if _day(text) is not None:
            return text
        if "=" in text:
            text = text.rpartition("=")[2].strip()
            return text if _day(text) is not None else None
        words = " ".join(folded(text[:_TRIED]).split())
        passed = 0
        for start in (match.start() for match in _IN_TEXT.finditer(words.casefold())):
            found = _longest(words.casefold(), start) if start >= passed else None
            if found is not None and (start == 0 or not words[start - 1].isalnum()):
                if _RELATIVE.search(words, 0, start):  # the day before it is another
                    passed = found
                    continue
                return None if _is_another(words, start, found) else words[start:found]
        clock = _CLOCK.search(words)
        return clock[0] if clock and _clock(clock[0]) and not _CLOCK.search(words, clock.end()) else None

    def equal(self, a: str, b: str) -> bool:
        """The same day, at the same time where both say one; of what is no date, the same text."""
        if a == b:
            return True
        one, other = _day(a), _day(b)
        if one is None or other is None:
            return one is other and _ERA.sub("bc", prose(a)) == _ERA.sub("bc", prose(b))
        return one[0] == other[0] and (one[1] or _MIDNIGHT) == (other[1] or _MIDNIGHT)

    def fits(self, known: str) -> bool:
        """A date and nothing else."""
        day = _day(known)
        return day is not None and day[0] != _ANY_DAY


_Day = tuple[int | None, int | None, int | None]
_Time = tuple[int, int, int]
_MIDNIGHT: _Time = (0, 0, 0)
_ANY_DAY: _Day = (None, None, None)
_CLOCK = re.compile(
    r"(?<![\w:])[0-9]{1,2}(?::[0-9]{2}(?::[0-9]{2})?(?: ?[ap]\.?m\.?)?| ?[ap]\.?m\.?)(?![\w:])", re.IGNORECASE
)
_JOINED = re.compile(
    r" ?(?:,? ?\b(?:and|or|to|through|until|till|und|bis|oder|et|ou|y|o)\b|[-\u2013\u2014;/~]|, ) ?"
    r"(?:maybe |perhaps |possibly |on )?(?:the )?",
    re.IGNORECASE,
)
_FIRST_OF_RANGE = re.compile(
    r"(?<![\w.])[0-9]{1,2}(?:st|nd|rd|th|\.)? ?(?:and|or|to|through|until|till|und|bis|-|\u2013) ?(?:the )?\Z",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"\b(?:before|after|since|until|till|following|preceding|past|week of|month of|within|than|from|except|but"
    r"|eve of|not"
    r"|end of|start of|beginning of|middle of|late|early|mid|minus|plus|avant|après|antes de"
    r"|después de"
    r"|depois de|vor|nach|до|после|prima del?|dopo) (?:(?:the|le|el|il|dem|den) )?\Z",
    re.IGNORECASE,
)
"""What stands before a date and makes it another day."""
_DAY_ALONE = re.compile(r"[0-9]{1,2}(?:st|nd|rd|th)?(?![\w:.])")


@lru_cache(maxsize=8192)
def _day(text: str) -> tuple[_Day, _Time | None] | None:
    """Year, month and day, and the time; None where the text is no date."""
    if len(text) > 100:  # noqa: PLR2004  no date is that long
        return None
    words = " ".join(folded(text).casefold().split()).strip(" .,*_\"'`$")
    words = _ARTICLE.sub("", words)
    weekday = _WEEKDAY.match(words)
    if weekday is not None:
        words = words[weekday.end() :]
    for form, order in _FORMS:
        match = form.match(words)
        day = None if match is None else _made(match.groups(), order)
        if match is None or day is None:
            continue
        rest = words[match.end() :].strip(" ,")
        if not rest or rest in _YEAR_WORD or (rest.startswith("(") and rest.endswith(")")) or _WEEKDAY.fullmatch(rest):
            return day, None
        time = _time(words[match.end() :])
        if time is not None:
            return day, time
    clock = _clock(words)
    return None if clock is None else (_ANY_DAY, clock)


def _clock(words: str) -> _Time | None:
    """A time of day and nothing else."""
    return _time(words.removeprefix("at ")) if _CLOCK.fullmatch(words.removeprefix("at ")) else None


_COUNTED_FROM = re.compile(
    r"\s?(?:[-+−]|plus|minus)\s?(?:\d|an?\b|one\b|two\b|three\b)|\s?(?:BCE?|b\.c\.)(?!\w)", re.IGNORECASE
)
_REST_OF_A_DATE = re.compile(r"\d{1,2}(?:st|nd|rd|th)?[ ./-]{1,2}\Z")


def _is_another(words: str, start: int, end: int) -> bool:
    """Whether a date that stands in a text is not what the text gives: one of two, counted from, or a rest of none."""
    return (
        _is_one_of_two(words, start, end)
        or _COUNTED_FROM.match(words, end) is not None
        or _REST_OF_A_DATE.search(words, max(0, start - 6), start) is not None
    )


def _is_one_of_two(words: str, start: int, end: int) -> bool:
    """Whether another day is joined to the one that stands here: ``from 5 March to 9 March``, ``March 5 or 6``."""
    if _FIRST_OF_RANGE.search(words, max(0, start - 20), start):
        return True
    joined = _JOINED.match(words, end)
    if joined is None:
        return False
    stop = _longest(words.casefold(), joined.end())
    if stop is None:
        return _DAY_ALONE.match(words, joined.end()) is not None
    return _day(words[start:end]) != _day(words[joined.end() : stop])


def _longest(words: str, start: int) -> int | None:
    """Where the date that starts here ends."""
    ends = [
        match.end() for form, order in _FORMS if (match := form.match(words, start)) and _made(match.groups(), order)
    ]
    return max(ends, default=None)


def _made(groups: tuple[str, ...], order: str) -> _Day | None:
    """Year, month and day of what stands in this order; None where there is no such day."""
    parts = {part: _MONTHS.get(said) or int(said) for part, said in zip(order, groups, strict=True)}
    year, month, day = parts.get("y"), parts.get("m"), parts.get("d")
    if year is not None and len(groups[order.index("y")]) == _SHORT_YEAR:
        year += 2000 if year < _LAST_CENTURY else 1900
    if order == "mdy" and month is not None and day is not None and month > _LAST and groups[0].isdigit():
        month, day = day, month
    try:
        date(year or 2000, month or 1, day or 1)
    except ValueError:
        return None
    return year, month, day


_LAST = 12
_SHORT_YEAR, _LAST_CENTURY = 2, 70
_ERA = re.compile(r"(?<=[0-9 ])b\.?c\.?(?:e\.?)?$")


def _time(text: str) -> _Time | None:
    match = _TIME.fullmatch(text.strip(" ,"))
    if match is None or (match[2] is None and match[5] is None):
        return None
    hour, minute, second = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    if match[5] is not None:
        if not 1 <= hour <= _NOON:
            return None
        hour = hour % _NOON + (_NOON if match[5] == "p" else 0)
    return (hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None  # noqa: PLR2004  a clock's

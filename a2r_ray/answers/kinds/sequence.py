"""Sequences: numbers, words, grids, moves, in their order; brackets, commas and spacing around them do not count."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from a2r_ray.answers.finding import MAX_LENGTH, clean
from a2r_ray.answers.kinds.letter_case import without_case
from a2r_ray.answers.kinds.reading import read
from a2r_ray.answers.kinds.spelling import folded

_WRAPPED = re.compile(r"\\(?:text|math|mbox)[a-z]{0,6}\s?\{([^{}]*)\}")
_MATRIX = re.compile(r"\\(?:begin|end)\s?\{[a-zA-Z]{0,8}\*?\}(?:\{[lcr|]{0,40}\})?")
_ROW = re.compile(r"[\])}]\s*,?\s*[\[({]|,\s*[\[({]|[\])}]\s*,|(?<!,)\n|;")
_CELL = re.compile(r"[&|]")
_BARS = re.compile(r"\s*[^|\s][^|\n]*\|[^\n]*[^|\s]\s*")
"""One line with bars between what it holds, and none around it: they part rows, as of a board."""
_ARROW = r"(?:-{1,3}>|=>|→|⇒)"
_BETWEEN = re.compile(rf"(?<=[\])}}])\s*{_ARROW}\s*(?=[\[({{])")
_HALF_OPEN = re.compile(r"\[[^\[\]()]{1,80}\)|\([^\[\]()]{1,80}\]")
"""An interval: which end belongs to it is what it says."""
_RULE = re.compile(r"[-+|=\s:]*")
_MOVE = re.compile(r"(?<![\w.])([0-9]{1,3}\.)(?=[a-zA-Z])")
"""The number of a move of chess, set close to it."""
_ITEM = re.compile(rf",| > |{_ARROW}")
_MIXED = re.compile(rf",[^\n]*{_ARROW}|{_ARROW}[^\n]*,")
_TO = re.compile(r"\\(?:to|rightarrow)(?![a-z])")
_LAST = re.compile(r",? and (?=[^\n,]{1,60}\Z)")
_JOINT = re.compile(r"(?<![\w'])(?:and|then)(?![\w'])")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})")
_GROUPED = re.compile(r"(?<![0-9,.])[1-9][0-9]{0,2}(?:,[0-9]{3})+(?!,?[0-9])")
_ONE_GROUPED = re.compile(r"[1-9][0-9]{0,2},[0-9]{3}")
_PARTED = re.compile(r"\s")
"""Where spaces part the items, or there is one only, commas before three digits group them: 1,000 2,000."""
_AROUND = "()[]{}<> \t\r\n"
_PARTS = re.compile(r"[,;&|>\n→⇒]|\b(?=(?:and|then)\b)", re.IGNORECASE)
_KEPT = "\x01"
"""Stands within quotes for what would part items outside of them."""
_QUOTES = re.compile(r"(?<![\w'])['\"`\u201c\u2018]([^'\"`\u201c\u201d\u2018\u2019\n]{1,80})['\"`\u201d\u2019](?!\w)")


@dataclass(frozen=True, slots=True)
class _Order:
    """A sequence as it is compared."""

    parts: tuple[str, ...]
    items: tuple[int, ...]
    """How many parts each item between commas or arrows has; one number where nothing parts them."""
    rows: tuple[int, ...]
    """How many parts each row has; one number where there is one row."""
    quoted: bool = False
    """Whether quotes hold several words together."""
    open_ends: tuple[str, ...] = ()
    """The brackets of intervals that are open at one end, in order."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """Several things in their order."""

    name: str = "sequence"

    def read(self, announced: str) -> str | None:
        """The stretch as it is, all of its lines."""
        text = announced.strip()
        return text if text and _order(text).parts else None

    def equal(self, a: str, b: str) -> bool:
        """The same things in the same order; of grids the same rows."""
        if a == b:
            return True
        one, other = _order(a), _order(b)
        return (
            one.parts == other.parts
            and bool(one.parts)
            and one.open_ends == other.open_ends
            and (one.items == other.items or not (one.quoted or other.quoted))
            and (_same(one.items, other.items) or one.items == one.rows or other.items == other.rows)
            and _same_rows(one.rows, other.rows)
        )

    def fits(self, known: str) -> bool:
        """Several numbers, or what mixes numbers and words, with nothing of mathematics but brackets around it."""
        order = _order(known)
        if len(order.parts) < _SEVERAL or not any(any(map(str.isdigit, part)) for part in order.parts):
            return False
        if all(_NUMBER.fullmatch(part) for part in order.parts):
            return len(order.parts) > _PAIR or len(order.rows) > 1 or read(known).kind == "words"
        reading = read(known)
        return reading.kind == "words" and reading.label is None


_SEVERAL, _PAIR = 2, 2
_BULLET = re.compile(r"\s{0,8}(?:[-*•]|\(?([0-9]{1,2})[.)])\s{1,4}(?=\S)")
"""What an item of a list begins with."""


def _same(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two divisions of items agree, or one side has none."""
    return one == other or min(len(one), len(other)) <= 1 or set(one) == {1} or set(other) == {1}


def _same_rows(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two divisions into rows agree; a row of its own for each item is none."""
    return one == other or (max(*one, 1) == 1 and len(other) == 1) or (max(*other, 1) == 1 and len(one) == 1)


def _is_listed(lines: list[str]) -> bool:
    """Whether lines are the items of a list: all of them begin with a mark, and where that is a number, in order."""
    marks = [_BULLET.match(line) for line in lines]
    numbers = [mark[1] for mark in marks if mark is not None]
    if len(lines) < _SEVERAL or len(numbers) < len(lines):
        return False
    return not any(numbers) or numbers == [str(number) for number in range(1, len(lines) + 1)]


@lru_cache(maxsize=16384)
def _order(text: str) -> _Order:
    if len(text) > MAX_LENGTH:
        return _Order((), (), ())
    text = _WRAPPED.sub(r"\1", _MATRIX.sub("", folded(clean(text)).replace("\\\\", "\n")))
    text = text.replace("\\{", "{").replace("\\}", "}").replace("\\,", " ").replace("\\ ", " ")
    quoted = any(" " in inside.strip() for inside in _QUOTES.findall(text))
    text = _TO.sub("->", _QUOTES.sub(lambda quote: _PARTS.sub(_KEPT, quote[1]), text))
    open_ends = tuple(each[0] + each[-1] for each in _HALF_OPEN.findall(text))
    parts: list[str] = []
    items: list[int] = []
    rows: list[int] = []
    for line in _ROW.split(_laid_out(text)):
        if _RULE.fullmatch(line):
            continue  # nothing, or a line drawn between rows
        row = _CELL.sub(" ", line)
        before = len(parts)
        for item in _items(row):
            own = [part for part in map(_part, item.split()) if part]
            if own:
                items.append(len(own))
                parts.extend(own)
        if len(parts) > before:
            rows.append(len(parts) - before)
    return _Order(tuple(parts), tuple(items), tuple(rows), quoted, open_ends)


def _laid_out(text: str) -> str:
    """The text with its rows in lines, and with commas between items alone."""
    text = without_case(_LAST.sub(", ", text), loud=True)
    if _ONE_GROUPED.fullmatch(text.strip()) or _PARTED.search(text.strip()):
        text = _GROUPED.sub(lambda number: number[0].replace(",", ""), text)
    text = _BETWEEN.sub(", ", _MOVE.sub(r"\1 ", text))
    if _MIXED.search(text):
        text = text.replace(",", "\n")  # 1->2, 3->4 are two
    if _BARS.fullmatch(text):
        text = text.replace("|", "\n")
    lines = [line for line in text.split("\n") if line.strip()]
    if _is_listed(lines):
        text = ", ".join(_BULLET.sub("", line, count=1) for line in lines)
    return text


def _items(row: str) -> Iterator[str]:
    """What commas and arrows part; ``and`` parts too, unless it is an item itself."""
    for item in _ITEM.split(row.strip(_AROUND)):
        bare = item.strip(_AROUND)
        if _JOINT.fullmatch(bare):
            yield bare
        else:
            yield from _JOINT.split(bare)


def _part(part: str) -> str:
    """A number by its value, anything else without the case of words and what surrounds it."""
    if not _NUMBER.fullmatch(part) and any(map(str.isalnum, part)):
        part = part.strip('()[]{}"`*_:.!?')
    if _NUMBER.fullmatch(part):
        value = Fraction(part)
        return str(value) if "." in part or part[:1] in "+-" else part  # 007 is a code
    return part

r"""Reading: what kind of thing an answer is, and its value, so that most answers are compared without mathematics."""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from a2r_ray.answers.finding import MAX_LENGTH
from a2r_ray.answers.finding.bare import is_title
from a2r_ray.answers.kinds.conventions import conventional, spoken
from a2r_ray.answers.kinds.marks import formula, mathematical, may_be_product
from a2r_ray.answers.kinds.notation import of_day
from a2r_ray.answers.kinds.quantities import Quantity, comma_decimal, quantity
from a2r_ray.answers.kinds.relations import alternatives, in_parts, rising
from a2r_ray.answers.kinds.spelling import plain, prose, spelled, worded
from a2r_ray.answers.kinds.units import Unit, unit

MAX_LISTED = 200
"""Numbers in a list that are compared as such."""


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer, read."""

    kind: Literal["quantity", "list", "based", "words", "math"]
    key: object
    """Equal keys of one kind are equal answers."""
    plain: str
    """The answer as mathematics in the one way of writing, without its unit."""
    quantity: Quantity | None = None
    written: tuple[Quantity, ...] = ()
    """The elements of a list, as they are written."""
    numbers: tuple[Quantity, ...] = ()
    """The elements of a list, by size: a list without brackets is a set of solutions."""
    unit: Unit | None = None
    """What stands behind mathematics that is no plain number."""
    label: str | None = None
    """The letter or word that an answer opens with and then explains: ``B) rivers``, ``Yes, because …``."""
    stated: str | None = None
    """What follows such a letter, as in ``\\textbf{(B)}\\ 9``."""
    product: bool = False
    """Whether words may be a product of letters where the other answer is mathematics."""

    @property
    def measure(self) -> Unit | None:
        """The unit, of a number or of mathematics."""
        return self.unit if self.quantity is None else self.quantity.unit


_LABELLED = re.compile(
    r"\\(?:text|math)[a-z]{0,6}\s?\{\s?(?:\(\s?([A-J])\s?\)|([A-J])[).:])\s?\}[.:)]?(?:\\\s|[~\s])*([^\s_^].{0,300})"
    r"|(?:[oO]ption\s|[cC]hoice\s|(?![A-J]\.\s+[^\W\d_]))(?:\(([A-J])\)[.:]?|([A-J])[).:])\s+(\S.{0,300})",
    re.DOTALL,
)
_ENUMERATED = re.compile(
    r"\s*\(?(?:[a-j]|i{1,3}|i?v)\)\s.{0,300}?[\s,;]\(?(?:[a-j]|i{1,3}|i?v)\)\s", re.DOTALL | re.IGNORECASE
)
"""Answers of several parts: no letter of a choice, and no product of letters."""
_CELL = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,9})?|[^\W_]{1,2}|[-._#*?x]")
_BETWEEN = re.compile(r"[\s|,;]+")
_LETTER = re.compile(
    r"(?:option|choice|answer) ?\(?([a-j])\)?(|[,.:].{0,300})|\(?([a-j])\)(.{0,300})"
    r"|(yes|no|true|false)(?:[,;:.!]|-| because ).{1,3000}",
    re.DOTALL,
)
_OPTION = re.compile("[a-jA-J]")
_BASED = re.compile(
    r"\(?([0-9A-Za-z]{1,200}(?:\.[0-9A-Za-z]{1,100})?)\)?_"
    r"(?:\{([0-9]{1,2})\}|([0-9])|\{?\\text ?\{ ?([a-z]{3,8}) ?\}\}?)"
)
_BASE_NAMES = "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
_BASES = {name: base for base, name in enumerate(_BASE_NAMES.split(), 2)}
_DOLLAR = re.compile(r"([+-]?) ?(?:US ?)?\\?\$ ?([+-]?[0-9.][^$]{0,200})", re.DOTALL)
_QUOTED = re.compile("\\s?[\"'`\u201c\u2018]([^\"'`\u201c\u201d\u2018\u2019]{1,300})[\"'`\u201d\u2019][.]?\\s?")
_NAMED = re.compile(r"[a-zA-Z]{4,20}(?: [a-zA-Z]{1,20}){0,4} ?(?:=(?!=)|:(?= ?[-+$\\(.]{0,3}\d[^:]*\Z))")
"""A name in words, to which a value is given."""
_JOINED = re.compile(r",? ?\\text ?\{ ?(?:and|or) ?\} ?|,? (?:and|or) ")
_TAIL = re.compile(
    r"((?: ?(?:\\(?:text|math(?:rm|bf))[a-z]{0,2} ?\{[^{}]{1,60}\}(?:\^(?:\{?-?[0-9]\}?))?|/))+|\\?%"
    r"|\^\{?\\circ\}? ?[CF]?| [a-zA-Z]{2,20}(?:\^\{?[0-9]\}?)?(?:/[a-zA-Z]{1,10}(?:\^\{?[0-9]\}?)?)?)$"
)


@lru_cache(maxsize=16384)
def read(answer: str) -> Reading:
    """The answer, read as what it is."""
    if len(answer) > MAX_LENGTH:
        return Reading("words", answer, answer)
    if answer.isascii() and answer.isdigit():  # most answers, at a tenth of the time
        return _number(Quantity(Fraction(int(answer))), answer)
    if ":" in answer:
        answer = of_day(answer)
    parted = _parted(answer)
    if parted is not None:
        return Reading("words", parted, answer)
    quoted = _QUOTED.fullmatch(answer)
    if quoted is not None:
        return read(quoted[1])
    labelled = _LABELLED.fullmatch(answer.strip(" $"))
    if labelled is not None:
        label = labelled[1] or labelled[2] or labelled[4] or labelled[5]
        stated = labelled[3] or labelled[6]
        return Reading("words", prose(answer), answer, label=label.lower(), stated=stated)
    dollars = _DOLLAR.fullmatch(answer.strip())
    text = plain(answer) if dollars is None else dollars[1] + "$" + plain(dollars[2])
    return _plainly(text, answer)


def _parted(answer: str) -> str | None:
    """An answer of rows or of enumerated parts, in its order; None for any other."""
    rows = _grid(answer) if "\n" in answer.strip() else None
    return rows if rows is not None or not _ENUMERATED.match(answer) else worded(answer)


def _grid(answer: str) -> str | None:
    """A grid, as rows of cells; None where the lines are none."""
    rows: list[list[str]] = []
    for line in answer.replace("\\n", "\n").splitlines() if "\\" not in answer else ():
        cells = [cell for cell in _BETWEEN.split(line.strip("()[]{}, \t|")) if cell]
        if not cells or all(set(cell) <= set("-=:+") for cell in cells):
            continue  # nothing, or a line drawn between rows
        if not all(map(_CELL.fullmatch, cells)):
            return None
        rows.append(cells)
    several = len(rows) > 1 and any(len(row) > 1 for row in rows)
    return "\n".join(" ".join(row) for row in rows) if several else None


def reread(text: str, whole: Reading) -> Reading:
    """A part of mathematics read anew, as of the unit of the whole."""
    part = _plainly(text, text)
    if whole.unit is None or part.kind not in {"quantity", "math"}:
        return part
    if part.quantity is not None:
        return _number(Quantity(part.quantity.value, part.quantity.unit or whole.unit), part.plain)
    return Reading("math", (spelled(part.plain), whole.unit), part.plain, unit=whole.unit)


def _number(value: Quantity, text: str) -> Reading:
    return Reading("quantity", value, text, quantity=value)


def _plainly(text: str, answer: str) -> Reading:
    if text.startswith("=") and "=" not in text[1:]:
        text = text[1:].lstrip()
    amount = quantity(text)
    if amount is not None:
        return _number(amount, text)
    name = conventional(text)
    if (named := name or formula(text)) is not None:
        return Reading("words", named, text, product=name is not None and "\\" in text)
    based = _BASED.fullmatch(text)
    if based is not None and (based[1][0].isdigit() or len(based[1]) > 1):
        base = int(based[2] or based[3] or _BASES.get(based[4], 0))
        if base > 1:
            return Reading("based", (based[1].lstrip("0").casefold(), base), text)
    given = _NAMED.match(text)
    if given is not None and "=" not in text[given.end() :]:
        return _plainly(text[given.end() :], text[given.end() :])
    text = rising(in_parts(text))
    joined = _JOINED.sub(", ", alternatives(text))
    listed = _listed(joined)
    if listed is not None:
        return listed
    return _mathematics(joined) if mathematical(joined) or _is_measured(joined) else _words(text, answer)


def _is_measured(text: str) -> bool:
    r"""Whether a text is mathematics with a unit of several letters behind it: ``5\sqrt{2} meters``."""
    tail = _TAIL.search(text[-200:]) if "\\" in text else None
    if tail is None:
        return False
    measure, body = unit(tail[0]), text[: len(text) - len(tail[0])].rstrip()
    return measure is not None and not measure.things and "\\" in body and mathematical(body)


def _words(text: str, answer: str) -> Reading:
    words, folded = worded(answer), prose(answer)
    amount = spoken(folded)
    if amount is not None and (amount.unit is None or not is_title(answer)):  # Seven Samurai
        return _number(amount, str(amount.value))
    bracketed = words[:1] in ("(", "[", "{") and words[-1:] in (")", "]", "}")
    if bracketed and not any(sign in words[1:-1] for sign in "()[]{}"):
        words, folded = words[1:-1].strip(), folded[1:-1].strip()
        if _OPTION.fullmatch(words) and answer.strip(" $").startswith("("):
            words = words.upper()  # (b) is (B), and B
    opened = _LETTER.fullmatch(folded)
    label = None if opened is None else opened[1] or opened[3] or opened[5]
    if opened is not None and not (opened[2] or opened[4] or opened[5]):
        words, label = (label or words).upper(), None
    return Reading("words", conventional(words) or words, text, label=label, product=may_be_product(text))


def _listed(text: str) -> Reading | None:
    """A list of plain numbers, with or without units; None for anything else."""
    if "," not in text and ";" not in text:
        return None
    separator = next(sign for sign in (";", ", ", ",") if sign in text)
    items = text.split(separator)
    if len(items) > MAX_LISTED:
        return None
    amounts = [quantity(item.strip()) for item in items]
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(amounts) or any(amount.unit is not None and amount.unit.is_rank for amount in known):
        return None
    written = tuple(known)
    known.sort(key=lambda amount: amount.value)
    decimal = comma_decimal(text)
    one = None if decimal is None else Quantity(decimal)
    return Reading("list", tuple(known), text, quantity=one, written=written, numbers=tuple(known))


_ANGLE = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)(?:\^\{?[0-9-]{1,3}\}?)? ?[({]?[^a-zA-Z+()\\]{1,30}$")
"""A function of an angle whose argument goes on to the end: what follows is a unit of that."""


def _mathematics(text: str) -> Reading:
    measure = None
    tail = _TAIL.search(text[-200:])
    if tail is not None:
        body = text[: len(text) - len(tail[0])].rstrip()
        found = unit(tail[0])
        degrees = found is not None and _ANGLE.search(body) is not None
        if found is not None and not degrees and body and body[-1] not in "+-*/=<>^_,({[":
            measure, text = found, body
    return Reading("math", (spelled(text), measure), text, unit=measure)

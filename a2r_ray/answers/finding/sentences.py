"""Sentences: where the one that gives an answer ends.

A full stop ends a sentence only before whitespace, and not behind an abbreviation, an initial or an ordinal. Everything
here looks at a bounded stretch of text around one position.
"""

import re

from a2r_ray.answers.finding.vocabulary import (
    AFTER_A_UNIT,
    BEFORE_A_NUMBER,
    COMPANIES,
    LETTERED,
    MONTHS,
    SHORT,
    STARTERS,
    TITLES,
)

LONGEST = 8_000
"""Characters; no sentence is followed further."""

_STOP = re.compile(r"\n|[。．！？؟]|[.!?](?=[\"'”’»)\]*_$}]{0,4}(?:\s|$))")
_CLOSERS = re.compile(r"[\"'”’»)\]*_$}]{1,4}")
_WORD_BEFORE = re.compile(r"(?:^|[\s(\[\"'“‘*_$:=-])([^\W_][\w.]{0,15})$")
_DOTTED = re.compile(r"[^\W\d_]{1,2}(?:\.[^\W\d_]{1,2}){1,5}")
_MOVE = re.compile(r"[KQRBN]?[a-h]?[1-8]?x?[a-h][1-8]|O-O(?:-O)?")
_COUNTS = re.compile(
    r" (?:(?:different|distinct|possible|unique) )?(?:way|permutation|arrangement|order|seating|sequence"
    r"|possibilit)[a-z]{0,5}\b|[ ]?[-+*/=×·]|[ ]?\\(?:times|cdot)|(?= [a-z]{2,})(?! (?:so|we|and|but|because"
    r"|as|hope|let|thanks|that|this|it)\b)"
)
"""What follows a factorial in its sentence."""
_AND = frozenset({"and", "und", "et", "y", "e"})
_NEXT_WORD = re.compile(r"[ \t]{1,3}([^\W_][\w'’]{0,20}\.?)")


def end_of(text: str, start: int) -> tuple[int, bool]:
    """Where the sentence that begins at ``start`` ends, without its full stop, and whether it asks something.

    That is at the end of its line, or ``LONGEST`` characters on, at the latest.
    """
    last = min(len(text), start + LONGEST)
    for stop in _STOP.finditer(text, start, last):
        mark, at = stop[0], stop.start()
        if mark == "." and (_is_dotted(text, at) or _goes_on(text, start, at)):
            continue
        if mark == "!" and _is_factorial(text, start, at):
            continue
        closers = _CLOSERS.match(text, stop.end()) if mark in ".!?" else None
        asks = mark in "?？؟"
        return (closers.end() if closers and not asks else at), asks
    return last, False


def _is_factorial(text: str, start: int, at: int) -> bool:
    """Whether an exclamation mark belongs to a number or letter, as where others do, or factorials are spoken of."""
    if text[max(start, at - 2) : at].isalpha() or text[at - 1] in "*_$`\"'”’»" or text[at - 2 : at] == "\\)":
        return False
    if _COUNTS.match(text, at + 1):
        return True
    before = text[max(0, start - LONGEST) : start]
    return not text[at - 1].isdigit() or "factorial" in before or re.search(r"\d!", before) is not None


def _is_dotted(text: str, at: int) -> bool:
    """Whether a full stop is one of several: an ellipsis."""
    return text[at - 1 : at] == "." or text[at + 1 : at + 2] == "."


def _goes_on(text: str, start: int, at: int) -> bool:  # noqa: PLR0911  a kind of word each
    """Whether a full stop belongs to the word before it, in the middle of a sentence."""
    before = _WORD_BEFORE.search(text, max(0, at - 18), at)
    after = _NEXT_WORD.match(text, at + 1)
    if before is None or after is None:
        return False
    word, following = before[1], after[1]
    starts = following.rstrip(".") in STARTERS
    if word in SHORT:
        return True
    if word in TITLES and not text[start : before.start(1)].strip(" \t*_$:\"'"):
        return following[:1].isupper() or following in _AND  # what begins so is a name: Dr. No, Mr. and Mrs. Lee
    if word in TITLES or _DOTTED.fullmatch(word):
        return not starts
    if word in BEFORE_A_NUMBER:
        return following[0].isdigit() or following in AFTER_A_UNIT
    if word in COMPANIES:
        return following[0].islower()
    if word.isdigit() and len(word) <= 2:  # noqa: PLR2004  the day of a date in German and its neighbours, a move in chess
        return following in MONTHS or _MOVE.fullmatch(following) is not None
    return len(word) == 1 and word.isalpha() and _is_initial(text, start, before.start(1), following, starts=starts)


def _is_initial(text: str, start: int, at: int, following: str, *, starts: bool) -> bool:
    """Whether a single letter with its full stop is a part of a name, or the letter of a choice before its text."""
    if re.fullmatch(r"[^\W\d_]\.", following):
        return True  # J. K. Rowling, z. B.
    if starts:
        return False
    if not text[start:at].strip(" \t*_$:\"'"):
        return True  # what begins so is a name or a choice: J. Smith, B. rivers
    if re.search(r"(?:^|\s)[^\W\d_]\. $", text[max(start, at - 4) : at]):
        return True  # the last of several, as in z. B. or J. K. Rowling
    name = re.search(r"([A-Z](?:[\w'’-]{1,20}|\.))[ \t]{1,3}$", text[max(start, at - 25) : at])
    return name is not None and following[0].isupper() and name[1] not in LETTERED

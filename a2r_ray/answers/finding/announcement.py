"""Announcement: how a language says that an answer follows. The languages' own words stand in files beside this one."""

import re
from dataclasses import dataclass

SPACE = r"[ \t\u00a0\u202f]"
EMPHASIS = rf"(?:{SPACE}|[*_`}}]|</\w{{1,6}}>){{0,6}}"
"""What may stand around the words of an announcement: ``**Answer**:``."""
ASIDE = r"(?:\([^()\n]{1,60}\)|（[^（）\n]{1,60}）|,[^,\n.:]{1,40},)"
"""What may stand between an announcement's words: ``Answer (in cm):``."""

VALUE = r"(?=[*$\\(]{0,3}(?:-?\d[\d.,/%]{0,20}|[A-H])[$)*]{0,3}(?:[.;,!]|\s*(?:\n|\Z)))"
"""Before a number or a letter that ends a clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A way to announce an answer."""

    stems: tuple[str, ...]
    """In lower case: where in a text to look for it."""
    head: re.Pattern[str]
    """From the stem on, all that stands before the answer."""
    before: re.Pattern[str] | None = None
    """What must stand before the stem."""
    heading: re.Pattern[str] | None = None
    """What announces where it is a line of its own."""
    alone: re.Pattern[str] | None = None
    """What announces by itself, where a number or a letter ends the clause: "we get the answer 7"."""
    gives: re.Pattern[str] | None = None
    """What must stand before it then."""
    dash: bool = False
    """Whether a dash may stand in place of a colon at the beginning of a line."""
    short: bool = False
    """Whether only a letter or a number can follow."""
    weak: bool = False
    """Whether it may as well be a step on the way: any announcement that is not weak stands before it."""
    values_only: bool = False
    """Whether without a colon, words that follow are no answer: "the result is published"."""
    colon_at_line_start: bool = False
    """Whether with a colon, it announces only at the beginning of a line."""
    within_words: bool = False
    """Whether the stem may stand in the middle of a word, or of a text without spaces."""
    untrue: re.Pattern[str] | None = None
    """How what follows begins where it is no answer: "not obvious"."""
    doubtful: re.Pattern[str] | None = None
    """What follows where it may describe an answer that is given elsewhere: "an integer"."""
    hypothetical: re.Pattern[str] | None = None
    """What stands before where nothing is announced: "if the answer"."""
    note: re.Pattern[str] | None = None
    """How a sentence begins that only speaks of an answer: "Note: the answer"."""
    closing: re.Pattern[str] | None = None
    """What follows the answer in its sentence, and is no part of it."""


def compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def fillers(adverbs: str) -> str:
    """A pattern of the words between an announcement and its answer."""
    return (
        # A capital within a sentence begins a name: Still Alice.
        rf"(?:,?{SPACE}{{0,3}}[*_]{{0,3}}(?:(?!(?<=[a-z] )(?-i:[A-Z][a-z]))(?:{adverbs})(?![\w-])"
        r"|={1,3}>|-{1,2}>|→|⇒"
        rf"|[~≈≅:=：]{{1,2}})[*_]{{0,3}}{SPACE}{{0,3}},?){{0,4}}"
    )

"""Chosen: the choice, or the verdict, that a reply opens or closes with, and announces in no other way.

``**B. rivers**`` above an explanation is the commonest reply of a chat model to a question with choices. Only who looks
for a choice may take it: elsewhere such a line is a heading, or an item of a list.
"""

import re
from collections.abc import Callable

_LABELLED = re.compile(
    r"[#>\s]{0,6}[*_]{0,3}(?:(?:option|choice) )?\(?(?P<letter>[A-HJ])"
    r"(?:\)?[*_]{0,3}[.!]?[*_]{0,3}|(?:\)\.?|[.:])[*_]{0,3}[ \t]{1,3}(?![A-Z]\.)\S.{0,160}(?<!:))\s*",
    re.IGNORECASE,
)
"""A line that is a letter, or a letter with its text: ``B``, ``(B)``, ``**B. rivers**``."""
_STATED = re.compile(
    r"(?:(?:^|[.,;:!?]\s)\s{0,3}|(?<!\w)(?:so|thus|hence|therefore|then|and|but)\s)"
    r"(?:(?:so|thus|hence|therefore|then|and|but|I (?:think|believe|guess|feel|am sure))[, ]{1,2}(?:that )?){0,2}"
    r"(?:it['’]s|it is|it must be|it has to be|it would be|that['’]s|that is|that would be|this is|this must be"
    r"|I['’]d (?:say|guess)|I would (?:say|guess)|I say)(?: (?:clearly|definitely|probably|likely|therefore|thus|option"
    r"|choice|letter)){0,2} [*_]{0,3}\(?(?P<letter>[A-J])\)?[*_]{0,3}"
    r"(?=[.,;!]?\s{0,3}$|[.,;!]\s|\s(?:because|since|as)\s)"
    r"|(?:(?:^|[.;:!]\s)\s{0,3}(?:so|thus|hence|therefore)|left with|leav(?:es|ing)(?: us)?(?: with)?|that leaves"
    r"|the only (?:one|option|choice)(?: left| remaining)? is),? (?:only )?(?:option |choice )?"
    r"[*_]{0,3}\(?(?P<last>[A-J])\)?[*_]{0,3}[.!]?\s{0,3}$"
    r"|(?:^|[.;:!]\s)\s{0,3}only (?:option |choice )?\(?(?P<only>[A-J])\)? (?:remains|is left|fits|works|is possible)"
    r"[.!]?\s{0,3}$",
    re.IGNORECASE,
)
_LONGEST_LINE = 400
_MOST_LINES = 2_000


def chosen(text: str) -> str | None:
    """The letter of the choice that the first or the last line of a text names; None where others are named so too."""
    lines = [line for line in text.strip().split("\n", _MOST_LINES) if line.strip()]
    if not lines or len(lines) > _MOST_LINES:
        return None
    labelled = [label["letter"] for line in lines if (label := _LABELLED.fullmatch(line[:_LONGEST_LINE]))]
    ends = [lines[0], lines[-1]]
    stated = [
        said["letter"] or said["last"] or said["only"]
        for line in ends
        for said in _STATED.finditer(line[-_LONGEST_LINE:])
    ]
    own = [label["letter"] for line in ends if (label := _LABELLED.fullmatch(line[:_LONGEST_LINE]))]
    letters = {letter.upper() for letter in (stated + own)}
    return min(letters) if len(letters) == 1 and {letter.upper() for letter in labelled} <= letters else None


_JUDGED = re.compile(
    r"[\s>*_#-]{0,8}(?:option |choice |statement )?\(?(?P<letter>[A-J])[).:\]]{1,2}[*_]{0,3}\s"
    r"(?:[^\n]{0,160}?[\s*_:(—–-])?"
    r"(?:(?P<right>yes|true|correct|right|✓|✔|✅)|no|false|incorrect|wrong|✗|✘|❌)[*_.)!]{0,4}\s*",
    re.IGNORECASE,
)
"""A line that says of one choice whether it is right."""


_NEXT_CHOICE = re.compile(r"[,;]?\s{1,3}(?=\(?[A-J][).:\]]{1,2}\s)")


def singled_out(text: str) -> str | None:
    """The only choice that is called right, of a text that says of each whether it is."""
    lines = [line for line in text.strip().split("\n", _MOST_LINES) if line.strip()]
    if len(lines) == 1:
        lines = _NEXT_CHOICE.split(lines[0][: 2 * _LONGEST_LINE])
    judged = [_JUDGED.fullmatch(line[:_LONGEST_LINE]) for line in lines]
    right = [line["letter"].upper() for line in judged if line and line["right"]]
    return right[0] if len(lines) > 1 and all(judged) and len(right) == 1 else None


_VERDICTS = frozenset({"Yes", "No"})
_LONGEST_VERDICT = 120
_ASKED = re.compile(r"^[^?!\n]{1,300}[?!][*_]{0,3}\s{1,3}(?=\S)")
"""The question, or an exclamation, before what is said: "Is it prime? Yes, it is."."""


def decided(text: str, read: Callable[[str], object]) -> str | None:
    """The first or the last line of a text, where it says yes or no: "It is true."; None where the two differ.

    Args:
        text: what is shown of a text.
        read: what a kind of answer takes of a line; only one of yes and no makes ``Yes`` or ``No`` of it.
    """
    lines = [line.strip() for line in text.strip().split("\n", _MOST_LINES) if line.strip()]
    lines = [part for line in lines[:1] + lines[-1:] for part in (_ASKED.sub("", line), line)]
    # In parentheses, for any other kind would leave "Yes" as it is.
    said = {str(read(f"({line})")): line for line in lines if len(line) <= _LONGEST_VERDICT}
    verdicts = [line for verdict, line in said.items() if verdict in _VERDICTS]
    return verdicts[0] if len(verdicts) == 1 else None

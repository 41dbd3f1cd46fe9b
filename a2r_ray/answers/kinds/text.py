"""Text: words, compared without the case of words, spacing, and the quotes and marks around them."""

from dataclasses import dataclass

from a2r_ray.answers.kinds.reading import read
from a2r_ray.answers.kinds.spelling import said


@dataclass(frozen=True, slots=True)
class Text:
    """A word, a name, a sentence."""

    name: str = "text"

    def read(self, announced: str) -> str | None:
        """The stretch without the quotes around it."""
        text = announced.strip()
        if len(text) > 1 and text[0] + text[-1] in _QUOTES and text.count(text[0]) + text.count(text[-1]) in {2, 4}:
            text = text[1:-1].strip()
        return text or None

    def equal(self, a: str, b: str) -> bool:
        """The same words in the same order."""
        return a == b or (said(a) == said(b) and _amounts(a) == _amounts(b))

    def fits(self, known: str) -> bool:
        """Words only: no number, no mathematics, no letter alone, which may be a variable or a choice."""
        return (
            len(known.strip()) > 1
            and any(map(str.isalpha, known))
            and not any(map(str.isdigit, known))
            and read(known).kind == "words"
        )


def _amounts(text: str) -> int:
    """1 where a dollar sign is one, and not half of a pair around mathematics."""
    return text.count("$") % 2


_QUOTES = frozenset({"''", '""', "``", "\u201c\u201d", "\u2018\u2019", "«»", "„\u201c"})

r"""Conventions: what has a name in words and another in signs: no solution and ``\emptyset``, two thirds and 2/3."""

from a2r_ray.answers.kinds.numerals import numeral
from a2r_ray.answers.kinds.quantities import Quantity
from a2r_ray.answers.kinds.units import unit

_NAMES = {
    "no solution": (
        *("no solutions", "there is no solution", "there are no solutions", "no solution exists", "no solutions exist"),
        *("\\emptyset", "\\{\\}", "empty set", "the empty set"),
    ),
    "no real solution": (
        *("no real solutions", "there is no real solution", "there are no real solutions", "no real roots"),
        *("no real solution exists", "no real solutions exist", "it has no real solutions", "no real root"),
    ),
    "infinitely many": (
        *("infinitely many solutions", "infinite solutions", "an infinite number of solutions", "infinite"),
        *("there are infinitely many", "there are infinitely many solutions", "an infinite number", "infinitely many"),
        *("infinite number of solutions", "infinite many solutions", "infinitely many answers"),
    ),
    "does not exist": ("dne", "doesn't exist", "it does not exist", "the limit does not exist"),
    "all real numbers": (
        *("all reals", "all real numbers x", "any real number", "every real number", "the real numbers"),
        *("\\mathbb{R}", "(-\\infty,\\infty)", "(-\\infty,+\\infty)"),
    ),
}
_NAMED = {each: name for name, others in _NAMES.items() for each in (name, *others)}
_MOST_WORDS = 2
"""Of a thing that is counted: more are a title, or a sentence."""


def conventional(text: str) -> str | None:
    """The one name of what has several; None for anything else.

    Args:
        text: words without case, or mathematics in the one way of writing.
    """
    return _NAMED.get(text.replace(" ", "") if "\\" in text else text)


def spoken(words: str) -> Quantity | None:
    """The amount that words say: ``forty-two``, ``two thirds``, ``three apples``; None where they say another thing.

    Args:
        words: without case.
    """
    found = numeral(words)
    if found is None:
        return None
    value, rest = found
    if not rest:
        return Quantity(value)
    if "-" in words or len(rest.split()) > _MOST_WORDS:
        return None
    measure = unit(f" {rest}")
    return None if measure is None else Quantity(value, measure)

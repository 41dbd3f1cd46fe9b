r"""Comparing: whether two answers mean the same.

Texts are untrusted. A comparison takes at most ``math_worker.CPU_LIMIT_S``, after which the two count as different.
Numbers and words are compared here; only mathematics goes to math-verify (``math_worker``).
"""

import re
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal, NamedTuple

from a2r_ray.answers import math_worker
from a2r_ray.answers.finding import MAX_LENGTH, clean

_Kind = Literal["number", "percent", "words", "math"]


class _Reading(NamedTuple):
    kind: _Kind
    value: Fraction | int | str
    """Equal values of one kind are equal answers."""
    plain: str
    """The answer in the one way of writing."""


def equivalent(a: str, b: str) -> bool:
    r"""Whether two answers mean the same; symmetric, from any thread.

    - The same text, once spacing, delimiters and variants such as ``\dfrac`` are made one: yes.
    - Two numbers (``1,000``, ``-.5``, ``007``, ``2e3``, ``2 \times 10^3``, ``3/4``, ``\frac{3}{4}``) are compared
      exactly: 0.333 is not 1/3. A percentage equals only a percentage: math-verify takes 50% for 0.5 and for 50, which
      are not equal.
    - Two texts of words only are compared without case. A number is no word.
    - Anything else is for math-verify. Its ``verify(gold, prediction)`` is not symmetric (as gold, an inequality equals
      the interval that it defines; as prediction, not), and in a vote neither is gold: either direction suffices.

    Not transitive: ``(1,2)`` is ``1,2``, which is ``2,1``, and ``(1,2)`` is not ``(2,1)``.

    Raises:
        A2RError: the worker process does not start, so that no verdict on mathematics could be trusted.
    """
    if a == b:
        return True
    if len(a) > MAX_LENGTH or len(b) > MAX_LENGTH:
        return False
    one, other = _read(a), _read(b)
    if one.kind == other.kind and one.value == other.value:
        return True
    if "math" not in (one.kind, other.kind):
        return False
    return math_worker.equal(one.plain, other.plain)


@lru_cache(maxsize=4096)
def _read(answer: str) -> _Reading:
    """What kind of answer this is, and its value."""
    if answer.isascii() and answer.isdigit():  # most answers, at a tenth of the time
        return _Reading("number", int(answer), answer)
    plain = _plain(answer)
    if (number := _number(plain)) is not None:
        return _Reading("number", number, _without_exponent(plain))
    if plain.endswith("%") and (number := _number(plain[:-1].rstrip())) is not None:
        return _Reading("percent", number, plain)
    if _WORDS.fullmatch(plain):
        return _Reading("words", plain.casefold(), plain)
    return _Reading("math", plain, plain)


_SIGNS = str.maketrans(
    {
        "\u2212": "-",
        "°": "^\\circ ",
        "·": "\\cdot ",
        "\u00d7": "\\times ",
        "√": "\\sqrt ",
        "∞": "\\infty ",
        "\u2208": "\\in ",
    }
)
_FILLER = re.compile(r"\\[,!]\s*|\\(?:left|right)(?![a-zA-Z])\.?|\\displaystyle(?![a-zA-Z])|\\text\s*\{\s*\}")
_SPACE = re.compile(r"(?:(?<!\\)\\[;: ]|\\q?quad(?![a-zA-Z])|[~\s])+")
_LOOSE = re.compile(r" ?([-+*/=<>^_|(){}\[\]]) ?")
_FRACTION = re.compile(r"\\[dtc]frac(?![a-zA-Z])")
_DECIMAL = re.compile(r"[+-]?(?=\.?[0-9])(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?")
_RATIO = re.compile(r"([+-]?)(?:([+-]?[0-9]+)/([0-9]+)|\\frac ?\{([+-]?[0-9]+)\}\{([0-9]+)\}|\\frac ?([0-9]) ?([0-9]))")
_FACTOR = rf"({_DECIMAL.pattern}) ?(?:\\times|\\cdot|\*|x) ?|([+-]?)"
_SCIENTIFIC = re.compile(rf"(?:{_FACTOR})10\^(?:\{{([+-]?[0-9]{{1,3}})\}}|(-[0-9]{{1,3}}|[0-9]))")
_WORDS = re.compile(r"[^\W\d_]+(?:[ '][^\W\d_]+)*")


def _plain(answer: str) -> str:
    """The answer in one way of writing."""
    text = clean(answer).translate(_SIGNS).replace("{,}", ",")
    if "\\" in text:
        # Two backslashes end a row of a matrix; elsewhere they are one, escaped.
        text = text.replace("\\\\", "\\\\ " if "\\begin" in text else "\\")
        text = _FRACTION.sub(lambda _: "\\frac", _FILLER.sub("", text)).replace("\\%", "%")
    return _LOOSE.sub(r"\1", _SPACE.sub(" ", text)).strip()


def _without_exponent(number: str) -> str:
    """A plain number as mathematics has it, where e is Euler's."""
    return format(Decimal(number.replace(",", "")), "f") if "e" in number.lower() and "\\" not in number else number


def _number(text: str) -> Fraction | None:
    """The exact value of a plain number; None for any other text, and for an exponent of more than three digits."""
    if _DECIMAL.fullmatch(text):
        return Fraction(text.replace(",", ""))
    if scientific := _SCIENTIFIC.fullmatch(text):
        factor, sign, braced, bare = scientific.groups()
        return Fraction((factor or f"{sign}1").replace(",", "")) * Fraction(10) ** int(braced or bare)
    ratio = _RATIO.fullmatch(text)
    if ratio is None:
        return None
    sign, over, under = (part for part in ratio.groups() if part is not None)
    return Fraction(int(sign + "1") * int(over), int(under)) if int(under) else None

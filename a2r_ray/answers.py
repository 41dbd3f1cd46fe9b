r"""Answers: what a text gives as its final answer, and whether two answers mean the same.

Texts are untrusted. Finding an answer takes linear time; comparing two takes at most ``judge.CPU_LIMIT_S``, after which
they count as different. Numbers and words are compared here; only mathematics goes to math-verify (``judge``).
"""

import re
from fractions import Fraction
from functools import lru_cache
from typing import Literal, NamedTuple

from a2r_ray import judge, prompts

MAX_LENGTH = 4_000
"""Characters; what is longer is no answer."""

# Finding ------------------------------------------------------------------------------------------------------------

_BOX = re.compile(r"(\\{1,2}(?:boxed|fbox)\s*\{)|\\.|[{}]", re.DOTALL)
_PHRASE = re.compile(
    r"\banswer\b(?:[ \t]{1,3}(?:to|of|for)[ \t][^\n.:]{1,80}?)?(?:\*\*)?[ \t]{0,3}(?::|=|is\b[ \t]{0,3}:?)"
    r"|^[#*\s]{0,8}(?:the )?final answer[ \t*]{0,4}$"
    r"|^[ \t]{0,3}####(?=[ \t]*[-+$]{0,2}[\d.,]+[ \t]*$)",
    re.IGNORECASE | re.MULTILINE,
)
_LEAD = re.compile(r"(?:[\s*$:`]|\\[\[(])*")
_SENTENCE_END = re.compile(r"\.(?:\s|$)")
_BLANK = " \t\r\n._?…"
"""What a place left open is filled with: ``\\boxed{...}`` repeats the question's form."""
_BOX_NAME = re.compile(r"\\(?:boxed|fbox)")
_DELIMITER = re.compile(r"(?<!\\)(?:\\?\$|\\[()\[\]])")
_WRAPPER = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mbox)\s*\{([^{}]*)\}")


def extract(text: str) -> str | None:
    r"""The final answer in a model's text; None where it gives none.

    That is the last ``\boxed{…}`` or ``\fbox{…}`` that is closed and not blank, else what follows the last "answer is",
    "Answer:", "Final answer" heading or "#### 42" (GSM8K), up to the end of its sentence. Only what a reader is shown
    counts (``prompts.visible``). It is never the last number of a text without such a mark, as some graders guess: most
    often that is an intermediate value, and a vote counts it as if it had been meant. Nor is it what stands in a box
    that was cut off, which may be half of a number.

    The answer comes without whitespace, math delimiters, bold marks, one ``\text{}`` and the full stop around it.
    """
    shown = prompts.visible(text)
    answer = _boxed(shown)
    if answer is None:
        answer = _phrased(shown)
    if answer is None or len(answer) > MAX_LENGTH:
        return None
    answer = _clean(answer)
    return answer if answer.strip(_BLANK) else None


def _boxed(text: str) -> str | None:
    """What stands in the last box that is closed and not blank; of boxes in one another, in the outer."""
    start = min((at for at in (text.find("\\boxed"), text.find("\\fbox")) if at >= 0), default=len(text))
    last: slice | None = None
    opened: list[int | None] = []  # where the content of each open box starts; None for any other open brace
    for token in _BOX.finditer(text, start):
        if token[1]:
            opened.append(token.end())
        elif token[0] == "{":
            opened.append(None)
        elif token[0] == "}" and opened:
            begin, end = opened.pop(), token.start()
            if begin is not None and (end - begin > MAX_LENGTH or text[begin:end].strip(_BLANK)):
                last = slice(begin, end)
    return None if last is None else text[last].strip()


def _phrased(text: str) -> str | None:
    """What follows the last phrase that announces an answer, up to the end of its sentence or line."""
    end = max((match.end() for match in _PHRASE.finditer(text)), default=None)
    if end is None:
        return None
    lead = _LEAD.match(text, end)
    line = text[lead.end() if lead else end :].partition("\n")[0]
    answer = _SENTENCE_END.split(line, maxsplit=1)[0].strip()
    return None if _BOX_NAME.search(answer) else answer


def _clean(text: str) -> str:
    """The answer without what only surrounds it."""
    while True:
        before = text
        text = _DELIMITER.sub("", text).strip().strip("`").removeprefix("**").removesuffix("**").strip()
        if text.endswith(".") and not text.endswith(".."):
            text = text[:-1]
        if wrapped := _WRAPPER.fullmatch(text):
            text = wrapped[1]
        elif _BOX_NAME.match(text):
            text = _boxed(text) or ""
        if text == before:
            return text


# Comparing ----------------------------------------------------------------------------------------------------------

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
    - Two numbers (``1,000``, ``-.5``, ``007``, ``2e3``, ``3/4``, ``\frac{3}{4}``) are compared exactly: 0.333 is not
      1/3. A percentage equals only a percentage: math-verify takes 50% for 0.5 and for 50, which are not equal.
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
    return judge.equal(one.plain, other.plain)


@lru_cache(maxsize=4096)
def _read(answer: str) -> _Reading:
    """What kind of answer this is, and its value."""
    if answer.isascii() and answer.isdigit():  # most answers, at a tenth of the time
        return _Reading("number", int(answer), answer)
    plain = _plain(answer)
    if (number := _number(plain)) is not None:
        return _Reading("number", number, plain)
    if plain.endswith("%") and (number := _number(plain[:-1].rstrip())) is not None:
        return _Reading("percent", number, plain)
    if _WORDS.fullmatch(plain):
        return _Reading("words", plain.casefold(), plain)
    return _Reading("math", plain, plain)


_SIGNS = str.maketrans(
    {"\u2212": "-", "°": "^\\circ ", "·": "\\cdot ", "√": "\\sqrt ", "∞": "\\infty ", "\u2208": "\\in "}
)
_FILLER = re.compile(r"\\[,!]\s*|\\(?:left|right)(?![a-zA-Z])\.?|\\displaystyle(?![a-zA-Z])|\\text\s*\{\s*\}")
_SPACE = re.compile(r"(?:(?<!\\)\\[;: ]|\\q?quad(?![a-zA-Z])|[~\s])+")
_LOOSE = re.compile(r" ?([-+*/=<>^_|(){}\[\]]) ?")
_FRACTION = re.compile(r"\\[dtc]frac(?![a-zA-Z])")
_DECIMAL = re.compile(r"[+-]?(?=\.?[0-9])(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?")
_RATIO = re.compile(r"([+-]?)(?:([+-]?[0-9]+)/([0-9]+)|\\frac ?\{([+-]?[0-9]+)\}\{([0-9]+)\}|\\frac ?([0-9]) ?([0-9]))")
_WORDS = re.compile(r"[^\W\d_]+(?:[ '][^\W\d_]+)*")


def _plain(answer: str) -> str:
    """The answer in one way of writing."""
    text = _clean(answer).translate(_SIGNS).replace("{,}", ",")
    if "\\" in text:
        # Two backslashes end a row of a matrix; elsewhere they are one, escaped.
        text = text.replace("\\\\", "\\\\ " if "\\begin" in text else "\\")
        text = _FRACTION.sub(lambda _: "\\frac", _FILLER.sub("", text)).replace("\\%", "%")
    return _LOOSE.sub(r"\1", _SPACE.sub(" ", text)).strip()


def _number(text: str) -> Fraction | None:
    """The exact value of a plain number; None for any other text, and for an exponent of more than three digits."""
    if _DECIMAL.fullmatch(text):
        return Fraction(text.replace(",", ""))
    ratio = _RATIO.fullmatch(text)
    if ratio is None:
        return None
    sign, over, under = (part for part in ratio.groups() if part is not None)
    return Fraction(int(sign + "1") * int(over), int(under)) if int(under) else None

r"""Finding: what a text gives as its final answer.

Texts are untrusted. Finding an answer takes linear time. Only what a reader is shown counts.
"""

import re

from a2r_ray.thinking import visible

MAX_LENGTH = 4_000
"""Characters; what is longer is no answer."""

_BOX = re.compile(r"(\\{1,2}(?:boxed|fbox)\s*\{)|\\.|[{}]", re.DOTALL)
_PHRASE = re.compile(
    r"\banswer\b(?:[ \t]{1,3}(?:to|of|for)[ \t][^\n.:]{1,80}?)?(?:\*\*)?[ \t]{0,3}(?::|=|is\b[ \t]{0,3}:?)"
    r"|^[#*\s]{0,8}(?:the )?final answer[ \t*]{0,4}$"
    r"|^[ \t]{0,3}####(?=[ \t]*[-+$]{0,2}[\d.,]+[ \t]*$)",
    re.IGNORECASE | re.MULTILINE,
)
_MARK = re.compile(
    r"\\(?:boxed|fbox)\b|^[ \t]{0,3}####|^[#*\s]{0,8}(?:the )?(?:final )?answer\b[ \t*]{0,4}(?::|=|is\b|$)",
    re.IGNORECASE | re.MULTILINE,
)
"""What announces an answer, whatever follows."""
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
    counts (``visible``). It is never the last number of a text without such a mark, as some graders guess: most often
    that is an intermediate value, and a vote counts it as if it had been meant. Nor is it what stands in a box
    that was cut off, which may be half of a number.

    The answer comes without whitespace, math delimiters, bold marks, one ``\text{}`` and the full stop around it.
    """
    shown = visible(text)
    answer = _boxed(shown)
    if answer is None:
        answer = _phrased(shown)
    if answer is None or len(answer) > MAX_LENGTH:
        return None
    answer = clean(answer)
    return answer if answer.strip(_BLANK) else None


def is_lost(reference: str) -> bool:
    """Whether a known answer marks one that is not found, as "… #### Tuesday" does: nothing equals it."""
    return extract(reference) is None and (len(reference) > MAX_LENGTH or _MARK.search(reference) is not None)


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


def clean(text: str) -> str:
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

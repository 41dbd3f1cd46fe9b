r"""Boxes: what stands in ``\boxed{…}`` and its like, the mark that mathematics is asked to put around an answer."""

import re
from typing import NamedTuple

from a2r_ray.answers.finding.asides import Aside, boxed_aside
from a2r_ray.answers.finding.blank import BLANK, MAX_LENGTH

NAME = re.compile(r"\\(?:boxed|f(?:rame)?box)")
_NAMES = ("box", "\boxed")
"""One of them is in every name of a box."""
_TOKEN = re.compile(
    r"((?:\\{1,2}|\x08|(?<![A-Za-z\\]))(?:(?<!\x08)boxed|(?<=\x08)oxed|(?<=\\)fbox|(?<=\\)framebox)\s{0,20}\{)"
    r"|\\{1,2}(?:boxed|fbox)(?P<bare>"
    r"\s{0,3}(?:[-+]?\$?(?:\d[\d,.]{0,40}(?<=\d)|\d)(?:/\d{1,20})?%?(?![\w{])|[A-Z](?![\w{])"
    r"|\\[A-Za-z]{1,20}(?:\{[^{}\n]{0,200}\}){1,2}|\\(?:pi|infty|emptyset|varnothing|alpha|beta|theta)(?![A-Za-z]))"
    r"|\s{1,3}[a-z](?=[$.,;\s]{0,3}$))"
    r"|\\.|[{}]",
    re.DOTALL | re.MULTILINE,
)
"""An open box with its brace; a box around the next token, as TeX has it; an escape; a brace."""
_PLAIN = re.compile(r"(?<![\\{}])\\boxed\{([^{}\\]{1,60})\}")
"""A box around what holds neither braces nor commands."""

_SENTENCE_ENDS = re.compile(r"[.!?。][\"')\]*_$}]{0,3}(?:\s|\Z)|\n[ \t]*\n|(?<![,;&\\\s])[ \t$]{0,3}\n")
_BREAKS = re.compile(
    r"\b(?:no|not|wait|actually|rather|instead|corrected|correction|but|sorry|oops|hmm|so|hence|therefore|thus|then"
    r"|gives?|giving|yields?|becomes?|becoming|simplif\w{1,8}|which|i\.e|equivalently|equals?|because|since|implies"
    r"|that is|(?:should|must|ought to) be"
    r"|check|again|also written|approximately|about|is|donc|alors|somit|daher|entonces|portanto|quindi|значит"
    r"|поэтому|следовательно)\b|所以|因此|则|故|不对|得"
    r"|\\(?:implies|Rightarrow|to|approx|equiv|therefore)(?![a-zA-Z])|[⇒→≈∴]|->|=>",
    re.IGNORECASE,
)
"""What leads from a step to the next, or takes back what was said."""
_FINAL = re.compile(r"\b(?:answer|final(?:ly)?|total|result|altogether)\b|答案|最终", re.IGNORECASE)
"""What tells the last box from the steps before it."""
_ASSIGNED = re.compile(
    r"(?:(?<![A-Za-z])(?!(?:which|that|this|it|also)\b)[A-Za-z\\][A-Za-z0-9_{}\\']{0,20}|\))[\s&]{0,3}(?:=|\b(?:is|are|was|were|equals?)\b)[\s$&(\\]{0,6}$"
    r"|(?:\b[Pp]art \w{1,3}|\([a-z]\)|\b[a-z]\))[:.]?[\s$&(\\]{0,6}$"
)
"""The gap before a box that has a name of its own: it is another value, not the same one in another form."""
_DENIED = re.compile(
    r"\b(?:earlier|previously|originally|initially|mistakenly|wrongly|at first)\b[^.\n]{0,40}\Z|\b(?:not|rather than"
    r"|instead of|isn't|nor|unlike|as opposed to)(?: (?:to be|the|a))?[\s$\\(*]{0,6}\Z"
    r"|\b(?:incorrect|wrong|false|mistaken|naive|(?:first|earlier|previous) (?:attempt|try|guess|answer))\b"
    r"[^.\n]{0,40}\Z",
    re.IGNORECASE,
)
"""The gap before a box that is no answer, by what is said before it."""
_REPLACED = re.compile(
    r"(?:chang|replac|correct|revis|updat|fix|amend|switch|mov|instead of|rather than)\w{0,4}\b[^.\n]{0,40}\Z",
    re.IGNORECASE,
)
"""What stands before a box that the next takes the place of."""
_SINCE = re.compile(
    r"(?:\A|[.!?\n,;:]\s{0,3}|\band )(?:(since|because|as|if|when|once|after)|from|using|given|with|by"
    r"|knowing|substituting"
    r"|plugging(?: in)?|adding|multiplying|combining)\b(?: [^.,\n]{0,90})?[\s$\\(]{0,4}\Z",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r",\s|\bthen\b")
_OBTAINED = re.compile(
    r",\s|\b(?:obtain|get|find|have|follows|deduce|conclude|arrive|compute|reach|calculate)(?:s|ed)?\b"
)
_BY_CASE = re.compile(r"[\s$]*(?:if|when|for)\b[^.\n]{1,80}?(?:,|;|\band|\bor)[\s$]*")
"""Between the answers of two cases."""
_LONGEST_GAP = 200
_MOST = 50


class _Box(NamedTuple):
    """A closed box: from its name to behind its brace, and what stands in it."""

    start: int
    stop: int
    content: str


def boxed(text: str, *, quoted: bool = False) -> tuple[str, int] | None:
    r"""What stands in the last box that is closed and not blank, and where it ends; of boxes in one another, the outer.

    Several that share a sentence, or a line whose sentences only name them, are parts of one answer, joined by commas:
    ``x=\boxed{5}, y=\boxed{6}``. The same part twice is one. Where words such as "so" or "no" lead from one to the
    next, or an equals sign, the earlier is a step. Boxes that are asides ("path 2 gets …") do not count.

    Args:
        text: what is shown of a text.
        quoted: whether to take what others say, if all of them say the same and the writer has no box of their own.
    """
    starts = [at for name in _NAMES if (at := text.find(name)) >= 0]
    if not starts:
        return None
    boxes = _closed(text, max(0, min(starts) - 10))
    if not boxes:
        return None
    boxes = boxes[-_MOST:]
    others: list[str] = []
    while boxes:
        denied = len(boxes) > 1 and _DENIED.search(text[boxes[-2].stop : boxes[-1].start][-_LONGEST_GAP:])
        beside = boxed_aside(text, boxes[-1].start, boxes[-1].stop)
        if not (denied or beside):
            break
        last = boxes.pop()
        others += [last.content] if beside in {Aside.QUOTED, Aside.OTHER_CASE} else []
    if not boxes:
        return (others[0], len(text)) if quoted and len(set(others)) == 1 else None
    parts = [boxes[-1]]
    for earlier in reversed(boxes[:-1]):
        if _REPLACED.search(text[max(0, earlier.start - _LONGEST_GAP // 2) : earlier.start]):
            break
        if _is_reason(text, earlier, parts[-1]) or not _are_together(
            text[earlier.stop : parts[-1].start][: 2 * _LONGEST_GAP]
        ):
            break
        parts.append(earlier)
    return ", ".join(dict.fromkeys(part.content for part in reversed(parts))), boxes[-1].stop


def _is_reason(text: str, earlier: _Box, later: _Box) -> bool:
    """Whether a box stands in a clause that only leads to the next: "since the sum is 4, the product is 9"."""
    lead = _SINCE.search(text[max(0, earlier.start - _LONGEST_GAP // 2) : earlier.start])
    if lead is None:
        return False
    gap = text[earlier.stop : later.start][:_LONGEST_GAP]
    return bool(_CLAUSE.search(gap) if lead[1] else _OBTAINED.search(gap))


def _closed(text: str, start: int) -> list[_Box]:
    """The outermost closed boxes that are not blank, in order."""
    if (
        text.count("box", start) == text.count("oxed", start) == 1 and (plain := _PLAIN.search(text, start)) is not None
    ):  # most texts
        content = plain[1].strip()
        return [] if BLANK.fullmatch(content) else [_Box(plain.start(), plain.end(), content)]
    found: list[_Box] = []
    opened: list[re.Match[str] | None] = []  # each open box; None for any other open brace
    for token in _TOKEN.finditer(text, start):
        if token[1]:
            opened.append(token)
        elif token[0] == "{":
            opened.append(None)
        elif token["bare"]:
            found.append(_Box(token.start(), token.end(), token["bare"].strip()))
        elif token[0] == "}" and opened and (begin := opened.pop()) is not None:
            box = _Box(begin.start(), token.end(), text[begin.end() : token.start()].strip())
            if len(box.content) > 2 * MAX_LENGTH or not BLANK.fullmatch(box.content):
                while found and found[-1].start >= box.start:
                    found.pop()
                found.append(box)
    return found


def _are_together(gap: str) -> bool:
    """Whether two boxes with this between them are parts of one answer."""
    if len(gap) > _LONGEST_GAP:
        return False
    if _BY_CASE.fullmatch(gap):
        return True
    named = _ASSIGNED.search(gap)
    between = gap[: named.start()] if named else gap
    if _BREAKS.search(between) or _FINAL.search(gap):
        return False
    if not named and re.search(r"[=<>]", between):
        return False
    ended = list(_SENTENCE_ENDS.finditer(between))
    if not ended:
        return True
    # Sentences on one line that only name their boxes: "x = … . y = …"
    return "\n" not in between and named is not None and not re.search(r"\w{3}", between)

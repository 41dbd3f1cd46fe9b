r"""Stretches: how far an announced answer goes.

To the end of its sentence; to the end of its block where it is one: a code fence, a display formula, JSON, the rows of
a grid, the items of a list.
"""

import json
import re

from a2r_ray.answers.finding.blank import MAX_LENGTH
from a2r_ray.answers.finding.sentences import end_of

_LEAD = re.compile(r"(?:[\s:：}]|\*{1,3}(?=\s)|_{1,3}(?=\s)|</?\w{1,6}>|[-=*_]{3,90}[ \t]{0,9}\n){0,200}")
_FENCE = re.compile(r"```[\w+-]{0,20}[ \t]{0,9}\n?")
_FORMULAS = (("$$", "$$"), ("$", "$"), ("\\[", "\\]"), ("\\(", "\\)"))
_MATRIX = re.compile(r"\\begin\{([a-zA-Z]{1,12}\*?)\}")
_QUOTES = {'"': '"', "“": "”", "«": "»", "「": "」", "『": "』"}
_LONGEST_QUOTE = 500
_BOLD = re.compile(
    r"(?<![\w)\]}*\\])(\*{1,3})(?=[^\s*])([^*\n]{1,400})(?<=[^\s*])\1(?![\w(*])"
    r"|(?<!\w)(_{1,3})(?=[^\W_])([^_\n]{1,400})(?<=[^\s_])\3(?!\w)"
    r"|</?(?:b|strong|em|i|u|p|br|span|code)\s{0,2}/?>"
)
_CELL = re.compile(r"[-+]?\d[\d.,/]*|\S{1,6}")
_SHORT_CELL = re.compile(r"[-+]?\d[\d.,/]*|\S")
_SOLID = re.compile(r"[#.\dXOxo*_|+@^v<>~-]{2,200}|[A-Z#.]{3,200}")
_TABLE_RULE = re.compile(r"\|?(?:[ \t]{0,9}:?-{1,40}:?[ \t]{0,9}\|?){1,40}")
_ITEM = re.compile(r"([-*•]|\d{1,3}[.)]|\(?[a-z]\))[ \t]+\S[^\n]{0,59}")
_BULLET = re.compile(r"[-•–—] {1,3}(?=\S)|(?:\.{2,9}|…)\s?")
_FIRST, _SECOND = re.compile(r"1[.)] {1,3}(?=\S)"), re.compile(r"\n[ \t]{0,4}2[.)] ")
_DOTS = re.compile(r"(?:\.{2,9}|…|[–—](?= )) ?(?=[^\s.])")
ASSIGNMENT = re.compile(r"\$?\\?[A-Za-z][A-Za-z0-9_]{0,3} ?=[^=\n]{1,60}")
"""A line such as ``x = 2``; several are one answer."""
_MOST_LINES = 200


def stretch_from(text: str, at: int) -> tuple[str, int, bool]:
    """What is announced at a place: the stretch, where it begins, and whether it is asked.

    Emphasis around it or in it is taken away; everything else stays as it is.
    """
    lead = _LEAD.match(text, at)
    start = lead.end() if lead else at
    own_line = "\n" in text[max(0, at - 1) : start]
    block = _block(text, start, own_line=own_line)
    if block is not None:
        return block, start, False
    if own_line and (first := _FIRST.match(text, start)):
        if _SECOND.search(text, first.end(), first.end() + MAX_LENGTH):
            return "", start, False  # steps, none of which is the answer
        start = first.end()
    elif dots := (_BULLET if own_line else _DOTS).match(text, start):
        start = dots.end()
    end, asks = end_of(text, _past_whole(text, start))
    return _without_open_end(_without_emphasis(text[start:end]), text[max(0, at - 80) : start]), start, asks


def _block(text: str, start: int, *, own_line: bool) -> str | None:
    """The block that begins here, if one does; an empty text where it is cut off."""
    if text.startswith("```", start):
        opened = _FENCE.match(text, start)
        begin = opened.end() if opened else start + 3
        end = text.find("```", begin, begin + 2 * MAX_LENGTH)
        return "" if end < 0 else text[begin:end].strip("\n").rstrip()
    if text[start : start + 1] in {"{", "["}:
        data = _data(text, start)
        if data is not None:
            return data
    return _table(text, start) or _rows(text, start, own_line=own_line)


def _data(text: str, start: int) -> str | None:
    try:
        _, end = json.JSONDecoder().raw_decode(text[start : start + 2 * MAX_LENGTH])
    except (ValueError, RecursionError):
        return None
    rest = text[start + end : start + end + 3].lstrip("*` \t")
    return text[start : start + end] if rest[:1] in {"", "\n", ".", ","} else None


def _past_whole(text: str, start: int) -> int:
    """The end of the formula or quotation that begins here, whose full stops and line breaks end nothing."""
    begin = start
    while text[begin : begin + 1] in {"*", "_", "~", " "}:
        begin += 1
    quote = _QUOTES.get(text[begin : begin + 1])
    if quote is not None:
        end = text.find(quote, begin + 1, begin + _LONGEST_QUOTE)
        return end + 1 if end >= 0 and "\n" not in text[begin:end] else start
    for opens, closes in _FORMULAS:
        if text.startswith(opens, begin):
            end = text.find(closes, begin + len(opens), begin + MAX_LENGTH)
            blank = text.find("\n\n", begin, end) if end >= 0 else 0
            return start if end < 0 or blank >= 0 else end + len(closes)
    if matrix := _MATRIX.match(text, begin):
        closes = f"\\end{{{matrix[1]}}}"
        end = text.find(closes, begin, begin + MAX_LENGTH)
        return start if end < 0 else end + len(closes)
    return start


def _table(text: str, start: int) -> str | None:
    """The table that begins here, with all of its rows."""
    if not text.startswith("|", start):
        return None
    lines = text[start : start + 2 * MAX_LENGTH].split("\n", _MOST_LINES)
    if len(lines) < 2 or not _TABLE_RULE.fullmatch(lines[1].strip()):  # noqa: PLR2004
        return None
    rows = next((at for at, line in enumerate(lines) if not line.lstrip().startswith("|")), len(lines))
    return "\n".join(lines[:rows]).rstrip()


def _rows(text: str, start: int, *, own_line: bool) -> str | None:
    """The rows of a grid, the entries of a column or the items of a list that begin here, two or more."""
    lines: list[str] = []
    at = start
    while len(lines) < _MOST_LINES and at - start < MAX_LENGTH:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at : min(end, at + MAX_LENGTH)].strip()
        if not line or (lines and not _are_alike(lines[0], line, own_line=own_line)):
            break
        lines.append(line)
        at = end + 1
    if len(lines) < 2 or not _are_alike(lines[0], lines[1], own_line=own_line):  # noqa: PLR2004
        return None
    return text[start : at - 1].rstrip()


def _are_alike(first: str, line: str, *, own_line: bool) -> bool:
    """Whether two lines are rows of one grid, entries of one column, or items of one list."""
    cells, others = first.split(), line.split()
    if len(cells) > 1 and len(cells) == len(others) and _is_row(cells) and _is_row(others):
        return True
    if len(first) == len(line) and _SOLID.fullmatch(first) and _SOLID.fullmatch(line):
        return True
    if ASSIGNMENT.fullmatch(first) and ASSIGNMENT.fullmatch(line):
        return first.partition("=")[0] != line.partition("=")[0]
    if not own_line:
        return False
    if len(cells) == len(others) == 1 and _kind(first) == _kind(line) != "":
        return True
    items = [_ITEM.fullmatch(each) for each in (first, line)]
    bullets = {"1" if item[1][0].isdigit() else "a" if item[1][-2:-1].isalpha() else item[1] for item in items if item}
    return all(items) and len(bullets) == 1 and not first.endswith((".", ":")) and not line.endswith((".", ":"))


def _is_row(cells: list[str]) -> bool:
    short = sum(_SHORT_CELL.fullmatch(cell) is not None for cell in cells)
    return 2 * short >= len(cells) and all(_CELL.fullmatch(cell) and cell[-1] not in ":.;" for cell in cells)


def _kind(line: str) -> str:
    if re.fullmatch(r"[-+]?\d[\d.,/]*", line):
        return "number"
    return "word" if re.fullmatch(r"[a-z][a-z0-9'_-]*", line) else "letter" if re.fullmatch(r"[A-Z]", line) else ""


def _without_emphasis(text: str) -> str:
    text = _BOLD.sub(lambda match: match[2] or match[4] or "", text).strip()
    bared = text.strip("* \t")
    bared = bared.rstrip("_ ") if bared.strip("_ ") else bared
    return bared or text


def _without_open_end(text: str, before: str) -> str:
    """Without a closing bracket whose opening stands before the announcement, in its line."""
    line = before.rpartition("\n")[2]
    for opens, closes in (("(", ")"), ("[", "]"), ("{", "}")):
        end = text.rstrip(".*_ ")
        if (
            end.endswith(closes)
            and end.count(closes) > end.count(opens)
            and line.count(opens) > line.count(closes)
            and end[-2:-1] != "\\"
        ):
            text = end[:-1].rstrip()
    for opens, quote in (('"', '"'), ("“", "”"), ("‘", "’"), ("'", "'"), ("`", "`")):
        if (
            text.endswith(quote)
            and text.count(opens) == (quote == opens)
            and re.search(rf"(?:^|\W){opens}[^{opens}]*$", line)
        ):
            text = text[:-1].rstrip()
    return text

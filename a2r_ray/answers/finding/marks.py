"""Marks: formats in which answers are asked for: ``<answer>7</answer>``, ``#### 7``, ``[[B]]``, ``{"answer": 7}``."""

import json
import re
from collections.abc import Iterator
from typing import Any

from a2r_ray.answers.finding.announcements import Found, Strength
from a2r_ray.answers.finding.asides import boxed_aside
from a2r_ray.answers.finding.bare import bare, is_expression
from a2r_ray.answers.finding.blank import BLANK, MAX_LENGTH
from a2r_ray.answers.finding.stretches import stretch_from

_MOST = 8
_TAG = re.compile(
    r"<(/?)\|?(?:final[_ -]?)?(?:answer|ans|solution|result|final)(?:[_ -]?final)?"
    r"(?: [a-z]{1,20}=\"[^\"\n]{0,60}\")?\|?>"
    r"|\[(/?)(?:final[_ -]?)?(?:answer|ans)\]",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"(?:[\s\"'`,.…]|and|or|\[|\]|<|>|your|the|final|answer|number|value|here|option|letter|x|text)*", re.IGNORECASE
)


def tagged(text: str) -> tuple[str, int] | None:
    """What stands between the last pair of tags that is not blank, and where it ends."""
    if not (("</" in text or "[/" in text) and re.search(r"</\|?[fars]|\[/[fa]", text, re.IGNORECASE)):
        return None
    opened: re.Match[str] | None = None
    pairs: list[tuple[re.Match[str], re.Match[str]]] = []
    for tag in _TAG.finditer(text):
        if not (tag[1] or tag[2]):
            opened = tag
        elif opened is not None:
            content = text[opened.end() : min(tag.start(), opened.end() + 40)]
            if not BLANK.fullmatch(content) and not _PLACEHOLDER.fullmatch(content):
                pairs.append((opened, tag))
            opened = None
    if not pairs:
        return None
    own = (pair for pair in reversed(pairs[-_MOST:]) if not boxed_aside(text, pair[0].start(), pair[1].end()))
    begins, ends = next(own, pairs[-1])
    return text[begins.end() : ends.start()].strip(), ends.start()


# #### 7 -------------------------------------------------------------------------------------------------------------

_HASHES = re.compile(r"(?<![#\\\w&])####(?!#)[ \t]{0,4}")
_TITLE = re.compile(
    r"(?:step|part|case|solution|explanation|conclusion|summary|note|approach|method|problem|question|given|example"
    r"|introduction|overview|analysis|calculation|verification|check|result|reasoning|understanding|background"
    r"|(?:the |my )?(?:final |correct )?answer)s?\b"
    r"|\d{1,3}[.)]\s+\S|\*\*(?:step|\d+[.)])",
    re.IGNORECASE,
)
_MOST_WORDS = 12
_LAST_REMARK = 80
"""Characters."""


def hashed(text: str) -> Found | None:
    """What follows the last ``####`` that is no heading of a section."""
    at = text.rfind("####")
    quoted: Found | None = None
    for _ in range(50):
        if at < 0:
            break
        if (mark := _HASHES.match(text, at)) and (answer := _behind_hashes(text, mark)):
            if not boxed_aside(text, at, mark.end() + len(answer)):
                return Found(Strength.REAL, mark.end(), answer)
            quoted = quoted or Found(Strength.QUOTED, mark.end(), answer)
        at = text.rfind("####", 0, at)
    return quoted


def _behind_hashes(text: str, mark: re.Match[str]) -> str | None:
    begin = mark.end()
    if text[begin : begin + 1] == "\n" and bare(text[begin : begin + 2 * MAX_LENGTH]):
        return text[begin : begin + 2 * MAX_LENGTH].strip()
    line_end = text.find("\n", begin)
    line_end = len(text) if line_end < 0 else line_end
    line = text[mark.end() : line_end].strip()
    if not line or len(line) > MAX_LENGTH or BLANK.fullmatch(line) or _TITLE.match(line) or line.endswith(":"):
        return None
    in_line = text[max(0, mark.start() - 8) : mark.start()].strip(" \t*>") not in {"", "\n"} and not text[
        max(0, mark.start() - 8) : mark.start()
    ].rstrip(" \t*>").endswith("\n")
    rest = text[line_end : line_end + 2 * _LAST_REMARK].strip()
    # What is said behind it may be a remark; a section goes on for longer.
    is_answer = bare(line) or line[:1].islower()
    is_remark = len(rest) < _LAST_REMARK and "\n" not in rest and is_answer and text.count("####") == 1
    ends_text = not rest or is_remark
    if not (in_line or ends_text or is_expression(line.strip("*_ ")) or (bare(line) and line.islower())):
        return None
    if not ends_text and re.match(r"\(?[A-Za-z\d]{1,2}[.)]\s+\S|\d+\s+[A-Z][a-z]", line):
        return None
    answer, _, _ = stretch_from(text, mark.end())
    return answer if answer and len(answer.split()) <= _MOST_WORDS * 4 else None


# [[B]] --------------------------------------------------------------------------------------------------------------

_BRACKETS = re.compile(
    r"(?:^|(?<=[\s:*\"'`(.>]))\[\[[ \t]{0,3}([^\[\],\n\"']{1,60}|[A-Z](?:, ?[A-Z]){1,8})[ \t]{0,3}\]\](?![(\]\[,])"
)


def bracketed(text: str) -> Found | None:
    """What stands in the last pair of double brackets that are no rows of a matrix."""
    at = text.rfind("[[")
    quoted: Found | None = None
    for _ in range(50):
        if at < 0:
            break
        mark = _BRACKETS.match(text, at)
        if (
            mark
            and not BLANK.fullmatch(mark[1])
            and not re.search(r"\d\s+\d|\.[A-Za-z]|_|=\s*$", f"{mark[1]}{text[max(0, at - 3) : at]}")
        ):
            if not boxed_aside(text, at, mark.end()):
                return Found(Strength.REAL, mark.start(1), mark[1].strip())
            quoted = quoted or Found(Strength.QUOTED, mark.start(1), mark[1].strip())
        at = text.rfind("[[", 0, at)
    return quoted


# | Answer | ---------------------------------------------------------------------------------------------------------

_TABLE = re.compile(
    r"(?:\A|\n)[ \t]{0,8}\|(?P<head>(?=[^\n]{0,400}answer)[^\n]{1,400})\n[ \t]{0,8}\|[ \t:]{0,9}-[-|: \t]{1,400}\n"
    r"[ \t]{0,8}\|(?P<row>[^\n]{1,400})(?=\Z|\n[^|\n]{0,400}(?:\n|\Z))",
    re.IGNORECASE,
)
_ANSWER = re.compile(r"(?:the |my )?(?:final |correct )?answer", re.IGNORECASE)
_DIGIT = re.compile(r"\d")


def tabled(text: str) -> Found | None:
    """What stands under the heading of an answer, in the last table of one row."""
    if "|" not in text:
        return None
    tables = list(_TABLE.finditer(text))
    for table in reversed(tables[-_MOST:]):
        names, cells = (
            [cell.strip(" \t*_`") for cell in table[part].rstrip().rstrip("|").split("|")] for part in ("head", "row")
        )
        at = [place for place, name in enumerate(names) if _ANSWER.fullmatch(name)]
        if len(at) == 1 and len(names) == len(cells) and not _DIGIT.search(table["head"]) and cells[at[0]]:
            return Found(Strength.REAL, table.start("row"), cells[at[0]])
    return None


# {"answer": 7} ------------------------------------------------------------------------------------------------------

_KEYS = ("answer", "ans", "result", "solution", "output", "prediction", "choice")
_KEY = re.compile(
    r"[{,]\s{0,60}(?:(?P<quote>[\"'])|(?<=\{)|(?<=\{ ))(?P<key>(?:the[_ -]?)?(?:final|correct|predicted|my)?[_ -]?"
    r"(?:answers?|ans)(?:[_ -]?(?:choice|option|value|letter))?"
    r"|(?:final[_ -]?)?(?:result|solution|output|prediction|choice))"
    r"(?(quote)(?P=quote))\s{0,9}:\s{0,60}",
    re.IGNORECASE,
)
_SINGLE_QUOTED = re.compile(r"'((?:[^'\\\n]|\\.){0,4000})'")
_UNQUOTED = re.compile(r"[^,}\n\"']{1,400}")
_TEX_ESCAPE = re.compile(
    r"\\(\\|(?:frac|forall|boxed|binom|begin|beta|bar|bf|bmod|right|rho|rangle|rightarrow|text[a-z]{0,6}|times|theta|tan|tau"
    r"|to|triangle|top|tfrac|nabla|neq?|nu|not|neg)(?![a-zA-Z])|u(?![0-9a-fA-F]{4})|[^\"\\/bfnrtu])"
)


def objects(text: str) -> list[tuple[Found, tuple[int, int]]]:
    """The answers of JSON objects, or of Python's dicts, that have a key for it, each with where its object stands."""
    if "{" not in text:
        return []
    lower = text.lower()
    places = [at for key in _KEYS for at in _last_places(lower, key) if lower[at + len(key) : at + len(key) + 1] != " "]
    starts = sorted({start for at in places if (start := max(text.rfind(c, max(0, at - 90), at) for c in "{,")) >= 0})
    found: list[tuple[Found, tuple[int, int]]] = []
    for start in starts[-_MOST:]:
        key = _KEY.match(text, start)
        if key is None or (value := _value(text, key.end())) is None:
            continue
        answer, end = value
        if key["key"].lower().endswith("answers"):
            answer = _of_list(answer)
        if BLANK.fullmatch(answer) or answer in {"null", "None"} or _PLACEHOLDER.fullmatch(answer[:40]):
            continue
        strength = Strength.REAL if "ans" in key["key"].lower() else Strength.WEAK
        stands = _object(text, start, end)
        if boxed_aside(text, stands[0], stands[1]):
            strength = Strength.QUOTED
        at = stands[1] if "final" in key["key"].lower() else start  # of several in one object the final one counts
        found.append((Found(strength, at, answer), stands))
    return found


def _last_places(lower: str, key: str) -> Iterator[int]:
    at = lower.rfind(key)
    for _ in range(_MOST):
        if at < 0:
            return
        yield at
        at = lower.rfind(key, 0, at)


def _value(text: str, at: int) -> tuple[str, int] | None:
    """The value of a key, as a reader would write it, and where it ends."""
    source = text[at : at + 2 * MAX_LENGTH]
    if source.startswith('"'):
        source_end = re.match(r'"(?:[^"\\]|\\.){0,4000}"', source, re.DOTALL)
        if source_end is None:
            return None
        try:
            decoded = json.loads(_TEX_ESCAPE.sub(_escaped, source_end[0]), strict=False)
        except ValueError:
            return source_end[0][1:-1], at + source_end.end()
        return str(decoded), at + source_end.end()
    if quoted := _SINGLE_QUOTED.match(source):
        return quoted[1].replace("\\\\", "\\"), at + quoted.end()
    try:
        _, end = json.JSONDecoder().raw_decode(source)
    except (ValueError, RecursionError):
        end = 0
    if end and source[end : end + 60].lstrip()[:1] in {",", "}", ""}:
        return source[:end], at + end
    unquoted = _UNQUOTED.match(source)
    return (unquoted[0].strip(), at + unquoted.end()) if unquoted else None


def _of_list(source: str) -> str:
    """A value as JSON has it; of a list of texts or numbers these, joined by commas."""
    try:
        value: Any = json.loads(source)
    except (ValueError, RecursionError):
        return source
    is_plain = isinstance(value, list) and value and all(type(each) in {str, int, float} for each in value)
    return ", ".join(map(str, value)) if is_plain else source


def _escaped(escape: re.Match[str]) -> str:
    r"""A backslash of TeX, which is often not escaped as JSON has it; ``\\frac`` would be a form feed."""
    return escape[0] if escape[1] == "\\" else f"\\{escape[0]}"


def has_key(text: str) -> bool:
    """Whether an object in a text has a key for an answer, whatever its value."""
    return _KEY.search(text) is not None


def _object(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the object with a key and its value stands."""
    for begin in (text.rfind("{", 0, start + 1), text.find("{")):
        try:
            _, length = json.JSONDecoder(strict=False).raw_decode(text[begin : end + 10 * MAX_LENGTH])
        except (ValueError, RecursionError):
            continue
        if begin + length >= end:
            return begin, begin + length
    return start, end

"""Announcements: where a text says in words that its answer follows, and what it says.

Only the neighbourhood of the words that announce is looked at, at most ``_MOST`` times a word, from the end of a text.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from a2r_ray.answers.finding.announcement import Announcement
from a2r_ray.answers.finding.asides import Aside, aside
from a2r_ray.answers.finding.bare import bare, begins_as_value, is_title
from a2r_ray.answers.finding.blank import BLANK
from a2r_ray.answers.finding.english import ENGLISH
from a2r_ray.answers.finding.languages import WITH_SPACES, WITHOUT_SPACES
from a2r_ray.answers.finding.stretches import stretch_from

_MOST = 200
_BEFORE = 160
"""Characters before an announcement that are looked at."""
_NEAR = 60
"""Of them, those that may say that nothing is announced."""


class Strength(IntEnum):
    """How surely an answer is meant; of several answers the last of the strongest counts."""

    DOUBTFUL = 1
    """In a note, in code, hypothetical, or it describes an answer rather than giving it."""
    QUOTED = 2
    """It is somebody else's: "path 2 says the answer is"."""
    AGREED = 3
    """Several others agree on it."""
    WEAK = 4
    """It may be a step: "the result is"."""
    OTHER_CASE = 5
    """It depends on something: "without the restriction the answer is"."""
    REAL = 6


class Found(NamedTuple):
    """An answer that was found."""

    strength: Strength
    at: int
    """Where in the text it begins."""
    answer: str


_ALL = (*ENGLISH, *WITH_SPACES, *WITHOUT_SPACES)
_STEMS = frozenset(stem for announcement in _ALL for stem in announcement.stems)
_ASCII_STEMS = frozenset(filter(str.isascii, _STEMS))
_LINE_START = re.compile(
    r"(?:^|\n)[ \t#>*_`|(\[]{0,8}(?:\\(?:text(?:bf|it)?|(?:sub)?section\*?)\{|<\w{1,6}>)?"
    r"(?:(?:(?:step|part|section) )?\d{1,2}[.):][ \t]{1,3})?"
    r"[*_]{0,3}(?:(?:the|my|our|la|le|die|das|il|el|a|o|l[’']|ال)[ \t]?)?"
    r"(?:(?:final|correct|your|end|gesamt|richtige|endgültige|правильный|итоговый|окончательный|최종|最终|最終|正确)"
    r"[ \t]?)?$",
    re.IGNORECASE,
)
_LINE_END = re.compile(r"[ \t*_`}]{0,6}(?:</\w{1,6}>)?\n")
_DASH = re.compile(
    r"[ \t*_]{0,4}(?:[-–—][ \t]{1,3}"
    r"|[ \t](?=[-+$\\(]{0,2}\d[^\n]{0,20}(?:\n|\Z)|\(?[A-J]\)?[.*]{0,3}[ \t]{0,4}(?:\n|\Z)))"
)
_SHORT = re.compile(
    r"[\s*_$\"'(\[\\]{0,8}(?:text\w{0,2}\{)?\(?(?:(?:option|choice|letter|number) )?\(?"
    r"(?:[A-Za-z]|[ivx]{1,4}|\d{1,6}(?:\.\d{1,6})?)(?![\w'’])|[\s*_$\"'(\\]{0,8}(?:text\w{0,2}\{)?[A-J]{2,5}(?!\w)"
)
_DOTS = re.compile(r"\.{2,9}|…")
_CORNERED = re.compile("[「『]([^「」『』\n]{1,60})[」』]")
_BOLD_HEADING = re.compile(r"[.!?:][ \t]{1,3}[*_]{2,3}(?:(?:the|my) )?(?:(?:final|correct) )?$", re.IGNORECASE)
"""What stands before a heading that is written in bold behind a sentence."""
_HEADING = re.compile(r"#{1,6}\s")
_COLON = re.compile(r"[:：=≈≅>→⇒]")
_AS_FOLLOWS = re.compile(r"[^\n:：]{0,80}[:：][ \t*]{0,4}(?:\n\s{0,20})?")
_CALCULATED = re.compile(
    r"(?:one of|found|obtained|based|calculated|computed|derived|determined|reached)\b", re.IGNORECASE
)
_NOT_BUT = re.compile(
    r"(?:not|n['’]t)(?: be)? (?:[^\n.]|\.(?=\d)){1,40}?(?:,? but(?: rather)?(?: it(?: is|['’]s))?"
    r"|[,;:.]\s{1,2}(?:(?:but|so|rather|instead|actually"
    r"|no),? )?(?:(?:it|that) (?:is|was|must be|has to be|should be)|it['’]s|that['’]s|rather)"
    r"(?: (?:actually|really|in fact|instead))?)(?: option)? ",
    re.IGNORECASE,
)
"""What is denied before the answer: "not 13 but", "n't 13; it is"."""
_CORRECTED = re.compile(
    r"[^\n.]{1,40}?(?:[,.;!] ?)?\s(?:(?:but|however|actually|in fact|instead|no),? )"
    r"(?:it|this|that|the (?:actual|real|correct|right|true) (?:one|value|number|option|choice))(?: is|['’]s| should be"
    r"|equals)(?: (?:actually|really|in fact|instead))? ",
    re.IGNORECASE,
)
_NOT_THIS = re.compile(r"\A[^\n]{1,40}?(?:(?:では|じゃ)な(?:くて?|い)|[이가] 아니라|아닌)[、,]? ?(?=\S)")
"""What is denied before the answer, in Japanese and Korean."""
_DENIED_AT_ITS_END = re.compile(
    r"(?:では|じゃ)(?:ない|ありません)(?:です)?\Z|[이가] (?:아닙니다|아니다|아니에요|아님)\Z"
)
_AT_ITS_END = re.compile(r"(?:[:：]|^\w+[*_]{0,3})\s*[*_]{0,3}\s*$")
"""A colon, or nothing, behind the noun: what follows is announced for certain."""
_CODE = re.compile(
    r"await |self\.|\"\"\"|(?!(?:sin|cos|tan|log|ln|exp|sqrt|max|min|gcd|lcm)\b)"
    r"[A-Za-z_]\w{2,40}(?:\.\w{1,40}){0,5}[(\[]\S"
)
_RIGHT = re.compile(r"(?:,|，)? ?(?:right|correct|isn't it|no|oder|n'est-ce pas|верно)\Z", re.IGNORECASE)
_INTERROGATIVE = re.compile(
    r"\b(?:what|which|who|is|are|was|does|do|could|should|would|can|why|how|welche|quelle|cuál|qual|какой)\b",
    re.IGNORECASE,
)
_RESTATED = re.compile(r"\b(?:also|previous|earlier|last|other|similar)\b", re.IGNORECASE)
_DECOYS = ("your ", "obvious ", "quick ", "intuitive ", "alleged ", "naive ", "tempting ", "instinctive ", "first ")
_OF_ANOTHER_SORT = ("approximate ", "long ", "longer ", "detailed ", "wrong ", "sample ", "example ", *_DECOYS)
"""Before the word for an answer."""
_REQUIRED = re.compile(r"\b(?:should|must|has to|needs to)\b", re.IGNORECASE)
_THEN = re.compile(r"[\s*_]{0,4}(?:then|in that case|in this case)\b", re.IGNORECASE)
_IF = re.compile(r"\b(?:if|had|were|suppose|without)\b", re.IGNORECASE)


def announcements(text: str, passed_over: Sequence[tuple[int, int]] = ()) -> Iterator[Found]:
    """What a text announces in words; the last real one of each kind of words and what is doubtful or weak behind it.

    Args:
        text: what is shown of a text.
        passed_over: stretches that are read in another way, in order.
    """
    # The one letter that grows when it is made small would move all that follows it.
    lower = text.replace("\u0130", "I").lower()
    fences = _fences(text)
    stems = {stem for stem in (_ASCII_STEMS if lower.isascii() else _STEMS) if stem in lower}
    for announcement in _ALL if stems else ():
        for at in _places(lower, announcement, stems):
            if _within(passed_over, at):
                continue
            found = _read(text, at, announcement)
            if found is None:
                continue
            if fences and _within(fences, at):
                found = found._replace(strength=Strength.DOUBTFUL)
            yield found
            if found.strength is (Strength.WEAK if announcement.weak else Strength.REAL):
                break


def _places(lower: str, announcement: Announcement, stems: set[str]) -> list[int]:
    """Where those stems of an announcement that a text has stand in it, the last first."""
    places: list[int] = []
    for stem in stems.intersection(announcement.stems):
        at = lower.rfind(stem)
        for _ in range(_MOST):
            if at < 0:
                break
            if announcement.within_words or at == 0 or not lower[at - 1].isalnum() or lower[at - 5 : at] == "final":
                places.append(at)
            at = lower.rfind(stem, 0, at + len(stem) - 1)
    return sorted(places, reverse=True)


def _read(text: str, at: int, announcement: Announcement) -> Found | None:
    """The answer that is announced at a stem, if one is."""
    before = text[max(0, at - _BEFORE) : at]
    if announcement.before is not None and not announcement.before.search(before):
        return None
    end, head = _head_end(text, at, before, announcement)
    if end < 0:
        return None
    sentence = before[_sentence_start(before) :]
    if _THEN.match(sentence):  # "What if n = 10? Then the answer would be 17."
        sentence = before[_sentence_start(before[: -len(sentence)].rstrip(" \n.!?")) :]
    if announcement.hypothetical is not None and announcement.hypothetical.search(sentence[-_NEAR:]):
        return None
    return _read_from(text, end, head, sentence, announcement)


def _sentence_start(before: str) -> int:
    return max(before.rfind(mark) for mark in "\n.!?。！？") + 1


def _read_from(text: str, end: int, head: str, sentence: str, announcement: Announcement) -> Found | None:
    """The answer behind the words of an announcement; ``sentence`` is what stands before them in theirs."""
    answer, start, asks = stretch_from(text, end)
    if announcement.closing is not None:
        answer = announcement.closing.sub("", answer.rstrip(" *_")).strip(" *_")
    if announcement.within_words:
        answer = _NOT_THIS.sub("", answer)
        answer = cornered[1] if (cornered := _CORNERED.fullmatch(answer)) else answer
    if (instead := _instead(text, start)) is not None:
        answer, start, asks = instead
    elif _is_untrue(answer, announcement):
        return _following(text, start)
    if asks:
        answer = _asked(answer, head, sentence)
    if announcement.values_only and not _AT_ITS_END.search(head) and "\n" not in answer and not begins_as_value(answer):
        return None  # "the result is published"
    if _DOTS.fullmatch(answer):
        return _behind_dots(text, start + len(answer))
    if BLANK.fullmatch(answer) or _HEADING.match(answer) or (announcement.short and not _SHORT.match(answer)):
        return None
    strength = _strength(sentence, head, answer, announcement)
    if strength is Strength.DOUBTFUL:
        # "The answer should be an integer" gives none, and "the obvious answer is 17, but it's really 42" 42.
        corrected = _corrected(text, start) if sentence.lower().endswith(_DECOYS) else None
        return None if _REQUIRED.search(head) else corrected or Found(strength, start, answer)
    return _unless_aside(text, Found(strength, start, answer), sentence, head)


def _unless_aside(text: str, found: Found, sentence: str, head: str) -> Found | None:
    """What is announced, with less strength where it is not the writer's answer."""
    match aside(sentence, head, found.answer, _behind(text, found.at, found.answer)):
        case Aside.REFUTED:
            return _corrected(text, found.at)
        case Aside.QUOTED:
            return found._replace(strength=Strength.QUOTED)
        case Aside.AGREED:
            return found._replace(strength=Strength.AGREED)
        case Aside.OTHER_CASE:
            return found._replace(strength=min(found.strength, Strength.OTHER_CASE))
        case None:
            return found


def _is_untrue(answer: str, announcement: Announcement) -> bool:
    """Whether what is announced begins as no answer does, and is no title that begins so: Because of You."""
    untrue = announcement.untrue
    if announcement.within_words and _DENIED_AT_ITS_END.search(answer):
        return True
    return untrue is not None and untrue.match(answer.lstrip("*_$ ")) is not None and not is_title(answer)


def _behind_dots(text: str, at: int) -> Found | None:
    """What stands in the next line behind "The answer is...", where that is an answer and nothing else."""
    answer, start, asks = stretch_from(text, at)
    return None if asks or "\n" not in text[at:start] or not bare(answer) else Found(Strength.REAL, start, answer)


def _instead(text: str, start: int) -> tuple[str, int, bool] | None:
    """The stretch that gives what is right, where what is announced is denied first."""
    denied = _NOT_BUT.match(text, start)
    if denied is None:
        return None
    stretch = stretch_from(text, denied.end())
    is_name = stretch[0][:1].isupper() and bare(stretch[0])
    return stretch if is_name or "but" in denied[0] or begins_as_value(stretch[0]) else None


def _behind(text: str, start: int, answer: str) -> str:
    """Some of what follows an answer."""
    at = text.find(answer[-8:], start, start + len(answer) + _NEAR)
    return text[at + len(answer[-8:]) :][:_BEFORE] if at >= 0 else ""


def _corrected(text: str, start: int) -> Found | None:
    """What is right, where an answer that only seems so is corrected at once: "…, but it is actually 12"."""
    corrected = _CORRECTED.match(text, start)
    if corrected is None:
        return None
    answer, at, asks = stretch_from(text, corrected.end())
    return Found(Strength.REAL, at, answer) if begins_as_value(answer) and not asks else None


def _asked(answer: str, head: str, sentence: str) -> str:
    """What a question gives as the answer: "The answer is 5, right?" and "Answer: Who is she?" do, others nothing."""
    if _RIGHT.search(answer):
        return _RIGHT.sub("", answer)
    if not _COLON.search(head) or _INTERROGATIVE.search(sentence):
        return ""
    return f"{answer}?" if is_title(answer) else answer


def _head_end(text: str, at: int, before: str, announcement: Announcement) -> tuple[int, str]:
    """Where the words of an announcement end, and its words; -1 where there is none."""
    if head := announcement.head.match(text, at):
        needs_start = announcement.colon_at_line_start and _COLON.search(head[0])
        return (head.end(), head[0]) if not needs_start or _LINE_START.search(before) else (-1, "")
    alone, gives = announcement.alone, announcement.gives
    if alone and gives and (noun := alone.match(text, at)) and gives.search(before):
        return noun.end(), noun[0]
    at_start = _LINE_START.search(before)
    if (
        announcement.heading
        and (at_start or _BOLD_HEADING.search(before))
        and (noun := announcement.heading.match(text, at))
    ):
        if ended := _LINE_END.match(text, noun.end()):
            return ended.end(), noun[0]
        if at_start and announcement.dash and (dash := _DASH.match(text, noun.end())):
            return dash.end(), f"{noun[0]}:"
    return -1, ""


def _following(text: str, start: int) -> Found | None:
    """What follows "the answer is as follows:", if that is an answer and nothing else."""
    follows = _AS_FOLLOWS.match(text, start)
    if follows is None:
        return None
    answer, at, _ = stretch_from(text, follows.end() - 1)
    calculated = _CALCULATED.match(follows[0])
    if (calculated and "\n" not in follows[0]) or not ("\n" in answer or bare(answer)):
        return None
    return Found(Strength.WEAK if calculated else Strength.REAL, at, answer)


def _strength(sentence: str, head: str, answer: str, announcement: Announcement) -> Strength:
    note = announcement.note
    if note and (note.match(sentence) or note.match(sentence, max(map(sentence.rfind, "(（["), default=-1) + 1)):
        return Strength.DOUBTFUL
    if _CODE.match(answer):
        return Strength.DOUBTFUL
    if _RESTATED.search(head) or sentence.lower().endswith(_OF_ANOTHER_SORT):
        return Strength.DOUBTFUL
    if announcement.doubtful is not None and announcement.doubtful.match(answer):
        return Strength.DOUBTFUL
    hedged = re.search(r"\b(?:would|might|could|may|can)\b", head)
    if hedged and (hedged[0] != "would" or _IF.search(sentence) or re.search(r"\bif\b", answer)):
        return Strength.DOUBTFUL
    return Strength.WEAK if announcement.weak else Strength.REAL


def _fences(text: str) -> list[tuple[int, int]]:
    """Where code stands between fences."""
    if "```" not in text:
        return []
    marks = [match.start() for match in re.finditer("```", text)]
    return list(zip(marks[::2], marks[1::2], strict=False))


def _within(stretches: Sequence[tuple[int, int]], at: int) -> bool:
    index = bisect_right(stretches, (at, len(stretches) and stretches[-1][1])) - 1
    return index >= 0 and stretches[index][0] <= at < stretches[index][1]

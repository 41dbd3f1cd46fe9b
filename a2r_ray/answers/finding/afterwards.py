"""Afterwards: answers that a text names first and calls the answer then: "so (B) is the correct answer"."""

import re
from collections.abc import Iterable, Iterator

from a2r_ray.answers.finding.announcements import Found, Strength
from a2r_ray.answers.finding.asides import boxed_aside

_MOST = 200
_FEW = 5
_BEFORE = 140
_QUALITY = r"(?:(?:correct|right|final|best|better|only|most \w{3,14})(?: multiple[- ]choice)?[ *_]{1,3}){0,2}"
_VALUE = (
    r"(?P<value>\*{0,2}\(?[A-Z]\)?\*{0,2}|\*{0,2}\([a-z]\)\*{0,2}|\*{0,2}[$€£]?[-+−]?\d[\d,./]{0,30}(?<=\d)%?\*{0,2}"
    r"|\$[^$\n]{1,80}\$|\\\([^\n]{1,80}?\\\)|\"[^\"\n]{1,60}\"|“[^”\n]{1,60}”|\*\*[^*\n]{1,60}\*\*)"
)
_IS = r"[ ,]{1,2}(?:is|would be|must be|has to be|should be)[ *_]{1,3}(?:(?:therefore|thus|hence|then|indeed),? )?"
_IS_THE_ANSWER = re.compile(rf"(?:^|[\s(,;:]){_VALUE}(?: (?:\w{{1,12}}))?{_IS}(?:the|our|my)[ *_]{{1,3}}{_QUALITY}$")
_AS_THE_ANSWER = re.compile(
    rf"\b(?:[Gg]et|got|have|obtain|gives?|giving|found|find|[Cc]hoose|chose|pick|select|leav(?:es|ing)"
    rf"|yields?|[Ww]ith|arrive at)"
    rf"(?: us)? {_VALUE}(?: \w{{1,12}})? as (?:the|my|our) {_QUALITY}$"
)
_SUPPOSED = re.compile(
    r"\b(?:if|suppose|assume|assuming|would|could|might|not|never|cannot|why|how|to)\b[^.\n]{0,60}\Z|n['’]t\b[^.\n]{0,60}\Z",
    re.IGNORECASE,
)
_NOUN = re.compile(
    r"(?:answer|option|choice)\b[*_]{0,3}(?=[ ]*(?:[.,;:!)\n]|\Z|because|since|as\b|to\b|for\b|here\b|and\b))"
)
_IS_CORRECT = re.compile(
    r"(?:^|[\s(,;:*])(?:(?:[Oo]ption|[Cc]hoice|[Aa]nswer|[Aa]lternative)[ *_]{1,3})?(?P<value>\(?[A-Z]\)?)\*{0,2}[ ]"
    r"(?:is|must be|has to be)[ *_]{1,3}(?:therefore |thus |hence |indeed |clearly )?(?:the )?(?:one that is )?$"
)
_CORRECT = re.compile(r"(?:correct|right)\b[*_]{0,3}(?=[ ]*(?:[.!;:)\n—–]|\Z|because|since|as\b|,))")
_BEST = ("correct", "right", "best")
_CORRECT_ONE = re.compile(r"\w+ (?:one|option|choice)\b[*_]{0,3}(?=[ ]*(?:[.!)\n]|\Z|because|since|as\b|,))")
_UNSURE = re.compile(
    r"\b(?:if|whether|suppose|assume|assuming|unless|that|why|does|is|not|neither|nor|both|either)[ (*_]{1,3}"
    r"(?:option |choice |answer )?$",
    re.IGNORECASE,
)
_LETTER = r"[(（]?(?P<value>[A-H])[)）]?"
_IS_CORRECT_ELSEWHERE = re.compile(
    rf"(?:antwort|option|opci[óo]n|opção|alternativa|opzione|réponse|respuesta|resposta|risposta|вариант|ответ)"
    rf" {_LETTER}"
    r"\*{0,2} ?(?:ist|est|es|é|está|è|—|является)? ?(?:richtig|korrekt|la bonne|correcte?|correct[ao]|corret[ao]|certa"
    r"|corretta|giusta|правильный|верный|верен)"
    rf"|(?:richtig|korrekt) ist (?:antwort |option )?{_LETTER.replace('value', 'other')}(?!\w)",
    re.IGNORECASE,
)
_IS_CORRECT_WITHOUT_SPACES = re.compile(
    rf"(?:[选選][项項] ?|^|[，。,\s]){_LETTER} ?[项項]?是?(?:正确|正確)"
    rf"|{_LETTER.replace('value', 'other')} ?(?:が(?:正解|正しい|適切)|[가이] (?:정답|맞[습는다]|옳))"
)
_STEMS_ELSEWHERE = ("richtig", "korrekt", "correct", "corret", "certa", "giusta", "прав", "верн", "верен", "bonne")
_CHOSEN = re.compile(
    r"(?:\b(?:I|[Ww]e)(?:'d|’d| would| will|'ll)? ?(?:choose|pick|select|go with|answer)"
    r"|\b[Mm]y (?:choice|pick|guess) is"
    r"|(?:\bI|\b[Ww]e)(?:'m|’m|'re|’re| am| are) going (?:with|for)|(?:^|[\n.] ?)(?:[Cc]hoose|[Ss]elect"
    r"|[Pp]ick)(?=[ :*_]{1,4}(?:option |choice )?\(?[A-J]\)?\*{0,2}(?:[.!\n]|$)))"
    r"[ :*_]{1,4}(?:option |choice |answer )?"
    r"(?P<value>\(?[A-J]\)?)\*{0,2}(?=[\s.,;:!)]|\Z)"
)


_WAYS = (
    ("answer", _NOUN, _IS_THE_ANSWER),
    ("option", _NOUN, _IS_THE_ANSWER),
    ("choice", _NOUN, _IS_THE_ANSWER),
    ("answer", _NOUN, _AS_THE_ANSWER),
    ("correct", _CORRECT, _IS_CORRECT),
    ("right", _CORRECT, _IS_CORRECT),
    *((f"{quality} {noun}", _CORRECT_ONE, _IS_CORRECT) for quality in _BEST for noun in ("one", "option", "choice")),
)
_WAYS_ELSEWHERE = (
    (_STEMS_ELSEWHERE, _IS_CORRECT_ELSEWHERE),
    (("正确", "正確", "正解", "正しい", "適切", "정답", "맞", "옳"), _IS_CORRECT_WITHOUT_SPACES),
)
_CHOOSING = (
    *("choose", "pick", "select", "Choose", "Pick", "Select", "go with", "going with", "going for"),
    *("choice is", "guess is", "answer"),
)


def named_before(text: str) -> Iterator[Found]:
    """The answers that a text names before it calls them so: the last of each way. None of them is more than weak."""
    for stem, noun, named in _WAYS:
        yield from _own_ones(text, (_called(text, at, noun, named) for at in _places(text, stem, _MOST)))
    lower = text.replace("\u0130", "I").lower()
    for stems, named in _WAYS_ELSEWHERE:
        for stem in stems:
            at = lower.rfind(stem)
            if at >= 0 and (match := named.search(text, max(0, at - 40), at + 40)):
                group = "value" if match["value"] else "other"
                yield Found(Strength.WEAK, match.start(group), match[group])
    for stem in _CHOOSING:
        yield from _own_ones(text, (_chosen(text, at) for at in _places(text, stem, _FEW)))


def _places(text: str, stem: str, most: int) -> Iterator[int]:
    """Where a stem stands, the last first."""
    at = text.rfind(stem)
    while at >= 0 and most > 0:
        yield at
        most -= 1
        at = text.rfind(stem, 0, at)


def _own_ones(text: str, found: Iterable[Found | None]) -> Iterator[Found]:
    """The first that the writer says in their own voice, and those of others before it, which have less strength."""
    for each in filter(None, found):
        if not boxed_aside(text, each.at, each.at + len(each.answer)):
            yield each
            return
        yield each._replace(strength=Strength.QUOTED)


def _called(text: str, at: int, noun: re.Pattern[str], named: re.Pattern[str]) -> Found | None:
    found = _named(text, at, named) if noun.match(text, at) else None
    supposed = found and named is _AS_THE_ANSWER and _SUPPOSED.search(text[max(0, found.at - 60) : found.at])
    return None if supposed else found


def _chosen(text: str, at: int) -> Found | None:
    chosen = _CHOSEN.search(text, max(0, at - 20), at + 60)
    return None if chosen is None else Found(Strength.WEAK, chosen.start("value"), chosen["value"])


def _named(text: str, at: int, named: re.Pattern[str]) -> Found | None:
    start = max(0, at - _BEFORE)
    match = named.search(text[start:at])
    if match is None or (match["value"] in {"A", "I"} and text[start + match.end("value")] != " "):
        return None
    begin = start + match.start("value")
    if _UNSURE.search(text, max(0, begin - 40), begin):
        return None
    return Found(Strength.WEAK, begin, match["value"].strip("*"))

"""Retractions: an answer that its writer takes back at once, and what they give in its place."""

import re

from a2r_ray.answers.finding.bare import bare, is_expression, is_title
from a2r_ray.answers.finding.stretches import ASSIGNMENT, stretch_from
from a2r_ray.answers.finding.vocabulary import NO_ANSWERS, YES_NO

_REACH = 600
"""Characters behind an answer within which it is taken back."""
_CUES = (
    *("wait", "hold on", "hang on", "scratch", "strike that", "correct", "reflection", "second thought", "closer"),
    *("mistake", "error", "wrong", "oops", "whoops", "mean", "misread", "miscounted", "typo", "actually"),
    *("sorry", "no,", "make that", "edit", "update", "my bad", "apolog", "ignore", "or rather", "revised", "take that"),
    *("disregard", "can't be", "cannot be", "not right"),
)
"""One of these is in every retraction."""
_NEXT = 120
_WRONG_CUES = (
    *(
        "wrong",
        "incorrect",
        "mistake",
        "not right",
        "not correct",
        "not quite",
        "an error",
        "a typo",
        "off",
        "be right",
    ),
    *("be correct", "scratch", "strike", "take that", "take it", "ignore", "disregard"),
)
_GAP = r"[\s,.;:!?*_()—–…-]{0,6}"
_WRONG = (
    r"(?:that|this|it|the (?:above|last|final|previous)(?: \w{2,8})?|(?:my|the) (?:final )?answer)"
    r"(?: is|['’]s| was| seems| looks)(?: \w{2,12})? ?(?:wrong|incorrect|mistaken|not (?:right|correct|quite right)"
    r"|an? (?:mistake|error|typo)|off)(?! (?:to|that|if|unless|for|when|by)\b)"
)
_CUE = (
    r"(?:wait|hold on|hang on|scratch that|strike that|correction|oops|whoops|actually,? no|no,? actually|actually"
    r"|sorry"
    r"|no(?=,)|(?:I )?(?:sincerely )?apologi[sz]e|(?:my )?apologies|my (?:bad|mistake)|edit(?=:)|update(?=:)|or rather"
    r"|(?:please )?(?:ignore|disregard) (?:that|this|the above|my (?:previous|last|earlier) (?:answer|reply))"
    r"|make (?:it|that)|I take (?:that|it) back|(?:revised|corrected|updated|new)(?: final)? answer(?=:)"
    r"|(?:that|this|it)(?: can['’]t| cannot| can not) be (?:right|correct)"
    r"|(?:on|upon) (?:second thoughts?|(?:further )?reflection|(?:a )?closer (?:look|inspection))"
    r"|let me (?:correct|fix|revise) (?:that|this|it|myself|my (?:\w{2,8} )?(?:answer|mistake|error))"
    r"|(?:I|we)(?: (?:just|have|had|think|see|realized?|noticed|that|I|we|there|did|now)){0,4}"
    r" (?:(?:made|found|spotted|is|was) )?(?:(?:an?|my|the) )?(?:\w{2,12} )?(?:mistake|error|slip|typo)"
    r"|I (?:misread|miscounted|misstated|misspoke|meant)\b[^.\n:]{0,30}|I(?: was|['’]m| am) (?:wrong|mistaken)"
    rf"|{_WRONG})"
)
_FILLER = rf"(?:(?:but|oh|hmm+|ah|oops|sorry|apologies|actually|no|nope|well|so|instead|rather|hence){_GAP})"
_SUBJECT = (
    r"(?:it|that|this|the(?: \w{2,12}){0,2} (?:answer|value|result|total|number|option|choice|one|sum|product)"
    r"|the answer|we (?:get|have)|I get)"
    r"(?: is|['’]s| was| should(?: \w{2,10})? (?:be|read)| must be| has to be| ought to be| would be| will be| equals|"
    r"(?<=get)|(?<=have))(?: (?:actually|really|in fact|instead|rather|just|indeed|therefore|then|simply)\b,?)?:?\s"
)
_TAKEN_BACK = re.compile(
    rf"(?:(?<=[\s.,;:!?)\]}}$*_—–-])|\A){_FILLER}{{0,3}}{_CUE}\b{_GAP}(?:(?:{_FILLER}|{_CUE}\b{_GAP}){{0,4}})"
    rf"(?P<subject>{_SUBJECT}|I (?:meant|mean)(?: to say)? |make (?:it|that) )?",
    re.IGNORECASE,
)
_AT_ONCE = re.compile(
    rf"[\s.,;:!?)\]}}$*_—–-]{{0,8}}{_FILLER}{{0,3}}(?:{_CUE}\b{_GAP}){{0,2}}(?:{_FILLER}){{0,2}}{_WRONG}"
    r"(?=[.,;:!?\s]*(?:[.;:!\n]|\Z)|,? (?:since|because|as)\b)"
    r"|[\s.,;:!?)\]}$*_—–-]{0,8}(?:(?:but|oh|hmm+|ah|sorry|actually|no|well|wait)[\s,.!—–-]{1,3}){0,3}"
    r"(?:scratch that|strike that|I take (?:that|it) back|(?:please )?(?:ignore|disregard) (?:that|this"
    r"|my (?:previous|last"
    r"|earlier) (?:answer|reply))|(?:that|this|it)(?: can['’]t| cannot| can not) be (?:right|correct))"
    r"(?=[.,;:!?\s]*(?:[.;:!\n]|\Z))",
    re.IGNORECASE,
)
_IS_RIGHT = re.compile(
    r"(?P<value>[^\n.;:]{1,60}?) (?:is|must be|should be) (?:\w{2,12} )?(?:the )?(?:correct|right|actual|true|real"
    r"|answer)(?: (?:answer|one|value|option|choice|result))?(?=[.!,;\n]|\Z)"
)
_INLINE = re.compile(
    r"(?P<before>[^\n]{1,80}?)(?:[,;.…]|\s?[—–-])\s?\(?(?:(?:no|but|oh|hmm|sorry|or)[, ]{1,2}){0,2}"
    r"(?:no,? wait|wait,? no|wait|sorry|correction|I mean(?:t)?|rather|oops|scratch that|make that|hold on)\b"
    r"[,:.!—– ]{1,3}"
    r"(?:(?:no|actually|I mean|it['’]s|it is|that['’]s|that is|make that)[, ]{1,2}){0,2}(?P<value>[^\n]{1,200}?)\)?",
    re.IGNORECASE,
)
"""``17, wait no, 42``."""


_ELSEWHERE = re.compile(
    r"(?:(?:不对|不對|更正|等一下|等等)[，,。！!：:\s]{0,4}(?:答案)?(?:应该|應該)?[是为為]?"
    r"|\b(?:Non[,:]|(?:Attends|Correction|En fait|Pardon)[,:]?)\s(?:c['’]est|la réponse est)\s"
    r"|\b(?:Nein[,:.]|(?:Moment|Korrektur|Falsch)[,:.]?)\s(?:(?:es|das) ist|die Antwort ist|richtig ist)\s"
    r"|\b(?:No[,:]|(?:Espera|Corrección|Perdón|En realidad)[,:]?)\s(?:es|la respuesta es)\s"
    r"|(?<!\w)(?:Нет[,:]|(?:Стоп|Исправление|Точнее)[,:]?)\s(?:это |ответ |правильный ответ )?(?:[—-]\s)?"
    r"|\b(?:No[,:]|(?:Aspetta|Correzione|Anzi)[,:]?)\s(?:è|la risposta è)\s"
    r"|\b(?:Não[,:]|(?:Espera|Correção|Aliás)[,:]?)\s(?:é|a resposta é)\s"
    r"|(?i:(?:das|es) (?:ist falsch|stimmt nicht)|c['’]est faux|ce n['’]est pas (?:correct|juste|ça)"
    r"|(?:eso |esto )?(?:está mal|es incorrecto|no es correcto)|è sbagliato|non è (?:corretto|giusto)"
    r"|está errado|não está certo|(?:это )?(?:неверно|неправильно))[\s,.:;!–—-]{1,4}"
    r"(?i:(?:(?:es|das|richtig) ist|c['’]est|es|è|é|это|(?:die |la |a )?(?:Antwort|réponse|respuesta|risposta|resposta)"
    r" (?:ist|est|es|è|é)|(?:правильный )?ответ:?)\s)?"
    r"|(?:いや|違います|訂正|間違えました)[、,。：:\s]{0,3}(?:答えは)?"
    r"|(?:아니|잠깐|정정)[,.:\s]{1,3}(?:답은 )?)"
    r"(?P<value>[-+−]?[$€£]?\d[\d.,/]*%?|\(?[A-J]\)?(?![\w'’]))"
)
"""The same in other languages, where a number or a letter follows."""


def in_its_place(text: str, after: int) -> tuple[str, int] | None:
    """What the writer gives in place of an answer that ends before a place, and where it begins; None: nothing.

    Args:
        text: what is shown of a text.
        after: where the answer ends, or within it.
    """
    behind = text[after : after + _REACH]
    lower = behind.lower()
    elsewhere = [*_ELSEWHERE.finditer(text, after, after + _REACH)]
    found = (elsewhere[-1]["value"].rstrip(".,"), elsewhere[-1].start("value")) if elsewhere else None
    if not any(cue in lower for cue in _CUES):
        return found
    for taken in _TAKEN_BACK.finditer(text, after, after + _REACH):
        found = _given(text, taken) or found
    return found


def _given(text: str, taken: re.Match[str]) -> tuple[str, int] | None:
    """The value behind the words that take an answer back."""
    if named := _IS_RIGHT.match(text, taken.end()):
        return (named["value"].strip("*_ "), named.start("value")) if _is_value(named["value"]) else None
    answer, start, asks = stretch_from(text, taken.end())
    is_calculation = "=" in answer and not ASSIGNMENT.fullmatch(answer)
    return (answer, start) if not asks and not is_calculation and _is_value(answer) else None


def _is_value(text: str) -> bool:
    """Whether a text is a value and nothing else; of words, a name: "it is fine" gives none."""
    said = text.strip("*_ .")
    if not said or not bare(said):
        return False
    word = said.split()[0].casefold()
    is_name = said[0].isupper() and word not in NO_ANSWERS and (" " not in said or is_title(said))
    return said.casefold() in YES_NO or is_name or is_expression(said) or not said[0].isalpha()


def is_withdrawn(text: str, stop: int) -> bool:
    """Whether the sentence behind an answer that ends at a place calls it wrong, and says no more."""
    behind = text[stop : stop + _NEXT].lower()
    return any(cue in behind for cue in _WRONG_CUES) and _AT_ONCE.match(text, stop) is not None


def corrected(stretch: str) -> str:
    """A stretch in which the writer corrects themselves, without what they took back."""
    inline = _INLINE.fullmatch(stretch) if any(cue in stretch.lower() for cue in _INLINE_CUES) else None
    if inline is None or not (bare(inline["before"]) and bare(inline["value"])):
        return stretch
    return inline["value"].strip()


_INLINE_CUES = ("wait", "sorry", "correction", "i mean", "rather", "oops", "scratch", "make that", "hold on")

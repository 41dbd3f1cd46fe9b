"""Yes or no: also as true or false, with a reason behind it, in the languages of ``finding``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from a2r_ray.answers.kinds.spelling import prose

_YES = (
    "yes y yeah yep yup true correct affirmative ja oui sí sim sì да 是 是的 对 對 对的 對的 正确 正確 正确的"
    " 正確的 はい 正しい"
    " 예 네 맞습니다 맞다 참 نعم صحيح صحيحة vrai vraie wahr richtig korrekt vero vera verdadero verdadera cierto"
    " correcto correcta verdadeiro verdadeira correto correta верно правда правильно истина"
)
_NO = (
    "no n nope false incorrect untrue negative nein non não нет 否 不 不是 不是的 不对 不對 不正确 不正確 不正确的"
    " 错误 錯誤 错误的 錯誤的 错 いいえ 間違い 正しくない"
    " 아니요 아니오 아닙니다 거짓 لا خطأ خاطئ خاطئة faux fausse falsch"
    " falso falsa incorrecto incorrecta incorreto incorreta неверно неправда неправильно ложь"
)
_SAID: Mapping[str, Literal["yes", "no"]] = {
    **dict.fromkeys(_YES.split(), "yes"),
    **dict.fromkeys(_NO.split(), "no"),
}
_CERTAINLY = r"(?:absolutely|certainly|definitely|surely|of course|clearly|obviously|undoubtedly|probably|most likely)"
_LEAD = re.compile(
    rf"(?:(?:therefore|thus|hence|so|then|well|finally|in conclusion|overall|indeed|in fact|{_CERTAINLY}|i think"
    r"|i believe|i would say|a resounding|(?:(?:the|this|that) )?(?:(?:given|above|final|original) )?(?:statement|claim"
    r"|answer|sentence|assertion|proposition|conclusion|hypothesis|conjecture|verdict)(?: is| must be)?"
    r"|الجواب(?: هو)?|الإجابة(?: هي)?|(?:it|this|that)(?: is|'s| must be)?)(?![a-z])[:,]? ?){1,5}"
)
_WORD = re.compile(r"[^\W\d_]+")
_GOES_ON = re.compile(
    r"$|\.(?! ?\d)|[,;:!?()\-\u2013\u2014。,、;:\n*]"
    r"| (?:is|are|was|does|do|did|has|can|will|in|on|to|if|when|where|by|given|due|indeed|sir|of course"
    r"|because|since|as|it|they|he|she|we|you|i|there|that|this|the|a|an|not|for|but|and)(?![a-z])"
)
_OTHER = re.compile(r" ?(?:[,;/]|[,;]? ?(?:or|and)(?![a-z])) ?([^\W\d_]+)(?=$|[.,;!?])")
"""Another word that follows at once, so that nobody knows which of the two is meant."""
_BY_CASE = re.compile(
    r"[,:;]? ?(?:if|when|for|only if|unless|in)(?![a-z])[^.!?]{1,120}?(?:otherwise|else|but|[,;]|and)[^.!?]{0,60}?"
    r"(?<![a-z])(?:yes|no|true|false|not)(?![a-z])|[^.!?]{0,80}(?<![a-z])but (?:it is |is )?(?:not |false|untrue"
    r"|true)[^.!?]{0,40}"
    r"(?:in general|otherwise|always)"
)
"""That it hangs on something: ``Yes, if n is even; otherwise no``."""
_CONDITION = re.compile(
    r"[,;\u2014-]? ?(?:but )?(?:(?:only )?(?:if|when)(?! (?:we|you|one)(?![a-z]))|only for|unless|provided"
    r"|depending|maybe|perhaps|possibly)(?![a-z])[^.!?]{0,80}(?:[.!?]|$)"
)
"""That it holds under a condition alone, or is doubted: ``Yes, but only if n is even``."""
_SAYING = re.compile(r" to (?:say|answer|claim|state)(?![a-z])")
_OPENING = 400
"""Characters within which yes or no is said."""
_NOT = re.compile(r"(?:(?:is)?n't|(?:is )?not) ")
_CERTAINLY_NOT = re.compile(rf"(?:no,? )?{_CERTAINLY} not(?=$|[.,;!])")


@dataclass(frozen=True, slots=True)
class YesNo:
    """Yes or no."""

    name: str = "yes_no"

    def read(self, announced: str) -> str | None:
        """``Yes`` or ``No``."""
        said = _said(announced)
        return said.capitalize() if said else None

    def equal(self, a: str, b: str) -> bool:
        """The same of the two; of anything else, the same words."""
        one, other = _said(a), _said(b)
        return one == other if one or other else prose(a) == prose(b)

    def fits(self, known: str) -> bool:
        """Yes or no, and nothing else."""
        return prose(known) in _SAID


def _said(text: str) -> Literal["yes", "no"] | None:
    """What a text opens with; None where that is neither."""
    words = prose(text[:_OPENING].replace("**", "")).strip("()[]{}「」『』✅✓✔❌✗✘ ")
    if words in _SAID:
        return _SAID[words]
    if _CERTAINLY_NOT.match(words):
        return "no"
    lead = _LEAD.match(words)
    start = lead.end() if lead else 0
    denied = _NOT.match(words, start)
    if denied is not None:
        start = denied.end()
    first = _WORD.match(words, start)
    if first is None or first[0] not in _SAID or not _GOES_ON.match(words, first.end()):
        return None
    said = _SAID[first[0]]
    other = _OTHER.match(words, first.end())
    hangs = any(pattern.match(words, first.end()) for pattern in (_BY_CASE, _SAYING, _CONDITION))
    if hangs or (other is not None and _SAID.get(other[1], said) != said):
        return None
    return said if denied is None else "no" if said == "yes" else "yes"

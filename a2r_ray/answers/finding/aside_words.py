"""The words by which asides are told: who else speaks, how what they say is announced, and what only seems right."""

import re
from functools import lru_cache

_CAPITAL = re.compile(r"\\.|\(\?P|[A-Z]")


def in_lower_case(pattern: str) -> re.Pattern[str]:
    """A pattern for texts in lower case: with IGNORECASE each word of an alternation takes twenty times as long."""
    return re.compile(_CAPITAL.sub(lambda found: found[0].lower() if len(found[0]) == 1 else found[0], pattern))


DETERMINERS = (
    r"(?:,? ?(?:that|the|an?|its|our|this|this problem's|question's|die|das|der|la|le|el|l[’']|il|lo|a|o|que|che|qu[’']"
    r"|dass|что) ?){0,3}(?:[*_]{0,3}(?:final|correct|right|exact|best|true|actual|numerical|overall|richtige|bonne"
    r"|правильный)[*_]{0,3} ){0,2}[*_]{0,3}"
)
SOURCE = (
    r"(?:paths?|candidates?|solutions?|responses?|attempts?|samples?|drafts?|models?|agents?|assistants?|answerers?"
    r"|students?|pupils?|solvers?|approach(?:es)?|chains?|chemins?|candidats?|pfade?|kandidat(?:en)?|caminos?"
    r"|candidatos?|caminhos?|percors[oi]|candidat[oi]|élèves?|schüler|estudiantes?|alun[oa]s?|student[ei]|пут[ьи]"
    r"|кандидат\w{0,3}|студент\w{0,3}|المسار)"
)
NUMBERED = rf"{SOURCE}[ #]{{0,2}}(?:\d{{1,3}}|[A-K](?![\w'’]))(?!\w)"
PEOPLE = (
    rf"(?:{NUMBERED}|{SOURCE}|(?:some|most|many|few|two|three|four|five|several|all|both|none|majority|minority"
    r"|others?|(?:any|some|every)(?:one|body)|people|readers?|textbooks?|books?|teachers?|authors?|friends?|websites?"
    r"|keys?|he|she|they)(?!\w))"
)
SAYS = (
    r"(?:say|claim|think|believe|assert|argue|insist|guess|suppose|expect|state|maintain|propose|suspect)(?:s|ing)?"
    r"|said|claimed|thought|believed|asserted|argued|insisted|guessed|supposed|expected|stated|maintained|proposed"
)
SAYS_ELSEWHERE = (
    r"dit|disent|affirment?|prétend(?:ent)?|pensent|croient|pense|croit|soutient|dice|dicen|dicono|afirman?"
    r"|affermano?|piensan?|creen?|pensano?|crede|credono|sostienen?|sostiene|sostengono|diz|dizem|afirmam|pensam?"
    r"|acham?|acredita|acreditam|sagt|sagen|behauptet|behaupten|meint|meinen|glaubt|glauben|denkt|denken"
    r"|говор[ия]т|утвержда[ею]т|счита[ею]т|дума[ею]т|сказал\w?|يقول|تقول|يعتقد|يظن|يدعي|زعم"
)
FINDING = (
    r"(?:agree|conclude|find|get|give|obtain|compute|calculate|report|answer|suggest|show|arrive|reach|choose|pick"
    r"|select|yield|produce|derive|announce|declare|deduce|end up|come|mean|have|assume|confirm|determine|decide"
    r"|vote|list)(?:s|es|ing|d|ed)?|found|got|gave|chose|came|had|ha[sd]|mis\w{3,14}"
    r"|trouvent?|obtient|findet|erhält|encuentra|obtiene|trova|ottiene|encontra|obtém|получа[ею]т"
)

_FEW = 4
"""Letters by which the words of a sentence are told at once."""
_WORDS = re.compile(r"[^\W\d_]+")
_LURES = """
    tempted easy easily mistake wrong incorrect erroneous false natural naive trap error misreading misconception
    pitfall confusion slip untrue doubtful unlikely impossible way not assume agree accept says saying people majority
    popular common intuitive would could might without if unless assuming suppose had were should when ignoring
    excluding instead general otherwise contrast case for with other another different alternative opposite worst best
"""
_CUES = frozenset(
    word[:_FEW] for word in re.findall(r"[a-z]{2,}", f"{SOURCE} {SAYS} {SAYS_ELSEWHERE}") + _LURES.split()
) - {"answ"}
"""How the words begin of which every aside before a mark has one."""


@lru_cache(maxsize=4096)
def may_be_aside(sentence: str) -> bool:
    """Whether what stands before a mark has a word without which it is no aside; most have none, and this is fast."""
    if not sentence.isascii() or "'" in sentence or "answerer" in sentence:
        return True
    return not _CUES.isdisjoint([word[:_FEW] for word in _WORDS.findall(sentence.lower())])

"""Asides: announcements of somebody else's answer, and of the answer to another case of the question.

A synthesis quotes the paths that it was made from, and a solution speaks of what others get wrong or of what would be
if the question were another. None of that displaces the answer that is given in the writer's own voice.
"""

import re
from enum import Enum, auto

from a2r_ray.answers.finding.aside_words import (
    DETERMINERS,
    FINDING,
    NUMBERED,
    PEOPLE,
    SAYS,
    SAYS_ELSEWHERE,
    in_lower_case,
    may_be_aside,
)

_CLOSE = 70
"""Characters between whoever says something and what they say."""


class Aside(Enum):
    """What an announcement is where it does not give the writer's answer to the question."""

    REFUTED = auto()
    """Somebody else's answer that is called wrong, or one that only seems right."""
    QUOTED = auto()
    """Somebody else's."""
    AGREED = auto()
    """What others agree on, or most of them say."""
    OTHER_CASE = auto()
    """It depends on something: "without the restriction the answer is 8"."""


_OWN = in_lower_case(
    r"(?<!\w)(?:I|we|us|me|let[’']?s|je|j[’']|nous|ich|wir|yo|nosotros|io|noi|eu|nós|я|мы)(?!\w)[^.;:]{0,30}$"
)
_DENIES = r"(?:do|does|did|would|could|can|should)(?: not|n[’']t)|never|cannot|can[’']t|hardly"

_OWNED = in_lower_case(
    r"(?:(?!(?:today|problem|question|let|it|that|what|there|here|puzzle|exercise"
    r"|equation)['’])(?<!\w)\w[\w.]{0,24}['’]s?"
    r"|(?<!\w)(?:whose|their|his|her|its))[*_]{0,3} (?:\w{3,12} ){0,2}[*_]{0,3}$"
)
"""Before the word for an answer: "path 2's", "whose", "their"."""
_ADJECTIVE = in_lower_case(
    r"(?<!\w)(?:majority|minority|most (?:common|popular|frequent)|popular|consensus|proposed|suggested|claimed|given"
    r"|published|textbook|student|book|alternative|competing|reported|rejected|usual|intuitive|original|model)[*_]{0,3}"
    r" (?:final )?[*_]{0,3}$"
)
_SAID = in_lower_case(
    rf"(?<!\w)(?P<verb>{SAYS})(?: \w{{2,14}}ly)?(?! ?,){DETERMINERS}$"
    rf"|(?<!\w)(?P<other>{SAYS_ELSEWHERE}){DETERMINERS}$"
)
_FOUND_BY = in_lower_case(
    rf"(?<!\w){PEOPLE}[^.;:\n]{{0,{_CLOSE}}}?(?<!\w)(?:{FINDING})(?!\w)(?: \w{{2,14}}ly)?(?: at| with| to| as| for)?"
    rf"(?! ?, ?(?!that|dass|que|qu['’]|che|что)){DETERMINERS}$"
)
_ACCORDING = in_lower_case(
    rf"(?<!\w)(?:according to|as per|per|unlike|contrary to|laut|gemäß|selon|d[’']après|según|segundo|secondo|согласно)"
    rf" [^.;:\n]{{1,{_CLOSE}}}$"
    rf"|(?<!\w)(?:in|by|for|from|with|under|following|as in|of) (?:the )?{NUMBERED},? {DETERMINERS}$"
)
_HEADED = in_lower_case(
    rf"(?:^|[(\[])[ \t*_>#\d.)-]{{0,8}}{NUMBERED}[*_]{{0,3}}(?:(?!right|correct|wrong|valid|true|err"
    rf"|mis)[^.;:\n]){{0,40}}"
    rf"[:–—(-][ \t*_]{{0,4}}{DETERMINERS}$"
    rf"|{NUMBERED}[ \t*_|:>→=–—-]{{1,8}}(?:final |correct )?[*_]{{0,3}}$"
)
"""At the beginning of a line: "Path 2: the answer is", "Path 2 disagrees: its answer is"."""
_IN_QUOTES = re.compile(r"\w[^\n\"“”]{0,100}[\"“«„][^\n\"”»]{0,30}$|\w[^\n]{0,100}[\s(]['‘][^\n'’]{0,30}$")
"""Behind a quotation mark that is opened in the sentence: path 2 ended with "the answer is 8"."""
_CLAIM = in_lower_case(
    r"(?<!to )(?<!at )(?<!reach )(?<!reached )(?:the|this|an?|any|\w['’]s?) (?:\w{2,14} )?(?:conclusion|claim|argument"
    rf"|assertion|idea|belief|view|suggestion|reasoning|proposal|notion|assumption|opinion)s? (?:that"
    rf"|saying){DETERMINERS}$"
)
_OF_A_SOURCE = in_lower_case(
    rf"(?<!\w){NUMBERED}|(?<!\w)(?:of|from|in|by) (?:the|all|each|both|these|those)(?: \w{{2,8}})? (?:paths?"
    r"|candidates?|students?|responses?|attempts?|models?|others?|majority)(?!\w)"
)
"""Within the words of an announcement: "the answer of path 2 is"."""
_ELSEWHERE = re.compile(
    r"(?:路径|路徑|候选|候選|方案|解法|学生|學生|同学|同學|有人|人们|許多人|许多人|很多人|多数|多數|课本|教材|书上|书中|老师|老師"
    r"|(?<!其)他们?|她|模型|回答|小明|以为|以為|误认为)[^。，,；;：:]{0,14}$"
    r"|(?:根据|根據|按照|据)(?:路径|候选|方案|解法)[^。；;：:]{0,14}$"
    r"|(?:パス|経路|候補|解答|生徒|学生|多数|多くの人|教科書|彼|誰か|ある人|一部)[^。、；;：:]{0,14}$"
    r"|(?:يقول|تقول|يعتقد|يظن|يدعي|زعم)[^.;:،\n]{0,40}$"
    r"|(?:경로|후보|학생|다수|많은 사람|어떤 사람|교과서|일부)[^.;:]{0,16}$"
)
_LURED = in_lower_case(
    rf"(?<!\w)(?:tempt(?:ed|ing)|eas(?:y|ily)|mistaken?(?:ly)?|wrong(?:ly)?|incorrectly|erroneously|falsely|natural"
    rf"|naive(?:ly)?|trap|error)(?!\w)[^.;:\n]{{0,40}}(?<!\w)(?:{SAYS}|conclud\w{{1,3}}|answer|assum\w{{1,3}})"
    rf"(?: that)?{DETERMINERS}$"
    rf"|(?<!\w)(?:might|may|could)(?: \w{{2,14}}){{0,2}} (?:think|believe|guess|suppose|expect|assume)(?: that)?"
    rf"{DETERMINERS}$"
    rf"|(?<!\w)(?:{_DENIES})(?: \w{{2,14}})? (?:think|believe|say|agree|accept)(?: that)?{DETERMINERS}$"
    r"|(?<!\w)(?<!fixing the )(?<!correcting the )(?<!without the )(?<!this )(?:mistake|error|misreading|trap"
    r"|misconception|pitfall|confusion|slip)s?"
    r"(?!\w)[^.;:\n]{0,40}(?<!\w)(?:lead|giv|yield|result|produc|caus)[^.;:\n]{0,30}$"
    r"|(?<!\w)(?:incorrect|untrue|false|wrong|doubtful|unlikely|impossible|no way"
    rf"|not (?:true|right|correct|possible|the case|clear|certain))(?: that)?{DETERMINERS}$"
    r"|(?:误以为|誤以為|误认为|誤認為)[^。，,；;]{0,10}$"
)
"""An answer that only seems right, or that nobody gives."""
_WRONG = in_lower_case(
    r"(?<!\w)(?:incorrect|wrong|false|mistak\w{1,3}|mistook|invalid|impossible|erroneous|errors?|typos?|flawed"
    r"|unlikely|bogus|faulty|not (?:right|correct|true|valid|possible|what|the case)|mis-?\w{3,14}|forg[eo]t\w{0,6}"
    r"|overlook\w{0,3}|neglect\w{0,3}|ignor\w{1,3}|fail\w{0,3}|doubl[ey][- ]count\w{0,3}|contradict\w{0,3}"
    r"|(?:is|was|are|were|does|did|do)(?:n[’']t| not)|falsch|faux|fausse|incorrecte?|falso|falsa|errad[ao]|sbagliat[ao]"
    r"|errat[ao]|incorrect[ao]|неверн\w{1,2}|неправильн\w{1,2}|ошиб\w{2,5}|خطأ|خاطئة?)(?!\w)|[❌✗✘✖]"
    r"|错误|錯誤|不正确|不正確|不对|不對|有误|有誤|間違|誤り|正しくない|틀렸|틀린|잘못"
)
_RIGHT = in_lower_case(
    r"(?<!\w)(?:which|this|that|and (?:it|this|that)|it|and)(?: \w{2,14})? (?:is|are|seems"
    r"|looks) (?:\w{2,14} )?(?:correct|right|true)\b"
    r"|^[^(\n]{0,60}\((?:correct|right)\)|[✓✔✅]|(?:是|も)?正确的?[。.]?$"
)
_CORRECTLY = in_lower_case(rf"(?<!\w)(?:correctly|rightly)(?: \w{{2,14}})?{DETERMINERS}$")
_AGREED = in_lower_case(
    r"(?<!\w)(?:agree[sd]?|concur|unanimous(?:ly)?|consensus|majority|most common|(?:all|both"
    r"|most)(?: of)?(?: the)?(?: \w{2,8})?"
    r" (?:paths|candidates|solutions|responses|attempts|samples|models))(?!\w)"
)
_CLAUSE = re.compile(
    r"[;:；：][ *_]{0,4}|\s[-–—]{1,2}\s|,? (?:but|so|since|because|although|though|while|whereas|(?:(?<=, )"
    r"|and )(?:hence|therefore|thus)"
    r"|aber|also|denn|mais|donc|pero|porque|ma|quindi|но|поэтому)(?![\w'’])"
)

_THIS = (
    r"(?:this|that|these|those|our|your|my|any|all|both|the (?:given|original|stated|above|following|correct))(?!\w)"
)
_FORMAL = (
    r"[^,]{0,60}\b(?:round|near|simplif|reduc|decimal|place|form|digit|part|question|problem|step|reason|conven|clar"
    r"|loss|hand|mind|unit|express|writ|convert|fraction|percent|exact|check|info|put|add|calculat|comput|tak)"
)
_OTHERWISE = (
    r"(?:if|had|were|suppose|should|when)\b[^,]{0,80}\b(?:were|had|mattered|instead|different\w{0,2}|otherwise)\b"
    r"|(?:under|on|in|with|by|for) (?:the |an? |any |some )?(?:other|another|different|alternative|opposite) "
    r"|\w{2,14} (?:differently|otherwise)\b"
)
_CASE = in_lower_case(
    rf"^[\s*_(\[>]*(?:(?:and|but|so|also|now|note that|similarly|likewise|then|however|for example|e\.g\.)[:,]? )?"
    rf"(?:{_OTHERWISE}|(?!\w{{1,12}} {_THIS}|{_FORMAL})"
    r"(?:(?:without|if|unless|assuming|suppose|supposing|had|were|should|when|ignoring|excluding|instead of) \S"
    r"|in (?:the )?(?:more )?general(?: case)?|more generally|generally|otherwise|by contrast"
    r"|in (?:the )?case (?:of|where|that|when) |for (?:(?:the |an? )?(?:general|arbitrary|every|each|even|odd"
    r"|larger?|smaller?|other|example|instance|comparison)\b"
    r"|\$?[a-zA-Z]\$?(?: ?[=<>≥≤]|,| ))"
    r"|with (?:\$?[a-zA-Z]\$? ?=|no |an? (?:extra|additional|different|larger|smaller))"
    r"|in (?:the|an?) (?:other|anspecial|worst|best) ))"
)
"""How a sentence begins that gives the answer to another question."""
_CASE_ELSEWHERE = in_lower_case(
    r"^[\s*_(（]*(?:(?:ohne|sans|sin|senza|sem|без|falls|wenn|si|se|если) (?!(?:dies|ce|es[ot]|quest|эт)\w)"
    r"|im allgemeinen"
    r"|en général|en general|in generale|em geral|в общем|(?:für|pour|para|per|bei|при) \$?[a-z]\$? ?[=<>]"
    r"|如果|若|假如|假设|假設|一般地|一般来说|一般來說|一般而言|没有|沒有|对于?[a-z]|[当當][a-z]|もし|一般に|만약|일반적으로)"
)
_OF_A_CASE = in_lower_case(
    r"(?<!\w)(?:for|when|with) \$?[a-zA-Z]\$? ?[=<>≥≤]|(?<!\w)(?:without|unless|if) \w|(?<!\w)in the general case"
)
_GENERAL = in_lower_case(r"(?<!\w)(?:general|generalized)[*_]{0,3} $")
_ON_CONDITION = in_lower_case(r"\S (?:if|unless|without) (?!rounding|loss|units?\b|any\b)\w")


def aside(sentence: str, head: str, answer: str, behind: str) -> Aside | None:
    """What an announcement is, if it does not give the writer's answer.

    Args:
        sentence: what stands before the word for an answer, from the beginning of its sentence.
        head: the words of the announcement.
        answer: what it announces, to the end of its sentence.
        behind: some of what follows.
    """
    clause, sentence, head = _clause(sentence).lower(), sentence.lower(), head.lower()
    if _LURED.search(sentence):
        return Aside.REFUTED
    if _is_quoted(sentence, clause, head):
        said = f"{answer[:160].lower()} {_comment(behind.lower())}"
        if _WRONG.search(said):
            return Aside.REFUTED
        if _RIGHT.search(said) or _CORRECTLY.search(sentence):
            return None
        return Aside.AGREED if _AGREED.search(sentence) else Aside.QUOTED
    if (
        _CASE.match(clause)
        or _CASE_ELSEWHERE.match(sentence)
        or _GENERAL.search(sentence)
        or _OF_A_CASE.search(head)
        or _ON_CONDITION.search(answer[:60].lower())
    ):
        return Aside.OTHER_CASE
    return None


_SPOKEN_OF = in_lower_case(
    rf"(?<!\w){NUMBERED}(?![^.;:\n]{{0,60}}(?<!\w)(?:right|correct|wrong|valid)[^.;\n]{{0,30}}$)"
    rf"|['’]s? (?:final )?answer\b"
    r"|(?<!\w)(?:some|many|most|several|other|few|one|two|three|four|majority|all)(?: of)?(?: the)?(?: other)?"
    rf" (?:paths?|candidates?|students?|people|solvers?|models?|samples?"
    rf"|responses?)(?!\w)[^.;:\n]{{0,40}}(?<!\w)(?:{SAYS}|{FINDING})(?!\w)"
    rf"|(?:majority|popular|common|intuitive) answer\b"
)
_REJECTED = in_lower_case(
    r"[\s$)}\]*,]{0,8}(?:(?:which|and|but|that|this|it)(?: this| that| it)? )?(?:fails\b|(?:is|are"
    r"|was) (?:\w{2,14}ly )?(?:wrong|incorrect|invalid|not (?:right|correct|valid|possible)"
    r"|extraneous|false|rejected|discarded|impossible)\b|does(?: not|n[’']t) (?:work|satisfy|hold)\b"
    r"|must be (?:rejected"
    r"|discarded)\b|\((?:wrong|incorrect|extraneous|rejected)\b|[❌✗✘✖]|(?:wrong|incorrect)\b)"
)
_TOLD = in_lower_case(rf"(?<!\w)(?:{SAYS}|{SAYS_ELSEWHERE})(?: that)?[\s*_($\\]{{0,4}}$")
_LONGEST_TOLD = 40
"""Characters of a verb, and what may stand behind it."""
_WOULD = in_lower_case(r"(?<!\w)(?:would|could|might)(?!\w)")


def boxed_aside(text: str, start: int, stop: int) -> Aside | None:
    """What a box, a pair of tags, or a value that is named is, if it does not give the writer's answer."""
    before = text[max(0, start - 2 * _CLOSE) : start]
    sentence = before[max(map(before.rfind, ("\n", ". ", "! ", "? ", "。"))) + 1 :].lstrip()
    if _REJECTED.match(text[stop : stop + _CLOSE].lower()):
        return Aside.REFUTED
    if not may_be_aside(sentence):
        return None
    clause, sentence = _clause(sentence).lower(), sentence.lower()
    if _LURED.search(clause):
        return Aside.REFUTED
    if (
        _SPOKEN_OF.search(clause)
        or _TOLD.search(clause, max(0, len(clause) - _LONGEST_TOLD))
        or _HEADED.search(sentence.rstrip("$ ("))
    ) and not _OWN.search(clause):
        return Aside.REFUTED if _WRONG.search(text[stop : stop + _CLOSE].lower().partition("\n")[0]) else Aside.QUOTED
    if _WOULD.search(sentence) and _SUPPOSED.search(sentence):
        return Aside.OTHER_CASE
    return Aside.OTHER_CASE if "answer" in clause and _CASE.match(clause) else None


_SUPPOSED = in_lower_case(r"(?<!\w)(?:if|had|were|without|otherwise|instead)(?!\w)")


def _is_quoted(sentence: str, clause: str, head: str) -> bool:
    if _OWNED.search(clause) or _ADJECTIVE.search(clause) or _OF_A_SOURCE.search(head) or _HEADED.search(sentence):
        return True
    if _IN_QUOTES.search(sentence):
        return True
    if _CLAIM.search(clause) or _ACCORDING.search(clause) or _FOUND_BY.search(clause) or _ELSEWHERE.search(sentence):
        return _OWN.search(clause) is None
    said = _SAID.search(clause)
    if said is None:
        return False
    verb, before = said["verb"] or "", clause[: said.start()]
    if re.search(r"(?<!\w)(?:as|to|be|been|is|was|can|may|it) $", before) and verb[:4] in _IMPERSONAL:
        return False
    past = verb in {"thought", "believed", "guessed", "supposed", "expected", "claimed", "said"}
    return bool(before.strip()) and (past or _OWN.search(before) is None)


_IMPERSONAL = frozenset({"say", "said", "stat", "expe", "clai", "supp"})
"""As in "needless to say", "as expected"."""


def _clause(sentence: str) -> str:
    """The last clause of what stands before an announcement in its sentence."""
    ends = [match.end() for match in _CLAUSE.finditer(sentence)]
    return sentence[ends[-1] :] if ends else sentence


_COMMENT = in_lower_case(
    r"[.!?。]?[\s*_]{0,4}(?:(?:but|however|unfortunately|though|yet),? )?(?:(?:this|that|it|they|he|she"
    r"|these)(?!\w)[^.\n]{0,80}"
    r"|(?:incorrect|wrong|false)\b|[(\[][^()\n]{1,60}|[❌✗✘✖✓✔✅]|(?:这|這|但)[^。\n]{0,40})"
)


def _comment(behind: str) -> str:
    """What is said of an answer in the next sentence."""
    comment = _COMMENT.match(behind)
    return comment[0] if comment else ""

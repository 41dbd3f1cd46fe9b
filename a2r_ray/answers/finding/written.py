r"""Written: what a reader writes down of a stretch that announces an answer.

Without the reasons behind it, the subject before it, and what only points to it.
"""

import math
import re

from a2r_ray.answers.expressions import arithmetic
from a2r_ray.answers.finding.bare import bare, is_expression, is_title
from a2r_ray.answers.finding.retractions import corrected
from a2r_ray.answers.finding.stretches import ASSIGNMENT
from a2r_ray.answers.finding.twice import first_amount, once
from a2r_ray.answers.finding.vocabulary import YES_NO

_REASON = re.compile(
    r"(?<=\S)(?:[,;:.]|\s[-–—(])?\s(?:because|since|weil|denn|parce que|car (?=c['’]|ils?|elles?|on|nous|l['’]"
    r"|l[ae]s?|une?|ce|cette|tou|\d)|porque|perché|потому что|так как)\b"
    r"|(?<=\S)(?:[,;:]|\s[-–—])\s(?:so|which|who|whose|whom|as\b|not\b"
    r"|hence|therefore|thus|given that|due to|but"
    r"|I|this|that|it|we|rather than|and (?:I|this|that|it|we|the \w{1,14} (?:is|are))"
    r"|rounded|assuming|right\Z|correct\Z)\b"
    r"|\s\((?:because|since|which|as|rounded|i\.e|from|see|option|(?i:path|candidate|solution|response)s?"
    r"|approximately|approx|or about|about)\b"
    r"|\s[-–—]{1,2}\s(?:the|an?|it|this)\s|,? or equivalently\s"
    r"|[,;|.]?(?<!\s)\s{1,9}(?:[Cc]onfidence|[Ee]xplanation|[Rr]eason(?:ing)?|[Rr]ationale)\b[^:\n]{0,20}:"
    r"|[，,、](?:因为|因為|所以|即|其中|なぜなら|これは)|，?因为|\sand I (?:hope|think)\b"
)
_REASON_OF_A_VALUE = re.compile(
    r"\s(?:as (?:required|expected|desired|claimed|needed|stated|wanted|given|shown|asked|requested|before|above|well)"
    r"|which|(?P<condition>when|where|if|once)|and not|instead of|rather than|as opposed to|not|but not"
    r"|and (?:nothing|no) \w{1,12}"
    r"|after (?:rounding|simplif\w{1,9}))(?!\w)"
    r"|[,;]\s(?:however|though|although|while|whereas|where|when|after|once|if|in other words|namely|i\.e\.|meaning"
    r"|by \w{2,}|using|from|based on|just \w{2,}|exactly as|and not|instead of|(?:with|for|the|an?) \w{2,})(?!\w)"
    r"|\s\((?:the |my |our )?(?:final |correct |right )?answer\b|\s\((?:not|instead of|rather than|rounded"
    r"|exact(?:ly)?)(?!\w)"
)
"""What follows a number or mathematics in its sentence and is no part of it."""
_NUMBER = re.compile(r"[-+−]?[$€£]?\\?\$?\d[^A-Za-z=<>]{0,60}(?:\s[a-z]{1,20}){0,2}")
_COMPUTED = re.compile(
    r"(?P<sum>(?=[^=]{0,200}\d\)?\s{0,2}(?:[-+*/×÷·−]|\\(?:times|cdot|div)\b))[-+*/×÷·−()\[\]\d.,\s$€£%^]"
    r"(?:[-+*/×÷·−()\[\]\d.,\s$€£%^]|\\(?:times|cdot|div)\b){1,200}=)(?:[^=<>]{1,100}=){0,5}"
    r"(?P<result>\s{0,3}[$€£]?[-+−]?\d[\d.,/]{0,30}%?(?:\s[A-Za-z]{1,20}){0,4})"
)
"""A calculation with its result: ``2 + 3 = 5``."""
_PLAIN_FRACTION = re.compile(r"\s*[-+]?\d+/\d+\s*=")
_WHOLE = re.compile(r"\s*[-+−]?\d[\d,]*(?![\d.%/])")
_SMILEY = re.compile(r"\s[:;]-?[)DP]\s*\Z")
_VALUE_LIKE = re.compile(r"[^\s,;]{1,60}(?:\s[^\s,;]{1,30}){0,3}")
_SUBJECT = re.compile(
    r"(?:[Tt]h(?:e|ere|at|us|erefore)|An?|So|Hence|[Ii]t|Each|His|Her|Their|In total|[A-Z][a-z]{1,15}'s)\b[^\n=]{0,90}?"
    r"\s(?:is|are|was|were|equals|will be|would be|must be)\s(?:approximately |about |exactly |equal to )?"
    r"(?=[$\\\d*(+-])"
)
_YES_OR_NO = re.compile(
    r"(\w{1,6})(?:[,;:]|\.(?!\s\d)|\s[-–—])\s|([Yy]es|[Nn]o) (?:it|they|he|she|we|you|there|that"
    r"|this)\b[^\n]{1,60}\Z|(\w{1,6})\s\([^()\n]{1,200}\)\Z|(是|否|不是|对|错|はい|いいえ|예|아니요)[，,、。]"
)
_NUMBER_WORD = (
    r"(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w{3,5}teen|twenty|thirty|forty|fifty"
    r"|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|and|minus|negative|point|halves|half|thirds?"
    r"|quarters?|fifths?)"
)
_IN_WORDS = re.compile(
    r"([-+]?[$€£]?\d[\d.,/]*%?)\s\((?!(?:hundred|thousand|million|billion|and|minus\)|negative\)|halves|thirds|point))"
    rf"(?:{_NUMBER_WORD}[ ,-]{{0,2}}){{1,12}}\)",
    re.IGNORECASE,
)
_AFTER_WORDS = re.compile(
    r"(?:(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w{3,5}teen|twenty|thirty|forty|fifty"
    r"|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|and|minus|negative)[ -]?){1,12}"
    r"\(([-+−]?[$€£]?\d[\d.,/]*%?)\)",
    re.IGNORECASE,
)
"""``seventeen (17)``."""
_NAMED = re.compile(r"(?:the )?(?:number|value|letter|option|choice)\s(\S{1,60})", re.IGNORECASE)
_SIGNS = " ✅✓✔🎉😊👍✨"
_LETTER = re.compile(
    r"(?:(?:the |la |die |el )?(?:option|choice|letter|answer|la|a|il|le|die|вариант)\s)?(\(?[A-J]\)?)\.?",
    re.IGNORECASE,
)
_LETTER_AND_TEXT = re.compile(
    r"([A-J])(?:\.\s(?![A-Z]\.)\S|(?:\s[-–—]|,|:)\s(?!and\b|or\b)[A-Za-z][a-z]{2}).*", re.DOTALL
)


_CAUSE = re.compile(
    r",?\s(?:because|since|as (?:it|this|that|he|she|they)|which|weil|parce que|porque|perché)(?!\w)"
    r"|,\s(?:who|whose|whom|where)(?!\w)"
)
_FROM_ANOTHER = re.compile(
    r"[^\n]{0,60}\b(?:after|before|from|than|later|earlier|past|until)\b[^\n]{0,60}?(?:[,;]\s(?:i\.e\.,?|that is,?"
    r"|namely,?"
    r"|which is|so|hence|thus)|:)\s",
)
_TOLD = re.compile(
    r"(?![^\n]*(?:\b(?:not|never|no|none|if|would|could|might|before|after|than|or|and|but|when)\b|n['’]t\b))"
    r"(?:[A-Z][\w'’]{0,20}|(?:[Tt]he|[Hh]is|[Hh]er) \w{1,20})(?: [A-Za-z'’]{1,20}){0,4}? (?:has|have|had|needs?"
    r"|needed|gets?|got"
    r"|makes?|made|earns?|earned|pays?|paid|spends?|spent|takes?|took|costs?|buys?|bought|eats?|ate|sells?|sold|gives?"
    r"|gave|reads?|walks?|walked|runs?|ran|saves?|saved|receives?|received|owes?|owed|uses?|used|weighs?|contains?"
    r"|drives?|drove)"
    r"(?: (?:a total of|exactly|only|just))? (?P<value>[-+]?[$€£]?\d[\d,]{0,20}(?:\.\d{1,9})?%?"
    r"(?: (?!more|less|fewer|times|extra|additional|out|of|left|in|to|by|for|per|each|on|at|total|altogether"
    r"|remaining)[a-z]{2,14})?)"
    r"(?: (?:left(?: over)?|remaining|in total|altogether|total|in all|each|(?:per|a|each|every) [a-z]{2,10}"
    r"|of [a-z]{2,14}"
    r"|now|today)){0,3}"
)
"""A sentence of one number: "She has 7 apples left"."""


def told(sentence: str) -> str:
    """The number of a sentence that says nothing else, with what it counts; any other sentence as it stands."""
    number = _TOLD.fullmatch(sentence)
    return number["value"] if number is not None else sentence


_COMMENT = re.compile(
    r"(?:,?\s[(\[]?(?:but |and )?not|[,;]?\s(?:rather than|instead of|as opposed to)|\s?[—–]\s?not|\s-\s?not)(?!\w)"
    r"|[,;:]?\s[(\[]?(?:(?:please |for details |as in )?see|cf\.?|refer to)\s"
    r"|[,;]?\s[(\[]?(?:by|from|using|via|per|applying|following|thanks to|according to|due to|based on|in view of)\s"
    r"(?:(?:the |our |a |an )?(?:\w{2,14} )?(?:step|part|equation|eq\.?|lemma|theorem|section|figure|fig\.|case|rule"
    r"|law|formula|table|line|method|above|previous|definition|symmetry|induction|inspection|calculation|computation"
    r"|construction|substitution|elimination|map|text|passage|diagram|graph|problem|statement|identity|property"
    r"|proposition|corollary|claim|theory|hypothesis|premise|clue|hint|note|source)|[(\[]\d|[A-Z])"
    r"|[,;]?\s[(\[]?as (?:we (?:have )?(?:\w{2,12} )?)?(?:shown|seen|computed|found|derived|proved|proven|required"
    r"|expected|desired|claimed|needed|stated|wanted|given|asked|requested|before|above|well|calculated|explained"
    r"|noted|mentioned|established|determined|verified|described|discussed|demonstrated)(?!\w)"
    r"|,?\s[(\[]?(?:i\.\s?e\.|that is(?:,| to say)|namely|in other words|a\.k\.a\.|also known as)"
    r"|[,.]?\s(?:I hope\b|hope (?:this|that|it)\b|let me know\b|QED\b|Q\.E\.D|as above\b|in this case\b|here\b\Z"
    r"|only\Z|and I\b"
    r"|thanks?\b)|,\sI (?:think|believe|guess|suppose)\b|\s\((?:confidence|certainty|\d{1,3} ?% (?:sure|certain"
    r"|confident"
    r"|confidence)|was |were |previously |formerly |originally |high confidence|low confidence|rounded|final|done)"
    r"|\s(?:<--|<-|//|#)\s"
    r"|,\s(?:no more,? (?:and )?no less|no more and no less|exactly|precisely)\b"
    r"|[，,、]?(?:而不是|而非|不是)|(?:，|、)?(?:ではなく|(?:이|가)? 아니라)"
    r"|(?:,|\s[—–-])?\s[(\[]?(?:et non|und nicht|nicht|y no|e não|e non|não|non|а не|не|no|pas)(?= \$?\d)"
    r"|,\s(?:(?:und |et |e |y |и |а )?(?:nicht|pas|não|не)|et non|e non|y no)(?=\s\w)"
    r"|[,;]?\s[(\[](?:siehe|s\.|vgl\.|voir|vid\.|ver|vea|véase|vedi|veja|см\.)\s|[,;]\s(?:siehe|voir|véase|vedi|см\.)\s"
    r"|\s?[（(，][见見参參请請]"
    r"|\s?\[\d{1,3}\]\Z|,?\s(?:while|whereas|unlike|but)\s(?:path|attempt|candidate|solution|response|the others?)\b"
    r"|\s(?:\(|to )(?:rounded )?(?:to )?(?:the nearest|(?:two|three|four|one|\d) (?:decimal|significant))\b"
    r"|\srounded (?:up|down)\Z|,?\s\(?(?:assuming|provided(?: that)?|source:)\s"
    r"|\s[(—–-]\s?\(?(?:[A-J](?:,? (?:and|or) [A-J])?|(?:the |all )?others?) (?:is|are|fails?|cannot|can['’]t)\b"
)
"""What follows an answer in its sentence to point to where it comes from, or to what it is not."""


_FOR_WHICH = re.compile(
    r"[,;]?\s[(\[]?(?:(?:achieved|attained|reached|obtained|as) )?(?:when|where|if|for|at|with|given|using|taking"
    r"|(?:by )?setting|once)\s[$(\\]{0,3}[a-zA-Z](?:_\w)?\$?\s?=[^=\n]{1,40}\Z"
    r"|\s[(\[]\$?[a-zA-Z](?:_\w)?\s?=\s?[^=()\n]{1,30}[)\]]\Z"
)
"""For what an amount holds: ``42 at x = 3``, ``42 (n = 5)``."""


_OTHER_CASE = re.compile(
    r"\b(?:otherwise|else)\b|\b(?:if|when|where|for|unless)\b.{1,80}?(?:,|;|\band\b|\bor\b|\bbut\b).{0,60}?\b(?:if|when|where"
    r"|for|unless)\b",
    re.DOTALL,
)
"""That there is another condition, under which the answer is another."""


def _without_condition(stretch: str) -> str:
    condition = _FOR_WHICH.search(stretch)
    amount = stretch[: condition.start()] if condition is not None else ""
    return amount if _NUMBER.fullmatch(amount) and not _OTHER_CASE.search(stretch) else stretch


_SAME_AS = re.compile(r"i\.\s?e\.|that is|namely|in other words")
_A_NUMBER = re.compile(r"[-+−]?[$€£]?\d[\d,]*(?:\.\d+)?%?")


def _without_comment(stretch: str) -> str:
    """A value or a name without what only points from it: ``42, not 17``, ``Paris (see step 2)``."""
    comment = _COMMENT.search(stretch)
    if comment is None or is_title(stretch):
        return stretch
    value = stretch[: comment.start()].rstrip(" ,;:—–-")
    comes_to = stretch[comment.end() :].strip(" ,:)")
    if _SAME_AS.search(comment[0]) and _A_NUMBER.fullmatch(comes_to) and not _A_NUMBER.fullmatch(value):
        return comes_to  # 5 choose 2, i.e. 10
    said = value.casefold().strip("*_ ")
    return value if said not in YES_NO and not said.endswith("ly") and bare(value) else stretch


_CALCULATION = re.compile(
    r"(?P<value>[-+−]?[$€£]?\d[\d,]*(?:\.\d+)?%?)\s?(?:\((?:=\s?)?(?P<within>[^()]{3,80})\)|=\s?(?P<behind>[^=()]{3,80}))"
)
_SIGN = {"×": "*", "·": "*", "\\times": "*", "\\cdot": "*", "÷": "/", "\\div": "/", "−": "-", ",": "", "$": ""}
_SIGNS_OF_ALL = re.compile("|".join(map(re.escape, _SIGN)))


def _without_calculation(stretch: str) -> str:
    """A number without the calculation that it is the result of: ``42 (6 * 7)``, ``42 = 6 * 7``."""
    found = _CALCULATION.fullmatch(stretch)
    if found is None:
        return stretch
    result, computed = (
        arithmetic(_SIGNS_OF_ALL.sub(lambda sign: _SIGN[sign[0]], text))
        for text in (found["value"].strip("$€£%"), found["within"] or found["behind"])
    )
    same = result is not None and computed is not None and math.isclose(result, computed)
    return found["value"] if same and found["value"].strip("$ ") != (found["within"] or "").strip() else stretch


def pointed(stretch: str) -> str:
    """A stretch without the cause behind a name or a value, and the same amount in other units.

    Of what is told from something else, as in "2 days after 1 May, i.e. 3 May", it is what that comes to.
    """
    stretch = _SMILEY.sub("", corrected(stretch)).rstrip(_SIGNS) or stretch
    if (amount := first_amount(stretch)) is not None:
        return amount
    led = _FROM_ANOTHER.match(stretch)
    if led is not None and bare(stretch[led.end() :]):
        return stretch[led.end() :]
    stretch = _without_calculation(_without_condition(_without_comment(stretch)))
    cause = _CAUSE.search(stretch)
    value = stretch[: cause.start()] if cause is not None else ""
    return value if bare(value) and value.casefold() not in YES_NO else stretch


def without_reasons(answer: str) -> str:  # noqa: C901  a kind of ending each
    """What a reader writes down of a stretch: without what follows to explain it, and without a subject before it."""
    answer = pointed(answer)
    answer = _SMILEY.sub("", answer).rstrip(_SIGNS).rstrip(";,").rstrip()
    if all(ASSIGNMENT.fullmatch(line) for line in answer.split("\n")):
        return ", ".join(answer.split("\n"))
    if yes_no := _YES_OR_NO.match(answer):
        said: str = next(filter(None, yes_no.groups()))
        if said.casefold() in YES_NO:
            return said
    if (reason := _REASON.search(answer)) and _VALUE_LIKE.fullmatch(
        before := answer[: reason.start()].rstrip(" ,;:—–-")
    ):
        answer = before
    reason = _REASON_OF_A_VALUE.search(answer)
    if (
        reason
        and is_expression(answer[: reason.start()])
        and (
            not reason["condition"] or (_NUMBER.fullmatch(answer[: reason.start()]) and not _OTHER_CASE.search(answer))
        )
    ):
        answer = answer[: reason.start()]
    answer = once(answer)
    if (computed := _COMPUTED.fullmatch(answer)) and not (
        _PLAIN_FRACTION.fullmatch(computed["sum"]) and not _WHOLE.match(computed["result"])
    ):
        answer = computed["result"].strip()
    if (subject := _SUBJECT.match(answer)) and is_expression(answer[subject.end() :]):
        answer = answer[subject.end() :]
    if in_words := _IN_WORDS.fullmatch(answer) or _AFTER_WORDS.fullmatch(answer):
        return in_words[1]
    if (named := _NAMED.fullmatch(answer)) and bare(named[1]):
        answer = named[1]
    if (letter := _LETTER.fullmatch(answer)) and len(answer) > len(letter[1]) + 1:
        return letter[1]
    if letter := _LETTER_AND_TEXT.fullmatch(answer):
        return letter[1]
    return answer

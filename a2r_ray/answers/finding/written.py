r"""Written: what a reader writes down of a stretch that announces an answer.

Without the reasons behind it, the subject before it, and what only points to it.
"""

import re

from a2r_ray.answers.finding.bare import bare, is_expression
from a2r_ray.answers.finding.stretches import ASSIGNMENT
from a2r_ray.answers.finding.vocabulary import YES_NO

_REASON = re.compile(
    r"(?<=\S)(?:[,;:.]|\s[-–—(])?\s(?:because|since|weil|denn|parce que|car|porque|perché|потому что|так как)\b"
    r"|(?<=\S)(?:[,;:]|\s[-–—])\s(?:so|which|as\b|not\b"
    r"|hence|therefore|thus|given that|due to|but"
    r"|I|this|that|it|we|rather than|and (?:I|this|that|it|we|the \w{1,14} (?:is|are))"
    r"|rounded|assuming|right\Z|correct\Z)\b"
    r"|\s\((?:because|since|which|as|rounded|i\.e|from|see|option|approximately|approx|or about|about)\b"
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
_AGAIN = re.compile(
    r"([-+]?\$?(?:\d[\d,]{0,20}/\d[\d,]{0,20}|\\[dt]?frac\{[^{}]{1,40}\}\{[^{}]{1,40}\}|[\d.]{1,20})\$?),? or "
    r"(?:about |approximately |roughly |around )?[-+]?\$?[\d.]{1,20} ?(?:\\?%|percent)\$?"
    r"|([-+]?\$?(?:\d[\d,]{0,20}/\d[\d,]{0,20}|\\[dt]?frac\{[^{}]{1,40}\}\{[^{}]{1,40}\})\$?),? or "
    r"(?:about |approximately |roughly |around )?[-+]?\$?\d{0,20}\.\d{1,20}\$?"
)
"""A value, and the same in another form."""
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
_IN_WORDS = re.compile(r"([-+]?[$€£]?\d[\d.,/]*%?)\s\([A-Za-z][A-Za-z ,-]{3,60}\)")
_NAMED = re.compile(r"(?:the )?(?:number|value|letter|option|choice)\s(\S{1,60})", re.IGNORECASE)
_SIGNS = " ✅✓✔🎉😊👍✨"
_LETTER = re.compile(
    r"(?:(?:the |la |die |el )?(?:option|choice|letter|answer|la|a|il|le|die|вариант)\s)?(\(?[A-J]\)?)\.?",
    re.IGNORECASE,
)
_LETTER_AND_TEXT = re.compile(
    r"([A-J])(?:\.\s(?![A-Z]\.)\S|(?:\s[-–—]|,|:)\s(?!and\b|or\b)[A-Za-z][a-z]{2}).*", re.DOTALL
)


def without_reasons(answer: str) -> str:  # noqa: C901  a kind of ending each
    """What a reader writes down of a stretch: without what follows to explain it, and without a subject before it."""
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
        and (not reason["condition"] or (_NUMBER.fullmatch(answer[: reason.start()]) and "otherwise" not in answer))
    ):
        answer = answer[: reason.start()]
    if again := _AGAIN.fullmatch(answer):
        answer = (again[1] or again[2]).rstrip(",")
    if (computed := _COMPUTED.fullmatch(answer)) and not (
        _PLAIN_FRACTION.fullmatch(computed["sum"]) and not _WHOLE.match(computed["result"])
    ):
        answer = computed["result"].strip()
    if (subject := _SUBJECT.match(answer)) and is_expression(answer[subject.end() :]):
        answer = answer[subject.end() :]
    if in_words := _IN_WORDS.fullmatch(answer):
        return in_words[1]
    if (named := _NAMED.fullmatch(answer)) and bare(named[1]):
        answer = named[1]
    if (letter := _LETTER.fullmatch(answer)) and len(answer) > len(letter[1]) + 1:
        return letter[1]
    if letter := _LETTER_AND_TEXT.fullmatch(answer):
        return letter[1]
    return answer

"""Bare answers: a text, or a line, that is an answer and nothing else."""

import json
import re

from a2r_ray.answers.finding.vocabulary import FUNCTIONS, NO_ANSWERS, NO_PART, YES_NO

_LONGEST = 300
_MOST_WORDS = 3
"""Beside numbers and symbols: 5 feet 6 inches."""
_MOST_PROPER_WORDS = 4
_FENCE = re.compile(r"```[\w+-]{0,20}[ \t]{0,9}\n(.*?)\n?[ \t]{0,9}```", re.DOTALL)
_CODE = re.compile(
    r"(?=[^\W\d_]{1,12}\d)[A-Za-z0-9+#=]{2,14}"
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.? \d{1,2}(?:,? \d{4})?"
)
"""A move, a formula, a date."""
_YES = re.compile(
    r"([^\W\d_]{1,6})(?:[,;:]|\.(?!\s\d)| [-–—]|(?= because\b| since\b))\**\s{1,2}"
    r"(?!I\b|let|we\b|wait|sure|here|of course)[^\n]{1,200}"
)
_LIST = re.compile(r"[^\W\d_]{1,20}(?:, [^\W\d_]{1,20}){1,40}\.?")
_CHOICE = re.compile(r"\(?[A-Z][).:]\)?[ \t]{1,3}[^\s.!?]{1,40}(?:[ \t][^\s.!?]{1,40}){0,5}\.?")
_LETTER = re.compile(r"(?:(?:option|choice|answer)[ \t])?[(\[]?[A-Za-z][)\]]?[.:]?", re.IGNORECASE)
_EXPRESSION = re.compile(
    r"[\w\s+*/^=<>≤≥≠≈±×÷·√π∞°%$€£¥₹!|'’,.:;(){}\[\]\\&~−½¼¾²³⅓⅔∪∩∈∅→-]{1,300}",
)
_JSON_FENCE = re.compile(r"```(?:json|JSON|json5)[ \t]{0,9}\n(.*?)```", re.DOTALL)
_JSON_LEAD = re.compile(r"(?=[^:]{0,600}\b(?:json|object|list|array|data)\b)[^{}\[\]]{0,600}:\s{0,20}", re.IGNORECASE)
_LONGEST_DATA = 20_000
_ITEM = re.compile(r"([-*•]|\d{1,3}[.)])[ \t]+(\S[^\n]{0,59})")
_STATED = re.compile(
    r"(?:the|this|that) (?:statement|claim|sentence|assertion|proposition|conjecture)(?: given)? is (?:not )?"
    r"(?:true|false|correct|incorrect)[.!]?|(?:yes|no|yeah|yep|nope)\b,? (?:it|they|he|she|we|you|there|that"
    r"|this)\b[^\n.?!]{1,60}[.!]?"
    r"|(?:yes|no) \([^()\n]{1,60}\)\.?",
    re.IGNORECASE,
)
"""A sentence that says yes or no."""
_BEGINS = re.compile(
    r"[\s$({\[|*~≈+−-]{0,6}(?:\\|\d|[.,]\d|√|π|∞|½|¼|¾|⅓|⅔|[€£¥₹]|[A-Za-zΑ-ω](?![^\W\d_])"
    r"|(?:sin|cos|tan|log|ln|exp|sqrt|max|min)\b)"
)
_TEX = re.compile(
    r"\\(?:text|textbf|textit|mathrm|operatorname|begin|end|mbox|mathbf|mathbb|mathcal)\*?\{[^{}]{0,100}\}"
    r"|\\[A-Za-z]{1,20}"
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_OPERATOR = re.compile(r"[-+*/^=<>≤≥≈∈(²³√−,\\\\]")
_LETTERS = re.compile(r"[A-Za-z](?:(?:,| and| &| or|) ?[A-Z]){0,8}")
_OPEN_END = re.compile(r"[-+*/^=<>≤≥×÷·,(\[{\\]\Z")
_LONGEST_IDEOGRAMS = 8
_SENTENCE_WITHOUT_SPACES = re.compile("是|的|有|了|在|です|ます|は|が|니다|다$")
_WITHOUT_SPACES = re.compile("[\u3040-\u9fff\uac00-\ud7af]")
_LEAD = re.compile(
    r"(?:approximately|approx\.?|about|around|roughly|exactly|only|just|~|≈) ?(?=[$€£+−-]{0,2}\.?\d)", re.IGNORECASE
)
_WORDS = re.compile(r"[^\W\d_][^\W\d_'’-]*(?:[ -][^\W\d_'’-]+){0,4}\.?")


def bare(text: str) -> bool:
    """Whether a text is an answer and nothing else: a number, a letter, yes or no, an expression, JSON, a name."""
    text = text.strip().strip("*_` ").strip()
    if text[:1] == text[-1:] == '"' or (text[:1], text[-1:]) in {("“", "”"), ("'", "'")}:
        text = text[1:-1]
    if not text or len(text) > _LONGEST:
        return is_data(text)
    text = _LEAD.sub("", text)
    return (
        _LETTER.fullmatch(text) is not None
        or text.rstrip(".!。").casefold() in YES_NO
        or is_expression(text)
        or _is_choice(text)
        or _CODE.fullmatch(text) is not None
        or says_yes_or_no(text)
        or _is_name(text)
        or is_data(text)
    )


_SMALL_WORDS = frozenset(
    ["a", "an", "the", "of", "and", "in", "on", "to", "for", "at", "by", "with", "from", "or", "nor", "as"]
)
_TITLE = re.compile(r"[A-Z][\w'’-]{0,20}(?: [\w'’-]{1,20}){1,9}")


def is_title(text: str) -> bool:
    """Whether a text is written as titles are: What Is Love, Because of You."""
    text = text.strip('*_"“” ').removesuffix(".")
    if not _TITLE.fullmatch(text):
        return False
    _, *rest = text.split(" ")
    return rest[-1][0].isupper() and all(word[0].isupper() or word in _SMALL_WORDS for word in rest)


def begins_as_value(text: str) -> bool:
    """Whether a text begins with a number, mathematics, a letter, yes or no, or in quotes, as a value does."""
    first = text.lstrip("*_`$([ ").split(maxsplit=1)[:1]
    return (
        _BEGINS.match(text) is not None
        or text[:1] in "\"'“‘`「"
        or text[:1] == "\n"
        or (
            bool(first)
            and (_LETTER.fullmatch(first[0].rstrip(",;")) is not None or first[0].strip(".,;").casefold() in YES_NO)
        )
    )


def is_expression(text: str) -> bool:
    """Whether a text is a number, with its unit if need be, or mathematics, and no sentence."""
    text = text.strip().rstrip("。").removesuffix(".")
    if len(text) > _LONGEST or not _EXPRESSION.fullmatch(text) or not _BEGINS.match(text) or _OPEN_END.search(text):
        return False
    plain = _TEX.sub(" ", text)
    words = [word for word in _WORD.findall(plain) if word not in FUNCTIONS]
    if text[:1].isalpha() and (len(words) > 1 or not _OPERATOR.search(text)) and not _LETTERS.fullmatch(text):
        return False
    return (
        "\n\n" not in text
        and len(words) <= _MOST_WORDS
        and not any(word.casefold() in NO_PART for word in words)
        and ("\n" not in text or "\\" in text)
        and not re.search(r"[.:;][ \t]+[^\W\d_]{2}|\A\d+[.)]\s+[^\W\d_]{2}|:\s*\Z", plain)
    )


def fenced(text: str) -> str | None:
    """What stands in a code fence, where a text is nothing else."""
    text = text.strip()
    fence = _FENCE.fullmatch(text) if text.startswith("```") and text.endswith("```") else None
    return None if fence is None or "```" in fence[1] else fence[1]


def is_data(text: str) -> bool:
    """Whether a text is a JSON object or list."""
    text = text.strip()
    if text[:1] not in {"{", "["} or text[-1:] not in {"}", "]"}:
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def says_yes_or_no(text: str) -> bool:
    """Whether a text is one sentence that begins with yes or no: Yes, because it rains."""
    if _STATED.fullmatch(text.strip("*_ ")):
        return True
    begins = _YES.match(text.strip("*_ "))
    return begins is not None and begins[1].casefold() in YES_NO


def listed(text: str) -> str | None:
    """The items of a text that is a list of short ones and nothing else, joined by commas."""
    lines = text.strip().split("\n") if len(text) <= _LONGEST * 10 else []
    items = [_ITEM.fullmatch(line.strip()) for line in lines]
    if len(items) < 2 or not all(items):  # noqa: PLR2004
        return None
    said = [item[2].strip("*_ ") for item in items if item]
    return ", ".join(said) if all(map(bare, said)) and len({item[1][-1] for item in items if item}) == 1 else None


def json_in(text: str) -> str | None:
    """The object or list of a text whose only other words speak of it: in its one fence for JSON, or behind a colon."""
    fences = _JSON_FENCE.findall(text) if "```" in text else []
    if len(fences) == 1 and text.count("```") == 2 and is_data(fences[0]):  # noqa: PLR2004
        return str(fences[0]).strip()
    begin = min((at for sign in "{[" if (at := text.find(sign)) >= 0), default=-1)
    if begin < 0 or fences or not _JSON_LEAD.fullmatch(text[:begin][-2 * _LONGEST :]):
        return None
    try:
        _, end = json.JSONDecoder().raw_decode(text[begin : begin + _LONGEST_DATA])
    except (ValueError, RecursionError):
        return None
    return text[begin : begin + end]


def _is_choice(text: str) -> bool:
    """Whether a text is a choice with its letter and a few words: B) rivers."""
    words = text[2:].split()
    return _CHOICE.fullmatch(text) is not None and not any(word.strip(",:;").casefold() in NO_PART for word in words)


def _is_name(text: str) -> bool:
    """Whether a text is a word, or a name of a few: Paris, the cat of a puzzle, New York."""
    if _LIST.fullmatch(text):
        return not any(word.casefold() in NO_PART | NO_ANSWERS for word in text.rstrip(".").split(", "))
    if not _WORDS.fullmatch(text) or "\n" in text:
        return False
    words = re.split(r"[ -]", text.rstrip("."))
    if _WITHOUT_SPACES.search(text):
        return len(text) <= _LONGEST_IDEOGRAMS and not _SENTENCE_WITHOUT_SPACES.search(text)
    if words[0].casefold() in NO_ANSWERS or words[-1].casefold() in NO_ANSWERS:
        return False
    return len(words) == 1 or (len(words) <= _MOST_PROPER_WORDS and all(word[0].isupper() for word in words))

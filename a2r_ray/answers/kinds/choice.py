r"""Choices: a letter, however it is dressed (``(B)``, ``B) rivers``, ``option B``, ``\textbf{(B)}\ 9``), or several."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from a2r_ray.answers.finding.vocabulary import LETTERED
from a2r_ray.answers.kinds.reading import read
from a2r_ray.answers.kinds.spelling import folded, prose

_WRAPPED = re.compile(r"\\(?:text|math)[a-z]{0,6}\s?\{([^{}]*)\}|\\(?:boxed|fbox)\s?\{([^{}]*)\}")
_DRESS = re.compile(r"\\[ ,;:!()\[\]]|[*_$`\"'~]|\\q?quad")
_LEAD = re.compile(
    r"(?:the |correct |right |best |final |answer |option |choice |letter |none other than |is |would be |it's "
    r"|it is |: ?|[-\u2013] ?){0,8}",
    re.IGNORECASE,
)
_LETTER = r"(?:\(\s?([A-Za-z])\s?\)|\[\s?([A-Za-z])\s?\]|([A-Za-z]))"
_ONE = re.compile(
    rf"{_LETTER}(?:$|\s*[.):\]](?![a-zA-Z]\.)|\s*[,;-]\s|\s*[\u2014\u2013:]|\s+\("
    r"|\s+(?:because|since|is|as|are|was|for|would|which|seems|must|fits|best|due)(?![a-z]))"
)
_INDEXED = re.compile(r"(?<![A-Za-z_])[A-Ja-j]_\{?[A-Za-z0-9]")
_NO_CHOICE = re.compile(
    r"\(?[A-J]\)?\s*(?:through|thru|to|until|till|[-\u2013\u2014])\s*\(?[A-J]\)?(?![\w'])"
    r"|(?:E\.\s?(?:coli|faecalis)|C\.\s?(?:elegans|albicans|difficile|diff|botulinum|tetani|perfringens|trachomatis"
    r"|jejuni)|B\.\s?(?:fragilis|subtilis|cereus|anthracis|burgdorferi|pertussis)|D\.\s?(?:melanogaster|rerio)"
    r"|H\.\s?(?:pylori|influenzae|sapiens|erectus|habilis)|[A-Z]\.[A-Z](?:\.|$))(?!\w)"
    r"|(?i:any\w*|every\w*|all|each|whichever|whatever|none|nothing)(?!\w)[^.\n]{0,60}?(?<!\w)(?i:but|except|besides"
    r"|excluding"
    r"|apart from|aside from|save|(?<!none )(?<!nothing )other than)"
    r"(?: for)? (?:(?i:option|choice) )?\(?[A-J]\)?(?![\w'])"
)
"""A range, a species, all choices but one."""
_LABEL = re.compile(r"(?:\(\s?([A-Ja-j])\s?\)|([A-Ja-j])\s?[.):])\s*(?=\S)")
_DRESSED = re.compile(r"[(\[]\s?([A-Za-z])\s?[)\]]\s*\S")
_MANY = re.compile(
    r"(?:(?:options?|choices?|answers?|both|and|&|,|;|/|or|[()\[\]. ])|(?<![A-Za-z])[A-Ja-j](?![A-Za-z]))+",
    re.IGNORECASE,
)
_SINGLE = re.compile(r"(?<![A-Za-z])[A-Ja-j](?![A-Za-z])")
_NAMED = re.compile(
    r"(?:[oO]ption|[cC]hoice|[aA]nswer)\s+\(?([A-J])(?![A-Za-z'])|\(([A-J])\)"
    r"|(?<![\w'(.+#&-])(?<![<>=\u2192]\s)([B-HJ])(?!\([a-z]\)|[\w'+#&^/-]|\s?[\u266d\u266f=<>\u2192])"
)
_QUALIFIED = re.compile(r"(?:^|\s)(?i:the|an?|([a-z]{4,12}))\s$")
_QUALIFIERS = frozenset(word.casefold() for word in LETTERED) - {"option", "choice", "answer", "letter"}
_MUSIC_AND_THE_LIKE = re.compile(
    r"\s(?:major|minor|sharp|flat|cells?|string|language|programming|blood|lymphocytes?)(?!\w)"
)
_CONTRAST = (
    r"rather than|instead of|as opposed to|in contrast (?:to|with)|contrary to|unlike|and not|not|nor|over|versus|vs"
)
_AGAINST = re.compile(
    rf"(?<!\w)(?:{_CONTRAST}|but|while|whilst|whereas|although|though|even though|however|despite|except|even if"
    r"|since|because|as|if|when|given|by|from|with|in|on|due|after|than|and (?:the|this|that|it|we|I|its|so))(?!\w)"
)
"""What follows the letter that is chosen, and speaks of others."""
_DENIED = re.compile(
    rf"(?<!\w)(?:{_CONTRAST}|than|neither|isn't|it's not|is not) (?:(?:option|choice"
    rf"|answer) )?[(\[]?[A-J][)\]]?(?![\w'])",
    re.IGNORECASE,
)
_NOT_BUT = re.compile(r"^not [^\n.]{1,40}?,? but (?:rather )?(?:option |choice )?", re.IGNORECASE)
_UNDECIDED = re.compile(
    r"(?:neither|either|between|maybe|perhaps|not|none of) (?:option |choice )?[(\[]?[A-J][)\]]?(?![\w'])",
    re.IGNORECASE,
)
_UNDECIDED_PAIR = re.compile(r"(?<!\w)(?:or|nor)(?!\w)|(?<=\w)/(?=\w)", re.IGNORECASE)
_PARENTHESES_AND_TEXT = re.compile(r"\(([A-J])\)\s+[A-J]\.?")
"""A letter as a label before a text that is a letter as well."""
_OF_A_NAME = re.compile(r"^[A-Z]\. ?[A-Z]\.? [A-Z][a-z]{2}|(?:^|\s)[A-Z][a-z]{2,15} [A-Z]\. [A-Z][a-z]{2}")
"""``J. K. Rowling``, ``John F. Kennedy``"""
_EXCLUDED = re.compile(
    r"^(?:never|[≠!]=?|\\ne(?:q)?\b) ?\(?[A-J]\)?(?!\w)|^\(?[A-J]\)?(?: ?(?:->|→|⇒|or maybe|or possibly|or perhaps"
    r"|except)) ?\(?[A-J]\)?(?!\w)"
)
_JUDGED = re.compile(
    r"(?<![\w'])\(?([A-J])\)?(?::| is| was) (?:\w{2,14}ly )?(correct|incorrect|right|wrong|true|false|not correct"
    r"|not right)(?!\w)"
)
_ALL_WRONG = re.compile(r"(?:are|were) (?:both |all )?(?:wrong|incorrect|false)(?!\w)")
_STATES_OTHERS = re.compile(
    r"\(?([A-J])(?:\)|\.|\)\.| (?=\())\s?\(?(?:[Bb]oth |[Aa]ll of |[Nn]either |[Oo]nly |[Ee]ither )?"
    r"\(?[A-J]\)?(?:,? (?:and|or|nor) \(?[A-J]\)?|, ?\(?[A-J]\)?){1,4}\)?\.?"
)
"""A choice whose text names others: ``D) Both A and B``."""
_RUN = re.compile("[A-J]{2,5}")
_ITS_ARTICLE = re.compile(
    r"^(?:(?:la|le|el|il|a|o|die|der|das|les) )?(?:[Oo]ption|[Oo]pci[óo]n|[Oo]pção|[Oo]pzione|[Aa]lternativa|[Aa]ntwort"
    r"|[Вв]ариант|[Rr]éponse|[Rr]espuesta)? ?(?=\(?[A-J]\)?(?![\w']))"
)
_ARTICLE = re.compile("(?:the|an?) ")
_MOST = 600


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the choices, or several."""

    choices: tuple[tuple[str, str], ...] = ()
    """The letter and the text of each, the text as ``prose`` has it."""
    name: str = "choice"

    @classmethod
    def of(cls, choices: Mapping[str, str]) -> Self:
        """The kind where the texts of the choices are known, by letter."""
        return cls(tuple((letter.strip("(). ").upper(), prose(text)) for letter, text in choices.items()))

    def read(self, announced: str) -> str | None:
        """The letter, in upper case; several in their order, as ``A, C``."""
        return _letters(announced[:_MOST], self.choices)

    def equal(self, a: str, b: str) -> bool:
        """The same letters; where neither names a letter, the same text."""
        if a == b:
            return True
        one, other = _letters(a[:_MOST], self.choices), _letters(b[:_MOST], self.choices)
        if one is None and other is None:
            return prose(a) == prose(b)
        return one == other

    def fits(self, known: str) -> bool:
        """A single letter as choices have it, or the letter in parentheses."""
        return _KNOWN.fullmatch(known.strip()) is not None


_KNOWN = re.compile(r"\(?[A-J]\)?\.?|\(?[a-e]\)?")


_LABELLED = re.compile(r"(?<![\w(])\(?([A-J])\)(?=\s)")
_JOINED_LABELS = re.compile(r"(?:,|\band|&)\s{1,3}\(?[A-J]\)\s")


@lru_cache(maxsize=16384)
def _letters(text: str, choices: tuple[tuple[str, str], ...]) -> str | None:  # noqa: C901, PLR0911, PLR0912  a form each
    """The letters that a text chooses."""
    words = prose(text)
    for letter, said in choices:
        if (words == said or _ARTICLE.sub("", words, 1) == _ARTICLE.sub("", said, 1) != "") and not (
            len(words) == 1 and any(words.upper() == other for other, _ in choices)
        ):
            return letter
    bare = folded(_DRESS.sub(" ", _WRAPPED.sub(lambda match: f" {match[1] or match[2] or ''} ", text)))
    bare = " ".join(bare.split())
    known = {letter for letter, _ in choices}
    bare = _ITS_ARTICLE.sub("", bare)
    lead = _LEAD.match(bare)
    body = bare[lead.end() :] if lead is not None else bare
    own, astray = _labelled(body, choices)
    if own is not None or astray or _INDEXED.search(text) or _NO_CHOICE.match(body):
        return own
    numbered = re.match(r"\(?([1-9])\)?(?:$|[.):])", body)
    if numbered is not None and numbered[1] in known:
        return numbered[1]
    body = _NOT_BUT.sub("", body)
    if _UNDECIDED.match(body) or _OF_A_NAME.search(body) or _EXCLUDED.search(body):
        return None
    if (judged := _JUDGED.findall(body)) and len({letter for letter, _ in judged}) == len(judged):
        right = [letter for letter, verdict in judged if verdict in {"correct", "right", "true"}]
        return right[0].upper() if len(right) == 1 and (not known or right[0].upper() in known) else None
    if (stated := _STATES_OTHERS.fullmatch(body)) and (not known or stated[1] in known):
        return stated[1]
    if _ALL_WRONG.search(body):
        return None
    against = _AGAINST.search(body)
    named = body[: against.start()].rstrip(" ,;:-(\u2013\u2014") if against else body
    if (label := _PARENTHESES_AND_TEXT.fullmatch(named)) and (not known or label[1] in known):
        return label[1]
    if (_MANY.fullmatch(named) or _RUN.fullmatch(named)) and _UNDECIDED_PAIR.search(named):
        return None
    if many := _many(named, known):
        return many
    labelled = sorted(set(_LABELLED.findall(named)))
    if len(labelled) > 1 and _JOINED_LABELS.search(named):
        return ", ".join(labelled) if not known or known.issuperset(labelled) else None
    one = _ONE.match(body) or _DRESSED.match(body)
    if one is not None:
        letter = next(group for group in one.groups() if group).upper()
        if not known or letter in known:
            return letter
    return _said(bare, words, choices, known)


def _many(named: str, known: set[str]) -> str | None:
    """The letters of a text of letters only: ``A, C``, ``AC``."""
    if _RUN.fullmatch(named):
        found, in_order = list(named), list(named) == sorted(set(named))
    else:
        found = sorted({letter.upper() for letter in _SINGLE.findall(named)}) if _MANY.fullmatch(named) else []
        in_order = True
    return ", ".join(found) if found and in_order and (not known or known.issuperset(found)) else None


def _alone(letter: re.Match[str]) -> bool:
    """Whether a letter in a sentence is a word of its own, and not part of a name: vitamin C, the C language."""
    before = _QUALIFIED.search(letter.string[max(0, letter.start() - 16) : letter.start()])
    qualified = before is not None and (before[1] is None or before[1].casefold() in _QUALIFIERS)
    return not qualified and _MUSIC_AND_THE_LIKE.match(letter.string, letter.end()) is None


def _labelled(body: str, choices: tuple[tuple[str, str], ...]) -> tuple[str | None, bool]:
    """The letter that stands before the text of its own choice; and whether it stands before that of another."""
    label = _LABEL.match(body) if choices else None
    if label is None:
        return None, False
    letter, said = (label[1] or label[2]).upper(), prose(body[label.end() :])
    texts = dict(choices)
    if texts.get(letter) == said:
        return letter, False
    return None, letter in texts and said in texts.values()


def _said(bare: str, words: str, choices: tuple[tuple[str, str], ...], known: set[str]) -> str | None:
    """The only letter, or the only text of a choice, that a sentence names."""
    bare = _DENIED.sub(" ", bare)
    named = {match[1] or match[2] or match[3] for match in _NAMED.finditer(bare) if match[3] is None or _alone(match)}
    if known:
        named &= known
    if len(named) == 1:
        return min(named)
    texts = {
        letter for letter, said in choices if len(said) > 1 and re.search(rf"(?<!\w){re.escape(said)}(?!\w)", words)
    }
    if not texts and not named:
        texts = _of_the_amount(words, choices)
    return min(texts) if len(texts) == 1 and not named else None


def _of_the_amount(words: str, choices: tuple[tuple[str, str], ...]) -> set[str]:
    """The letters of the choices that are the same number: 1/3, where a third is written as a fraction of TeX."""
    amount = read(words).quantity if any(map(str.isdigit, words)) else None
    if amount is None:
        return set()
    amounts = ((letter, read(said).quantity) for letter, said in choices)
    return {letter for letter, other in amounts if other is not None and other.equals(amount)}

r"""Letter case: it counts, but in words of natural language.

``R`` and ``r``, ``CO`` and ``Co``, ``AaBb`` and ``AABB``, ``Bb5`` and ``bb5`` are two things; ``Paris`` and ``PARIS``
are one. So only what looks like a word is made lower case: three letters and more, written as words are.
"""

import re

_WORD = re.compile(r"(?<![\w\\])[^\W\d_]+(?:'[^\W\d_]+)*(?!\w)")
"""Letters that touch no digit and no underscore, and are no command."""
_VOWEL, _CAPITAL_VOWEL = re.compile("[aeiouy]", re.IGNORECASE), re.compile("[AEIOU]")
_POINTS = re.compile("[A-H]+")
"""Names of points, or letters of choices."""
_PAIRS = re.compile(r"(?:(.)\1)+", re.IGNORECASE)
"""A genotype."""
_RUN = re.compile("[a-z]{4}")
_ARTICLE = re.compile(r"[AI] (?=[a-z]{2})")
_CLOCK = re.compile(r"(?<=[0-9]) ?[AP]\.?M\b|(?<!\w)0[xX][0-9a-fA-F]{1,40}(?!\w)")
"""Times of day, and hexadecimal numbers."""
_SHORT_ANSWERS = frozenset({"No", "Ja", "Si"})
"""Said alone; NO is nitrogen monoxide too."""
_LEAST, _SHORT = 3, 2


def _is_word(token: str) -> bool:
    letters = token.replace("'", "")
    if len(letters) < _LEAST or _PAIRS.fullmatch(letters):
        return False
    if not letters.isascii():
        return True
    if letters.isupper():
        return _CAPITAL_VOWEL.search(letters) is not None and _POINTS.fullmatch(letters) is None
    if letters[1:].islower():
        return _VOWEL.search(letters) is not None
    return _RUN.search(letters) is not None  # McDonald, iPhone


def without_case(text: str, *, loud: bool = False) -> str:
    """The text with its words in lower case, and everything else as it is.

    Args:
        text: what is compared.
        loud: whether a text in capitals only is the one in small letters, said aloud; not so where letters are symbols.
    """
    if text.isascii() and text.islower():
        return text
    if (loud and text.isupper()) or text in _SHORT_ANSWERS:
        return text.casefold()
    text = _CLOCK.sub(lambda found: found[0].lower(), text)
    if not any(map(_is_word, _WORD.findall(text))):
        return text
    if _ARTICLE.match(text):
        text = text[0].lower() + text[1:]
    shouted = text.isupper()

    def lowered(found: re.Match[str]) -> str:
        token = found[0]
        short = len(token) == _SHORT and (shouted or token[1:].islower())
        return token.casefold() if short or _is_word(token) else token

    return _WORD.sub(lowered, text)

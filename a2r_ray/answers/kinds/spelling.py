r"""Spelling: the one way of writing in which answers are compared.

``plain`` is for what may be mathematics, ``prose`` for what is read as words; both take linear time and are total.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache, partial

from a2r_ray.answers.finding import MAX_LENGTH, clean
from a2r_ray.answers.kinds.letter_case import without_case
from a2r_ray.answers.kinds.notation import from_the_top, in_latex, of_day, with_braces
from a2r_ray.answers.misread import has_cross

_SUPER_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱ]+")
_SUB_RUN = re.compile("[₀₁₂₃₄₅₆₇₈₉₊₋ₙᵢ]+")
_SMALL = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱ₀₁₂₃₄₅₆₇₈₉₊₋ₙᵢ", "0123456789+-ni0123456789+-ni")
_SIGNS = str.maketrans(
    {
        "\u2212": "-",
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2018": "'",
        "\u2019": "'",
        "\u2032": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2033": '"',
        "\u00ab": '"',
        "\u00bb": '"',
        "\u200b": "",
        "\ufeff": "",
        "\u2044": "/",
        "\u3001": ",",
    }
)
_DIGITS = str.maketrans({chr(zero + digit): str(digit) for zero in (0x660, 0x6F0, 0x966) for digit in range(10)})
"""Of Arabic, Persian and Hindi."""
_GREEK = "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ"
_GREEK_NAMES = """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega
    Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega
"""
_SYMBOLS = str.maketrans(
    {
        "°": "^\\circ ",
        "·": "\\cdot ",
        "⋅": "\\cdot ",
        "∙": "\\cdot ",
        "\u00d7": "\\times ",
        "÷": "\\div ",
        "√": "\\sqrt ",
        "⌊": "\\lfloor ",
        "⌋": "\\rfloor ",
        "⌈": "\\lceil ",
        "⌉": "\\rceil ",
        "∧": "\\land ",
        "∨": "\\lor ",
        "¬": "\\neg ",
        "∞": "\\infty ",
        "\u2208": "\\in ",
        "≤": "\\le ",
        "≥": "\\ge ",
        "≠": "\\ne ",
        "±": "\\pm ",
        "\u222a": "\\cup ",
        "∩": "\\cap ",
        "∅": "\\emptyset ",
        "≈": "\\approx ",
        "∠": "\\angle ",
        "∑": "\\sum ",
        "∫": "\\int ",
        "→": "\\to ",
        "\u211d": "\\mathbb{R}",
        "\u2124": "\\mathbb{Z}",
        "\u2115": "\\mathbb{N}",
        "\u211a": "\\mathbb{Q}",
        "\u2102": "\\mathbb{C}",
    }
    | {letter: f"\\{name} " for letter, name in zip(_GREEK, _GREEK_NAMES.split(), strict=True)}
)
_VULGAR = {
    chr(code): unicodedata.normalize("NFKC", chr(code)).split("\u2044")
    for code in (*range(0xBC, 0xBF), *range(0x2150, 0x215F), 0x2189)
}
_VULGAR_RUN = re.compile(f"[{''.join(_VULGAR)}]")


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """The text in plain characters: full-width digits, dashes, quotes and signs made one; powers written with ``^``."""
    if text.isascii():
        return text
    text = _VULGAR_RUN.sub(lambda sign: f" \\frac{{{_VULGAR[sign[0]][0]}}}{{{_VULGAR[sign[0]][1]}}}", text)
    text = _SUPER_RUN.sub(lambda run: f"^{{{run[0].translate(_SMALL)}}}", text)
    text = _SUB_RUN.sub(lambda run: f"_{{{run[0].translate(_SMALL)}}}", text)
    return unicodedata.normalize("NFKC", with_digits(text).translate(_SIGNS)).translate(_SIGNS)


def with_digits(text: str) -> str:
    """The text with its digits as 0 to 9."""
    return text if text.isascii() else text.translate(_DIGITS)


_FILLER = re.compile(
    r"\\!\s*|\\(?:left|right|middle|limits|displaystyle|bigl?|bigr|Bigl?|Bigr)(?![a-zA-Z])\.?|\\text\s*\{\s*\}"
)
_THIN = re.compile(r"\\,\s*(?=[a-zA-Z]|\\(?:Omega|mu)(?![a-z]))")
_SPACE = re.compile(r"(?:(?<!\\)\\[;: ]|\\q?quad(?![a-zA-Z])|[~\s])+")
_LOOSE = re.compile(r" ?(?:([-+*/=<>^_|(){\[\]]) ?|(\})(?: (?![a-zA-Z]))?)")
_FRACTION = re.compile(r"\\[dtc]frac(?![a-zA-Z])")
_DIGITS_OF_FRACTION = re.compile(r"\\[dtc]?frac ?([0-9]) ?([0-9])(?=[0-9])")
"""As LaTeX reads it, \\frac123 is a half of three."""
_ROMAN = re.compile(r"\\mathrm ?\{([deijCPE])\}(?! ?/)|\\math(?:it|bf|sf) ?\{([a-zA-Z])\}")
_SHORT = re.compile(
    r"\\(leq|geq|neq|leqslant|geqslant|dbinom|tbinom|varnothing|lbrace|rbrace|lvert|rvert|vert|colon)(?![a-zA-Z])"
)
_SHORTER = {
    "leq": "\\le",
    "leqslant": "\\le",
    "geq": "\\ge",
    "geqslant": "\\ge",
    "neq": "\\ne",
    "dbinom": "\\binom",
    "tbinom": "\\binom",
    "varnothing": "\\emptyset",
    "lbrace": "\\{",
    "rbrace": "\\}",
    "lvert": "|",
    "rvert": "|",
    "vert": "|",
    "colon": ":",
}
_EMPTY = re.compile(r"(\\[a-zA-Z]+)\{\}")
_ACCENT = re.compile(r"\\(vec|hat|bar|tilde|overline|widehat) ([a-zA-Z])(?![a-zA-Z])")
_NATURAL = re.compile(r"\\log ?_ ?(?:e|\{e\})(?![a-zA-Z])")
_BRACED_POWER = re.compile(r"\^([0-9]{2,9}(?![0-9.])|-[0-9]{1,9}(?![0-9.])|\(-?[0-9]{1,9}\)(?![0-9.(]))")
_RELATION = re.compile(r"(?<![<>=!])(?:<=|>=|(?<![a-zA-Z0-9)}])!=)(?!=)")
_RELATIONS = {"<=": "\\le ", ">=": "\\ge ", "!=": "\\ne "}
_FUNCTIONS = "sqrt|sin|cos|tan|sec|csc|cot|arcsin|arccos|arctan|sinh|cosh|tanh|ln|log|exp"
_FUNCTION = re.compile(
    rf"(?<![\\a-zA-Z])(pi|[iI]nfinity|infty|{_FUNCTIONS}|theta|alpha|beta|gamma|lambda|sigma|omega|phi|mu)(?![a-zA-Z])"
)
_OPERATOR = re.compile(rf"\\operatorname\*? ?\{{({_FUNCTIONS}|arcsec|arccsc|arccot)\}}")
_RADICAL = re.compile("√([0-9]{2,}|[0-9]{1,9}[.][0-9]{1,9})")


def plain(answer: str) -> str:
    r"""The answer as mathematics in one way of writing: delimiters, spacing, variants such as ``\dfrac`` made one."""
    text = in_latex(clean(answer))
    if not text.isascii():
        text = _RADICAL.sub(r"\\sqrt{\1}", text)
        text = folded(text.translate(_SYMBOLS)).translate(_SYMBOLS)
    text = text.replace("{,}", ",").replace("**", "^")
    if "{}" in text:
        text = _EMPTY.sub(r"\1", text)
    if "\\" in text:
        # Two backslashes end a row of a matrix; elsewhere they are one, escaped.
        text = text.replace("\\\\", "\\\\ " if "\\begin" in text else "\\")
        text = _DIGITS_OF_FRACTION.sub(r"\\frac{\1}{\2}\\cdot ", text)
        text = _FILLER.sub("", _THIN.sub(" ", text)).replace("\\,", "")
        text = _SHORT.sub(lambda name: f"{_SHORTER[name[1]]} ", _FRACTION.sub(lambda _: "\\frac", text))
        text = _NATURAL.sub(r"\\ln ", _ACCENT.sub(r"\\\1{\2}", text))
        if not has_cross(text):  # where it is bold, a letter is a vector
            text = _ROMAN.sub(r"\1\2", text)
        text = _OPERATOR.sub(r"\\\1 ", text).replace("\\%", "%")
    if "=" in text:
        text = _RELATION.sub(lambda sign: _RELATIONS[sign[0]], text)
    if _FUNCTION.search(text):
        text = _FUNCTION.sub(lambda name: f"\\{name[1].lower().replace('infinity', 'infty')} ", text)
        text = with_braces(text)
    if "^" in text:
        text = _BRACED_POWER.sub(lambda power: f"^{{{power[1].strip('()')}}}", text)
        text = from_the_top(text)
    return _LOOSE.sub(r"\1\2", _SPACE.sub(" ", text)).strip()


_WRAPPED = r"\\(?:text(?:bf|it|rm|sf|tt|normal)?|math(?:rm|bf|it|sf|tt)|mbox|operatorname\*?) ?\{([^{}]*)\}"
_TOKEN = re.compile(rf"{_WRAPPED}|(\\[a-zA-Z]+|\\.|[0-9]+(?:\.[0-9]+)?|\S)", re.DOTALL)
_BINDING = re.compile(
    r"/|\\(?:div|sin|cos|tan|sec|csc|cot|arc[a-z]{3}|[sct][a-z]{2}h|ln|log|exp|sum|prod|int|lim)(?![a-zA-Z])"
)
"""What takes the factor that follows, so that it matters where a product is written."""
_BARE_FRACTION = re.compile(r"\\frac ?([0-9]) ?([0-9])")
_TIMES = frozenset({"\\cdot", "*", "\\times"})
_SAME = {
    "\\dots": "\\ldots",
    "\\cdots": "\\ldots",
    "\\mid": "|",
    "\\rightarrow": "\\to",
    "\\lt": "<",
    "\\gt": ">",
    "\\lor": "\\vee",
    "\\land": "\\wedge",
    "\\lnot": "\\neg",
}


def spelled(text: str) -> tuple[str, ...]:
    r"""The tokens of mathematics in the one way of writing, without what only spelling sets apart.

    That is the space, the braces around a single token, a sign of multiplication, and synonyms of commands.
    """
    kept: list[str] = []
    opened: list[int] = []
    times = False
    bound = _BINDING.search(text) is not None
    text = text.replace("...", "\\ldots ") if "..." in text else text
    crossed = has_cross(text)
    for found in _TOKEN.finditer(_BARE_FRACTION.sub(r"\\frac{\1}{\2}", text)):
        part = found[2] or f"\\text {' '.join(found[1].split())}"
        part = _SAME.get(part, part)
        if part in _TIMES and not (crossed and part == "\\times"):
            times = True
            continue
        if times and (bound or part in {"+", "-"} or (kept and kept[-1][-1].isdigit() and part[0].isdigit())):
            kept.append("*")
        times = False
        if part == "{":
            opened.append(len(kept))
        elif part == "}" and opened:
            start = opened.pop()
            alone = len(kept) - start == _BRACE_AND_TOKEN and not (len(kept[-1]) > 1 and kept[-1][0].isdigit())
            if alone and not (start and _BINDING.fullmatch(kept[start - 1])):
                del kept[start]
                continue
        kept.append(part)
    return tuple(kept) if not times else (*kept, "*")


_WRAPPER = re.compile(r"\\(?:text(?:bf|it|rm|sf|tt|normal)?|math(?:rm|bf|it|sf|tt)|mbox|operatorname|ce) ?\{([^{}]*)\}")
_BRACE_AND_TOKEN = _PAIR = 2
_QUOTES = "\"'`"
_SPACED = re.compile(r" ?([,;:/\-+=()\[\]{}<>|]) ?")
_ARROW = re.compile(r"→|\\(?:to|rightarrow)(?![a-z])")
_JOINT = re.compile(r"(?<=[0-9]) (?=[^\W\d_])|(?<=[^\W\d_]) (?=[0-9])")


_EMPHASIS = ("**", "__", "*", "_")
_CAPITAL = re.compile(r"(\\[A-Z][a-z]*|(?<!\w)[\u0391-\u03a9](?!\w))")


def _unmarked(text: str) -> str:
    """The text without marks of emphasis in pairs around it; a mark alone, as of ``*args``, is part of a name."""
    text = text.strip()
    for mark in _EMPHASIS:
        inside = text[len(mark) : -len(mark)]
        if inside.strip() and text.startswith(mark) and text.endswith(mark) and mark[0] not in inside:
            if mark == "__" and inside.isidentifier() and inside.islower():
                continue
            return inside.strip()
    return text


def _folded_case(text: str) -> str:
    r"""The text without case, but for Greek letters alone, where capitals are others: ``\Omega`` and ``\omega``."""
    return "".join(part if at % 2 else part.casefold() for at, part in enumerate(_CAPITAL.split(text)))


@lru_cache(maxsize=8192)
def prose(answer: str) -> str:
    """The answer as words: without case, wrappers, quotes around it, and spaces that part no words or numbers."""
    return _joined(answer, _folded_case)


@lru_cache(maxsize=8192)
def worded(answer: str) -> str:
    """The same, where only words of natural language are without case: ``R`` and ``r`` are two things."""
    return _LEADING_ARTICLE.sub("", _joined(answer, without_case))


@lru_cache(maxsize=8192)
def said(answer: str) -> str:
    """The same for what is no mathematics, where what is all in capitals is what is all in small letters."""
    return _LEADING_ARTICLE.sub("", _joined(answer, partial(without_case, loud=True)))


def _joined(answer: str, lowered: Callable[[str], str]) -> str:
    if len(answer) > MAX_LENGTH:
        return answer.strip()
    text = lowered(_unwrapped(answer))
    return _JOINT.sub("", text) or text


def _unwrapped(answer: str) -> str:
    text = of_day(answer.strip()) if ":" in answer else answer.strip()
    for _ in range(4):
        before = text
        text = clean(text)
        for _ in range(3):
            unwrapped = _WRAPPER.sub(r"\1", text)
            if unwrapped == text:
                break
            text = unwrapped
        text = _unmarked(folded(text))
        if len(text) > 1 and text[0] in _QUOTES and text[-1] == text[0] and text.count(text[0]) == _PAIR:
            text = text[1:-1].strip()
        if text == before:
            break
    text = " ".join(_SPACE.sub(" ", _ARROW.sub("->", text.replace("\\,", " "))).split())
    text = _INITIALS.sub(lambda found: found[0].replace(".", "").replace(" ", ""), _ABBREVIATED.sub("", text))
    text = _LAST_OF_A_LIST.sub(",", text) if "," in text else text
    return _SPACED.sub(r"\1", text).rstrip(".,;!。！．；，、")


_INITIALS = re.compile(r"(?<![^\W\d_.])(?:(?:[^\W\d_a-z]\. ?)+[^\W\d_a-z](?:\.|(?=\W|$))|[aApP]\.[mM]\.?)(?!\w)")
"""``p.m.``, ``U.S.A.``, ``J. K.``"""
_LAST_OF_A_LIST = re.compile(r",? (?:and|&)(?= [^,]{1,60}$)")
"""``A, B, and C``"""
_ABBREVIATED = re.compile(r"(?<=[^\W\d_]{2})\.(?=\s[^\W\d_])")
"""``St. Louis``"""
_LEADING_ARTICLE = re.compile(r"\A(?:an?|the) (?=[^\W\d_]{3})", re.IGNORECASE)

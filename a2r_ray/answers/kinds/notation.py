r"""Notation: ways of typing mathematics that are no LaTeX, or only decorate it, made the LaTeX of everybody.

``√(x+1)``, ``cbrt(2)``, ``floor(x)``, ``v_{\text{max}}``, ``\color{red}{12}``.
"""

import re

_CUBE = re.compile(r"∛ ?([0-9]{1,9}|[a-zA-Z])")
_ROOT = re.compile(r"\\sqrt ?((?:\[[^\[\]]{1,9}\])?) ?\(((?:[^()]|\([^()]{0,200}\)){1,300})\)")
_OHM = re.compile(r"(?<=[0-9])([kM]?[Ω\u2126])")
_CALLED = re.compile(r"(?<![a-zA-Z\\])(cbrt|floor|ceil|abs|log2|log10)\(([^()]{1,100})\)")
_CALLS = {
    "cbrt": r"\sqrt[3]{%s}",
    "floor": r"\lfloor %s\rfloor ",
    "ceil": r"\lceil %s\rceil ",
    "abs": "|%s|",
    "log2": r"\log_{2}(%s)",
    "log10": r"\log_{10}(%s)",
}
_INDEX = re.compile(
    r"(?<=[a-zA-Z}])_ ?(?:\{ ?\\(?:text|math|mbox)[a-z]{0,6} ?\{([a-zA-Z0-9, ]{1,20})\} ?\}"
    r"|\\(?:text|math|mbox)[a-z]{0,6} ?\{([a-zA-Z0-9, ]{1,20})\})"
)
_COLOURED = re.compile(r"\\(?:text)?color ?\{[^{}]{1,30}\} ?(?:\{([^{}]*)\})?")
_UNDERLINED = re.compile(r"\\underline ?\{([^{}]*)\}")
_SIZE = re.compile(r"\\(?:tiny|small|large|Large|LARGE|huge|Huge|normalsize)(?![a-zA-Z]) ?")
_SAID = re.compile(r"\s?\\text ?\{\s*(?:(?:the )?(?:final |correct )?answer(?: is)?|ans)\s?:?\s*\}\s?:?", re.IGNORECASE)
_CHOSEN = re.compile(r"\\([dt]?binom) ?([0-9]) ?([0-9])(?![0-9])")
_MINUS_POWER = re.compile(r"\^ ?-([a-zA-Z])(?![a-zA-Z0-9^_(])")
_APART = re.compile(r"(?<=[\w.})])\s?;\s?(?=[^;()\[\]]{1,40}[)\]])(?<![)\]];)")
"""Between the ends of an interval, or the coordinates of a point, as many write where the comma is a decimal's."""
_LED = re.compile(r"\s*\\(?:therefore|because|implies|Rightarrow|Longrightarrow|qquad|quad)(?![a-zA-Z])\s*")
_COLUMN = re.compile(
    r"\\begin ?\{([pb])matrix\}((?:[-+0-9./{}\s]|\\[dt]?(?:frac|sqrt|pi)(?![a-z])|\\\\){1,200})\\end ?\{\1matrix\}"
)
"""A matrix of numbers in one column."""
_TOWER = re.compile(r"\^(\{[^{}]{1,40}\}|[a-zA-Z0-9])\^(\{(?:[^{}]|\{[^{}]{1,40}\}){1,60}\}|[a-zA-Z0-9])")
_O_CLOCK = re.compile(r"(?<![\d:])(\d{1,2}):00(?::00)? ?(?=[ap]\.?m\b)", re.IGNORECASE)
_HOUR = re.compile(r"(?<![\d:.,])0(?=\d:[0-5]\d(?!\d))")


def in_latex(text: str) -> str:
    """The text with such notation replaced."""
    if not text.isascii():
        text = _OHM.sub(r" \1", _CUBE.sub(r"\\sqrt[3]{\1}", text)).replace("∛(", "\\sqrt[3](").replace("√(", "\\sqrt(")
    if "(" in text:
        text = _CALLED.sub(lambda call: _CALLS[call[1]] % call[2], text)
    if "\\" in text:
        text = _SIZE.sub("", _UNDERLINED.sub(r"\1", _COLOURED.sub(lambda found: found[1] or "", text)))
        said = _SAID.match(text)
        text = text[said.end() :] if said is not None and said.end() < len(text) else text
        text = _INDEX.sub(lambda index: f"_{{{index[1] or index[2]}}}", _CHOSEN.sub(r"\\\1{\2}{\3}", text))
        text = _COLUMN.sub(_as_tuple, with_braces(_LED.sub("", text, count=1) if _LED.match(text) else text))
    if ";" in text and "," not in text:
        text = _APART.sub(",", text)
    return _MINUS_POWER.sub(r"^{-\1}", text) if "^" in text else text


def with_braces(text: str) -> str:
    """The text with what roots are taken of in braces, where it stands in parentheses."""
    for _ in range(3 if "\\sqrt" in text and "(" in text else 0):
        text = _ROOT.sub(r"\\sqrt\1{\2}", text)
    return text


def _as_tuple(column: re.Match[str]) -> str:
    """A vector in a column as its coordinates; a matrix of one entry stays."""
    entries = [entry.strip() for entry in column[2].split("\\\\") if entry.strip()]
    return f"({','.join(entries)})" if len(entries) > 1 else column[0]


def from_the_top(text: str) -> str:
    """The text with powers of powers read from their top: 2^3^2 is 2^9."""
    for _ in range(3 if text.count("^") > 1 else 0):
        text = _TOWER.sub(lambda tower: f"^{{{tower[1].removeprefix('{').removesuffix('}')}^{tower[2]}}}", text)
    return text


def of_day(text: str) -> str:
    """The text with its times of day in one way of writing: ``3 PM`` for ``3:00 PM``, ``8:30`` for ``08:30``."""
    return _HOUR.sub("", _O_CLOCK.sub(r"\1 ", text))

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
        text = with_braces(text)
    return _MINUS_POWER.sub(r"^{-\1}", text) if "^" in text else text


def with_braces(text: str) -> str:
    """The text with what roots are taken of in braces, where it stands in parentheses."""
    for _ in range(3 if "\\sqrt" in text and "(" in text else 0):
        text = _ROOT.sub(r"\\sqrt\1{\2}", text)
    return text

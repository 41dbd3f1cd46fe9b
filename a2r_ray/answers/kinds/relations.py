r"""Relations: what stands on the left of an equals sign, and lists of such.

Only a single symbol or function may be dropped from the left of an equation: ``x = 5`` is 5, ``a + b = 7`` is not 7.
"""

import re

_DEPTH = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_SPLIT = re.compile(r"\\begin|\\end|\\[a-zA-Z]+|\\.|[-(){}\[\],;=<>]|\s(?:and|or)\s", re.DOTALL)
_MAX_NAME = 120
_WORD = r"(?:\\(?:text|math)[a-z]* ?\{[^{}]{1,40}\}|[A-Z]{2,4}|[a-zA-Z]|\\[a-zA-Z]+)"
_INDEX = r"(?:_(?:\{[^{}=]{1,20}\}|[a-zA-Z0-9]|\\[a-z]+))?"
_ACCENT = r"\\(?:hat|bar|vec|tilde|overline|widehat|overrightarrow|mathbf|mathbb|dot) ?\{[A-Za-z]{1,3}\}"
_MARK = r"(?:'{1,3}|\^\{?(?:-1|\\prime|\*|\([a-z0-9]\))\}?)?"
_SYMBOL = rf"(?:{_ACCENT}|{_WORD}){_INDEX}{_MARK}{_INDEX}"
_FIGURE = r"(?:m ?)?\\(?:angle|triangle|Delta) ?[A-Za-z0-9]{1,5}"
_ARGUMENTS = (
    r"(?:\([a-zA-Z0-9_, \\]{1,30}\)"
    r"|(?<![a-eklmnrxz])\([^()=]{0,40}(?:\([^()=]{0,20}\)[^()=]{0,20})?\)|\[[A-Za-z^0-9]{1,5}\])?"
)
_QUOTIENT = r"\\frac ?\{d(?:\^[0-9])? ?[a-z]?\}\{d ?[a-z](?:\^[0-9])?\}"
_BARS = r"\|[A-Z]{2}\||\[[A-Z]{3,6}\]"
_PHRASE = r"(?:[a-zA-Z]{4,20}|[sS]um|[aA]ge|gcd|lcm|max|min)(?: [a-zA-Z]{1,20}){0,4}"
_DERIVATIVE = re.compile(_QUOTIENT)
_CHANCE = r"\\?(?:mathbb ?\{[PE]\}|Pr|P|E|text ?\{(?:Pr|P|E)\}) ?[(\[][^()\[\]]{1,60}[)\]]"
_NAME = re.compile(rf"(?:{_FIGURE}|{_CHANCE}|{_BARS}|{_SYMBOL}{_ARGUMENTS}|{_PHRASE})")
_NAMES = re.compile(r"\((?:[a-zA-Z](?:_\{?[0-9a-z]\}?)?,){1,5}[a-zA-Z](?:_\{?[0-9a-z]\}?)?\)")
_NO_NAME = re.compile(
    r"\\(?:sin|cos|tan|cot|sec|csc|log|ln|exp|sqrt|frac|sum|int|lim|max|min|arc[a-z]+|pi|infty|pm|mp|circ"
    r"|emptyset)(?![a-zA-Z])"
    r"|(?:sin|cos|tan|log|exp|sqrt)(?![a-zA-Z])"
)
_TWO = 2
_ARITHMETIC = re.compile(r"(?:[-+*/^.{}() 0-9]|\\(?:frac|sqrt|pi)(?![a-zA-Z])){1,80}")
_ALONE = re.compile(r"[a-zA-Z](?:_\{?[0-9a-zA-Z]{1,3}\}?)?|\\(?:alpha|beta|theta|phi|lambda|mu)")
_MEMBER = re.compile(r"[a-zA-Z] ?\\in(?![a-z]) ?")


def parts(text: str) -> list[str]:
    """The elements of a list that no brackets hold together; of anything else, all of it."""
    return _parted(text, {",", ";", "and", "or"})


_MORE = re.compile(r"\\ge(?![a-z]) ?|\\gt(?![a-z]) ?|>")


def rising(text: str) -> str:
    r"""A chain of three that falls, ``5>x>2``, as one that rises: ``2<x<5``; anything else as it is."""
    signs = _MORE.findall(text) if "<" not in text and "\\le" not in text else []
    if len(signs) != _TWO or parts(text) != [text]:
        return text
    high, middle, low = _MORE.split(text)
    first, second = ("\\le " if sign.startswith("\\ge") else "<" for sign in signs)
    return f"{low}{second}{middle}{first}{high}"


def sides(text: str) -> list[str]:
    """What the equals signs of an equation part."""
    return _parted(text, {"="})


def _parted(text: str, at: set[str]) -> list[str]:
    found: list[str] = []
    depth = start = 0
    for token in _SPLIT.finditer(text):
        sign = token[0].strip()
        if sign == "\\begin":
            depth += 1
        elif sign == "\\end":
            depth -= 1
        elif sign in {"\\{", "\\langle", "\\lfloor", "\\lceil"}:
            depth += 1
        elif sign in {"\\}", "\\rangle", "\\rfloor", "\\rceil"}:
            depth -= 1
        elif sign in _DEPTH:
            depth += _DEPTH[sign]
        elif depth == 0 and sign in at:
            found.append(text[start : token.start()].strip())
            start = token.end()
    found.append(text[start:].strip())
    return found


def is_name(text: str) -> bool:
    r"""Whether this is a single symbol or function, such as ``x_1``, ``f(x)``, ``y'``, ``\angle ABC``, ``P(A)``."""
    if _DERIVATIVE.fullmatch(text):
        return True
    if len(text) > _MAX_NAME or _NO_NAME.match(text):
        return False
    return _NAME.fullmatch(text) is not None or _NAMES.fullmatch(text) is not None


def equations(text: str) -> int:
    """How many elements of a list are equations."""
    return sum(len(sides(part)) > 1 for part in parts(text)) if "=" in text else 0


def without_names(text: str) -> str:
    """The list without the names to which its elements are assigned: ``5`` of ``x = 5``, ``1,2`` of ``x=1, x=2``."""
    if _EITHER in text:
        return text
    member = _MEMBER.match(text)
    if member is not None and "=" not in text:
        return text[member.end() :]
    if "=" not in text:
        return text
    kept: list[str] = []
    for part in parts(text):
        own = sides(part)
        own = _turned(own)
        kept.append(own[-1] if len(own) > 1 and is_name(own[0]) else part)
    return ",".join(kept)


def _turned(own: list[str]) -> list[str]:
    """The sides of an equation, with a symbol that stands on the right of a number on the left: ``x=5`` of ``5=x``."""
    turned = len(own) == _TWO and _ARITHMETIC.fullmatch(own[0]) and _ALONE.fullmatch(own[1])
    return own[::-1] if turned else own


def has_names(text: str) -> bool:
    """Whether an element is assigned to a name."""
    return (
        "=" in text
        and _EITHER not in text
        and any(len(own) > 1 and is_name(own[0]) for own in map(_turned, map(sides, parts(text))))
    )


_OR = re.compile(r",? ?\\text ?\{ ?or ?\} ?|,? or ")
_EITHER = "\\lor "
_BOUND = re.compile(r"[<>]|\\(?:leq?|geq?|neq?|lt|gt|in|notin|subset|subseteq)(?![a-z])")


def alternatives(text: str) -> str:
    """The text with its "or" as a sign, unless that joins the solutions of one unknown: ``3 or 4``, ``x=3 or x=4``.

    Of bounds and of several unknowns "or" says another thing than "and" and a comma.
    """
    said = _OR.split(text)
    if len(said) == 1:
        return text
    plain = _BOUND.search(text) is None and len({sides(part)[0] for part in said if "=" in part}) <= 1
    return text if plain else _EITHER.join(sorted(part.strip() for part in said))


def names(text: str) -> set[str]:
    """The names to which the elements are assigned; x_1 and x_2 are solutions for one unknown."""
    own = [_turned(sides(part)) for part in parts(text)]
    return {"x" if _ROOT.fullmatch(each[0]) else each[0] for each in own if len(each) > 1}


_ROOT = re.compile(r"x(?:_\{?[0-9]\}?)?")
_POINT = re.compile(r"\(([^()=]{3,60})\) ?= ?(\(.{3,200}\))")
_CASES = re.compile(r"\\begin ?\{cases\}(.{3,300})\\end ?\{cases\}", re.DOTALL)
_ROWS = re.compile(r"\[(\[[^\[\]]{1,200}\](?: ?, ?\[[^\[\]]{1,200}\]){1,20})\]")
_ANGLED = re.compile(r"\\langle ?([-+0-9a-z,. ^]{3,100}) ?\\rangle ?")


def in_parts(text: str) -> str:
    r"""Points, systems and matrices in one way: ``(x,y)=(1,2)`` and cases as ``x=1, y=2``, ``[[1],[2]]`` in LaTeX."""
    point, cases, angled = _POINT.fullmatch(text), _CASES.fullmatch(text), _ANGLED.fullmatch(text)
    made: str | None = None
    if point is not None:
        made = _assigned(parts(point[1]), parts(point[2][1:-1])) if len(parts(point[2])) == 1 else None
    elif cases is not None:
        rows = [row.strip(" ,.") for row in cases[1].split("\\\\") if row.strip(" ,.")]
        whole = all(len(sides(row)) == _TWO and "&" not in row and len(parts(row)) == 1 for row in rows)
        made = ", ".join(rows) if whole else None
    elif angled is not None:
        made = f"({angled[1].strip()})" if "," in angled[1] else None
    elif text.startswith("[["):
        made = _matrix(text)
    elif text.startswith("\\{(") and text.endswith(")\\}"):
        made = text[2:-2] if len(parts(text[2:-2])) > 1 else None
    return text if made is None else made


def _assigned(unknowns: list[str], values: list[str]) -> str | None:
    if not len(unknowns) == len(values) > 1 or not all(map(is_name, unknowns)):
        return None
    return ", ".join(f"{name}={value}" for name, value in zip(unknowns, values, strict=True))


def _matrix(text: str) -> str | None:
    rows = _ROWS.fullmatch(text)
    cells = [parts(row[1:-1]) for row in parts(rows[1])] if rows is not None else []
    if not cells or len({len(row) for row in cells}) > 1 or not all(map(all, cells)):
        return None
    return "\\begin{pmatrix}" + "\\\\ ".join("&".join(row) for row in cells) + "\\end{pmatrix}"

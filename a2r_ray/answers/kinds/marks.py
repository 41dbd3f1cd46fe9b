r"""Marks: whether a text carries mathematics, or is words, a sequence, a date, a score, a formula of chemistry.

Only what is mathematical may be reordered, multiplied out or solved; anything else is what it says, in its order.
"""

import re

_SYMBOLS = (
    "He|Li|Be|Ne|Na|Mg|Al|Si|Cl|Ar|Ca|Sc|Ti|Cr|Mn|Fe|Co|Ni|Cu|Zn|Ga|Ge|As|Se|Br|Kr|Rb|Sr|Zr|Nb|Mo|Tc|Ru|Rh|Pd|Ag|Cd"
    "|In|Sn|Sb|Te|Xe|Cs|Ba|La|Ce|Pr|Nd|Sm|Eu|Gd|Hf|Ta|Re|Os|Ir|Pt|Au|Hg|Tl|Pb|Bi|Po|At|Rn|Fr|Ra|Ac|Th|Pa|Np|Pu|Am"
    "|H|B|C|N|O|F|P|S|K|V|Y|I|W|U"
)
_MAX_FORMULA = 120
_ATOM = rf"(?:{_SYMBOLS})[0-9]{{0,3}}"
_FORMULA = re.compile(rf"[0-9]{{0,2}}(?:{_ATOM}|\((?:{_ATOM}){{1,6}}\)[0-9]{{0,2}}){{2,20}}(?:\^?[0-9]?[+-])?")
_CHEMICAL = re.compile(r"[A-Z][a-z]|[HO]")
_SCRIPT = re.compile(r"\\(?:text|mathrm|mbox|rm|ce)(?![a-zA-Z])|[_{} ]")
_WRAPPED = re.compile(r"\\(?:text[a-z]{0,6}|math(?:rm|bf|it|sf)|mbox) ?\{[^{}]*\}")
_NAMED = re.compile(r"\\(?:begin|end|operatorname\*?|mathbb|mathcal) ?\{[^{}]*\}")
_ARROW = re.compile(r"-{1,3}>|=>|\\to(?![a-z])|\\rightarrow(?![a-z])")
_COMMAND = re.compile(r"\\[a-zA-Z]+|\\[{}|]")
_LETTERS = re.compile(
    r"(?<![a-zA-Z])(?![A-Z]{2,6}(?![a-zA-Z]))[a-zA-Z]{4,}|[a-zA-Z]{2,} [a-zA-Z]{2,}|[\"#@?`]|[^\x00-\x7f]"
)
_ORDERED = re.compile(
    r"[0-9]+(?:-[0-9]+)+"  # a score, a date, a telephone number
    r"|[0-9]+(?: ?: ?[0-9.]+)+(?: ?[ap]\.?m\.?)?"  # a time, a ratio
    r"|[0-9]{1,4}/[0-9]{1,2}/[0-9]{1,4}"
    r"|[0-9]{1,2} ?[ap]\.?m\.?"
    r"|[KQRBN]?[a-h]?[1-8]?x?[a-h][1-8](?:=?[QRBN])?[+#]?|O-O(?:-O)?|0-0(?:-0)?"  # a move of chess
    r"|[-+]?[0-9.]+(?:[ \n]+[-+]?[0-9.]+)+|(?:[(\[][-+]?[0-9.]+(?: [-+]?[0-9.]+)+[)\]])+"
    r"|(?:[a-zA-Z]{1,3}[0-9]{1,4}[ ,-]*)+",
    re.IGNORECASE,
)
_SIGN = re.compile(
    r"[\^_=<>*|{}\\&]|(?<=[a-zA-Z0-9)}])!(?![a-zA-Z0-9])|(?<=[a-zA-Z0-9)}\]!])\+(?=[a-zA-Z0-9(\\{])"
    r"|(?<=[a-zA-Z0-9)}])/(?=[a-zA-Z0-9(\\{-])|[a-zA-Z]'?\([^()]{1,20}\)|^[-+][0-9]{0,9}(?:\.[0-9]{1,9})?[a-zA-Z]{1,3}$"
)
_BRACKETED = re.compile(r"[0-9+\-/,]")
_TERM = r"(?:[0-9]{1,12}(?:\.[0-9]{1,12})?)?[a-zA-Z]?"
_SUM = re.compile(rf"[-+]?{_TERM}(?:[-+]{_TERM}){{1,20}}")
_PRODUCT = re.compile(r"[-+]?[0-9]{1,12}(?:\.[0-9]{1,12})? ?(?:[a-z] ?){1,3}|[-+]?[0-9]{1,12} ?[A-Z]")
_ITEM = re.compile(r"[-+]?(?:[0-9]{1,12}(?:\.[0-9]{1,12})?|[0-9]{0,12}[a-zA-Z])")
_COORDINATE = re.compile(r"\^\{?\\circ ?\}? ?(?:[0-9.]{1,9}['\"] ?){0,2}[NSEW](?![a-zA-Z])")
_FACTORS = re.compile(r"(?!.{0,3}([a-zA-Z]).{0,3}\1)[a-zA-Z]{1,4}|" + _PRODUCT.pattern)


def formula(text: str) -> str | None:
    r"""A formula of chemistry without its markup, as ``NaCl2`` for ``\mathrm{NaCl_2}``; None where it is none."""
    if len(text) > _MAX_FORMULA or not _CHEMICAL.search(text):
        return None
    bare = _SCRIPT.sub("", text)
    if not any(sign.isdigit() for sign in bare) or not _FORMULA.fullmatch(bare):
        return None
    return bare.replace("^", "")


def mathematical(text: str) -> bool:
    """Whether a text in the one way of writing is mathematics: it carries marks of it, and no sentence."""
    steps = _ARROW.sub("", text)
    if _ORDERED.fullmatch(text) or _COORDINATE.search(text) or (steps != text and "\\" not in steps):
        return False
    bare = _NAMED.sub(r"\\name ", _WRAPPED.sub(" ", text))
    letters = _COMMAND.sub(" ", bare)
    if _LETTERS.search(letters):
        return False
    bracketed = ("(" in bare or "[" in bare) and _BRACKETED.search(bare)
    if letters != bare or bracketed or _SIGN.search(bare) or _PRODUCT.fullmatch(text):
        return True
    if "," in text or ";" in text:
        items = [item.strip() for item in text.replace(";", ",").split(",")]
        return any(item[-1:].isdigit() for item in items) and all(map(_ITEM.fullmatch, items))
    return _SUM.fullmatch(text) is not None and any(sign.isalpha() for sign in text)


def may_be_product(text: str) -> bool:
    """Whether a text without marks can be meant as mathematics where another is: ``x``, ``xy``, ``AB``, ``2x``."""
    return _FACTORS.fullmatch(text) is not None

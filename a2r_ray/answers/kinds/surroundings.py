"""Surroundings: what stands around the only number of a sentence, and makes it another amount, or another direction."""

import re

from a2r_ray.answers.kinds.units import unit

_BEFORE = re.compile(
    r"(?:\b(?:than|at (?:least|most)|up to|over|under|above|below|beyond|exceed(?:s|ing)?|twice|double|triple|thrice"
    r"|quadruple|half|thirds?|quarters?|fifths?|root|square|cube|reciprocal|inverse|factorial|logarithm|log|power"
    r"|multiples?|factors?|divisors?|percent|plus|minus|times|(?:divided|multiplied) by|not|never|no|min(?:imum)?"
    r"|max(?:imum)?|between|without|except|besides|within|nearly double|modulo|mod|base|non"
    r"|plus de|moins de|au moins|au plus|pas|más de|menos de|mais de|al menos|pelo menos|doble de|dobro de|moitié de"
    r"|mitad de|als|mindestens|höchstens|nicht|über|unter|più di|meno di|almeno|более|менее|больше|меньше|не|до"
    r"|свыше)|n't|[<>≤≥≠±√×*/^%!]|\\(?:leq?|geq?|neq?|lt|gt|pm|sqrt))"
    r"(?: (?:of|the|a|an|than|about|exactly|number|value|equal|to|only))*[ ({]*[-$€£]{0,2}\Z",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\s{0,3}(?:(?:squared|cubed|factorial|hal(?:f|ves)|thirds?|quarters?|tens|dozens?|below|base|bce?|mod(?:ulo)?"
    r"|(?:four|fif|six|seven|eigh|nin|ten|hundred|thousand|million)ths?"
    r"|or (?:more|less|fewer|higher|lower|greater|above|below|over|under|so)"
    r"|and (?:up|above|over|below|under|counting)"
    r"|(?:more|less|fewer|greater|smaller|larger|higher|lower) than"
    r"|plus|minus|(?:divided|multiplied) by|to the|out of"
    r"|r(?:em(?:ainder)?)? ?[0-9]{1,9}|remainder|min(?:imum)?|max(?:imum)?|at (?:least|most)|choose"
    r"|times (?!a\b)(?:[a-z0-9]|the (?:number|value|amount))"
    r"|ou (?:plus|moins)|o más|ou mais|oder mehr|или (?:более|менее))"
    r"(?![a-z])|[+^!*/<>≤≥](?![-*/)])|- ?[a-z](?![a-z]))|\*{0,2}[.:/-]?[0-9]",
    re.IGNORECASE,
)
_SYMBOL = re.compile(
    r" ?(?!(?:an?|in|is|as|if|so|at|we|it|he|i|for|the|but|and|was|are|who|all|did|can|per)\b)[^\W\d_]{1,3}(?!\w)"
)
"""A short word that no table knows is a unit, or a variable, and the number is not alone."""


def altered(text: str, start: int, end: int) -> bool:
    """Whether what stands around the number at this place makes it another: ``less than 5``, ``5 or more``, ``5!``."""
    before = text[max(0, start - 40) : start]
    return _BEFORE.search(before) is not None or _AFTER.match(text, end) is not None


_NO_AMOUNT = re.compile(
    r"(?<![\w'’])(?:divisible by|(?:co)?prime to|multiples? of|congruent to|page|problem|question|step|part|case"
    r"|equation|line"
    r"|exercise|section|figure|table|item|chapter|number|no\.|jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?"
    r"|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|one of|some of|any of"
    r"|(?:or )?equal to or"
    r"|in excess of|bounded by|limited to|close to|proportional to|similar to|relative to|(?:all|anything|everything"
    r"|nothing)"
    r" (?:but|except)|negative of|opposite of|inverse of|successor of|predecessor of|number (?:after|before|above"
    r"|below)"
    r"|(?:co)?sine of|tangent of|e to the|to the|instead of|rather than|unlike|does(?:n['’]t| not) have"
    r"|do(?:n['’]t| not) have|did(?:n['’]t| not) have|(?:less|more|greater|fewer|smaller|larger|higher"
    r"|lower) than or equal to)"
    r"(?: (?:a|an|the|only|just|about))? ?[-$€£(]{0,2}\Z|[A-Za-z]-\Z",
    re.IGNORECASE,
)
"""What stands before a number that is no amount: ``divisible by 3``, ``on page 3``, ``COVID-19``."""
_NO_AMOUNT_BEHIND = re.compile(
    r"[-‑]digits?\b|\s?\((?:hundred|thousand|million|billion|trillion|dozen|negative|minus|binary|hex\w*|octal|recurring"
    r"|repeating|percent|per cent|squared|cubed|imaginary|real part|loss|gain|upwards?|downwards?|if|when|for|unless"
    r"|mod"
    r"|in (?!total\b|all\b)\w)|\s(?:degrees )?(?:below zero|isn['’]t|is not|is wrong|is incorrect|was not|wasn['’]t)\b"
    r"|\s(?:values|options|choices|possibilities|candidates)\b",
    re.IGNORECASE,
)


_BOUND_BEHIND = re.compile(
    r"\s(?:at (?:most|least)|max(?:imum)?|min(?:imum)?|or (?:more|less|fewer|higher|lower|greater|over|under)"
    r"|and (?:up|over|above|under|below)|times as (?:many|much|large|big|long|fast|heavy|tall))(?![\w-])",
    re.IGNORECASE,
)


def is_bounded(text: str, end: int) -> bool:
    """Whether what follows an amount with its unit makes it a bound: ``5 kg at most``, ``5 kg or more``."""
    return _BOUND_BEHIND.match(text, end) is not None


def is_no_amount(text: str, start: int, end: int) -> bool:
    """Whether what stands around the only number of a sentence says that it is none: a divisor, a page."""
    before = text[max(0, start - 40) : start]
    return _NO_AMOUNT.search(before) is not None or _NO_AMOUNT_BEHIND.match(text, end) is not None


def has_symbol(text: str, end: int) -> bool:
    """Whether a symbol follows the number that ends here, which may be a unit that is not known."""
    return _SYMBOL.match(text, end) is not None


_PAIRS = """
    east west, eastward westward, north south, northward southward, left right, up down, upward downward,
    upwards downwards, increase decrease, increased decreased, increasing decreasing, gain loss, gained lost,
    profit loss, rise fall, rose fell, above below, clockwise counterclockwise, clockwise anticlockwise, inward outward,
    forward backward, forwards backwards, deposit withdrawal, credit debit, more less, more fewer, earlier later,
    before after, ahead behind, faster slower, hotter colder, warmer cooler, older younger, taller shorter,
    longer shorter, higher lower, surplus deficit, income expense, positive negative, won lost, win loss,
    expansion contraction,
    lighter heavier, wider narrower, stronger weaker, growth decline, grew shrank, inflow outflow, early late, fast slow
"""
_OPPOSITES: dict[str, frozenset[str]] = {}
for _pair in _PAIRS.replace("\n", " ").split(","):
    _one, _other = _pair.split()
    for _word, _opposite in ((_one, _other), (_other, _one)):
        _OPPOSITES[_word] = _OPPOSITES.get(_word, frozenset()) | {_opposite}
_WORD = re.compile(r"[a-z]{2,20}")
_COMPASS = re.compile(r"(?<=°|[0-9])\s?([NSEW])(?!\w)")
_POINTS = {"N": "north", "S": "south", "E": "east", "W": "west"}
_RATE = re.compile(r"(?<=[\w%] )(?:per|for each|for every) ([^\W\d_]{3,20})\Z", re.IGNORECASE)


def _directions(text: str) -> set[str]:
    points = {_POINTS[letter] for letter in _COMPASS.findall(text)}
    return points | {word for word in _WORD.findall(text.casefold()) if word in _OPPOSITES}


def _rate(text: str) -> str | None:
    """For each of what an amount is, where that is no unit: of ``5 kg per dog`` the dog."""
    found = _RATE.search(text.strip(" .,;:!?*"))
    of = None if found is None else unit(f" {found[1]}")
    return of.things[-1] if of is not None and of.things else None


def is_told(text: str) -> bool:
    """Whether a text says which way its amount goes (``5 m/s east``, ``a loss of 5``), or for each of what it is."""
    return bool(_directions(text)) or _rate(text) is not None


def opposed(one: str, other: str) -> bool:
    """Whether two texts say opposite ways, or are for each of different things."""
    others = _directions(other)
    if any(_OPPOSITES[word] & others and word not in others for word in _directions(one)):
        return True
    rates = _rate(one), _rate(other)
    return None not in rates and rates[0] != rates[1]

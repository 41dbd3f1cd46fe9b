r"""Units: what stands behind a number, read into a dimension and a factor.

- Two units of one dimension are compared exactly: 5 km is 5000 m, and not 5 m. A currency, a percentage, a
  temperature scale and a counted thing (12 pens) are dimensions of their own.
- A letter alone is a unit only where it is set apart (``5 m``, ``5\text{m}``): ``5t`` is a product.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product as pairs

from a2r_ray.answers.kinds.unit_table import BASE, PREFIXED, PREFIXES, TABLE

MAX_LENGTH = 80
"""Characters; what is longer is no unit."""

Dimension = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as a power product of base units, and how many of them it is."""

    dimension: Dimension
    factor: Fraction = Fraction(1)
    things: tuple[str, ...] = ()
    """The words for what is counted, in the singular and in their order; none for a measure."""

    @property
    def is_rank(self) -> bool:
        """Whether it makes a rank of a number: 2nd."""
        return self.dimension == (("ordinal", 1),)

    def same(self, other: "Unit") -> bool:
        """Whether amounts of the two can be compared; pens are red pens, and no pencils."""
        if self.things or other.things:
            few, many = sorted((self.things, other.things), key=len)
            rest = iter(many)
            return bool(few) and all(word in rest for word in few)  # in their order
        return self.dimension == other.dimension or {self, other} == _POUNDS


_UNITS: dict[str, Unit] = {}


def _fill() -> None:
    for line in TABLE.split("\n"):
        if line:
            kind, size, *names = line.split()
            _UNITS.update(dict.fromkeys(names, Unit(_dimension(kind), Fraction(size))))
    for line, prefix in pairs(PREFIXED.strip().split("\n"), PREFIXES.strip().split("\n")):
        kind, size, symbol, *names = line.split()
        times, sign, word = (part.strip("-") for part in prefix.split())
        own = Unit(_dimension(kind), Fraction(size) * Fraction(times))
        _UNITS.update({f"{sign}{symbol}": own} | {f"{word}{name}": own for name in names})
    del _UNITS["kT"], _UNITS["kF"]


def _dimension(kind: str) -> Dimension:
    powers = BASE.get(kind, f"{kind} 1").split()
    return tuple((base, int(power)) for base, power in zip(powers[::2], powers[1::2], strict=True))


_fill()
_POUNDS = {_UNITS["lb"], _UNITS["gbp"]}
"""£5 is 5 pounds, which may be mass."""
CURRENCIES = {"$": "usd", "€": "eur", "£": "gbp", "¥": "jpy", "₹": "inr", "₩": "krw", "₽": "rub"}
"""The signs that stand before an amount."""
PERMILLE = _UNITS["‰"]
ANY = _UNITS["unit"].dimension
"""``5 units`` may be anything."""

_NO_THINGS = """
    is are was were be been not no nor or and but if then else plus minus times over divided multiplied than more less
    fewer to from versus vs equals equal point half third quarter until through so because since when where which that
    this therefore thus hence while with without except
    squared cubed factorial square cube root halve below above under zero base modulo mod choose negative positive
    infinity power pi bce bc ad ce ago double triple twice
    minimum maximum least most remainder
    más menos plus moins mehr weniger oder più meno mais ou более менее больше меньше или
"""
_NUMBER_WORDS = """
    one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty seventy eighty ninety
    hundred thousand million billion trillion dozen half halve third quarter fourth fifth sixth seventh eighth ninth
    tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
    thirtieth fortieth fiftieth sixtieth hundredth thousandth millionth billionth
"""
_NUMERALS = frozenset(_NUMBER_WORDS.split())
"""Also in the plural: 7 thirds, 5 tens."""
_PROSE = frozenset(_NO_THINGS.split())
_A_THING, _A_WORD = 3, 4
"""Letters: fewer are symbols or variables."""
_TOUCHING = "km cm mm kg ft min hr sec lb oz ml mL mph kmph kHz MHz GHz Hz kW kWh kJ eV st nd rd th"
"""Symbols that may follow a number without a space, beside words of four letters and more."""
_CLOSE = frozenset(_TOUCHING.split())
_ALONE = frozenset("mgshLlNJWVAKCF")
_TOKEN = re.compile(
    r" ?(?:(\^\{?([+-]?[1-9])\}?)|(/|per(?![a-zA-Z]))|(\\cdot|\*|·|-)|([^\W\d_]+\$?|[°µ]?[^\W\d_]+|[%‰¢€£¥₹₩₽°Ω]))"
)
_SCALE = re.compile(r" ?(?:degrees?|deg\.?) (?=[cC]elsius|[fF]ahrenheit)")
_OF_A_SCALE = re.compile(r" ?(?:degrees?|deg\.?) ?(?=[CF]$)")
_BOUND = re.compile(r"\\cdot|[*·^-]|/[a-zA-Z](?![a-zA-Z])")
"""How the next factor of a product goes on, which is no unit."""
_DIRECTION = re.compile(r"° ?[NSEW]$")
_WORDS = re.compile(r"(?:[^\W\d_]+(?:['-][^\W\d_]+)*[ ,]{0,2}){1,6}")
_TEXT = re.compile(r"\\(?:text(?:bf|it|rm|normal)?|math(?:rm|bf|it|sf)|mbox|operatorname) ?\{([^{}]*)\}")
_POWER = re.compile(r"\^\{([+-]?[1-9])\}")
_UNDER = re.compile(r"/ ?\(([^()]*)\)")
"""All that follows a stroke is below it: J/(mol K)."""
_MICRO_TEXT = re.compile(r"\\(?:mu|Omega) ?\\(?:text|math)")
_PREFIXED = re.compile(r"(µ|(?<![^\W])[km](?= Ω)) (?=[a-zA-ZΩ])")
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}
_AFTER = {"squared": 2, "cubed": 3}


@lru_cache(maxsize=4096)
def unit(text: str) -> Unit | None:
    """The unit that a text of one is; None where it is none, such as a variable, or a sentence that goes on."""
    if len(text) > MAX_LENGTH:
        return None
    text = _POWER.sub(r"^\1", text.replace("^\\circ", "°").replace("^{\\circ}", "°"))
    set_apart = text.startswith((" ", "\\text", "\\math", "\\mbox", "\\operatorname"))
    set_apart = set_apart or _MICRO_TEXT.match(text) is not None
    if "\\" in text and (set_apart or text.startswith("k")):
        text = text.replace("\\Omega", "Ω").replace("\\mu", "µ")
    text = _UNDER.sub(r"/\1", text.replace("per cent", "percent"))
    text = text.replace("sq. ", "sq ").replace("cu. ", "cu ")
    text = _TEXT.sub(r" \1 ", text).replace("\\%", "%").replace("° C", "°C").replace("° F", "°F")
    text = _OF_A_SCALE.sub("°", _SCALE.sub(" ", text)).replace("ms^-", "m s^-")
    text = _PREFIXED.sub(r"\1", " ".join(text.split()).rstrip(".").replace(" ^", "^"))
    text = re.sub(r"\\frac ?\{([^{}]*)\}\{([^{}]*)\}", r"\1/\2", text)
    if not text or _BOUND.match(text) or _DIRECTION.search(text):
        return None
    found = _measure(text)
    if found is not None:
        return found if set_apart or _may_touch(text) else None
    return _thing(text, set_apart=set_apart)


def _may_touch(text: str) -> bool:
    """Whether this is a unit also where no space parts it from its number."""
    first = re.match(r"[a-zA-Z]*", text)
    letters = first[0] if first else ""
    return not letters or len(letters) >= _A_WORD or letters in _CLOSE or (letters in _ALONE and "/" in text)


class _Product:
    """A power product that is being read."""

    def __init__(self) -> None:
        self.powers: dict[str, int] = {}
        self.factor = Fraction(1)

    def multiply(self, by: Unit, power: int) -> None:
        for base, times in by.dimension:
            self.powers[base] = self.powers.get(base, 0) + times * power
        self.factor *= by.factor**power

    def unit(self) -> Unit | None:
        dimension = tuple(sorted((base, times) for base, times in self.powers.items() if times))
        return Unit(dimension, self.factor) if self.powers else None


def _measure(text: str) -> Unit | None:
    """A power product of units of the table."""
    found, sign, coming, last = _Product(), 1, 1, None
    for power, exponent, division, product, name in _tokens(text):
        if name in _POWERS:
            coming = _POWERS[name]
        elif name in _AFTER or power:
            if last is None:
                return None
            found.multiply(last, sign * ((_AFTER.get(name) or int(exponent)) - 1))
            last = None
        elif division:
            sign, last = -1, None
        elif product:
            last = None
        else:
            known = _named(name)
            if known is None:
                return None
            found.multiply(known, sign * coming)
            last, coming = (known if coming == 1 else None), 1
    return found.unit()


def _tokens(text: str) -> Iterator[tuple[str, str, str, str, str]]:
    """The parts of a unit; one that no table knows stands for what is none."""
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            yield "", "", "", "", "?"
            return
        power, exponent, division, product, name = (part or "" for part in token.groups())
        yield power, exponent, division, product, name
        at = token.end()


def _named(name: str) -> Unit | None:
    if name in _UNITS:
        return _UNITS[name]
    lower = name.lower()
    if (len(name) >= _A_WORD and lower != "mmol") or lower in _SHORT_WORDS:  # of a symbol the case counts: mW and MW
        return _UNITS.get(lower) or _UNITS.get(_singular(lower))
    return None


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > _A_WORD:
        return word[:-3] + "y"
    if word.endswith(("ses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


_COUNTER = re.compile(
    r"(?!.*(?:以|余|多|内|超|次方|平方|立方|分之|折|成|割|半|减|加|乘|除|倍|点|和|或|与|未|不|이상|이하|미만|초과|제곱|배|반|또는"
    r"|[0-9零一二三四五六七八九十百千万亿]))[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]{1,8}"
)
"""Counters and things of Chinese, Japanese and Korean, which need no space, but for what makes another number."""
_SHORT = "day bit min sec yen won mol rad usd eur gbp jpy inr cny krw hrs yrs lbs kgs"
_SHORT_WORDS = frozenset(_SHORT.split())
_FILLERS = frozenset({"the", "of", "a", "an", "in", "total"})
_TIMES_OF_DAY = frozenset({"am", "pm"})


def _thing(text: str, *, set_apart: bool) -> Unit | None:
    """What is counted: a few words that are no sentence."""
    if _COUNTER.fullmatch(text):
        return Unit((("thing", 1),), things=(text[1:] if len(text) > 1 and text[0] in "个個" else text,))
    if not _WORDS.fullmatch(text):
        return None
    words = text.replace(",", " ").casefold().split()
    if any(word in _PROSE or _singular(word) in _NUMERALS for word in words) or not all(map(_is_word, words)):
        return None
    if not set_apart and len(words[0]) < _A_WORD and words[0] not in _TIMES_OF_DAY:
        return None
    if words == ["in", "total"]:
        return _UNITS["unit"]
    things = tuple(_singular(word) for word in words if word not in _FILLERS)
    return Unit((("thing", 1),), things=things) if things else None


def _is_word(word: str) -> bool:
    return word in {"a", "of", "in", "an"} | _TIMES_OF_DAY or (
        len(word) >= _A_THING and (not word.isascii() or re.search("[aeiouy]", word) is not None)
    )

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


_INCH = Fraction("0.0254")
_POUND = Fraction("0.45359237")
_GALLON = 231 * _INCH**3
_TABLE = f"""
length 1 m metre meter
length 1000 km kilometre kilometer
length 1/100 cm centimetre centimeter
length 1/10 dm decimetre decimeter
length 1/1000 mm millimetre millimeter
length 1/1000000 µm um micron micrometre micrometer
length 1/1000000000 nm nanometre nanometer
length {_INCH} in inch inche
length {12 * _INCH} ft foot feet
length {36 * _INCH} yd yard
length {63360 * _INCH} mi mile
length 1852 nmi
mass 1 g gm gram gramme
mass 1000 kg kilogram kilogramme kilo
mass 1/1000 mg milligram
mass 1/1000000 µg ug microgram
mass 1000000 tonne
mass {_POUND * 1000} lb pound
mass {_POUND * 1000 / 16} oz ounce
time 1 s sec second
time 1/1000 ms millisecond
time 1/1000000 µs us microsecond
time 1/1000000000 ns nanosecond
time 60 min minute
time 3600 h hr hour
time 86400 day
time 604800 wk week
month 1 month
month 12 yr year
month 120 decade
month 1200 century centurie
volume 1/1000 L l litre liter
volume 1/1000000 ml mL millilitre milliliter cc
volume 1/100000 cl cL centilitre centiliter
volume 1/10000 dl dL decilitre deciliter
volume {_GALLON} gal gallon
volume {_GALLON / 4} qt quart
volume {_GALLON / 8} pint
area 10000 ha hectare
area {43560 * (12 * _INCH) ** 2} acre
current 1 A amp ampere
current 1/1000 mA milliamp milliampere
kelvin 1 K kelvin
celsius 1 C °C celsiu celsius centigrade
fahrenheit 1 F °F fahrenheit
degree 1 ° deg degree
degree 1/60 arcmin arcminute
radian 1 rad radian
mole 1 mol mole
mole 1/1000 mmol
frequency 1 Hz hz hertz
frequency 1000 kHz kilohertz
frequency 1000000 MHz megahertz
frequency 1000000000 GHz gigahertz
force 1 N newton
force 1000 kN kilonewton
energy 1 J joule
energy 1000 kJ kilojoule
energy 1000000 MJ megajoule
energy 3600000 kWh
energy 1/1 Nm
electronvolt 1 eV electronvolt
electronvolt 1000 keV
electronvolt 1000000 MeV
calorie 1 cal calorie
calorie 1000 kcal kilocalorie
power 1 W watt
power 1000 kW kilowatt
power 1000000 MW megawatt
power 1/1000 mW milliwatt
voltage 1 V volt
voltage 1000 kV kilovolt
voltage 1/1000 mV millivolt
resistance 1 Ω ohm
resistance 1000 kΩ kilohm
charge 1 coulomb
pressure 1 Pa pascal
pressure 1000 kPa kilopascal
pressure 100000 bar
pressure 101325 atm atmosphere
speed 5/18 kmph kph kmh
speed 1397/3125 mph
bit 1 bit
bit 8 byte B
bit 8000 KB kB kilobyte
bit 8000000 MB megabyte
bit 8000000000 GB gigabyte
bit 8000000000000 TB terabyte
percent 1 % percent percentage pct
percent 1/10 ‰ permille
USD 1 dollar usd USD US$ buck
USD 1/100 cent ¢
EUR 1 € euro eur EUR
GBP 1 £ gbp GBP
GBP 1/100 pence penny p
JPY 1 ¥ yen jpy JPY
INR 1 ₹ rupee inr INR rs Rs
CNY 1 yuan cny CNY rmb RMB
KRW 1 ₩ won krw KRW
RUB 1 ₽ ruble rouble rub RUB
CHF 1 franc chf CHF
ordinal 1 st nd rd th
anything 1 unit
"""
_BASE = {
    "volume": (("length", 3),),
    "area": (("length", 2),),
    "speed": (("length", 1), ("time", -1)),
    "frequency": (("time", -1),),
}
_UNITS: dict[str, Unit] = {}
for _line in _TABLE.split("\n"):
    if _line:
        _kind, _size, *_names = _line.split()
        for _name in _names:
            _UNITS[_name] = Unit(_BASE.get(_kind, ((_kind, 1),)), Fraction(_size))
_POUNDS = {_UNITS["lb"], _UNITS["gbp"]}
"""£5 is 5 pounds, which may be mass."""
CURRENCIES = {"$": "usd", "€": "eur", "£": "gbp", "¥": "jpy", "₹": "inr", "₩": "krw", "₽": "rub"}
"""The signs that stand before an amount."""
ANY = _UNITS["unit"].dimension
"""``5 units`` may be anything."""

_NO_THINGS = """
    is are was were be been not no nor or and but if then else plus minus times over divided multiplied than more less
    fewer to from versus vs equals equal point half third quarter until through so because since when where which that
    this therefore thus hence while with without except
    squared cubed factorial square cube root halve below above under zero base modulo mod choose negative positive
    infinity power pi bce bc ad ce ago double triple twice
    minimum maximum least most remainder
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
_SCALE = re.compile(r" ?(?:degrees?|deg\.?) (?=[cC]elsius|[fF]ahrenheit|C$|F$)")
_BOUND = re.compile(r"\\cdot|[*·^-]|/[a-zA-Z](?![a-zA-Z])")
"""How the next factor of a product goes on, which is no unit."""
_DIRECTION = re.compile(r"° ?[NSEW]$")
_WORDS = re.compile(r"(?:[^\W\d_]+(?:['-][^\W\d_]+)*[ ,]{0,2}){1,6}")
_TEXT = re.compile(r"\\(?:text(?:bf|it|rm|normal)?|math(?:rm|bf|it|sf)|mbox|operatorname) ?\{([^{}]*)\}")
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}
_AFTER = {"squared": 2, "cubed": 3}


@lru_cache(maxsize=4096)
def unit(text: str) -> Unit | None:
    """The unit that a text of one is; None where it is none, such as a variable, or a sentence that goes on."""
    if len(text) > MAX_LENGTH:
        return None
    text = text.replace("^\\circ", "°").replace("^{\\circ}", "°")
    set_apart = text.startswith((" ", "\\text", "\\math", "\\mbox", "\\operatorname"))
    text = _TEXT.sub(r" \1 ", text).replace("\\%", "%").replace("° C", "°C").replace("° F", "°F")
    text = _SCALE.sub(" ", text)
    text = " ".join(text.split()).rstrip(".").replace(" ^", "^")
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
    if len(name) >= _A_THING:
        lower = name.lower()
        return _UNITS.get(lower) or _UNITS.get(_singular(lower))
    return None


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > _A_WORD:
        return word[:-3] + "y"
    if word.endswith(("ses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


_FILLERS = frozenset({"the", "of", "a", "an", "in", "total"})
_TIMES_OF_DAY = frozenset({"am", "pm"})


def _thing(text: str, *, set_apart: bool) -> Unit | None:
    """What is counted: a few words that are no sentence."""
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

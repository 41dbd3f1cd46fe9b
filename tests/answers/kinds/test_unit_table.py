"""The table of units: whole, without doubles, and its factors as they should be."""

from collections import Counter
from fractions import Fraction

import pytest

from a2r_ray.answers.kinds.quantities import quantity
from a2r_ray.answers.kinds.unit_table import BASE, PREFIXED, PREFIXES, TABLE

LINES = [line.split() for line in (TABLE + PREFIXED).strip().splitlines() if line.strip()]


def test_no_name_is_two_units() -> None:
    names = Counter(name for line in LINES for name in line[2:])
    assert [name for name, count in names.items() if count > 1] == []


def test_every_factor_is_a_number() -> None:
    assert all(Fraction(line[1]) > 0 and len(line) > 2 for line in LINES)
    assert all(Fraction(line.split()[0]) > 0 for line in PREFIXES.strip().splitlines())


def test_every_derived_dimension_is_of_units_that_are_there() -> None:
    assert set(BASE) <= {line[0] for line in LINES}
    assert all(len(text.split()) % 2 == 0 for text in BASE.values())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1 mile", "5280 ft"),
        ("1 gallon", "4 quarts"),
        ("1 kWh", "3.6 MJ"),
        ("1 N m", "1 J"),
        ("1 V", "1 J/C"),
        ("1 Pa", "1 N/m^2"),
        ("36 km/h", "10 m/s"),
        ("1 L", "1000 cm^3"),
        ("1 byte", "8 bits"),
        ("1 atm", "101325 Pa"),
        ("2 years", "24 months"),
        ("1 lb", "16 oz"),
        ("50 Hz", "50 s^{-1}"),
        ("5公里", "5000 m"),
    ],
)
def test_what_is_the_same_amount(one: str, other: str) -> None:
    first, second = quantity(one), quantity(other)
    assert first is not None
    assert second is not None
    assert first.equals(second, Fraction(0))


@pytest.mark.parametrize(
    ("one", "other"), [("5 Mb", "5 MB"), ("1 m", "1 M"), ("5 km", "5 kg"), ("1 cal", "1 Cal"), ("20 °C", "20 °F")]
)
def test_what_is_not(one: str, other: str) -> None:
    first, second = quantity(one), quantity(other)
    assert first is not None
    assert second is not None
    assert not first.equals(second, Fraction(0))

"""Kind math: what needs no worker does without one, and order counts wherever it means something."""

import random
import string
from fractions import Fraction

import pytest

from a2r_ray.answers import math_judge
from a2r_ray.answers.kinds import KINDS
from a2r_ray.answers.kinds.constants import constant
from a2r_ray.answers.kinds.marks import formula, mathematical
from a2r_ray.answers.kinds.math import Math, equivalent
from a2r_ray.answers.kinds.quantities import quantity
from a2r_ray.answers.kinds.relations import is_name
from a2r_ray.answers.kinds.spelling import plain, spelled
from a2r_ray.answers.kinds.units import unit


@pytest.fixture
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(a: str, b: str) -> bool:
        raise AssertionError(f"asked the worker about {a!r} and {b!r}")

    monkeypatch.setattr(math_judge, "equal", refuse)


@pytest.mark.usefixtures("no_worker")
@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        ("3 1 2 4", "1 2 3 4", False),
        ("up 2 left 1", "left 1 up 2", False),
        ("2024-01-02", "2024-02-01", False),
        ("NaCl2", "ClNa2", False),
        ("5 km", "5000 m", True),
        ("5 km", "5 m", False),
        ("1, 2", "2,1", True),
        ("1, 2", "(2,1)", False),
        ("2+3", "5", True),
        (r"2\frac{1}{2}", "2.5", True),
        (r"3\pi", "9.4248", False),
        (r"\sqrt{4}", "2", True),
        ("a+b=7", "7", False),
        ("x=5", "5", True),
        (r"\sum_{i=1}^{n} i", r"\sum_{i=1}^n i", True),
        ("101_2", "101_3", False),
        ("B) rivers", "B", True),
        ("50%", "0.5", False),
    ],
)
def test_most_verdicts_need_no_worker(a: str, b: str, equal: bool) -> None:  # noqa: FBT001
    assert equivalent(a, b) is equal
    assert equivalent(b, a) is equal


@pytest.mark.usefixtures("no_worker")
@pytest.mark.parametrize("name", ["math", "text", "sequence"])
@pytest.mark.parametrize("separator", [" ", "\n", " -> "])
def test_a_swap_of_two_parts_is_another_answer(name: str, separator: str) -> None:
    drawn = random.Random(3)
    for _ in range(300):
        words = ["".join(drawn.choices(string.ascii_lowercase, k=5)) for _ in range(4)]
        parts = drawn.sample([*words, *map(str, range(10, 30))], 5)
        if parts[0].isdigit() and any(part.isalpha() for part in parts[1:2]):
            parts.insert(0, "so")  # else a number and its unit
        one, other = drawn.sample(range(len(parts)), 2)
        swapped = [*parts]
        swapped[one], swapped[other] = swapped[other], swapped[one]
        a, b = separator.join(parts), separator.join(swapped)
        assert KINDS[name].equal(a, a.upper()) or name == "math"  # where letters may be symbols
        assert not KINDS[name].equal(a, b), (a, b)


@pytest.mark.parametrize(
    "text",
    [
        *[
            "x",
            "x_1",
            "x_{12}",
            "f(x)",
            "f(g(x))",
            "y'",
            "y''",
            r"\angle ABC",
            r"\theta",
            "f^{-1}(x)",
            "AB",
            "|AB|",
            "P(A)",
        ],
        *["P(X=2)", r"\frac{dy}{dx}", r"\hat{y}", "(x,y)", "a_{n+1}", r"m\angle A", "total cost", r"\text{Area}"],
    ],
)
def test_a_single_symbol_or_function_may_be_dropped(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize(
    "text",
    ["a+b", "x-3z+4", "2x", "xy", "x^2", r"\sin x", "|x|", "-x", "2", "x+1", r"\frac{x}{2}", r"\log x", "ab", "x(y+1)"],
)
def test_nothing_else_may(text: str) -> None:
    assert not is_name(text)


@pytest.mark.parametrize(
    "text", [" km", r"\text{ m}", " m/s^2", "%", r"^\circ", " square feet", " pens", "km", r"\%", " h"]
)
def test_what_is_a_unit(text: str) -> None:
    assert unit(text) is not None


@pytest.mark.parametrize(
    "text", ["t", " t", "m", "h", " x", " xy", "mg", r"\cdot s", "/h", "^2", " is not", " or more", ""]
)
def test_letters_of_a_product_and_sentences_are_no_units(text: str) -> None:
    assert unit(text) is None


@pytest.mark.parametrize(
    "text",
    ["x+1", r"\frac{1}{2}", "2x", "(1,2)", "x=1", "f(x)", "a-b", "[0,1)", r"\{1,2\}", "-x", "5!", "x^2", "1, x", "|x|"],
)
def test_what_carries_mathematical_marks(text: str) -> None:
    assert mathematical(text)


@pytest.mark.parametrize(
    "text",
    [
        *[
            "3 1 2",
            "3-1",
            "10:30",
            "2024-01-02",
            "e2e4",
            "Nf3",
            "O-O",
            "up 2",
            "red, blue",
            "a, b",
            "x",
            "the set of x > 0",
        ],
        *["(1 2 3)", "555-1234", "1/2/2024", "COVID-19", "B) rivers", r"\text{no solution}", "東京"],
    ],
)
def test_what_carries_none(text: str) -> None:
    assert not mathematical(text)


def test_a_formula_of_chemistry_has_elements_and_a_number() -> None:
    assert formula(r"\mathrm{NaCl_2}") == formula("NaCl2") == "NaCl2"
    for text in ("x_2", "2x", "AB", "P_1V_1", "NaCl", "Hello2", "H^2"):
        assert formula(text) is None


@pytest.mark.parametrize(
    "text", ["x", "9^{9^{9^{9}}}", "1/0", "2 3", "1/2\\pi", "2^3^2", "(" * 99, "\\frac" * 60, "", "200000!"]
)
def test_what_is_no_constant_or_too_large(text: str) -> None:
    assert constant(text) is None


def test_a_sum_of_amounts_is_none_of_its_numbers() -> None:
    amount = quantity("5 ft 6 in")
    five = quantity("5")
    assert amount is not None
    assert five is not None
    assert not amount.equals(five)
    assert quantity("3 cm, 4 cm") is None


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (r"2\cdot -3", "2-3"),
        (r"\sin x\cdot y", r"\sin xy"),
        (r"\sin{x}y", r"\sin xy"),
        ("x^{ab}", "x^ab"),
        (r"\frac12 3", r"\frac{12}{3}"),
        ("2^{34}", "2^{3}4"),
        (r"a/b\cdot c", "a/bc"),
        (r"2\cdot 3", "23"),
    ],
)
def test_no_two_meanings_are_spelled_alike(a: str, b: str) -> None:
    assert spelled(plain(a)) != spelled(plain(b))


def test_letters_of_two_cases_are_two() -> None:
    assert not equivalent(r"\pi(R^2-r^2)", r"\pi(r^2-R^2)")
    assert not equivalent("x^2+C", "x^2+c")


def test_a_tolerance_holds_for_each_coordinate_in_its_place() -> None:
    about = Math(tolerance=Fraction(1, 100))
    assert about.equal("(1.41,2)", r"(\sqrt2,2)")
    assert not about.equal("(1.41,2)", r"(2,\sqrt2)")
    assert not about.equal("(1.41,2)", r"(\sqrt2,3)")

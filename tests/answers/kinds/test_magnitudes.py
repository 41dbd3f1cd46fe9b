"""Magnitudes: by what the words behind a number multiply it."""

import pytest

from a2r_ray.answers.kinds.magnitudes import magnitude
from a2r_ray.answers.kinds.math import equivalent


@pytest.mark.parametrize(
    ("text", "size", "rest"),
    [
        ("5 million", 10**6, ""),
        ("5 millions of people", 10**6, "people"),
        ("12 mil millones de euros", 10**9, "euros"),
        ("12 Mrd. Euro", 10**9, "Euro"),
        ("12百万", 10**6, ""),
        ("12万人", 10**4, "人"),
        ("3 dozen eggs", 12, "eggs"),
        (r"5 \text{ million}", 10**6, ""),
        ("7 тысяч", 1000, ""),
    ],
)
def test_words_multiply(text: str, size: int, rest: str) -> None:
    digits = len(text) - len(text.lstrip("0123456789"))
    found, end = magnitude(text, digits)
    assert (found, text[end:]) == (size, rest)


@pytest.mark.parametrize("text", ["5", "5 apples", "12mn", "5 millionaires", "5 milk"])
def test_other_words_do_not(text: str) -> None:
    digits = len(text) - len(text.lstrip("0123456789"))
    assert magnitude(text, digits) == (1, digits)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5 millones de dólares", "5000000"),
        ("5 milioni di euro", "5000000 €"),
        (r"5 \text{ million dollars}", "5000000 dollars"),
        ("2 millions of people", "2,000,000 people"),
    ],
)
def test_such_amounts_are_the_same(one: str, other: str) -> None:
    assert equivalent(one, other)

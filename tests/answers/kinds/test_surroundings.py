"""Surroundings: what makes the only number of a sentence another one."""

import pytest

from a2r_ray.answers.kinds import kind_of
from a2r_ray.answers.kinds.surroundings import altered, has_symbol, is_told, opposed


def around(text: str) -> tuple[str, int, int]:
    at = text.index("5")
    return text, at, at + 1


@pytest.mark.parametrize(
    "text",
    [
        *("less than 5", "at least 5", "not 5", "5 or more", "5!", "5^2", "twice 5", "the square of 5", "5 squared"),
        *("√5", "5 more than x", "5 fifths", "5 thousandths", "5 plus 3", "isn't 5", "1/5", "5 mod 7", "5 choose 2"),
        *("más de 5", "mindestens 5", "не 5", "5 ou plus"),
    ],
)
def test_it_is_another_number(text: str) -> None:
    assert altered(*around(text))


@pytest.mark.parametrize(
    "text", ["there are 5 apples", "about 5", "exactly 5 of them", "5 times a day", "5.", "5, as said", "It is 5"]
)
def test_it_is_that_number(text: str) -> None:
    assert not altered(*around(text))


def test_a_short_word_behind_a_number_is_a_symbol() -> None:
    assert has_symbol("5 qx", 1)
    assert not has_symbol("5 in all", 1)
    assert not has_symbol("5 apples", 1)


def test_opposite_ways_are_no_same_answer() -> None:
    assert opposed("5 m/s east", "5 m/s west")
    assert opposed("a loss of 5", "a profit of 5")
    assert not opposed("5 m/s east", "5 m/s")
    assert not opposed("5 m/s east", "east, 5 m/s")
    assert opposed("5° N", "5° S")
    assert opposed("5 positive", "5 negative")
    assert is_told("upward 5")
    assert not is_told("5 m")


def test_what_an_amount_is_for_each_of_is_part_of_it() -> None:
    number = kind_of("number")
    assert number.equal("5 kg per dog", "5 kg for each dog")
    assert number.equal("5 kg per dog", "5 kg")
    assert not number.equal("5 kg per dog", "5 kg per cat")
    assert number.equal("5 m per s", "5 m/s")
    assert number.read("It is 5 kg per dog.") == "It is 5 kg per dog."

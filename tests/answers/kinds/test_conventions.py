"""Conventions: what is said in words and in signs is one answer."""

import pytest

from a2r_ray.answers.kinds import kind_of
from a2r_ray.answers.kinds.conventions import conventional, spoken
from a2r_ray.answers.kinds.math import equivalent


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no solutions", r"\emptyset"),
        ("There is no solution.", "no solution"),
        (r"\varnothing", r"\{\}"),
        ("DNE", r"\text{does not exist}"),
        ("all real numbers", r"(-\infty, \infty)"),
        (r"\mathbb{R}", r"(-\infty,+\infty)"),
        ("forty-two", "42"),
        ("two thirds", r"\frac{2}{3}"),
        ("one half", "0.5"),
        ("minus three", "-3"),
        ("zero", "0"),
        ("three apples", "3"),
        ("three apples", "3 apples"),
        (r"5\sqrt2 units", r"5\sqrt{2}"),
        (r"2\sqrt{3} meters", r"2\sqrt{3}\text{ m}"),
        (r"12 \text{ sq. units}", "12"),
    ],
)
def test_the_same(one: str, other: str) -> None:
    assert equivalent(one, other)
    assert equivalent(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no solution", "0"),
        ("DNE", r"\infty"),
        ("all real numbers", r"\mathbb{Q}"),
        ("all real numbers", r"(0,\infty)"),
        ("forty-two", "24"),
        ("three apples", "3 pears"),
        ("a three-way tie", "3"),
        ("one by one", "1"),
        ("three or four", "3"),
        ("One Hundred Years of Solitude", "100"),
        ("Seven Samurai", "7"),
        ("One Direction", "1"),
        (r"5\sqrt2 meters", r"5\sqrt2 seconds"),
    ],
)
def test_not_the_same(one: str, other: str) -> None:
    assert not equivalent(one, other)
    assert not equivalent(other, one)


def test_other_words_say_nothing() -> None:
    assert conventional("paris") is None
    assert spoken("paris") is None
    assert spoken("ones and zeros") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("an isosceles triangle", "isosceles triangle"),
        ("The Beatles", "Beatles"),
        ("3:45 p.m.", "3:45 PM"),
        ("U.S.A.", "USA"),
        ("St. Louis", "St Louis"),
    ],
)
def test_articles_and_full_stops_of_abbreviations_are_no_part_of_words(one: str, other: str) -> None:
    assert equivalent(one, other)
    assert kind_of("text").equal(one, other)


@pytest.mark.parametrize(
    ("one", "other"), [("a b c", "b c"), ("A", "the A"), ("no. 5", "no 6"), ("a.b", "ab"), ("x.y", "xy")]
)
def test_letters_are(one: str, other: str) -> None:
    assert not equivalent(one, other)
    assert not kind_of("text").equal(one, other)

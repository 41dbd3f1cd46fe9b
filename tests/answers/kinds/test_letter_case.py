"""Letter case: made one in words of natural language, and left where it is a symbol's."""

import pytest

from a2r_ray.answers.kinds.letter_case import without_case


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Paris", "PARIS"),
        ("A triangle", "a triangle"),
        ("McDonald", "mcdonald"),
        ("No", "no"),
        ("5 PM", "5 pm"),
        ("0xFF", "0xff"),
        ("Élan", "ÉLAN"),
    ],
)
def test_words_are_the_same_in_any_case(one: str, other: str) -> None:
    assert without_case(one) == without_case(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("R", "r"), ("CO", "Co"), ("AaBb", "AABB"), ("Bb5", "bb5"), ("x_A", "x_a"), ("ABC", "abc"), (r"\Pi", r"\pi")],
)
def test_symbols_keep_theirs(one: str, other: str) -> None:
    assert without_case(one) != without_case(other)


def test_what_is_said_aloud_is_what_it_says() -> None:
    assert without_case("GO UP", loud=True) == without_case("go up", loud=True)
    assert without_case("NO") == "NO"
    assert without_case("NO", loud=True) == "no"

"""What each kind takes of a text, and where nobody knows which is meant."""

import pytest

from a2r_ray.answers.finding import announced
from a2r_ray.answers.kinds import KINDS, kind_of


def _found(name: str, text: str, choices: dict[str, str] | None = None) -> str | None:
    kind = kind_of(name, choices=choices)
    stretch = announced(text, fits=kind.read)
    return None if stretch is None else kind.read(stretch)


@pytest.mark.parametrize(
    ("said", "letters"),
    [
        *[
            (f"A {against} B", "A")
            for against in (
                "rather than",
                "instead of",
                "not",
                "and not",
                "over",
                "but not",
                "while others say",
                "although many say",
                "whereas fools say",
                "in contrast to",
                "as opposed to",
                "unlike",
            )
        ],
        ("C rather than B", "C"),
        ("(A) rather than (B)", "A"),
        ("**A**, not **B**", "A"),
        ("option A rather than option B", "A"),
        ("A, C and D, not B", "A, C, D"),
        ("not A but B", "B"),
        ("AC", "A, C"),
        ("A and C", "A, C"),
        ("B, Paris", "B"),
        ("BAD", None),
        ("A cat", None),
        ("neither A nor B", None),
        ("either A or B", None),
        ("A or B", None),
    ],
)
def test_choice(said: str, letters: str | None) -> None:
    assert _found("choice", f"Answer: {said}") == letters


def test_the_text_of_a_choice_needs_no_article() -> None:
    assert _found("choice", "Answer: moon", {"A": "the moon", "B": "sun"}) == "A"
    assert _found("choice", "Answer: The sun", {"A": "the moon", "B": "sun"}) == "B"
    assert _found("choice", "Answer: comet", {"A": "the moon", "B": "sun"}) is None


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("minus 5 °C", "-5 °C"),
        ("3 and a half", "3.5"),
        ("one hundred and five", "105"),
        ("two thousand and five", "2005"),
        ("twenty-one pens", "21 pens"),
        ("a dozen", "12"),
        ("half a dozen", "6"),
        ("one half", "1/2"),
        ("three quarters", "3/4"),
        ("seven eighths", "7/8"),
        ("two and a half", "2.5"),
        ("negative three", "-3"),
        ("十二", "12"),
        ("一百零五", "105"),
        ("三万五千", "35000"),
        ("2 + 3 = 5", "5"),
        ("x = 5", "5"),
        ("Total = 1,000", "1000"),
    ],
)
def test_number(said: str, value: str) -> None:
    found = _found("number", f"Answer: {said}")
    assert found is not None
    assert KINDS["number"].equal(found, value)
    assert not KINDS["number"].equal(found, f"{value.split(maxsplit=1)[0]}1")


@pytest.mark.parametrize("said", ["x = 5 or x = 6", "x = 5, y = 6", "one two three", "five and six"])
@pytest.mark.parametrize("name", ["number", "integer"])
def test_no_number_of_several(name: str, said: str) -> None:
    assert _found(name, f"Answer: {said}") is None


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("between 2024-03-05 and 2024-03-09", None),
        ("2024-03-05 or 2024-03-09", None),
        ("from 2024-03-05 to 2024-03-09", None),
        ("from 5 to 9 March 2024", None),
        ("5 March - 9 March 2024", None),
        ("March 5 or 6, 2024", None),
        ("2024-03-05, that is 5 March 2024", "2024-03-05"),
        ("March 5, 2024 (Tuesday)", "March 5, 2024 (Tuesday)"),
        ("5 March 2024 at 10:30", "5 March 2024 at 10:30"),
        ("10:30 PM", "10:30 PM"),
    ],
)
def test_date(said: str, day: str | None) -> None:
    assert _found("date", f"Answer: {said}") == day


def test_a_time_of_day_is_the_same_on_both_clocks() -> None:
    equal = KINDS["date"].equal
    assert equal("10:30 PM", "22:30")
    assert not equal("10:30", "22:30")
    assert not equal("10:30", "2024-01-01")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The statement is false.", "No"),
        ("Yes it is.", "Yes"),
        ("No (odd)", "No"),
        ("Answer: Y", "Yes"),
        ("Answer: n", "No"),
        ("答案:是", "Yes"),
        ("答えは「はい」です。", "Yes"),
        ("Answer: No, yes would be wrong", "No"),
        ("The answer is No. 5.", None),
        ("Answer: Yes, No", None),
        ("Answer: yes or no", None),
    ],
)
def test_yes_no(text: str, said: str | None) -> None:
    assert _found("yes_no", text) == said


def test_json_in_a_fence() -> None:
    text = 'Sure!\n```json\n{"a": 1}\n```\nHope it helps'
    assert _found("json", text) == '{"a": 1}'
    assert _found("integer", text) is None


@pytest.mark.parametrize("kind", ["number", "integer"])
@pytest.mark.parametrize(
    "said",
    ["42 when x = 3", "$42$ when $x = 3$", "42, using r = 7", "42, n = 5", "42 at x = 3", "42, achieved when x = 3"],
)
def test_a_condition_is_not_the_amount(kind: str, said: str) -> None:
    found = kind_of(kind).read(said)
    assert found is not None
    assert kind_of(kind).equal(found, "42")
    assert kind_of(kind).read("the solution for x = 42") is not None


@pytest.mark.parametrize("said", ['{"a": 1, "b": [2, 3],}', '{"a": 1, "b": [2, 3], "c":', '[{"a": 1}, {"b": 2}'])
def test_no_part_of_a_broken_value_is_one(said: str) -> None:
    assert kind_of("json").read(said) is None
    assert kind_of("json").read(f'see [this]: {{"a": 2}}, {said}') == '{"a": 2}'

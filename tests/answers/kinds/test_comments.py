"""What follows an answer in its sentence to point from it is no part of it, whatever kind of answer it is."""

import pytest

from a2r_ray.answers.judging import Answers
from a2r_ray.config.answer import AnswerConfig
from a2r_ray.records import Problem

NUMBERS = ("math", "integer", "number")


def found(kind: str, text: str, *, guess: bool = False) -> str | None:
    return (
        Answers(AnswerConfig.model_validate({"kind": kind, "guess": "last_number" if guess else None}))
        .of(Problem("p", "q", None))
        .find(text)
    )


@pytest.mark.parametrize(
    "comment",
    [
        *(", not 17", " (not 17)", " — not 17", ", and not 17", " rather than 17", " instead of 17", "，而不是17"),
        *(" (see step 2)", "; see step 3", ", see above", " [see step 2]", " (cf. equation 4)"),
        *(" (from step 2)", " (using step 3)", " per step 3", " by Lemma 2", " (by symmetry)", ", by symmetry"),
        *(", as shown above", " as shown above", " (as computed in part 1)", ", i.e. 17 + 25", " (6 × 7)", " = 6 × 7"),
        *(", no more, no less", " at x = 3", " for x=1", " with k = 3", " given x = 3", " (x = 3)", " when n = 2"),
    ],
)
def test_of_a_number(comment: str) -> None:
    for kind in NUMBERS:
        assert found(kind, f"The answer is 42{comment}.") == "42"
        assert found(kind, f"The answer is 42{comment}.", guess=True) == "42"


@pytest.mark.parametrize(
    "comment",
    [
        *(", not London", " (not London)", " (see step 2)", ", see above", " rather than London", " instead of London"),
        *(", as shown above", " (from the map)", ", i.e. the capital", ", according to the text", " (based on clue 3)"),
    ],
)
def test_of_a_name(comment: str) -> None:
    assert found("text", f"The answer is Paris{comment}.") == "Paris"


@pytest.mark.parametrize("comment", [" (see step 2)", ", not 1, 2, 3", ", as shown above"])
def test_of_a_sequence(comment: str) -> None:
    assert found("sequence", f"The answer is 3, 1, 2{comment}.") == "3, 1, 2"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("text", "Gone with the Wind"),
        ("text", "Not Without My Daughter"),
        ("text", "As You Like It"),
        ("text", "Death by Chocolate"),
        ("text", "To be or not to be"),
        ("text", "A Room with a View"),
        ("text", "Notes from Underground"),
        ("math", "3 (2 + 5)"),
        ("math", "42 = 6 * 8"),
        ("math", "x^n for n = 3"),
        ("math", "1 if x = 3, 0 otherwise"),
    ],
)
def test_what_is_part_of_the_answer_stays(kind: str, said: str) -> None:
    assert found(kind, f"The answer is {said}.") == said


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("A: B", "B"),
        ("A: (B)", "B"),
        ("A: rivers", "A"),
        ("- A: No\n- B: Yes", "B"),
        ("A: No\nB: Yes\nC: No", "B"),
        ("A. Incorrect\nB. Correct\nC. Incorrect", "B"),
        ("A) too small ✗\nB) fits ✓\nC) too large ✗", "B"),
        ("A: Yes\nB: Yes\nC: No", None),
        ("A: No\nB: No", None),
        ("A is too small and C is negative. Thus, B.", "B"),
        ("A is impossible. Hence (B).", "B"),
        ("B is correct; A is too small.", "B"),
        ("We eliminate A and C, so we are left with B.", "B"),
        ("That leaves only B.", "B"),
        ("Only B remains.", "B"),
        ("A is small. Thus, B is large.", None),
    ],
)
def test_a_choice_that_is_singled_out(text: str, letter: str | None) -> None:
    assert found("choice", text) == letter


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('Looking at the range [0, 1], we get {"a": 1}', '{"a": 1}'),
        ('As said in [1], the result is {"a": 1}.', '{"a": 1}'),
        ('In [0, 1] and [1]: [{"a": 1}]', '[{"a": 1}]'),
        ("As said in [1], it is [3, 4].", "[3, 4]"),
        ("It is [1].", "[1]"),
    ],
)
def test_an_object_goes_before_what_may_be_a_note(text: str, value: str) -> None:
    assert found("json", text) == value


@pytest.mark.parametrize(
    "text",
    [
        "So my answer stands: 42",
        "I'd answer 42.",
        "### Conclusion\n42",
        "### Conclusion\n\n**42**",
        "## Conclusion:\n\n$\\boxed{42}$",
        "A: 42",
        "Short answer: 42. Long answer: first we add the numbers, then we subtract.",
        "The answer is 42. Follow-up: what if n = 10? Then the answer would be 17.",
        "The answer is 42.\n\nQ: What is 3 + 4?\nA: 3 + 4 = 7. The answer is 7.",
        "42\n\nQ: What is 3 + 4?\nA: The answer is 7.",
        "The answer is 42.\n\nHuman: next question\nAssistant: The answer is 9.",
        "Q: How many are there?\nA: There are 5. The answer is 5.\n\nQ: How many are left?\nA: The answer is 42.",
    ],
)
def test_other_ways_to_give_a_number(text: str) -> None:
    for kind in NUMBERS:
        assert found(kind, text) == "42"


def test_a_conclusion_in_words_gives_none() -> None:
    assert found("math", "### Conclusion\nIn this essay we looked at sums.") is None

"""An answer that its writer takes back is not theirs: what they put in its place is."""

import pytest

from a2r_ray.answers.judging import Answers
from a2r_ray.config.answer import AnswerConfig
from a2r_ray.records import Problem


def found(kind: str, text: str) -> str | None:
    return Answers(AnswerConfig.model_validate({"kind": kind})).of(Problem("p", "q", None)).find(text)


KINDS = {"math": ("17", "42"), "integer": ("17", "42"), "choice": ("A", "B"), "text": ("Rome", "Paris")}
TAKEN_BACK = [
    "But wait, this is wrong; it should be {}.",
    "Correction: {}.",
    "No wait, it's {}.",
    "On reflection, {} is the correct answer.",
    "Wait, that's wrong. It is {}.",
    "Hmm, wait. It should be {}.",
    "Scratch that, it's {}.",
    "Oops, I made a mistake: it is {}.",
    "Hold on, it's actually {}.",
    "On second thought, it's {}.",
    "Sorry, that is incorrect. The value is {}.",
    "I made an error. It should be {}.",
    "Let me correct that: {}.",
    "Actually, no. It's {}.",
    "Wait, no, {}.",
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("taken_back", TAKEN_BACK)
def test_what_is_put_in_its_place_counts(kind: str, taken_back: str) -> None:
    first, then = KINDS[kind]
    behind = taken_back.format(then)
    for begins in (
        f"The answer is {first}.",
        f"So the answer is $\\boxed{{{first}}}$.",
        f"<answer>{first}</answer>\n\n",
    ):
        assert found(kind, f"{begins} {behind}") == then
    assert found(kind, f"The answer is {first}. {behind}\n\nSo the answer is {first} after all.") is not None


@pytest.mark.parametrize(
    ("kind", "text", "answer"),
    [
        ("math", "The answer is 17, wait no, 42.", "42"),
        ("math", "The answer is 17 — sorry, 42.", "42"),
        ("math", "The answer is 17, I mean 42.", "42"),
        ("yes_no", "The answer is No, wait, yes.", "Yes"),
        ("math", "The answer is ~~17~~ 42.", "42"),
        ("choice", "Answer: ~~A~~ B", "B"),
        ("text", "The answer is <del>Rome</del> Paris.", "Paris"),
    ],
)
def test_so_does_what_is_put_right_within_a_sentence(kind: str, text: str, answer: str) -> None:
    assert found(kind, text) == answer


@pytest.mark.parametrize(
    "behind",
    [
        "Let me check: 6 times 7. Wait, is that right? Yes, it's fine.",
        "Wait, let me double check. It's 6 * 7 = 42. Good.",
        "Wait, it's not 17 because 17 is odd.",
        "One might say it is wrong; it is not.",
        "I was wrong to doubt it.",
        "Wait, that's right.",
        "This is wrong if n is even.",
        "Correction of the tests: none.",
        "No mistake was made.",
        "Hold on to your hat.",
        "Actually, it is easy.",
        "Note that 17 is a common mistake.",
        "Wait until 5 o'clock.",
        "The error is 3%.",
        "Many students get it wrong: they forget the 2.",
        "Is it correct? Yes.",
        "To check that it's correct, plug in 3.",
    ],
)
@pytest.mark.parametrize("begins", ["The answer is 42.", "So the answer is $\\boxed{42}$."])
def test_what_only_looks_so_takes_nothing_back(begins: str, behind: str) -> None:
    for kind in ("math", "integer"):
        assert found(kind, f"{begins} {behind}") == "42"


@pytest.mark.parametrize("begins", ["The answer is 42.", "So the answer is $\\boxed{42}$.", "#### 42\n"])
@pytest.mark.parametrize(
    "behind",
    ["Wait, that is wrong.", "No, this is incorrect!", "Hmm, that's not right. Let me think", "But that is a mistake."],
)
def test_what_is_called_wrong_and_not_replaced_is_no_answer(begins: str, behind: str) -> None:
    for kind in ("math", "integer"):
        assert found(kind, f"{begins} {behind}") is None


def test_the_last_word_counts() -> None:
    assert found("math", "The answer is 17. Wait, it's 18. No, wait, it's 42.") == "42"
    assert found("math", "\\boxed{17} Wait, that's wrong. \\boxed{42}") == "42"

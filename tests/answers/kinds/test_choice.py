"""Choices: which letter of a text is one, and which is part of a word, a formula, or of what is not chosen."""

import pytest

from a2r_ray.answers.judging import Answers
from a2r_ray.answers.kinds import kind_of
from a2r_ray.config.answer import AnswerConfig
from a2r_ray.records import Problem

RIVERS = '{"choices": ["lakes", "rivers", "oceans", "ponds"]}'
BLOOD = '{"choices": {"A": "O", "B": "A", "C": "AB", "D": "B"}}'
PARTS = '{"choices": ["1/2", "1/3", "1/4", "2/3"]}'


def _found(text: str, metadata: str = "{}") -> str | None:
    problem = Problem("p1", "Which?", reference_answer="B", metadata=metadata)
    return Answers(AnswerConfig(kind="choice")).of(problem).find(text)


@pytest.mark.parametrize(
    "text",
    [
        "The answer is anything but B.",
        "The answer is D.C.",
        "The answer is B/W film.",
        "The answer is C-section.",
        "The answer is all except B.",
        "The answer is everything but C.",
        "The answer is C++.",
        "The answer is E. coli.",
        "The answer is C# major.",
        "The answer is B♭.",
        "The answer is E-mail.",
        "The answer is D-day.",
        "The answer is B-cells.",
        "The answer is F = ma.",
        "The answer is E = mc^2.",
        "The answer is A = 5.",
        "The answer is A through C.",
        "The answer is A to C.",
        "The answer is A-C.",
        "The answer is A–D.",
        "The answer is vitamin C.",
        "The answer is C major.",
        "The answer is Vitamin D.",
        "The answer is F(x) = 2x.",
        "The answer is C. elegans.",
        "The answer is B+.",
        "The answer is plan B.",
        "The answer is hepatitis B.",
        "The answer is B/C.",
        "The answer is any option except B.",
        "The answer is none but the brave.",
        "The answer is all of them except (C).",
        "The answer is H. pylori.",
        "The answer is B_1.",
        "The answer is B^2.",
        "The answer is E major.",
        "The answer is F#.",
        "The answer is A, B, or C.",
        "The answer is every option other than D.",
        "The answer is the C programming language.",
        "The answer is grade B.",
        "The answer is D minor.",
        "The answer is A/C.",
        "The answer is G-protein.",
        "The answer is type B blood.",
        "The answer is A > B.",
        "The answer is C → D.",
        "A. lakes\nB. rivers\nC. oceans",
        "A. First, we add.\n\nB. Then we subtract.",
        "A river flows to the sea.",
        "I. Introduction\n\nRivers.",
        "A\n\nB",
        "It's a river.",
        "It's C major.",
        "I think it's between A and B.",
    ],
)
def test_what_is_no_choice(text: str) -> None:
    assert _found(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "The answer is B.",
        "The answer is B. rivers",
        "The answer is B. coli",
        "The answer is (B) E. coli",
        "The answer is B: F = ma",
        "The answer is B (not C).",
        "The answer is B: rivers",
        "The answer is B - rivers",
        "The answer is B (rivers)",
        "The answer is (B).",
        "The answer is B, rivers.",
        "The answer is none other than B.",
        "The answer is B. Rivers flow.",
        "**B. rivers**\n\nExplanation: they flow.",
        "B. rivers\n\nRivers flow to the sea.",
        "It's B.",
        "Among the options, B is the correct one.",
        "B",
        "(B) rivers\n\nBecause they flow.",
        "**B) rivers**",
        "B) rivers\n\nA is wrong since lakes stand. C is wrong.",
        "It is B.",
        "It's B because rivers flow.",
        "I think it's B.",
        "So it's B.",
        "Rivers flow.\n\n**B. rivers**",
        "Rivers flow to the sea.\n\nB",
        "Option B.\n\nRivers flow.",
        "**B**\n\nRivers flow.",
        "Of the four choices, B is the best one.",
        "The answer is option B here.",
        "I would say B.",
        "The right one is B.",
        "B is the right option.",
        "**Answer: B. rivers**",
        "Rivers flow, so it must be B.",
        "That would be B.",
        "B.\n\nRivers flow.",
    ],
)
def test_what_chooses(text: str) -> None:
    assert _found(text) == "B"


@pytest.mark.parametrize(
    ("metadata", "text", "letter"),
    [
        (BLOOD, "The answer is B. A", "B"),
        (BLOOD, "(B) A", "B"),
        (BLOOD, "The answer is (B) A.", "B"),
        (BLOOD, "B. A", "B"),
        (BLOOD, "The answer is A. O", "A"),
        (BLOOD, "The answer is D. B.", "D"),
        (BLOOD, "The answer is C. AB", "C"),
        (BLOOD, "The answer is A.", "A"),
        (BLOOD, "The answer is O.", "A"),
        (BLOOD, "The answer is AB.", "C"),
        (BLOOD, "B) A\n\nBlood type A.", "B"),
        (PARTS, "The answer is \\frac{1}{3}", "B"),
        (PARTS, "The answer is 1/3.", "B"),
        (PARTS, "The answer is $\\frac{2}{3}$.", "D"),
        (PARTS, "\\boxed{\\frac13}", "B"),
        (PARTS, "The answer is 5/7.", None),
        (PARTS, "The answer is 2/6", "B"),
        (RIVERS, "The answer is rivers.", "B"),
        (RIVERS, "rivers", "B"),
        (RIVERS, "Rivers.\n\nThey flow.", None),
        (RIVERS, "The answer is B. lakes", None),
        (RIVERS, "The answer is E. coli.", None),
    ],
)
def test_the_texts_of_the_choices_are_known(metadata: str, text: str, letter: str | None) -> None:
    assert _found(text, metadata) == letter


def test_only_who_looks_for_a_choice_takes_the_letter_of_a_line() -> None:
    judges = (Answers().of(Problem("p1", "Which?", answer_kind=kind)) for kind in ("math", "text", "sequence", "date"))
    assert [judge.find("**B. rivers**\n\nRivers flow.") for judge in judges] == [None] * 4


def test_the_same_amount_in_two_choices_is_none() -> None:
    assert kind_of("choice", choices={"A": "0.5", "B": "1/2"}).read("2/4") is None

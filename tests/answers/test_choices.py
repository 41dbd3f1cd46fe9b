"""The choices of a problem are known where a column has them, or its text lists them."""

import json
from typing import Any

import pytest

from a2r_ray.answers.choices import choices_of
from a2r_ray.answers.judging import Answers
from a2r_ray.config.answer import AnswerConfig
from a2r_ray.records import Problem
from tests.stopwatch import stopwatch


def problem(text: str = "?", **metadata: Any) -> Problem:
    return Problem("p", text, metadata=json.dumps(metadata))


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"choices": ["lakes", "rivers"]}, {"A": "lakes", "B": "rivers"}),
        ({"options": ["A. lakes", "B. rivers"]}, {"A": "lakes", "B": "rivers"}),
        ({"options": {"A": "lakes", "B": "rivers"}}, {"A": "lakes", "B": "rivers"}),
        ({"choices": {"label": ["1", "2"], "text": ["lakes", "rivers"]}}, {"1": "lakes", "2": "rivers"}),
        ({"choices": [1, 2]}, {"A": "1", "B": "2"}),
        ({"choices": "lakes"}, {}),
        ({"choices": []}, {}),
        ({"choices": ["only one"]}, {}),
        ({"choices": None}, {}),
        ({}, {}),
    ],
)
def test_in_a_column(given: dict[str, Any], found: dict[str, str]) -> None:
    assert choices_of(problem(**given)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Which?\nA) lakes\nB) big rivers\nC) seas", {"A": "lakes", "B": "big rivers", "C": "seas"}),
        ("Which?\n(A) lakes\n(B) rivers\n", {"A": "lakes", "B": "rivers"}),
        ("Which?\nA. lakes\nB. rivers", {"A": "lakes", "B": "rivers"}),
        ("Which? A) lakes B) rivers C) seas", {"A": "lakes", "B": "rivers", "C": "seas"}),
        ("Which? (A) 2x, (B) 3x", {"A": "2x", "B": "3x"}),
        ("Which?\nA: lakes\nB: rivers", {"A": "lakes", "B": "rivers"}),
        ("Points A and B lie on a circle. (A) is first.", {}),
        ("What is f(A) + f(B)?", {}),
        ("Plan A: go. Then?", {}),
        ("", {}),
    ],
)
def test_in_the_text(text: str, found: dict[str, str]) -> None:
    assert choices_of(problem(text)) == found


def test_the_text_of_a_choice_is_its_letter() -> None:
    answers = Answers(AnswerConfig(kind="choice"))
    asked = Problem("p", "Which?\nA) lakes\nB) rivers", reference_answer="rivers")
    assert answers.of(asked).find("The answer is rivers.") == "B"
    assert answers.of(asked).correct("B") is True
    assert answers.of(asked).correct("A") is False


def test_hostile_text_takes_linear_time() -> None:
    with stopwatch() as watch:
        for piece in ("A) ", "(A) x ", "A)\n", "A. B. ", " " * 50, "A) " + "x" * 299):
            choices_of(problem(piece * (200_000 // len(piece))))
    assert watch.cpu_s < 3

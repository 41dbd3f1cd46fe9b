"""Each problem is judged by its own kind, or by the run's."""

import json

import pytest

from a2r_ray.answers.judging import Answers
from a2r_ray.config.answer import AnswerConfig
from a2r_ray.records import Problem

SAID = {
    "math": ("So the total is \\boxed{\\frac{1}{2}}.", "0.5", "\\frac{1}{2}"),
    "choice": ("I think the answer is B) rivers.", "B", "B"),
    "integer": ("The answer is 12 pens.", "12", "12 pens"),
    "number": ("The answer is 5 km.", "5000 m", "5 km"),
    "text": ("The answer is 'the Treaty of Ghent'.", "THE treaty of ghent", "the Treaty of Ghent"),
    "sequence": ("The answer is 3, 1, 2.", "3 1 2", "3, 1, 2"),
    "date": ("The answer is January 2, 2024.", "2024-01-02", "January 2, 2024"),
    "json": ('The answer is {"a": 1, "b": [2]}.', '{"b":[2],"a":1}', '{"a": 1, "b": [2]}'),
    "yes_no": ("The answer is yes, because it is.", "Yes", "Yes"),
}


@pytest.mark.parametrize("kind", sorted(SAID))
def test_an_answer_is_found_and_right_by_its_kind(kind: str) -> None:
    text, known, found = SAID[kind]
    answers = Answers(AnswerConfig.model_validate({"kind": kind}))
    asked = Problem("p", "?", reference_answer=known)
    assert answers.of(asked).find(text) == found
    assert answers.of(asked).correct(found) is True
    assert answers.of(asked).correct("nonsense") is False
    assert answers.of(asked).correct(None) is False
    assert answers.of(Problem("p", "?")).correct(found) is None
    assert not answers.of(asked).is_lost


def test_a_problem_s_own_kind_goes_before_the_run_s() -> None:
    answers = Answers(AnswerConfig(kind="math"))
    asked = Problem("p", "?", reference_answer="3 1 2", answer_kind="sequence")
    assert answers.of(asked).correct("3, 1, 2") is True
    assert answers.of(asked).correct("1, 2, 3") is False


@pytest.mark.parametrize(
    ("kind", "known", "lost"),
    [
        ("integer", "Tuesday", True),
        ("integer", "So it is\n#### 12", False),
        ("date", "someday", True),
        ("yes_no", "maybe", True),
        ("choice", "forty-two", True),
        ("text", "maybe", False),
        ("math", "So\n####", True),
        ("gym:chain_sum", "anything", False),
    ],
)
def test_a_known_answer_that_is_none_of_its_kind_is_lost(kind: str, known: str, *, lost: bool) -> None:
    assert Answers().of(Problem("p", "?", reference_answer=known, answer_kind=kind)).is_lost is lost


def test_a_worked_solution_is_known_by_what_it_announces() -> None:
    for kind in ("math", "integer", "number"):
        answers = Answers(AnswerConfig.model_validate({"kind": kind}))
        assert answers.of(Problem("p", "?", reference_answer="2 * 6 = 12\n#### 12")).correct("12") is True


def test_the_last_number_is_guessed_only_where_that_is_asked_for() -> None:
    text = "First 3, and then 4 apples"
    for kind in ("math", "integer"):
        plain = AnswerConfig.model_validate({"kind": kind})
        assert Answers(plain).of(Problem("p", "?")).find(text) is None
        guessing = plain.model_copy(update={"guess": "last_number"})
        assert Answers(guessing).of(Problem("p", "?")).find(text) == "4"


def test_a_tolerance_holds_for_numbers() -> None:
    near = Answers(AnswerConfig(tolerance=0.01))
    asked = Problem("p", "?", reference_answer="3.14159")
    assert near.of(asked).correct("3.14") is True
    assert near.of(asked).correct("3.2") is False
    assert Answers().of(asked).correct("3.14") is False


def test_what_is_no_choice_is_looked_for_behind_it() -> None:
    asked = Problem("p", "?", reference_answer="D", answer_kind="choice", metadata=json.dumps({}))
    text = "We know \\boxed{H \\ll E}. So:\n\n**Answer: D**"
    assert Answers().of(asked).find(text) == "D"
    assert Answers().of(Problem("p", "?")).find(text) == "D"

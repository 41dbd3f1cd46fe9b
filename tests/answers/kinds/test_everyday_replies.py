"""Replies as people get them, by kind: found, and right or wrong."""

import pytest

from a2r_ray.answers.judging import Answers
from a2r_ray.config.answer import AnswerConfig
from a2r_ray.records import Problem


@pytest.mark.parametrize(
    ("kind", "known", "text", "right"),
    [
        ("number", "5 km", "La réponse est 5,00 kg.", False),
        ("number", "5 km", "La réponse est 5,00 km.", True),
        ("number", "$5", "Die Antwort ist 5,00 €.", False),
        ("number", "5,5 km", "La réponse est 5,5 kg.", False),
        ("number", "1,500", "The answer is 1,500 people.", True),
        ("number", "5", "Answer: 5 squared", False),
        ("number", "7", "Answer: 7 thirds", False),
        ("integer", "5", "Answer: 5 squared", False),
        ("integer", "12", "The answer is 12 months.", True),
        ("number", "9.11", "Antwort: 9.11.1989", False),
        ("integer", "17", "Yes, 17 is prime.", False),
        ("choice", "A", "The correct answers are A) 2 and C) 7.", False),
        ("choice", "A, C", "The correct answers are A) 2 and C) 7.", True),
        ("choice", "B", "The answer is between A and B", False),
        ("choice", "A", "The answer is A) rivers, not B) lakes.", True),
        ("json", '{"a": 1}', 'Sure!\n{"a":1}', True),
        ("json", '{"a": 1}', "{'a': 1}", True),
        ("json", '{"a": 1}', "Sure, a is 1.", False),
        ("sequence", "apple, fig, pear", "Answer:\n1. apple\n2. fig\n3. pear", True),
        ("sequence", "apple, fig, pear", "Answer:\n- apple\n- fig\n- pear", True),
        ("sequence", "apple, fig, pear", "Answer:\n- fig\n- apple\n- pear", False),
    ],
)
def test_they_are_judged_as_a_reader_would(kind: str, known: str, text: str, *, right: bool) -> None:
    judge = Answers(AnswerConfig.model_validate({"kind": kind})).of(Problem("p", "?", reference_answer=known))
    assert judge.correct(judge.find(text)) is right

"""Stretches: titles that begin as no answer does, layouts, and amounts and dates that are said twice."""

import pytest

from a2r_ray.answers.judging import Answers
from a2r_ray.records import Problem


def _found(text: str, kind: str) -> str | None:
    return Answers().of(Problem("p1", "Which?", reference_answer="7", answer_kind=kind)).find(text)


@pytest.mark.parametrize("kind", ["math", "text"])
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The answer is Mr. and Mrs. Smith.", "Mr. and Mrs. Smith"),
        ("Answer: Here Comes the Sun", "Here Comes the Sun"),
        ("Answer: What Is Love", "What Is Love"),
        ("**Answer:** So What", "So What"),
        ("Answer: Because of You", "Because of You"),
        ("Answer: Not Without My Daughter", "Not Without My Daughter"),
        ("Answer: since 1990", "since 1990"),
        ("**Answer:** Who Framed Roger Rabbit?", "Who Framed Roger Rabbit?"),
        ("Answer: Let It Be", "Let It Be"),
        ("Answer: Where the Wild Things Are", "Where the Wild Things Are"),
        ("Answer: When Harry Met Sally", "When Harry Met Sally"),
        ("The answer is Where the Wild Things Are.", "Where the Wild Things Are"),
        ("Answer: How Green Was My Valley", "How Green Was My Valley"),
        ("Answer: In the Heat of the Night", "In the Heat of the Night"),
        ("Answer: Why So Serious?", "Why So Serious?"),
        ("Answer: Who Killed Bambi?", "Who Killed Bambi?"),
        ("Answer: Dr. and Mrs. Lee", "Dr. and Mrs. Lee"),
        ("Answer: We Will Rock You", "We Will Rock You"),
        ("Answer: I Will Always Love You", "I Will Always Love You"),
        ("The answer is Because of You.", "Because of You"),
        ("Answer: Given to Fly", "Given to Fly"),
        ("Answer: Once Upon a Time in America", "Once Upon a Time in America"),
        ("Answer: Not enough information", None),
        ("Answer: Let me think about it", None),
        ("Answer: What is asked is the sum", None),
        ("Answer: Since 7 is odd, we add", None),
        ("The answer is here.", None),
        ("The answer is not obvious.", None),
        ("Answer: See below", "See below"),
        ("The answer is What?", None),
        ("Answer: So we get this", None),
        ("Answer: Because it is odd", None),
        ("Answer: Here is the solution", None),
        ("Is the answer 5? No, the answer is 6.", "6"),
        ("Answer: What is 5 + 3?", None),
    ],
)
def test_titles(text: str, answer: str | None, kind: str) -> None:
    assert _found(text, kind) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("So we get 24 ways. **Answer**\n\n24", "24"),
        ("The answer is...\n\n7", "7"),
        ("= 7", "7"),
        ("答えは「東京」です。", "東京"),
        ("答案是「北京」。", "北京"),
        ("The answer is (3, 1, 2, 4), in that order.", "(3, 1, 2, 4)"),
        ("The answer is…\n\n7", "7"),
        ("We add. **Final Answer:**\n\n24", "24"),
        ("We add them. **Final Answer**\n24", "24"),
        ("=7", "7"),
        ("= $7$", "7"),
        ("The answer is 3, 1, 2, in this order.", "3, 1, 2"),
        ("The answer is A, C, B in that order.", "A, C, B"),
        ("The answer is 3 1 2 respectively.", "3 1 2"),
        ("The answer is 3 and 5, respectively.", "3 and 5"),
        ("The answer is ____.\n\n7", None),
        ("The answer is 3, 1, 2 (in that order).", "3, 1, 2"),
        ("The answer is \\(7\\).", "7"),
        ("Answer: She has 7 apples left.", "7 apples"),
        ("Answer: She has 7 left.", "7"),
        ("Answer: Tom earns $18 every day.", "18"),
        ("Answer: The farmer sold 12 eggs in total.", "12 eggs"),
        ("Answer: She has 5 apples. She buys 3 more. That makes 8.", "She has 5 apples"),
        ("Answer: She has 7 more apples than Tom.", "She has 7 more apples than Tom"),
        ("Answer: She does not have 7 apples.", "She does not have 7 apples"),
        ("Answer: She has 7 apples and 3 pears.", "She has 7 apples and 3 pears"),
        ("Answer: We need 7 apples.", None),
        ("Answer: He ran 3 times.", "He ran 3 times"),
        ("**Answer:** She has **7** apples left.", "7 apples"),
        ("Answer: She has 2 dozen eggs.", "She has 2 dozen eggs"),
        ("The answer is a red car.", "a red car"),
        ("La réponse est 7 car il y en a 7.", "7"),
    ],
)
def test_layouts_and_sentences(text: str, answer: str | None) -> None:
    assert _found(text, "math") == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The answer is Paris because it is the capital.", "Paris"),
        ("The answer is Paris, because it is the capital.", "Paris"),
        ("The answer is Paris, since it is big.", "Paris"),
        ("The answer is Because of You.", "Because of You"),
        ("答えは「東京」です。", "東京"),
        ("The answer is Catcher in the Rye.", "Catcher in the Rye"),
        ("The answer is the cat which sat on the mat.", "the cat which sat on the mat"),
        ("The answer is Paris (France).", "Paris (France)"),
        ("The answer is He lost because he was ill.", "He lost because he was ill"),
        ("The answer is Paris, as it is the capital.", "Paris"),
        ("The answer is Paris, which is the capital.", "Paris"),
    ],
)
def test_the_cause_of_a_name_is_no_part_of_it(text: str, answer: str) -> None:
    assert _found(text, "text") == answer


@pytest.mark.parametrize(
    ("kind", "text", "answer"),
    [
        ("sequence", "Answer:\n| 1 | 2 |\n|---|---|\n| 3 | 4 |", "| 1 | 2 |\n|---|---|\n| 3 | 4 |"),
        ("sequence", "Answer: 1 2 3", "1 2 3"),
        ("sequence", "Answer:\n1 2\n3 4", "1 2\n3 4"),
        ("sequence", "The answer is (3, 1, 2, 4), in that order.", "(3, 1, 2, 4)"),
        ("date", "The answer is 2 days after Dec 31, 2023, i.e. January 2, 2024.", "January 2, 2024"),
        ("date", "The answer is January 2, 2024.", "January 2, 2024"),
        ("date", "The answer is January 2, 2024, i.e. two days after Dec 31, 2023.", "January 2, 2024"),
        ("date", "The answer is 3 weeks before March 5, 2024, which is February 13, 2024.", "February 13, 2024"),
        ("date", "The answer is 2 days after Dec 31, 2023: January 2, 2024.", "January 2, 2024"),
    ],
)
def test_tables_and_dates(kind: str, text: str, answer: str) -> None:
    assert _found(text, kind) == answer


@pytest.mark.parametrize("kind", ["math", "integer", "number"])
@pytest.mark.parametrize("again", [" (2 hours 40 minutes)", " (or 2 hours 40 minutes)", ", or 2 hours and 40 minutes"])
def test_an_amount_in_two_units_is_the_first(kind: str, again: str) -> None:
    assert _found(f"The answer is 160 minutes{again}.", kind) == "160 minutes"

"""Everyday replies: what is found in each, and where a reader would find nothing."""

import pytest

from a2r_ray.answers.judging import Answers
from a2r_ray.config.answer import AnswerConfig
from a2r_ray.records import Problem

NUMBERS = "math integer number"
REPLIES: dict[tuple[str, str | None], list[str]] = {
    (NUMBERS, "42"): [
        "The answer is 42.\n\nProblem: 2+2?\nSolution: The answer is 4.",
        "The answer is 42<|im_end|>\n<|im_start|>user\n2+2?<|im_end|>\nThe answer is 4.",
        "The answer is 42.\n\nExample 2: What is 2+2?\nThe answer is 4.",
        "The answer is 42.\n\nExercise 2. What is 2+2?\nThe answer is 4.",
        "The answer is 42.\n\nTask: What is 2+2?\nThe answer is 4.",
        "The answer is 42.\n\n### Question\n What is 2+2?\nThe answer is 4.",
        "The answer is 42.\n\n### Instruction: What is 2+2?\nThe answer is 4.",
        "The answer is 42.\n\n**Question 2:** What is 2+2?\nThe answer is 4.",
        "The answer is 42.\n\n[Question] What is 2+2?\nThe answer is 4.",
        "The answer is 42.\n\nQ2. What is 2+2?\nThe answer is 4.",
        "The answer is 42.\n\n问题: What is 2+2?\nThe answer is 4.",
        "The answer is 42.\n\nFrage: What is 2+2?\nThe answer is 4.",
        "The answer is 42.\n\n</s>[INST] What is 2+2?\nThe answer is 4.",
        "The answer is 42.\n\nQuestion 2: What is 2+2?\nThe answer is 4.",
        "Problem: what is 6*7?\nSolution: we multiply. The answer is 42.\n\nProblem: 2+2?\nSolution: The answer is 4.",
        "The answer is 17. Actually, it's 42.",
        "The answer is \\boxed{17}. Actually, it's 42.",
        "The answer is 17. Actually, 42.",
        "The answer is \\boxed{17}. Actually, 42.",
        "The answer is 17. Sorry, it's 42.",
        "The answer is \\boxed{17}. Sorry, it's 42.",
        "The answer is 17. No, it is 42.",
        "The answer is \\boxed{17}. No, it is 42.",
        "The answer is 17. Make that 42.",
        "The answer is \\boxed{17}. Make that 42.",
        "The answer is 17. EDIT: 42",
        "The answer is \\boxed{17}. EDIT: 42",
        "The answer is 17. Update: 42",
        "The answer is \\boxed{17}. Update: 42",
        "The answer is 17. My bad, 42.",
        "The answer is \\boxed{17}. My bad, 42.",
        "The answer is 17. Apologies, the correct value is 42.",
        "The answer is \\boxed{17}. Apologies, the correct value is 42.",
        "The answer is 17. Ignore that. It's 42.",
        "The answer is \\boxed{17}. Ignore that. It's 42.",
        "The answer is 17. Or rather, 42.",
        "The answer is \\boxed{17}. Or rather, 42.",
        "The answer is 17. Hmm, no, 42.",
        "The answer is \\boxed{17}. Hmm, no, 42.",
        "The answer is 17. Revised answer: 42",
        "The answer is \\boxed{17}. Revised answer: 42",
        "The answer is 17. Corrected answer: 42.",
        "The answer is \\boxed{17}. Corrected answer: 42.",
        "Correct answer: 42\nYour answer: 17",
        "The obvious answer is 17, but it's really 42.",
        "A quick answer is 17, but the right one is 42.",
        "The answer is \\boxed{42} (earlier I wrote \\boxed{17} by mistake).",
        "The answer is 42 I hope this helps!",
        "The answer is 42 (confidence: 95%)",
        "The answer is 42 (95% sure)",
        "The answer is 42 QED",
        "The answer is 42, I think.",
        "The answer is 42 (was 17)",
        "The answer is 42 in this case",
        "The answer is 42, QED",
        "The answer is 42 only",
    ],
    ("choice", "B"): [
        "The answer is B.\n\nProblem 2: x?\nThe answer is A.",
        "Answer: A is incorrect, B is correct",
    ],
    (NUMBERS, None): [
        "The answer is 17. Actually, scratch that.",
        "The answer is 17. I take that back.",
        "The answer is 17. Hmm, that can't be right.",
        "The answer is 17. This is wrong, since x must be even.",
        "The answer is 17. Please disregard my previous answer.",
        "The answer could not be 17.",
        "The answer may not be 17.",
        "The answer might not be 17.",
        "The answer would not be 17.",
        "The answer could never be 17.",
        "The answer can never be 17.",
        "I doubt the answer is 17.",
        "I'm not convinced that the answer is 17.",
        "I disagree that the answer is 17.",
        "I no longer think the answer is 17.",
        "Nobody says the answer is 17.",
        "Let's say the answer is 17.",
        "Let's guess the answer is 17.",
        "Naively, the answer is 17.",
        "At first glance, the answer is 17.",
    ],
    ("choice", "C"): [
        "The answer is B. Hmm, no, C.",
    ],
    ("text", "Paris"): [
        "The answer is London. Actually, Paris.",
        "The answer is Paris ✅",
    ],
    ("integer number", None): [
        "Answer: all but 17",
        "The answer is anything but 17.",
        "Answer: 3 (million)",
        "Answer: 3 (negative)",
        "Answer: 3 (binary)",
        "Answer: 3 (recurring)",
        "Answer: 3 (percent)",
        "Answer: 3 (squared)",
        "Answer: 3 (dozen)",
        "Answer: 3 (imaginary)",
        "Answer: 3 (loss)",
        "Answer: 3 (if n is even)",
    ],
    ("choice", None): [
        "The answer is never B.",
        "Answer: ≠ B",
        "Answer: A and B are wrong",
        "Answer: A or maybe B",
        "The answer is A->B",
        "The answer is J. K. Rowling.",
        "The answer is John F. Kennedy",
    ],
    ("math", "3 if n is even and 4 if n is odd"): [
        "The answer is $3$ if $n$ is even and $4$ if $n$ is odd.",
    ],
    ("math", "3 if x > 0 and -3 if x < 0"): [
        "The answer is 3 if x > 0 and -3 if x < 0.",
    ],
    ("math", "3, 4"): [
        "\\boxed{3} if n is even and \\boxed{4} if n is odd",
    ],
    ("math", "3 (million)"): [
        "Answer: 3 (million)",
    ],
    ("math", "3 (negative)"): [
        "Answer: 3 (negative)",
    ],
    ("math", "3 (binary)"): [
        "Answer: 3 (binary)",
    ],
    ("math", "3 (recurring)"): [
        "Answer: 3 (recurring)",
    ],
    ("math", "3 (percent)"): [
        "Answer: 3 (percent)",
    ],
    ("math", "3 (squared)"): [
        "Answer: 3 (squared)",
    ],
    ("math", "3 (dozen)"): [
        "Answer: 3 (dozen)",
    ],
    ("math", "3 (imaginary)"): [
        "Answer: 3 (imaginary)",
    ],
    ("math", "3 (loss)"): [
        "Answer: 3 (loss)",
    ],
    ("math", "3 (if n is even)"): [
        "Answer: 3 (if n is even)",
    ],
    ("integer", None): [
        "The answer is divisible by 3.",
        "The answer is a 3-digit number.",
        "The answer is on page 3.",
        "The answer is coprime to 3.",
        "The answer is one of 3 values.",
        "The answer is less than or equal to 3.",
        "The answer is in excess of 3.",
        "The answer is bounded by 3.",
        "The answer is proportional to 3.",
        "The answer is the negative of 3.",
        "The answer is the opposite of 3.",
        "The answer is the successor of 3.",
        "The answer is the number after 3.",
        "The answer is sine of 3.",
        "The answer is e to the 3.",
        "Answer: see problem 3",
        "Answer: May 5",
        "Answer: COVID-19",
        "Answer: 5 degrees below zero",
    ],
    ("choice", "D"): [
        "D) Both A and B",
        "The answer is D (A and B).",
        "**D. A, B and C**",
    ],
    ("date", None): [
        "The answer is no later than 2024-01-02.",
        "The answer is earlier than 2024-01-02.",
        "The answer is later than 2024-01-02.",
        "The answer is one week from 2024-01-02.",
        "The answer is the eve of 2024-01-02.",
        "The answer is any day except 2024-01-02.",
        "The answer is 32 January 2024.",
        "The answer is late January 2024.",
        "The answer is 31/04/2024.",
    ],
    ("date", "January 5, 2024"): [
        "The answer is January 2, 2024 + 3 days = January 5, 2024.",
    ],
    ("yes_no", None): [
        "Yes, if n is even; otherwise no.",
        "No for odd n, yes for even n.",
        "The statement is true for n = 2 but false in general.",
        "It's correct to say no.",
    ],
    ("yes_no", "Yes"): [
        "Yes, no doubt.",
        "Yes, there is no other way.",
        "Yes ✅",
    ],
    ("yes_no", "No"): [
        "No, the statement that all are true is wrong.",
    ],
    (NUMBERS, "10"): [
        "The answer is 5 choose 2, i.e., 10.",
    ],
    ("sequence", "[1, 2, 3]"): [
        "Answer: [1, 2, 3] ✅",
    ],
}
"""By kinds of answers and the answer: what is said."""


@pytest.mark.parametrize(
    ("kinds", "answer", "reply"), [(*key, reply) for key, replies in REPLIES.items() for reply in replies]
)
def test_the_answer_is_found_and_nothing_else(kinds: str, answer: str | None, reply: str) -> None:
    for kind in kinds.split():
        judge = Answers(AnswerConfig.model_validate({"kind": kind})).of(Problem("p", "q", None))
        assert judge.find(reply) == answer, kind

"""Asides in boxes, in other marks, in other languages, and for other kinds of answers."""

import pytest

from a2r_ray.answers.finding import extract
from a2r_ray.answers.judging import Answers
from a2r_ray.records import Problem


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("\\boxed{7}\n\nNote: had we used x=3 we would get \\boxed{8}.", "7"),
        ("We have \\boxed{7}. Check: the alternative \\boxed{8} fails.", "7"),
        ("\\boxed{7}\n\nPath 2's answer, \\boxed{8}, is incorrect.", "7"),
        ("\\boxed{7}. Path 2 says the answer is \\boxed{8}.", "7"),
        ("\\boxed{7}\n\nCandidate 2 gets \\boxed{8}, which is wrong.", "7"),
        ("\\boxed{7}\n\nCandidate 2: \\boxed{8}", "7"),
        ("The answer is 7. Path 2's answer is \\boxed{8}, which is incorrect.", "7"),
        ("Candidate 1: \\boxed{8}\nCandidate 2: \\boxed{7}\n", None),
        ("Candidate 1: \\boxed{8}\nCandidate 2: \\boxed{8}\n", "8"),
        ("\\boxed{7}\n\nWithout the restriction, the answer is \\boxed{8}.", "7"),
        ("\\boxed{3}. So x is 3 and the answer would be \\boxed{7}.", "7"),
        ("We get \\boxed{3}.\n\nNote that we need the square, so the answer is \\boxed{9}.", "9"),
        ("\\boxed{8}\n\nThat is wrong. \\boxed{7}", "7"),
        ("Path 2 is right: \\boxed{7}", "7"),
        ("Path 1 has \\boxed{8}, wrong. The right answer: \\boxed{7}", "7"),
        ("\\boxed{7}\n\nSome students get \\boxed{8} by adding.", "7"),
        ("\\boxed{7}\n\nIf x were 3, we would get \\boxed{8}.", "7"),
        ("\\boxed{7}\n\nThe root \\boxed{8} is extraneous.", "7"),
        ("\\boxed{5}\n\nThis does not work. \n\n\\boxed{7}", "7"),
        ("The majority answer is \\boxed{7}.", "7"),
        ("Path 1 and 3 agree on \\boxed{7}.", "7"),
        ("\\boxed{2}\n\nFor n=10, \\boxed{8}", "8"),
        ("<answer>7</answer> Path 2 says <answer>8</answer>, which is wrong.", "7"),
        ("\\boxed{7}\n\nThus all the paths that got \\boxed{8} are wrong.", "7"),
    ],
)
def test_whose_box_counts(text: str, answer: str | None) -> None:
    assert extract(text) == answer


@pytest.mark.parametrize(
    ("kind", "text", "answer"),
    [
        ("choice", "The answer is B. Path 2's answer is C, which is incorrect.", "B"),
        ("choice", "The answer isn't A, it's B.", "B"),
        ("choice", "The answer is not A. It's B.", "B"),
        ("text", "The answer is Paris. Path 2's answer is London, which is wrong.", "Paris"),
        ("text", "The answer is Paris. Many people think the answer is London.", "Paris"),
        ("text", "Paths 1 and 2 agree that the answer is Paris.", "Paris"),
        ("choice", "The answer is B. Many think it's C.", "B"),
        ("choice", "B is correct. Path 2 says C is correct.", "B"),
        ("choice", "The correct option is B. Candidate 3 chose C.", "B"),
        ("choice", "**B. rivers**\n\nPath 2's answer is C, which is wrong.", "B"),
        ("choice", "Answer: B\n\nPath 2 picks C, but C is wrong.", "B"),
        ("choice", "(B). I pick B over C.", "B"),
        ("choice", "Path 1 chose C. I choose B.", "B"),
        ("choice", "I choose B. Path 2 would choose C.", "B"),
        ("choice", "So (B) is the correct answer. Path 2 thinks (C) is the correct answer.", "B"),
        ("choice", "B is the answer. Some say C is the answer.", "B"),
        ("yes_no", "The answer is Yes. Path 2's answer is No, which is wrong.", "Yes"),
        ("yes_no", "It is true.\n\nPath 2 says the answer is false.", "Yes"),
        ("math", "#### 7\n\nPath 2: #### 8", "7"),
        ("math", "Path 2 ends with #### 8.\n#### 7", "7"),
        ("math", "The answer is 7. Path 2 has [[8]].", "7"),
        ("math", 'The answer is 7. Path 2 returned {"answer": 8}.', "7"),
        ("math", "## Path 1\n#### 7\n## Path 2\n#### 8\n\nFinal: the answer is 7", "7"),
        ("math", "Respuesta: 7. Según el camino 2, la respuesta es 8.", "7"),
        ("math", "La respuesta es 7. Muchos piensan que la respuesta es 8.", "7"),
        ("math", "La réponse est 7. Certains pensent que la réponse est 8.", "7"),
        ("math", "La réponse est 7. Je pense que la réponse est 8.", "8"),
        ("math", "Die Antwort ist 7. Viele glauben, die Antwort sei 8.", "7"),
        ("math", "Die Antwort ist 7. Viele glauben, dass die Antwort 8 ist.", "7"),
        ("math", "Die Antwort ist 8. Ich glaube, die Antwort ist 7.", "7"),
        ("math", "Ответ: 7. Многие думают, что ответ 8.", "7"),
        ("math", "Resposta: 7. O candidato 2 diz que a resposta é 8.", "7"),
        ("math", "答案是8。不，我认为答案是7。", "7"),
        ("math", "答案是7。路径2认为答案是8。", "7"),
        ("math", "答案是7。多数候选的答案是8。", "7"),
        ("math", "答えは7です。多くの人は答えは8だと思う。", "7"),
        ("math", "الإجابة هي 7. يقول المسار 2 أن الإجابة هي 8.", "7"),
        ("math", "Die Antwort ist 7. Ohne die Einschränkung ist die Antwort 8.", "7"),
        ("math", "Die Antwort ist 7. Im Allgemeinen ist die Antwort 2n+1.", "7"),
        ("math", "La réponse est 7. Sans la restriction, la réponse est 8.", "7"),
        ("math", "La respuesta es 7. En general, la respuesta es 2n+1.", "7"),
        ("math", "答案是7。如果n=10，答案是8。", "7"),
        ("math", "答案是7。一般地，答案是2n+1。", "7"),
        ("math", "答案是7。若没有限制，答案是8。", "7"),
    ],
)
def test_so_it_is_in_every_kind(kind: str, text: str, answer: str) -> None:
    assert Answers().of(Problem("p1", "Which?", answer_kind=kind)).find(text) == answer

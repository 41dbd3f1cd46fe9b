"""Asides: what others say, what only seems right, and other cases of the question displace no answer."""

import pytest

from a2r_ray.answers.finding import announced, extract
from a2r_ray.answers.kinds import kind_of


@pytest.mark.parametrize(
    "said",
    [
        "Path 2's answer is 8, which is incorrect.",
        "The majority of candidates claim that the answer is 8, but this is incorrect.",
        "Three of the paths say the answer is 8, but they mis-added.",
        "According to path 2 the answer is 8, but it forgot a carry.",
        "Unlike Path 2, whose answer is 8, we carry the one.",
        "The majority answer is 8.",
        "One might be tempted to say the answer is 8.",
        "It's easy to think that the answer is 8.",
        "A student claimed the answer is 8; this is false.",
        "Many students think the answer is 8.",
        "The book's answer is 8, which seems to be a typo.",
        "Someone who forgets the carry would say the answer is 8.",
        "In path 3, the answer is 8.",
        "Path 2 arrives at the answer 8.",
        "Path 2: the answer is 8.",
        "(Candidate B: answer 8)",
        "The answer of path 2 is 8.",
        "The answer given by candidate 3 is 8.",
        "Tom thinks the answer is 8.",
        "They got the answer 8.",
        "I initially thought the answer was 8.",
        "I don't think the answer is 8.",
        "Candidate 2 incorrectly states that the answer is 8.",
        "It would be a mistake to conclude that the answer is 8.",
        "Path 3 concludes: the answer is 8.",
        "Some people believe that the correct answer is 8.",
        "Path 2 wrongly concludes the final answer is **8**.",
        "The most common answer is 8.",
        "Paths 2 and 4 agree that the answer is 8.",
        "The other two find that the answer is 8.",
        "In Solution 2 the final answer is 8.",
        "Without the restriction, the answer is 8.",
        "For n = 10 the answer is 8.",
        "In general, the answer is 2n+1.",
        "If you need the answer in feet, it is 39.",
        "For n = 10, the answer is 8.",
        "With no restriction, the answer is 8.",
        "If x were negative, the answer is 8.",
        "Had we counted twice, the answer would be 8.",
        "More generally, the answer is n.",
        "The answer for n = 10 is 8.",
        "The answer without the restriction is 8.",
        "Otherwise the answer is 8.",
        "The answer is 8 if order matters.",
        "Path 2 disagrees: its answer is 8.",
        "Path 2, on the other hand, says the answer is 8.",
        "A common mistake leads to the answer 8.",
        "Path 2 makes an arithmetic error and gets the answer 8.",
        "My first attempt gave the answer 8.",
    ],
)
def test_what_is_said_aside_displaces_nothing(said: str) -> None:
    assert extract(f"The answer is 7. {said}") == "7"
    assert extract(f"{said} So the answer is 7.") == "7"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Final answer: 7\n\nReasons: candidate 1's answer is 8 (wrong).", "7"),
        ("答案是7。路径2的答案是8,这是错误的。", "7"),
        ("正确答案是7。有些同学误以为答案是8。", "7"),
        ("答案是7。根据路径2，答案是8，这是错误的。", "7"),
        ("La réponse est 7. Le chemin 2 dit que la réponse est 8, ce qui est faux.", "7"),
        ("Die Antwort ist 7. Pfad 2 sagt, die Antwort ist 8, was falsch ist.", "7"),
        ("La respuesta es 7. El camino 2 dice que la respuesta es 8, lo cual es falso.", "7"),
        ("Ответ: 7. Путь 2 говорит, что ответ 8, что неверно.", "7"),
        ("La risposta è 7. Il percorso 2 dice che la risposta è 8.", "7"),
        ("答えは7です。パス2の答えは8ですが、間違いです。", "7"),
        ("정답은 7입니다. 경로 2의 답은 8이지만 틀렸습니다.", "7"),
        ("You might think the answer is 13. But it is actually 12.", "12"),
        ("You might think the answer is 13, but it is 12.", "12"),
        ("You might think the answer is 13.", None),
        ("Path 1 and 2 agree that the answer is 7.", "7"),
        ("Path 2's answer is 8, which is incorrect. So the answer is 7.", "7"),
        ("Path 1's answer is 7, which is incorrect. Three say 7. So the answer is 8.", "8"),
        ("Path 1 says the answer is 7. Path 2 says the answer is 8.", None),
        ("Path 1's answer is 8. Path 2's answer is 7, which is correct.", "7"),
        ("The answer is 8. Wait, path 2 correctly finds that the answer is 7.", "7"),
        ("I think the answer is 7.", "7"),
        ("We conclude that the answer is 7.", "7"),
        ("The answer is 8. No. I now think the answer is 7.", "7"),
        ("The answer is 8. Actually, that said, the answer is 7.", "7"),
        ("The answer is 8. To conclude, the answer is 7.", "7"),
        ("Answer: 8. Hmm. Needless to say the answer is 7.", "7"),
        ("Answer: 8. As expected, the answer is 7.", "7"),
        ("Path 2 is wrong, so the answer is 7.", "7"),
        ("Answer: 8. Path 2 is right: the answer is 7.", "7"),
        ("Answer: 8. I agree with path 2 that the answer is 7.", "7"),
        ("Answer: 8\nSince path 2 made an error, the answer is 7.", "7"),
        ("Answer: 8. This shows that the answer is 7.", "7"),
        ("Answer: 8. This question's answer is 7.", "7"),
        ("Answer: 8. In this case, the answer is 7.", "7"),
        ("The answer is 3.456. When rounded to two decimals, the answer is 3.46.", "3.46"),
        ("Answer: The recurrence is linear. For n = 10, the answer is 8.", "8"),
        ("For n = 10, the answer is 8.", "8"),
        ("If we add them, the answer is 12.", "12"),
        ("The answer is 5. For this reason, the answer is 6.", "6"),
        ("Two paths claim the answer is 8, but that's incorrect; the answer is 7.", "7"),
        ("The majority says the answer is 8. They are wrong. The answer is 7.", "7"),
        ("The answer isn't 13, it's 12.", "12"),
        ("The answer is not 13, it's 12.", "12"),
        ("The answer is not 13. It is 12.", "12"),
        ("The answer isn't 13 but 12.", "12"),
        ("The answer isn't 13. It's 12.", "12"),
        ("The answer is not 13; rather, it is 12.", "12"),
        ("The answer isn't obvious. It is hard.", None),
        ("The answer can't be 13, so it's 12.", "12"),
        ("The answer isn't 13; it is 12.", "12"),
        ("The answer is not 13, but rather 12.", "12"),
        ("The answer isn't 13.", None),
    ],
)
def test_whose_answer_counts(text: str, answer: str | None) -> None:
    assert extract(text) == answer


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
    "text",
    [
        "The answer is B. Path 2's answer is C, which is incorrect.",
        "The answer isn't A, it's B.",
        "The answer is not A. It's B.",
    ],
)
def test_so_it_is_of_choices(text: str) -> None:
    kind = kind_of("choice")
    stretch = announced(text, fits=kind.read)
    assert stretch is not None
    assert kind.read(stretch) == "B"

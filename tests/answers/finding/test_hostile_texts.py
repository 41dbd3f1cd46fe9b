"""That no text can make finding slow or raise."""

import random

import pytest

from a2r_ray.answers.finding import announced, extract, is_lost
from a2r_ray.answers.finding.languages import WITH_SPACES, WITHOUT_SPACES
from tests.stopwatch import stopwatch

PIECES = (
    *(
        "answer ",
        "answer is ",
        "answer: ",
        "answer to ",
        "answer (",
        "answer, ",
        "Answer\n",
        "the answer is not ",
        "Note: ",
    ),
    *("result is ", "correct option is ", "B is the answer. ", "I choose ", "ans: ", "if the answer is ", "answer's "),
    *("answer is x, because ", "answer is 1\n2\n", "answer:\n1 2\n", "answer: as follows:\n", "answer is not 5 but "),
    *("answer is Dr. ", "answer is J. ", "answer is ...", "answer is $", "answer is ```", "answer is \\begin{x}"),
    *('answer is "', 'answer is {"', "answer is [", "answer is [[", "```", "```\n", "$$", "**", "__", "<b>", "</b>"),
    *(
        "#### ",
        "#### 7\n",
        "#### step\n",
        "[[",
        "[[B]] ",
        "[[B",
        "<answer>",
        "</answer>",
        "<answer>7</answer>",
        "[answer]",
    ),
    *('{"answer": ', '{"answer": 7} ', "{'answer': '", '{"answer": "', "{", '{"a":', 'answer": ', "\\", "\\\\"),
    *(
        "\\boxed ",
        "\\boxed 7",
        "\\boxed{1} and ",
        "boxed{",
        "\\text{",
        " ",
        "\n",
        "\t",
        ".",
        "?",
        "!",
        "7",
        "1,",
        "-",
        "_",
    ),
    *(
        "答案",
        "答案是",
        "答案是7。",
        "選",
        "故选B",
        "答えは",
        "정답은 ",
        "답: ",
        "Ответ: ",
        "ответ — ",
        "الإجابة هي ",
        "respuesta es ",
    ),
    *(
        "antwort ist ",
        "réponse est ",
        "risposta è ",
        "resposta é ",
        "assistantfinal",
        "analysis",
        "final\n",
        "assistant\n",
    ),
)


def _slow(text: str) -> float:
    with stopwatch() as watch:
        extract(text, guess_last_number=True)
        announced(text)
    return watch.cpu_s


@pytest.mark.parametrize("piece", PIECES)
def test_repetitions_take_linear_time(piece: str) -> None:
    # It is below 0.2; anything quadratic takes minutes.
    assert _slow(piece * (50_000 // len(piece))) < 1
    assert _slow("the answer is " + piece * (50_000 // len(piece))) < 1
    assert _slow("analysis\n" + piece * (50_000 // len(piece))) < 1


@pytest.mark.parametrize("announcement", [*WITH_SPACES, *WITHOUT_SPACES], ids=lambda each: each.stems[0])
def test_every_language_takes_linear_time(announcement: object) -> None:
    stem: str = announcement.stems[0]  # type: ignore[attr-defined]
    for piece in (stem, f"{stem} ", f"{stem}: ", f"{stem} {'x' * 90}", f"{stem}(", f"{stem} a ", f"{stem}\n"):
        assert _slow(piece * (30_000 // len(piece))) < 1


def test_any_text_has_an_answer_or_none() -> None:
    random_ = random.Random(7)
    for _ in range(3_000):
        text = "".join(random_.choice(PIECES) for _ in range(random_.randrange(1, 12)))
        answer, stretch = extract(text), announced(text)
        assert answer is None or answer.strip()
        assert (answer is None) or (stretch is not None)
        is_lost(text)
    for _ in range(2_000):
        text = "answer is " + "".join(chr(random_.randrange(1, 0x3000)) for _ in range(random_.randrange(1, 40)))
        extract(text + "\ud800\x00" + text[::-1], guess_last_number=True)


def test_what_is_found_stands_in_the_text() -> None:
    random_ = random.Random(11)
    for _ in range(2_000):
        text = " ".join(random_.choice(PIECES).strip() for _ in range(random_.randrange(1, 9)))
        answer = extract(text)
        for part in (answer or "").split():
            assert part.strip(",.").replace("\\", "") in text.replace("$", "").replace("\\", ""), text


def test_a_letter_that_grows_when_made_small_moves_nothing() -> None:
    assert extract("\u0130" * 20 + " The answer is 12.") == "12"


def test_long_texts_are_read_fast() -> None:
    text = "We add 3 and 4 to get 7 apples in the basket for the boy, transpose the rest. " * 30_000
    with stopwatch() as watch:
        assert extract(text) is None
    assert watch.cpu_s < 0.5  # it is 0.05: 46 MB a second

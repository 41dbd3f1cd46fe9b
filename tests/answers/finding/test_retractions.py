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


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("答案是17。不对,应该是42。", "42"),
        ("La réponse est 17. Non, c'est 42.", "42"),
        ("Die Antwort ist 17. Nein, es ist 42.", "42"),
        ("La respuesta es 17. No, es 42.", "42"),
        ("La respuesta es 42. No es 17.", "42"),
        ("Ответ: 17. Нет, 42.", "42"),
        ("答えは17です。いや、42です。", "42"),
        ("답은 17입니다. 아니, 42입니다.", "42"),
        ("답은 42가 아닙니다.", None),
        ("答えは42ではありません。", None),
    ],
)
def test_so_in_other_languages(text: str, answer: str | None) -> None:
    assert found("math", text) == answer


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('First try: {"a": 1}. That is wrong. Final: {"a": 2}', '{"a": 2}'),
        ('```json\n{"a":1}\n```\nWait, correction:\n```json\n{"a":2}\n```', '{"a":2}'),
        ('Given the input {"x": 1}, the output is {"x": 2}.', '{"x": 2}'),
        (
            '{"a": 1, "note": "wait, that is wrong", "b": {"c": 2}}',
            '{"a": 1, "note": "wait, that is wrong", "b": {"c": 2}}',
        ),
    ],
)
def test_a_draft_is_no_answer(text: str, value: str) -> None:
    assert found("json", text) == value


def test_a_word_behind_four_hashes_may_have_a_remark_behind_it() -> None:
    assert found("text", "#### Paris\nThanks!") == "Paris"
    assert found("yes_no", "#### Yes\n\nBecause 3 is odd.") == "Yes"
    assert found("text", "#### First\nA text.\n\n#### More\nText") is None

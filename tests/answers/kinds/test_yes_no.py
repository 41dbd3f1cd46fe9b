"""Yes or no, as replies say it: in sentences, with adverbs, denied, in other languages."""

import pytest

from a2r_ray.answers.judging import Answers
from a2r_ray.config.answer import AnswerConfig
from a2r_ray.records import Problem


def _found(text: str, kind: str = "yes_no") -> str | None:
    return Answers(AnswerConfig(kind=kind)).of(Problem("p1", "Is it?", reference_answer="Yes")).find(text)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("是的", "Yes"),
        ("答案:是的", "Yes"),
        ("答案：是的。", "Yes"),
        ("الجواب نعم", "Yes"),
        ("الجواب هو نعم", "Yes"),
        ("It is true.", "Yes"),
        ("Therefore, the statement is True", "Yes"),
        ("Therefore, the statement is true.", "Yes"),
        ("Indeed, yes.", "Yes"),
        ("Absolutely yes", "Yes"),
        ("The answer is affirmative.", "Yes"),
        ("La respuesta es verdadero.", "Yes"),
        ("Verdadero", "Yes"),
        ("vrai", "Yes"),
        ("wahr", "Yes"),
        ("richtig", "Yes"),
        ("vero", "Yes"),
        ("verdadeiro", "Yes"),
        ("верно", "Yes"),
        ("правда", "Yes"),
        ("true", "Yes"),
        ("Yes!", "Yes"),
        ("Yes, it is.", "Yes"),
        ("正确", "Yes"),
        ("正确。", "Yes"),
        ("是的，因为7是质数。", "Yes"),
        ("正しい", "Yes"),
        ("はい、そうです。", "Yes"),
        ("맞습니다", "Yes"),
        ("네, 맞습니다.", "Yes"),
        ("참", "Yes"),
        ("صحيح", "Yes"),
        ("Certainly yes", "Yes"),
        ("It is correct.", "Yes"),
        ("It's true that 7 is prime.", "Yes"),
        ("So the statement is true.", "Yes"),
        ("Of course yes.", "Yes"),
        ("Yes indeed", "Yes"),
        ("The statement isn't false.", "Yes"),
        ("Affirmative", "Yes"),
        ("Correcto", "Yes"),
        ("Sí, es verdadero.", "Yes"),
        ("The statement is **true**.", "Yes"),
        ("不正确", "No"),
        ("答案是不正确。", "No"),
        ("答案是错误的。", "No"),
        ("It's false", "No"),
        ("It is not true.", "No"),
        ("The statement isn't true.", "No"),
        ("That is untrue.", "No"),
        ("Falso", "No"),
        ("falso.", "No"),
        ("faux", "No"),
        ("falsch", "No"),
        ("La réponse est faux.", "No"),
        ("неверно", "No"),
        ("неправда", "No"),
        ("错误", "No"),
        ("不是", "No"),
        ("不，因为…", "No"),
        ("間違い", "No"),
        ("아닙니다", "No"),
        ("거짓", "No"),
        ("خطأ", "No"),
        ("The answer is negative.", "No"),
        ("Absolutely not.", "No"),
        ("Certainly not.", "No"),
        ("Definitely not", "No"),
        ("Not true.", "No"),
        ("Of course not.", "No"),
        ("The statement is untrue.", "No"),
        ("It isn't correct.", "No"),
        ("不对。", "No"),
        ("答案：否", "No"),
        ("That's false.", "No"),
        ("The statement is not correct.", "No"),
        ("It is incorrect.", "No"),
        ("Therefore, the claim is false.", "No"),
        ("It is true.\n\nExplanation: 7 is prime.", "Yes"),
        ("7 is prime.\n\nYes", "Yes"),
        ("We check 7.\n\nTherefore, the statement is False.", "No"),
        ("It is true.\n\nIt is false.", None),
        ("7 is odd.\n\nIt is correct.", "Yes"),
        ("It is truly hard.", None),
        ("Yesterday", None),
        ("true or false", None),
        ("It is unclear.", None),
        ("Not yet.", None),
        ("The answer is not known.", None),
        ("The answer is positive.", None),
        ("是不是", None),
        ("It is not only true.", None),
        ("It is not clear that it's true.", None),
        ("Absolutely 5.", None),
        ("Truth", None),
    ],
)
def test_what_a_reply_says(text: str, verdict: str | None) -> None:
    assert _found(text) == verdict


@pytest.mark.parametrize("kind", ["math", "text", "sequence"])
def test_only_who_looks_for_a_verdict_takes_it_of_a_line(kind: str) -> None:
    assert _found("It is true.\n\nExplanation.", kind) is None
    assert _found("7 is prime.\n\nYes", kind) is None

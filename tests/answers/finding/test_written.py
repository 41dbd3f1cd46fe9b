"""What a reader writes down: reasons, calculations, arrows, boxes that are denied, and what must stay."""

import pytest

from a2r_ray.answers.finding import announced, extract


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        *[
            (said, "3")
            for said in (
                "3 as required",
                "3 which is odd",
                "3 when rounded",
                "3 and not 4",
                "3 not 4",
                "3 instead of 4",
                "3 rather than 4",
                "3, however others differ",
                "3 :)",
                "3;",
                "3 (final answer)",
                "3 (not 4)",
                "3, where x counts pens",
                "3, the number of pens",
            )
        ],
        ("1/2, or 50%", "1/2"),
        ("3/4 or 0.75", "3/4"),
        ("0.75 (or 3/4)", "3/4"),
        ("0.75, or 3/4", "3/4"),
        (r"\frac{3}{4} = 0.75", r"\frac{3}{4}"),
        ("1/3 = 0.333", "1/3"),
        ("seventeen (17)", "17"),
        ("one hundred and five (105)", "105"),
        ("B - Paris", "B"),
        ("B, Paris", "B"),
        ("No (odd)", "No"),
        ("2 + 3 = 5", "5"),
        ("24 / 2 = 12 apples", "12 apples"),
        ("24/2=12", "12"),
        (r"3 \times 4 = 12", "12"),
        ("(2+3)*4 = 5*4 = 20", "20"),
        ("-(2+1) = -3", "-3"),
        ("x = 5", "x = 5"),
        ("10 = 2 * 5", "10"),
        ("10 = 2 * 6", "10 = 2 * 6"),
        ("1/2 = 0.5", "1/2"),
        ("5 - 3 = x", "5 - 3 = x"),
        ("x^2 + 1 = 0", "x^2 + 1 = 0"),
        ("1, 2, or 3", "1, 2, or 3"),
        ("x < 3, or x > 5", "x < 3, or x > 5"),
        ("x when x > 0", "x when x > 0"),
        ("A, B", "A, B"),
        ("A - B", "A - B"),
        ("1, a, b", "1, a, b"),
        ("3, -3", "3, -3"),
    ],
)
@pytest.mark.parametrize("announcement", ["The answer is ", "#### "])
def test_only_the_value_is_written_down(announcement: str, said: str, answer: str) -> None:
    assert extract(f"{announcement}{said}") == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Answer => 12", "12"),
        ("The answer is => 12", "12"),
        ("Final Answer ==> 12", "12"),
        ("Answer :- 12", "12"),
        ("Answer := 12", "12"),
        ("The answer is --> 12", "12"),
        ("Antwort => 12", "12"),
        ("Ans => 5", "5"),
        ("Answer: -12", "-12"),
        ("The answer is x => 5", "x => 5"),
        ("Final answer... 12", "12"),
        ("[Answer] 12", "12"),
        ("**[Answer]** 12", "12"),
        ("I get 17 as the answer.", "17"),
        ("If we get 17 as the answer, we stop.", None),
        ("| Answer | 33 |", "33"),
        ("| Answer | Reason |\n|---|---|\n| 3 | it is odd |", "3"),
        ("Selected option: D", "D"),
        ("I'm going with D.", "D"),
        ("Choose D.", "D"),
        ("Choose A number.", None),
        ("Final: 4", "4"),
        ("final: we are done", None),
        ("The answer is **12**!", "12"),
        ("The answer is $12$!", "12"),
        ("The answer is 5! ways", "5! ways"),
        ("The answer is 5!", "5"),
        ("With 3! before, the answer is 5!", "5!"),
        ("The answer is 12! so we are done", "12"),
        ("Answer: Dr. No", "Dr. No"),
        ("The answer is Dr. Lee. He was there.", "Dr. Lee"),
        ("- cat\n- dog", "cat, dog"),
        ("1. cat\n2. dog", "cat, dog"),
        ("1. First we add\n2. then we do it.", None),
        ("Yes it is.", "Yes"),
        ("The answer is 3.<|im_end|>", "3"),
        ("#### 3<|eot_id|>", "3"),
    ],
)
def test_announcements_of_more_forms(text: str, answer: str | None) -> None:
    assert extract(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"Answer: $\boxed{10}$ (not $\boxed{11}$)", "10"),
        (r"The answer is \boxed{5}, not \boxed{6}.", "5"),
        (r"It is \boxed{5} rather than \boxed{6}", "5"),
        (r"It is not \boxed{5} but \boxed{6}", "6"),
        (r"Since the sum was \boxed{4}, the product is \boxed{9}.", "9"),
        (r"If x=\boxed{2}, then y=\boxed{3}", "3"),
        (r"From \boxed{4} we obtain \boxed{9}", "9"),
        (r"\boxed{4} which is \boxed{4.0}", "4.0"),
        (r"x equals \boxed{5} while y equals \boxed{6}.", "5, 6"),
        (r"Using elimination, x=\boxed{5}, y=\boxed{6}", "5, 6"),
        (r"From the equations we get x=\boxed{5} and y=\boxed{6}", "5, 6"),
        (r"the roots are \boxed{2} and \boxed{3}", "2, 3"),
    ],
)
def test_boxes_that_are_denied_or_steps(text: str, answer: str) -> None:
    assert extract(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("本题选C", "C"),
        ("答案大约是12", "12"),
        ("答案:是", "是"),
        ("答案：否", "否"),
        ("答案不是12,而是13", "13"),
        ("答案不是12", None),
        ("選択肢Bが正しい", "B"),
        ("答えは12ではなく13です", "13"),
        ("答えは「はい」です。", "はい"),
        ("「はい」", "はい"),
        ("答えは「12」です。", "12"),
        ("최종 답변: 12", "12"),
        ("답은 12가 아니라 13입니다", "13"),
        ("선택지 B가 맞습니다", "B"),
        ("Les solutions sont 3 et 5", "3 et 5"),
        ("La réponse n'est pas 12 mais 13", "13"),
        ("La alternativa correcta es la B", "B"),
        ("La respuesta no es 12, sino 13.", "13"),
        ("Richtig ist Antwort C.", "C"),
        ("Die Antwort ist nicht 12, sondern 13.", "13"),
        ("Решение: x = 3", "x = 3"),
        ("Решение: сначала сложим", None),
        ("Ответ не 12, а 13", "13"),
        ("إجابتي هي 12", "12"),
    ],
)
def test_other_languages(text: str, answer: str | None) -> None:
    assert extract(text) == answer


@pytest.mark.parametrize(
    ("text", "stretch"),
    [
        ('Sure!\n```json\n{"a": 1}\n```\nHope it helps', '{"a": 1}'),
        ('Here is the JSON: {"a": 1}', '{"a": 1}'),
        ('Here is the JSON:\n{"a": 1}\nHope it helps!', '{"a": 1}'),
        ('A step: {"a": 1}', None),
        ('```json\n{"a": 1}\n```\nor\n```json\n{"a": 2}\n```', None),
    ],
)
def test_data_that_nothing_else_announces(text: str, stretch: str | None) -> None:
    assert announced(text, fits=str) == stretch

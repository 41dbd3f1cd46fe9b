"""What is taken for an answer, which answers are equal, and that no text can hang, crash or run anything."""

import pytest

from a2r_ray.answers import math_judge
from a2r_ray.answers.finding import MAX_LENGTH, extract, is_lost
from a2r_ray.answers.kinds.math import equivalent
from tests.stopwatch import stopwatch


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"So it is \boxed{42}.", "42"),
        (r"first \boxed{1}, no: \boxed{2}, so 3", "2"),
        (r"\fbox{7}", "7"),
        (r"\boxed {7}", "7"),
        (r"\\boxed{7}", "7"),
        (r"\boxed{\frac{1}{\sqrt{2}}}", r"\frac{1}{\sqrt{2}}"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"{ \boxed{5}", "5"),
        (r"\boxed{x = \boxed{5}}", r"x = \boxed{5}"),
        (r"\boxed{\boxed{5}}", "5"),
        (r"\boxed{5} and then cut off: \boxed{1", "5"),
        (r"\boxed{5} in the form \boxed{}", "5"),
        (r"\boxed{5} in the form \boxed{...}", "5"),
        (r"The answer is 3, as a box \boxed{4}; the answer is 5", "4"),
        (r"\boxed{\text{ Monday }}", "Monday"),
        (r"\boxed{$12.50$}", "12.50"),
        (r"\boxed{12.}", "12"),
        ("The answer is 12. I hope it is correct.", "12"),
        ("the final answer is: 3.5", "3.5"),
        ("The answer is 1; no, the answer is 2", "2"),
        ("The answer to the problem is 12.", "12"),
        ("Answer: 42", "42"),
        ("**Answer:** 42", "42"),
        ("**Answer: 42**", "42"),
        ("**Final Answer**\n\n42", "42"),
        ("## Final answer\n42\n", "42"),
        ("The answer is:\n$$\nx+1\n$$", "x+1"),
        ("The answer is \\(x+1\\).", "x+1"),
        ("the answer is $x$ or $y$", "x or y"),
        ("ANSWER = B", "B"),
        ("6 * 7 = 42\n#### 42", "42"),
        ("#### $1,250", "1,250"),
        (r"<think>\boxed{1}</think>\boxed{2}", "2"),
        (r"\boxed{1}</think>the answer is 2", "2"),
    ],
)
def test_the_answer_a_text_gives(text: str, answer: str) -> None:
    assert extract(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "It takes 3 steps, then 4, so 12",
        r"\boxed{}",
        r"\boxed{ }",
        r"\boxed{\text{}}",
        r"\boxed{$}",
        r"\boxed{12",
        r"The answer is \boxed{12",
        r"The answer is \boxed{}",
        r"<think>\boxed{1}",
        r"<think>\boxed{1}</think>",
        r"<think>the answer is 1</think> so it is",
        "#### Step 2: add them",
        "Answer:",
        "Answer: ...",
        r"\boxed{" + "1" * 4_001 + "}",
        "The answer is " + "a " * 2_001,
    ],
)
def test_no_answer_is_better_than_a_guess(text: str) -> None:
    assert extract(text) is None


@pytest.mark.parametrize(
    "piece",
    [
        r"\boxed{",
        "{",
        "}",
        "\\",
        r"\boxed ",
        r"\boxed" + " " * 100,
        "answer ",
        "answer is ",
        "answer to " + "x" * 79,
        "answer:" + " " * 50,
        "####\n",
        "#### 1 ",
        "####" + " " * 60,
        "final answer\n",
        "<think>",
        "</think>",
        "\n",
        "*",
        "$",
        ". ",
    ],
)
@pytest.mark.parametrize("frame", ["{}", r"\boxed{{{}", r"\boxed{{{}}}", "answer:{}", "{}</think>answer is {}"])
def test_finding_takes_linear_time_on_hostile_text(piece: str, frame: str) -> None:
    text = frame.format(*[piece * (200_000 // len(piece))] * frame.count("{}"))
    with stopwatch() as watch:
        extract(text)
    assert watch.cpu_s < 2  # it is below 0.1; anything quadratic takes minutes


def test_many_closed_boxes_in_one_another_take_linear_time() -> None:
    with stopwatch() as watch:
        assert extract(r"\boxed{" * 25_000 + "1" + "}" * 25_000) is None
    assert watch.cpu_s < 2


@pytest.mark.parametrize(
    "text", ["So\n#### Step 1: add", "####", r"\boxed{ }", r"\boxed{3", "Answer:", "The answer is", "x " * MAX_LENGTH]
)
def test_a_known_answer_that_marks_one_that_is_not_found_is_lost(text: str) -> None:
    assert is_lost(text)


@pytest.mark.parametrize(
    "text", ["Tuesday", "42", "So\n#### 42", r"\boxed{3}", "Answer: Tuesday", "no answer", "x" * 99]
)
def test_any_other_known_answer_can_be_met(text: str) -> None:
    assert not is_lost(text)


@pytest.fixture
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(a: str, b: str) -> bool:
        raise AssertionError(f"asked the worker about {a!r} and {b!r}")

    monkeypatch.setattr(math_judge._judge, "verdict", refuse)


@pytest.mark.usefixtures("no_worker")
@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        ("42", "42", True),
        ("42", "43", False),
        ("42", "42.0", True),
        ("42", "042", True),
        ("42", "+42", True),
        ("-42", "\u221242", True),
        ("- 42", "-42", True),
        ("1,000", "1000", True),
        ("1{,}000", "1000", True),
        (r"10,\!080", "10080", True),
        (r"1\,000", "1000", True),
        ("1,000,000.50", "1000000.5", True),
        (".5", "0.50", True),
        ("5.", "5", True),
        ("0.5", "1/2", True),
        ("2/4", "1 / 2", True),
        ("-1/2", r"-\frac{1}{2}", True),
        (r"\dfrac{-1}{2}", "-0.5", True),
        (r"\frac12", "0.5", True),
        (r"\\frac{1}{2}", "0.5", True),
        ("1/3", "0.333333333", False),
        ("9007199254740993", "9007199254740992", False),
        ("0.1", "0.10000000000000001", False),
        ("2e3", "2000", True),
        ("1e-999", "0", False),
        ("1.6e-19", r"1.6 \times 10^{-19}", True),
        ("1.6e-19", r"9.1 \times 10^{-31}", False),
        (r"1.6 \times 10^{-19}", r"1.6 \cdot 10^{-20}", False),
        ("6.02e+23", "6.02\u00d710^{23}", True),
        ("2e3", r"2 \times 10^3", True),
        ("0.00001", "10^{-5}", True),
        ("-1e2", "-10^2", True),
        ("1.38e-23", r"-1.38 \times 10^{-23}", False),
        ("1,500", r"1.5 * 10^{3}", True),
        ("3e-7", "3 x 10^-7", True),
        (r"\$5.00", "5", True),
        ("50%", r"50.0\%", True),
        ("50%", "50", True),
        ("50%", "0.5", False),
        ("Yes", "yes", True),
        ("no", "on", False),
        (r"\text{Monday}", "**monday**", True),
        ("New  York", "new york", True),
        ("Straße", "STRASSE", True),
        ("3", "three", True),
        ("x + 1", "x+1", True),
        (r"\left( 1, 2 \right)", "(1, 2)", True),
        (r"\boxed{x^2}", "$x^2$", True),
        ("1/0", "1/0.", True),
        ("x" * 4_001, "x" * 4_001, True),
        ("x+" * 600, "y+" * 600, False),
        ("x" + "+1" * 150, "1+x" + "+1" * 149, False),
    ],
)
def test_numbers_and_words_need_no_worker(a: str, b: str, equal: bool) -> None:  # noqa: FBT001
    assert equivalent(a, b) is equal
    assert equivalent(b, a) is equal


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (r"\frac{\sqrt{3}}{2}", r"\frac{3}{2\sqrt{3}}", True),
        ("x^2-1", "(x-1)(x+1)", True),
        ("2e3", r"2^4 \cdot 5^3", True),
        (r"\frac{1}{2^{99}}", r"\frac{1}{2^{98}}", False),
        (r"\frac{1}{2^{99}}", r"\frac{2}{2^{100}}", True),
        (r"\frac{1}{2004!}", r"\frac{1}{2006!}", False),
        (r"\frac{1}{2004!}", r"\frac{2005}{2005!}", True),
        (r"-\frac{1}{2^{99}}", r"\frac{1}{2^{99}}", False),
        (r"\frac{1}{10^{20}}", "0", False),
        (r"\sin(\pi)", "0", True),
        ("1.5e-3", r"\frac{3}{2 \cdot 10^3}", True),
        ("x^2-1", "(x-1)(x+2)", False),
        ("x=5", "5", True),
        ("5 cm", r"5\text{ cm}", True),
        (r"\text{(A)}", "A", True),
        ("(A)", "B", False),
        (r"90^\circ", "90", True),
        ("90°", "90", True),
        ("2√3", r"\sqrt{12}", True),
        ("(0,∞)", "x > 0", True),
        ("[0,1)", r"0 \le x < 1", True),
        ("x > -2", r"(-2, \infty)", True),
        ("1, 2", "2,1", True),
        ("(1,2)", "(2,1)", False),
        (r"\pm 2", "2,-2", True),
        (r"3\pi", "9.42477796", False),
        (r"\begin{pmatrix} a \\ b \end{pmatrix}", r"\begin{pmatrix} a \\ b+0 \end{pmatrix}", True),
        (r"\begin{pmatrix} a \\ b \end{pmatrix}", r"\begin{pmatrix} b \\ a \end{pmatrix}", False),
        (r"\sqrt{4", "2", False),
        (r"\frac{", "2", False),
        ("1/0", "2/0", False),
        ("((((x+1))))", "x+1", True),
        ("5 \u732b", "6 \u732b", False),
        ("a\nb", "a+b", False),
        ("\x00", "1", False),
        ("\ud800+1", "1", False),
    ],
)
def test_mathematics_is_compared_in_either_direction(a: str, b: str, equal: bool) -> None:  # noqa: FBT001
    assert equivalent(a, b) is equal
    math_judge._judge._verdicts.clear()
    assert equivalent(b, a) is equal


def test_the_longest_number_is_still_a_number() -> None:
    # Python reads no integer of more than 4,300 digits.
    assert equivalent("1" * MAX_LENGTH, "0" + "1" * (MAX_LENGTH - 1)) is False
    assert extract(r"\boxed{" + "1" * MAX_LENGTH + "}") == "1" * MAX_LENGTH

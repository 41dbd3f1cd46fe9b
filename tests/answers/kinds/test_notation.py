"""Notation: other ways of typing mathematics, made LaTeX."""

import pytest

from a2r_ray.answers.kinds.math import equivalent
from a2r_ray.answers.kinds.notation import in_latex, with_braces


@pytest.mark.parametrize(
    ("typed", "latex"),
    [
        ("√(x+1)", r"\sqrt{x+1}"),
        ("∛8", r"\sqrt[3]{8}"),
        ("cbrt(2)", r"\sqrt[3]{2}"),
        ("floor(x)", r"\lfloor x\rfloor "),
        ("abs(x-1)", "|x-1|"),
        ("log2(8)", r"\log_{2}(8)"),
        (r"v_{\text{max}}", "v_{max}"),
        (r"\color{red}{12}", "12"),
        (r"\underline{7}", "7"),
        (r"\text{Answer: } 7", "7"),
        (r"\binom 52", r"\binom{5}{2}"),
        ("e^-x", "e^{-x}"),
        ("5kΩ", "5 kΩ"),
    ],
)
def test_it_becomes_latex(typed: str, latex: str) -> None:
    assert in_latex(typed) == latex


@pytest.mark.parametrize("text", [r"\sqrt{2}", "x+1", "f(x)", r"\frac{1}{2}", "12", "e^{-x}", "balls(3)"])
def test_what_is_latex_stays(text: str) -> None:
    assert in_latex(text) == text


def test_roots_of_parentheses() -> None:
    assert with_braces(r"\sqrt(\sqrt(2)+1)") == r"\sqrt{\sqrt{2}+1}"


def test_such_answers_are_the_same() -> None:
    assert equivalent("√(x+1)", r"\sqrt{x+1}")
    assert not equivalent("∛2", "√2")

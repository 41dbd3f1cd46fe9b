"""Values at points tell expressions apart, and never what readers may differ on."""

import pytest

from a2r_ray.answers.math_values import same
from a2r_ray.answers.math_worker import _parse


def told(a: str, b: str) -> bool | None:
    return same(_parse(a)[0], _parse(b)[0])


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        (r"\sin^2(x)+\cos^2(x)", "1", True),
        (r"\frac{\sin 2x}{2}", r"\sin x\cos x", True),
        ("x^2-1", "(x-1)(x+1)", True),
        ("x^2-1", "(x-1)(x+2)", False),
        ("x+y", "x+z", False),
        ("n!", "n(n-1)!", True),
        (r"\binom{10}{3}", "120", True),
        (r"\frac{1}{2^{99}}", r"\frac{1}{2^{98}}", False),
        (r"\frac{1}{2^{99}}", r"\frac{2}{2^{100}}", True),
        (r"\sqrt{2}\sqrt{3}", r"\sqrt{6}", True),
        (r"e^{\pi\sqrt{163}}", "262537412640768744", False),
        (r"3\pi", "9.42477796076937971538", False),
        ("0.333333333333333333333", r"\frac{1}{3}", False),
        ("0.5", r"\frac{1}{2}", True),
        (r"\frac{1}{10^{20}}", "0", False),
        (r"\ln(ab)", r"\ln a+\ln b", True),
        (r"|x+3|", r"|-x-3|", True),
    ],
)
def test_it_tells(a: str, b: str, verdict: bool) -> None:  # noqa: FBT001
    assert told(a, b) is verdict
    assert told(b, a) is verdict


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (r"\sqrt{x^2}", "x"),
        ("|x|", "x"),
        (r"\ln(x^2)", r"2\ln x"),
        (r"\{1,2\}", r"\{2,1\}"),
        ("(1,2)", "(2,1)"),
        ("x>2", "x>3"),
        ("x=5", "5"),
        (r"\frac{1}{10^{200}}", "0"),
        (r"\frac{1}{2004!}", r"\frac{1}{2006!}"),
        (r"\begin{pmatrix} a \\ b \end{pmatrix}", r"\begin{pmatrix} b \\ a \end{pmatrix}"),
    ],
)
def test_it_leaves_to_others(a: str, b: str) -> None:
    assert told(a, b) is None
    assert told(b, a) is None


@pytest.mark.parametrize(
    ("a", "b"), [("|x+3|", "x+3"), ("|x^3+8|", "x^3+8"), (r"\sqrt{(x+400)^2}", "x+400"), (r"\ln|x+5|", r"\ln(x+5)")]
)
def test_what_differs_only_far_from_zero_is_not_the_same(a: str, b: str) -> None:
    assert told(a, b) is not True
    assert told(b, a) is not True

"""What is misread is never shown to math-verify; what is read rightly still is."""

import pytest

from a2r_ray.answers.kinds.spelling import plain, spelled
from a2r_ray.answers.math_worker import may_be_shown


@pytest.mark.parametrize(
    "text",
    [
        *["f'(x)", "f^{(4)}(x)", "f^(4)(x)", r"f^{\prime}(x)", r"\frac{dx}{dt}", r"\frac{d}{dx}x^2", "dy/dx"],
        *[r"\frac{\mathrm{d}y}{\mathrm{d}x}", "2^T", "A^{T}B", r"A^{\mathrm{T}}", "x^*", "-101_2", "x=101_{2}"],
        *[r"1,\ldots,n", "1,2,...,n", "E[X^2]", r"\mathbb{E}[X]", "P(A)P(B)", r"a\times b", r"\vec a\times\vec b"],
        *[r"\sin 30^\circ", r"f\circ g", r"\angle ABC", r"[2,\infty]", "B^{-1}A", "f^{-1}(x)"],
    ],
)
def test_what_is_misread_is_not_shown(text: str) -> None:
    assert not may_be_shown(plain(text))


@pytest.mark.parametrize(
    "text",
    [
        *["f(x)", "x^2+1", r"\frac{d}{2}", "2^{t}", "x_1+x_2", r"\log_2 8", r"2\times x", r"n\times(n-1)", "(0,1]"],
        *[r"[2,\infty)", "x^{(1/2)}", r"\sqrt[3]{x}", "3x_1", "x^{-1}y", r"\Delta x", r"\vec a\cdot\vec b", r"\pi^t"],
    ],
)
def test_what_is_read_rightly_is_shown(text: str) -> None:
    assert may_be_shown(plain(text))


def test_products_of_vectors_keep_their_sign_and_order() -> None:
    assert spelled(plain(r"a\times b")) != spelled(plain(r"a\cdot b"))
    assert spelled(plain(r"\nabla\times F")) != spelled(plain(r"\nabla\cdot F"))
    assert spelled(plain(r"2\times x")) == spelled(plain("2x"))

"""Boxes: which count, and which of them are parts of one answer."""

import pytest

from a2r_ray.answers.finding import announced, extract
from tests.stopwatch import stopwatch


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"$x=\boxed{5}, y=\boxed{6}$", "5, 6"),
        (r"the roots are \boxed{2} and \boxed{3}.", "2, 3"),
        (r"The roots are $\boxed{2}$ or $\boxed{-3}$.", "2, -3"),
        (r"\boxed{1}, \boxed{2}, \boxed{3}", "1, 2, 3"),
        (r"$x = \boxed{5}$. $y = \boxed{6}$.", "5, 6"),
        (r"$$x=\boxed{5},\quad y=\boxed{6}$$", "5, 6"),
        ("$x=\\boxed{5}$,\n$y=\\boxed{6}$", "5, 6"),
        (r"Alice has \boxed{5} apples and Bob has \boxed{6} pears.", "5, 6"),
        (r"The first is \boxed{2}, the second is \boxed{3}.", "2, 3"),
        (r"\boxed{A} and \boxed{C}", "A, C"),
        (r"\boxed{12} and once more \boxed{12}", "12"),
        (r"the pair \boxed{a} \boxed{b}", "a, b"),
        (r"Earlier, \boxed{9}. The roots are \boxed{2} and \boxed{3}.", "2, 3"),
        (r"Part 1: \boxed{5}. Part 2: \boxed{6}.", "5, 6"),
        (r"(a) $\boxed{5}$, (b) $\boxed{6}$", "5, 6"),
        (r"So $(x, y) = (\boxed{5}, \boxed{6})$.", "5, 6"),
        # earlier steps
        ("First we find $a=\\boxed{3}$.\n\nThen the sum is $\\boxed{10}$.", "10"),
        (r"First we find \boxed{3}. Then we find \boxed{10}.", "10"),
        (r"We get \boxed{3}, so the total is \boxed{10}.", "10"),
        (r"We get \boxed{3}; therefore \boxed{10}.", "10"),
        (r"It is \boxed{3}, no, \boxed{4}.", "4"),
        (r"It is \boxed{3}. Wait, \boxed{4}.", "4"),
        (r"$\boxed{2x} = \boxed{10}$", "10"),
        (r"$\boxed{2x} \implies \boxed{10}$", "10"),
        (r"Step 1 gives \boxed{3} and the final answer is \boxed{10}.", "10"),
        ("(a) \\boxed{3}\n\n(b) \\boxed{4}", "4"),
        ("Hence \\boxed{3}.\nHence \\boxed{4}.", "4"),
        (r"\boxed{3} pens, 所以答案是 \boxed{4}", "4"),
        # without braces
        (r"\boxed 7", "7"),
        (r"So $\boxed 7$.", "7"),
        (r"\boxed 12.", "12"),
        (r"\boxed -3", "-3"),
        (r"\boxed 3/4", "3/4"),
        (r"\boxed B", "B"),
        (r"\boxed\frac{1}{2}", r"\frac{1}{2}"),
        (r"\boxed\pi", r"\pi"),
        (r"\fbox 7", "7"),
        # other ways to write it
        ("boxed{7}", "7"),
        ("\boxed{7}", "7"),
        (r"\framebox{7}", "7"),
        (r"\boxed{5}, in the form \boxed{\text{answer}}", "5"),
        (r"Put it in \boxed{your answer}. The answer is 5.", "5"),
    ],
)
def test_boxes(text: str, answer: str) -> None:
    assert extract(text) == answer


@pytest.mark.parametrize("text", [r"Use \boxed to show it.", r"\boxed{\ldots}", r"\boxed{answer}", "a boxed set of 3"])
def test_no_boxes(text: str) -> None:
    assert extract(text) is None


def test_parts_are_announced_together() -> None:
    assert announced(r"$x=\boxed{\$5.}, y=\boxed{6}$") == r"\$5., 6"


@pytest.mark.parametrize(
    "piece", [r"\boxed{1} and ", r"\boxed{1}", r"\boxed 1 ", r"\boxed{\ldots", r"\boxed{\ldots\ldots}"]
)
def test_many_boxes_take_linear_time(piece: str) -> None:
    with stopwatch() as watch:
        extract(piece * (200_000 // len(piece)))
    assert watch.cpu_s < 2

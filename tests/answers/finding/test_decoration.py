"""What only adorns a text is taken away before an answer is looked for in it."""

import pytest

from a2r_ray.answers.finding import announced, extract
from a2r_ray.answers.finding.decoration import undecorated


@pytest.mark.parametrize(
    "text",
    [
        "The answer is 42 \U0001f680",
        "**Final Answer:** 42 \U0001f3af\U0001f389",
        "## \U0001f3af Final Answer\n\n42",
        "## Final Answer \U0001f3af\n\n42",
        "\U0001f449 **Answer: 42**",
        "\u27a1\ufe0f The answer is 42.",
        "## Final Answer\n\n> 42",
        "### Answer:\n> **42**",
        "## Final Answer\n\n- 42",
        "## Step 4: Final Answer\n\n42",
        "The answer is 42. \u220e",
        "The answer is 42 \u220e",
        r"The answer is 42. $\blacksquare$",
        "The answer is&nbsp;42.",
        "The answer is&#160;42.",
    ],
)
def test_the_answer_is_found(text: str) -> None:
    assert extract(text) == "42"


@pytest.mark.parametrize(
    "text",
    [
        "The answer is \U0001f680.",
        "x > 3\n3 > x",
        "a & b",
        "5 &lt 6",
        "\u2660\u2665",
        "\u2713",
        "no\u274c",
        "~~42~~",
        "> 42",
    ],
)
def test_what_may_be_meant_stays(text: str) -> None:
    assert undecorated(text) == text


def test_signs_of_html_are_read() -> None:
    assert extract("The answer is x &lt; 5.") == "x < 5"
    assert extract("The answer is 2 &times; 3.") == "2 \u00d7 3"


def test_a_picture_may_be_the_answer() -> None:
    assert announced("The answer is \U0001f680.") == "\U0001f680"

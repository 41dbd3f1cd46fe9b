"""What holds of every kind: symmetric, total, linear; and which kind known answers are."""

import random
from fractions import Fraction

import pytest

from a2r_ray.answers import math_judge
from a2r_ray.answers.kinds import KINDS, Kind, auto, kind_of
from a2r_ray.answers.math_worker import may_be_shown
from tests.stopwatch import stopwatch

KIND_LIST = [*KINDS.values(), kind_of("choice", choices={"A": "lakes", "B": "rivers"})]
IDS = [*KINDS, "choice with texts"]


@pytest.fixture
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(math_judge, "equal", lambda a, b: may_be_shown(a) and may_be_shown(b) and False)


FRAGMENTS = [
    *"{}()[].,^_x/-+=\\ \n½²°$%eE'\"`*|<>&!:;#→√₂€漢٣①ⒷİßÅ",
    *[
        "\\frac",
        "1",
        "23",
        "0.5",
        "abc",
        "\\text{",
        "km",
        "m",
        "\\\\",
        "10",
        "\\times",
        "\\begin{pmatrix}",
        "and",
        "yes",
    ],
    *[
        "B",
        "2024",
        "-01-",
        "Jan",
        "pm",
        "million",
        "\\sqrt",
        "\\pi",
        '{"a":',
        "null",
        "\x00",
        "\ud800",
        "ft",
        "->",
        "(B)",
    ],
    *["\\overline", "\u200b", "\u0301", "^{", "^\\circ", "１", "𝟙"],
]


@pytest.mark.usefixtures("no_worker")
@pytest.mark.parametrize("kind", KIND_LIST, ids=IDS)
def test_any_text_is_read_and_compared_in_either_direction(kind: Kind) -> None:
    drawn = random.Random(7)
    for _ in range(1500):
        a, b = ("".join(drawn.choices(FRAGMENTS, k=drawn.randint(0, 8))) for _ in range(2))
        kind.read(a)
        kind.fits(a)
        assert kind.equal(a, a)
        assert kind.equal(a, b) is kind.equal(b, a), (a, b)


@pytest.mark.usefixtures("no_worker")
@pytest.mark.parametrize(
    "piece", [*FRAGMENTS, "1 ", "1,", "a ", "km ", "x+", "x=1,", "1 km ", "a1", "NaCl2", "f(", "- "]
)
def test_reading_takes_linear_time_on_hostile_text(piece: str) -> None:
    with stopwatch() as watch:
        for frame in ("{}", "1{}", "x={}", "\\text{{{}}}"):
            for size in (3_900, 30_000):
                text = frame.format(piece * (size // len(piece)))
                for kind in KIND_LIST:
                    kind.read(text)
                    kind.fits(text)
                    kind.equal(text, f"{text}1")
    assert watch.cpu_s < 10  # it is below 1; anything quadratic takes minutes


@pytest.mark.parametrize(
    ("known", "kind"),
    [
        (["yes", "No"], "yes_no"),
        (["True", "False"], "yes_no"),
        (["A", "B", "(C)"], "choice"),
        (["a", "d"], "choice"),
        (["1", "-2", "1,000"], "integer"),
        (["", "5"], "integer"),
        (["1.5", "2", "3 km"], "number"),
        (["1/2", "3"], "number"),
        (["2024-01-02", "January 3, 2024"], "date"),
        (['{"a": 1}', '["x"]'], "json"),
        (["3 1 2", "1 2 3"], "sequence"),
        (["1 2\n3 4"], "sequence"),
        (["up 2 left 1", "left 3 up 1"], "sequence"),
        (["Paris", "New York"], "text"),
        ([r"\frac{1}{2}", "x+1"], "math"),
        (["Paris", "42"], "math"),
        (["(1,2)", "(3,4)"], "math"),
        (["[0,1]", "(1,2)"], "math"),
        (["x", "y+1"], "math"),
        (["yes", "B"], "math"),
        ([], "math"),
        (["", " "], "math"),
    ],
)
def test_the_kind_is_taken_from_the_known_answers(known: list[str], kind: str) -> None:
    assert auto(known) == kind


@pytest.mark.parametrize(
    ("name", "announced", "answer"),
    [
        ("math", r" \frac{1}{2} ", r"\frac{1}{2}"),
        ("text", '"Paris"', "Paris"),
        ("text", " ", None),
        ("choice", "(B) rivers", "B"),
        ("choice", r"\textbf{(B)}\ 9", "B"),
        ("choice", "C and A", "A, C"),
        ("choice", "a good idea", None),
        ("integer", "12 pens", "12 pens"),
        ("integer", "the total is 12.", "12"),
        ("integer", "x = 12", "12"),
        ("integer", "3 or 4", None),
        ("integer", "1.5", None),
        ("number", "it weighs 1.5 kg today", "1.5 kg"),
        ("number", "$5 million", "$5 million"),
        ("number", "no number", None),
        ("sequence", "[3, 1, 2]", "[3, 1, 2]"),
        ("date", "on January 2, 2024 at noon", "January 2, 2024"),
        ("date", "2024-13-45", None),
        ("json", 'so it is {"a": [1, 2]} in all', '{"a": [1, 2]}'),
        ("json", '```json\n{"a": 1}\n```', '{"a": 1}'),
        ("json", "no json", None),
        ("yes_no", "Yes, because it is prime", "Yes"),
        ("yes_no", "no solution", None),
    ],
)
def test_the_answer_in_the_stretch_that_announces_it(name: str, announced: str, answer: str | None) -> None:
    assert KINDS[name].read(announced) == answer


@pytest.mark.parametrize("name", ["math", "number"])
@pytest.mark.parametrize(
    ("a", "b", "tolerance"),
    [("3.14", r"\pi", "0.001"), ("0.333", "1/3", "0.002"), ("9.424778", r"3\pi", "1e-8"), ("99 cm", "1 m", "0.01")],
)
def test_a_decimal_is_exact_unless_a_tolerance_is_stated(name: str, a: str, b: str, tolerance: str) -> None:
    exact, near = kind_of(name), kind_of(name, tolerance=Fraction(tolerance))
    much_nearer = kind_of(name, tolerance=Fraction(tolerance) / 100)
    for one, other in ((a, b), (b, a)):
        assert not exact.equal(one, other)
        assert near.equal(one, other)
        assert not much_nearer.equal(one, other)


def test_known_choices_are_met_by_their_text() -> None:
    texts = kind_of("choice", choices={"A": "lakes", "B": "rivers", "(C)": "the sea"})
    for answer in ("rivers", "Rivers.", "B", "(B) rivers", "**rivers**", "The answer is rivers"):
        assert texts.equal(answer, "B")
        assert texts.equal("B", answer)
        assert not texts.equal(answer, "A")
    assert texts.equal("the sea", "C")
    assert not KINDS["choice"].equal("rivers", "B")


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(KeyError):
        kind_of("nothing")


@pytest.mark.usefixtures("no_worker")
@pytest.mark.parametrize("kind", KIND_LIST, ids=IDS)
def test_words_and_numbers_are_compared_at_once(kind: Kind) -> None:
    answers = [f"w{n}ord{chr(97 + n % 26)}" for n in range(32)] + [str(n * 37) for n in range(32)]
    with stopwatch() as watch:
        for a in answers:
            for b in answers:
                kind.equal(a, b)
    assert watch.cpu_s < 0.5  # 4,096 comparisons and first readings take about 0.01

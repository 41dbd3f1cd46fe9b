"""What holds of any answers: equality is symmetric, nothing raises, and what changes the meaning is another answer."""

import random
import string

import pytest

from a2r_ray.answers.finding import announced, extract
from a2r_ray.answers.kinds import KINDS, kind_of
from tests.answers.test_corpus import CORPUS, families
from tests.stopwatch import stopwatch

DRAWS = 400


def pieces() -> list[str]:
    """Every spelling of the corpus."""
    found: dict[str, None] = {}
    for path in CORPUS:
        for family in families(path)[1]:
            for value in family.values():
                found |= dict.fromkeys([value] if isinstance(value, str) else value)
    return list(found)


PIECES = pieces()
ALPHABET = string.printable + "½²√π∞−×÷°€£，。：是否はい答案نعم\u0000\u200b\ud800{}\\$"


def garbage(dice: random.Random) -> str:
    """What nobody would write: letters at random, and spellings cut and joined."""
    if dice.random() < 0.5:
        return "".join(dice.choices(ALPHABET, k=dice.randrange(40)))
    one, other = dice.choices(PIECES, k=2)
    return one[: dice.randrange(len(one) + 1)] + dice.choice(["", " ", ", ", "=", "{", "\\", "^"]) + other


@pytest.mark.parametrize("name", sorted(KINDS))
def test_it_is_symmetric_and_total(name: str) -> None:
    dice, kind = random.Random(name), kind_of(name)
    for _ in range(DRAWS):
        a, b = (dice.choice(PIECES) if name == "math" else garbage(dice) for _ in range(2))
        assert kind.equal(a, b) is kind.equal(b, a), (a, b)
        assert kind.equal(a, a), a
        read = kind.read(a)
        assert read is None or isinstance(read, str)
        assert isinstance(kind.fits(a), bool)


@pytest.mark.parametrize("name", ["math", "sequence", "text"])
def test_two_parts_in_each_other_s_place_are_another_answer(name: str) -> None:
    dice, kind = random.Random(name), kind_of(name)
    words = ["cat", "dog", "bird", "up", "left", "right", "rook", "knight", "red", "blue", "stone", "water"]
    for _ in range(DRAWS):
        between = dice.choice([" ", "\n"] if name == "math" else [" ", ", ", "\n", " -> "])
        parts = dice.sample(words if name == "text" else [*words, *map(str, range(10))], k=dice.randint(3, 6))
        if name == "math" and all(part.isdigit() for part in parts):
            continue  # in mathematics a list of numbers has no order
        order = list(range(len(parts)))
        at, other = dice.sample(order, k=2)
        order[at], order[other] = order[other], order[at]
        answer, swapped = between.join(parts), between.join(parts[n] for n in order)
        assert kind.equal(answer, answer.upper() if name != "math" else answer), answer
        assert not kind.equal(answer, swapped), (answer, swapped)


def test_dates_with_day_and_month_swapped_are_different() -> None:
    dice = random.Random(1)
    for kind in (kind_of("date"), kind_of("math"), kind_of("text")):
        for _ in range(100):
            year, month, day = dice.randint(1900, 2099), *dice.sample(range(1, 13), k=2)
            assert not kind.equal(f"{year}-{month:02}-{day:02}", f"{year}-{day:02}-{month:02}")


def test_grids_with_rows_or_columns_swapped_are_different() -> None:
    dice, kind = random.Random(2), kind_of("sequence")
    for _ in range(100):
        rows = [dice.sample(range(1, 10), k=4) for _ in range(4)]
        grid = "\n".join(" ".join(map(str, row)) for row in rows)
        turned = "\n".join(" ".join(map(str, row)) for row in zip(*rows, strict=True))
        down = "\n".join(grid.split("\n")[::-1])
        assert kind.equal(grid, grid.replace(" ", "  "))
        assert not kind.equal(grid, down)
        assert not kind.equal(grid, turned)


def test_finding_is_total_and_linear() -> None:
    dice = random.Random(3)
    for _ in range(DRAWS):
        text = garbage(dice)
        assert extract(text) is None or isinstance(extract(text), str)
    took = []
    for repeats in (1_000, 8_000):
        texts = [garbage(dice) * repeats for dice in map(random.Random, range(25))]
        with stopwatch() as watch:
            for text in texts:
                announced(text)
                extract(text)
        took.append(watch.cpu_s / sum(map(len, texts)))
    assert took[1] < 4 * took[0]

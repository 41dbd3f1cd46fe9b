"""Metrics against figures worked out by hand, and the rules for what is missing."""

from itertools import combinations
from typing import Any

import pyarrow as pa
import pytest

from a2r_ray.evaluate.metrics import Accuracy, Share, accuracies, pass_at_k, rescued, spoiled
from a2r_ray.records import RESULT_SCHEMA

COLUMNS = ["problem_id", "reference_answer", "path_correct", "vote_correct", "correct"]
SCHEMA = pa.schema([RESULT_SCHEMA.field(name) for name in COLUMNS])
Verdict = bool | None


def results(*rows: tuple[str, str | None, list[Verdict] | None, Verdict, Verdict]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(COLUMNS, row, strict=True)) for row in rows], schema=SCHEMA)


def values(accuracy: Accuracy) -> tuple[float | None, ...]:
    shares = (accuracy.path, accuracy.vote, accuracy.a2r, accuracy.oracle)
    return (*(None if share is None else share.value for share in shares), accuracy.scored)


HAND = results(
    ("all right", "1", [True, True, True, True], True, True),
    ("rescued", "1", [True, False, False, False], False, True),
    ("spoiled", "1", [True, True, True, False], True, False),
    ("all wrong", "1", [False, False, False, False], False, False),
    ("unknown", None, [None, None, None, None], None, None),
)


def test_accuracies_worked_out_by_hand() -> None:
    assert values(accuracies(HAND)) == ((1 + 0.25 + 0.75 + 0) / 4, 0.5, 0.5, 0.75, 4)


def test_problems_weigh_the_same_however_many_paths_they_have() -> None:
    table = results(("many", "1", [False] * 9, False, False), ("one", "1", [True], True, True))
    assert values(accuracies(table))[0] == 0.5


def test_what_has_no_verdict_in_a_scored_problem_is_wrong() -> None:
    table = results(
        ("a", "1", [True, None], None, None),
        ("b", "1", [], None, None),
        ("c", "1", None, None, None),
        ("d", "1", [True, True], True, True),
    )
    assert values(accuracies(table)) == (1.5 / 4, 0.25, 0.25, 0.5, 4)


def test_a_rejected_problem_with_a_known_answer_is_wrong() -> None:
    table = results(("a", "1", [True, True], True, True))
    assert values(accuracies(table, rejected=3)) == (0.25, 0.25, 0.25, 0.25, 4)
    assert values(accuracies(results(), rejected=2)) == (0.0, 0.0, 0.0, 0.0, 2)


def test_intervals_are_those_of_published_tables() -> None:
    # Newcombe 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E, table I, method 3
    for right, problems, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611)):
        share = Share.of(right, problems)
        assert (round(share.low, 4), round(share.high, 4)) == (low, high)
    assert round(Share.of(1, 29).low, 4) == 0.0061
    assert Share.of(3, 3).high == 1.0


def test_paths_have_the_interval_of_their_problems() -> None:
    verdicts: list[Verdict] = [True, False]
    table = results(*(("p", "1", verdicts, True, True) for _ in range(4)))
    assert accuracies(table).path == Share.of(2, 4)


def test_a_verdict_without_a_reference_answer_is_scored() -> None:
    assert accuracies(results(("verified", None, [True], True, True))).scored == 1


@pytest.mark.parametrize("table", [results(), HAND.slice(4), HAND.slice(0, 0)], ids=["empty", "unscored", "sliced"])
def test_nothing_scored_has_no_accuracy(table: pa.Table) -> None:
    assert accuracies(table) == Accuracy(None, None, None, None, 0)
    assert rescued(table) == []
    assert spoiled(table) == []


def test_rescued_and_spoiled_name_the_problems() -> None:
    assert rescued(HAND) == ["rescued"]
    assert spoiled(HAND) == ["spoiled"]


def test_an_answer_where_the_vote_had_none_is_rescued() -> None:
    assert rescued(results(("a", "1", [None], None, True))) == ["a"]


def test_how_the_table_is_cut_into_chunks_does_not_matter() -> None:
    chunked = pa.concat_tables([HAND.slice(row, 1) for row in (4, 0, 1, 2, 3)] * 3)
    assert values(accuracies(chunked)) == (0.5, 0.5, 0.5, 0.75, 12)
    assert rescued(chunked) == ["rescued"] * 3
    assert values(accuracies(HAND.slice(1, 2))) == (0.5, 0.5, 0.5, 1.0, 2)


@pytest.mark.parametrize(("n", "c", "k"), [(4, 0, 2), (4, 1, 2), (4, 2, 2), (4, 3, 2), (4, 4, 1), (6, 2, 3), (5, 1, 5)])
def test_pass_at_k_is_the_share_of_subsets_with_a_right_path(n: int, c: int, k: int) -> None:
    paths = [True] * c + [False] * (n - c)
    subsets = list(combinations(paths, k))
    assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, subsets)) / len(subsets), abs=1e-15)


def test_pass_at_k_is_exact_where_floats_cancel_or_overflow() -> None:
    assert pass_at_k(10_000, 1, 1) == 1e-4
    assert pass_at_k(10**6, 1, 1) == 1e-6
    assert pass_at_k(5000, 1, 2500) == 0.5
    assert pass_at_k(5000, 5000, 2500) == 1.0


@pytest.mark.parametrize(("n", "c", "k"), [(4, 5, 1), (4, -1, 1), (4, 1, 0), (4, 1, 5), (0, 0, 1)])
def test_pass_at_k_refuses_what_cannot_be_drawn(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match="expected 0 <= c <= n"):
        pass_at_k(n, c, k)


def test_a_million_rows_take_seconds_at_most() -> None:
    row: dict[str, Any] = dict(zip(COLUMNS, ("p", "1", [True, False, None, True], True, False), strict=True))
    small = pa.Table.from_pylist([row] * 1000, schema=SCHEMA)
    assert values(accuracies(pa.concat_tables([small] * 1000))) == (0.5, 1.0, 0.0, 1.0, 1_000_000)

"""The vote's rules: who counts, who wins, what a tie is, and what it costs."""

import itertools

import pytest

from a2r_ray.answers.judging import Answers
from a2r_ray.method.vote import Vote, vote
from a2r_ray.records import Problem
from tests.stopwatch import stopwatch

same = Answers().of(Problem("p", "?")).same


def test_the_largest_cluster_wins_and_is_written_as_most_of_its_paths_wrote_it() -> None:
    answers = ("7", "1/2", "0.5", r"\frac{1}{2}", "0.5")
    assert vote(answers, same) == Vote("0.5", 4 / 5, ((0,), (1, 2, 3, 4)), answers)


def test_of_equally_frequent_spellings_that_of_the_earliest_path_is_shown() -> None:
    assert vote(["7", "1/2", "0.5", "7.0", "0.50"], same).answer == "1/2"


def test_of_equal_clusters_the_one_with_the_earliest_path_wins() -> None:
    assert vote(["2", "1", "1", "2"], same).answer == "2"
    assert vote(["1", "2", "2", "1"], same).answer == "1"


def test_paths_without_an_answer_have_no_vote() -> None:
    answers = (None, "5", None, "5", "6")
    assert vote(answers, same) == Vote("5", 2 / 3, ((1, 3), (4,)), answers)


@pytest.mark.parametrize("answers", [(), (None,), (None, None)])
def test_no_answers_elect_nothing(answers: tuple[str | None, ...]) -> None:
    assert vote(answers, same) == Vote(None, None, (), answers)


def test_one_answer_is_unanimous() -> None:
    assert vote(["x"], same) == Vote("x", 1.0, ((0,),), ("x",))


def test_positions_ascend_whatever_the_spelling() -> None:
    assert vote(["1", "2", "1.0", "1", "2.0"], same).clusters == ((0, 2, 3), (1, 4))


def near(a: str, b: str) -> bool:
    """Not transitive: neighbours mean the same."""
    return abs(int(a) - int(b)) <= 1


def test_no_two_answers_are_one_that_a_verdict_would_tell_apart() -> None:
    assert vote(["1", "3", "2"], near).clusters == ((0, 2), (1,))
    for answers in itertools.permutations("12345"):
        for cluster in vote(answers, near).clusters:
            assert all(near(answers[a], answers[b]) for a in cluster for b in cluster)


def test_the_order_of_the_paths_matters_to_ties_alone() -> None:
    found = set()
    for answers in itertools.permutations(["1", "2", "2", "3", "4"]):
        elected = vote(answers, near)
        found.add(frozenset(frozenset(answers[at] for at in cluster) for cluster in elected.clusters))
        assert elected.answer == "2"
    assert found == {frozenset({frozenset("12"), frozenset("34")})}


def test_the_same_text_is_compared_once() -> None:
    asked: list[tuple[str, str]] = []

    def never(a: str, b: str) -> bool:
        asked.append((a, b))
        return False

    assert vote(["a", "b", "a", "b", "a"], never).clusters == ((0, 2, 4), (1, 3))
    assert asked == [("a", "b")]


def test_mathematics_is_one_answer() -> None:
    assert vote(["x+1", "1+x", "x+2"], same).share == pytest.approx(2 / 3)


def test_plain_votes_take_microseconds() -> None:
    ballots = [[str(9 * problem + path % 3) for path in range(8)] for problem in range(2000)]
    with stopwatch() as watch:
        for ballot in ballots:
            vote(ballot, same)
    assert watch.cpu_s / len(ballots) < 200e-6  # it is below 20e-6


def test_many_words_and_numbers_take_milliseconds() -> None:
    ballot = [f"word {chr(97 + n % 26)}{'x' * (n // 26)}" if n % 2 else str(n / 7) for n in range(64)]
    with stopwatch() as watch:
        assert vote(ballot, same).share == 1 / 64
    assert watch.cpu_s < 0.05


@pytest.mark.parametrize(
    ("answers", "share", "stands"),
    [
        (["1", "1", "1.0"], 1.0, True),
        (["1", "1", None], 1.0, False),  # a path without an answer agrees with nobody
        (["1", "1", "1", None], 0.75, True),
        (["1", "1", "2", "3"], 0.5, True),
        (["1", "1", "2", "3"], 0.51, False),
        (["1"], 1.0, False),  # one path is no vote
        (["1", "1"], None, False),
        ([None, None], 0.1, False),
    ],
)
def test_the_share_at_which_it_stands_is_of_all_paths(
    answers: list[str | None], share: float | None, *, stands: bool
) -> None:
    assert vote(answers, same).stands(share) is stands

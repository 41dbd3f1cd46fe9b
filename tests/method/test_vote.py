"""The vote's rules: who counts, who wins, what a tie is, and what it costs."""

import time

import pytest

from a2r_ray.method import vote as voting
from a2r_ray.method.vote import Vote, vote


def test_the_largest_cluster_wins_and_is_written_as_its_earliest_path_wrote_it() -> None:
    assert vote(["7", "0.5", "1/2", r"\frac{1}{2}"]) == Vote("0.5", 3 / 4, ((0,), (1, 2, 3)))


def test_of_equal_clusters_the_one_with_the_earliest_path_wins() -> None:
    assert vote(["2", "1", "1", "2"]).answer == "2"
    assert vote(["1", "2", "2", "1"]).answer == "1"


def test_paths_without_an_answer_have_no_vote() -> None:
    assert vote([None, "5", None, "5", "6"]) == Vote("5", 2 / 3, ((1, 3), (4,)))


@pytest.mark.parametrize("answers", [[], [None], [None, None]])
def test_no_answers_elect_nothing(answers: list[str | None]) -> None:
    assert vote(answers) == Vote(None, None, ())


def test_one_answer_is_unanimous() -> None:
    assert vote(["x"]) == Vote("x", 1.0, ((0,),))


def test_positions_ascend_whatever_the_spelling() -> None:
    assert vote(["1", "2", "1.0", "1", "2.0"]).clusters == ((0, 2, 3), (1, 4))


def test_an_answer_joins_the_first_cluster_whose_earliest_answer_it_equals(monkeypatch: pytest.MonkeyPatch) -> None:
    # Not transitive, as equivalence of mathematics is: neighbours are equal.
    monkeypatch.setattr(voting, "equivalent", lambda a, b: abs(int(a) - int(b)) <= 1)
    assert vote(["1", "3", "2"]).clusters == ((0, 2), (1,))
    assert vote(["2", "1", "3"]).clusters == ((0, 1, 2),)


def test_the_same_text_is_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def never(a: str, b: str) -> bool:
        asked.append((a, b))
        return False

    monkeypatch.setattr(voting, "equivalent", never)
    assert vote(["a", "b", "a", "b", "a"]).clusters == ((0, 2, 4), (1, 3))
    assert asked == [("a", "b")]


def test_mathematics_is_one_answer() -> None:
    assert vote(["x+1", "1+x", "x+2"]).share == pytest.approx(2 / 3)


def test_plain_votes_take_microseconds() -> None:
    ballots = [[str(9 * problem + path % 3) for path in range(8)] for problem in range(2000)]
    started = time.process_time()
    for ballot in ballots:
        vote(ballot)
    assert (time.process_time() - started) / len(ballots) < 200e-6  # it is below 15e-6

"""What ends replicas is found at its second deed, and its company does not pay for it."""

import itertools
import threading
import time

import pyarrow as pa
import pytest

from a2r_ray.records import INPUT_SCHEMA, input_row
from a2r_ray.replica import suspects as trial
from a2r_ray.replica.suspects import Trial
from tests.conftest import problem
from tests.nodes import wait_until
from tests.replica.test_replica import SilentBoard


class EndError(Exception):
    """The end of a replica."""


class HearingBoard(SilentBoard):
    """Does not hear those who have ended."""

    def __init__(self, court: SilentBoard, ended: threading.Event) -> None:
        self.court, self.ended = court, ended

    def accuse(self, key: str, replica: str) -> tuple[list[str], int]:
        if self.ended.is_set():
            raise EndError
        return self.court.accuse(key, replica)

    def acquit(self, key: str) -> None:
        if not self.ended.is_set():
            self.court.acquit(key)


class Pool:
    """A replica that is begun again whenever it ends, as Ray does, and problems some of which end it."""

    def __init__(self, harm_after_s: dict[str, float], takes_s: float) -> None:
        self.harm_after_s, self.takes_s, self.court = harm_after_s, takes_s, SilentBoard()
        self.deaths = self.inside = self.most = 0

    def run(self, count: int) -> list[dict[str, object]]:
        """Serves so many problems at once, each in a call of its own, made again where a replica ends with it.

        One replica has ended before, with all of them.
        """
        for deaths in itertools.count(1):
            self.deaths = deaths
            served = self._attempt(count)
            if served is not None:
                return [row for table in served for row in table.to_pylist()]
        raise AssertionError

    def _attempt(self, count: int) -> list[pa.Table] | None:
        """What one replica served; None: it ended."""
        ended = threading.Event()

        def serve(row: pa.Table) -> pa.Table:
            [values] = row.to_pylist()
            if values["error_kind"]:
                return row
            self.inside += 1
            self.most = max(self.most, self.inside)
            time.sleep(self.harm_after_s.get(values["problem_id"], self.takes_s))
            self.inside -= 1
            if values["problem_id"] in self.harm_after_s:
                ended.set()
                raise EndError
            return row

        on_trial = Trial(serve, HearingBoard(self.court, ended), f"explorer-{self.deaths}", "explorer")
        done: list[pa.Table] = []

        def call(number: int) -> None:
            try:
                done.append(on_trial(pa.Table.from_pylist([input_row(problem(number))], INPUT_SCHEMA), self.deaths))
            except EndError:
                ended.set()

        threads = [threading.Thread(target=call, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        wait_until(lambda: ended.is_set() or len(done) == count, 60, "neither served nor ended")
        for thread in threads:
            thread.join()
        return None if ended.is_set() else done


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "_PAUSE_S", 0.05)


def test_the_second_replica_that_a_problem_ends_is_the_last() -> None:
    pool = Pool({"p3": 0.01}, takes_s=0.5)
    rows = pool.run(8)
    assert pool.deaths == 2  # and the one before
    [guilty] = [row for row in rows if row["error_kind"]]
    assert (guilty["problem_id"], guilty["error_kind"], guilty["stage"]) == ("p3", "poison", "explore")
    assert str(guilty["error"]).startswith("2 replicas ended while they worked on it")
    assert "when explorer-1 did" in str(guilty["error"])
    assert len(rows) == 8
    assert pool.most > 4  # the others were served together, and not one after the other


def test_a_problem_that_takes_its_time_to_do_harm_is_found_as_well() -> None:
    pool = Pool({"p1": 0.6}, takes_s=0.02)
    rows = pool.run(3)
    assert [row["problem_id"] for row in rows if row["error_kind"]] == ["p1"]
    assert pool.deaths == 3


def test_two_of_them_are_both_found() -> None:
    rows = Pool({"p0": 0.01, "p4": 0.01}, takes_s=0.1).run(6)
    assert {row["problem_id"] for row in rows if row["error_kind"]} == {"p0", "p4"}


def test_nobody_is_accused_where_replicas_end_by_chance() -> None:
    pool = Pool({}, takes_s=0.01)
    assert not [row for row in pool.run(5) if row["error_kind"]]
    assert pool.court.accused == {}

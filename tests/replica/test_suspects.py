"""What ends replicas is found in a few deaths, its company does not pay for it, and nobody waits for long."""

import itertools
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

import pytest

from a2r_ray.replica import suspects
from a2r_ray.replica.suspects import Probation, Record, Suspicion
from tests.nodes import wait_until


class EndedError(Exception):
    """The end of a replica."""


class Registrar:
    """The record, as replicas reach it; one that has ended is not heard any more."""

    def __init__(self) -> None:
        self.record = Record()
        self.ended: set[str] = set()

    def suspicions(self, keys: Sequence[str]) -> list[Suspicion]:
        return self.record.of(keys)

    def let_in(self, replica: str, key: str) -> None:
        if replica not in self.ended:
            self.record.let_in(replica, key, time.monotonic())

    def done(self, replica: str, key: str) -> None:
        if replica not in self.ended:
            self.record.done(replica, key)


class Pool:
    """One actor whose replica is begun again whenever it ends, with problems of which some end it."""

    def __init__(self, harm_after_s: dict[str, float], takes_s: float, width: int, killed: int = 0) -> None:
        self.harm_after_s, self.takes_s, self.width = harm_after_s, takes_s, width
        self.killed = killed  # so many replicas end soon, whatever they are given
        self.registrar = Registrar()
        self.deaths = 1  # all of them were in a replica that ended
        self.rejected: dict[str, str] = {}
        self.served: set[str] = set()
        self.most_at_once: list[int] = []

    def run(self, problems: int) -> None:
        """Until all are served or rejected."""
        keys = [f"p{number}" for number in range(problems)]
        for number in itertools.count(1):
            left = [key for key in keys if key not in self.served and key not in self.rejected]
            if not left:
                return
            assert number < 30, f"never ends: {left}, {self.registrar.record}"
            self._replica(f"r{number}", left)

    def _replica(self, name: str, keys: Sequence[str]) -> None:
        ended, inside, most = threading.Event(), [0], [0]
        lock, all_are_there = threading.Lock(), threading.Barrier(len(keys) + 1)

        def call(key: str, suspicion: Suspicion) -> None:
            if suspicion.is_proven:
                self.rejected[key] = suspects.history(suspicion)
                return
            with probation.let_in(key, suspicion):
                with lock:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                if ended.wait(self.harm_after_s.get(key, self.takes_s)):
                    raise EndedError
                with lock:
                    inside[0] -= 1
                if key in self.harm_after_s:
                    self.registrar.ended.add(name)
                    ended.set()
                    raise EndedError
            self.served.add(key)

        def call_until_the_end(key: str, suspicion: Suspicion) -> None:
            all_are_there.wait()
            with suppress(EndedError):
                call(key, suspicion)

        calls = zip(keys, self.registrar.suspicions(keys), strict=True)
        threads = [threading.Thread(target=call_until_the_end, args=each, daemon=True) for each in calls]
        for thread in threads:
            thread.start()
        probation = Probation(self.registrar, name, self.width)
        all_are_there.wait()
        if int(name[1:]) <= self.killed:
            time.sleep(0.35)
            self.registrar.ended.add(name)
            ended.set()
        wait_until(lambda: ended.is_set() or not any(thread.is_alive() for thread in threads), 60, "neither")
        self.most_at_once.append(most[0])
        if ended.is_set():
            self.deaths += 1
            self.registrar.record.ended(name, time.monotonic(), innocent=False)


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspects, "_FIRST_PROBATION_S", 0.2)
    monkeypatch.setattr(suspects, "_SETTLE_S", 0.1)


def test_what_ends_replicas_at_once_is_found_and_nobody_else_is_rejected() -> None:
    pool = Pool({"p13": 0.02}, takes_s=0.1, width=64)
    pool.run(64)
    assert set(pool.rejected) == {"p13"}
    assert len(pool.served) == 63
    assert pool.deaths <= 6  # 64 -> 16 -> 4 -> 1, and again
    assert pool.rejected["p13"].startswith(f"{pool.deaths} replicas ended while they worked on it")
    assert "the only one when r" in pool.rejected["p13"]


def test_a_problem_that_takes_its_time_to_do_harm_is_found_as_well() -> None:
    pool = Pool({"p1": 0.6}, takes_s=0.02, width=8)
    pool.run(8)
    assert set(pool.rejected) == {"p1"}


def test_two_of_them_are_both_found() -> None:
    pool = Pool({"p0": 0.02, "p4": 0.02}, takes_s=0.1, width=16)
    pool.run(16)
    assert set(pool.rejected) == {"p0", "p4"}


@pytest.mark.parametrize("width", [4, 16])
def test_replicas_that_end_whatever_they_are_given_prove_nothing(width: int) -> None:
    pool = Pool({}, takes_s=0.1, width=width, killed=8)
    pool.run(100)
    assert pool.rejected == {}
    assert len(pool.served) == 100


def test_after_one_death_all_are_in_within_three_times_of_probation() -> None:
    began = time.monotonic()
    pool = Pool({}, takes_s=1.0, width=32)
    pool.run(32)
    assert pool.deaths == 1
    assert pool.most_at_once == [32]
    assert time.monotonic() - began < 1.0 + 3 * 0.2 + 1.5


def test_probation_has_a_bound_whatever_the_deaths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert [suspects.probation_s(deaths) for deaths in (0, 1, 2, 3, 4, 40)] == [1, 1, 4, 16, 60, 60]


def test_who_ends_with_its_node_is_innocent() -> None:
    record = Record()
    record.let_in("r1", "p1", 0.0)
    record.ended("r1", 0.5, innocent=True)
    assert record.of(["p1"]) == [Suspicion()]
    record.let_in("r2", "p1", 1.0)
    record.ended("r2", 1.1, innocent=False)
    [held] = record.of(["p1"])
    assert (held.deaths, len(held.alone), held.is_proven) == (2, 1, False)
    record.let_in("r3", "p1", 2.0)
    record.done("r3", "p1")
    assert record.of(["p1"]) == [Suspicion()]  # what did no harm is forgotten


def test_two_together_prove_nothing() -> None:
    record = Record()
    for replica in ("r1", "r2", "r3"):
        record.let_in(replica, "p1", 0.0)
        record.let_in(replica, "p2", 0.0)
        record.ended(replica, 0.1, innocent=False)
    assert [(held.deaths, held.is_proven) for held in record.of(["p1", "p2"])] == [(4, False), (4, False)]

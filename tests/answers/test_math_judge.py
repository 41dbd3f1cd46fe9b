"""What comparing mathematics may cost: budgets, and two lanes so that hard comparisons keep nobody waiting."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psutil
import pytest

from a2r_ray.answers import math_judge, math_worker
from a2r_ray.answers.math_judge import budget, equal


@pytest.fixture
def lanes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float]]:
    """Workers that take as long as an answer says, and never decide what begins with "?"; each question is noted."""
    asked: list[tuple[str, float]] = []

    def ask(lane: str, pair: tuple[str, str], limit_s: float) -> tuple[bool | None, float]:
        asked.append((lane, limit_s))
        takes_s = float(max(pair).strip("?"))
        if takes_s > limit_s:
            time.sleep(limit_s / 10)
            return None, limit_s
        time.sleep(takes_s / 10)
        return not max(pair).startswith("?"), takes_s

    judge = math_judge._Judge()
    for name in ("quick", "slow"):
        monkeypatch.setattr(getattr(judge, f"_{name}"), "ask", partial(ask, name))
    monkeypatch.setattr(math_judge, "_judge", judge)
    return asked


def test_what_is_quick_stays_in_the_quick_lane(lanes: list[tuple[str, float]]) -> None:
    with budget(5) as spent:
        assert equal("0.1", "0")
    assert lanes == [("quick", math_judge.QUICK_S)]
    assert spent.left_s == pytest.approx(4.9)
    assert spent.undecided == 0


def test_what_is_not_goes_on_in_the_slow_one(lanes: list[tuple[str, float]]) -> None:
    with budget(5) as spent:
        assert equal("1.5", "0")
    assert [lane for lane, _ in lanes] == ["quick", "slow"]
    assert spent.left_s == pytest.approx(5 - math_judge.QUICK_S - 1.5)


def test_what_takes_too_long_is_different_counted_and_not_asked_again(lanes: list[tuple[str, float]]) -> None:
    with budget(50) as spent:
        assert not equal("9", "0")
        assert not equal("0", "9")
    assert len(lanes) == 2
    assert spent.undecided == 2


def test_a_spent_budget_decides_nothing_and_is_forgotten(lanes: list[tuple[str, float]]) -> None:
    with budget(0.05) as spent:
        assert not equal("0.1", "0")
        assert not equal("0.1", "00")
    assert spent.undecided == 2
    assert len(lanes) == 1
    assert equal("0.1", "0")  # with another budget it is decided
    assert equal("0.1", "00")


@pytest.mark.usefixtures("lanes")
def test_budgets_are_each_thread_s_own() -> None:
    def spend(seconds: float) -> float:
        with budget(10) as spent:
            equal(str(seconds), "0")
            time.sleep(0.05)
        return spent.left_s

    with ThreadPoolExecutor(4) as pool:
        left = list(pool.map(spend, (0.01, 0.02, 0.03, 0.04)))
    assert left == [pytest.approx(10 - seconds) for seconds in (0.01, 0.02, 0.03, 0.04)]


def test_a_hard_vote_keeps_no_easy_one_waiting() -> None:
    """With real workers: 16 hard comparisons go on, and those of others are decided meanwhile."""
    hard = [
        (rf"\{{x : x^{n} + \frac{{1}}{{x}} > {n}\}}", rf"\{{x : x^{n} > {n} - \frac{{1}}{{x}}\}}") for n in range(5, 21)
    ]
    assert equal("1+a", "a+1")
    with ThreadPoolExecutor(16) as pool:
        running = [pool.submit(equal, *pair) for pair in hard]
        time.sleep(0.5)
        began = time.monotonic()
        assert equal("2+a", "a+2")
        took_s = time.monotonic() - began
        for each in running:
            each.result()
    assert took_s < len(hard) * math_judge.QUICK_S + 2


def test_what_a_worker_computes_is_charged() -> None:
    lane = math_judge._Lane()
    lane.ask(("1+b", "b+1"), 1.0)
    worker = lane._worker
    assert worker is not None
    used = psutil.Process(worker.pid).cpu_times
    before, charged_s, asked = used(), 0.0, 0
    while (took_s := used().user + used().system - before.user - before.system) < 1.0:
        charged_s += lane.ask((f"{asked}+b", f"b+{asked + 1}"), 1.0)[1]
        asked += 1
    lane.close()
    assert 0.9 * took_s - 0.05 <= charged_s <= 1.1 * took_s + 0.05  # of a process the system counts in hundredths


def test_what_is_broken_off_leaves_its_worker_alive() -> None:
    assert equal("1+b", "b+1")
    worker = math_judge._judge._quick._worker
    assert worker is not None
    verdict, spent_s = math_judge._judge._quick.ask(
        (r"\{x : x^4 + \frac{1}{x} > 4\}", r"\{x : x^4 > 4 - \frac{1}{x}\}"), 0.01
    )
    assert (verdict, worker.poll()) == (None, None)
    assert spent_s < math_worker.CPU_LIMIT_S
    assert equal("2+b", "b+2")
    assert math_judge._judge._quick._worker is worker
    assert threading.active_count() < 50

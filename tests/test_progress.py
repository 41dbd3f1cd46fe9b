"""What is drawn while a run goes on, and what is printed at its end."""

import io
import time
from typing import Any

import pytest
from rich.console import Console

from a2r_ray.cluster.driver import Progress
from a2r_ray.progress import LiveProgress, alive, explored, print_summary
from tests.evaluate.test_summary import summary


def report(role: str, **fields: Any) -> dict[str, Any]:
    sample = {"role": role, "loading": False, "at": time.time(), "problems": 6}
    return {**sample, "completion_tokens": 100, "running": 3, "waiting": 2, **fields}


def progress(*reports: dict[str, Any], **outcomes: int) -> Progress:
    drawn = Progress(total=20, done_before=4)
    drawn.outcomes.update(outcomes)
    drawn.replicas = {str(number): sample for number, sample in enumerate(reports)}
    return drawn


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Console:
    """A terminal that can be read, in the place of stderr."""
    console = Console(file=io.StringIO(), force_terminal=True, width=160)
    monkeypatch.setattr("a2r_ray.progress.Console", lambda **_: console)
    return console


def drawn(console: Console, *states: Progress) -> str:
    with LiveProgress() as observer:
        for state in states:
            observer(state)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_bar_for_each_stage(terminal: Console) -> None:
    text = drawn(terminal, progress(report("explorer"), report("explorer"), report("synthesizer"), ok=5, failed=1))
    [*_, explore] = [line for line in text.splitlines() if "explore " in line]
    [*_, synthesize] = [line for line in text.splitlines() if "synthesize " in line]
    assert "16/20" in explore  # 4 before, and 6 by each of two
    assert "6 running, 4 waiting · 2 replicas" in explore
    assert "10/20" in synthesize
    assert "3 running, 2 waiting · 1 replicas" in synthesize


def test_the_rate_is_of_the_last_seconds(terminal: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("a2r_ray.progress.time.monotonic", lambda: clock[0])
    with LiveProgress() as observer:
        observer(progress(report("explorer", completion_tokens=1000)))
        clock[0] += 2
        observer(progress(report("explorer", completion_tokens=1400)))
    assert isinstance(terminal.file, io.StringIO)
    assert "200 tok/s" in terminal.file.getvalue()


def test_a_pool_that_loads_is_starting(terminal: Console) -> None:
    assert drawn(terminal, progress(report("explorer", loading=True))).count("starting") >= 2


def test_nothing_is_drawn_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with LiveProgress() as observer:
        observer(progress(report("explorer")))
    assert capsys.readouterr() == ("", "")


def test_who_is_alive() -> None:
    reports = [report("explorer"), report("explorer", at=time.time() - 60), report("both"), report("synthesizer")]
    assert alive(reports, "explorer") == [reports[0], reports[2]]


def test_a_phased_run_s_first_phase_counts_what_came_out() -> None:
    assert explored(progress(report("explorer"), explored=3)) == 3
    assert explored(progress(report("explorer"), report("synthesizer"))) == 6


def test_the_table_at_the_end() -> None:
    console = Console(file=io.StringIO(), width=120)
    print_summary(summary(), console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "runs/a: complete" in text
    assert "balanced" in text

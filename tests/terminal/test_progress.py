"""What is drawn while a run goes on, and what is printed at its end."""

import io
import json
from typing import Any

import pytest
from rich.console import Console

from a2r_ray.cluster.state import Progress
from a2r_ray.config.loading import parse_config
from a2r_ray.method.compile import compile_method
from a2r_ray.terminal.progress import AS_LINES, LiveProgress, RunElsewhere, alive, print_summary
from tests.evaluate.test_summary import summary
from tests.nodes import wait_until

STAGES = {"explorer": {"explore": 6}, "synthesizer": {"synthesize": 6}, "explorer+synthesizer": {"explore": 6}}


def report(pool: str, **fields: Any) -> dict[str, Any]:
    sample = {"pool": pool, "loading": False, "age_s": 0.1, "stages": STAGES[pool], "ok": 0, "failed": 0}
    return {**sample, "completion_tokens": 100, "running": 3, "waiting": 2, **fields}


def progress(*reports: dict[str, Any]) -> Progress:
    roles = {"engine": "simulated", "model": "m"}
    config = parse_config({"input": {"path": "x"}, "output": "o", "explorer": roles, "synthesizer": roles})
    drawn = Progress(total=20, done_before=4, pools=compile_method(config, "streaming"))
    drawn.replicas = {str(number): sample for number, sample in enumerate(reports)}
    return drawn


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Console:
    """A terminal that can be read, in the place of stderr."""
    console = Console(file=io.StringIO(), force_terminal=True, width=160)
    monkeypatch.setattr("a2r_ray.terminal.progress.Console", lambda **_: console)
    return console


def drawn(console: Console, *states: Progress) -> str:
    with LiveProgress() as observer:
        for state in states:
            observer(state)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_bar_for_each_stage(terminal: Console) -> None:
    text = drawn(terminal, progress(report("explorer"), report("explorer"), report("synthesizer", failed=1)))
    [*_, explore] = [line for line in text.splitlines() if "explore " in line]
    [*_, synthesize] = [line for line in text.splitlines() if "synthesize " in line]
    assert "16/20" in explore  # 4 before, and 6 by each of two
    assert "6 running, 4 waiting · 2 replicas" in explore
    assert "11/20" in synthesize  # and one that was rejected before it
    assert "3 running, 2 waiting · 1 replicas" in synthesize


def test_the_rate_is_of_the_last_seconds(terminal: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("a2r_ray.terminal.progress.time.monotonic", lambda: clock[0])
    with LiveProgress() as observer:
        observer(progress(report("explorer", completion_tokens=1000)))
        clock[0] += 2
        observer(progress(report("explorer", completion_tokens=1400)))
    assert isinstance(terminal.file, io.StringIO)
    assert "200 tok/s" in terminal.file.getvalue()


def test_a_pool_that_loads_is_starting(terminal: Console) -> None:
    assert drawn(terminal, progress(report("explorer", loading=True))).count("starting") >= 2


def test_where_nobody_looks_each_phase_is_a_line_and_so_is_every_minute(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("a2r_ray.terminal.progress._MINUTE_S", 0.02)
    said: list[str] = []

    def says(text: str) -> bool:
        said.extend(capsys.readouterr().err.splitlines())
        return said.count(text) > 2

    with LiveProgress() as observer:
        observer(Progress(doing="reading a.jsonl"))
        observer(Progress(doing="reading a.jsonl"))
        wait_until(lambda: says("reading a.jsonl"), 10, "it says no more that it reads")
        observer(progress(report("explorer")))
        line = "explore 10 of 20 (0 tok/s · 3 running, 2 waiting · 1 replicas); synthesize 4 of 20 (starting)"
        wait_until(lambda: says(line), 10, "it says no more how far it is")
    assert set(said) == {"reading a.jsonl", line}


def test_what_goes_on_before_there_is_a_stage_is_drawn_until_there_is_one(terminal: Console) -> None:
    text = drawn(terminal, Progress(doing="reading a.jsonl"), Progress(doing="starting Ray"), progress())
    assert text.index("reading a.jsonl") < text.index("starting Ray") < text.index("explore ")
    assert "starting Ray" not in text[text.rindex("explore ") :]


def test_who_is_alive() -> None:
    reports = [report("explorer"), report("explorer", age_s=60.0), report("synthesizer")]
    assert alive(reports, "explorer") == [reports[0]]


def test_a_pool_of_several_stages_has_a_bar_for_each(terminal: Console) -> None:
    state = progress(report("explorer+synthesizer", stages={"explore": 8, "synthesize": 3}))
    config = {"input": {"path": "x"}, "output": "o"}
    roles = {"engine": "simulated", "model": "m"}
    state.pools = compile_method(parse_config({**config, "explorer": roles, "synthesizer": roles}), "shared")
    lines = drawn(terminal, state).splitlines()
    assert "12/20" in [line for line in lines if "explore " in line][-1]
    assert "7/20" in [line for line in lines if "synthesize " in line][-1]


def test_the_table_at_the_end() -> None:
    console = Console(file=io.StringIO(), width=120)
    print_summary(summary(), console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "runs/a: complete" in text
    assert "balanced" in text


def test_a_run_elsewhere_is_drawn_as_it_would_be_here(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(AS_LINES, "1")
    state = progress(report("explorer"), report("synthesizer"))
    with LiveProgress() as observer:
        observer(state)
        observer(state)
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1  # nothing has changed
    terminal: Console = request.getfixturevalue("terminal")
    with RunElsewhere() as there:
        there.write("setting up\n" + said[:30])
        there.write(said[30:] + "the ta")
        there.write("ble")
    assert capsys.readouterr().out == "setting up\nthe table\n"
    assert isinstance(terminal.file, io.StringIO)
    [*_, explore] = [line for line in terminal.file.getvalue().splitlines() if "explore " in line]
    assert "10/20" in explore
    assert "3 running, 2 waiting · 1 replicas" in explore


def test_lines_come_at_most_once_a_second_but_for_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(AS_LINES, "1")
    clock = [100.0]
    monkeypatch.setattr("a2r_ray.terminal.progress.time.monotonic", lambda: clock[0])
    done = {"explore": 16, "synthesize": 16}
    with LiveProgress() as observer:
        for running in range(4):
            observer(progress(report("explorer", running=running)))
            clock[0] += 0.5
        observer(progress(report("explorer", stages=done), report("synthesizer", stages=done)))
    said = [json.loads(line.removeprefix("a2r-progress ")) for line in capsys.readouterr().err.splitlines()]
    assert [line[0]["done"] for line in said] == [10, 10, 20]


def test_json_alone_goes_to_stdout_where_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with RunElsewhere(as_json=True) as there:
        there.write('setting up\n{"input": 1}\nended\n')
    assert capsys.readouterr() == ('{"input": 1}\n', "setting up\nended\n")

"""What a person sees of a run: the live bars on stderr, and the table at the end.

Where stderr is no terminal, lines say what goes on and, once a minute, how far it is. A run on another machine says so
in marked lines of its log, which are drawn where it is followed.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table

from a2r_ray.evaluate.summary import Summary

_STALE_S = 10.0
"""A replica that has not reported for this long is gone."""

_RATE_OVER_S = 5.0

AS_LINES = "A2R_PROGRESS_LINES"
"""The environment variable by which a run is asked to say in lines how far it is, for someone who follows its log."""

_MARK = "a2r-progress "
_LINE_EVERY_S = 1.0

_MINUTE_S = 60.0


@dataclass(frozen=True)
class StageState:
    """How far a stage is."""

    name: str
    done: int
    total: int
    detail: str
    """Rate, requests and replicas, for a person."""


class StageBars:
    """A bar per stage on stderr, if that is a terminal."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bars = Bars(
            TextColumn("{task.description:<11}"),
            BarColumn(bar_width=24),
            TextColumn("[green]{task.fields[count]}"),
            TextColumn("{task.fields[detail]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            redirect_stdout=sys.stdout.isatty(),  # what goes to a file is not to be drawn above the bars
        )
        self._tasks: dict[str, TaskID] = {}
        self._doing: TaskID | None = None

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    @property
    def is_drawn(self) -> bool:
        """Whether anybody sees bars."""
        return not self._bars.disable

    def show(self, doing: str) -> None:
        """Shows what goes on before there is a stage."""
        if self._doing is None:
            self._doing = self._bars.add_task("", total=None, count="", detail="")
        self._bars.update(self._doing, detail=doing, refresh=True)

    def draw(self, states: Iterable[StageState]) -> None:
        if self._doing is not None:
            self._bars.remove_task(self._doing)
            self._doing = None
        for state in states:
            if state.name not in self._tasks:
                self._tasks[state.name] = self._bars.add_task(state.name, total=state.total, count="", detail="")
            count = f"{state.done:,}/{state.total:,}"
            self._bars.update(self._tasks[state.name], completed=state.done, count=count, detail=state.detail)


class LiveProgress(StageBars):
    """An observer of ``a2r_ray.run``: a bar per stage, or lines; those for ``RunElsewhere`` where ``AS_LINES`` asks."""

    def __init__(self) -> None:
        super().__init__()
        self._as_lines = bool(os.environ.get(AS_LINES))
        self._said: tuple[float, list[StageState]] = (0.0, [])
        self._rates: dict[str, tuple[float, int]] = {}
        self._line = ""
        self._over = threading.Event()

    def __enter__(self) -> Self:
        if not self.is_drawn:
            threading.Thread(target=self._go_on_saying, daemon=True).start()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        super().__exit__(kind, error, trace)

    def __call__(self, progress: Any) -> None:
        """Draws the state of a run, or says it."""
        if progress.doing:
            self._do(progress.doing)
            return
        states = list(self._states(progress))
        if self._as_lines:
            self._say(states)
        elif self.is_drawn:
            self.draw(states)
        else:
            self._line = "; ".join(
                f"{state.name} {state.done:,} of {state.total:,} ({state.detail})" for state in states
            )

    def _do(self, doing: str) -> None:
        """Says what goes on, once."""
        if self.is_drawn:
            self.show(doing)
        elif doing != self._line:
            self._line = doing
            print(doing, file=sys.stderr, flush=True)  # noqa: T201

    def _go_on_saying(self) -> None:
        """Says once a minute what is said, also while the run waits for something and calls nobody."""
        while not self._over.wait(_MINUTE_S):
            if self._line and not self._as_lines:
                print(self._line, file=sys.stderr, flush=True)  # noqa: T201

    def _states(self, progress: Any) -> Iterator[StageState]:
        failed = sum(sample["failed"] for sample in progress.replicas.values())
        for pool in progress.pools:
            samples = alive(progress.replicas.values(), pool.name)
            for stage in pool.stages:
                done = progress.done_before + (failed if stage.concludes else 0) + gone_through(progress, stage.name)
                detail = self._detail(stage.name, samples)
                yield StageState(stage.name, min(done, progress.total), progress.total, detail)

    def _say(self, states: list[StageState]) -> None:
        """Says what has changed, at most once a second and always the end."""
        before, said = self._said
        is_over = all(state.done == state.total for state in states)
        if states != said and (is_over or time.monotonic() - before > _LINE_EVERY_S):
            self._said = time.monotonic(), states
            print(_MARK + json.dumps([asdict(state) for state in states]), file=sys.stderr, flush=True)  # noqa: T201

    def _detail(self, stage: str, samples: list[Mapping[str, Any]]) -> str:
        if not samples:
            return "starting"
        tokens = sum(sample.get("completion_tokens", 0) for sample in samples)
        running = sum(sample.get("running", 0) for sample in samples)
        waiting = sum(sample.get("waiting", 0) for sample in samples)
        now = time.monotonic()
        before, counted = self._rates.setdefault(stage, (now, tokens))
        rate = (tokens - counted) / (now - before) if now > before else 0.0
        if now - before > _RATE_OVER_S:
            self._rates[stage] = (now, tokens)
        return f"{rate:,.0f} tok/s · {running} running, {waiting} waiting · {len(samples)} replicas"


class RunElsewhere:
    """What a run on another machine prints, as it would look here: its lines on stdout, its progress as bars.

    Args:
        as_json: the run was asked for JSON. That alone goes to stdout then, and everything else to stderr: a job has
            only one stream.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self._bars = StageBars()
        self._as_json = as_json
        self._begun = ""
        self._result = ""

    def __enter__(self) -> Self:
        self._bars.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._begun:
            self._line(self._begun)
        self._bars.__exit__(kind, error, trace)
        if self._result:
            print(self._result, flush=True)  # noqa: T201

    def write(self, text: str) -> None:
        """Takes what was printed since, which may end within a line."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._line(line)

    def _line(self, line: str) -> None:
        if line.startswith(_MARK):
            self._bars.draw(StageState(**state) for state in json.loads(line.removeprefix(_MARK)))
        elif self._as_json and line.startswith("{"):
            self._result = line
        else:
            print(line, file=sys.stderr if self._as_json else sys.stdout, flush=True)


def gone_through(progress: Any, stage: str) -> int:
    """Problems that have gone through a stage in this attempt."""
    return sum(sample["stages"].get(stage, 0) for sample in progress.replicas.values())


def alive(samples: Iterable[Mapping[str, Any]], pool: str) -> list[Mapping[str, Any]]:
    """The last reports of a pool's replicas that still report."""
    return [
        sample for sample in samples if sample["pool"] == pool and sample["age_s"] < _STALE_S and not sample["loading"]
    ]


def print_summary(summary: Summary, console: Console) -> None:
    """The table at the end of a run."""
    table = Table(title=f"{summary.run}: {summary.outcome}", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column()
    for name, value in summary.lines():
        table.add_row(name, value)
    console.print(table)

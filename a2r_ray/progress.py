"""What a person sees of a run: the live bars on stderr, and the table at the end.

Nothing is drawn where stderr is no terminal.
"""

import time
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table

from a2r_ray.evaluate.summary import Summary

_STALE_S = 10.0
"""A replica that has not reported for this long is gone."""

_RATE_OVER_S = 5.0


class LiveProgress:
    """An observer of ``a2r_ray.run``: a bar per stage."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bars = Bars(
            TextColumn("{task.description:<11}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[detail]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._rates: dict[str, tuple[float, int]] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def __call__(self, progress: Any) -> None:
        """Draws the state of a run."""
        failed = sum(sample["failed"] for sample in progress.replicas.values())
        for pool in progress.pools:
            samples = alive(progress.replicas.values(), pool.name)
            for stage in pool.stages:
                if stage.name not in self._tasks:
                    self._tasks[stage.name] = self._bars.add_task(stage.name, total=progress.total, detail="")
                done = progress.done_before + (failed if stage.concludes else 0) + gone_through(progress, stage.name)
                detail = self._detail(stage.name, samples)
                self._bars.update(self._tasks[stage.name], completed=min(done, progress.total), detail=detail)

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

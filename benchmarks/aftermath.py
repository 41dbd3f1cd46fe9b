"""What a loss did to a run: its stalls, its widths and its rows, from what the replicas said and what the tables hold.

A replica counts from its first report to its last: what is dead says nothing. Times are seconds since the epoch, of one
machine's clock.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Self

import duckdb

FULL = 0.9
"""Of the requests that a pool ran before the loss."""
_BEFORE_S = 5.0
"""How wide a pool was is the median over so long before the loss."""
_ENDED_WITHIN_S = 3.0
"""A replica that is heard of no more after so long has ended by the loss."""
_TAIL = 0.95
"""What comes after this share of the rows is the tail, whose gaps no loss has made."""


@dataclass
class Replica:
    """What one replica has said, in the order of time."""

    pool: str
    at: list[float] = field(default_factory=list)
    running: list[int] = field(default_factory=list)
    loaded: list[bool] = field(default_factory=list)

    def index(self, time: float) -> int | None:
        """Its last report by then; None where it is yet to come or has ended."""
        return None if time > self.at[-1] or time < self.at[0] else bisect_right(self.at, time) - 1


@dataclass(frozen=True)
class Series:
    """All that the replicas of a run have said."""

    replicas: Sequence[Replica]

    @classmethod
    def of(cls, lines: Iterable[str]) -> Self:
        """Reads what ``watched`` wrote: a line for each look at the reports, many of which were there before."""
        replicas: dict[str, Replica] = {}
        last: dict[str, dict[str, Any]] = {}
        for line in lines:
            seen = json.loads(line)
            for name, report in seen["replicas"].items():
                replica = replicas.setdefault(name, Replica(report["pool"]))
                at = seen["at"] - report.pop("age_s")
                if report != last.get(name):  # one that is loaded says each time for how long it has been
                    last[name] = report
                    replica.at.append(at)
                    replica.running.append(report.get("running", 0))
                    replica.loaded.append(not report["loading"])
        return cls(list(replicas.values()))

    def pool(self, name: str) -> "Series":
        """The same of one pool."""
        return Series([replica for replica in self.replicas if replica.pool == name])

    def running(self, time: float) -> int:
        """Requests that run at a time."""
        return sum(each.running[index] for each in self.replicas if (index := each.index(time)) is not None)

    def loaded(self, time: float) -> int:
        """Replicas that have their engine at a time."""
        return sum(each.loaded[index] for each in self.replicas if (index := each.index(time)) is not None)

    def times(self, since: float, until: float = float("inf")) -> list[float]:
        """When anything was said."""
        return sorted(at for each in self.replicas for at in each.at if since <= at <= until)


@dataclass(frozen=True)
class Width:
    """How a pool came back after a loss; seconds from the loss, None where it never did."""

    before: float
    """Requests that it ran before."""
    replicas: int
    """Loaded ones that it had before."""
    loaded_s: float | None
    """Until it had as many loaded replicas as before."""
    full_s: float | None
    """Until it ran 90% of its requests again."""

    @property
    def after_load_s(self) -> float | None:
        """From the one to the other; 0 where what was left sufficed."""
        return None if self.loaded_s is None or self.full_s is None else max(0.0, self.full_s - self.loaded_s)


def width(pool: Series, lost_at: float, until: float) -> Width:
    """How a pool came back until then."""
    before = pool.times(lost_at - _BEFORE_S, lost_at)
    running = median(map(pool.running, before))
    replicas = max(map(pool.loaded, before))  # what ended has said its last before the loss
    ends = [each.at[-1] for each in pool.replicas if before[0] <= each.at[-1] < lost_at + _ENDED_WITHIN_S]
    # A dying replica may say until its end that all is well.
    after = [time for time in pool.times(lost_at, until) if not ends or time > max(ends)]
    loaded_at = next((time for time in after if pool.loaded(time) >= replicas), None)
    full_at = next((time for time in after if pool.running(time) >= FULL * running), None)
    return Width(running, replicas, *(None if at is None else round(at - lost_at, 2) for at in (loaded_at, full_at)))


def stall(finished: Sequence[float], lost_at: float, until: float) -> float:
    """The longest time after a loss in which nothing was finished of what is kept, the tail of the run left out.

    Args:
        finished: when each row was finished.
        lost_at: when the loss was.
        until: when the next was.
    """
    rows = sorted(finished)
    moments = [lost_at, *(at for at in rows[: max(1, int(_TAIL * len(rows)))] if lost_at < at < until)]
    return max((after - before for before, after in pairwise(moments)), default=0.0)


def finished(run: Path) -> dict[str, list[float]]:
    """When the rows of each pool were finished."""
    tables = {"explorer": "paths", "synthesizer": "results"}
    return {
        pool: [at for (at,) in _rows(f"select epoch(finished_at) from '{run}/{table}/*.parquet'")]  # noqa: S608 (own path)
        for pool, table in tables.items()
    }


def rows_lost_and_doubled(problems: Path, run: Path) -> tuple[int, int]:
    """Problems of the input that have no result, rejected ones among them; and rows that a table has more than once."""
    lost = f"select count(*) from '{problems}' where id not in (select problem_id from '{run}/results/*.parquet')"  # noqa: S608 (own paths)
    keys = {"results": "problem_id", "paths": "(problem_id, path_index, round, explorer)"}
    doubled = [
        f"select count(*) - count(distinct {key}) from '{run}/{table}/*.parquet'"  # noqa: S608 (own path)
        for table, key in keys.items()
    ]
    return int(_rows(lost)[0][0]), sum(int(_rows(query)[0][0]) for query in doubled)


def _rows(query: str) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = duckdb.sql(query).fetchall()
    return rows


def paid_twice(receipt: Mapping[str, Any]) -> int:
    """Completion tokens that were paid twice."""
    return int(receipt["tokens"]["paid_twice"])

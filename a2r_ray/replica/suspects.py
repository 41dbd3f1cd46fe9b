"""Finds the problem that ends replicas: what was in one when it ended is let in again one problem after the other.

Most replicas end with their node or by chance, so what they owe is served at once again, beside everything else; but
it is let in with a pause after each problem. Whatever ends the replica then is the one that was let in last.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock
from typing import Protocol

import pyarrow as pa

from a2r_ray.errors import ErrorKind
from a2r_ray.runs.done import place

_PAUSE_S = 1.0
_LONGER = 30
"""With each further death that nobody was on trial for the pause is so many times longer: some problems take their
time to do harm."""


class Court(Protocol):
    """What outlives a replica and remembers which problem it had let in last."""

    def accuse(self, key: str, replica: str) -> tuple[list[str], int]:
        """Says that a replica lets this problem in.

        Returns:
            The replicas that ended just after they had let it in, and how many ended so after whatever problem.
        """

    def acquit(self, key: str) -> None:
        """Says that it did no harm."""


class Trial:
    """One replica's way of serving what was in a replica that ended.

    Args:
        serve: serves rows.
        court: remembers the accused.
        replica: its name.
        role: the stage that it serves, for the reject of a problem that is found guilty.
    """

    def __init__(self, serve: Callable[[pa.Table], pa.Table], court: Court, replica: str, role: str) -> None:
        self._serve, self._court, self._replica = serve, court, replica
        self._stage = "synthesize" if role == "synthesizer" else "explore"
        self._one_at_a_time = Lock()

    def __call__(self, block: pa.Table, deaths: int) -> pa.Table:
        """Serves a block; a row that ended a replica twice, now and before, becomes a reject with its history.

        Args:
            block: rows of problems.
            deaths: how many replicas have ended with this block, at least one.
        """
        rows = [block.slice(index, 1) for index in range(block.num_rows)]
        with ThreadPoolExecutor(len(rows)) as pool:
            calls = [self._let_in(pool, row, deaths) for row in rows]
            return pa.concat_tables([call.result() for call in calls])

    def _let_in(self, pool: ThreadPoolExecutor, row: pa.Table, deaths: int) -> Future[pa.Table]:
        key = row["problem_id"][0].as_py() or place(row["source"][0].as_py() or "", row["line"][0].as_py() or 0)
        with self._one_at_a_time:
            ended, explained = self._court.accuse(key, self._replica)
            call = pool.submit(self._serve, self._poisoned(row, ended, deaths) if ended else row)
            wait([call], timeout=_PAUSE_S * _LONGER ** max(0, deaths - 1 - explained))
            if not call.done() or call.exception() is None:
                self._court.acquit(key)
        return call

    def _poisoned(self, row: pa.Table, ended: Sequence[str], deaths: int) -> pa.Table:
        """The row as a reject."""
        [values] = row.to_pylist()
        values |= {
            "stage": self._stage,
            "error_kind": ErrorKind.POISON,
            "error": f"{deaths} replicas ended while they worked on it, and it was what had been let in last when "
            f"{', '.join(ended)} did; Ray's logs have their last words",
            "row": values["problem"],
        }
        return pa.Table.from_pylist([values], schema=row.schema)

"""The tables that a replica writes, in the order in which they must become durable, and what is stored of a problem."""

import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import pyarrow as pa

from a2r_ray.errors import A2RError
from a2r_ray.method.stage import Case, Outcome
from a2r_ray.records import REJECT_SCHEMA, RESULT_SCHEMA, Path, Reject, Result, paths_of, table_of
from a2r_ray.runs.done import among, done_keys
from a2r_ray.runs.index import hash_ids
from a2r_ray.runs.ledger import StoredPaths
from a2r_ray.runs.record import check_attempt
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.table import TableWriter

_REFRESH_S = 1.0
_WAITING_SHARE = 4
"""One call in so many may wait for a flush: with more the engine would run short of requests."""


@dataclass(frozen=True)
class RunTables:
    """Where a pool's replicas write."""

    run: Storage
    attempt: str
    """The attempt of the run folder that may write; "": any."""
    fingerprints: tuple[str, ...] = ()
    """Of the roles whose stored paths are a case's."""

    def writer(self, table: str, name: str) -> TableWriter:
        """A writer of one of the tables.

        Args:
            table: which.
            name: the writer's, that no other writer of the table has.
        """
        may_write = partial(check_attempt, self.run, self.attempt) if self.attempt else lambda: None
        return TableWriter(self.run, table, name, may_write=may_write)


class Tables:
    """One replica's writers.

    Args:
        where: the run folder.
        replica: names the files.
        calls: how many calls the replica is serving.
    """

    def __init__(self, where: RunTables, replica: str, calls: Callable[[], int]) -> None:
        self._calls, self._waiting = calls, 0
        self._lock = threading.Lock()
        self._paths, self._results, self._rejects = (
            where.writer(table, replica) for table in ("paths", "results", "rejects")
        )

    @property
    def _writers(self) -> tuple[TableWriter, ...]:
        return self._paths, self._results, self._rejects

    def keep(self, rows: pa.Table) -> int:
        """Takes rows of the paths table; returns the ticket that ``store`` takes."""
        return self._paths.append(rows)

    def store(self, outcomes: Sequence[Outcome | None], ticket: int) -> None:
        """Makes durable the paths up to a ticket, and only then the results and rejects among outcomes.

        Raises:
            OutputError: the tables cannot be written.
        """
        self._commit(self._paths, ticket)
        results = [outcome for outcome in outcomes if isinstance(outcome, Result)]
        rejects = [outcome for outcome in outcomes if isinstance(outcome, Reject)]
        if results:
            self._commit(self._results, self._results.append(table_of(results, RESULT_SCHEMA)))
        if rejects:
            self._commit(self._rejects, self._rejects.append(table_of(rejects, REJECT_SCHEMA)))

    def flush(self) -> None:
        """Makes durable what is there."""
        for writer in self._writers:
            ticket = writer.append(pa.table({}))
            writer.flush_now()
            with suppress(A2RError):
                writer.wait(ticket)

    def close(self) -> None:
        """Flushes and ends the writers."""
        for writer in self._writers:
            with suppress(A2RError):
                writer.close()

    def _commit(self, writer: TableWriter, ticket: int) -> None:
        with self._lock:
            self._waiting += 1
            too_many = _WAITING_SHARE * self._waiting >= self._calls()
        try:
            if too_many:
                for each in self._writers:
                    each.flush_now()
            writer.wait(ticket)
        finally:
            with self._lock:
                self._waiting -= 1


class StoredBefore:
    """What replicas that have ended had stored of problems that are asked again.

    Args:
        where: the run folder.
        writers: the replicas whose files are looked into.
    """

    def __init__(self, where: RunTables, writers: Collection[str]) -> None:
        self._run, self._writers = where.run, set(writers)
        self._paths = StoredPaths(where.run, where.fingerprints)
        self._lock = threading.Lock()
        self._read_at: float | None = None

    def added_to(self, cases: Sequence[Case], writers: Collection[str] = ()) -> list[Case | None]:
        """The cases with what is stored of them; None for those whose result or reject is stored.

        Args:
            cases: what is asked again.
            writers: more replicas whose files are looked into from now on.
        """
        with self._lock:
            if not self._writers.issuperset(writers):
                self._writers.update(writers)
                self._read_at = None
            self._refresh()
            ids = [case.problem.problem_id for case in cases]
            done = among(hash_ids(ids), self._done)
            stored = self._paths.of(ids)
        rows = iter(paths_of(stored.flatten()))
        lists = [[next(rows) for _ in range(length)] for length in stored.value_lengths().to_pylist()]
        return [None if gone else _with(case, own) for case, own, gone in zip(cases, lists, done, strict=True)]

    def _refresh(self) -> None:
        """Not twice a second: many calls want it at once."""
        now = time.monotonic()
        if self._read_at is None or now - self._read_at > _REFRESH_S:
            self._done = done_keys(self._run, self._writers)
            self._paths.refresh(self._writers)
            self._read_at = now


def _with(case: Case, stored: Sequence[Path]) -> Case:
    """The case with paths that it has not already."""
    known = {path.key for path in case.paths}
    new = [path for path in stored if path.key not in known]
    return Case(case.problem, (*case.paths, *new)) if new else case

"""A replica: one engine in one actor, and the stages that its pool serves.

A call takes a block of problems and returns when what it made of them is durable, so what Ray counts as done is done.
Many calls run at once, each in a thread of its own. What a replica that ended owed is asked again: what is stored of it
by then is not made again, and none of it may end replicas for ever (``suspects``).
"""

import gc
import os
import secrets
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from a2r_ray.engines import Engine, create_engine
from a2r_ray.errors import A2RError, EngineError, ErrorKind
from a2r_ray.method.compile import Pool
from a2r_ray.method.stage import Case, Context, Outcome, through
from a2r_ray.records import Path, Reject, Result, Row, rejected
from a2r_ray.replica.blocks import Block, DatasetBlock, RunBlock
from a2r_ray.replica.heartbeat import Heartbeat, Listener, Pulse, Reactions
from a2r_ray.replica.monitor import Past
from a2r_ray.replica.suspects import Probation, Registrar, Suspicion, history
from a2r_ray.replica.tables import RunTables, StoredBefore, Tables


class Link(Listener, Registrar, Protocol):
    """The monitor, as a replica sees it (``a2r_ray.replica.monitor``)."""

    def arrive(self, replica: str, pool: str, actor: str, node: str) -> bool:
        """Says that a replica begins; returns whether the one before it in its actor ended by itself."""

    def serve(self, replica: str) -> Past:
        """Says that a replica has loaded; returns what was before."""

    def ended(self, replica: str) -> tuple[str, ...]:
        """The replicas of its pool that have ended."""

    def cannot_load(self, pool: str, why: str) -> float:
        """Says that a replica could not load; returns the seconds to wait before it is tried again."""

    def fail(self, why: str) -> None:
        """Says why the run must end."""


class Host(Protocol):
    """What a replica asks of the process that it is in."""

    def actor(self) -> str:
        """What stays the same when the replica is started again."""

    def node(self) -> str:
        """Where it is."""

    def call(self) -> "Call":
        """What the present call is, of which it is asked in its own thread."""


@dataclass(frozen=True)
class Call:
    """What a replica knows of a call."""

    number: int = 0
    """No other of its pool has it."""
    is_begun_again: bool = False
    """Whether this replica, or one before it in its actor, had begun it."""
    is_moved: bool = False
    """Whether it was another replica's, whose node was lost."""


@dataclass(frozen=True)
class Assignment:
    """What a replica is to do."""

    pool: Pool
    tables: RunTables | None = None
    """Where the tables are; None: nothing is written, and rows are handed on with all their columns."""
    last: bool = False
    """Whether nobody needs what comes out but the run's driver, which then is told how much it was."""
    width: int = 1
    """Problems that a replica serves at once."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the engine finds in the environment of its process: the driver's secrets."""


class Replica:
    """The callable that an actor holds.

    Args:
        assignment: what to do.
        link: the monitor; None: nobody asks.
        host: the process; None: it is never started again.
    """

    def __init__(self, assignment: Assignment, link: Link | None = None, host: Host | None = None) -> None:
        self._pool, self._assignment, self._link, self._host = assignment.pool, assignment, link, host
        self.name = f"{self._pool.name}-{secrets.token_hex(4)}"
        self._lock = threading.Lock()
        self._calls = 0
        self._through_stage: Counter[str] = Counter()
        self._concluded: Counter[str] = Counter(ok=0, failed=0)
        self._suspects = False
        self._going = threading.Event()
        self._going.set()
        self._tables: Tables | None = None
        self._engine: Engine | None = None
        self._pulse = Pulse(self.name, self._pool.name, counts=self._counted)
        self._arrive()
        self._engine = self._pulse.engine = self._load()
        self._past = self._link.serve(self.name) if self._link is not None else Past()
        self._open_tables()
        _spare_the_collector()
        self._pulse.loaded = True

    def __call__(self, block: pa.Table) -> pa.Table:
        """Serves one block of problems.

        Raises:
            OutputError: the tables cannot be written.
        """
        try:
            call = self._host.call() if self._host is not None else Call()
            if call.number in self._past.moved:  # even where it never came as far as to the one before
                return block.slice(0, 0)  # another replica has it, and nobody waits for this one's answer
            return self._serve(block, call)
        except EngineError as error:
            self._end(str(error))
            raise
        except A2RError as error:
            self._fail(str(error))
            raise

    def close(self) -> None:
        """Flushes the tables and frees the engine."""
        if self._tables is not None:
            self._tables.close()
        if self._engine is not None:
            self._engine.close()

    def __del__(self) -> None:
        with suppress(Exception):
            self.close()

    # Beginning and ending ---------------------------------------------------------------------------------------------

    def _arrive(self) -> None:
        if self._link is None:
            return
        actor, node = (self._host.actor(), self._host.node()) if self._host is not None else (self.name, "")
        self._pulse.actor, self._pulse.node = actor, node
        self._suspects = self._link.arrive(self.name, self._pool.name, actor, node)
        self._probation = Probation(self._link, self.name, self._assignment.width)
        Heartbeat(self._pulse, self._pool.engine, self._link, Reactions(self._stop, self._end, self._cannot_load))

    def _load(self) -> Engine | None:
        """The engine; where it cannot load, this process ends after a pause, to be started again."""
        role, seed = self._pool.engine, self._pool.seed
        if role is None:
            return None
        os.environ |= self._assignment.environment
        try:
            return create_engine(role, context=str(seed), seeded=seed is not None)
        except Exception as error:
            text = str(error) if isinstance(error, EngineError) else f"{type(error).__name__}: {error}"
            self._cannot_load(text)
            raise

    def _cannot_load(self, why: str) -> None:
        """Says so, waits and ends the process; whoever counts the failures decides when the run ends."""
        if self._link is not None:
            time.sleep(self._link.cannot_load(self._pool.name, why))
            os._exit(1)

    def _open_tables(self) -> None:
        where = self._assignment.tables
        if where is None:
            return
        try:
            self._tables = Tables(where, self.name, lambda: self._calls)
            self._stored_before = StoredBefore(where, {*self._past.ended, self.name})
        except A2RError as error:
            self._fail(str(error))
            raise

    def _fail(self, why: str) -> None:
        """Tells the driver why the run ends: what Ray hands on of an error is a traceback and no type."""
        if self._link is not None:
            self._link.fail(why)

    def _stop(self) -> None:
        self._going.clear()
        if self._tables is not None:
            self._tables.flush()

    def _end(self, why: str) -> None:
        """Ends a process that cannot go on: it is started again, and asked for what this one owes."""
        if self._link is None:
            return
        if self._tables is not None:
            self._tables.close()
        print(f"{self.name}: {why}; the replica is started again", flush=True)  # noqa: T201 (Ray's log of this actor)
        os._exit(1)

    def _counted(self) -> Row:
        with self._lock:
            return {"calls": self._calls, "stages": dict(self._through_stage), **self._concluded}

    # Serving ----------------------------------------------------------------------------------------------------------

    def _serve(self, rows: pa.Table, call: Call) -> pa.Table:
        self._going.wait()
        with self._lock:
            self._calls += 1
        try:
            block = self._read(rows)
            cases: Sequence[Case | None] = block.cases
            if self._tables is not None and (call.is_begun_again or call.is_moved):
                ended = self._link.ended(self.name) if call.is_moved and self._link is not None else ()
                cases = self._stored_before.added_to(block.cases, ended)
            outcomes = self._outcomes(block, cases, suspected=call.is_begun_again and self._suspects)
            return _done(outcomes) if self._assignment.last else block.handed_on(outcomes)
        finally:
            with self._lock:
                self._calls -= 1

    def _read(self, rows: pa.Table) -> Block:
        if self._assignment.tables is None:
            return DatasetBlock(rows, concludes=self._pool.concludes, columns=self._pool.columns)
        return RunBlock(rows)

    def _outcomes(self, block: Block, cases: Sequence[Case | None], *, suspected: bool) -> list[Outcome | None]:
        """What became of the cases, durable; None for those that were done with before."""
        given = [case for case in cases if case is not None]
        made = iter(self._probe(block, given) if suspected else self._through(block, given))
        return [None if case is None else next(made) for case in cases]

    def _through(self, block: Block, cases: Sequence[Case]) -> list[Outcome]:
        """Takes cases through the stages, and stores what comes of it."""
        outcomes, ticket = self._made(block, cases)
        self._store(outcomes, ticket)
        return outcomes

    def _made(self, block: Block, cases: Sequence[Case]) -> tuple[list[Outcome], int]:
        """What the stages make of cases, and the ticket of their paths."""
        ticket = 0

        def keep(paths: Sequence[Path]) -> None:
            nonlocal ticket
            rows = block.rows.add(paths)
            if self._tables is not None:
                ticket = self._tables.keep(rows)

        return through(self._pool.stages, cases, Context(self._engine, keep, self.name), self._count), ticket

    def _store(self, outcomes: Sequence[Outcome], ticket: int) -> None:
        if self._tables is not None:
            self._tables.store(outcomes, ticket)
        with self._lock:
            self._concluded["ok"] += sum(isinstance(outcome, Result) for outcome in outcomes)
            self._concluded["failed"] += sum(isinstance(outcome, Reject) for outcome in outcomes)

    def _count(self, stage: str, cases: int) -> None:
        with self._lock:
            self._through_stage[stage] += cases

    def _probe(self, block: Block, cases: Sequence[Case]) -> list[Outcome]:
        """Serves what was in a replica that ended: each case by itself, as its probation allows."""
        if not cases or self._link is None:
            return []
        suspicions = self._link.suspicions([case.problem.problem_id for case in cases])
        with ThreadPoolExecutor(len(cases)) as threads:
            served = [
                threads.submit(self._probed, block, case, suspicion)
                for case, suspicion in zip(cases, suspicions, strict=True)
            ]
            return [outcome.result() for outcome in served]

    def _probed(self, block: Block, case: Case, suspicion: Suspicion) -> Outcome:
        if suspicion.is_proven:
            outcome = self._poison(case, suspicion)
            self._store([outcome], 0)
            return outcome
        with self._probation.let_in(case.problem.problem_id, suspicion):
            served, ticket = self._made(block, [case])
        self._store(served, ticket)  # it does no harm any more while it waits for that
        return served[0]

    def _poison(self, case: Case, suspicion: Suspicion) -> Reject:
        return rejected(case.problem, self._pool.stages[0].name, ErrorKind.POISON, history(suspicion))


def _spare_the_collector() -> None:
    """Has Python's collector leave alone what a loaded engine keeps for good, and come less often.

    A replica makes tens of thousands of short-lived records a second, none of them in a circle: by default a third of
    its time would go to looking for some.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _done(outcomes: Sequence[Outcome | None]) -> pa.Table:
    """What the driver is handed of a block: how many problems are done with."""
    return pa.table({"problems": pa.array([len(outcomes)], pa.int64())})

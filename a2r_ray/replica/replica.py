"""A replica: one engine in one actor, the stages that it serves, and the tables that it writes.

A call takes a block of problems and returns when what it made of them is durable, so what Ray counts as done is done.
Many calls run at once, each in a thread of its own; the replica flushes early when too many of its calls wait for the
flush.
"""

import faulthandler
import json
import math
import os
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from typing import Literal, Protocol

import pyarrow as pa

from a2r_ray.config.schema import Config, RoleConfig
from a2r_ray.engines import Engine, create_engine
from a2r_ray.errors import A2RError, EngineError
from a2r_ray.method.sample import Explore
from a2r_ray.method.synthesize import Synthesize
from a2r_ray.records import (
    INPUT_SCHEMA,
    PATH_SCHEMA,
    REJECT_SCHEMA,
    RESULT_SCHEMA,
    TALLY,
    Path,
    Problem,
    Reject,
    Result,
    Row,
    path_from,
    problem_from,
    to_row,
)
from a2r_ray.replica.suspects import Court, Trial
from a2r_ray.runs.done import Concluded, place
from a2r_ray.runs.ledger import PathLedger
from a2r_ray.runs.record import check_attempt
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.table import TableWriter

PATHS_TYPE = pa.list_(pa.struct(list(PATH_SCHEMA)))
OUTCOME_SCHEMA = pa.schema([("outcome", pa.string()), ("row", pa.string())])
"""What the last stage of a run hands the driver: ``ok``, ``failed``, ``explored``, or the tally and its counts."""

REPORT_EVERY_S = 0.5
_SLOW_S = 10.0
"""A report may take so long where the machine is busy."""
_HURRY_SHARE = 4
"""One call in so many may wait for a flush: with more the engine would run short of requests."""


class Listener(Court, Protocol):
    """What replicas say to whoever runs them."""

    def report(self, replica: str, sample: Row) -> bool:
        """Says how full a replica is; returns whether the run is stopped. Raises where nobody listens."""

    def failed(self, message: str) -> None:
        """Says why the run ends."""


@dataclass(frozen=True)
class Work:
    """What a pool does."""

    config: Config
    role: Literal["explorer", "synthesizer", "both"]
    """``both``: one engine explores and synthesizes; also where one of the roles is absent."""
    run: Storage | None = None
    """Where the tables are; None: nothing is written and rows are handed on whole."""
    last: bool = False
    """Whether the driver reads what comes out, which then is only the outcome."""
    attempt: str = ""
    """The attempt of the run folder that may write; "": any."""
    paths_in: tuple[Storage, str] | None = None
    """The run folder and the explorer whose paths are read; None: those of this run."""

    @property
    def explores(self) -> bool:
        """Whether paths are sampled here."""
        return self.role != "synthesizer" and self.config.explores

    @property
    def concludes(self) -> bool:
        """Whether results are made here."""
        return self.role != "explorer"

    @property
    def engine_role(self) -> RoleConfig | None:
        """Whose engine is loaded."""
        return self.config.explorer if self.explores else self.config.synthesizer


class Replica:
    """The callable that Ray Data's actors hold.

    Args:
        work: what to do.
        board: where the replica reports; None: nobody asks.
        deaths: how many processes have ended with the present call; asked in the call's thread.
    """

    def __init__(self, work: Work, board: Listener | None = None, deaths: Callable[[], int] = lambda: 0) -> None:
        self._work, self._board, self._deaths = work, board, deaths
        self.name = f"{work.role}-{secrets.token_hex(4)}"
        self._calls = self._waiting = self._problems = 0
        self._lock = threading.Lock()
        self._going = threading.Event()
        self._going.set()
        self._trial = Trial(self._serve, board, self.name, work.role) if board is not None else None
        self._loaded = False
        self._engine: Engine | None = None
        self._ledger: PathLedger | None = None
        self._results: TableWriter | None = None
        self._rejects: TableWriter | None = None
        self._concluded: Concluded | None = None
        if board is not None:
            threading.Thread(target=self._watched_report, args=(board,), name="report", daemon=True).start()
        self._engine = self._load_engine()
        try:
            self._open_tables()
        except A2RError as error:
            self._last_words(str(error))
            raise
        config = work.config
        self._explore = (
            Explore(config, self._engine, self._ledger, self.name) if work.explores and self._engine else None
        )
        self._synthesize = Synthesize(config, self._engine if config.synthesizer else None) if work.concludes else None
        self._loaded = True

    def __call__(self, block: pa.Table) -> pa.Table:
        """Serves one block of problems.

        Raises:
            OutputError: the tables cannot be written.
        """
        deaths = self._deaths()
        if deaths and self._ledger is not None:
            self._ledger.refresh()
        if deaths and self._concluded is not None:
            self._concluded.refresh()
        try:
            return self._trial(block, deaths) if deaths and self._trial is not None else self._serve(block)
        except EngineError as error:
            self._end(error)
            raise
        except A2RError as error:
            self._last_words(str(error))
            raise

    def close(self) -> None:
        """Flushes the tables and frees the engine."""
        for writer in self._writers():
            writer.close()
        if self._engine is not None:
            self._engine.close()

    def __del__(self) -> None:
        with suppress(Exception):
            self.close()

    def _load_engine(self) -> Engine | None:
        role = self._work.engine_role
        if role is None:
            return None
        seed = self._work.config.seed
        try:
            return create_engine(role, context=str(seed), seeded=seed is not None)
        except Exception as error:
            text = str(error) if isinstance(error, EngineError) else f"{type(error).__name__}: {error}"
            self._last_words(f"the engine of the {self._work.role} cannot start: {text}")
            raise

    def _last_words(self, text: str) -> None:
        """Tells the driver why the run ends: what Ray hands on of an error is a traceback and no type."""
        if self._board is not None:
            self._board.failed(text)
            time.sleep(1)  # the actor may end with the error, and the message must be out by then

    def _open_tables(self) -> None:
        work, run = self._work, self._work.run
        if run is None:
            return
        if work.explores or work.last:
            folder, explorer = work.paths_in or (run, work.config.explorer_fingerprint)
            self._ledger = PathLedger(folder, explorer, self._writer(run, "paths") if work.explores else None)
        if work.concludes:
            self._concluded = Concluded(run)
            self._results, self._rejects = self._writer(run, "results"), self._writer(run, "rejects")

    def _writer(self, run: Storage, name: str) -> TableWriter:
        guard = partial(check_attempt, run, self._work.attempt) if self._work.attempt else lambda: None
        return TableWriter(run, name, self.name, guard=guard)

    def _serve(self, block: pa.Table) -> pa.Table:
        self._going.wait()
        with self._lock:
            self._calls += 1
        try:
            return self._served(block)
        finally:
            with self._lock:
                self._calls -= 1

    def _served(self, block: pa.Table) -> pa.Table:
        rows = self._not_concluded(block.to_pylist())
        chosen = [index for index, row in enumerate(rows) if not row.get("error_kind")]
        problems = [problem_from(rows[index]) for index in chosen]
        paths = self._paths(problems, [rows[index] for index in chosen])
        ledger = self._ledger.writer if self._explore is not None and self._ledger is not None else None
        ticket = ledger.append([]) if ledger else 0
        if self._synthesize is None:
            self._commit(ledger, ticket)
            self._problems += len(problems)
            return self._explored(block, rows, dict(zip(chosen, paths, strict=True)))
        concluded = self._synthesize(problems, paths)
        self._commit(ledger, ticket)  # no result is stored before the paths that it was made of
        self._problems += len(problems)
        if self._results is None or self._rejects is None:
            whole = (
                block
                if "paths" in block.column_names
                else self._explored(block, rows, dict(zip(chosen, paths, strict=True)))
            )
            return _with_results(whole, concluded)
        rejects = [*concluded, *(_reject_from(row) for row in rows if row.get("error_kind") not in (None, "", TALLY))]
        self._store(self._results, [record for record in concluded if isinstance(record, Result)])
        self._store(self._rejects, [record for record in rejects if isinstance(record, Reject)])
        return _outcomes(
            [*concluded, *rejects[len(concluded) :]], [row for row in rows if row.get("error_kind") == TALLY]
        )

    def _not_concluded(self, rows: list[Row]) -> list[Row]:
        """The rows but for those whose result or reject is stored.

        Ray asks again for what a replica that ended owed, and for what a lost node held: some of it may be stored.
        """
        if self._concluded is None:
            return rows
        # A reject may carry the id of a problem that was answered: it is known by its place.
        keys = [
            place(row["source"] or "", row["line"] or 0) if row["stage"] == "input" else row["problem_id"]
            for row in rows
        ]
        return [row for row, stored in zip(rows, self._concluded.of(keys), strict=True) if not stored]

    def _paths(self, problems: Sequence[Problem], rows: Sequence[Row]) -> list[list[Path]]:
        """The problems' paths: sampled here, handed on from the stage before, or found in the ledger."""
        if self._explore is not None:
            return self._explore(problems)
        if self._ledger is not None:
            cap = self._work.config.explorer.paths if self._work.config.explorer else None
            return [self._ledger.lookup(problem.problem_id)[:cap] for problem in problems]
        return [[path_from(path) for path in row["paths"] or ()] for row in rows]

    def _explored(self, block: pa.Table, rows: Sequence[Row], paths: dict[int, list[Path]]) -> pa.Table:
        if self._work.last:
            return pa.Table.from_pylist([{"outcome": "explored", "row": None} for _ in paths], schema=OUTCOME_SCHEMA)
        nested = [[to_row(path) for path in paths[index]] if index in paths else None for index in range(len(rows))]
        return block.append_column("paths", pa.array(nested, PATHS_TYPE))

    def _store(self, writer: TableWriter, records: Sequence[Result | Reject]) -> None:
        if records:
            self._commit(writer, writer.append([to_row(record) for record in records]))

    def _commit(self, writer: TableWriter | None, ticket: int) -> None:
        """Waits until what was appended up to the ticket is durable."""
        if writer is None:
            return
        with self._lock:
            self._waiting += 1
            hurry = _HURRY_SHARE * self._waiting >= self._calls
        try:
            if hurry:
                for each in self._writers():
                    each.hurry()
            writer.wait(ticket)
        finally:
            with self._lock:
                self._waiting -= 1

    def _writers(self) -> list[TableWriter]:
        explores = [self._ledger.writer] if self._ledger is not None and self._work.explores else []
        return explores + [writer for writer in (self._results, self._rejects) if writer is not None]

    def _end(self, error: EngineError) -> None:
        """Ends a process whose engine died: Ray starts it again, and asks it for what this one owes."""
        if self._board is None:
            return
        for writer in self._writers():
            with suppress(Exception):
                writer.close()
        print(f"{self.name}: {error}; the replica is started again", flush=True)  # noqa: T201 (Ray's log of this actor)
        os._exit(1)

    def _watched_report(self, board: Listener) -> None:
        try:
            self._report(board)
        finally:
            faulthandler.cancel_dump_traceback_later()

    def _report(self, board: Listener) -> None:
        """Says twice a second how full the replica is; busy seconds are those in which it had requests.

        Listens, too: a run that is stopped has its replicas flush and begin nothing more, and one whose driver is gone
        has them end.
        """
        ready, busy, last, stopping = 0.0, 0.0, time.monotonic(), False
        began = last
        role = self._work.engine_role
        while True:
            at = time.monotonic()
            if role is not None:
                # Ends the process, with its stacks in Ray's log, where this thread does not come round again: where
                # something holds Python's lock for ever.
                faulthandler.dump_traceback_later(role.hang_timeout_s + _SLOW_S, exit=True, file=2)
                if not self._loaded and at - began > role.replicas.start_timeout_s:
                    self._never_loaded(role, at - began)
            sample: Row = {"role": self._work.role, "loading": not self._loaded, "at": time.time()}
            if self._loaded:
                load = asdict(self._engine.load()) if self._engine is not None else {"running": self._calls}
                busy += at - last if any((load["running"], load.get("waiting"))) else 0.0
                ready += at - last
                sample |= {**load, "problems": self._problems, "calls": self._calls}
                self._check_progress(load.get("stalled_s", 0.0), load["running"])
            last = at
            try:
                stop = board.report(self.name, {**sample, "ready_s": ready, "busy_s": busy, "flushed": stopping})
            except Exception as error:  # noqa: BLE001 (whatever it is, nobody listens)
                self._end(EngineError(f"the run's driver is gone: {type(error).__name__}"))
            if stop and not stopping:
                self._going.clear()
                self._flush()
                stopping = True
                continue  # and says so at once: Ray gives a job that it stops 3 s
            time.sleep(REPORT_EVERY_S)

    def _never_loaded(self, role: RoleConfig, waited_s: float) -> None:
        section = "explorer" if self._work.explores else "synthesizer"
        self._last_words(
            f"the engine of the {section} does not start: {role.model} has been loading for {waited_s:.0f} s "
            f"({section}.replicas.start_timeout_s)"
        )
        os._exit(1)

    def _check_progress(self, stalled_s: float, running: int) -> None:
        role = self._work.engine_role
        if role is not None and stalled_s > role.hang_timeout_s:
            if math.isinf(stalled_s):
                self._end(EngineError("the engine's own process has ended"))
            self._end(EngineError(f"the engine hangs: no token for {stalled_s:.0f} s with {running} requests running"))

    def _flush(self) -> None:
        """Makes durable what is there."""
        for writer in self._writers():
            ticket = writer.append([])
            writer.hurry()
            with suppress(A2RError):
                writer.wait(ticket)


class Explorer(Replica):
    """A replica of the explorer's pool. By its class Ray's lists, and the watch over the pools, tell it from others."""


class Synthesizer(Replica):
    """A replica of the synthesizer's pool."""


def _reject_from(row: Row) -> Reject:
    return Reject(**{name: row[name] for name in REJECT_SCHEMA.names})


def _outcomes(records: Sequence[Result | Reject], tallies: Sequence[Row]) -> pa.Table:
    outcomes = [{"outcome": "ok" if isinstance(record, Result) else "failed", "row": None} for record in records]
    outcomes += [{"outcome": TALLY, "row": row["row"]} for row in tallies]
    return pa.Table.from_pylist(outcomes, schema=OUTCOME_SCHEMA)


def _with_results(block: pa.Table, records: Sequence[Result | Reject]) -> pa.Table:
    """The block with a result's columns beside its own, which stay as they are; a reject's are null but its error."""
    rows = [
        to_row(record)
        if isinstance(record, Result)
        else {"route": "failed", "error": f"{record.error_kind}: {record.error}"}
        for record in records
    ]
    made = pa.Table.from_pylist(rows, schema=RESULT_SCHEMA)
    for name in made.column_names:
        if name not in block.column_names:
            block = block.append_column(RESULT_SCHEMA.field(name), made[name])
    return block


def tally_row(counts: dict[str, int]) -> Row:
    """The reader's last row."""
    return {**dict.fromkeys(INPUT_SCHEMA.names), "error_kind": TALLY, "row": json.dumps(counts)}

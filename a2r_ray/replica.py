"""A replica: one engine in one actor, the stages that it serves, and the tables that it writes.

A call takes a block of problems and returns when what it made of them is durable, so what Ray counts as done is done.
Many calls run at once, each in a thread of its own; the replica flushes early when too many of its calls wait for the
flush.
"""

import json
import os
import secrets
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from a2r_ray.config import Config, RoleConfig
from a2r_ray.engines import Engine, create_engine
from a2r_ray.errors import A2RError, EngineError
from a2r_ray.explore import Explore
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
from a2r_ray.runs.folder import concluded, place
from a2r_ray.runs.ledger import PathLedger, hash_ids
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.table import TableWriter
from a2r_ray.synthesize import Synthesize

PATHS_TYPE = pa.list_(pa.struct(list(PATH_SCHEMA)))
OUTCOME_SCHEMA = pa.schema([("outcome", pa.string()), ("row", pa.string())])
"""What the last stage of a run hands the driver: ``ok``, ``failed``, ``explored``, or the tally and its counts."""

REPORT_EVERY_S = 0.5
_HURRY_SHARE = 4
"""One call in so many may wait for a flush: with more the engine would run short of requests."""


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

    @property
    def explores(self) -> bool:
        """Whether paths are sampled here."""
        return self.role != "synthesizer" and self.config.explorer is not None

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
        board: the actor that replicas report to; None: nobody asks.
    """

    def __init__(self, work: Work, board: Any = None) -> None:
        self._work, self._board = work, board
        self.name = f"{work.role}-{secrets.token_hex(4)}"
        self._calls = self._waiting = self._problems = 0
        self._lock = threading.Lock()
        self._engine = self._load_engine()
        self._ledger, self._results, self._rejects = self._open_tables()
        self._concluded = concluded(work.run) if work.concludes and work.run else np.empty(0, np.uint64)
        config = work.config
        self._explore = (
            Explore(config, self._engine, self._ledger, self.name) if work.explores and self._engine else None
        )
        self._synthesize = Synthesize(config, self._engine if config.synthesizer else None) if work.concludes else None
        if board is not None:
            threading.Thread(target=self._report, name="report", daemon=True).start()

    def __call__(self, block: pa.Table) -> pa.Table:
        """Serves one block of problems.

        Raises:
            OutputError: the tables cannot be written.
        """
        with self._lock:
            self._calls += 1
        try:
            return self._serve(block)
        except EngineError as error:
            self._end(error)
            raise
        except A2RError as error:
            self._last_words(str(error))
            raise
        finally:
            with self._lock:
                self._calls -= 1

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
            self._board.failed.remote(text)
            time.sleep(1)  # the actor may end with the error, and the message must be out by then

    def _open_tables(self) -> tuple[PathLedger | None, TableWriter | None, TableWriter | None]:
        work, run = self._work, self._work.run
        if run is None:
            return None, None, None
        explorer = work.config.explorer_fingerprint
        ledger = PathLedger(run, explorer, self.name if work.explores else None) if self._reads_ledger else None
        if not work.concludes:
            return ledger, None, None
        return ledger, TableWriter(run, "results", self.name), TableWriter(run, "rejects", self.name)

    @property
    def _reads_ledger(self) -> bool:
        return self._work.explores or self._work.last

    def _serve(self, block: pa.Table) -> pa.Table:
        rows = self._not_concluded(block.to_pylist())
        chosen = [index for index, row in enumerate(rows) if not row.get("error_kind")]
        problems = [problem_from(rows[index]) for index in chosen]
        paths = self._paths(problems, [rows[index] for index in chosen])
        if self._explore is not None and self._ledger is not None:
            self._commit(self._ledger.writer)
        if self._synthesize is None:
            self._problems += len(problems)
            return self._explored(block, rows, dict(zip(chosen, paths, strict=True)))
        concluded = self._synthesize(problems, paths)
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
        """The rows but for those whose result or reject was stored before this process began.

        Ray asks a replica that it has started again for what the former one owed, of which some may be stored.
        """
        if self._work.role == "explorer" or not len(self._concluded):
            return rows
        # A reject may carry the id of a problem that was answered: it is known by its place.
        keys = hash_ids(
            [place(row["source"] or "", row["line"] or 0) if row["error_kind"] else row["problem_id"] for row in rows]
        )
        at = np.minimum(np.searchsorted(self._concluded, keys), len(self._concluded) - 1)
        return [row for row, stored in zip(rows, self._concluded[at] == keys, strict=True) if not stored]

    def _paths(self, problems: Sequence[Problem], rows: Sequence[Row]) -> list[list[Path]]:
        """The problems' paths: sampled here, handed on from the stage before, or found in the ledger."""
        if self._explore is not None:
            return self._explore(problems)
        if self._ledger is not None:
            return [self._ledger.lookup(problem.problem_id) for problem in problems]
        return [[path_from(path) for path in row["paths"] or ()] for row in rows]

    def _explored(self, block: pa.Table, rows: Sequence[Row], paths: dict[int, list[Path]]) -> pa.Table:
        if self._work.last:
            return pa.Table.from_pylist([{"outcome": "explored", "row": None} for _ in paths], schema=OUTCOME_SCHEMA)
        nested = [[to_row(path) for path in paths[index]] if index in paths else None for index in range(len(rows))]
        return block.append_column("paths", pa.array(nested, PATHS_TYPE))

    def _store(self, writer: TableWriter, records: Sequence[Result | Reject]) -> None:
        if records:
            writer.append([to_row(record) for record in records])
            self._commit(writer)

    def _commit(self, writer: TableWriter) -> None:
        """Waits until all that was appended is durable."""
        ticket = writer.append([])
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
        for writer in self._writers():
            with suppress(Exception):
                writer.close()
        if self._board is not None:
            print(f"{self.name}: {error}; the replica is started again", flush=True)  # noqa: T201 (Ray's log of this actor)
            os._exit(1)

    def _report(self) -> None:
        """Says twice a second how full the replica is; busy seconds are those in which it had requests."""
        ready, busy, last = time.monotonic(), 0.0, time.monotonic()
        while True:
            load = asdict(self._engine.load()) if self._engine is not None else {"running": self._calls}
            at = time.monotonic()
            busy, last = busy + (at - last if any((load["running"], load.get("waiting"))) else 0.0), at
            sample = {"role": self._work.role, "problems": self._problems, "calls": self._calls, "at": time.time()}
            self._board.report.remote(self.name, {**sample, **load, "ready_s": at - ready, "busy_s": busy})
            time.sleep(REPORT_EVERY_S)


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

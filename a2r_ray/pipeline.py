"""The whole way of the data: problems, explorer pool, synthesizer pool, results; the one file that knows Ray Data.

``build`` only chains lazy transforms. ``run`` opens the run folder, connects to Ray, drives what was built, and writes
the receipt. Everything that a problem becomes travels as its row, so what reaches the driver adds up by itself.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import ray
from ray.data import ActorPoolStrategy, DataContext, Dataset

from a2r_ray import cluster, schedule
from a2r_ray.config import Config
from a2r_ray.errors import A2RError, Stopped
from a2r_ray.records import INPUT_SCHEMA, TALLY, Problem, Reject, input_row
from a2r_ray.replica import Replica, Work, tally_row
from a2r_ray.runs.folder import RunFolder, done
from a2r_ray.runs.receipt import Tally, account
from a2r_ray.runs.storage import Storage
from a2r_ray.sources import Duplicate, first_rows, open_source, read_problems
from a2r_ray.summary import Summary, summarize


@dataclass
class Progress:
    """What a run is doing, for whoever watches it."""

    total: int
    """Input rows."""
    done_before: int = 0
    """Input rows that earlier attempts have done with."""
    schedule: str = ""
    outcomes: Counter[str] = field(default_factory=Counter)
    """Problems that left the last stage, by outcome; a phased run's first phase counts as ``explored``."""
    replicas: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Each replica's last report."""


Observer = Callable[[Progress], None]


def run(config: Config, observe: Observer | None = None) -> Summary:
    """Runs a config, or continues it, to the end.

    Args:
        config: what to run.
        observe: called about twice a second, from another thread.

    Returns:
        What the run folder shows, with the receipt as it lies in ``receipt.json``.

    Raises:
        A2RError: with the message and the exit code that the command should end with.
    """
    source = open_source(config.input)
    first_rows(source, config.input, 1)
    rows = source.count()
    folder = RunFolder.open(config, rows)
    progress = Progress(total=rows, done_before=folder.done_before)
    outcome, tally = "failed", None
    try:
        with cluster.connected():
            tally = _drive(config, folder.storage, progress, observe)
        outcome = "complete"
    except (KeyboardInterrupt, Stopped):
        outcome = "interrupted"
        raise
    finally:
        receipt = account(folder.storage, tally, outcome, folder.stored_before)
        folder.write("receipt.json", receipt)
        folder.finish(outcome)
    return summarize(folder.storage, folder.record, receipt, progress.replicas)


def build(
    dataset: Dataset, config: Config, *, layout: schedule.Schedule, run: Storage | None = None, board: Any = None
) -> Dataset:
    """Chains the stages onto a dataset of problems; lazy, and free of side effects.

    Args:
        dataset: rows with ``problem_id`` and ``problem``; see ``a2r_ray.records.INPUT_SCHEMA`` for the rest.
        config: the run's config.
        layout: ``phased`` takes the paths from the run folder, where its first phase has put them.
        run: the run folder that paths, results and rejects go to; None: rows are handed on with the result's columns.
        board: the actor that the replicas report to.
    """
    if config.explorer is None or config.synthesizer is None or layout == "shared":
        return _pool(dataset, Work(config, "both", run, last=run is not None), board)
    if layout == "streaming":
        dataset = _pool(dataset, Work(config, "explorer", run), board)
        return _pool(dataset, Work(config, "synthesizer", run), board)
    return _pool(dataset, Work(config, "synthesizer", run, last=True), board)


def explore(dataset: Dataset, config: Config, *, run: Storage | None = None, board: Any = None) -> Dataset:
    """Adds ``paths``, a list of rows as in the paths table, to every problem of a dataset."""
    return _pool(dataset, Work(config, "explorer", run), board)


def synthesize(dataset: Dataset, config: Config, *, run: Storage | None = None, board: Any = None) -> Dataset:
    """Adds a result's columns to every problem of a dataset with ``paths``."""
    return _pool(dataset, Work(config, "synthesizer", run), board)


def answer(questions: Sequence[Problem], config: Config) -> list[dict[str, Any]]:
    """Runs a few problems whole and returns their rows, with ``paths`` and a result's columns; writes nothing."""
    with cluster.connected():
        _tune()
        board = _board()
        layout = schedule.choose(config, cluster.resources())
        rows = pa.Table.from_pylist([input_row(question) for question in questions], schema=INPUT_SCHEMA)
        dataset = ray.data.from_arrow([rows.slice(index, 1) for index in range(rows.num_rows)])
        with _explained(board):
            if layout == "phased":
                explored = explore(dataset, config, board=board).materialize()
                return list(_rows(synthesize(explored, config, board=board)))
            return list(_rows(build(dataset, config, layout=layout, board=board)))


def problems(config: Config, run: Storage) -> Dataset:
    """The input as a dataset of problems, without those that the run folder has done with.

    One task reads it all, in order, so that duplicates are found with memory for keys only.
    """
    dataset = ray.data.from_items([{"input": 0}]).map_batches(
        _read,
        fn_kwargs={"config": config, "run": run},
        batch_size=None,
        batch_format="pyarrow",
        num_cpus=0,  # the pools may hold every CPU that the cluster has
    )
    dataset = dataset.repartition(target_num_rows_per_block=schedule.rows_per_block(config))
    # The two are fused into one task, which takes the resources of the second; there is no public way to say them.
    dataset._logical_plan.dag.ray_remote_args["num_cpus"] = 0  # noqa: SLF001
    return dataset


def _drive(config: Config, run: Storage, progress: Progress, observe: Observer | None) -> Tally | None:
    """Runs every phase; returns the reader's tally."""
    _tune()
    layout = progress.schedule = schedule.choose(config, cluster.resources())
    board = _board()
    tally = None
    for dataset in _phases(config, run, layout, board):
        with _explained(board), _watched(board, progress, observe):
            for row in _rows(dataset):
                progress.outcomes[row["outcome"]] += 1
                if row["outcome"] == TALLY:
                    tally = Tally(**json.loads(row["row"]))
    return tally


def _phases(config: Config, run: Storage, layout: schedule.Schedule, board: Any) -> Iterator[Dataset]:
    """The datasets that are drained one after the other."""
    if layout == "phased":
        yield _pool(problems(config, run), Work(config, "explorer", run, last=True), board)
    yield build(problems(config, run), config, layout=layout, run=run, board=board)


def _pool(dataset: Dataset, work: Work, board: Any) -> Dataset:
    """One pool of replicas: the calls of a replica run in parallel threads, each with one block."""
    role = work.engine_role
    calls = schedule.calls(work.config, work.role)
    replicas = (1, 1) if role is None else (role.replicas.min, role.replicas.max)
    return dataset.map_batches(
        Replica,
        fn_constructor_args=(work, board),
        batch_size=None,
        batch_format="pyarrow",
        compute=ActorPoolStrategy(
            min_size=replicas[0],
            max_size=replicas[1],
            max_concurrent_calls_per_actor=calls,
            max_tasks_in_flight_per_actor=2 * calls,  # below 1.75 times the calls the pool never grows
            enable_true_multi_threading=True,
        ),
        num_cpus=role.resources.cpus if role else 1,
        num_gpus=role.gpus if role else 0,
        accelerator_type=role.resources.accelerator_type if role else None,
    )


def _tune() -> None:
    """The settings without which Ray Data trickles."""
    context = DataContext.get_current()
    # A task that yields many blocks may have 2 unread ones, and the driver takes them once a round.
    context._max_num_blocks_in_streaming_gen_buffer = 64  # noqa: SLF001 (has no public name)
    context.execution_options.preserve_order = False
    # One death at loading ends the run with its reason; a retry would load the same model again.
    context.max_consecutive_actor_init_deaths = 0


def _rows(dataset: Dataset) -> Iterator[dict[str, Any]]:
    for batch in dataset.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=4):
        yield from batch.to_pylist()


def _read(_: pa.Table, config: Config, run: Storage) -> Iterator[pa.Table]:
    """The rows that still need work, in tables of up to 1,000, then the tally."""
    problems_done, rows_done = done(run)
    counts = {"input": 0, "duplicate": 0}
    rows: list[dict[str, Any]] = []
    size = 16  # the first table is small: the pools wait for it
    for record in read_problems(open_source(config.input), config.input):
        counts["input"] += 1
        if isinstance(record, Duplicate):
            counts["duplicate"] += 1
        elif isinstance(record, Reject):
            if (record.source, record.line) not in rows_done:
                rows.append(input_row(record))
        elif record.problem_id not in problems_done:
            rows.append(input_row(record))
        if len(rows) >= size:
            yield pa.Table.from_pylist(rows, schema=INPUT_SCHEMA)
            rows, size = [], 1000
    rows.append(tally_row(counts))
    yield pa.Table.from_pylist(rows, schema=INPUT_SCHEMA)


def _board() -> Any:
    return ray.remote(num_cpus=0, max_concurrency=8)(_Board).remote()


class _Board:
    """What the replicas last said, and the last words of those that could not start."""

    def __init__(self) -> None:
        self._reports: dict[str, dict[str, Any]] = {}
        self._failures: list[str] = []

    def report(self, replica: str, sample: dict[str, Any]) -> None:
        self._reports[replica] = sample

    def failed(self, message: str) -> None:
        self._failures.append(message)

    def reports(self) -> dict[str, dict[str, Any]]:
        return self._reports

    def failures(self) -> list[str]:
        return self._failures


@contextmanager
def _watched(board: Any, progress: Progress, observe: Observer | None) -> Iterator[None]:
    """Polls the board and tells the observer, until the block ends."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.5):
            progress.replicas = ray.get(board.reports.remote())
            if observe is not None:
                observe(progress)

    thread = threading.Thread(target=watch, name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=5)


@contextmanager
def _explained(board: Any) -> Iterator[None]:
    """Turns what Ray raises into the error that a person should read first."""
    try:
        yield
    except (ray.exceptions.RayError, ray.data.exceptions.UserCodeException) as error:
        raise _explain(error, board) from error


def _explain(error: Exception, board: Any) -> A2RError:
    """A replica's last words, or what Ray says."""
    failures = ray.get(board.failures.remote(), timeout=10)
    return A2RError(failures[0] if failures else f"the run failed: {type(error).__name__}: {error}")

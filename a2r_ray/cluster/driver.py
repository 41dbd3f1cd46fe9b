"""The whole way of the data: problems, explorer pool, synthesizer pool, results; the one file that knows Ray Data.

``build`` only chains lazy transforms. ``run`` opens the run folder, connects to Ray, drives what was built, and writes
the receipt. Everything that a problem becomes travels as its row, so what reaches the driver adds up by itself.
"""

import json
import secrets
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

import pyarrow as pa
import ray
from ray.data import ActorPoolStrategy, DataContext, Dataset
from ray.data._internal.execution.streaming_executor import StreamingExecutor

from a2r_ray.cluster import connection as cluster
from a2r_ray.cluster import monitor as boards
from a2r_ray.cluster.monitor import Board
from a2r_ray.cluster.placement import Watch
from a2r_ray.cluster.rows import drained
from a2r_ray.config.schema import Config, RoleConfig
from a2r_ray.errors import A2RError, OutputError, Stopped
from a2r_ray.evaluate.summary import Summary, summarize
from a2r_ray.method import schedule
from a2r_ray.method.sample import brought
from a2r_ray.records import INPUT_SCHEMA, TALLY, Problem, Reject, Row, input_row, to_row
from a2r_ray.replica.replica import OUTCOME_SCHEMA, Explorer, Replica, Synthesizer, Work, tally_row
from a2r_ray.runs import table
from a2r_ray.runs.done import Concluded, place
from a2r_ray.runs.folder import RunFolder
from a2r_ray.runs.receipt import Tally, account
from a2r_ray.runs.record import check_attempt, read_record
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.table import TableWriter
from a2r_ray.sources import Duplicate, first_rows, open_source, read_problems
from a2r_ray.sources.paths import brought_paths, run_folder_of


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


def run(config: Config, observe: Observer | None = None, *, retry: bool = False) -> Summary:
    """Runs a config, or continues it, to the end.

    Args:
        config: what to run.
        observe: called about twice a second.
        retry: whether to make again what failed before.

    Returns:
        What the run folder shows, with the receipt as it lies in ``receipt.json``.

    Raises:
        A2RError: with the message and the exit code that the command should end with.
    """
    source = open_source(config.input)
    first_rows(source, 1)
    rows = source.count()
    folder = RunFolder.open(config, rows, retry=retry)
    progress = Progress(total=rows, done_before=folder.done_before)
    tally = None
    with ExitStack() as connection:  # it ends last: when it does, Ray's native code may end the process
        try:
            connection.enter_context(cluster.connected())
            tally = _drive(_Job(config, folder.storage, folder.attempt), progress, partial(_tick, folder, observe))
        except BaseException as error:
            outcome = "interrupted" if isinstance(error, KeyboardInterrupt | Stopped) else "failed"
            with suppress(OutputError):  # the first error is the one to read
                _conclude(folder, progress, tally, outcome)
            raise
        receipt = _conclude(folder, progress, tally, "complete")
    return summarize(folder.storage, folder.record, receipt, progress.replicas)


def _conclude(folder: RunFolder, progress: Progress, tally: Tally | None, outcome: str) -> dict[str, Any]:
    """Writes the receipt and ends the attempt; it ends, failed, also where there can be no receipt."""
    try:
        folder.meter(progress.replicas)
        receipt = account(folder.storage, tally, outcome, folder.stored_before, progress.total)
        folder.write("receipt.json", receipt)
    except OutputError:
        with suppress(OutputError):
            folder.finish("failed")
        raise
    folder.finish(outcome)
    return receipt


def build(  # noqa: PLR0913 (a run is a folder, an attempt at it and a board)
    dataset: Dataset,
    config: Config,
    *,
    layout: schedule.Schedule,
    run: Storage | None = None,
    attempt: str = "",
    board: Board | None = None,
) -> Dataset:
    """Chains the stages onto a dataset of problems; lazy, and free of side effects.

    Args:
        dataset: rows with ``problem_id`` and ``problem``; see ``a2r_ray.records.INPUT_SCHEMA`` for the rest.
        config: the run's config.
        layout: ``phased`` takes the paths from the run folder, where its first phase has put them.
        run: the run folder that paths, results and rejects go to; None: rows are handed on with the result's columns.
        attempt: the attempt that may write to it.
        board: where the replicas report to.
    """
    work = partial(Work, config, run=run, attempt=attempt)
    if config.explores and (config.synthesizer is None or layout == "shared"):
        return _pool(dataset, work(role="both", last=run is not None), board)
    if config.explores and layout == "streaming":
        dataset = _pool(dataset, work(role="explorer"), board)
        return _pool(dataset, work(role="synthesizer"), board)
    paths_in = None if run is None or config.explores else _brought_in(config, run)
    return _pool(dataset, work(role="synthesizer", last=run is not None, paths_in=paths_in), board)


def explore(dataset: Dataset, config: Config, *, run: Storage | None = None, board: Board | None = None) -> Dataset:
    """Adds ``paths``, a list of rows as in the paths table, to every problem of a dataset."""
    return _pool(dataset, Work(config, "explorer", run), board)


def synthesize(dataset: Dataset, config: Config, *, run: Storage | None = None, board: Board | None = None) -> Dataset:
    """Adds a result's columns to every problem of a dataset with ``paths``."""
    return _pool(dataset, Work(config, "synthesizer", run), board)


def answer(questions: Sequence[Problem], config: Config) -> list[dict[str, Any]]:
    """Runs a few problems whole and returns their rows, with ``paths`` and a result's columns; writes nothing."""
    with cluster.connected():
        _tune()
        layout = schedule.choose(config, cluster.resources())
        rows = pa.Table.from_pylist([input_row(question) for question in questions], schema=INPUT_SCHEMA)
        dataset = ray.data.from_arrow([rows.slice(index, 1) for index in range(rows.num_rows)])
        with boards.opened(cluster.here()) as board, _explained(board):
            if layout == "phased":
                explored = explore(dataset, config, board=board).materialize()
                dataset = synthesize(explored, config, board=board)
            else:
                dataset = build(dataset, config, layout=layout, board=board)
            with _rows(dataset) as answered:
                return [row for row in answered if row is not None]


def problems(config: Config, run: Storage) -> Dataset:
    """The input as a dataset of problems, without those that the run folder has done with.

    One task reads it all, in order, so that duplicates are found with memory for keys only. It stays on this node, and
    is not repeated: what it leaves out depends on what is done by then, and Ray takes a repeated task for the same.
    """
    dataset = ray.data.from_items([{"input": 0}]).map_batches(
        _read, fn_kwargs={"config": config, "run": run}, batch_size=None, batch_format="pyarrow"
    )
    # Ray fuses the two into one task, if they have the same options.
    options = _on_this_node()
    rows = schedule.rows_per_block(config)
    return _with_options(_with_options(dataset, options).repartition(target_num_rows_per_block=rows), options)


def _on_this_node() -> dict[str, Any]:
    """Has a step's task run here, once, and beside pools that may hold every CPU that the cluster has."""
    return {"num_cpus": 0, "max_retries": 0, "scheduling_strategy": cluster.here()}


def _with_options(dataset: Dataset, options: Mapping[str, Any]) -> Dataset:
    """Sets Ray's options of the last step where there is no public way to say them."""
    dataset._logical_plan.dag.ray_remote_args.update(options)  # noqa: SLF001
    return dataset


@dataclass(frozen=True)
class _Job:
    """What is run, and where its tables are."""

    config: Config
    run: Storage
    attempt: str


def _drive(job: _Job, progress: Progress, tick: Observer) -> Tally | None:
    """Runs every phase; returns the reader's tally."""
    _tune()
    layout = progress.schedule = schedule.choose(job.config, cluster.resources())
    tally = None
    for dataset, pools in _phases(job, layout):
        watch = Watch(pools, lambda pool: cluster.unplaced(_actor_class(pool)), cluster.nodes, _warn)
        with (
            boards.opened(cluster.here()) as board,
            _explained(board),
            _rows(dataset(board)) as rows,
            board.flushed_when_stopped(),
        ):
            for row in rows:
                if row is None:
                    progress.replicas |= board.reports()
                    watch.look(progress.replicas.values())
                    tick(progress)
                    continue
                progress.outcomes[row["outcome"]] += 1
                if row["outcome"] == TALLY:
                    tally = Tally(**json.loads(row["row"]))
            progress.replicas |= board.reports()
    return tally


def _tick(folder: RunFolder, observe: Observer | None, progress: Progress) -> None:
    folder.meter(progress.replicas, _METER_S)
    if observe is not None:
        observe(progress)


def _phases(job: _Job, layout: schedule.Schedule) -> Iterator[tuple[Callable[[Board], Dataset], dict[str, RoleConfig]]]:
    """The datasets that are drained one after the other, as functions of their board, and the pools that each has."""
    config, run = job.config, job.run
    roles = {"explorer": config.explorer if config.explores else None, "synthesizer": config.synthesizer}
    pools: dict[str, RoleConfig] = {name: role for name, role in roles.items() if role is not None}
    if config.input.source == "paths" and run_folder_of(config.input) is None:
        yield lambda _: _bringing(job), {}
    if config.explores and config.synthesizer is not None and layout == "phased":
        work = Work(config, "explorer", run, last=True, attempt=job.attempt)
        yield partial(_pool, problems(config, run), work), {"explorer": pools.pop("explorer")}
    elif config.explorer is not None and config.explores and (config.synthesizer is None or layout == "shared"):
        pools = {"both": config.explorer}
    whole = partial(build, problems(config, run), config, layout=layout, run=run, attempt=job.attempt)
    yield lambda board: whole(board=board), pools


def _brought_in(config: Config, run: Storage) -> tuple[Storage, str]:
    """The run folder that holds the paths that were brought, and the explorer that made them."""
    folder = run_folder_of(config.input)
    if folder is None:
        return run, ""
    # Where the paths of that folder were themselves brought from elsewhere, nobody knows their explorer.
    record = read_record(folder)
    explores = record["config"]["input"]["source"] != "paths"
    return folder, record["explorer"] if explores else ""


def _bringing(job: _Job) -> Dataset:
    """Paths made elsewhere, on their way into the paths table."""
    dataset = ray.data.from_items([{"input": 0}])
    dataset = dataset.map_batches(_bring, fn_kwargs={"job": job}, batch_size=None, batch_format="pyarrow")
    return _with_options(dataset, _on_this_node())


def _bring(_: pa.Table, job: _Job) -> pa.Table:
    """Stores the paths of the input, in its order, but for as many as an earlier attempt has stored."""
    guard = partial(check_attempt, job.run, job.attempt)
    writer = TableWriter(job.run, "paths", f"brought-{secrets.token_hex(4)}", guard=guard)
    paths = islice(brought_paths(open_source(job.config.input)), table.count(job.run, "paths"), None)
    while chunk := list(islice(paths, _CHUNK)):
        ticket = writer.append([to_row(brought(*path)) for path in chunk])
        writer.hurry()
        writer.wait(ticket)
    writer.close()
    return pa.Table.from_pylist([], schema=OUTCOME_SCHEMA)


def _pool(dataset: Dataset, work: Work, board: Board | None) -> Dataset:
    """One pool of replicas: the calls of a replica run in parallel threads, each with one block."""
    role = work.engine_role
    calls = schedule.calls(work.config, work.role)
    replicas = (1, 1) if role is None else (role.replicas.min, role.replicas.max)
    pool = dataset.map_batches(
        _REPLICAS[work.role],
        fn_constructor_args=(work, board, cluster.attempts),
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
        accelerator_type=role.resources.accelerator_type if role else None,
    )
    # map_batches takes no whole blocks together with GPUs, for the sake of functions that hold a block on the GPU.
    return _with_options(pool, {"num_gpus": role.gpus}) if role and role.gpus else pool


_REPLICAS: dict[str, type[Replica]] = {"explorer": Explorer, "synthesizer": Synthesizer, "both": Replica}


def _actor_class(pool: str) -> str:
    """What Ray Data calls the actors of a pool."""
    return f"MapWorker(MapBatches({_REPLICAS[pool].__name__}))"


def _tune() -> None:
    """The settings without which Ray Data trickles."""
    context = DataContext.get_current()
    # A task that yields many blocks may have 2 unread ones, and the driver takes them once a round.
    context._max_num_blocks_in_streaming_gen_buffer = 64  # noqa: SLF001 (has no public name)
    context.execution_options.preserve_order = False
    # One death at loading ends the run with its reason; a retry would load the same model again.
    context.max_consecutive_actor_init_deaths = 0


def _rows(dataset: Dataset) -> AbstractContextManager[Iterator[Row | None]]:
    """The rows of a dataset as they come; after the block, no thread of Ray Data's is left of it.

    Ray, when it disconnects, may end a process with a thread that still calls it: with exit code 1, and no word.
    """

    def end() -> None:
        # The dataset itself knows of its execution only after the first rows.
        execution = f"StreamingExecutor-{dataset.get_dataset_id()}"
        for thread in threading.enumerate():
            if isinstance(thread, StreamingExecutor) and thread.name == execution:
                with suppress(ray.exceptions.RayError):
                    thread.shutdown(force=True)

    return drained(partial(dataset.iter_batches, batch_size=None, batch_format="pyarrow", prefetch_batches=4), end)


def _read(_: pa.Table, config: Config, run: Storage) -> Iterator[pa.Table]:
    """The rows that still need work, in tables of up to 1,000, then the tally."""
    concluded = Concluded(run)
    counts = {"input": 0, "duplicate": 0}
    records = read_problems(open_source(config.input))
    size = 16  # the first table is small: the pools wait for it
    while chunk := list(islice(records, size)):
        fresh = [record for record in chunk if not isinstance(record, Duplicate)]
        counts["input"] += len(chunk)
        counts["duplicate"] += len(chunk) - len(fresh)
        keys = [place(r.source, r.line) if isinstance(r, Reject) else r.problem_id for r in fresh]
        rows = [input_row(record) for record, stored in zip(fresh, concluded.of(keys), strict=True) if not stored]
        if rows:
            yield pa.Table.from_pylist(rows, schema=INPUT_SCHEMA)
            size = _CHUNK
    yield pa.Table.from_pylist([tally_row(counts)], schema=INPUT_SCHEMA)


_CHUNK = 1000
_METER_S = 2.0


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr, flush=True)  # noqa: T201 (progress goes to stderr)


@contextmanager
def _explained(board: Board) -> Iterator[None]:
    """Turns what Ray raises into the error that a person should read first, or the stop that broke it off."""
    try:
        yield
    except (ray.exceptions.RayError, ray.data.exceptions.UserCodeException) as error:
        raise Stopped.asked or _explain(error, board) from error


def _explain(error: Exception, board: Board) -> A2RError:
    """A replica's last words, or what a task raised, or what Ray says."""
    with suppress(ray.exceptions.RayError):  # the board may be gone as well
        if failures := board.failures():
            return A2RError(failures[0])
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, A2RError) and not isinstance(cause, ray.exceptions.RayError):
            return A2RError(str(cause))
        cause = getattr(cause, "cause", None) or cause.__cause__
    return A2RError(f"the run failed: {type(error).__name__}: {error}")

"""The driver: the whole way of a run, from a config to its receipt. Start here.

``run`` opens the run folder, connects to Ray, drives what the method was compiled to phase by phase, and writes the
receipt. A problem travels as a row from the reader through the pools; what is made of it is in the tables before it
goes on, so what the files hold adds up by itself.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import ray
from ray.data import DataContext, Dataset

from a2r_ray.cluster import connection, graph, monitor, private, reader
from a2r_ray.cluster.monitor import RemoteMonitor
from a2r_ray.cluster.pool_health import PoolHealth
from a2r_ray.cluster.reader import Reading
from a2r_ray.cluster.rows import rows_of
from a2r_ray.cluster.shared_folder import check_output
from a2r_ray.config.schema import Config
from a2r_ray.errors import A2RError, OutputError, Stopped
from a2r_ray.evaluate.summary import Summary, summarize
from a2r_ray.method import schedule
from a2r_ray.method.compile import Compile, Method, Pool, compile_method, fingerprints
from a2r_ray.replica.tables import RunTables
from a2r_ray.runs.folder import RunFolder
from a2r_ray.runs.receipt import InputCounts, account
from a2r_ray.runs.storage import Storage
from a2r_ray.sources import first_rows, open_source
from a2r_ray.sources.paths import paths_of_run


@dataclass
class Progress:
    """What a run is doing, for whoever watches it."""

    total: int
    """Input rows."""
    done_before: int = 0
    """Input rows that earlier attempts have done with."""
    pools: Sequence[Pool] = ()
    """In the order in which a problem goes through them."""
    replicas: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Each replica's last report, those of earlier phases included."""
    input_rows: Mapping[str, int] | None = None
    """What the reader counted; None until it has read all."""


Observer = Callable[[Progress], None]


def run(
    config: Config,
    observe: Observer | None = None,
    *,
    retry: bool = False,
    compile_to: Compile = compile_method,
) -> Summary:
    """Runs a config, or continues it, to the end.

    Args:
        config: what to run.
        observe: called about twice a second.
        retry: whether to make again what failed before.
        compile_to: makes the method of a config.

    Returns:
        What the run folder shows, with the receipt as it lies in ``receipt.json``.

    Raises:
        A2RError: with the message and the exit code that the command should end with.
    """
    source = open_source(config.input)
    first_rows(source, 1)
    rows = source.count()
    if connection.is_elsewhere():
        with connection.connected():
            check_output(Storage(config.output))
            return _run(config, rows, observe, retry=retry, compile_to=compile_to)
    return _run(config, rows, observe, retry=retry, compile_to=compile_to)


def _run(config: Config, rows: int, observe: Observer | None, *, retry: bool, compile_to: Compile) -> Summary:
    """Opens the run folder, then connects to Ray: a folder that cannot be used is said at once."""
    folder = RunFolder.open(config, rows, retry=retry)
    progress = Progress(total=rows, done_before=folder.done_before)
    with ExitStack() as connected:  # it ends last: when it does, Ray's native code may end the process
        try:
            connected.enter_context(connection.connected())
            _drive(config, compile_to, folder, progress, partial(_tick, folder, observe))
        except BaseException as error:
            outcome = "interrupted" if isinstance(error, KeyboardInterrupt | Stopped) else "failed"
            with suppress(OutputError):  # the first error is the one to read
                _conclude(folder, progress, outcome)
            raise
        receipt = _conclude(folder, progress, "complete")
    return summarize(folder.storage, folder.record, receipt, progress.replicas)


def _drive(config: Config, compile_to: Compile, folder: RunFolder, progress: Progress, tick: Observer) -> None:
    """Runs the phases, one after the other."""
    tune()
    layout = schedule.choose(config, connection.resources())
    method = compile_to(config, layout)
    progress.pools = method
    reading = _reading(config, method, folder)
    rows = graph.rows_per_block(method)
    if config.input.source == "paths" and reading.paths_from == folder.storage:
        _run_phase(lambda _: reader.bringing(reading), (), progress, tick)
    for phase in phases(method, layout):
        build = partial(_phase, phase, reading, rows, last=phase[-1] is method[-1])
        _run_phase(build, phase, progress, tick)


def phases(method: Method, layout: schedule.Schedule) -> list[Method]:
    """Which pools are there at the same time."""
    return [(pool,) for pool in method] if layout == "phased" else [method]


def _phase(phase: Method, reading: Reading, rows: int, watched: RemoteMonitor, *, last: bool) -> Dataset:  # noqa: ARG001
    dataset = reader.problems(reading, rows, watched)
    return graph.build(dataset, phase, rows=rows, tables=reading.tables, monitor=watched)


def _run_phase(
    build: Callable[[RemoteMonitor], Dataset], pools: Sequence[Pool], progress: Progress, tick: Observer
) -> None:
    """Takes a dataset to its end, and looks after its pools meanwhile."""
    health = pool_health(pools)
    before = dict(progress.replicas)

    def look() -> None:
        snapshot = watched.snapshot()
        progress.replicas = before | dict(snapshot.reports)
        progress.input_rows = snapshot.input_rows or progress.input_rows
        health.look(snapshot)

    with (
        monitor.opened(connection.driver_node()) as watched,
        explained(watched),
        rows_of(build(watched)) as rows,
        watched.flushed_when_stopped(),
    ):
        for row in rows:
            if row is None:
                look()
                tick(progress)
        look()


def _reading(config: Config, method: Method, folder: RunFolder) -> Reading:
    """What the reader reads: the input, and the paths that are there before anything is sampled."""
    own = fingerprints(method)
    tables = RunTables(folder.storage, folder.attempt, own)
    if config.input.source != "paths":
        return Reading(config.input, tables, folder.storage, own, None)
    most = config.explorer.paths if config.explorer is not None else None
    paths_from, written_by = paths_of_run(config.input) or (folder.storage, "")
    return Reading(config.input, tables, paths_from, (written_by, *own), most)


def _conclude(folder: RunFolder, progress: Progress, outcome: str) -> dict[str, Any]:
    """Writes the receipt and ends the attempt; it ends, failed, also where there can be no receipt."""
    counts = None if progress.input_rows is None else InputCounts(**progress.input_rows)
    try:
        folder.note_generated(progress.replicas)
        receipt = account(folder.storage, counts, outcome, folder.stored_before, progress.total)
        folder.write("receipt.json", receipt)
    except OutputError:
        with suppress(OutputError):
            folder.finish("failed")
        raise
    folder.finish(outcome)
    return receipt


def _tick(folder: RunFolder, observe: Observer | None, progress: Progress) -> None:
    folder.note_generated(progress.replicas, _NOTE_EVERY_S)
    if observe is not None:
        observe(progress)


_NOTE_EVERY_S = 2.0


def tune() -> None:
    """The settings without which Ray Data trickles, or ends a run in which a long answer is all that there is."""
    context = DataContext.get_current()
    context.execution_options.preserve_order = False
    private.allow_unread_blocks(context)
    # An answer may take longer than Ray Data waits for progress; what hangs, each replica's heartbeat ends.
    context.execution_no_progress_timeout_s = -1


def pool_health(pools: Sequence[Pool]) -> PoolHealth:
    """Who looks after pools on this cluster."""
    return PoolHealth(pools, lambda pool: connection.has_no_place(graph.actor_class(pool)), connection.nodes, _warn)


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr, flush=True)  # noqa: T201 (progress goes to stderr)


@contextmanager
def explained(watched: RemoteMonitor) -> Iterator[None]:
    """Turns what Ray raises into the error that a person should read first, or the stop that broke it off."""
    try:
        yield
    except (ray.exceptions.RayError, ray.data.exceptions.UserCodeException) as error:
        raise Stopped.asked or _explain(error, watched) from error


def _explain(error: Exception, watched: RemoteMonitor) -> A2RError:
    """What a replica has said, or what a task raised, or what Ray says."""
    with suppress(ray.exceptions.RayError):  # the monitor may be gone as well
        if failures := watched.snapshot().failures:
            return A2RError(failures[0])
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, A2RError) and not isinstance(cause, ray.exceptions.RayError):
            return A2RError(str(cause))
        cause = getattr(cause, "cause", None) or cause.__cause__
    return A2RError(f"the run failed: {type(error).__name__}: {error}")

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
from a2r_ray.cluster.steering import Steering
from a2r_ray.config.schema import Config
from a2r_ray.errors import A2RError, OutputError, Stopped
from a2r_ray.evaluate.summary import Summary, summarize
from a2r_ray.method.compile import Compile, Method, Pool, compile_phases, fingerprints, planned
from a2r_ray.method.schedule import Choice
from a2r_ray.replica.tables import RunTables
from a2r_ray.runs.folder import RunFolder
from a2r_ray.runs.receipt import InputCounts, account
from a2r_ray.sources import Source, first_rows, open_source, row_count
from a2r_ray.sources.paths import PathFiles


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
    compile_to: Compile = compile_phases,
) -> Summary:
    """Runs a config, or continues it, to the end.

    Args:
        config: what to run.
        observe: called about twice a second.
        retry: whether to make again what failed before.
        compile_to: makes the phases of a config that is laid out by what the cluster has.

    Returns:
        What the run folder shows, with the receipt as it lies in ``receipt.json``.

    Raises:
        A2RError: with the message and the exit code that the command should end with.
    """
    with ExitStack() as connected:  # it ends last: when it does, Ray's native code may end the process
        if connection.is_elsewhere():
            connected.enter_context(connection.connected())
            check_output(config.output)
        source = open_source(config.input)
        first_rows(source, 1)
        rows = row_count(source)
        # Before Ray is begun here: a folder that cannot be used is said at once.
        folder = connected.enter_context(RunFolder.open(config, rows, retry=retry))
        progress = Progress(total=rows, done_before=folder.done_before)
        try:
            connected.enter_context(connection.connected())
            tune()
            choice, phases = planned(config, connection.cluster(), compile_to)
            folder.note(schedule=choice.schedule, why=choice.why)
            _tell(choice)
            reading = _reading(config, source, phases, folder)
            _drive(phases, reading, progress, partial(_tick, folder, observe))
        except BaseException as error:
            outcome = "interrupted" if isinstance(error, KeyboardInterrupt | Stopped) else "failed"
            with suppress(OutputError):  # the first error is the one to read
                _conclude(folder, progress, outcome)
            raise
        receipt = _conclude(folder, progress, "complete")
    return summarize(folder.storage, folder.record, receipt, progress.replicas)


def _drive(phases: Sequence[Method], reading: Reading, progress: Progress, tick: Observer) -> None:
    """Runs the phases, one after the other."""
    method = tuple(pool for phase in phases for pool in phase)
    progress.pools = method
    rows = graph.rows_per_block(method)
    if reading.brings_texts:
        _run_phase(partial(reader.bringing, reading), (), progress, tick)
    for phase in phases:
        _run_phase(partial(_phase, phase, reading, rows), phase, progress, tick, rows)


def _phase(phase: Method, reading: Reading, rows: int, watched: RemoteMonitor) -> Dataset:
    dataset = reader.problems(reading, rows, watched)
    return graph.build(dataset, phase, rows=rows, tables=reading.tables, monitor=watched)


def _run_phase(
    build: Callable[[RemoteMonitor], Dataset], pools: Sequence[Pool], progress: Progress, tick: Observer, rows: int = 1
) -> None:
    """Takes a dataset to its end, and looks after its pools meanwhile."""
    health = pool_health(pools)
    steering = Steering(pools, rows=rows, cases=progress.total - progress.done_before, cluster=connection.cluster)
    before = dict(progress.replicas)

    def look() -> None:
        snapshot = watched.snapshot()
        progress.replicas = before | dict(snapshot.reports)
        progress.input_rows = snapshot.input_rows or progress.input_rows
        steering.look(snapshot, watched.move)
        health.look(snapshot)

    with (
        monitor.opened(connection.driver_node()) as watched,
        explained(watched),
        rows_of(build(watched), steering) as coming,
        watched.flushed_when_broken_off(),
    ):
        for row in coming:
            if row is None:
                look()
                tick(progress)
        look()


def _reading(config: Config, source: Source, phases: Sequence[Method], folder: RunFolder) -> Reading:
    """What the reader reads for the method, and where it stores what it brings."""
    own = tuple({name: None for phase in phases for name in fingerprints(phase)})
    tables = RunTables(folder.storage, folder.attempt, own)
    if config.input.source != "paths":
        return Reading(config.input, tables)
    most = config.explorer.paths if config.explorer is not None else None
    return Reading(config.input, tables, most, brings_texts=isinstance(source, PathFiles))


def _conclude(folder: RunFolder, progress: Progress, outcome: str) -> dict[str, Any]:
    """Writes the receipt and ends the attempt."""
    counts = None if progress.input_rows is None else InputCounts(**progress.input_rows)
    folder.note_generated(progress.replicas)
    receipt = account(folder.storage, counts, outcome, folder.stored_before, progress.total)
    folder.write("receipt.json", receipt)
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
    # A pool grows when its replicas have all the calls that they take: more would wait in one while others load.
    context.autoscaling_config.actor_pool_util_upscaling_threshold = 1.0
    # A thread for every call of a replica, only to sample how much memory its process has.
    context.memory_usage_poll_interval_s = None


def pool_health(pools: Sequence[Pool]) -> PoolHealth:
    """Who looks after pools on this cluster."""
    return PoolHealth(pools, lambda pool: connection.has_no_place(graph.actor_class(pool)), connection.nodes, _warn)


def _tell(choice: Choice) -> None:
    """Says once how the run is laid out, where that was chosen, or cannot stand as it was asked for."""
    if choice.short:
        waits = "who has no place waits until another pool is done, or a node comes"
        _warn(f"schedule {choice.schedule}: {choice.why}; {waits}")
    elif choice.why:
        print(f"schedule {choice.schedule}: {choice.why}", file=sys.stderr, flush=True)  # noqa: T201


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

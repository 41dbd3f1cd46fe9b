"""The phases of a run, as datasets of Ray Data's: each is built, taken to its end, and looked after meanwhile.

Ray Data takes a second to import, so ``driver`` imports this while others begin.
"""

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import partial

import ray
from ray.data import DataContext, Dataset

from a2r_ray.cluster import connection, graph, monitor, private, reader
from a2r_ray.cluster.connection import Connection
from a2r_ray.cluster.execution import without_actors
from a2r_ray.cluster.monitor import RemoteMonitor
from a2r_ray.cluster.pool_health import PoolHealth
from a2r_ray.cluster.reader import Reading
from a2r_ray.cluster.rows import rows_of
from a2r_ray.cluster.state import Observer, Progress
from a2r_ray.cluster.steering import Steering
from a2r_ray.config.schema import Config
from a2r_ray.errors import A2RError, Stopped
from a2r_ray.method.compile import Method, Pool, fingerprints
from a2r_ray.replica.tables import RunTables
from a2r_ray.runs.folder import RunFolder
from a2r_ray.runs.supersede import supersede_outgrown
from a2r_ray.sources import Source, open_source
from a2r_ray.sources.paths import PathFiles, stored_keys


def drive(phases: Sequence[Method], reading: Reading, progress: Progress, tick: Observer) -> None:
    """Runs the phases, one after the other."""
    method = tuple(pool for phase in phases for pool in phase)
    progress.pools = method
    rows = graph.rows_per_block(method)
    if reading.brings_texts:
        _run_phase(partial(reader.bringing, reading), (), progress, tick)
    if reading.input.source == "paths":
        run, rule = reading.tables.run, reading.explorer.paths if reading.explorer else None
        progress.done_before -= supersede_outgrown(run, stored_keys(run, open_source(reading.input)), rule)
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


def reading(config: Config, source: Source, phases: Sequence[Method], folder: RunFolder) -> Reading:
    """What the reader reads for the method, and where it stores what it brings."""
    own = tuple({name: None for phase in phases for name in fingerprints(phase)})
    tables = RunTables(folder.storage, folder.attempt, own)
    if config.input.source != "paths":
        return Reading(config.input, tables, answers_stand=folder.answers_stand)
    return Reading(config.input, tables, config.explorer, brings_texts=isinstance(source, PathFiles))


@contextmanager
def tuned(connection: Connection) -> Iterator[None]:
    """The settings without which Ray Data trickles, or ends a run in which a long answer is all that there is.

    Args:
        connection: where it is ours, Ray Data says nothing of its own.
    """
    context = DataContext.get_current()
    if connection.ours:
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    context.execution_options.preserve_order = False
    private.allow_unread_blocks(context)
    # An answer may take longer than Ray Data waits for progress; what hangs, each replica's heartbeat ends.
    context.execution_no_progress_timeout_s = -1
    # A pool grows when its replicas have all the calls that they take: more would wait in one while others load.
    context.autoscaling_config.actor_pool_util_upscaling_threshold = 1.0
    # A thread for every call of a replica, only to sample how much memory its process has.
    context.memory_usage_poll_interval_s = None
    with without_actors() if connection.alone else nullcontext():
        yield


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

"""The driver: the whole way of a run, from a config to its receipt. Start here.

``run`` opens the run folder, connects to Ray, drives what the method was compiled to phase by phase (``phases``), and
writes the receipt. A problem travels as a row from the reader through the pools; what is made of it is in the tables
before it goes on, so what the files hold adds up by itself.
"""

import sys
from contextlib import ExitStack, suppress
from functools import partial
from importlib import import_module
from typing import Any

from a2r_ray.cluster import connection
from a2r_ray.cluster.shared_folder import output_looked_for
from a2r_ray.cluster.state import Observer, Progress
from a2r_ray.config.schema import Config
from a2r_ray.errors import OutputError, Stopped
from a2r_ray.evaluate.summary import Summary, summarize
from a2r_ray.method.compile import Compile, compile_phases, planned
from a2r_ray.method.schedule import Choice
from a2r_ray.runs.folder import RunFolder
from a2r_ray.runs.receipt import InputCounts, account
from a2r_ray.sources import open_source, row_count
from a2r_ray.sources.columns import check_prompts


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
    ours = False
    with ExitStack() as connected:  # it ends last: when it does, Ray's native code may end the process
        if connection.is_elsewhere():
            ours = connected.enter_context(connection.connected())
            with output_looked_for(config.output):
                import_module("a2r_ray.cluster.phases")  # it takes about as long as the nodes
        source = open_source(config.input)
        check_prompts(config, source)
        rows = row_count(source)
        # Before Ray is begun here: a folder that cannot be used is said at once.
        folder = connected.enter_context(RunFolder.open(config, rows, retry=retry))
        progress = Progress(total=rows, done_before=folder.done_before)
        try:
            ours |= connected.enter_context(connection.connected())
            from a2r_ray.cluster import phases

            phases.tune(quiet=ours)
            choice, planned_phases = planned(config, connection.cluster(), compile_to)
            folder.note(schedule=choice.schedule, why=choice.why)
            _tell(choice)
            reading = phases.reading(config, source, planned_phases, folder)
            phases.drive(planned_phases, reading, progress, partial(_tick, folder, observe))
        except BaseException as error:
            outcome = "interrupted" if isinstance(error, KeyboardInterrupt | Stopped) else "failed"
            with suppress(OutputError):  # the first error is the one to read
                _conclude(folder, progress, outcome)
            raise
        receipt = _conclude(folder, progress, "complete")
    return summarize(folder.storage, folder.record, receipt, progress.replicas)


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


def _tell(choice: Choice) -> None:
    """Says once how the run is laid out, where that was chosen, or cannot stand as it was asked for."""
    if choice.short:
        waits = "who has no place waits until another pool is done, or a node comes"
        text = f"warning: schedule {choice.schedule}: {choice.why}; {waits}"
    elif choice.why:
        text = f"schedule {choice.schedule}: {choice.why}"
    else:
        return
    print(text, file=sys.stderr, flush=True)  # noqa: T201

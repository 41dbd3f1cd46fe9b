"""The driver: the whole way of a run, from a config to its receipt. Start here.

``run`` opens the run folder, connects to Ray, drives what the method was compiled to phase by phase (``phases``), and
writes the receipt. A problem travels as a row from the reader through the pools; what is made of it is in the tables
before it goes on, so what the files hold adds up by itself.
"""

import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from a2r_ray.answers.judging import Answers
from a2r_ray.cluster import connection
from a2r_ray.cluster.shared_folder import output_looked_for
from a2r_ray.cluster.state import Observer, Progress
from a2r_ray.config.fingerprint import fewest_paths
from a2r_ray.config.schema import Config
from a2r_ray.config.secrets import public
from a2r_ray.engines import argument_mistakes
from a2r_ray.errors import A2RError, ConfigError, OutputError, Stopped
from a2r_ray.evaluate.summary import Summary, summarize
from a2r_ray.method.compile import Compile, compile_phases, concluding, fingerprints, planned
from a2r_ray.method.schedule import Choice
from a2r_ray.runs.finished import finished
from a2r_ray.runs.folder import RunFolder, changed, check_place
from a2r_ray.runs.judge_again import judge_again
from a2r_ray.runs.receipt import InputCounts, account
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.supersede import has_failed
from a2r_ray.sources import Source, doubts, open_source, row_count
from a2r_ray.sources.answer_kind import settled
from a2r_ray.sources.given import check_paths, given, problems, unused_paths
from a2r_ray.sources.paths import stored_paths
from a2r_ray.sources.prompt_columns import checked_first_rows


def run(
    config: Config,
    observe: Observer | None = None,
    *,
    retry: bool = False,
    redo_changed: bool = False,
    compile_to: Compile = compile_phases,
) -> Summary:
    """Runs a config, or continues it, to the end; one that is at its end is only summed up.

    Args:
        config: what to run.
        observe: called about twice a second.
        retry: whether to make again what failed before.
        redo_changed: whether to make again what has changed in the input since it was answered; else it is refused.
        compile_to: makes the phases of a config that is laid out by what the cluster has.

    Returns:
        What the run folder shows, with the receipt as it lies in ``receipt.json``.

    Raises:
        A2RError: with the message and the exit code that the command should end with.
    """
    progress = Progress()
    tell = partial(_tell_doing, progress, observe)
    tell(f"reading {public(config.input.path or config.input.source)}")
    if mistakes := argument_mistakes(config.asked):
        raise ConfigError(mistakes)
    source = open_source(config.input)
    asked, config = config, settled(config, source)
    if asked.answer.kind != config.answer.kind:
        _say(f"answer.kind auto: {config.answer.name}, as the known answers of the first rows are")
    there = _nothing_left(config, source, retry=retry, redo_changed=redo_changed)
    if there is not None:
        _say("the run is complete, and its input is as it was: nothing is left to do")
        record, receipt = there
        # A price may be another now.
        return summarize(Storage(config.output), {**record, "config": config.document}, receipt, {})
    to: connection.Connection | None = None
    with ExitStack() as opened:  # it ends last: when it does, Ray's native code may end the process
        if connection.is_elsewhere():
            tell(f"connecting to the Ray cluster at {connection.where()}")
            to = opened.enter_context(connection.connected())
            with output_looked_for(config.output):
                import_module("a2r_ray.cluster.phases")  # it takes about as long as the nodes
        of_source = doubts(source, checked_first_rows(config, source), Answers(config.answer))
        for doubt in [*of_source, *unused_paths(config, source)]:
            _say(f"warning: {doubt}")
        progress.total = row_count(source)
        check_paths(source)
        # Before Ray is begun here: a folder that cannot be used is said at once.
        of_input = given(config, source, progress.total)
        folder = opened.enter_context(RunFolder.open(config, of_input, retry=retry, redo_changed=redo_changed))
        progress.done_before = folder.done_before
        if retry:
            made = ", ".join(f"{count:,} {name}" for name, count in folder.taken_out.items() if count)
            _say(f"to be made again: {made or 'nothing'}")
        attempt = _Attempt(config, source, folder, compile_to, progress, observe)
        try:
            attempt.judge_again()
            if to is None:
                tell("starting Ray on this machine")
                to = opened.enter_context(connection.connected())
            attempt.answer(to)
        except BaseException as error:
            attempt.break_off(error)
            raise
        receipt = attempt.conclude("complete")
    return summarize(folder.storage, folder.record, receipt, progress.replicas)


def _nothing_left(
    config: Config, source: Source, *, retry: bool, redo_changed: bool
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The record and the receipt of a run with nothing left to do; None where anything may be."""
    run = Storage(config.output)
    check_place(run)
    there = finished(config, source.version())
    if there is None or (retry and has_failed(run, fewest_paths(config.document))):
        return None
    is_other = redo_changed and changed(run, there[0], given(config, source, row_count(source)))
    return None if is_other else there


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One attempt at a run, once its folder is open."""

    config: Config
    source: Source
    folder: RunFolder
    compile_to: Compile
    progress: Progress
    observe: Observer | None

    def judge_again(self) -> None:
        """Judges what is stored by the present rule of what an answer is, where it was judged by another."""
        if self.folder.is_judged:
            return
        _tell_doing(self.progress, self.observe, "judging the answers anew")
        count = self.folder.judge_again(self._judge_stored)
        if count:
            _say(f"known answers, choices, or what an answer is, have changed: {count:,} results are judged anew")

    def _judge_stored(self) -> int:
        config, folder, source = self.config, self.folder, self.source
        writers = [name for phase in self.compile_to(config, "streaming") for name in fingerprints(phase)]
        stored = stored_paths(folder.storage, writers, source, config.explorer.paths.max if config.explorer else None)
        own_kinds = {each.problem_id: each.answer_kind for each in problems(source) if each.answer_kind}
        return judge_again(folder.storage, stored, concluding(config), own_kinds, folder.to_judge)

    def answer(self, to: connection.Connection) -> None:
        """Has all that is left answered on a cluster, phase by phase."""
        from a2r_ray.cluster import phases

        config, folder = self.config, self.folder
        with phases.tuned(to):
            choice, planned_phases = planned(config, connection.cluster(), self.compile_to)
            folder.note(schedule=choice.schedule, why=choice.why)
            _tell(choice)
            loading = "loading the models" if config.explorer or config.synthesizer else "voting"
            _tell_doing(self.progress, self.observe, loading)
            reading = phases.reading(config, self.source, planned_phases, folder)
            phases.drive(planned_phases, reading, self.progress, partial(_tick, folder, self.observe))

    def break_off(self, error: BaseException) -> None:
        """Writes the receipt of an attempt that ends before its end."""
        stopped = Stopped.asked is not None or isinstance(error, KeyboardInterrupt | Stopped)
        with suppress(OutputError):  # the first error is the one to read
            if not stopped:
                self.folder.note(error=public(str(error))[:_LONGEST_ERROR])
            self.conclude("interrupted" if stopped else "failed")

    def conclude(self, outcome: str) -> dict[str, Any]:
        """Writes the receipt and ends the attempt."""
        folder, progress = self.folder, self.progress
        counts = None if progress.input_rows is None else InputCounts(**progress.input_rows)
        folder.note_generated(progress.replicas)
        receipt = account(folder.storage, counts, outcome, folder.stored_before, progress.total)
        with suppress(A2RError):  # that the input cannot be reached any more is for the next attempt to say
            folder.forget_version(self.source.version())
        folder.write("receipt.json", receipt)
        folder.finish(outcome)
        return receipt


def _tell_doing(progress: Progress, observe: Observer | None, doing: str) -> None:
    progress.doing = doing
    if observe is not None:
        observe(progress)


def _tick(folder: RunFolder, observe: Observer | None, progress: Progress) -> None:
    if any(not report["loading"] for report in progress.replicas.values()):
        progress.doing = ""
    folder.note_generated(progress.replicas, _NOTE_EVERY_S)
    if observe is not None:
        observe(progress)


_NOTE_EVERY_S = 2.0
_LONGEST_ERROR = 2000
"""Characters of an error that run.json keeps."""


def _tell(choice: Choice) -> None:
    """Says once how the run is laid out, where that was chosen, or cannot stand as it was asked for."""
    if choice.short:
        waits = "who has no place waits until another pool is done, or a node comes"
        text = f"warning: schedule {choice.schedule}: {choice.why}; {waits}"
    elif choice.why:
        text = f"schedule {choice.schedule}: {choice.why}"
    else:
        return
    _say(text)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201

"""The command line: one verb a function, results on stdout, progress on stderr, the exit code says how it went.

Nothing heavy is imported before a verb needs it, so ``--help`` answers at once.
"""

import atexit
import gc
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import click

from a2r_ray.errors import A2RError, ConfigError, Stopped
from a2r_ray.terminal.streams import forgiving

COMPLETE, FAILED, USAGE, REJECTS, UNBALANCED = 0, 1, 2, 3, 4

_ONE_ASKING_S = 1.0
"""Signals within it are one: who stops a command may tell it and its process group."""

_set = click.option(
    "--set", "overrides", multiple=True, metavar="FIELD=VALUE", help="Override a field, by dotted name."
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
_config = click.argument("config", type=click.Path())
_run = click.argument("run_folder", metavar="RUN")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="a2r-ray")
def cli() -> None:
    """Asymmetric Two-Stage Reasoning in batches: a small explorer samples, a larger synthesizer answers.

    Exit codes: 0 complete; 1 the run failed; 2 bad config or usage; 3 complete, with rejects or most problems without
    an answer; 4 the receipt does not add up; 130 and 143 stopped by a signal: the same command continues.
    """


@cli.command()
@_config
@_set
@_json
@click.option("--deep", is_flag=True, help="Look at models, engine arguments, prompts and the cluster, too.")
def validate(config: str, overrides: Sequence[str], as_json: bool, deep: bool) -> int:
    """Check a config: every mistake at once, by field; reads the first rows of the input."""
    from a2r_ray.config.loading import read_document
    from a2r_ray.validate import look_deeper
    from a2r_ray.validate import validate as check

    valid = check(read_document(config, overrides))
    found, mistakes = look_deeper(valid) if deep else ([], [])
    if mistakes:
        click.echo("\n".join(found), err=True)
        raise ConfigError(mistakes)
    read, bad, notes = len(valid.first), valid.rejects, [*valid.notes, *found]
    if as_json:
        counts = {"rows": valid.rows, "checked": read, "rejected": len(bad), "notes": notes}
        click.echo(json.dumps({"config": valid.config.document, **counts}))
        return COMPLETE
    click.echo(f"{config}: valid; {valid.rows:,} rows, the first {read:,} read, {len(bad):,} of them rejected")
    for line in [*(f"{row.source}:{row.line}: {row.error}" for row in bad[:5]), *notes]:
        click.echo(f"  {line}")
    return COMPLETE


@cli.command()
@_config
@_set
@click.option("-n", "count", default=3, show_default=True, help="How many problems.")
def preview(config: str, overrides: Sequence[str], count: int) -> int:
    """Run a few problems and show prompts, paths and synthesis; writes nothing."""
    from a2r_ray.config.loading import load_config
    from a2r_ray.preview import preview as show

    for text in show(load_config(config, overrides), count):
        click.echo(text)
    return COMPLETE


@cli.command()
@_config
@_set
@_json
@click.option(
    "--changed",
    type=click.Choice(["refuse", "redo"]),
    default="refuse",
    show_default=True,
    help="What to do with rows of the input that have changed since they were answered.",
)
def run(config: str, overrides: Sequence[str], as_json: bool, changed: str) -> int:
    """Run a config, or continue it: the same command resumes.

    A run folder in the place of CONFIG stands for the config that it was last run with, overrides included.
    """
    return run_to_exit_code(_loaded(config, overrides), as_json=as_json, redo_changed=changed == "redo")


def _loaded(config: str, overrides: Sequence[str]) -> Any:
    """The config in a file, or that of a run folder."""
    from a2r_ray.config.loading import load_config
    from a2r_ray.runs.record import stored_config
    from a2r_ray.runs.storage import Storage

    if "://" in config or Path(config).is_dir():
        return stored_config(Storage(config), overrides)
    return load_config(config, overrides)


@cli.command()
@_config
@_set
@_json
@click.option("--address", help="The cluster's job server, as http://localhost:8265 [default: RAY_API_SERVER_ADDRESS].")
@click.option("--working-dir", type=click.Path(), help="What goes along [default: the folder of CONFIG].")
@click.option("--env", "names", multiple=True, metavar="NAME", help="Hand over an environment variable, by its name.")
@click.option("--pip", "requirements", multiple=True, metavar="PACKAGE", help="Have it installed for the job.")
@click.option("--installed", is_flag=True, help="Use the a2r_ray that the cluster has, rather than send this one.")
@click.option("--detach", is_flag=True, help="Print the job's name and leave, rather than follow it.")
def submit(
    config: str,
    overrides: Sequence[str],
    as_json: bool,
    address: str | None,
    working_dir: str | None,
    names: Sequence[str],
    requirements: Sequence[str],
    installed: bool,
    detach: bool,
) -> int:
    """Run a config as a job on a Ray cluster elsewhere, and follow it: the exit code is that of the run.

    Relative paths in CONFIG are relative to the folder that goes along. Ctrl-C stops the job as it stops a run.
    """
    from a2r_ray.cluster import parcel
    from a2r_ray.cluster import submit as jobs
    from a2r_ray.config.loading import load_config, read_document
    from a2r_ray.terminal.progress import AS_LINES, RunElsewhere

    environment = jobs.handed_over(load_config(config, overrides), names)
    file = Path(config).absolute()
    packed = parcel.pack(Path(working_dir).absolute() if working_dir else file.parent)
    parcel.check_goes_along(packed, file, read_document(config, overrides))
    options = [word for override in overrides for word in ("--set", override)] + ["--json"] * as_json
    shown = {} if detach else {AS_LINES: "1"}
    order = jobs.Submission(file, packed, options, {**environment, **shown}, requirements, installed)
    job = jobs.submit(jobs.connect(address), order)
    click.echo(f"{job}: {packed}" + "".join(f", ${name}" for name in environment), err=True)
    if detach:
        click.echo(job.name)
        return COMPLETE
    with RunElsewhere(as_json=as_json) as there:
        return jobs.follow(job, there.write)


@cli.command()
@_run
@_json
def status(run_folder: str, as_json: bool) -> int:
    """Show how far a run is."""
    from a2r_ray.runs.status import lines
    from a2r_ray.runs.status import status as read_status

    found = read_status(run_folder)
    click.echo(json.dumps(found) if as_json else "\n".join(lines(found)))
    return COMPLETE


@cli.command()
@_run
@_set
@_json
def verify(run_folder: str, overrides: Sequence[str], as_json: bool) -> int:
    """Count a run's receipt again, from the input and the files alone; exit 4 and the ids if it does not add up."""
    from a2r_ray.runs.record import stored_config
    from a2r_ray.runs.storage import Storage
    from a2r_ray.verify import verify as recount

    storage = Storage(run_folder)
    found = recount(stored_config(storage, overrides), storage)
    click.echo(json.dumps(found.document()) if as_json else "\n".join(found.lines()))
    return COMPLETE if found.adds_up else UNBALANCED


@cli.command()
@_run
@_set
@_json
def retry(run_folder: str, overrides: Sequence[str], as_json: bool) -> int:
    """Make again what failed: paths, syntheses, rejected problems and rows."""
    from a2r_ray.runs.record import stored_config
    from a2r_ray.runs.storage import Storage

    return run_to_exit_code(stored_config(Storage(run_folder), overrides), as_json=as_json, retry=True)


def run_to_exit_code(config: Any, *, as_json: bool = False, retry: bool = False, redo_changed: bool = False) -> int:
    """Runs a config with live progress, prints the table at the end, and says how it went.

    The jobs share it with ``a2r run``.
    """
    from rich.console import Console

    from a2r_ray.cluster.driver import run as run_pipeline
    from a2r_ray.terminal.progress import LiveProgress, print_summary

    with LiveProgress() as live:
        summary = run_pipeline(config, live, retry=retry, redo_changed=redo_changed)
    if summary.mostly_unanswered:
        click.echo(f"warning: {summary.mostly_unanswered}", err=True)
    if as_json:
        click.echo(json.dumps(summary.receipt))
    else:
        print_summary(summary, Console())
    if not summary.receipt["balanced"]:
        return UNBALANCED
    return REJECTS if summary.receipt["failed"] or summary.mostly_unanswered else COMPLETE


def guarded(command: Callable[[], int]) -> int:
    """Runs a command; its errors become a message on stderr and an exit code, and signals end it cleanly."""
    with forgiving() as result:
        code = _code_of(command)
        if result.lost:
            click.echo(
                f"error: standard output cannot be written: {result.lost}; else it had been exit {code}", err=True
            )
            return FAILED
        return code


def _code_of(command: Callable[[], int]) -> int:
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, _stop)
    sys.unraisablehook = _stop_again
    # Python, as it ends, would look for circles among all that was imported, for half a second.
    atexit.register(gc.freeze)
    try:
        return command()
    except A2RError as error:
        problems = error.problems if isinstance(error, ConfigError) else [str(error)]
        click.echo("\n".join(f"error: {problem}" for problem in problems), err=True)
        return error.exit_code
    except Stopped as stopped:
        return _told(stopped)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except ModuleNotFoundError as error:  # a2r_ray came along with a job, or was copied, and what it needs did not
        if str(error.name).startswith(__package__ or "a2r_ray"):
            raise
        remedy = "install a2r_ray with what it needs there, or call the Python that has it"
        click.echo(f"error: {sys.executable} has no package {error.name}: {remedy}", err=True)
        return A2RError.exit_code
    except Exception:
        if Stopped.asked is None:
            raise
        return _told(Stopped.asked)  # native code that was broken off says so in its own way
    finally:
        # What was asked for is done, and how it went is settled: Python, as it ends, would let a signal kill it.
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, signal.SIG_IGN)


def _told(stopped: Stopped) -> int:
    click.echo(f"stopped by {stopped}; the same command continues", err=True)
    return stopped.exit_code


def _stop(signum: int, _frame: FrameType | None) -> None:
    """The first signal ends the run in order, a later one at once; Ray's processes end with this one."""
    asked_at = time.monotonic()

    def end(signum: int, _frame: FrameType | None) -> None:
        if time.monotonic() - asked_at > _ONE_ASKING_S:
            os._exit(128 + signum)

    for again in (signal.SIGINT, signal.SIGTERM):
        signal.signal(again, end)
    Stopped.asked = Stopped(signum)
    with suppress(OSError):
        os.write(2, f"stopping ({Stopped.asked}); a second signal ends it at once\n".encode())
    raise Stopped.asked


def _stop_again(dropped: "sys.UnraisableHookArgs") -> None:
    """Sends a signal again whose exception Python dropped, since it came while an object was being done away with."""
    if not isinstance(dropped.exc_value, Stopped):
        sys.__unraisablehook__(dropped)
        return
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, _stop)
    threading.Timer(0.01, os.kill, (os.getpid(), dropped.exc_value.signum)).start()


def main() -> None:
    """The ``a2r`` command."""
    sys.exit(guarded(lambda: cli(standalone_mode=False) or COMPLETE))

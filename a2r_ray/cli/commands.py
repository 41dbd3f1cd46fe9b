"""The verbs: one a function, results on stdout, progress on stderr, the exit code says how it went.

Nothing heavy is imported before a verb needs it, so ``--help`` answers at once.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from a2r_ray.cli import COMPLETE, REJECTS, UNBALANCED
from a2r_ray.errors import ConfigError

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


on_changes = click.option(
    "--changed",
    type=click.Choice(["refuse", "redo"]),
    default="refuse",
    show_default=True,
    help="What to do with rows of the input that have changed since they were answered.",
)
"""Of every command that runs a config."""


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

    folder = "://" in config or Path(config).is_dir()
    valid = check(_loaded(config, overrides).document if folder else read_document(config, overrides))
    found, mistakes = look_deeper(valid) if deep else ([], [])
    if mistakes:
        click.echo("\n".join(found), err=True)
        raise ConfigError(mistakes)
    read, bad, notes = len(valid.first), valid.rejects, [*valid.notes, *found]
    if as_json:
        counts = {"rows": valid.rows, "checked": read, "rejected": len(bad), "notes": notes}
        click.echo(json.dumps({"config": valid.config.document, **counts}))
        return COMPLETE
    click.echo(f"{config}: valid; {valid.rows:,} rows; of the first {read:,} different ones {len(bad):,} are rejected")
    shown = [f"{row.source}:{row.line}: {row.error}" for row in bad[:_SHOWN]]
    more = [f"and {len(bad) - _SHOWN:,} more"] if len(bad) > _SHOWN else []
    for line in [*shown, *more, *notes]:
        click.echo(f"  {line}")
    return COMPLETE


_SHOWN = 20
"""Rejected rows."""


@cli.command()
@_config
@_set
@click.option("-n", "count", type=click.IntRange(min=1), default=3, show_default=True, help="How many problems.")
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
@on_changes
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
@on_changes
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
    changed: str,
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
    options += ["--changed", changed] if changed != "refuse" else []
    shown = {} if detach else {AS_LINES: "1"}
    order = jobs.Submission(file, packed, options, {**environment, **shown}, requirements, installed)
    job = jobs.submit(jobs.connect(address), order)
    click.echo(f"{job}: {packed}" + "".join(f", ${name}" for name in environment), err=True)
    if detach:
        click.echo(f"follow it: ray job logs --follow {job.name}; stop it: ray job stop {job.name}", err=True)
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
    from a2r_ray.runs.storage import Storage
    from a2r_ray.verify import verify as recount

    storage = Storage(run_folder)
    found = recount(_where_it_lies(storage, overrides), storage)
    click.echo(json.dumps(found.document()) if as_json else "\n".join(found.lines()))
    return COMPLETE if found.adds_up else UNBALANCED


@cli.command()
@_run
@_set
@_json
def retry(run_folder: str, overrides: Sequence[str], as_json: bool) -> int:
    """Make again what failed: paths, syntheses, rejected problems and rows."""
    from a2r_ray.runs.storage import Storage

    return run_to_exit_code(_where_it_lies(Storage(run_folder), overrides), as_json=as_json, retry=True)


def _where_it_lies(run: Any, overrides: Sequence[str]) -> Any:
    """The config of a run folder, with overrides that do not name another one."""
    from a2r_ray.runs.record import stored_config

    if any(override.partition("=")[0] == "output" for override in overrides):
        raise ConfigError([f"--set output: this is about the run that lies in {run.shown}; leave it out"])
    return stored_config(run, overrides)


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

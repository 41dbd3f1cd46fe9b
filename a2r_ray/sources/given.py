"""The input of a run beside what its folder holds: what of it may have changed since."""

from collections.abc import Iterator
from functools import partial

from a2r_ray.config.fingerprint import paths as paths_of
from a2r_ray.config.schema import Config
from a2r_ray.errors import InputError
from a2r_ray.records import Problem
from a2r_ray.runs.changes import changes
from a2r_ray.runs.folder import Given
from a2r_ray.runs.record import read_record
from a2r_ray.sources import Source, open_source, read_problems
from a2r_ray.sources.paths import RunInput, changed_paths


def given(config: Config, source: Source, rows: int) -> Given:
    """The input of a run, for its folder to compare with what it holds.

    Args:
        config: the run's.
        source: its input.
        rows: how many it has.
    """
    return Given(rows, source.version(), partial(problems, source), partial(changed_paths, source, config.explorer))


def problems(source: Source) -> Iterator[Problem]:
    """Those of an input."""
    return (record for record in read_problems(source) if isinstance(record, Problem))


def unused_paths(config: Config, source: Source) -> list[str]:
    """What to say where fewer paths are used of each problem than the run has whose folder is the input."""
    if not isinstance(source, RunInput) or config.explorer is None:
        return []
    there, used = paths_of(read_record(source.folder)["config"]), config.explorer.paths.max
    if there <= used:
        return []
    remedy = f"all with --set explorer.paths={there}"
    return [f"{source.folder.shown} has {there:,} paths a problem, of which {used:,} are used; {remedy}"]


def check_paths(source: Source) -> None:
    """Raises InputError where the paths of a run folder are not of its input as that is now."""
    if not isinstance(source, RunInput):
        return
    record = read_record(source.folder)
    if record["input_version"] == source.source.version():
        return
    own = open_source(source.config.as_sampled)
    found = changes(source.folder, problems(own), None)
    if found.questions or found.gone:
        raise InputError(
            f"{source.folder.shown}: the input of that run has changed since its paths were sampled: {found}\n"
            f"undo the change, or have that run done anew first: a2r run {source.folder.shown} --changed redo"
        )

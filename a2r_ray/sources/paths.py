"""Paths made elsewhere: by an earlier run, or by any tool that can write a file.

- A run folder stands for that run's own input. Its paths are not read here: they lie in its paths table, by problem id.
- A file has a row per problem, whose paths are a list of texts, or a row per path, a text; in any order, even mixed. A
  problem appears at its first good row, and its later rows are more of its paths.
- A path's index counts the problem's paths as they appear, so the same files give the same indices.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import fs
from pydantic import ValidationError

from a2r_ray.config.schema import InputConfig
from a2r_ray.config.secrets import public
from a2r_ray.errors import InputError, OutputError
from a2r_ray.records import WRITTEN_BY, Reject
from a2r_ray.runs.record import read_record
from a2r_ray.runs.storage import Storage
from a2r_ray.sources import open_source, read_problems, read_rows
from a2r_ray.sources.file import Files, open_files
from a2r_ray.sources.location import RUN_RECORD, Location
from a2r_ray.sources.rows import RawRow, Source
from a2r_ray.sources.seen import digest


@dataclass(frozen=True, slots=True)
class PathFiles:
    """Files with problems and their paths."""

    files: Files

    @property
    def config(self) -> InputConfig:
        return self.files.config

    @property
    def left_out(self) -> Sequence[str]:
        return self.files.left_out

    def rows(self) -> Iterator[RawRow]:
        return self.files.rows()

    def count(self) -> int:
        """The problems and rejects: how many rows share a problem shows only when they are read."""
        return sum(1 for _ in read_problems(self))


@dataclass(frozen=True, slots=True)
class RunInput:
    """The input of an earlier run, whose paths lie in that run's folder."""

    source: Source
    folder: Storage

    @property
    def config(self) -> InputConfig:
        return self.source.config

    def rows(self) -> Iterator[RawRow]:
        return self.source.rows()

    def count(self) -> int:
        return self.source.count()


def open_paths(config: InputConfig) -> Source:
    """The problems whose paths are brought.

    Raises:
        InputError: there is nothing to read, a configured column is lacking, or the input of the run that made the
            paths cannot be read any more.
    """
    runs = list(_runs(config))
    if not runs:
        return PathFiles(open_files(config))
    folder, given = runs[-1]
    try:
        return RunInput(open_source(given), folder)
    except InputError as error:
        raise InputError(
            f"{public(folder.uri)}: the input of that run cannot be read: {error}\nrestore it, or join the run's paths "
            "and results by problem_id into a file with problem and text, and set input.path to that"
        ) from error


def paths_of_run(source: Source) -> tuple[Storage, str] | None:
    """The run folder whose paths table holds the paths, and the fingerprint that they are stored under.

    None where they lie in files of another kind, or where the source brings none.
    """
    if not isinstance(source, RunInput):
        return None
    # Where the paths of that folder were themselves brought from elsewhere, nobody knows who wrote them.
    record = read_record(source.folder)
    explores = record["config"]["input"]["source"] != "paths"
    return source.folder, record[WRITTEN_BY] if explores else ""


def brought_paths(source: Source) -> Iterator[tuple[str, int, str]]:
    """Problem id, path index and text of every path in files of paths, in their order.

    Args:
        source: of ``open_paths``, where ``paths_of_run`` is None. Rows that are rejects bring nothing.
    """
    counts: dict[int, int] = {}
    for raw, record in read_rows(source):
        if isinstance(record, Reject) or raw.row is None:
            continue
        brought = raw.row[source.config.paths_column]
        texts = [brought] if isinstance(brought, str) else brought
        key = digest(record.problem_id)
        first = counts.get(key, 0)
        counts[key] = first + len(texts)
        for index, text in enumerate(texts, first):
            yield record.problem_id, index, text


def _runs(config: InputConfig) -> Iterator[tuple[Storage, InputConfig]]:
    """The run folder that the config names, then the one that its paths came from, and so on; each with its input."""
    seen: set[str] = set()
    while config.source == "paths" and (folder := _run_folder(str(config.path))) is not None:
        if folder.uri in seen:
            raise InputError(
                f"{public(folder.uri)}: its run.json says that its paths came from itself; was it renamed?"
            )
        seen.add(folder.uri)
        given = _input_of(folder)
        config = given if config.limit is None else given.model_copy(update={"limit": config.limit})
        yield folder, config


def _run_folder(path: str) -> Storage | None:
    """The run folder that a path names; None where it names something else, or nothing."""
    try:
        where = Location.of(path)
        is_folder = where.filesystem.get_file_info(where.path).type == fs.FileType.Directory
        if not is_folder or where.filesystem.get_file_info(f"{where.path}/{RUN_RECORD}").type != fs.FileType.File:
            return None
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{public(path)}: cannot be opened: {public(str(error))}") from error
    return Storage(os.path.expanduser(path))  # noqa: PTH111  a Path would lose the "//" of a URI


def _input_of(folder: Storage) -> InputConfig:
    """What a run read its problems from."""
    try:
        return InputConfig.model_validate(read_record(folder)["config"]["input"])
    except (OSError, OutputError, KeyError, TypeError, ValidationError) as error:
        raise InputError(
            f"{public(folder.uri)}: its run.json does not say what the run's input was: {type(error).__name__}: "
            f"{public(' '.join(str(error).split()))}; name the folder of another run, or a folder without run.json"
        ) from error

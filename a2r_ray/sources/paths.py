"""Paths made elsewhere: by an earlier run, or by any tool that can write a file.

- A run folder stands for that run's own input. Its paths are not read here: they lie in its paths table, by problem id.
- A file has a row per problem, whose paths are a list of texts, or a row per path, a text; in any order, even mixed. A
  problem appears at its first good row, and its later rows are more of its paths.
- A path is known by its problem and its index. A file may say the index (``columns.PATH_INDEX``); where it does not,
  the index is the lowest that the problem has free. A text that is stored of a problem is not brought again, wherever
  in the files it stands: they may grow and be reordered.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import fs
from pydantic import ValidationError

from a2r_ray import prompts
from a2r_ray.config.input import InputConfig
from a2r_ray.config.schema import ExplorerConfig
from a2r_ray.config.secrets import public
from a2r_ray.errors import InputError, OutputError
from a2r_ray.method.sample import brought_text
from a2r_ray.records import PATH_KEY, WRITTEN_BY, Problem, Reject, hash_of
from a2r_ray.runs import table
from a2r_ray.runs.done import Keys, among
from a2r_ray.runs.ledger import StoredPaths
from a2r_ray.runs.record import read_record
from a2r_ray.runs.storage import Storage
from a2r_ray.sources import open_source, read_problems, read_rows
from a2r_ray.sources.columns import lookup
from a2r_ray.sources.file import Files, open_files
from a2r_ray.sources.location import RUN_RECORD, Location
from a2r_ray.sources.parsing import path_indices
from a2r_ray.sources.rows import RawRow, Source
from a2r_ray.sources.seen import Duplicate, digest


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

    def unscored(self) -> list[str]:
        return self.files.unscored()

    def rows(self) -> Iterator[RawRow]:
        return self.files.rows()

    def count(self) -> int:
        """The problems and rejects: how many rows share a problem shows only when they are read."""
        return sum(1 for _ in read_problems(self))

    def version(self) -> str:
        return self.files.version()


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

    def version(self) -> str:
        last = read_record(self.folder)["attempts"][-1]["id"]  # which may have made paths again
        return f"{self.source.version()} and {table.count(self.folder, 'paths')} paths as of {last}"


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
        return RunInput(open_source(given.showing(_shown_by(folder), config.shown_columns)), folder)
    except InputError as error:
        raise InputError(
            f"{public(folder.uri)}: the input of that run cannot be read: {error}\nrestore it, or join the run's paths "
            "and results by problem_id into a file with problem and text, and set input.path to that"
        ) from error


def stored_paths(
    run: Storage, fingerprints: Sequence[str], source: Source, most: int | None, *, answers: bool = False
) -> StoredPaths:
    """The paths that are there before anything is sampled: a run's own, or those of the run that its input names.

    Args:
        run: the run folder.
        fingerprints: of the roles whose paths are seen.
        source: its input.
        most: paths of a problem at most; None: all.
        answers: whether the run's own paths are shown with the answers that were stored of them.
    """
    if isinstance(source, PathFiles | RunInput):
        run, written_by = paths_of_run(source) or (run, "")
        fingerprints, answers = (written_by, *fingerprints), False
    stored = StoredPaths(run, fingerprints, most, answers=answers)
    stored.refresh()
    return stored


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


def brought_paths(
    source: Source, stored: Iterable[pa.RecordBatch] = (), as_stored: Callable[[str], str] = str
) -> Iterator[tuple[str, int, str, str]]:
    """Problem id, index, text and ``problem_hash`` of every path in files of paths that is not stored, in their order.

    Args:
        source: of ``open_paths``, where ``paths_of_run`` is None. Rows that are rejects bring nothing.
        stored: what is stored of paths, in rows of the paths table. Memory: 17 bytes a path.
        as_stored: how a text is stored.
    """
    known = _Known(stored)
    for record, given, named, asked in _brought(source):
        if not known.takes(record.problem_id, text := as_stored(given)):
            yield record.problem_id, known.index(record.problem_id, named), text, asked


def changed_paths(source: Source, explorer: ExplorerConfig | None, run: Storage) -> list[str]:
    """The ids of the problems of which files do not bring the paths that a run folder has of them.

    A stored text is in no row any more, or a file names its index for another text.

    Args:
        source: of any kind; no other has such files.
        explorer: says how a text is stored.
        run: the folder of a run that has this input.
    """
    if not isinstance(source, PathFiles):
        return []
    known = _Known(table.scan(run, "paths", STORED))
    changed: dict[str, None] = {}
    for record, given, named, _ in _brought(source):
        text = brought_text(given, explorer)
        known.takes(record.problem_id, text)
        if named is not None and known.has_another(record.problem_id, named, text):
            changed[record.problem_id] = None
    if len(unmet := known.unmet):
        for batch in table.scan(run, "paths", STORED):
            rows = batch.select(["problem_id", "text"]).to_pylist()
            texts = np.array([digest(row["problem_id"], row["text"]) for row in rows], np.uint64)
            changed |= {rows[at]["problem_id"]: None for at in np.flatnonzero(among(texts, unmet))}
    return list(changed)


def stored_keys(run: Storage, source: Source) -> Iterator[pa.RecordBatch]:
    """The keys and times of the paths that a run's input brings and that are stored, here or in the run it names."""
    folder, written_by = paths_of_run(source) or (run, "")
    for batch in table.scan(folder, "paths", [*PATH_KEY, "finished_at"]):
        yield batch.filter(pc.equal(batch[WRITTEN_BY], written_by))


def _brought(source: Source) -> Iterator[tuple[Problem | Duplicate, str, int | None, str]]:
    """Each path of the files: its problem, its text, the index that is named for it, and the hash of its question."""
    for raw, record in read_rows(source):
        if isinstance(record, Reject) or raw.row is None:
            continue
        brought = lookup(raw.row, source.config.paths_column)
        texts = [brought] if isinstance(brought, str) else brought
        asked = record.problem_hash if isinstance(record, Duplicate) else hash_of(record)
        for text, named in zip(texts, path_indices(raw.row, len(texts)) or (), strict=True):
            yield record, text, named, asked


class _Known:
    """The paths that are stored, by hashes of their texts, and the indices that are in use, by hashes of their keys."""

    def __init__(self, stored: Iterable[pa.RecordBatch]) -> None:
        texts, keys = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
        for batch in stored:
            rows = list(zip(*(batch[name].to_pylist() for name in STORED), strict=True))
            texts.append(np.array([digest(name, text) for name, _, text in rows], np.uint64))
            keys.append(np.array([_key(name, index) for name, index, _ in rows], np.uint64))
        self._texts, self._keys = (np.sort(np.concatenate(each)) for each in (texts, keys))
        self._met = np.zeros(len(self._texts), np.bool_)
        self._named: set[int] = set()  # the keys of new paths that the files named, or that did not fall to the lowest
        self._next: dict[int, int] = {}  # by problem: all indices below are in use

    def takes(self, problem_id: str, text: str) -> bool:
        """Whether a text is one of those that are stored of a problem, each of which is met once."""
        if not len(self._texts):
            return False
        wanted = np.uint64(digest(problem_id, text))
        begin, end = (int(np.searchsorted(self._texts, wanted, side)) for side in ("left", "right"))
        for at in range(begin, end):
            if not self._met[at]:
                self._met[at] = True
                return True
        return False

    @property
    def unmet(self) -> Keys:
        """The hashes of the stored texts that were not met, sorted."""
        return self._texts[~self._met]

    def has_another(self, problem_id: str, index: int, text: str) -> bool:
        """Whether a path is stored, and a text is none that is stored of its problem."""
        wanted = np.uint64(digest(problem_id, text))
        return self._in_use(problem_id, index) and not among(np.array([wanted]), self._texts)[0]

    def index(self, problem_id: str, named: int | None) -> int:
        """An index that no other path of the problem has: the one that is named for it, else the lowest."""
        problem = digest(problem_id)
        index = self._next.get(problem, 0)
        if named is not None and named > index and not self._in_use(problem_id, named):
            self._named.add(_key(problem_id, named))
            return named
        while self._in_use(problem_id, index):
            index += 1
        self._next[problem] = index + 1
        return index

    def _in_use(self, problem_id: str, index: int) -> bool:
        if not len(self._keys) and not self._named:
            return False
        key = _key(problem_id, index)
        at = int(np.searchsorted(self._keys, np.uint64(key)))
        return key in self._named or (at < len(self._keys) and int(self._keys[at]) == key)


STORED = ("problem_id", "path_index", "text")
"""The columns of the paths table by which brought paths are known."""


def _key(problem_id: str, index: int) -> int:
    return digest(problem_id, str(index))


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


def _shown_by(folder: Storage) -> tuple[str, ...]:
    """The columns that the prompts of a run have places for."""
    config = read_record(folder)["config"]
    names = ("synthesizer",) if config["input"]["source"] == "paths" else ("explorer", "synthesizer")
    return prompts.columns(role.get("prompt") for name in names if (role := config.get(name)) is not None)


def _input_of(folder: Storage) -> InputConfig:
    """What a run read its problems from."""
    try:
        return InputConfig.model_validate(read_record(folder)["config"]["input"])
    except (OSError, OutputError, KeyError, TypeError, ValidationError) as error:
        raise InputError(
            f"{public(folder.uri)}: its run.json does not say what the run's input was: {type(error).__name__}: "
            f"{public(' '.join(str(error).split()))}; name the folder of another run, or a folder without run.json"
        ) from error

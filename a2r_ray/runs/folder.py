"""The run folder: what may be continued, what was done before, and the record of every attempt.

``run.json`` says which config the folder belongs to. A config that would generate something else is refused with the
fields that differ; how a run is scheduled may change between attempts, and the number of paths and of input rows may
grow. Only the last attempt may write: what is left of an earlier one is told so before it flushes.
"""

import json
import math
import os
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from typing import IO, Any

from a2r_ray.config import fingerprint
from a2r_ray.config.answer import AnswerConfig
from a2r_ray.config.local_files import unwritable
from a2r_ray.config.schema import Config
from a2r_ray.errors import OutputError, Stopped
from a2r_ray.records import Problem, now
from a2r_ray.runs import table
from a2r_ray.runs.changes import Changes, changes
from a2r_ray.runs.lock import locked
from a2r_ray.runs.receipt import GENERATED, read_generated
from a2r_ray.runs.record import check_attempt, new_record, read_record
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.supersede import drop_rejects, put_back, supersede, supersede_problems


@dataclass(frozen=True)
class Given:
    """The input of an attempt."""

    rows: int
    """How many it has, for whoever asks how far the run is."""
    version: str
    """Another one where its content may be another."""
    problems: Callable[[], Iterable[Problem]]
    """Reads it."""
    changed_paths: Callable[[Storage], list[str]] = lambda _: []
    """The ids of the problems of which it does not bring the paths that a run folder has of them."""


@dataclass
class RunFolder(AbstractContextManager["RunFolder"]):
    """A run folder that this process has opened for a config; an attempt that a block leaves unfinished has failed."""

    storage: Storage
    record: dict[str, Any]
    """What ``run.json`` holds."""
    stored_before: int = 0
    """Paths that earlier attempts left."""
    done_before: int = 0
    """Input rows that earlier attempts have done with: results and rejects."""

    taken_out: dict[str, int] = field(default_factory=dict)
    """How many rows of which table are to be made again."""
    to_judge: dict[str, Problem] = field(default_factory=dict)
    """Problems whose known answer, its kind or its choices have changed; by id."""

    _version: str | None = field(default=None, repr=False)
    _generated: dict[str, int] = field(default_factory=dict, repr=False)
    _noted_at: float = -math.inf
    _lock: IO[str] | None = field(default=None, repr=False)

    @classmethod
    def open(
        cls, config: Config, given: Given | None = None, *, retry: bool = False, redo_changed: bool = False
    ) -> "RunFolder":
        """Makes the folder, or opens it again for the same config, and records a new attempt.

        Args:
            config: what will be run.
            given: its input; None: it is the one that the folder has.
            retry: whether what failed is to be made again.
            redo_changed: whether what has changed in the input since it was answered is to be.

        Raises:
            OutputError: it holds something else, belongs to another config, is being written to, or cannot be written;
                or something has changed in the input.
        """
        storage = Storage(config.output)
        check_place(storage)
        with ExitStack() as held:
            lock = locked(storage, held)  # first: what is read may else be old when it is acted on
            record = _continued(storage, config, given, retry=retry)
            found = Changes()
            if given is not None and (redo_changed or record["input_version"] != given.version):
                found = changed(storage, record, given)
            if found and not redo_changed:
                raise OutputError(_refused(storage, record, found))
            folder = cls._begun(storage, record, lock)
            held.pop_all()
            held.push(folder)
            folder.take_away(given, found)
            held.pop_all()
        return folder

    @classmethod
    def _begun(cls, storage: Storage, record: dict[str, Any], lock: IO[str] | None) -> "RunFolder":
        """Begins an attempt in a locked folder."""
        attempt = {"id": secrets.token_hex(8), "start": now().isoformat(), "end": None, "outcome": "running"}
        record["attempts"].append(attempt)
        folder = cls(storage, record, _generated=read_generated(storage), _lock=lock)
        storage.write("run.json", _encoded(record))  # from here on what is left of earlier attempts writes no more
        return folder

    def __exit__(self, *_: object) -> None:
        """Closes the attempt where nobody has."""
        if self.record["attempts"][-1]["end"] is None:
            with suppress(OutputError):  # what ended the block is the error to read
                self.finish("failed" if Stopped.asked is None else "interrupted")

    def take_away(self, given: Given | None = None, found: Changes | None = None) -> None:
        """Removes what earlier attempts left half done, and what is to be made again; counts the rest."""
        for name in ("", "superseded", "superseded_paths", *table.SCHEMAS):
            self.storage.remove_unfinished(name)
        put_back(self.storage)
        self._supersede()
        if given is not None and (found or self.record["input_version"] != given.version):
            found = found or Changes()
            self.record["input_version"] = None  # until all that is stored is of this one, it is of none
            self.save()
            supersede_problems(self.storage, found.superseded)
            drop_rejects(self.storage, problems=self.record["config"]["input"]["source"] == "paths")
            self.to_judge, self._version = found.answers, given.version
            if found.answers:
                self.record["judged_by"] = None
            else:
                self.record["input_version"] = given.version
            self.save()
        self.done_before = table.count(self.storage, "results") + table.count(self.storage, "rejects")
        self.stored_before = table.count(self.storage, "paths")

    @property
    def is_judged(self) -> bool:
        """Whether what the results say of answers is by the present rule."""
        return bool(self.record["judged_by"] == self.record["config"]["answer"])

    @property
    def answers_stand(self) -> bool:
        """Whether all stored answers of paths were found by the present rule."""
        return self.record["found_by"] is not None

    def judge_again(self, judge: Callable[[], int]) -> int:
        """Has the results judged by the present rule; an interrupted call is made again by the next attempt.

        Args:
            judge: does so; returns how many there were.
        """
        self.record["judged_by"] = None
        self.save()
        count = judge()
        self.record["judged_by"] = self.record["config"]["answer"]
        if self._version is not None:
            self.record["input_version"] = self._version
        self.save()
        return count

    @property
    def attempt(self) -> str:
        """The id of the attempt that this process makes."""
        return str(self.record["attempts"][-1]["id"])

    def _supersede(self) -> None:
        """Takes away what is to be made again; an interrupted call is finished by the next attempt."""
        wanted = self.record.get("supersede")
        if wanted is None:
            return
        self.taken_out = supersede(self.storage, wanted["paths"], failed=wanted["failed"])
        del self.record["supersede"]
        self.save()

    def save(self) -> None:
        """Writes ``run.json``.

        Raises:
            StorageError: the folder cannot be written.
        """
        self.write("run.json", self.record)

    def write(self, name: str, document: dict[str, Any]) -> None:
        """Writes a JSON entry.

        Raises:
            OutputError: another attempt has taken the folder over.
            StorageError: the folder cannot be written.
        """
        check_attempt(self.storage, self.attempt)
        self.storage.write(name, _encoded(document))

    def note_generated(self, replicas: Mapping[str, Mapping[str, Any]], every_s: float = 0.0) -> None:
        """Writes down what the replicas' engines have generated: what the tables do not hold of it was paid in vain.

        Args:
            replicas: the last report of each replica.
            every_s: how long ago the last time must be at least.
        """
        tokens = {  # an engine that died reports none of what it had
            name: max(report.get("completion_tokens", 0), self._generated.get(name, 0))
            for name, report in replicas.items()
        }
        if tokens.items() <= self._generated.items() or time.monotonic() - self._noted_at < every_s:
            return
        self._generated, self._noted_at = self._generated | tokens, time.monotonic()
        self.write(GENERATED, self._generated)

    def note(self, **fields: str) -> None:
        """Writes something down about the attempt."""
        self.record["attempts"][-1] |= fields
        self.save()

    def forget_version(self, now: str) -> None:
        """Has the next attempt look for changes, where the input has another version now than at the start."""
        if self.record["input_version"] != now:
            self.record["input_version"] = None

    def finish(self, outcome: str) -> None:
        """Closes the attempt."""
        self.record["attempts"][-1] |= {"end": now().isoformat(), "outcome": outcome}
        self.save()
        if self._lock is not None:
            self._lock.close()


def _continued(storage: Storage, config: Config, given: Given | None, *, retry: bool) -> dict[str, Any]:
    """The record of a locked folder as the next attempt has it."""
    fresh = new_record(config)
    record = _existing(storage, fresh)
    if record is None:
        record = fresh
    elif retry or fingerprint.wants_more_paths(record["config"], fresh["config"]):
        more = fingerprint.wants_more_paths(record["config"], fresh["config"])
        paths = (fingerprint.paths if more else fingerprint.fewest_paths)(fresh["config"])
        before = record.get("supersede", {"failed": False, "paths": 0})
        record["supersede"] = {"failed": retry or before["failed"], "paths": max(paths, before["paths"])}
    record["config"] = fresh["config"]
    if record["found_by"] != fresh["found_by"]:
        record["found_by"] = None  # from now on the paths' answers are of several rules
    if given is not None:
        record["rows"] = given.rows
        if not record["attempts"]:
            record["input_version"] = given.version
    return record


def changed(storage: Storage, record: Mapping[str, Any], given: Given) -> Changes:
    """What has changed in the input since a folder's rows were made of it; it is read, and so are they."""
    judged_by = record["judged_by"]
    found = changes(storage, given.problems(), judged_by and AnswerConfig.model_validate(judged_by).name)
    gone = set(found.gone)
    found.paths = [each for each in given.changed_paths(storage) if each not in gone]
    return found


def _refused(storage: Storage, record: Mapping[str, Any], found: Changes) -> str:
    ended_early = record["input_version"] is None and record["attempts"][-1]["end"] is None
    broken_off = " (an attempt was broken off in the middle of a redo, which --changed redo finishes)"
    return (
        f"output {storage.shown}: something has changed in the input since it was answered{broken_off * ended_early}: "
        f"{found}\nundo the change, or run with --changed redo: what asks another question, or brings other paths, is "
        "answered anew, what the input has no more is taken out, and what is replaced or taken out stays in "
        "superseded/; by another known answer, kind or choices, the answers that are there are judged anew"
    )


def refusal(config: Config) -> str | None:
    """Why a run of a config could not begin in its run folder; None where it could, as far as can be seen."""
    try:
        check_place(Storage(config.output))
        _existing(Storage(config.output), new_record(config))
    except OutputError as error:
        return str(error)
    return None


def check_place(storage: Storage) -> None:
    """Raises OutputError where no folder can be made; looked at where it would be, not where a config is submitted."""
    local = storage.local
    if local is None or os.path.isdir(local):  # noqa: PTH112 (a Path would raise for a long name)
        return
    if (reason := unwritable(str(local))) is not None:
        raise OutputError(f"output {storage.shown}: it cannot be written: {reason}; name another folder")


def _encoded(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, indent=2).encode()


def _existing(storage: Storage, fresh: Mapping[str, Any]) -> dict[str, Any] | None:
    """The record of a folder that the config of a new one may continue; None for a folder that is yet to be made."""
    entries = storage.entries()
    if not entries:
        return None
    if "run.json" not in entries:
        shown = ", ".join(entries[:5])
        raise OutputError(
            f"output {storage.shown}: the folder holds something else ({shown}); name an empty or a new one"
        )
    record = read_record(storage)
    differing = fingerprint.changed(record, fresh)
    if differing:
        raise OutputError(
            f"output {storage.shown}: the folder belongs to another config; these fields differ:\n"
            + "\n".join(f"  {line}" for line in differing)
            + "\nset `output` to a new folder, or undo the change. To use the paths of this one there, exploring "
            f"nothing: --set output=NEW --set input.source=paths --set input.path={storage.shown}"
        )
    return record

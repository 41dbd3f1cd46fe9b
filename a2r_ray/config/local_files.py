"""A local path means one file in every process of a run: it is made absolute once, where the config is loaded.

- Relative is relative to the current directory. Links stay as they are written: a shared folder may be one.
- URIs stay. So does what may be the name of a model or a dataset, unless there is such a file or folder.
- A Ray job runs in a copy of its working directory, of another name whenever something in it has changed, and thrown
  away. Paths that differ in the name of that copy only mean the same file.
"""

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from a2r_ray.errors import OutputError

_JOB_COPY = re.compile(r"/\S*/runtime_resources/working_dir_files/[^/]+(?:/|$)")
"""Where Ray unpacks the working directory of a job; it has no public name."""
_VLLM_FILES = (
    "tokenizer",
    "hf_config_path",
    "model_weights",
    "spec_model",
    "reasoning_parser_plugin",
    "mm_encoder_fp8_scale_path",
)
"""vLLM's arguments that may name a local file or folder."""


def resolved(document: Mapping[str, Any]) -> dict[str, Any]:
    """A config, still unchecked, with absolute paths."""
    config = dict(document)
    if "output" in config:
        config["output"] = absolute(config["output"])
    if isinstance(source := config.get("input"), Mapping):
        config["input"] = _source(source)
    for name in ("explorer", "synthesizer"):
        # What a server calls its models, and how a simulation is called, has nothing to do with this machine's disk.
        if isinstance(role := config.get(name), Mapping) and role.get("engine", "vllm") == "vllm":
            config[name] = _vllm_role(role)
    return config


def absolute(path: Any) -> Any:
    """A local path as an absolute one, with ``~`` replaced; a URI, and what is no text, as it is."""
    if not isinstance(path, str) or not path.strip() or "://" in path:
        return path
    return os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111 (a Path would keep "..")


def nameable(path: str) -> str:
    """A path or URI that a file system can take as a name.

    Raises:
        ValueError: none can.
    """
    if not path.strip():
        raise ValueError("it is empty; name a file or a folder")
    if "\0" in path:
        raise ValueError(f"{path!a} has a zero byte in it, which no name has; write it without")
    try:
        path.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{path!a}: the name is not UTF-8, which no result could name: rename it") from None
    return path


def outlasting(path: str, what: str) -> str:
    """The path of something to be written, absolute.

    Args:
        path: local or a URI.
        what: the thing and its path, for the message.

    Raises:
        OutputError: it would be removed with a Ray job's copy of its working directory, also by way of a link.
    """
    path = absolute(path)
    if any(_JOB_COPY.match(each) for each in (path, os.path.realpath(path))):
        raise OutputError(
            f"{what}: it lies in the copy of the working directory that the job runs in, and would be removed with it; "
            "name an absolute path that the job's machine keeps, or an s3:// or gs:// URI"
        )
    return path


def unwritable(folder: str) -> str | None:
    """Why a local folder can be none, or nothing can be written to it; None where it can, and for a URI."""
    if not folder or "://" in folder:
        return None
    above = Path(absolute(folder))
    while not os.path.lexists(above) and above != above.parent:
        above = above.parent
    if not above.is_dir():
        return f"{above} is a file"
    longest = os.pathconf(above, "PC_NAME_MAX")
    if any(len(part.encode()) > longest for part in Path(absolute(folder)).parts):
        return f"a name in it is longer than the {longest} bytes that the file system has for one"
    try:
        with tempfile.TemporaryFile(dir=above):  # without a name; what may be accessed may yet take no files, as /proc
            return None
    except OSError as error:
        return f"{above} takes no files: {error.strerror}"


def without_job_copy(value: Any) -> Any:
    """A path in a job's copy of its working directory as one relative to that; anything else as it is."""
    return _JOB_COPY.sub("", value, count=1) if isinstance(value, str) and _JOB_COPY.match(value) else value


def _source(source: Mapping[str, Any]) -> dict[str, Any]:
    kind, path = source.get("source", "file"), source.get("path")
    is_local = kind in {"file", "paths"} or (kind == "huggingface" and _exists(path))
    return {**source, "path": absolute(path)} if is_local and path else dict(source)


def _vllm_role(role: Mapping[str, Any]) -> dict[str, Any]:
    found = {"model": absolute(role["model"])} if _exists(role.get("model")) else {}
    arguments = role.get("engine_args")
    if isinstance(arguments, Mapping):
        files = {name: absolute(arguments[name]) for name in _VLLM_FILES if _exists(arguments.get(name))}
        found["engine_args"] = {**arguments, **files}
    return {**role, **found}


def _exists(value: Any) -> bool:
    is_path = isinstance(value, str) and bool(value) and "://" not in value
    return is_path and os.path.exists(absolute(value))  # noqa: PTH110 (a Path raises for what it may not look at)

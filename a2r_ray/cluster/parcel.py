"""What of a folder goes along with a job: known, and told, before anything is sent.

- Ray's own rules say what stays: whatever .gitignore and .rayignore name, .git and .venv.
- It is meant to be small. Ray keeps it in the memory of the head node and copies it to every node.
- In a job, relative paths are relative to the copy of this folder.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from rich.filesize import decimal

from a2r_ray.cluster import private
from a2r_ray.errors import ConfigError

MOST_BYTES = 200_000_000
_LARGEST = 3


@dataclass(frozen=True)
class Parcel:
    """The files of a folder that go along, and their sizes in bytes, by their path within it."""

    folder: Path
    files: Mapping[str, int]

    def __str__(self) -> str:
        return f"{len(self.files):,} files of {self.folder}, {decimal(sum(self.files.values()))}"

    def has(self, path: str) -> bool:
        """Whether there is such a file, or files in such a folder, or files that such a pattern matches."""
        wanted = str(PurePosixPath(path))
        return wanted == "." or any(
            name == wanted or name.startswith(f"{wanted}/") or fnmatchcase(name, wanted) for name in self.files
        )


def pack(folder: Path) -> Parcel:
    """Finds what goes along of a folder.

    Raises:
        ConfigError: it is no folder, or too much.
    """
    if not folder.is_dir():
        raise ConfigError([f"--working-dir {folder}: no such folder"])
    files: dict[str, int] = {}
    total = 0

    def weigh(path: Path) -> None:
        nonlocal total
        if path.is_file():
            files[path.relative_to(folder).as_posix()] = size = path.stat().st_size
            total += size
        if total > MOST_BYTES:
            raise _too_large(folder, files)

    private.visit_what_goes_along(folder, weigh)
    return Parcel(folder, files)


def check_goes_along(parcel: Parcel, config: Path, document: Mapping[str, Any]) -> None:
    """Checks that the job will find the config and, where it is a relative path, its input, and that its output stays.

    Raises:
        ConfigError: it will not.
    """
    problems = []
    if not config.is_relative_to(parcel.folder) or not parcel.has(config.relative_to(parcel.folder).as_posix()):
        problems.append(f"{config}: does not go along with the job; {_remedy(parcel)}")
    source = document.get("input")
    path = source.get("path") if isinstance(source, Mapping) and source.get("source", "file") in _OF_FILES else None
    if isinstance(path, str) and _is_relative(path) and not parcel.has(path):
        problems.append(f"input.path: {path}: does not go along with the job; {_remedy(parcel)}")
    output = document.get("output")
    if isinstance(output, str) and _is_relative(output):
        problems.append(
            f"output: {output}: would lie in the copy that the job runs in, and be removed with it: name a folder that "
            "every node of the cluster sees, or an s3:// or gs:// URI, as with --set output=s3://bucket/run"
        )
    if problems:
        raise ConfigError(problems)


_OF_FILES = {"file", "paths"}


def _is_relative(path: str) -> bool:
    return "://" not in path and not path.startswith(("/", "~"))


def _remedy(parcel: Parcel) -> str:
    return (
        f"what does is in {parcel.folder}, which relative paths are relative to, and not named by a .gitignore or "
        ".rayignore: name another folder with --working-dir, or an s3:// or gs:// URI"
    )


def _too_large(folder: Path, files: Mapping[str, int]) -> ConfigError:
    sizes: Counter[str] = Counter()
    for name, size in files.items():
        sizes[name.partition("/")[0]] += size
    largest = ", ".join(f"{name} ({decimal(size)})" for name, size in sizes.most_common(_LARGEST))
    problem = (
        f"{folder}: more than {decimal(MOST_BYTES)} would go along with the job, such as {largest}: name what is to "
        "stay in a .rayignore or .gitignore there, put the data on s3:// or gs://, or name a smaller folder with "
        "--working-dir"
    )
    return ConfigError([problem])

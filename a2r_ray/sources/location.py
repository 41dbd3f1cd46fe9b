"""Where a path points, and which files lie there: a file, the files of a folder, or those that a pattern matches.

Of a folder and of a pattern these are no input: what is hidden or starts with ``_``, what a dataset says of itself
(``dataset_info.json``, ``state.json``, …), and every folder that holds a ``run.json``, with all that lies in it. What a
pattern spells out before its first mark may start with ``_``; and a folder inside that of a run may be named itself.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from fsspec.utils import glob_translate
from pyarrow import fs

_MARKS = "*?["
_NO_INPUT = {
    *("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"),
    *("checksums.json", "checksum.json"),
}
RUN_RECORD = "run.json"
"""The file by which a folder is known to be a run's."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What lies where a path points."""

    files: list[str] = field(default_factory=list)
    """Sorted. A name on a local disk that is no UTF-8 has surrogates in place of its bytes."""
    runs: list[str] = field(default_factory=list)
    """The folders that were left out, as they hold a ``run.json``."""
    is_run: bool = False
    """Whether the path is such a folder itself."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a path points: a file system and a path or pattern on it."""

    filesystem: fs.FileSystem
    path: str
    prefix: str
    """What a path on the file system lacks to be recognised: a URI's scheme."""

    @classmethod
    def of(cls, path: str) -> "Location":
        scheme, is_uri, _ = path.partition("://")
        if not is_uri:
            return cls(fs.LocalFileSystem(), os.path.expanduser(path), "")  # noqa: PTH111  a Path would lose "./"
        uri, mark, options = path.partition("?")
        # A pattern is no URI: only the folder above it is.
        literal = uri if "*" not in uri else uri[: uri.rindex("/", 0, uri.index("*")) + 1]
        filesystem, root = fs.FileSystem.from_uri(literal + mark + options)
        return cls(filesystem, f"{root.rstrip('/')}/{uri[len(literal) :]}".rstrip("/"), f"{scheme}://")

    @property
    def is_glob(self) -> bool:
        return any(mark in self.path for mark in _MARKS)

    def listing(self) -> Listing:
        """The files, whatever their extensions.

        Raises:
            OSError: it cannot be looked at.
            ValueError: it is no pattern.
        """
        info = self.filesystem.get_file_info(self.path)
        if info.type == fs.FileType.File:
            return Listing([self.path])
        if info.type == fs.FileType.Directory:
            walk = _Walk(self.filesystem)
            files = sorted(walk.below(f"{self.path.rstrip('/')}/"))
            return Listing(files, sorted(walk.runs), is_run=self.path.rstrip("/") in walk.runs)
        return self._matches() if self.is_glob else Listing()

    def _matches(self) -> Listing:
        literal = self.path[: min(self.path.index(mark) for mark in _MARKS if mark in self.path)]
        folder, slash, begun = literal.rpartition("/")
        rest = self.path[len(folder + slash) :]
        depth = None if "**" in rest else rest.count("/")
        walk = _Walk(self.filesystem, begun)
        matches = re.compile(glob_translate(self.path)).match
        return Listing(sorted(filter(matches, walk.below(folder + slash, depth))), sorted(walk.runs))


class _Walk:
    """One walk through a folder.

    Args:
        filesystem: on which it is.
        spelled: how a pattern has the names in the folder begin.
    """

    def __init__(self, filesystem: fs.FileSystem, spelled: str = "") -> None:
        self._filesystem, self._spelled = filesystem, spelled
        self.runs: list[str] = []

    def below(self, root: str, depth: int | None = None) -> Iterator[str]:
        """The files in a folder, which ends with a slash or is the current one, and in those within it, to a depth."""
        is_local = isinstance(self._filesystem, fs.LocalFileSystem)
        found = _local(root, depth, ()) if is_local else self._remote(root, depth)
        files = list(found)
        runs = {path.removesuffix(RUN_RECORD) for path in files if path.rpartition("/")[2] == RUN_RECORD}
        self.runs = sorted({name.rstrip("/") for name in runs if not _within(name.rstrip("/"), runs)})
        for path in files:
            if not _within(path, runs) and self._is_input(path[len(root) :]):
                yield path

    def _remote(self, root: str, depth: int | None) -> Iterator[str]:
        selector = fs.FileSelector(root.rstrip("/"), allow_not_found=True, recursive=depth != 0)
        for info in self._filesystem.get_file_info(selector):
            if info.type == fs.FileType.File:
                yield info.path

    def _is_input(self, path: str) -> bool:
        if path.rpartition("/")[2].lower() in _NO_INPUT:
            return False
        if self._spelled and path.startswith(self._spelled):
            path = f"x{path[len(self._spelled) :]}"
        return not any(part.startswith((".", "_")) for part in path.split("/"))


def _within(path: str, folders: set[str]) -> bool:
    """Whether a path lies in one of some folders, which end with a slash."""
    return bool(folders) and any(path[: at + 1] in folders for at in range(len(path)) if path[at] == "/")


def _local(root: str, depth: int | None, above: tuple[str, ...]) -> Iterator[str]:
    """The files of a local folder, of names of any bytes; links are followed, but not in circles."""
    real = os.path.realpath(root or ".")
    if real in above:
        return
    try:
        entries = list(os.scandir(root or "."))
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_file():
            yield root + entry.name
        elif entry.is_dir() and depth != 0:
            yield from _local(f"{root}{entry.name}/", None if depth is None else depth - 1, (*above, real))

"""Files: one, a glob's or a folder's, on a local disk or by URI, of any known format and compression.

- Files are read in the order of their names. Of a folder (and of a glob) hidden files and those that start with ``_``
  are no input, and neither are files of unknown extension.
- A file that turns out to be unreadable is one row with ``unreadable_file``; the others are read.
"""

import bz2
import gzip
import hashlib
import io
import lzma
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast

import pyarrow as pa
from pyarrow import fs

from a2r_ray.config.local_files import without_job_copy
from a2r_ray.config.schema import InputConfig
from a2r_ray.config.secrets import public
from a2r_ray.errors import ErrorKind, InputError
from a2r_ray.sources.formats import FORMATS, UnreadableError
from a2r_ray.sources.parsing import check_columns
from a2r_ray.sources.rows import RawRow

_COMPRESSIONS: dict[str, Callable[[Any], Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": lambda raw: pa.CompressedInputStream(raw, "zstd"),
}
_BUFFER = 1 << 16
_DAMAGES = (OSError, EOFError, zlib.error, lzma.LZMAError, pa.ArrowException, UnreadableError)
"""What reading a damaged file raises."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file with rows in it."""

    filesystem: fs.FileSystem
    path: str
    """On its file system."""
    name: str
    """As the user would recognise it; rejects are known by it, and it is the same in every copy of a Ray job."""

    @property
    def _suffixes(self) -> tuple[str, str]:
        """The extensions of the format and of the compression; each "" where it is none that is known."""
        name = PurePosixPath(self.path.lower())
        compression = name.suffix if name.suffix in _COMPRESSIONS else ""
        extension = PurePosixPath(name.stem if compression else name.name).suffix
        return extension if extension in FORMATS else "", compression

    @property
    def known(self) -> bool:
        return self._suffixes[0] != ""

    def stream(self) -> BinaryIO:
        raw = self.filesystem.open_input_stream(self.path, compression=None)
        compression = self._suffixes[1]
        opened: Any = _COMPRESSIONS[compression](raw) if compression else raw
        return cast("BinaryIO", io.BufferedReader(opened, _BUFFER))

    def seekable(self) -> BinaryIO:
        if not self._suffixes[1]:
            return cast("BinaryIO", self.filesystem.open_input_file(self.path))
        unpacked = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
        with self.stream() as packed:
            shutil.copyfileobj(packed, unpacked)
        unpacked.seek(0)
        return cast("BinaryIO", unpacked)

    def rows(self) -> Iterator[RawRow]:
        line = 0
        try:
            for row in FORMATS[self._suffixes[0]].rows(self):
                yield row
                line = row.line
        except _DAMAGES as error:
            yield RawRow(
                self.name, line + 1, None, "", ErrorKind.UNREADABLE_FILE, f"reading on failed: {_one_line(error)}"
            )

    def count(self) -> int:
        try:
            return FORMATS[self._suffixes[0]].count(self)
        except _DAMAGES:
            return sum(1 for _ in self.rows())

    def stamp(self) -> tuple[int | None, int | None]:
        """Its size in bytes, and when it was last written, in ns since the epoch, where its file system knows."""
        info = self.filesystem.get_file_info(self.path)
        return info.size, info.mtime_ns

    def columns(self) -> list[str] | None:
        try:
            return FORMATS[self._suffixes[0]].columns(self)
        except _DAMAGES:
            return None


@dataclass(frozen=True, slots=True)
class Files:
    """The rows of some files, one after the other."""

    config: InputConfig
    files: Sequence[DataFile]

    def rows(self) -> Iterator[RawRow]:
        for file in self.files:
            yield from file.rows()

    def count(self) -> int:
        return sum(file.count() for file in self.files)

    def version(self) -> str:
        files = [(file.name, *file.stamp()) for file in self.files]
        return hashlib.blake2b(repr(files).encode(), digest_size=8).hexdigest()


def open_files(config: InputConfig) -> Files:
    """The files that ``path`` names.

    Raises:
        InputError: there are none, or the first whose columns are known lacks one that the config names.
    """
    files = find(str(config.path))
    for file in files:
        columns = file.columns()
        if columns is not None:
            check_columns(file.name, columns, config)
            break
    return Files(config, files)


def find(path: str) -> list[DataFile]:
    """The readable files that a file, glob, folder or URI names, sorted."""
    try:
        where = Location.of(path)
        found = where.files()
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{public(path)}: cannot be opened: {public(_one_line(error))}") from error
    files = [file for file in found if file.known]
    if files:
        return files
    expected = f"expected {' '.join(FORMATS)}, each also with {' '.join(_COMPRESSIONS)}"
    if found:
        raise InputError(f"{public(path)}: no file of a known extension ({found[0].name}, …); {expected}")
    what = "the pattern matches no file" if where.is_glob else "there is no such file or folder, or nothing in it"
    raise InputError(f"{public(path)}: {what}; {expected}")


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
        return any(mark in self.path for mark in "*?[")

    def files(self) -> list[DataFile]:
        info = self.filesystem.get_file_info(self.path)
        if info.type == fs.FileType.File:
            paths = [self.path]
        elif info.type == fs.FileType.Directory:
            selector = fs.FileSelector(self.path, recursive=True)
            paths = [i.path for i in self.filesystem.get_file_info(selector) if i.type == fs.FileType.File]
            paths = [path for path in paths if not _hidden(path[len(self.path) :])]
        else:
            paths = self._matches() if self.is_glob else []
        return [DataFile(self.filesystem, path, without_job_copy(self.prefix + path)) for path in sorted(paths)]

    def _matches(self) -> list[str]:
        from fsspec.implementations.arrow import ArrowFSWrapper

        matches = ArrowFSWrapper(self.filesystem).glob(self.path, detail=True)
        literal = self.path[: min(self.path.index(mark) for mark in "*?[" if mark in self.path)]
        # What the pattern spells out may start with "_": only what its marks stand for may not.
        begun = "" if literal.endswith("/") or not literal else "x"
        return [p for p, info in matches.items() if info["type"] == "file" and not _hidden(begun + p[len(literal) :])]


def _hidden(path: str) -> bool:
    return any(part.startswith((".", "_")) for part in path.split("/"))


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__

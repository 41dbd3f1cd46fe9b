"""Files: one, a glob's or a folder's, on a local disk or by URI, of any known format and compression.

- Files are read in the order of their names. Files of unknown extension are no input, nor is what ``location`` names.
- A file that turns out to be unreadable is one row with ``unreadable_file``; the others are read.
- Keys in the names of the folders above a file (``lang=en/``) are columns of all its rows, of text, unless it has them.
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
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast
from urllib.parse import unquote

import pyarrow as pa
from pyarrow import fs

from a2r_ray.config.input import InputConfig
from a2r_ray.config.local_files import without_job_copy
from a2r_ray.config.secrets import public
from a2r_ray.errors import ErrorKind, InputError
from a2r_ray.records import Row
from a2r_ray.sources.columns import check_columns, lacks_answer
from a2r_ray.sources.formats import FORMATS, UnreadableError
from a2r_ray.sources.location import Listing, Location
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
_LOOKED_AT = 50
"""Files whose columns are compared before a run."""
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
IS_RUN = (
    "it is the folder of a run (it holds run.json), and what a run wrote is not read as input; to use its paths again "
    "set input.source to `paths`, to read one of its tables name that folder, as in …/results"
)
"""What is said where such a folder is the input."""


class _Unpacked(io.RawIOBase):
    """What a packed stream holds, given out as soon as it is there: what comes before a damage is not lost with it."""

    def __init__(self, packed: Any) -> None:
        self._packed = packed
        self._read = getattr(packed, "read1", None) or partial(_some, packed)

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        data = self._read(len(into))
        into[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._packed.close()
        super().close()


def _some(packed: Any, size: int) -> bytes:
    """The next few bytes, of a stream that fails where it has not all that it is asked for."""
    data: bytes = packed.read(min(size, _FEW))
    return data


_FEW = 64


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file with rows in it."""

    filesystem: fs.FileSystem
    path: str
    """On its file system."""
    name: str
    """As the user would recognise it; rejects are known by it, and it is the same in every copy of a Ray job."""
    fault: str = ""
    """Why it cannot be opened at all."""

    @classmethod
    def at(cls, where: Location, path: str) -> "DataFile":
        """The file of a path, as a listing has it."""
        shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        fault = "" if shown == path else "its name is not UTF-8, which no result could name: rename it"
        return cls(where.filesystem, shown, without_job_copy(where.prefix + shown), fault)

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
        opened: Any = _Unpacked(_COMPRESSIONS[compression](raw)) if compression else raw
        return cast("BinaryIO", io.BufferedReader(opened, _BUFFER))

    def seekable(self) -> BinaryIO:
        if not self._suffixes[1]:
            return cast("BinaryIO", self.filesystem.open_input_file(self.path))
        unpacked = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
        with self.stream() as packed:
            shutil.copyfileobj(packed, unpacked)
        unpacked.seek(0)
        return cast("BinaryIO", unpacked)

    @property
    def partition(self) -> dict[str, str | None]:
        """The keys in the names of its folders, as Hive and what learned from it have them."""
        pairs = [part.partition("=") for part in self.name.split("/")[:-1] if "=" in part]
        return {name: None if value == _NO_VALUE else unquote(value) for name, _, value in pairs if name}

    def rows(self) -> Iterator[RawRow]:
        partition = self.partition
        for row in self._rows():
            yield replace(row, row={**row.row, **_beside(row.row, partition)}) if partition and row.row else row

    def _rows(self) -> Iterator[RawRow]:
        if self.fault:
            yield RawRow(self.name, 1, None, "", ErrorKind.UNREADABLE_FILE, self.fault)
            return
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
        if self.fault:
            return 1
        try:
            return FORMATS[self._suffixes[0]].count(self)
        except _DAMAGES:
            return sum(1 for _ in self.rows())

    def stamp(self) -> tuple[int | None, ...]:
        """Its size in bytes, and when it was last written, in ns since the epoch, where its file system knows.

        Of a local file also when it was last changed in any way: other content may be put there with an old time.
        """
        info = self.filesystem.get_file_info(self.path)
        if isinstance(self.filesystem, fs.LocalFileSystem) and info.type == fs.FileType.File:
            return info.size, info.mtime_ns, os.stat(self.path).st_ctime_ns  # noqa: PTH116 (a name as it is listed)
        return info.size, info.mtime_ns

    def columns(self) -> list[str] | None:
        try:
            columns = None if self.fault else FORMATS[self._suffixes[0]].columns(self)
        except _DAMAGES:
            return None
        return columns and list(dict.fromkeys([*columns, *self.partition]))


def _beside(row: Row, partition: dict[str, str | None]) -> Row:
    return {name: value for name, value in partition.items() if name not in row}


@dataclass(frozen=True, slots=True)
class Files:
    """The rows of some files, one after the other."""

    config: InputConfig
    files: Sequence[DataFile]
    left_out: Sequence[str] = ()
    """Folders that were found beside them, and are those of runs."""

    def rows(self) -> Iterator[RawRow]:
        for file in self.files:
            yield from file.rows()

    def count(self) -> int:
        return sum(file.count() for file in self.files)

    def unscored(self) -> list[str]:
        """Those of the first files that lack the column of the known answer, where it is known which ones they have."""
        known = ((file.name, file.columns()) for file in self.files[:_LOOKED_AT])
        return [name for name, columns in known if columns is not None and lacks_answer(columns, self.config)]

    def version(self) -> str:
        files = [(file.name, *file.stamp()) for file in self.files]
        return hashlib.blake2b(repr(files).encode(), digest_size=8).hexdigest()


def open_files(config: InputConfig) -> Files:
    """The files that ``path`` names.

    Raises:
        InputError: there are none, or the first whose columns are known lacks one that the config names.
    """
    files, left_out = _find(str(config.path))
    for file in files:
        columns = file.columns()
        if columns is not None:
            check_columns(file.name, columns, config)
            break
    return Files(config, files, left_out)


def find(path: str) -> list[DataFile]:
    """The readable files that a file, glob, folder or URI names, sorted."""
    return _find(path)[0]


def _find(path: str) -> tuple[list[DataFile], list[str]]:
    """The same, and the folders of runs that were left out."""
    try:
        where = Location.of(path)
        listing = where.listing()
    except (OSError, ValueError, pa.ArrowException) as error:  # a ValueError: it is no pattern
        raise InputError(f"{public(path)}: cannot be opened: {public(_one_line(error))}") from error
    found = [DataFile.at(where, each) for each in listing.files]
    files = [file for file in found if file.known]
    if not files:
        raise InputError(f"{public(path)}: {_nothing(where, listing, found)}")
    return files, [DataFile.at(where, run).name for run in listing.runs]


def _nothing(where: Location, listing: Listing, found: Sequence[DataFile]) -> str:
    """Why a path names no file that can be read."""
    expected = f"expected {' '.join(FORMATS)}, each also with {' '.join(_COMPRESSIONS)}"
    if listing.is_run:
        return IS_RUN
    if listing.runs:
        return (
            f"nothing of it is input: the folders of runs are left out ({DataFile.at(where, listing.runs[0]).name}, …);"
            " to use a run's paths again name its folder and set input.source to `paths`, to read one of its tables "
            "name that one's folder, as in …/results"
        )
    if any(file.path.endswith(".arrow") for file in found):
        return "it is a dataset saved with save_to_disk; set input.source to `huggingface`"
    if found:
        return f"no file of a known extension ({found[0].name}, …); {expected}"
    what = "the pattern matches no file" if where.is_glob else "there is no such file or folder, or nothing in it"
    return f"{what}; {expected}"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__

"""Files that appear whole or not at all, on a local disk and on object storage alike.

Locally: written beside under a hidden name, synced, renamed over the final name. On object storage an upload becomes
visible only when it is complete, so it goes to its final name at once. But a stream that is closed, or merely dropped,
completes its upload with whatever it was given: nothing may come between its opening and its last byte.
"""

import mmap
import os
import secrets
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, TypeVar
from urllib.parse import urlsplit, urlunsplit

import pyarrow as pa
from pyarrow import fs
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from a2r_ray.config.local_files import absolute, nameable
from a2r_ray.config.secrets import public
from a2r_ray.errors import OutputError, StorageError


@dataclass(frozen=True)
class Storage:
    """A folder: local, or on any file system that pyarrow reaches by URI."""

    uri: str

    @property
    def shown(self) -> str:
        """The URI as it may be shown: without the options and credentials that it may hold."""
        return public(self.uri).encode("utf-8", "backslashreplace").decode().rstrip("/") or ("/" if self.uri else "''")

    @property
    def local(self) -> Path | None:
        """Where it lies on a disk of this machine; None where it does not."""
        is_local = "://" not in self.uri or self.uri.startswith("file://")
        return Path(self.open()[1]) if is_local else None

    def open(self) -> tuple[fs.FileSystem, str]:
        """The file system, and the folder's path on it.

        Raises:
            OutputError: it is no name of a folder.
        """
        try:
            nameable(self.uri)
            filesystem, root = _by_uri(self.uri) if "://" in self.uri else (fs.LocalFileSystem(), absolute(self.uri))
        except (ValueError, OSError, pa.ArrowException) as error:
            raise OutputError(f"{self.shown}: cannot be opened: {public(str(error))}") from error
        if not root.strip("/") and not isinstance(filesystem, fs.LocalFileSystem):
            raise OutputError(f"{self.uri}: it names no bucket; write as in s3://bucket/folder")
        return filesystem, root

    def join(self, name: str) -> str:
        """What an entry is called, as it may be shown."""
        return f"{self.shown}/{name}" if name else self.shown

    def write(self, name: str, data: bytes | mmap.mmap, guard: Callable[[], None] = lambda: None) -> None:
        """Puts a file in place, whole, replacing any of that name.

        Args:
            name: the file, below the folder.
            data: its content.
            guard: called last of all before the file can appear, at every try; raises where it must not.

        Raises:
            StorageError: it cannot be written; what was there before is there still.
        """
        filesystem, root = self.open()
        target = f"{root}/{name}"
        try:
            if isinstance(filesystem, fs.LocalFileSystem):
                _write_local(Path(target), data, guard)
            else:
                _upload(filesystem, target, data, guard)
        except OSError as error:
            folder, _, file = name.rpartition("/")
            raise StorageError(
                f"{self.join(folder)}: cannot be written: {error.strerror or error} ({file}); free the space or "
                "restore the access, then run the same command again"
            ) from error

    def read(self, name: str) -> bytes | None:
        """A file's content; None where there is no such file. What may pass is tried again.

        Raises:
            StorageError: it cannot be read.
        """
        filesystem, root = self.open()

        def whole() -> bytes:
            with filesystem.open_input_stream(f"{root}/{name}") as stream:
                return bytes(stream.read())

        try:
            return retried(whole)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self.unreadable(name, error) from error

    def unreadable(self, name: str, error: OSError) -> StorageError:
        """The error to raise for what did not let itself be read."""
        return StorageError(
            f"{self.join(name)}: cannot be read: {error.strerror or error}; restore the access, then run the same "
            "command again"
        )

    def entries(self, folder: str = "") -> list[str]:
        """The names in a folder, sorted; hidden ones left out."""
        filesystem, root = self.open()
        selector = fs.FileSelector(f"{root}/{folder}".rstrip("/") or "/", allow_not_found=True)
        try:
            found = retried(lambda: filesystem.get_file_info(selector))
            return sorted(info.base_name for info in found if not info.base_name.startswith("."))
        except OSError as error:
            raise self.unreadable(folder, error) from error

    def remove_unfinished(self, folder: str) -> None:
        """Removes what a killed process left of a local ``write``; no other process may be writing."""
        if self.local is not None:
            for path in (self.local / folder).glob(f".*{_UNFINISHED}"):
                path.unlink(missing_ok=True)


@contextmanager
def spooled(target: str) -> Iterator[IO[bytes]]:
    """A file that is put in place whole where the block ends without an error; until then it is a local, unnamed one.

    Args:
        target: a path, or a URI with or without options.

    Raises:
        OutputError: it cannot be put there.
    """
    if "://" in target:
        parts = urlsplit(target)
        folder, _, name = parts.path.rpartition("/")
        folder = urlunsplit(parts._replace(path=folder))
    else:
        folder, name = str(Path(target).parent), Path(target).name
    with tempfile.TemporaryFile() as file:
        yield file
        file.flush()
        Storage(folder).write(name, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if file.tell() else b"")


@lru_cache(maxsize=16)
def _by_uri(uri: str) -> tuple[fs.FileSystem, str]:
    """Remembered, for a file system keeps its connections, and opening one anew takes longer than most requests."""
    filesystem, path = fs.FileSystem.from_uri(uri)
    return filesystem, path


_UNFINISHED = ".unfinished"


def _write_local(path: Path, data: bytes | mmap.mmap, guard: Callable[[], None]) -> None:
    hidden = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_UNFINISHED}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with hidden.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        guard()
        hidden.replace(path)
    except BaseException:  # a signal's, too
        with suppress(OSError):
            hidden.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name, too, must survive the machine
    finally:
        os.close(folder)


def _upload(filesystem: fs.FileSystem, target: str, data: bytes | mmap.mmap, guard: Callable[[], None]) -> None:
    if threading.current_thread() is not threading.main_thread():
        _send(filesystem, target, data, guard)
        return
    # A signal's handler raises in the main thread, wherever that is: it may wait, but not send.
    with ThreadPoolExecutor(1) as sender:
        sender.submit(_send, filesystem, target, data, guard).result()


_HOPELESS = ("NO_SUCH_BUCKET", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH")


def comes_from_afar(error: OSError) -> bool:
    """Whether the system or the service says it; what is damaged, Arrow finds by itself, and says without a number."""
    return bool(error.errno) or "AWS Error" in str(error) or "google::cloud" in str(error)


def _may_pass(error: BaseException) -> bool:
    """Whether to try again; a refusal, too, may pass: permissions need a while to spread.

    What is not there, or is damaged, is so the next time as well.
    """
    if isinstance(error, StorageError):
        return True
    if not isinstance(error, OSError) or isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError):
        return False
    return comes_from_afar(error) and not any(code in str(error) for code in _HOPELESS)


_persisting = retry(
    retry=retry_if_exception(_may_pass),
    stop=stop_after_attempt(5),
    wait=wait_exponential_jitter(max=10),
    reraise=True,
)

_T = TypeVar("_T")


def retried(call: Callable[[], _T]) -> _T:
    """Calls again what a file system refused and may not refuse the next time; raises what it raised last."""
    return _persisting(call)()


@_persisting
def _send(filesystem: fs.FileSystem, target: str, data: bytes | mmap.mmap, guard: Callable[[], None]) -> None:
    guard()
    # No `with`: it would complete the upload whatever was raised inside. A part that failed, the stream remembers.
    buffer = pa.py_buffer(data)
    stream = filesystem.open_output_stream(target)
    stream.write(buffer)
    stream.close()

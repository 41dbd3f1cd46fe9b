"""Files that appear whole or not at all, on a local disk and on object storage alike.

Locally: written beside under a hidden name, synced, renamed over the final name. On object storage an upload becomes
visible only when it is complete, so it goes to its final name at once.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import fs
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from a2r_ray.errors import OutputError


@dataclass(frozen=True)
class Storage:
    """A folder: local, or on any file system that pyarrow reaches by URI."""

    uri: str

    @property
    def is_local(self) -> bool:
        """Whether it lies on this machine's disk."""
        return "://" not in self.uri or self.uri.startswith("file://")

    def open(self) -> tuple[fs.FileSystem, str]:
        """The file system, and the folder's path on it."""
        try:
            if "://" in self.uri:
                filesystem, path = fs.FileSystem.from_uri(self.uri)
                return filesystem, path
            return fs.LocalFileSystem(), str(Path(self.uri).absolute())
        except (pa.ArrowInvalid, OSError) as error:
            raise OutputError(f"{self.uri}: cannot be opened: {error}") from error

    def join(self, name: str) -> str:
        """The URI of an entry."""
        return f"{self.uri.rstrip('/')}/{name}"

    def write(self, name: str, data: bytes | pa.Buffer) -> None:
        """Puts a file in place, whole, replacing any of that name."""
        filesystem, root = self.open()
        target = f"{root}/{name}"
        if isinstance(filesystem, fs.LocalFileSystem):
            _write_local(Path(target), data)
        else:
            _upload(filesystem, target, data)

    def read(self, name: str) -> bytes | None:
        """A file's content; None where there is no such file."""
        filesystem, root = self.open()
        try:
            with filesystem.open_input_stream(f"{root}/{name}") as stream:
                return bytes(stream.read())
        except FileNotFoundError:
            return None

    def entries(self, folder: str = "") -> list[str]:
        """The names in a folder, sorted; hidden ones left out."""
        filesystem, root = self.open()
        selector = fs.FileSelector(f"{root}/{folder}".rstrip("/"), allow_not_found=True)
        try:
            return sorted(i.base_name for i in filesystem.get_file_info(selector) if not i.base_name.startswith("."))
        except OSError as error:
            raise OutputError(f"{self.join(folder)}: cannot be listed: {error}") from error

    def delete(self, name: str) -> None:
        """Removes a file."""
        filesystem, root = self.open()
        filesystem.delete_file(f"{root}/{name}")

    def remove_unfinished(self, folder: str) -> None:
        """Removes what a killed process left of a local ``write``; no other process may be writing."""
        if self.is_local:
            for path in Path(self.open()[1], folder).glob(f".*{_UNFINISHED}"):
                path.unlink(missing_ok=True)


_UNFINISHED = ".unfinished"


def _write_local(path: Path, data: bytes | pa.Buffer) -> None:
    hidden = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_UNFINISHED}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with hidden.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        hidden.replace(path)
    except OSError:
        hidden.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name, too, must survive the machine
    finally:
        os.close(folder)


@retry(
    retry=retry_if_exception_type(OSError),
    stop=stop_after_attempt(5),
    wait=wait_exponential_jitter(max=10),
    reraise=True,
)
def _upload(filesystem: fs.FileSystem, target: str, data: bytes | pa.Buffer) -> None:
    with filesystem.open_output_stream(target) as stream:
        stream.write(data)

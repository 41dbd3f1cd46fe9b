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
        if not isinstance(filesystem, fs.LocalFileSystem):
            with filesystem.open_output_stream(target) as stream:
                stream.write(data)
            return
        path = Path(target)
        hidden = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
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

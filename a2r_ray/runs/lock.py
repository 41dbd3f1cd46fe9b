"""The lock of a run folder: one process writes to it, and a folder that is refused is left as it was found."""

import fcntl
import shutil
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

from a2r_ray.errors import OutputError
from a2r_ray.runs.storage import Storage

_LEAST_FREE_BYTES = 64 << 20
_LOOK_S = 0.1


def locked(storage: Storage, refused: ExitStack) -> IO[str] | None:
    """Holds the folder for this process, where that can be known; on object storage the newest attempt holds it.

    Args:
        storage: the folder.
        refused: undoes it, where the folder is refused after all.
    """
    folder = storage.local
    if folder is None:
        return None
    _check_space(storage, folder)
    path, new = folder / ".lock", not (folder / ".lock").exists()
    made = next((each for each in reversed((folder, *folder.parents)) if not each.exists()), None)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"output {storage.shown}: cannot be written: {error.strerror}") from error
    try:
        if _is_taken(file, fcntl.LOCK_EX):
            time.sleep(_LOOK_S)  # it may be one who only looked
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise OutputError(
            f"output {storage.shown}: another process is running it; wait for it, or stop it first"
        ) from error
    except OSError:  # a file system without locks
        pass
    refused.callback(_as_it_was, file, new=new, made=made)
    return file


def is_held(storage: Storage) -> bool | None:
    """Whether a process holds a folder; None where that cannot be known."""
    folder = storage.local
    if folder is None:
        return None
    try:
        with (folder / ".lock").open(encoding="utf-8") as file:
            return _is_taken(file, fcntl.LOCK_SH)
    except OSError:  # there is none, or the file system has no locks
        return None


def _is_taken(file: IO[str], kind: int) -> bool:
    """Whether somebody else holds it; if not, it is held by this process now."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _as_it_was(lock: IO[str], *, new: bool, made: Path | None) -> None:
    """Leaves a folder that is refused as it was found."""
    if new:
        Path(lock.name).unlink(missing_ok=True)
    lock.close()
    folder = Path(lock.name).parent
    while made is not None and folder.is_relative_to(made):
        with suppress(OSError):  # somebody has put something there meanwhile
            folder.rmdir()
        folder = folder.parent


def _check_space(storage: Storage, root: Path) -> None:
    """Says at the start that a disk is full."""
    parent = next(folder for folder in (root, *root.parents) if folder.exists())
    free = shutil.disk_usage(parent).free
    if free < _LEAST_FREE_BYTES:
        raise OutputError(
            f"output {storage.shown}: only {free >> 20} MiB are free on that disk; free some, or set `output`"
        )

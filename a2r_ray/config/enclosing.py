"""Whether a run would write where it reads: an output inside the folder that is its input is refused at once."""

import os
import posixpath
import re
from urllib.parse import urlsplit

_MARKS = re.compile(r"[*?\[]")
_WRITTEN = (
    *("run.json", "receipt.json", "metrics.json", "generated.json", "report.html"),
    *(f"{table}/part.parquet" for table in ("paths", "results", "rejects", "superseded")),
)
"""What a run folder holds, as a pattern may match it."""


def encloses(path: str, output: str) -> bool:
    """Whether an input has an output inside it, or is it; links are followed.

    Args:
        path: a file, folder or pattern, absolute, or a URI; of anything else, such as the name of a dataset, it is said
            that it has none.
        output: a folder, absolute, or a URI.
    """
    folder, mark, options = output.partition("?") if "://" in output else (output, "", "")
    return any(reads(path, f"{folder.rstrip('/')}/{name}{mark}{options}") for name in _WRITTEN)


def reads(path: str, file: str) -> bool:
    """Whether an input has a file in it, or would have it, were it there.

    Args:
        path: as that of ``encloses``.
        file: absolute, or a URI.
    """
    if "://" in path:
        path = path.partition("?")[0]  # what follows are options
    elif not os.path.isabs(path):  # noqa: PTH117 (as in local_files)
        return False
    if not _MARKS.search(path) or os.path.lexists(path):
        return f"{_real(file)}/".startswith(f"{_real(path).rstrip('/')}/")
    folder, slash, _ = path[: min(mark.start() for mark in _MARKS.finditer(path))].rpartition("/")
    real = f"{_real(folder + slash).rstrip('/')}/{path[len(folder + slash) :]}"
    return _matches(real, _real(file)) or _matches(path, file)


def _matches(pattern: str, file: str) -> bool:
    from fsspec.utils import glob_translate

    try:
        return re.match(glob_translate(pattern), file) is not None
    except ValueError:  # no pattern, as whoever opens the input will say
        return False


def _real(path: str) -> str:
    """A path in the one way of writing, on the disk or as a URI without options."""
    if "://" not in path:
        return os.path.realpath(path)
    parts = urlsplit(path)
    if parts.scheme == "file":
        return os.path.realpath(parts.path)
    scheme = {"gcs": "gs", "s3a": "s3"}.get(parts.scheme, parts.scheme)
    return f"{scheme}://{parts.netloc.rpartition('@')[2]}{posixpath.normpath(f'/{parts.path}')}".rstrip("/")

"""What a command prints, where it may not be printed: a reader that has left, a full disk, no stream at all.

What is done is in the run folder, so that no run ends for a log that cannot be written. What a command was to answer
and could not is said at its end.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast


@contextmanager
def forgiving() -> Iterator["Result"]:
    """Has the block go on where standard output or error cannot be written; yields what becomes of the one."""
    before = sys.stdout, sys.stderr
    result = Result(sys.stdout, 1)
    sys.stdout, sys.stderr = cast("TextIO", result), cast("TextIO", _Forgiving(sys.stderr, 2))
    try:
        yield result
    finally:
        sys.stdout, sys.stderr = before


class _Forgiving:
    """A stream that drops what it cannot write, from the first time on.

    Args:
        stream: the process's own; None where it has none.
        descriptor: of its file.
    """

    def __init__(self, stream: TextIO | None, descriptor: int) -> None:
        # "a" takes the place of a descriptor that is closed: another file would else get its number.
        self._stream = stream or open(os.devnull, "a", encoding="utf-8")  # noqa: SIM115, PTH123 (to the end)
        self._descriptor = descriptor
        self.failed: OSError | None = None
        """Why something was dropped."""

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            self._drop(error)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._drop(error)

    def _drop(self, error: OSError) -> None:
        self.failed = self.failed or error
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._descriptor)  # where also what is buffered goes
        os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Result(_Forgiving):
    """The standard output, where a command's answer goes."""

    @property
    def lost(self) -> str:
        """Why somebody who waits for the answer has not got it; "" where there is nobody, or nothing is lost."""
        self.flush()
        return "" if self.failed is None or self.failed.errno == errno.EPIPE else str(self.failed.strerror)

"""Every error a person may meet, and the exit code each ends a run with.

An error names the thing, the place and the remedy. A row that fails is data (a reject), never one of these.
"""

import signal
from collections.abc import Sequence
from typing import ClassVar


class A2RError(Exception):
    """What ends a command with a message instead of a traceback."""

    exit_code = 1


class ConfigError(A2RError):
    """The config or the usage is wrong; ``problems`` lists every mistake found, one line each."""

    exit_code = 2

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)

    def __reduce__(self) -> tuple[type["ConfigError"], tuple[list[str]]]:
        return type(self), (self.problems,)


class InputError(A2RError):
    """The input cannot be read at all."""

    exit_code = 2


class OutputError(A2RError):
    """The run folder cannot be used: it holds something else, or cannot be written."""

    exit_code = 2


class StorageError(OutputError):
    """A file of the run folder cannot be written or read, or is damaged."""

    exit_code = 1


class EngineError(A2RError):
    """An engine could not start, or died."""


class Stopped(BaseException):
    """A signal asked the command to stop. No Exception, so that nothing takes it for a failure."""

    asked: ClassVar["Stopped | None"] = None
    """What a signal has asked of this process: Ray's native code, where it waits, prints what a handler raises, and
    waits on.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.exit_code = 128 + signum

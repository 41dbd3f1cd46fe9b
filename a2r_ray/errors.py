"""Every error a person may meet: what ends a command, with its exit code, and the kinds of what fails as data.

An error names the thing, the place and the remedy. A row, a request or a path that fails is data and never raises: its
``error_kind`` is one of ``ErrorKind``.
"""

import signal
from collections.abc import Sequence
from enum import StrEnum
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


class ColumnError(InputError):
    """A configured column is not there."""


class OutputError(A2RError):
    """The run folder cannot be used: it holds something else, or cannot be written."""

    exit_code = 2


class StorageError(OutputError):
    """A file of the run folder cannot be written or read, or is damaged."""

    exit_code = 1


class EngineError(A2RError):
    """An engine could not start, or died."""


class ServiceError(A2RError):
    """A server refuses whatever it is asked: nothing is gained by starting its engine again."""


class Stopped(BaseException):
    """A signal asked the command to stop. No Exception, so that nothing takes it for a failure."""

    asked: ClassVar["Stopped | None"] = None
    """What a signal has asked of this process: Ray's native code, where it waits, prints what a handler raises, and
    waits on.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.signum = signum
        self.exit_code = 128 + signum


class ErrorKind(StrEnum):
    """The kinds of failures that are data: of input rows, of requests, of problems."""

    # An input row is no problem.
    UNREADABLE_FILE = "unreadable_file"
    UNREADABLE_ROW = "unreadable_row"
    INVALID_UTF8 = "invalid_utf8"
    MALFORMED_JSON = "malformed_json"
    MALFORMED_CSV = "malformed_csv"
    NOT_AN_OBJECT = "not_an_object"
    MISSING_ID = "missing_id"
    MISSING_PROBLEM = "missing_problem"
    MISSING_PATHS = "missing_paths"
    EMPTY_PROBLEM = "empty_problem"
    ENDS_WITH_ASSISTANT = "ends_with_assistant"
    WRONG_TYPE = "wrong_type"
    DUPLICATE_ID = "duplicate_id"

    # A request was not answered.
    ENGINE_DIED = "engine_died"
    """Not the request's fault, so it is to be asked again of another engine."""
    NO_SERVICE = "no_service"
    """The server refuses whatever it is asked, so the run ends."""
    ENGINE = "engine"
    """The engine failed at this request in a way that it has no name for."""
    PROMPT_TOO_LONG = "prompt_too_long"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    SERVER = "server"
    CONNECTION = "connection"
    BAD_REPLY = "bad_reply"
    ABORTED = "aborted"
    """The engine gave the request up: what it had said by then is no path."""
    EMPTY = "empty"
    """The reply ended well and says nothing at all, not even in thinking."""
    SIMULATED = "simulated"

    # A problem has nothing to show.
    NO_PATH = "no_path"
    NOTHING_VISIBLE = "nothing_visible"
    NO_ANSWER = "no_answer"
    POISON = "poison"
    """It ended the replicas that worked on it."""

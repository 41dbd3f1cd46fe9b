"""The command line: a command's errors, and the signals that stop it, become a message and an exit code.

The verbs are in ``commands``, which is imported once signals are listened to: from its first moment on a command that
is stopped ends in order.
"""

import atexit
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from a2r_ray.errors import A2RError, ConfigError, Stopped
from a2r_ray.terminal.streams import forgiving

COMPLETE, FAILED, USAGE, REJECTS, UNBALANCED = 0, 1, 2, 3, 4

_ONE_ASKING_S = 1.0
"""Signals within it are one: who stops a command may tell it and its process group."""


def guarded(command: Callable[[], int]) -> int:
    """Runs a command; its errors become a message on stderr and an exit code, and signals end it cleanly."""
    with forgiving() as result:
        code = _code_of(command)
        if result.lost:
            _tell(f"error: standard output cannot be written: {result.lost}; else it had been exit {code}")
            return FAILED
        return code


def _asking() -> list[signal.Signals]:
    """The signals that ask a command to stop; not that of a terminal that closes, where ``nohup`` has it ignored."""
    every = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    return [signum for signum in every if signum != signal.SIGHUP or signal.getsignal(signum) != signal.SIG_IGN]


def _code_of(command: Callable[[], int]) -> int:
    for signum in _asking():
        signal.signal(signum, _stop)
    sys.unraisablehook = _stop_again
    # Python, as it ends, would look for circles among all that was imported, for half a second.
    atexit.register(gc.freeze)
    try:
        return command()
    except A2RError as error:
        problems = error.problems if isinstance(error, ConfigError) else [str(error)]
        _tell("\n".join(f"error: {problem}" for problem in problems))
        return error.exit_code
    except Stopped as stopped:
        return _told(stopped)
    except ModuleNotFoundError as error:  # a2r_ray came along with a job, or was copied, and what it needs did not
        if str(error.name).startswith(__package__ or "a2r_ray"):
            raise
        remedy = "install a2r_ray with what it needs there, or call the Python that has it"
        _tell(f"error: {sys.executable} has no package {error.name}: {remedy}")
        return A2RError.exit_code
    except Exception as error:
        if Stopped.asked is not None:
            return _told(Stopped.asked)  # native code that was broken off says so in its own way
        if (code := _of_usage(error)) is None:
            raise
        return code
    finally:
        # What was asked for is done, and how it went is settled: Python, as it ends, would let a signal kill it.
        for signum in _asking():
            signal.signal(signum, signal.SIG_IGN)


def _of_usage(error: Exception) -> int | None:
    """The exit code of what Click says of how it was called, once that is said; None for other errors."""
    from click import ClickException

    if not isinstance(error, ClickException):
        return None
    error.show()
    return error.exit_code


def _told(stopped: Stopped) -> int:
    _tell(f"stopped by {stopped}; the same command continues")
    return stopped.exit_code


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def _stop(signum: int, _frame: FrameType | None) -> None:
    """The first signal ends the run in order, a later one at once; Ray's processes end with this one."""
    asked_at = time.monotonic()

    def end(signum: int, _frame: FrameType | None) -> None:
        if time.monotonic() - asked_at > _ONE_ASKING_S:
            os._exit(128 + signum)

    for again in _asking():
        signal.signal(again, end)
    Stopped.asked = Stopped(signum)
    with suppress(OSError):
        os.write(2, f"stopping ({Stopped.asked}); a second signal ends it at once\n".encode())
    raise Stopped.asked


def _stop_again(dropped: "sys.UnraisableHookArgs") -> None:
    """Sends a signal again whose exception Python dropped, since it came while an object was being done away with."""
    if not isinstance(dropped.exc_value, Stopped):
        sys.__unraisablehook__(dropped)
        return
    for signum in _asking():
        signal.signal(signum, _stop)
    threading.Timer(0.01, os.kill, (os.getpid(), dropped.exc_value.signum)).start()


def main() -> None:
    """The ``a2r`` command."""
    sys.exit(guarded(_called))


def _called() -> int:
    from a2r_ray.cli.commands import cli

    return cli(standalone_mode=False) or COMPLETE

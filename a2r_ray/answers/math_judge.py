"""Who is asked whether two mathematical answers are equal: workers (``math_worker``), for all threads of a process.

- There are two lanes, each with a worker of its own. Every comparison begins in the quick one; what is undecided there
  after ``QUICK_S`` goes to the slow one. So a hard comparison keeps nobody waiting but those that are hard themselves.
- What a thread may spend is its ``budget``: whoever counts a vote, or gives a verdict, opens one. What could not be
  decided counts as different, and is counted.
"""

import atexit
import contextlib
import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import IO, cast

from a2r_ray.answers import math_worker
from a2r_ray.answers.math_worker import CPU_LIMIT_S, LIMIT_SIGNALS, may_be_shown
from a2r_ray.errors import A2RError

QUICK_S = 0.2
"""Seconds of CPU for a comparison in the quick lane; nearly all take a hundredth of it."""
KEPT_VERDICTS = 10_000


class Budget:
    """What a thread's comparisons may still cost, and what they could not decide.

    Args:
        cpu_s: seconds of CPU.
    """

    def __init__(self, cpu_s: float) -> None:
        self.left_s = cpu_s
        self.undecided = 0


_spending: ContextVar[Budget | None] = ContextVar("spending", default=None)


@contextlib.contextmanager
def budget(cpu_s: float) -> Iterator[Budget]:
    """Bounds what the comparisons of this thread cost.

    Args:
        cpu_s: seconds of CPU for all of them.
    """
    own = Budget(cpu_s)
    token = _spending.set(own)
    try:
        yield own
    finally:
        _spending.reset(token)


def equal(a: str, b: str) -> bool:
    """Whether two answers, in the one way of writing of kind ``math``, are equal; False for what is undecided.

    Raises:
        A2RError: the worker process does not start, so that no verdict could be trusted.
    """
    return may_be_shown(a) and may_be_shown(b) and _judge.verdict(a, b)


class _Judge:
    """The lanes, and the verdicts that are known."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """For a forked child: neither its parent's workers, nor locks whose holders it lacks."""
        self._quick, self._slow = _Lane(), _Lane()
        self._verdicts: dict[tuple[str, str], tuple[bool | None]] = {}

    def verdict(self, a: str, b: str) -> bool:
        pair = (a, b) if a <= b else (b, a)
        spending = _spending.get() or Budget(math.inf)
        known = self._verdicts.get(pair)  # in one step: another thread may clear them
        [verdict] = known or [self._ask(pair, spending)]
        spending.undecided += verdict is None
        return bool(verdict)

    def close(self) -> None:
        """Ends the workers; a later question starts others."""
        self._quick.close()
        self._slow.close()

    def _ask(self, pair: tuple[str, str], spending: Budget) -> bool | None:
        """The verdict; None where it is undecided."""
        for lane, limit_s in ((self._quick, QUICK_S), (self._slow, CPU_LIMIT_S)):
            with lane.lock:
                if (known := self._verdicts.get(pair)) is not None:  # another thread has asked while this one waited
                    return known[0]
                own_s = min(limit_s, spending.left_s)
                if own_s <= 0:
                    return None
                verdict, spent_s = lane.ask(pair, own_s)
                spending.left_s -= spent_s
                if verdict is not None or own_s == CPU_LIMIT_S:
                    self._keep(pair, verdict)
                if verdict is not None:
                    return verdict
        return None

    def _keep(self, pair: tuple[str, str], verdict: bool | None) -> None:  # noqa: FBT001
        if len(self._verdicts) >= KEPT_VERDICTS:
            self._verdicts.clear()
        self._verdicts[pair] = (verdict,)


class _Lane:
    """A worker, started at the first question, replaced when a question kills it. Whoever asks holds its lock.

    The worker is a plain subprocess: multiprocessing's spawn would run the caller's main module again, which fails for
    a script without a ``__main__`` guard, and in a Ray actor imports Ray.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._worker: subprocess.Popen[bytes] | None = None

    def ask(self, pair: tuple[str, str], limit_s: float) -> tuple[bool | None, float]:
        """The verdict, None where it took longer than it may, and the seconds of CPU that it took."""
        question = json.dumps([*pair, limit_s]).encode() + b"\n"
        for _ in range(2):  # a worker that died of something else than its limits gets a successor
            worker = self._worker = self._worker or _start()
            try:
                reply = _exchange(worker, question)
            except BaseException:  # interrupted: this reply must not be taken for the next question's
                self.close()
                raise
            if reply:
                verdict, spent_s = json.loads(reply)
                return verdict, spent_s
            self.close()
            if -worker.wait() in LIMIT_SIGNALS:
                return None, limit_s
        return False, 0.0

    def close(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            _end(worker)


_INHERITED = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "HOME", "TMPDIR")


def _start() -> "subprocess.Popen[bytes]":
    """A worker that is ready. It ends when its stdin closes, so at the latest a limit after this process."""
    search_path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    worker = subprocess.Popen(  # noqa: S603  a module of this package
        [sys.executable, "-P", "-m", math_worker.__name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        env={name: os.environ[name] for name in _INHERITED if name in os.environ} | {"PYTHONPATH": search_path},
    )
    if _exchange(worker, b"") != b"ready\n":
        _end(worker)
        raise A2RError("math-verify does not start, so answers cannot be compared; its error is on stderr, above")
    return worker


def _exchange(worker: "subprocess.Popen[bytes]", question: bytes) -> bytes:
    """Sends a line and waits for one; b"" where the worker has died."""
    questions, replies = cast("tuple[IO[bytes], IO[bytes]]", (worker.stdin, worker.stdout))
    with contextlib.suppress(BrokenPipeError):
        questions.write(question)
    return replies.readline()


def _end(worker: "subprocess.Popen[bytes]") -> None:
    worker.kill()
    with worker:
        """Leaving it closes the pipes and waits."""


_judge = _Judge()
atexit.register(_judge.close)
os.register_at_fork(after_in_child=_judge.reset)

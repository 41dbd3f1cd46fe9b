r"""Whether two mathematical answers are equal, by math-verify in a worker process under guard.

- math-verify needs a main thread, it can hang in C code, and it can be made to run code. So there is one worker process
  per calling process, and a comparison takes at most ``CPU_LIMIT_S``, after which the two count as different.
- Why it can run code: where it evaluates an infinite sum, sympy's ``lambdify`` compiles names that the text chose
  (``\sum_{n=0}^{\infty} \frac{\bar{[0]if[]else(open(…))}^n}{n!}`` opens that file; math-verify 0.9, sympy 1.14), and
  its plain expressions go to ``parse_expr``, which is ``eval``. So plain expressions are never asked for, only known
  LaTeX commands and plain names pass, ``lambdify`` may not execute, and the worker's environment holds no secrets.
"""

import atexit
import contextlib
import importlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, cast

from a2r_ray.errors import A2RError

MAX_MATH = 300
"""Characters; longer mathematics is compared as text only, since most of it would only reach the time limit."""
CPU_LIMIT_S = 2.0
"""Seconds of CPU for one comparison: a busy machine changes no verdict."""
WALL_LIMIT_S = 30.0
"""Seconds of waiting for one comparison, for what hangs without computing."""
MEMORY_LIMIT = 2 << 30
"""Bytes of address space that the worker may have; at work it takes 0.4 GB, of which 0.1 GB is resident."""
KEPT_VERDICTS = 10_000


def equal(a: str, b: str) -> bool:
    """Whether two answers, in the one way of writing of ``answers``, are equal; False for what must not be looked at.

    Raises:
        A2RError: the worker process does not start, so that no verdict could be trusted.
    """
    return _safe(a) and _safe(b) and _judge.verdict(a, b)


# The lock before math-verify ----------------------------------------------------------------------------------------

_ALPHABET = re.compile(r"[\w\s\\{}()\[\]^+\-*/=<>,.;:!|&%'×÷⋅±∓≤≥≠≈∪∩∅]*")  # noqa: RUF001
_COMMAND = re.compile(r"\\([a-zA-Z]+)")
_HARMLESS = """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho sigma tau
    upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell hbar infty
    frac sqrt binom dbinom tbinom choose over cdot times div pm mp bmod mod log ln exp
    sin cos tan sec csc cot sinh cosh tanh arcsin arccos arctan arcsec arccsc arccot arcsinh arccosh arctanh
    le leq leqslant ge geq geqslant lt gt ne neq approx equiv in notin cup cap setminus emptyset varnothing mid
    to rightarrow circ degree angle triangle ldots cdots dots begin end
    lfloor rfloor lceil rceil lvert rvert vert langle rangle lbrace rbrace
    text textbf textit textrm textnormal mathrm mathbf mathit mathbb mathcal mbox bar overline vec hat tilde
"""
_COMMANDS = frozenset(_HARMLESS.split())
_NAME = re.compile(r"(?:_|\\(?:text|math|mbox|bar|overline|vec|hat|tilde)[a-z]*) ?\{([^}]*)")
_PLAIN_NAME = re.compile(r"[^()\[\]']*|\(\w+\)")


def _safe(plain: str) -> bool:
    """Whether math-verify may see this: short, of commands known to be harmless, and with names that cannot be code."""
    return (
        len(plain) <= MAX_MATH
        and _ALPHABET.fullmatch(plain) is not None
        and "__" not in plain
        and ("\\\\" not in plain or "\\begin" in plain)
        and all(command in _COMMANDS for command in _COMMAND.findall(plain))
        and all(_PLAIN_NAME.fullmatch(name) for name in _NAME.findall(plain))
    )


# The worker ---------------------------------------------------------------------------------------------------------

_LIMIT_SIGNALS = (signal.SIGPROF, signal.SIGALRM)
_INHERITED = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "HOME", "TMPDIR")


class _Judge:
    """math-verify in a process of its own: started at the first question, replaced when a question kills it.

    The questions of all threads queue. The worker is a plain subprocess: multiprocessing's spawn would run the caller's
    main module again, which fails for a script without a ``__main__`` guard, and in a Ray actor imports Ray.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """For a forked child: neither its parent's worker, nor a lock whose holder it lacks."""
        self._lock = threading.Lock()
        self._worker: subprocess.Popen[bytes] | None = None
        self._verdicts: dict[tuple[str, str], bool] = {}

    def verdict(self, a: str, b: str) -> bool:
        pair = (a, b) if a <= b else (b, a)
        known = self._verdicts.get(pair)
        if known is not None:
            return known
        with self._lock:
            if pair not in self._verdicts:  # another thread may have asked while this one waited
                verdict = self._ask(pair)
                if len(self._verdicts) >= KEPT_VERDICTS:
                    self._verdicts.clear()
                self._verdicts[pair] = verdict
            return self._verdicts[pair]

    def close(self) -> None:
        """Ends the worker; a later question starts another."""
        worker, self._worker = self._worker, None
        if worker is not None:
            _end(worker)

    def _ask(self, pair: tuple[str, str]) -> bool:
        question = json.dumps(pair).encode() + b"\n"
        for _ in range(2):  # a worker that died of something else than its limits gets a successor
            worker = self._worker = self._worker or _start()
            try:
                reply = _exchange(worker, question)
            except BaseException:  # interrupted: this reply must not be taken for the next question's
                self.close()
                raise
            if reply:
                return reply == b"1\n"
            self.close()
            if -worker.wait() in _LIMIT_SIGNALS:
                break
        return False


def _start() -> "subprocess.Popen[bytes]":
    """A worker that is ready. It ends when its stdin closes, so at the latest a limit after this process."""
    search_path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    worker = subprocess.Popen(  # noqa: S603  this very module
        [sys.executable, "-P", "-m", __name__],
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


def _serve() -> None:
    """The worker: a pair of answers per line of stdin, a verdict per line of stdout.

    Its limits end it by signals left at their default, which stop C code too, and need no parent that lives.
    """
    import math_verify  # noqa: F401

    _harden()
    replies = sys.stdout.buffer
    sys.stdout = sys.stderr
    replies.write(b"ready\n")
    replies.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    for line in sys.stdin.buffer:
        signal.setitimer(signal.ITIMER_PROF, CPU_LIMIT_S)
        signal.setitimer(signal.ITIMER_REAL, WALL_LIMIT_S)
        verdict = _verify(*json.loads(line))
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        replies.write(b"1\n" if verdict else b"0\n")
        replies.flush()


def _harden() -> None:
    """Sets the limits, and takes from sympy the power to execute what it compiled."""

    def refuse(*_: object) -> None:
        raise PermissionError("no generated code is executed here")

    vars(importlib.import_module("sympy.utilities.lambdify"))["exec"] = refuse
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, who may have questions still
    for number in _LIMIT_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _LIMIT_SIGNALS)


def _verify(a: str, b: str) -> bool:
    """math-verify's verdict, in either direction; False where it can read or compare nothing."""
    from math_verify import verify

    try:
        one, other = _parse(a), _parse(b)
        equal = any(verify(*pair, timeout_seconds=None) for pair in ((one, other), (other, one)))
        return equal and not _apart(one[0], other[0])
    except MemoryError:
        os._exit(1)  # the successor has room again
    except Exception:  # noqa: BLE001  whatever a text does to math-verify, it is no equality
        return False


_TINY, _CLOSE = 1e-6, 1e-3


def _apart(one: Any, other: Any) -> bool:
    """Whether these are numbers next to zero that differ, by so little that math-verify sees no difference."""
    if not all(getattr(value, "is_number", False) for value in (one, other)):
        return False
    size = max(abs(value.evalf()) for value in (one, other))  # far below what a float of Python's can be
    if size >= _TINY or (one - other).equals(0):
        return False
    return bool(abs((one - other).evalf()) > _CLOSE * size)


@lru_cache(maxsize=256)
def _parse(answer: str) -> list[Any]:
    """math-verify's reading of it as LaTeX: no or one sympy expression."""
    from math_verify import LatexExtractionConfig, parse

    latex = [LatexExtractionConfig(boxed_match_priority=0)]
    expressions: list[Any] = parse(f"\\boxed{{{answer}}}", latex, fallback_mode="no_fallback", parsing_timeout=None)
    return expressions


_judge = _Judge()
atexit.register(_judge.close)
os.register_at_fork(after_in_child=_judge.reset)

if __name__ == "__main__":
    _serve()

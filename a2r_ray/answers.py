r"""Answers: what a text gives as its final answer, and whether two answers mean the same.

- Texts are untrusted. Finding an answer takes linear time; comparing two takes at most ``CPU_LIMIT_S``, after which
  they count as different.
- Numbers and words are compared here. Only mathematics goes to math-verify, in one worker process per calling process:
  it needs a main thread, it can hang in C code, and it can be made to run code.
- Why the last: where math-verify evaluates an infinite sum, sympy's ``lambdify`` compiles names that the text chose
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
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple, cast

from a2r_ray import prompts
from a2r_ray.errors import A2RError

MAX_LENGTH = 4_000
"""Characters; what is longer is no answer."""
MAX_MATH = 300
"""Characters; longer mathematics is compared as text only, since most of it would only reach the time limit."""
CPU_LIMIT_S = 2.0
"""Seconds of CPU for one comparison: a busy machine changes no verdict."""
WALL_LIMIT_S = 30.0
"""Seconds of waiting for one comparison, for what hangs without computing."""
MEMORY_LIMIT = 2 << 30
"""Bytes of address space that the worker may have; at work it takes 0.4 GB, of which 0.1 GB is resident."""
KEPT_VERDICTS = 10_000

# Finding ------------------------------------------------------------------------------------------------------------

_BOX = re.compile(r"(\\{1,2}(?:boxed|fbox)\s*\{)|\\.|[{}]", re.DOTALL)
_PHRASE = re.compile(
    r"\banswer\b(?:[ \t]{1,3}(?:to|of|for)[ \t][^\n.:]{1,80}?)?(?:\*\*)?[ \t]{0,3}(?::|=|is\b[ \t]{0,3}:?)"
    r"|^[#*\s]{0,8}(?:the )?final answer[ \t*]{0,4}$"
    r"|^[ \t]{0,3}####(?=[ \t]*[-+$]{0,2}[\d.,]+[ \t]*$)",
    re.IGNORECASE | re.MULTILINE,
)
_LEAD = re.compile(r"(?:[\s*$:`]|\\[\[(])*")
_SENTENCE_END = re.compile(r"\.(?:\s|$)")
_BLANK = " \t\r\n._?…"
"""What a place left open is filled with: ``\\boxed{...}`` repeats the question's form."""
_BOX_NAME = re.compile(r"\\(?:boxed|fbox)")
_DELIMITER = re.compile(r"(?<!\\)(?:\\?\$|\\[()\[\]])")
_WRAPPER = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mbox)\s*\{([^{}]*)\}")


def extract(text: str) -> str | None:
    r"""The final answer in a model's text; None where it gives none.

    That is the last ``\boxed{…}`` or ``\fbox{…}`` that is closed and not blank, else what follows the last "answer is",
    "Answer:", "Final answer" heading or "#### 42" (GSM8K), up to the end of its sentence. Only what a reader is shown
    counts (``prompts.visible``). It is never the last number of a text without such a mark, as some graders guess: most
    often that is an intermediate value, and a vote counts it as if it had been meant. Nor is it what stands in a box
    that was cut off, which may be half of a number.

    The answer comes without whitespace, math delimiters, bold marks, one ``\text{}`` and the full stop around it.
    """
    shown = prompts.visible(text)
    answer = _boxed(shown)
    if answer is None:
        answer = _phrased(shown)
    if answer is None or len(answer) > MAX_LENGTH:
        return None
    answer = _clean(answer)
    return answer if answer.strip(_BLANK) else None


def _boxed(text: str) -> str | None:
    """What stands in the last box that is closed and not blank; of boxes in one another, in the outer."""
    start = min((at for at in (text.find("\\boxed"), text.find("\\fbox")) if at >= 0), default=len(text))
    last: slice | None = None
    opened: list[int | None] = []  # where the content of each open box starts; None for any other open brace
    for token in _BOX.finditer(text, start):
        if token[1]:
            opened.append(token.end())
        elif token[0] == "{":
            opened.append(None)
        elif token[0] == "}" and opened:
            begin, end = opened.pop(), token.start()
            if begin is not None and (end - begin > MAX_LENGTH or text[begin:end].strip(_BLANK)):
                last = slice(begin, end)
    return None if last is None else text[last].strip()


def _phrased(text: str) -> str | None:
    """What follows the last phrase that announces an answer, up to the end of its sentence or line."""
    end = max((match.end() for match in _PHRASE.finditer(text)), default=None)
    if end is None:
        return None
    lead = _LEAD.match(text, end)
    line = text[lead.end() if lead else end :].partition("\n")[0]
    answer = _SENTENCE_END.split(line, maxsplit=1)[0].strip()
    return None if _BOX_NAME.search(answer) else answer


def _clean(text: str) -> str:
    """The answer without what only surrounds it."""
    while True:
        before = text
        text = _DELIMITER.sub("", text).strip().strip("`").removeprefix("**").removesuffix("**").strip()
        if text.endswith(".") and not text.endswith(".."):
            text = text[:-1]
        if wrapped := _WRAPPER.fullmatch(text):
            text = wrapped[1]
        elif _BOX_NAME.match(text):
            text = _boxed(text) or ""
        if text == before:
            return text


# Comparing ----------------------------------------------------------------------------------------------------------

_Kind = Literal["number", "percent", "words", "math"]


class _Reading(NamedTuple):
    kind: _Kind
    value: Fraction | int | str
    """Equal values of one kind are equal answers."""
    plain: str
    """The answer in the one way of writing."""


def equivalent(a: str, b: str) -> bool:
    r"""Whether two answers mean the same; symmetric, from any thread.

    - The same text, once spacing, delimiters and variants such as ``\dfrac`` are made one: yes.
    - Two numbers (``1,000``, ``-.5``, ``007``, ``2e3``, ``3/4``, ``\frac{3}{4}``) are compared exactly: 0.333 is not
      1/3. A percentage equals only a percentage: math-verify takes 50% for 0.5 and for 50, which are not equal.
    - Two texts of words only are compared without case. A number is no word.
    - Anything else is for math-verify. Its ``verify(gold, prediction)`` is not symmetric (as gold, an inequality equals
      the interval that it defines; as prediction, not), and in a vote neither is gold: either direction suffices.

    Not transitive: ``(1,2)`` is ``1,2``, which is ``2,1``, and ``(1,2)`` is not ``(2,1)``.

    Raises:
        A2RError: the worker process does not start, so that no verdict on mathematics could be trusted.
    """
    if a == b:
        return True
    if len(a) > MAX_LENGTH or len(b) > MAX_LENGTH:
        return False
    one, other = _read(a), _read(b)
    if one.kind == other.kind and one.value == other.value:
        return True
    if "math" not in (one.kind, other.kind):
        return False
    return _safe(one.plain) and _safe(other.plain) and _judge.verdict(one.plain, other.plain)


@lru_cache(maxsize=4096)
def _read(answer: str) -> _Reading:
    """What kind of answer this is, and its value."""
    if answer.isascii() and answer.isdigit():  # most answers, at a tenth of the time
        return _Reading("number", int(answer), answer)
    plain = _plain(answer)
    if (number := _number(plain)) is not None:
        return _Reading("number", number, plain)
    if plain.endswith("%") and (number := _number(plain[:-1].rstrip())) is not None:
        return _Reading("percent", number, plain)
    if _WORDS.fullmatch(plain):
        return _Reading("words", plain.casefold(), plain)
    return _Reading("math", plain, plain)


_SIGNS = str.maketrans(
    {"\u2212": "-", "°": "^\\circ ", "·": "\\cdot ", "√": "\\sqrt ", "∞": "\\infty ", "\u2208": "\\in "}
)
_FILLER = re.compile(r"\\[,!]\s*|\\(?:left|right)(?![a-zA-Z])\.?|\\displaystyle(?![a-zA-Z])|\\text\s*\{\s*\}")
_SPACE = re.compile(r"(?:(?<!\\)\\[;: ]|\\q?quad(?![a-zA-Z])|[~\s])+")
_LOOSE = re.compile(r" ?([-+*/=<>^_|(){}\[\]]) ?")
_FRACTION = re.compile(r"\\[dtc]frac(?![a-zA-Z])")
_DECIMAL = re.compile(r"[+-]?(?=\.?[0-9])(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?")
_RATIO = re.compile(r"([+-]?)(?:([+-]?[0-9]+)/([0-9]+)|\\frac ?\{([+-]?[0-9]+)\}\{([0-9]+)\}|\\frac ?([0-9]) ?([0-9]))")
_WORDS = re.compile(r"[^\W\d_]+(?:[ '][^\W\d_]+)*")


def _plain(answer: str) -> str:
    """The answer in one way of writing."""
    text = _clean(answer).translate(_SIGNS).replace("{,}", ",")
    if "\\" in text:
        # Two backslashes end a row of a matrix; elsewhere they are one, escaped.
        text = text.replace("\\\\", "\\\\ " if "\\begin" in text else "\\")
        text = _FRACTION.sub(lambda _: "\\frac", _FILLER.sub("", text)).replace("\\%", "%")
    return _LOOSE.sub(r"\1", _SPACE.sub(" ", text)).strip()


def _number(text: str) -> Fraction | None:
    """The exact value of a plain number; None for any other text, and for an exponent of more than three digits."""
    if _DECIMAL.fullmatch(text):
        return Fraction(text.replace(",", ""))
    ratio = _RATIO.fullmatch(text)
    if ratio is None:
        return None
    sign, over, under = (part for part in ratio.groups() if part is not None)
    return Fraction(int(sign + "1") * int(over), int(under)) if int(under) else None


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
        return any(verify(*pair, timeout_seconds=None) for pair in ((one, other), (other, one)))
    except MemoryError:
        os._exit(1)  # the successor has room again
    except Exception:  # noqa: BLE001  whatever a text does to math-verify, it is no equality
        return False


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

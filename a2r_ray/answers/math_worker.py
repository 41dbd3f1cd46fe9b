r"""Whether two mathematical answers are equal, by math-verify in a worker process under guard.

- math-verify needs a main thread, it can hang in C code, and it can be made to run code. So there is one worker process
  per calling process, and a comparison takes at most ``CPU_LIMIT_S``, after which the two count as different.
- Why it can run code: where it evaluates an infinite sum, sympy's ``lambdify`` compiles names that the text chose
  (``\sum_{n=0}^{\infty} \frac{\bar{[0]if[]else(open(…))}^n}{n!}`` opens that file; math-verify 0.9, sympy 1.14), and
  its plain expressions go to ``parse_expr``, which is ``eval``. So plain expressions are never asked for, only known
  LaTeX commands and plain names pass, ``lambdify`` may not execute, and the worker's environment holds no secrets.
"""

import importlib
import json
import os
import re
import resource
import signal
import sys
import time
from functools import lru_cache
from typing import Any

from a2r_ray.answers import math_values
from a2r_ray.answers.misread import misread

MAX_MATH = 300
"""Characters; longer mathematics is compared as text only, since most of it would only reach the time limit."""
CPU_LIMIT_S = 2.0
"""Seconds of CPU for one comparison: a busy machine changes no verdict."""
WALL_LIMIT_S = 30.0
"""Seconds of waiting for one comparison, for what hangs without computing."""
MEMORY_LIMIT = 2 << 30
"""Bytes of address space that the worker may have; at work it takes 0.4 GB, of which 0.1 GB is resident."""


# The lock before math-verify ----------------------------------------------------------------------------------------

_ALPHABET = re.compile(r"[\w\s\\{}()\[\]^+\-*/=<>,.;:!|&%'×÷⋅±∓≤≥≠≈∪∩∅]*")
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


def may_be_shown(plain: str) -> bool:
    """Whether math-verify may see this: short, of commands known to be harmless, and with names that cannot be code."""
    return (
        len(plain) <= MAX_MATH
        and _ALPHABET.fullmatch(plain) is not None
        and "__" not in plain
        and ("\\\\" not in plain or "\\begin" in plain)
        and all(command in _COMMANDS for command in _COMMAND.findall(plain))
        and all(_PLAIN_NAME.fullmatch(name) for name in _NAME.findall(plain))
        and not misread(plain)
    )


# The worker ---------------------------------------------------------------------------------------------------------

LIMIT_SIGNALS = (signal.SIGPROF, signal.SIGALRM)
_GRACE_S = 1.0
"""Seconds of CPU after its limit in which a comparison may be broken off in order; then the worker is ended."""


class _OverTimeError(BaseException):
    """A comparison took what it may. No Exception, so that no library takes it for a failure of its own."""


def _serve() -> None:
    """The worker: two answers and a limit a line of stdin, the verdict and the seconds that it took a line of stdout.

    A limit breaks a comparison off. Where that does not help, for C code hears of no Python, signals left at their
    default end the worker; they need no parent that lives.
    """
    import math_verify  # noqa: F401

    _harden()
    replies = sys.stdout.buffer
    sys.stdout = sys.stderr
    replies.write(b"ready\n")
    replies.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    told_s = time.process_time()
    for line in sys.stdin.buffer:
        a, b, limit_s = json.loads(line)
        signal.setitimer(signal.ITIMER_PROF, limit_s + _GRACE_S)
        signal.setitimer(signal.ITIMER_REAL, WALL_LIMIT_S)
        verdict = _verdict_within(a, b, limit_s)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        spent_s = time.process_time()  # with what the last reply took to write, and this question to read
        replies.write(json.dumps([verdict, spent_s - told_s]).encode() + b"\n")
        replies.flush()
        told_s = spent_s


def _verdict_within(a: str, b: str, limit_s: float) -> bool | None:
    """The verdict; None where it takes longer than so many seconds of CPU."""
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, limit_s)
        try:
            return _verify(a, b)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except _OverTimeError:
        return None


def _harden() -> None:
    """Sets the limits, and takes from sympy the power to execute what it compiled."""

    def refuse(*_: object) -> None:
        raise PermissionError("no generated code is executed here")

    vars(importlib.import_module("sympy.utilities.lambdify"))["exec"] = refuse
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, who may have questions still
    for number in LIMIT_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGVTALRM, _over_time)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {*LIMIT_SIGNALS, signal.SIGVTALRM})


def _over_time(*_: object) -> None:
    raise _OverTimeError


def _verify(a: str, b: str) -> bool:
    """math-verify's verdict, in either direction; False where it can read or compare nothing."""
    from math_verify import verify

    try:
        imaginary = any(map(_is_complex, (a, b)))
        real = not imaginary and not any(map(_is_size, (a, b)))
        one, other = (_parse(answer, real=real, imaginary=imaginary) for answer in (a, b))
        if any(map(_holds_no_unknown, (*one, *other))):
            return False  # side by side these were no equality, and math-verify sees but the difference of the sides
        if one and other and (told := math_values.same(one[0], other[0])) is not None:
            return told
        equal = any(verify(*pair, timeout_seconds=None) for pair in ((one, other), (other, one)))
        return equal and not _apart(one[0], other[0])
    except MemoryError:
        os._exit(1)  # the successor has room again
    except Exception:  # noqa: BLE001  whatever a text does to math-verify, it is no equality
        return False


def _holds_no_unknown(expression: Any) -> bool:
    """Whether it is, or has, a relation that no symbol decides, as f(0) = 1, 6*4 = 24 or x = x + 1."""
    import sympy
    from sympy.core.function import AppliedUndef

    if isinstance(expression, (bool, sympy.logic.boolalg.BooleanAtom)):
        return True
    if not isinstance(expression, sympy.Basic):
        return False  # a matrix
    for relation in expression.atoms(sympy.core.relational.Relational):
        if relation.has(AppliedUndef, sympy.Derivative) or not relation.free_symbols:
            return True
        sides = (relation.lhs, relation.rhs)
        if all(isinstance(side, sympy.Expr) and not side.is_Matrix for side in sides):
            apart = sides[0] - sides[1]
            if not (apart.free_symbols and sympy.expand(apart).free_symbols) or math_values.same(*sides):
                return True
    return False


_DIGITS = 120
"""How far two numbers are computed that math-verify takes for the same."""


def _apart(one: Any, other: Any) -> bool:
    """Whether these are numbers that differ, by so little that math-verify sees no difference."""
    numbers = all(getattr(value, "is_number", False) and value.is_finite for value in (one, other))
    if not numbers or one == other:
        return False
    apart = (one - other).doit()
    size = max(abs(value.evalf()) for value in (one, other))  # far below what a float of Python's can be
    if size * 10 ** (_DIGITS // 2) < 1:  # as small as what is left of a zero
        return apart.equals(0) is False
    return bool(abs(apart.evalf(20, maxn=_DIGITS)) * 10 ** (_DIGITS // 2) > size)


def _parse(answer: str, *, real: bool = True, imaginary: bool = False) -> list[Any]:
    """math-verify's reading of it as LaTeX: no or one sympy expression.

    Four of its habits are left out: what it takes for units are letters, as in 15t, a decimal is exact, i is the
    imaginary unit, and a letter is the same in both cases.

    Args:
        answer: what ``_safe`` let pass.
        real: whether letters stand for real numbers.
        imaginary: whether i is the imaginary unit.
    """
    normalization = importlib.import_module("latex2sympy2_extended.math_normalization")
    config = normalization.NormalizationConfig(boxed="none", units=False, malformed_operators=True, nits=True)
    latex = normalization.normalize_latex(answer, config)
    return _converted(_CAPITAL_I.sub(lambda found: found[1] or "\\varpi ", latex), real, imaginary)


_CAPITAL_I = re.compile(r"(\\(?:text|math|mbox)[a-z]* ?\{[^{}]*\}|\\[a-zA-Z]+|_\{[^{}]*\}|_I)|I")
"""A letter like others, as in I^2R, which math-verify takes for the imaginary unit; varpi is one that nobody writes."""


@lru_cache(maxsize=256)
def _converted(latex: str, real: bool, imaginary: bool) -> list[Any]:  # noqa: FBT001  keys of the cache
    sympy = importlib.import_module("sympy")
    converter = importlib.import_module("latex2sympy2_extended.latex2sympy2")

    def exactly(_: object, digits: str) -> Any:
        return sympy.Rational(digits.replace(",", ""))

    converter._Latex2Sympy.parse_number = exactly  # noqa: SLF001
    config = converter.ConversionConfig(lowercase_symbols=False)
    read = converter.latex2sympy(latex, is_real=real, normalization_config=None, conversion_config=config)
    unit = sympy.Symbol("i", real=False)
    return [read.xreplace({unit: sympy.I}) if imaginary and read.has(unit) else read]


_IMAGINARY = re.compile(r"(?<![a-zA-Z\\_{])i(?![a-zA-Z_])|\\(?:mathrm|text) ?\{i\}")


def _is_complex(text: str) -> bool:
    """Whether i is the imaginary unit in it."""
    from math_verify.grader import should_treat_as_complex

    return _IMAGINARY.search(text) is not None or bool(should_treat_as_complex(text))


_SQUARED_SIZE = re.compile(r"(?:\||\\rvert|\\vert) ?\^")


def _is_size(text: str) -> bool:
    """Whether it has a power of an absolute value, which is written of what may be complex: |z|^2 is not z^2."""
    return _SQUARED_SIZE.search(text) is not None


if __name__ == "__main__":
    _serve()

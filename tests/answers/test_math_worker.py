"""Mathematics in worker processes: what hangs, dies or is hostile there harms nobody, and keeps nobody waiting."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from a2r_ray.answers import math_judge, math_worker
from a2r_ray.answers.kinds.math import equivalent
from a2r_ray.answers.kinds.spelling import plain
from a2r_ray.errors import A2RError

HANGS = "9^{9^{9^{9}}}"


def test_many_threads_ask_at_once() -> None:
    pairs = [(f"{n}+z", f"z+{n + n % 2}") for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda pair: math_judge.equal(*pair), pairs * 2))
    assert verdicts == [n % 2 == 0 for n in range(40)] * 2


def test_what_hangs_is_broken_off_and_asked_once() -> None:
    assert math_judge.equal("1+w", "w+1")
    with ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(lambda _: math_judge.equal(HANGS, "w+2"), range(4)))
    assert verdicts == [False] * 4
    started = time.monotonic()
    assert not math_judge.equal("w+2", HANGS)
    assert time.monotonic() - started < 0.5
    assert math_judge.equal("3+w", "w+3")


def test_what_cannot_be_broken_off_ends_its_worker() -> None:
    lane = math_judge._Lane()
    assert lane.ask(("1+w", "w+1"), 1.0)[0] is True
    hung = lane._worker
    assert hung is not None
    # Without a limit nothing breaks it off, as in C code, which hears of no Python.
    assert lane.ask((HANGS, "w+2"), 0.0) == (None, 0.0)
    assert _gone(hung.pid)
    assert -hung.wait() in math_worker.LIMIT_SIGNALS
    assert lane.ask(("2+w", "w+2"), 1.0)[0] is True
    lane.close()


def test_a_worker_killed_by_others_has_a_successor_that_answers() -> None:
    assert math_judge.equal("1+v", "v+1")
    os.kill(_worker().pid, signal.SIGKILL)
    assert math_judge.equal("2+v", "v+2")


def test_an_interrupted_question_leaves_no_reply_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = math_judge._exchange

    def interrupted(worker: "subprocess.Popen[bytes]", question: bytes) -> bytes:
        reply = exchange(worker, question)
        if question:
            raise KeyboardInterrupt
        return reply

    with monkeypatch.context() as patch:
        patch.setattr(math_judge, "_exchange", interrupted)
        with pytest.raises(KeyboardInterrupt):
            math_judge.equal("1+u", "u+1")
    assert not math_judge.equal("2+u", "u+3")


def test_a_worker_that_cannot_start_is_an_error_not_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    math_judge._judge.close()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(A2RError, match="math-verify does not start"):
        math_judge.equal("1+t", "t+1")


def _payload(file: Path) -> str:
    r"""An answer that makes an unguarded math-verify create the file: a name that sympy compiles to sum a series."""
    path = "+".join(f"chr({ord(letter)})" for letter in str(file))
    return rf"\sum_{{n=0}}^{{\infty}} \frac{{\bar{{[0]if[]else(open({path},chr(119)))}}^n}}{{n!}}"


def test_an_answer_is_never_executed(tmp_path: Path) -> None:
    unguarded, guarded = tmp_path / "unguarded", tmp_path / "guarded"
    # Values at points decide before anything is compiled: so that what comes after them is tried, they say nothing.
    script = (
        "from a2r_ray.answers import math_values, math_worker; math_values.same = lambda *_: None; {}"
        "math_worker._verify({!r}, chr(92) + 'sqrt{{3}}')"
    )
    for locks, file in (("", unguarded), ("math_worker._harden(); ", guarded)):
        code = script.format(locks, _payload(file))
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert unguarded.exists(), "this math-verify does not execute the payload: find one that it does, to try the locks"
    assert not guarded.exists()
    assert not equivalent(_payload(guarded), r"\sqrt{3}")
    assert not math_judge._judge.verdict(_payload(guarded), r"\sqrt{3}")  # past the first lock
    assert not guarded.exists()


@pytest.mark.parametrize(
    "text",
    [
        r"\sum_{n=0}^{9} n",
        r"\int x",
        r"\operatorname{eye}(10^9)",
        r"\in\text{}t x",
        r"\\\\!sum",
        r"\\!\sum",
        r"\begin{array}{l}x\\\text{}\sum\end{array}",
        r"\bar{print(1)}",
        r"x_{print(1)}",
        r"5\text{a[0]}",
        "x.__class__",
        "`x`+1",
        "x@y",
        'open("x")',
    ],
)
def test_what_is_not_known_to_be_harmless_never_reaches_math_verify(text: str) -> None:
    assert not math_worker.may_be_shown(plain(text))


def test_the_worker_is_given_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-the-worker")
    math_judge._judge.close()
    assert math_judge.equal("1+s", "s+1")
    environment = Path(f"/proc/{_worker().pid}/environ").read_bytes()
    assert b"PYTHONPATH" in environment
    assert b"sk-not-for-the-worker" not in environment


ASK = """
from a2r_ray.answers import math_judge, math_worker
print(math_judge.equal("1+x", "x+1"), math_judge._judge._quick._worker.pid, flush=True)
"""


@pytest.mark.parametrize(
    "then",
    [
        "import time; time.sleep(60)",
        f'math_judge.equal("{HANGS}", "x+2")',
    ],
    ids=["idle", "busy"],
)
def test_no_worker_outlives_a_killed_parent(then: str) -> None:
    with subprocess.Popen([sys.executable, "-c", f"{ASK}\n{then}"], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        verdict, pid = parent.stdout.readline().split()
        assert verdict == b"True"
        time.sleep(0.5)
        assert not _gone(int(pid))
        parent.kill()
    assert _until(lambda: _gone(int(pid)), math_worker.CPU_LIMIT_S * 5)


def test_no_worker_outlives_a_parent_that_ends() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", ASK], check=True, capture_output=True, timeout=60)
    verdict, pid = done.stdout.split()
    assert verdict == b"True"
    assert done.stderr == b""
    assert _gone(int(pid))


def test_any_kind_of_main_module_will_do(tmp_path: Path) -> None:
    unguarded = tmp_path / "unguarded.py"
    unguarded.write_text(f"{ASK}\nprint('once')")
    where = {**os.environ, "PYTHONPATH": str(Path(math_worker.__file__).parents[2])}
    for command, stdin in [([sys.executable, str(unguarded)], ""), ([sys.executable, "-"], unguarded.read_text())]:
        done = subprocess.run(command, input=stdin, env=where, check=True, capture_output=True, text=True, timeout=60)
        assert done.stdout.startswith("True")
        assert done.stdout.count("once") == 1


def test_a_forked_child_has_its_own_worker() -> None:
    script = f"""{ASK}
import os
child = os.fork()
if child == 0:
    right = math_judge.equal("2+x", "x+2") and not math_judge.equal("2+x", "x+3")
    math_judge._judge.close()
    os._exit(0 if right else 1)
ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(ended, math_judge.equal("3+x", "x+3"), math_judge._judge._quick._worker.pid)
"""
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60)
    first, second = done.stdout.splitlines()
    assert second == f"0 True {first.split()[1]}"


def test_importing_it_imports_nothing_heavy() -> None:
    script = "import sys, a2r_ray.answers.finding; print({'sympy', 'math_verify', 'ray', 'vllm'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"


def test_cached_verdicts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(math_judge, "KEPT_VERDICTS", 3)
    for n in range(8):
        assert math_judge.equal(f"{n}+r", f"r+{n}")
    assert len(math_judge._judge._verdicts) <= 3


def test_a_known_verdict_waits_for_nobody() -> None:
    assert math_judge.equal("1+q", "q+1")
    slow = threading.Thread(target=math_judge.equal, args=(HANGS, "q+9"))
    slow.start()
    time.sleep(0.2)
    started = time.monotonic()
    assert math_judge.equal("q+1", "1+q")
    assert time.monotonic() - started < 1
    assert slow.is_alive()
    slow.join()


def _worker() -> "subprocess.Popen[bytes]":
    worker = math_judge._judge._quick._worker
    assert worker is not None
    return worker


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True

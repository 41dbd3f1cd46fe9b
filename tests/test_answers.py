"""What is taken for an answer, which answers are equal, and that no text can hang, crash or run anything."""

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

from a2r_ray import answers
from a2r_ray.answers import MAX_LENGTH, equivalent, extract
from a2r_ray.errors import A2RError

HANGS = "9^{9^{9^{9}}}"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"So it is \boxed{42}.", "42"),
        (r"first \boxed{1}, no: \boxed{2}, so 3", "2"),
        (r"\fbox{7}", "7"),
        (r"\boxed {7}", "7"),
        (r"\\boxed{7}", "7"),
        (r"\boxed{\frac{1}{\sqrt{2}}}", r"\frac{1}{\sqrt{2}}"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"{ \boxed{5}", "5"),
        (r"\boxed{x = \boxed{5}}", r"x = \boxed{5}"),
        (r"\boxed{\boxed{5}}", "5"),
        (r"\boxed{5} and then cut off: \boxed{1", "5"),
        (r"\boxed{5} in the form \boxed{}", "5"),
        (r"\boxed{5} in the form \boxed{...}", "5"),
        (r"The answer is 3, as a box \boxed{4}; the answer is 5", "4"),
        (r"\boxed{\text{ Monday }}", "Monday"),
        (r"\boxed{$12.50$}", "12.50"),
        (r"\boxed{12.}", "12"),
        ("The answer is 12. I hope it is correct.", "12"),
        ("the final answer is: 3.5", "3.5"),
        ("The answer is 1; no, the answer is 2", "2"),
        ("The answer to the problem is 12.", "12"),
        ("Answer: 42", "42"),
        ("**Answer:** 42", "42"),
        ("**Answer: 42**", "42"),
        ("**Final Answer**\n\n42", "42"),
        ("## Final answer\n42\n", "42"),
        ("The answer is:\n$$\nx+1\n$$", "x+1"),
        ("The answer is \\(x+1\\).", "x+1"),
        ("the answer is $x$ or $y$", "x or y"),
        ("ANSWER = B", "B"),
        ("6 * 7 = 42\n#### 42", "42"),
        ("#### $1,250", "1,250"),
        (r"<think>\boxed{1}</think>\boxed{2}", "2"),
        (r"\boxed{1}</think>the answer is 2", "2"),
    ],
)
def test_the_answer_a_text_gives(text: str, answer: str) -> None:
    assert extract(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "It takes 3 steps, then 4, so 12",
        r"\boxed{}",
        r"\boxed{ }",
        r"\boxed{\text{}}",
        r"\boxed{$}",
        r"\boxed{12",
        r"The answer is \boxed{12",
        r"The answer is \boxed{}",
        r"<think>\boxed{1}",
        r"<think>\boxed{1}</think>",
        r"<think>the answer is 1</think> so it is",
        "#### Step 2: add them",
        "Answer:",
        "Answer: ...",
        r"\boxed{" + "1" * 4_001 + "}",
        "The answer is " + "a " * 2_001,
    ],
)
def test_no_answer_is_better_than_a_guess(text: str) -> None:
    assert extract(text) is None


@pytest.mark.parametrize(
    "piece",
    [
        r"\boxed{",
        "{",
        "}",
        "\\",
        r"\boxed ",
        r"\boxed" + " " * 100,
        "answer ",
        "answer is ",
        "answer to " + "x" * 79,
        "answer:" + " " * 50,
        "####\n",
        "#### 1 ",
        "####" + " " * 60,
        "final answer\n",
        "<think>",
        "</think>",
        "\n",
        "*",
        "$",
        ". ",
    ],
)
@pytest.mark.parametrize("frame", ["{}", r"\boxed{{{}", r"\boxed{{{}}}", "answer:{}", "{}</think>answer is {}"])
def test_finding_takes_linear_time_on_hostile_text(piece: str, frame: str) -> None:
    text = frame.format(*[piece * (200_000 // len(piece))] * frame.count("{}"))
    started = time.process_time()
    extract(text)
    assert time.process_time() - started < 2  # it is below 0.1; anything quadratic takes minutes


def test_many_closed_boxes_in_one_another_take_linear_time() -> None:
    started = time.process_time()
    assert extract(r"\boxed{" * 25_000 + "1" + "}" * 25_000) is None
    assert time.process_time() - started < 2


@pytest.fixture
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(a: str, b: str) -> bool:
        raise AssertionError(f"asked the worker about {a!r} and {b!r}")

    monkeypatch.setattr(answers._judge, "verdict", refuse)


@pytest.mark.usefixtures("no_worker")
@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        ("42", "42", True),
        ("42", "43", False),
        ("42", "42.0", True),
        ("42", "042", True),
        ("42", "+42", True),
        ("-42", "\u221242", True),
        ("- 42", "-42", True),
        ("1,000", "1000", True),
        ("1{,}000", "1000", True),
        (r"10,\!080", "10080", True),
        (r"1\,000", "1000", True),
        ("1,000,000.50", "1000000.5", True),
        (".5", "0.50", True),
        ("5.", "5", True),
        ("0.5", "1/2", True),
        ("2/4", "1 / 2", True),
        ("-1/2", r"-\frac{1}{2}", True),
        (r"\dfrac{-1}{2}", "-0.5", True),
        (r"\frac12", "0.5", True),
        (r"\\frac{1}{2}", "0.5", True),
        ("1/3", "0.333333333", False),
        ("9007199254740993", "9007199254740992", False),
        ("0.1", "0.10000000000000001", False),
        ("2e3", "2000", True),
        ("1e-999", "0", False),
        (r"\$5.00", "5", True),
        ("50%", r"50.0\%", True),
        ("50%", "50", False),
        ("50%", "0.5", False),
        ("Yes", "yes", True),
        ("no", "on", False),
        (r"\text{Monday}", "**monday**", True),
        ("New  York", "new york", True),
        ("Straße", "STRASSE", True),
        ("3", "three", False),
        ("x + 1", "x+1", True),
        (r"\left( 1, 2 \right)", "(1, 2)", True),
        (r"\boxed{x^2}", "$x^2$", True),
        ("1/0", "1/0.", True),
        ("x" * 4_001, "x" * 4_001, True),
        ("x+" * 600, "y+" * 600, False),
        ("x" + "+1" * 150, "1+x" + "+1" * 149, False),
    ],
)
def test_numbers_and_words_need_no_worker(a: str, b: str, equal: bool) -> None:  # noqa: FBT001
    assert equivalent(a, b) is equal
    assert equivalent(b, a) is equal


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (r"\frac{\sqrt{3}}{2}", r"\frac{3}{2\sqrt{3}}", True),
        ("x^2-1", "(x-1)(x+1)", True),
        ("x^2-1", "(x-1)(x+2)", False),
        ("x=5", "5", True),
        ("5 cm", r"5\text{ cm}", True),
        (r"\text{(A)}", "A", True),
        ("(A)", "B", False),
        (r"90^\circ", "90", True),
        ("90°", "90", True),
        ("2√3", r"\sqrt{12}", True),
        ("(0,∞)", "x > 0", True),
        ("[0,1)", r"0 \le x < 1", True),
        ("x > -2", r"(-2, \infty)", True),
        ("1, 2", "2,1", True),
        ("(1,2)", "(2,1)", False),
        (r"\pm 2", "2,-2", True),
        (r"3\pi", "9.42477796", True),
        (r"\begin{pmatrix} a \\ b \end{pmatrix}", r"\begin{pmatrix} a \\ b+0 \end{pmatrix}", True),
        (r"\begin{pmatrix} a \\ b \end{pmatrix}", r"\begin{pmatrix} b \\ a \end{pmatrix}", False),
        (r"\sqrt{4", "2", False),
        (r"\frac{", "2", False),
        ("1/0", "2/0", False),
        ("((((x+1))))", "x+1", True),
        ("5 \u732b", "6 \u732b", False),
        ("a\nb", "a+b", False),
        ("\x00", "1", False),
        ("\ud800+1", "1", False),
    ],
)
def test_mathematics_is_compared_in_either_direction(a: str, b: str, equal: bool) -> None:  # noqa: FBT001
    assert equivalent(a, b) is equal
    answers._judge._verdicts.clear()
    assert equivalent(b, a) is equal


def test_many_threads_ask_at_once() -> None:
    pairs = [(f"{n}+z", f"z+{n + n % 2}") for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda pair: equivalent(*pair), pairs * 2))
    assert verdicts == [n % 2 == 0 for n in range(40)] * 2


def test_what_hangs_is_ended_and_asked_once() -> None:
    assert equivalent("1+w", "w+1")
    hung = _worker()
    with ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(lambda _: equivalent(HANGS, "w+2"), range(4)))
    assert verdicts == [False] * 4
    assert _gone(hung.pid)
    assert -hung.wait() in answers._LIMIT_SIGNALS
    started = time.monotonic()
    assert not equivalent("w+2", HANGS)
    assert time.monotonic() - started < 0.5
    assert equivalent("3+w", "w+3")


def test_a_worker_killed_by_others_has_a_successor_that_answers() -> None:
    assert equivalent("1+v", "v+1")
    os.kill(_worker().pid, signal.SIGKILL)
    assert equivalent("2+v", "v+2")


def test_an_interrupted_question_leaves_no_reply_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = answers._exchange

    def interrupted(worker: "subprocess.Popen[bytes]", question: bytes) -> bytes:
        reply = exchange(worker, question)
        if question:
            raise KeyboardInterrupt
        return reply

    with monkeypatch.context() as patch:
        patch.setattr(answers, "_exchange", interrupted)
        with pytest.raises(KeyboardInterrupt):
            equivalent("1+u", "u+1")
    assert not equivalent("2+u", "u+3")


def test_a_worker_that_cannot_start_is_an_error_not_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    answers._judge.close()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(A2RError, match="math-verify does not start"):
        equivalent("1+t", "t+1")


def _payload(file: Path) -> str:
    r"""An answer that makes an unguarded math-verify create the file: a name that sympy compiles to sum a series."""
    path = "+".join(f"chr({ord(letter)})" for letter in str(file))
    return rf"\sum_{{n=0}}^{{\infty}} \frac{{\bar{{[0]if[]else(open({path},chr(119)))}}^n}}{{n!}}"


def test_an_answer_is_never_executed(tmp_path: Path) -> None:
    unguarded, guarded = tmp_path / "unguarded", tmp_path / "guarded"
    script = f"from a2r_ray.answers import _verify; _verify({_payload(unguarded)!r}, chr(92) + 'sqrt{{3}}')"
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    assert unguarded.exists(), "this math-verify does not execute the payload: find one that it does, to try the locks"
    assert not equivalent(_payload(guarded), r"\sqrt{3}")
    assert not guarded.exists()
    assert not answers._judge.verdict(_payload(guarded), r"\sqrt{3}")  # past the first lock
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
    assert not answers._safe(answers._plain(text))


def test_the_worker_is_given_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-the-worker")
    answers._judge.close()
    assert equivalent("1+s", "s+1")
    environment = Path(f"/proc/{_worker().pid}/environ").read_bytes()
    assert b"PYTHONPATH" in environment
    assert b"sk-not-for-the-worker" not in environment


ASK = 'from a2r_ray import answers; print(answers.equivalent("1+x", "x+1"), answers._judge._worker.pid, flush=True)'


@pytest.mark.parametrize(
    "then",
    [
        "import time; time.sleep(60)",
        f'answers.equivalent("{HANGS}", "x+2")',
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
    assert _until(lambda: _gone(int(pid)), answers.CPU_LIMIT_S * 5)


def test_no_worker_outlives_a_parent_that_ends() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", ASK], check=True, capture_output=True, timeout=60)
    verdict, pid = done.stdout.split()
    assert verdict == b"True"
    assert done.stderr == b""
    assert _gone(int(pid))


def test_any_kind_of_main_module_will_do(tmp_path: Path) -> None:
    unguarded = tmp_path / "unguarded.py"
    unguarded.write_text(f"{ASK}\nprint('once')")
    where = {**os.environ, "PYTHONPATH": str(Path(answers.__file__).parents[1])}
    for command, stdin in [([sys.executable, str(unguarded)], ""), ([sys.executable, "-"], unguarded.read_text())]:
        done = subprocess.run(command, input=stdin, env=where, check=True, capture_output=True, text=True, timeout=60)
        assert done.stdout.startswith("True")
        assert done.stdout.count("once") == 1


def test_a_forked_child_has_its_own_worker() -> None:
    script = f"""{ASK}
import os
child = os.fork()
if child == 0:
    right = answers.equivalent("2+x", "x+2") and not answers.equivalent("2+x", "x+3")
    answers._judge.close()
    os._exit(0 if right else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), answers.equivalent("3+x", "x+3"), answers._judge._worker.pid)
"""
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60)
    first, second = done.stdout.splitlines()
    assert second == f"0 True {first.split()[1]}"


def test_importing_it_imports_nothing_heavy() -> None:
    script = "import sys, a2r_ray.answers; print({'sympy', 'math_verify', 'ray', 'vllm'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"


def test_cached_verdicts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "KEPT_VERDICTS", 3)
    for n in range(8):
        assert equivalent(f"{n}+r", f"r+{n}")
    assert len(answers._judge._verdicts) <= 3


def test_a_known_verdict_waits_for_nobody() -> None:
    assert equivalent("1+q", "q+1")
    slow = threading.Thread(target=equivalent, args=(HANGS, "q+9"))
    slow.start()
    time.sleep(0.2)
    started = time.monotonic()
    assert equivalent("q+1", "1+q")
    assert time.monotonic() - started < 1
    assert slow.is_alive()
    slow.join()


def _worker() -> "subprocess.Popen[bytes]":
    worker = answers._judge._worker
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


def test_the_longest_number_is_still_a_number() -> None:
    # Python reads no integer of more than 4,300 digits.
    assert equivalent("1" * MAX_LENGTH, "0" + "1" * (MAX_LENGTH - 1)) is False
    assert extract(r"\boxed{" + "1" * MAX_LENGTH + "}") == "1" * MAX_LENGTH

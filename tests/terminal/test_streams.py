"""What cannot be printed ends no command, and is said where somebody waits for it."""

import subprocess
import sys

import pytest

COMMAND = """
import sys
from a2r_ray.cli import guarded
def command():
    for number in range(3):
        print("result", number, flush=True)
        print("progress", number, file=sys.stderr, flush=True)
    return 3
sys.exit(guarded(command))
"""


def ran(redirection: str) -> subprocess.CompletedProcess[str]:
    shell = f'exec "$0" -c "$1" {redirection}'
    return subprocess.run(
        ["/bin/sh", "-c", shell, sys.executable, COMMAND], capture_output=True, text=True, check=False, timeout=60
    )


def test_both_are_printed() -> None:
    done = ran("")
    assert (done.returncode, done.stdout.count("result"), done.stderr.count("progress")) == (3, 3, 3)


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_a_log_that_cannot_be_written_changes_nothing(redirection: str) -> None:
    done = ran(redirection)
    assert (done.returncode, done.stdout.count("result"), done.stderr) == (3, 3, "")


def test_an_answer_that_cannot_be_written_is_said() -> None:
    done = ran(">/dev/full")
    assert done.returncode == 1
    assert done.stderr.count("progress") == 3
    assert done.stderr.endswith(
        "error: standard output cannot be written: No space left on device; else it had been exit 3\n"
    )


@pytest.mark.parametrize("redirection", [">&-", "| true"])
def test_an_answer_that_nobody_waits_for_is_none(redirection: str) -> None:
    done = ran(redirection)
    assert done.stderr.count("progress") == 3
    assert "Error" not in done.stderr
    assert done.returncode == (3 if redirection == ">&-" else 0)

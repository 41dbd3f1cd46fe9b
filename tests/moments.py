"""Stops a run by a signal at moments spread over it, and looks how it ends each time.

    python -m tests.moments --moments 60

Whatever goes on when the signal comes (imports, Ray's start, loading, work, the receipt, the end), the command ends
within 20 s with the signal's exit code, as interrupted, without a traceback, and leaves nothing behind; the same
command then goes on.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import yaml

from tests.chaos import A2R, family, wait_until_gone

ENDS_WITHIN_S = 20.0
_BEGINS_S = 0.2
"""Until Python has read the command, signals are its own."""
_NOISE = ("Traceback", "SystemError", "Segmentation fault", "Fatal Python error", "Exception ignored")


def write_config(folder: Path) -> Path:
    """A run of some seconds, begun and ended included."""
    (folder / "problems.jsonl").write_text(
        "".join(json.dumps({"id": f"p{n}", "problem": f"What is {n} + 1?", "answer": n + 1}) + "\n" for n in range(40))
    )
    role = {"engine": "simulated", "resources": {"cpus": 0.5}, "engine_args": {"max_num_seqs": 8}}
    timing = {"latency_s": {"median": 0.1, "sigma": 0.3}, "load_s": 0.5}
    document = {
        "input": {"path": str(folder / "problems.jsonl"), "id_column": "id", "answer_column": "answer"},
        "output": str(folder / "run"),
        "schedule": "streaming",
        "explorer": {**role, "model": "small", "paths": 2, "simulated": timing},
        "synthesizer": {**role, "model": "large", "simulated": timing},
    }
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(document))
    return config


def whole_run_s(config: Path) -> float:
    """How long a run takes that nobody stops."""
    began = time.monotonic()
    done = subprocess.run([*A2R, "run", str(config)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return time.monotonic() - began


def stopped_at(
    config: Path, after_s: float, signum: signal.Signals, within_s: float = ENDS_WITHIN_S
) -> tuple[int, str]:
    """Stops a run; its exit code, and what it said on stderr. One that is over by then ends as it would.

    Args:
        config: the run's.
        after_s: when it is told to stop.
        signum: how.
        within_s: how long it may take; Ray's start, which is waited for, takes 4 s on a quiet machine.

    Raises:
        AssertionError: it ended late, or noisily, or said something else than it was.
    """
    process = subprocess.Popen([*A2R, "run", str(config)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with suppress(subprocess.TimeoutExpired):
        process.wait(after_s)
    own = family(process.pid)
    process.send_signal(signum)
    asked_at = time.monotonic()
    _, said = process.communicate(timeout=4 * within_s)
    took_s = time.monotonic() - asked_at
    where = f"{signum.name} after {after_s:.2f} s: exit code {process.returncode} after {took_s:.1f} s, and\n{said}"
    assert took_s < within_s, where
    assert not [noise for noise in _NOISE if noise in said], where
    assert process.returncode in {0, 128 + signum}, where
    record = config.parent / "run" / "run.json"
    outcome = json.loads(record.read_text())["attempts"][-1]["outcome"] if record.exists() else "interrupted"
    assert outcome == "complete" or (process.returncode and outcome == "interrupted"), f"{outcome}: {where}"
    wait_until_gone(own)
    return process.returncode, said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=60)
    arguments = parser.parse_args()
    dice = random.Random()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "whole").mkdir()
        length_s = whole_run_s(write_config(folder / "whole"))
        stopped = 0
        for number in range(arguments.moments):
            own = folder / str(number)
            own.mkdir()
            config = write_config(own)
            after_s = _BEGINS_S + (length_s - _BEGINS_S) * (number + dice.random()) / arguments.moments
            code, _ = stopped_at(config, after_s, dice.choice([signal.SIGINT, signal.SIGTERM]))
            stopped += code != 0
            print(f"{after_s:.2f} s: exit code {code}", flush=True)
        print(f"{stopped} of {arguments.moments} stopped, of a run of {length_s:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()

"""Kills a run again and again until it is complete, and compares it with one that was left alone.

    python -m tests.chaos --kills 100

The driver gets SIGKILL at random moments, from its first second on, and in between a replica does. The same command
then continues. At the end the tables must hold the keys of an undisturbed run, each once, and ``a2r verify`` must agree.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import psutil
import yaml

A2R = [sys.executable, "-c", "from a2r_ray.cli import main; main()"]


@dataclass
class Chaos:
    """What was done to a run, and what it cost."""

    driver_kills: int = 0
    replica_kills: int = 0
    completed_early: bool = False
    receipt: dict[str, Any] = field(default_factory=dict)

    @property
    def share_paid_twice(self) -> float:
        """Of all completion tokens, as the receipt has them."""
        tokens = self.receipt["tokens"]
        lost = tokens["paid_twice"]
        return float(lost / (lost + sum(tokens[role]["completion"] for role in ("explorer", "synthesizer"))))


def disturb(config: Path, output: Path, kills: int, dice: random.Random) -> Chaos:
    """Runs a config to its end, with as many kills of the driver on the way."""
    chaos = Chaos()
    while chaos.driver_kills < kills:
        process = start(config)
        deadline = time.monotonic() + dice.uniform(0.5, 14)
        replica_at = time.monotonic() + dice.uniform(7, 12)
        while time.monotonic() < deadline and process.poll() is None:
            if time.monotonic() > replica_at:
                chaos.replica_kills += kill_a_replica(process, dice)
                replica_at = float("inf")
            time.sleep(0.02)
        if process.poll() is not None:
            chaos.completed_early = True
            break
        mine = family(process)
        process.kill()
        process.wait()
        chaos.driver_kills += 1
        wait_until(lambda mine=mine: not any(alive(each) for each in mine), 60, "the processes of the driver are gone")  # type: ignore[misc]
    done = subprocess.run([*A2R, "run", str(config), "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr  # the input has rows to reject
    chaos.receipt = json.loads(done.stdout)
    assert chaos.receipt["balanced"]
    verified = subprocess.run([*A2R, "verify", str(output)], capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout
    return chaos


def start(config: Path, **environment: str) -> subprocess.Popen[bytes]:
    """The command, left to itself."""
    return subprocess.Popen(
        [*A2R, "run", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )


def family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """A driver's processes: its own Ray, the workers, and whatever these began."""
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def kill_a_replica(process: subprocess.Popen[bytes], dice: random.Random) -> int:
    """Kills one replica with SIGKILL; returns how many it could find to kill: 1 or 0."""
    replicas = [each for each in family(process) if title(each).startswith("ray::MapWorker(MapBatches(")]
    if not replicas:
        return 0
    with suppress(psutil.NoSuchProcess):
        dice.choice(replicas).send_signal(signal.SIGKILL)
    return 1


def title(process: psutil.Process) -> str:
    """What a process calls itself."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def alive(process: psutil.Process) -> bool:
    """Whether it runs; a zombie does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Waits for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s: {what}"
        time.sleep(0.05)


def keys(output: Path) -> dict[str, Counter[Any]]:
    """The keys of each table, as multisets."""
    columns = {"paths": "problem_id, path_index, round, explorer", "results": "problem_id", "rejects": "source, line"}
    return {
        table: Counter(duckdb.sql(f"select {wanted} from '{output}/{table}/*.parquet'").fetchall())  # noqa: S608 (a test's own path)
        if list((output / table).glob("*.parquet"))
        else Counter()
        for table, wanted in columns.items()
    }


def write_config(folder: Path, name: str, problems: int, **roles: dict[str, Any]) -> Path:
    """A run over simulated engines that takes some time, with a few rows that are none."""
    source = folder / "problems.jsonl"
    if not source.exists():
        rows = [json.dumps({"id": f"p{i}", "problem": f"What is {i} + {i}?", "answer": 2 * i}) for i in range(problems)]
        rows[problems // 2 : problems // 2] = ["{torn", json.dumps({"id": "empty", "problem": " "})]
        source.write_text("\n".join(rows) + "\n")
    simulated = {"latency_s": {"median": 0.2, "sigma": 0.7}, "tokens": {"median": 64, "sigma": 0.5}}
    role = {"engine": "simulated", "resources": {"cpus": 0.5}, "simulated": simulated}
    document = {
        "input": {"path": str(source), "id_column": "id", "answer_column": "answer"},
        "output": str(folder / name),
        "seed": 1,
        "explorer": {**role, "model": "sim-small", "engine_args": {"max_num_seqs": 16}, **roles.get("explorer", {})},
        "synthesizer": {**role, "model": "sim-large", **roles.get("synthesizer", {})},
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--problems", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        quiet = write_config(folder, "quiet", arguments.problems)
        subprocess.run([*A2R, "run", str(quiet)], check=False, stdout=subprocess.DEVNULL)
        config = write_config(folder, "chaos", arguments.problems)
        chaos = disturb(config, folder / "chaos", arguments.kills, random.Random(arguments.seed))
        assert keys(folder / "chaos") == keys(folder / "quiet")
        assert not chaos.completed_early, "it was complete before the last kill: give it more --problems"
        print(
            f"{chaos.driver_kills} drivers and {chaos.replica_kills} replicas killed; nothing lost, nothing doubled; "
        )
        print(f"{chaos.share_paid_twice:.1%} of the tokens paid twice; receipt: {json.dumps(chaos.receipt)}")


if __name__ == "__main__":
    main()

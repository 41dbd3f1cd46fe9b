"""Kills a run again and again until it is complete, and compares it with one that was left alone.

    python -m tests.chaos --kills 100

The driver gets SIGKILL at random moments, while it starts and while it writes, and at times a replica does before. The
same command then continues. At the end the tables must hold the keys of an undisturbed run, each once, and ``a2r
verify`` must agree.
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
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import psutil
import yaml

from a2r_ray.cli.commands import cli
from tests.nodes import Nodes, wait_until

A2R = [sys.executable, "-c", "from a2r_ray.cli import main; main()"]

RAY_AGENTS = (
    *("ray::DashboardAgent", "ray::RuntimeEnvAgent", "dashboard/agent.py", "runtime_env/agent/main.py"),
    *("ray::IDLE", "default_worker.py"),
)
"""They notice within a minute or so that their raylet was killed; they hold no engine and write no table."""


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


def disturb(config: Path, output: Path, kills: int, dice: random.Random, nodes: Nodes | None = None) -> Chaos:
    """Runs a config to its end, with as many kills of the driver on the way.

    Of five drivers four use the cluster, where one is given, which outlives them; the fifth has a Ray of its own. Half
    of them are killed while they start, half while they write, and a replica before every other of these.
    """
    chaos = Chaos()
    for moment in dice.sample(("starts", "writes", "starts", "has lost a replica") * (kills // 4 + 1), kills):
        cluster = nodes if chaos.driver_kills % 5 else None
        process = start(config, **(cluster.environment if cluster else {}))
        if moment == "starts":
            _let_it_run(process, dice.uniform(0.5, 6))
        else:
            wait_for_more_paths(process, output)
            _let_it_run(process, dice.uniform(0, 1))
            if moment == "has lost a replica":
                chaos.replica_kills += kill_a_replica(cluster.head.pid if cluster else process.pid, dice)
                _let_it_run(process, dice.uniform(0, 3))
        if process.poll() is not None:
            chaos.completed_early = True
            break
        own = family(process.pid)
        process.kill()
        process.wait()
        chaos.driver_kills += 1
        # In a cluster the next driver does not wait for the replicas of the one before.
        wait_until_gone(own)
    chaos.receipt = finish(config, nodes)
    assert chaos.receipt["balanced"]
    assert cli(["verify", str(output)], standalone_mode=False) == 0
    if nodes:
        wait_until(lambda: not replicas(nodes.head.pid), 30, "replicas outlive the drivers that were killed")
    return chaos


def finish(config: Path, nodes: Nodes | None = None) -> dict[str, Any]:
    """Runs a config to its end; returns the receipt."""
    environment = nodes.environment if nodes else os.environ
    command = [*A2R, "run", str(config), "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr  # the input has rows to reject
    receipt: dict[str, Any] = json.loads(done.stdout)
    return receipt


def _let_it_run(process: subprocess.Popen[bytes], seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


def wait_for_more_paths(process: subprocess.Popen[bytes], output: Path) -> None:
    """Waits until a run has written paths since, or has ended."""
    before = _bytes(output)
    wait_until(lambda: process.poll() is not None or _bytes(output) > before, 120, "no path is written")


def _bytes(output: Path) -> int:
    """How much the paths table holds."""
    return sum(file.stat().st_size for file in (output / "paths").glob("*.parquet"))


def start(config: Path, **environment: str) -> subprocess.Popen[bytes]:
    """The command, left to itself; what it says is in the file of ``said``."""
    with said(config).open("ab") as out:
        return subprocess.Popen([*A2R, "run", str(config)], stdout=out, stderr=out, env={**os.environ, **environment})


def said(config: Path) -> Path:
    """What the runs of a config have printed, one after the other."""
    return config.with_suffix(".log")


def family(process: int) -> list[psutil.Process]:
    """A driver's processes, or a head's: Ray's, the workers, and whatever these began."""
    children: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        children = psutil.Process(process).children(recursive=True)
    return children


def replicas(process: int) -> list[psutil.Process]:
    """The replicas among them."""
    return [each for each in family(process) if title(each).startswith("ray::MapWorker(MapBatches(")]


def kill_a_replica(process: int, dice: random.Random) -> int:
    """Kills one replica with SIGKILL; returns how many it could find to kill: 1 or 0."""
    found = replicas(process)
    if not found:
        return 0
    with suppress(psutil.NoSuchProcess):
        dice.choice(found).send_signal(signal.SIGKILL)
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


def wait_until_gone(processes: Sequence[psutil.Process]) -> None:
    """Waits for processes that should not outlive what they worked for."""
    deadline = time.monotonic() + 30
    while left := [title(each) for each in processes if alive(each)]:
        if all(any(name in text for name in RAY_AGENTS) for text in left):
            return
        assert time.monotonic() < deadline, f"outlive their driver: {left}"
        time.sleep(0.05)


def content(output: Path) -> dict[str, Counter[str]]:
    """The keys of each table, as multisets, with what a seeded run draws for each."""
    columns = {
        "paths": "problem_id, path_index, round, answer, completion_tokens",
        "results": "problem_id, route, answer, path_answers, synthesizer_completion_tokens",
        "rejects": "source, line, stage, error_kind",
    }
    return {
        table: Counter(map(str, duckdb.sql(f"select {wanted} from '{output}/{table}/*.parquet'").fetchall()))  # noqa: S608 (a test's own path)
        for table, wanted in columns.items()
    }


def write_config(folder: Path, name: str, problems: int, latency_s: float = 0.1, tokens: int = 64) -> Path:
    """A run over simulated engines, with a few rows that are no problems; without latency it is the same but fast."""
    source = folder / "problems.jsonl"
    if not source.exists():
        rows = [json.dumps({"id": f"p{i}", "problem": f"What is {i} + {i}?", "answer": 2 * i}) for i in range(problems)]
        rows[problems // 2 : problems // 2] = ["{torn", json.dumps({"id": "empty", "problem": " "})]
        source.write_text("\n".join(rows) + "\n")
    simulated = {"latency_s": {"median": latency_s, "sigma": 0.7}, "tokens": {"median": tokens, "sigma": 0.5}}
    role = {"engine": "simulated", "resources": {"cpus": 0.5}, "simulated": simulated}
    document = {
        "input": {"path": str(source), "id_column": "id", "answer_column": "answer"},
        "output": str(folder / name),
        "seed": 1,
        "explorer": {**role, "model": "sim-small", "engine_args": {"max_num_seqs": 16}},
        "synthesizer": {**role, "model": "sim-large"},
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--problems", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        finish(write_config(folder, "quiet", arguments.problems, latency_s=0))
        config = write_config(folder, "chaos", arguments.problems)
        nodes = Nodes(folder, "--num-cpus=2")
        try:
            chaos = disturb(config, folder / "chaos", arguments.kills, random.Random(arguments.seed), nodes)
        finally:
            nodes.close()
        assert content(folder / "chaos") == content(folder / "quiet")
        assert not chaos.completed_early, "it was complete before the last kill: give it more --problems"
        print(
            f"{chaos.driver_kills} drivers and {chaos.replica_kills} replicas killed; nothing lost, nothing doubled; "
            f"{chaos.share_paid_twice:.2%} of the tokens paid twice; receipt: {json.dumps(chaos.receipt)}"
        )


if __name__ == "__main__":
    main()

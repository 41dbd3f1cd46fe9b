"""Whatever is killed, the same command continues: nothing is lost, nothing doubled, little paid twice."""

import json
import os
import random
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tests.chaos import A2R, content, disturb, wait_until, write_config
from tests.test_jobs import free_port

KILLS = 10
PROBLEMS = 700


@contextmanager
def read_every_second(output: Path) -> Iterator[list[int]]:
    """Reads the results as a user would, all the while; yields how many there were each time."""
    seen: list[int] = []
    failures: list[str] = []
    ended = threading.Event()
    wanted = 'count(*), count(distinct problem_id), count(answer), min(len(path_answers)), min(len("references"))'

    def read() -> None:
        while not ended.wait(1):
            if not list((output / "results").glob("*.parquet")):
                continue
            try:
                [(rows, ids, answers, paths, references)] = duckdb.sql(
                    f"select {wanted} from '{output}/results/*.parquet'"  # noqa: S608 (a test's own path)
                ).fetchall()
            except duckdb.Error as error:
                failures.append(str(error))
                continue
            if not (rows == ids == answers and {paths, references} <= {4, None}):
                failures.append(f"{rows} rows, {ids} ids, {answers} answers, {paths} paths, {references} references")
            seen.append(rows)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()
    assert failures == []


def test_a_run_whose_drivers_and_replicas_are_killed_ends_as_one_that_was_left_alone(tmp_path: Path) -> None:
    quiet = write_config(tmp_path, "quiet", PROBLEMS, latency_s=0)
    assert subprocess.run([*A2R, "run", str(quiet)], check=False, stdout=subprocess.DEVNULL).returncode == 3
    seed = random.randrange(2**32)
    config = write_config(tmp_path, "chaos", PROBLEMS)
    with read_every_second(tmp_path / "chaos") as seen:
        chaos = disturb(config, tmp_path / "chaos", KILLS, random.Random(seed))
    assert content(tmp_path / "chaos") == content(tmp_path / "quiet"), f"seed {seed}"
    assert chaos.driver_kills == KILLS, f"it was complete too early; seed {seed}"
    assert 0 < chaos.receipt["paths"]["reused"] < chaos.receipt["paths"]["stored"]
    # In flight are 16 requests of 64 tokens a replica, and 5 s of 160 paths/s wait for their flush at most.
    in_flight = 64 * (2 * 16 + 5 * 160) * (chaos.driver_kills + chaos.replica_kills)
    assert chaos.receipt["tokens"]["paid_twice"] <= in_flight
    assert len(set(seen)) > 2
    assert seen == sorted(seen)
    print(
        f"{chaos.share_paid_twice:.2%} of the tokens were paid twice; {chaos.replica_kills} replicas were killed, too"
    )


class Nodes:
    """A Ray cluster of several nodes on this machine, whose head has no CPU."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        self.environment |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        self.address = f"127.0.0.1:{free_port()}"
        self.environment["RAY_ADDRESS"] = self.address
        self._started: list[subprocess.Popen[bytes]] = []
        # Else a death is declared after a quarter of a minute.
        checks = json.dumps({"health_check_period_ms": 1000, "health_check_timeout_ms": 5000})
        port = self.address.rpartition(":")[2]
        self._start(
            "--head", f"--port={port}", "--num-cpus=0", "--include-dashboard=false", f"--system-config={checks}"
        )

    def add(self) -> subprocess.Popen[bytes]:
        """One more node, with one CPU."""
        return self._start(f"--address={self.address}", "--num-cpus=1")

    def _start(self, *options: str) -> subprocess.Popen[bytes]:
        ray = [str(Path(sys.executable).parent / "ray"), "start", "--block", "--disable-usage-stats", *options]
        log = self._logs / f"{len(self._started)}.log"
        environment = {name: value for name, value in self.environment.items() if name != "RAY_ADDRESS"}
        command = [*ray, f"--dashboard-agent-listen-port={free_port()}"]
        with log.open("wb") as out:
            node = subprocess.Popen(command, env=environment, stdout=out, stderr=out, start_new_session=True)
        self._started.append(node)
        # One after the other: two that start at once choose the same ports.
        wait_until(lambda: node.poll() is not None or "Ray runtime started" in log.read_text(), 60, "no node")
        assert node.poll() is None, log.read_text()
        return node

    @staticmethod
    def kill(node: subprocess.Popen[bytes]) -> None:
        """All of the node's processes at once, its raylet among them."""
        with suppress(ProcessLookupError):
            os.killpg(node.pid, signal.SIGKILL)
        node.wait()

    def close(self) -> None:
        for node in reversed(self._started):
            self.kill(node)


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    cluster = Nodes(tmp_path)
    yield cluster
    cluster.close()


def test_a_node_is_killed_and_another_comes(tmp_path: Path, nodes: Nodes) -> None:
    config = write_config(tmp_path, "run", 200)
    document: dict[str, Any] = yaml.safe_load(config.read_text())
    for role in ("explorer", "synthesizer"):
        document[role]["resources"] = {"cpus": 1}
    config.write_text(yaml.safe_dump({**document, "schedule": "streaming"}))
    workers = [nodes.add(), nodes.add()]
    process = subprocess.Popen(
        [*A2R, "run", str(config), "--json"], env=nodes.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    results = tmp_path / "run" / "results"
    wait_until(lambda: process.poll() is not None or bool(list(results.glob("*.parquet"))), 120, "no result")
    assert process.poll() is None, process.communicate()
    nodes.kill(workers[random.randrange(2)])  # with the explorer's replica, or the synthesizer's
    nodes.add()
    out, errors = process.communicate(timeout=240)
    assert process.returncode == 3, errors
    verified = subprocess.run([*A2R, "verify", str(tmp_path / "run")], capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout
    quiet = write_config(tmp_path, "quiet", 200, latency_s=0)
    assert subprocess.run([*A2R, "run", str(quiet)], check=False, stdout=subprocess.DEVNULL).returncode == 3
    assert content(tmp_path / "run") == content(tmp_path / "quiet"), out

"""Whatever is killed, the same command continues: nothing is lost, nothing doubled, little paid twice."""

import json
import random
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tests.chaos import A2R, content, disturb, finish, write_config
from tests.nodes import Nodes, wait_until

KILLS = 8
PROBLEMS = 600
LONG = 8_000
"""Tokens of a path: four make a block of over 100 KB, which lies in the object store of a node and is lost with it."""


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


def test_a_run_whose_drivers_and_replicas_are_killed_ends_as_one_that_was_left_alone(
    tmp_path: Path, cluster: Nodes
) -> None:
    finish(write_config(tmp_path, "quiet", PROBLEMS, latency_s=0), cluster)
    seed = random.randrange(2**32)
    config = write_config(tmp_path, "chaos", PROBLEMS)
    with read_every_second(tmp_path / "chaos") as seen:
        chaos = disturb(config, tmp_path / "chaos", KILLS, random.Random(seed), cluster)
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


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    # Else a death is declared after a quarter of a minute.
    checks = json.dumps({"health_check_period_ms": 1000, "health_check_timeout_ms": 5000})
    cluster = Nodes(tmp_path, "--num-cpus=0", "--include-dashboard=false", f"--system-config={checks}")
    yield cluster
    cluster.close()


def test_a_node_is_killed_and_another_comes(tmp_path: Path, nodes: Nodes) -> None:
    config = write_config(tmp_path, "run", 200, tokens=LONG)
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
    finish(write_config(tmp_path, "quiet", 200, latency_s=0, tokens=LONG), nodes)
    assert content(tmp_path / "run") == content(tmp_path / "quiet"), out

"""What the loss of a node costs: no row; how wide the pools are afterwards, how fast, what the other pool notices."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from a2r_ray.cli.commands import cli
from tests.chaos import A2R, content, finish, write_config
from tests.nodes import Nodes, wait_until

PROBLEMS = 90
LONG = 8_000
"""Tokens of a path: four make a block of over 100 KB, which lies in the object store of a node and is lost with it."""
SEATS = {"explorer": 16, "synthesizer": 8}

WATCHED = """
import json, sys, time
from a2r_ray.cluster import driver
from a2r_ray.config.loading import parse_config
def observe(progress):
    if progress.doing:
        return
    alive = {name: each for name, each in progress.replicas.items() if each["age_s"] < 1.5 and not each["loading"]}
    print(json.dumps({
        "at": time.time(),
        "ok": sum(each["ok"] for each in progress.replicas.values()),
        "running": {name: each["running"] for name, each in alive.items()},
    }), flush=True)
receipt = driver.run(parse_config(json.loads(sys.argv[1])), observe).receipt
print(json.dumps(receipt), flush=True)
"""


def stand_on_their_own_kinds(document: dict[str, Any]) -> None:
    for role, kind, latency_s in (("explorer", "L4", 1.0), ("synthesizer", "L40S", 2.0)):
        document[role] |= {
            "resources": {"cpus": 1, "accelerator_type": kind},
            "simulated": {"latency_s": {"median": latency_s}, "load_s": 1.0},
            "engine_args": {"max_num_seqs": SEATS[role]},
        }
    document["explorer"]["paths"] = 4


class Kinds(Nodes):
    """A head without CPUs, and a node of each of two kinds."""

    def __init__(self, logs: Path) -> None:
        # Else a death is declared after a quarter of a minute.
        checks = json.dumps({"health_check_period_ms": 1000, "health_check_timeout_ms": 5000})
        super().__init__(logs, "--num-cpus=0", "--include-dashboard=false", f"--system-config={checks}")
        self._workers = {kind: self.another(kind) for kind in ("L4", "L40S")}

    def another(self, kind: str) -> subprocess.Popen[bytes]:
        """One more of a kind."""
        return self.add("--num-cpus=1", f'--resources={{"accelerator_type:{kind}": 1}}')

    def lose(self, kind: str) -> None:
        """Kills that node, and has another come."""
        self.kill(self._workers[kind])
        self._workers[kind] = self.another(kind)

    def watched(self, document: dict[str, Any]) -> "subprocess.Popen[str]":
        """A run that says all the while how wide its pools are."""
        command = [sys.executable, "-c", WATCHED, json.dumps(document)]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kinds]:
    cluster = Kinds(tmp_path_factory.mktemp("nodes"))
    yield cluster
    cluster.close()


def test_a_lost_node_s_pool_is_as_wide_and_as_fast_as_before_and_the_other_notices_nothing(
    tmp_path: Path, nodes: Kinds, document: dict[str, Any]
) -> None:
    problems = tmp_path / "many.jsonl"
    problems.write_text("".join(json.dumps({"problem": f"What is {n} + 1?"}) + "\n" for n in range(PROBLEMS)))
    document |= {"input": {"path": str(problems)}, "schedule": "streaming"}
    stand_on_their_own_kinds(document)
    process = nodes.watched(document)
    seen: list[dict[str, Any]] = []
    killed_at = 0.0
    for line in process.stdout or ():
        seen.append(json.loads(line))
        if not killed_at and seen[-1]["ok"] >= 15:
            nodes.lose("L40S")
            killed_at = seen[-1]["at"]
    receipt = seen.pop()
    assert (receipt["ok"], receipt["balanced"], process.wait(timeout=60)) == (PROBLEMS, True, 0)

    first = {name for one in seen if one["at"] < killed_at for name in one["running"]}
    again = [
        (one["at"], running)
        for one in seen
        for name, running in one["running"].items()
        if name.startswith("synthesizer") and name not in first
    ]
    loaded_at = again[0][0]
    full_at = next(at for at, running in again if running == SEATS["synthesizer"])
    assert full_at - loaded_at < 5
    rows = duckdb.sql(f"select finished_at from '{document['output']}/results/*.parquet' order by all").fetchall()  # noqa: S608
    after = [at.timestamp() for (at,) in rows if at.timestamp() > full_at + 3]
    fast = [at for at in after if at < after[0] + 9]
    assert len(fast) > 0.6 * 9 * SEATS["synthesizer"] / 2.1  # the mean of its latency
    paths = duckdb.sql(f"select finished_at from '{document['output']}/paths/*.parquet' order by all").fetchall()  # noqa: S608
    during = [at.timestamp() for (at,) in paths if killed_at <= at.timestamp() <= full_at]
    assert max(later - sooner for sooner, later in pairwise(during)) < 3  # on a quiet machine 1


def test_what_a_lost_node_owes_is_done_by_those_that_are_there(
    tmp_path: Path, nodes: Kinds, document: dict[str, Any]
) -> None:
    count = PROBLEMS // 2
    problems = tmp_path / "few.jsonl"
    problems.write_text("".join(json.dumps({"problem": f"What is {n} + 1?"}) + "\n" for n in range(count)))
    document |= {"input": {"path": str(problems)}, "schedule": "streaming"}
    stand_on_their_own_kinds(document)
    document["synthesizer"]["replicas"] = {"min": 2, "max": 2}
    lost = nodes.another("L40S")
    process = nodes.watched(document)
    seen: list[dict[str, Any]] = []
    killed = False
    for line in process.stdout or ():
        seen.append(json.loads(line))
        busy = [n for name, n in seen[-1].get("running", {}).items() if name.startswith("synthesizer") and n]
        if not killed and len(busy) == 2 and seen[-1]["ok"] >= 10:
            nodes.kill(lost)
            killed = True
    receipt = seen.pop()
    assert (receipt["ok"], receipt["balanced"], process.wait(timeout=60)) == (count, True, 0)
    assert killed
    [found] = duckdb.sql(
        f"select count(*), count(distinct problem_id) from '{document['output']}/results/*.parquet'"  # noqa: S608
    ).fetchall()
    assert found == (count, count)
    replicas = {name for one in seen for name in one["running"] if name.startswith("synthesizer")}
    assert len(replicas) == 2  # none had to load once more for what the lost one owed


def test_a_node_is_killed_and_another_comes(tmp_path: Path, nodes: Kinds) -> None:
    config = write_config(tmp_path, "run", 200, tokens=LONG)
    document: dict[str, Any] = yaml.safe_load(config.read_text())
    for role in ("explorer", "synthesizer"):
        document[role]["resources"] = {"cpus": 1}
    config.write_text(yaml.safe_dump({**document, "schedule": "streaming"}))
    process = subprocess.Popen(
        [*A2R, "run", str(config), "--json"], env=nodes.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    results = tmp_path / "run" / "results"
    wait_until(lambda: process.poll() is not None or bool(list(results.glob("*.parquet"))), 120, "no result")
    assert process.poll() is None, process.communicate()
    nodes.lose(random.choice(("L4", "L40S")))  # with the explorer's replica, or the synthesizer's
    out, errors = process.communicate(timeout=240)
    assert process.returncode == 3, errors
    assert cli(["verify", str(tmp_path / "run")], standalone_mode=False) == 0
    finish(write_config(tmp_path, "quiet", 200, latency_s=0, tokens=LONG), nodes)
    assert content(tmp_path / "run") == content(tmp_path / "quiet"), out

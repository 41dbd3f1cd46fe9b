"""What the loss of a node costs: how wide the pools are afterwards, how fast, and what the other pool notices."""

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.nodes import Nodes

PROBLEMS = 100
SEATS = {"explorer": 16, "synthesizer": 8}

WATCHED = """
import json, sys, time
from a2r_ray.cluster import driver
from a2r_ray.config.loading import parse_config
def observe(progress):
    alive = {name: each for name, each in progress.replicas.items() if each["age_s"] < 1.5 and not each["loading"]}
    print(json.dumps({
        "at": time.time(),
        "ok": sum(each["ok"] for each in progress.replicas.values()),
        "running": {name: each["running"] for name, each in alive.items()},
    }), flush=True)
receipt = driver.run(parse_config(json.loads(sys.argv[1])), observe).receipt
print(json.dumps(receipt), flush=True)
"""


EXPLORERS, SYNTHESIZERS = (f'--resources={{"accelerator_type:{kind}": 1}}' for kind in ("L4", "L40S"))
"""What makes a node fit for one."""


def stand_on_their_own_kinds(document: dict[str, Any]) -> None:
    for role, kind, latency_s in (("explorer", "L4", 1.0), ("synthesizer", "L40S", 3.0)):
        document[role] |= {
            "resources": {"cpus": 1, "accelerator_type": kind},
            "simulated": {"latency_s": {"median": latency_s}, "load_s": 1.0},
            "engine_args": {"max_num_seqs": SEATS[role]},
        }
    document["explorer"]["paths"] = 4


def watched(document: dict[str, Any], nodes: Nodes) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WATCHED, json.dumps(document)], env=nodes.environment, stdout=subprocess.PIPE, text=True
    )


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    # Else a death is declared after a quarter of a minute.
    checks = json.dumps({"health_check_period_ms": 1000, "health_check_timeout_ms": 5000})
    cluster = Nodes(tmp_path, "--num-cpus=0", "--include-dashboard=false", f"--system-config={checks}")
    yield cluster
    cluster.close()


def test_a_lost_node_s_pool_is_as_wide_and_as_fast_as_before_and_the_other_notices_nothing(
    tmp_path: Path, nodes: Nodes, document: dict[str, Any]
) -> None:
    problems = tmp_path / "many.jsonl"
    problems.write_text("".join(json.dumps({"problem": f"What is {n} + 1?"}) + "\n" for n in range(PROBLEMS)))
    document |= {"input": {"path": str(problems)}, "schedule": "streaming"}
    stand_on_their_own_kinds(document)
    nodes.add("--num-cpus=1", EXPLORERS)
    lost = nodes.add("--num-cpus=1", SYNTHESIZERS)
    process = watched(document, nodes)
    seen: list[dict[str, Any]] = []
    killed_at = 0.0
    for line in process.stdout or ():
        seen.append(json.loads(line))
        if not killed_at and seen[-1]["ok"] >= 15:
            nodes.kill(lost)
            killed_at = seen[-1]["at"]
            nodes.add("--num-cpus=1", SYNTHESIZERS)
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
    assert len(fast) > 0.6 * 9 * SEATS["synthesizer"] / 3.15  # the mean of its latency
    paths = duckdb.sql(f"select finished_at from '{document['output']}/paths/*.parquet' order by all").fetchall()  # noqa: S608
    during = [at.timestamp() for (at,) in paths if killed_at <= at.timestamp() <= full_at]
    assert max(later - sooner for sooner, later in pairwise(during)) < 3  # on a quiet machine 1


def test_what_a_lost_node_owes_is_done_by_those_that_are_there(
    tmp_path: Path, nodes: Nodes, document: dict[str, Any]
) -> None:
    problems = tmp_path / "few.jsonl"
    problems.write_text("".join(json.dumps({"problem": f"What is {n} + 1?"}) + "\n" for n in range(PROBLEMS // 2)))
    document |= {"input": {"path": str(problems)}, "schedule": "streaming"}
    stand_on_their_own_kinds(document)
    nodes.add("--num-cpus=1", EXPLORERS)
    document["synthesizer"]["replicas"] = {"min": 2, "max": 2}
    nodes.add("--num-cpus=1", SYNTHESIZERS)
    lost = nodes.add("--num-cpus=1", SYNTHESIZERS)
    process = watched(document, nodes)
    seen: list[dict[str, Any]] = []
    killed = False
    for line in process.stdout or ():
        seen.append(json.loads(line))
        busy = [n for name, n in seen[-1].get("running", {}).items() if name.startswith("synthesizer") and n]
        if not killed and len(busy) == 2 and seen[-1]["ok"] >= 10:
            nodes.kill(lost)
            killed = True
    receipt = seen.pop()
    assert (receipt["ok"], receipt["balanced"], process.wait(timeout=60)) == (PROBLEMS // 2, True, 0)
    assert killed
    [(results, different)] = duckdb.sql(
        f"select count(*), count(distinct problem_id) from '{document['output']}/results/*.parquet'"  # noqa: S608
    ).fetchall()
    assert (results, different) == (PROBLEMS // 2, PROBLEMS // 2)
    replicas = {name for one in seen for name in one["running"] if name.startswith("synthesizer")}
    assert len(replicas) == 2  # none had to load once more for what the lost one owed

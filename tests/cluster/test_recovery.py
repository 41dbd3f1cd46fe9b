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
    for role, kind, latency_s in (("explorer", "L4", 1.0), ("synthesizer", "L40S", 3.0)):
        document[role] |= {
            "resources": {"cpus": 1, "accelerator_type": kind},
            "simulated": {"latency_s": {"median": latency_s}, "load_s": 1.0},
            "engine_args": {"max_num_seqs": SEATS[role]},
        }
    document["explorer"]["paths"] = 4
    nodes.add("--num-cpus=1", '--resources={"accelerator_type:L4": 1}')
    lost = nodes.add("--num-cpus=1", '--resources={"accelerator_type:L40S": 1}')
    process = subprocess.Popen(
        [sys.executable, "-c", WATCHED, json.dumps(document)], env=nodes.environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    seen: list[dict[str, Any]] = []
    killed_at = 0.0
    for line in process.stdout:
        seen.append(json.loads(line))
        if not killed_at and seen[-1]["ok"] >= 15:
            nodes.kill(lost)
            killed_at = seen[-1]["at"]
            nodes.add("--num-cpus=1", '--resources={"accelerator_type:L40S": 1}')
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

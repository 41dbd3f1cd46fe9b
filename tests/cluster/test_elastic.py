"""A cluster that begins empty and scales by itself: what it may launch, which nodes it does, and when they go."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.nodes import Nodes, autoscaling, told

IDLE_S = 6.0
SLOW_S = 30.0
"""What a busy machine adds to the start of a node's processes."""
KINDS = {
    "explorers": {
        "resources": {"CPU": 2, "GPU": 1, "accelerator_type:L4": 1},
        "labels": {"market": "spot"},
        "node_config": {},
        "max_workers": 3,
    },
    "synthesizers": {"resources": {"CPU": 2, "GPU": 1, "accelerator_type:L40S": 1}, "node_config": {}},
}

RUN = """
import json, sys, time
import ray
from a2r_ray.cluster import driver
from a2r_ray.config.loading import parse_config
began, seen = time.monotonic(), []
def observe(progress):
    if progress.doing:
        return
    kinds = [name for node in ray.nodes() if node["Alive"] for name in node["Resources"] if "accelerator" in name]
    seen.append({
        "at": time.monotonic() - began,
        "L4": kinds.count("accelerator_type:L4"),
        "L40S": kinds.count("accelerator_type:L40S"),
        "explored": sum(each["stages"].get("explore", 0) for each in progress.replicas.values()),
        "concluded": sum(each.get("ok", 0) for each in progress.replicas.values()),
    })
receipt = driver.run(parse_config(json.loads(sys.argv[1])), observe).receipt
print(json.dumps({"ok": receipt["ok"], "seen": seen}))
"""


GROWS = """
import json, time
from a2r_ray.cluster import connection, private
with connection.connected():
    known = connection.cluster()
    private._autoscaler_config = lambda: None  # as from another machine
    connection._GROWTH_S = 0.1
    deadline = time.monotonic() + 30
    while not connection.cluster().grows and time.monotonic() < deadline:
        time.sleep(0.5)
    print(json.dumps({
        "launchable": [(node.resources, node.labels, most) for node, most in known.launchable],
        "grows": [known.grows, connection.cluster().grows],
    }))
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    nodes = autoscaling(tmp_path_factory.mktemp("cluster"), KINDS, most=5, idle_s=IDLE_S)
    yield nodes
    nodes.close()


def sees_what_it_can_launch(nodes: Nodes) -> None:
    """On its machine what that is, and elsewhere that it is there."""
    found, _ = told(nodes, GROWS)
    assert found["launchable"] == [
        [{"CPU": 2, "GPU": 1, "accelerator_type:L4": 1}, {"market": "spot"}, 3],
        [{"CPU": 2, "GPU": 1, "accelerator_type:L40S": 1}, {}, 5],
    ]
    assert found["grows"] == [False, True]


def test_what_the_first_autoscaler_can_launch_is_known(tmp_path: Path) -> None:
    nodes = autoscaling(tmp_path, KINDS, most=5, idle_s=60, version="v1")
    try:
        sees_what_it_can_launch(nodes)
    finally:
        nodes.close()


def test_what_the_second_autoscaler_can_launch_is_known(cluster: Nodes) -> None:
    sees_what_it_can_launch(cluster)


def test_only_nodes_that_are_needed_of_the_right_kind_and_no_longer_than_that(
    document: dict[str, Any], tmp_path: Path, cluster: Nodes
) -> None:
    problems = tmp_path / "many.jsonl"
    problems.write_text("".join(json.dumps({"problem": f"What is {n} + 1?"}) + "\n" for n in range(96)))
    document["input"] = {"path": str(problems)}
    for role, kind, replicas, latency_s, seats in (
        ("explorer", "L4", 3, 2.0, 16),
        ("synthesizer", "L40S", 2, 6.5, 8),
    ):
        document[role] |= {
            "replicas": {"min": 1, "max": replicas},
            "resources": {"cpus": 1, "gpus": 1, "accelerator_type": kind},
            "simulated": {"latency_s": {"median": latency_s}, "load_s": 1.0},
            "engine_args": {"max_num_seqs": seats},
        }
    document["explorer"]["paths"] = 4
    found, said = told(cluster, RUN, json.dumps(document))
    seen = found["seen"]

    def when(condition: Callable[[dict[str, float]], bool]) -> float:
        return float(next(one["at"] for one in seen if condition(one)))

    assert found["ok"] == 96
    assert "fit at once on the node that is up and those that can be launched" in said
    assert (max(one["L4"] for one in seen), max(one["L40S"] for one in seen)) == (3, 2)
    # Explorers at once as many as there is work for, and the first synthesizer beside them, which has to load as well.
    assert when(lambda one: one["L4"] == 3) - when(lambda one: one["L4"] > 0) < 5 + SLOW_S
    assert abs(when(lambda one: one["L40S"] > 0) - when(lambda one: one["L4"] > 0)) < 5 + SLOW_S
    # The second synthesizer when more waits than the first one serves at once, and not before.
    second = when(lambda one: one["L40S"] == 2)
    wanted = when(lambda one: one["explored"] - one["concluded"] > 8)
    assert -2 < second - wanted < 10 + SLOW_S
    # The explorers' nodes go while the synthesizers still work, and theirs stay.
    explored = when(lambda one: one["explored"] == seen[-1]["explored"])
    assert when(lambda one: one["at"] > explored and one["L4"] == 0) - explored < IDLE_S + 5 + SLOW_S
    assert seen[-1]["L4"] == 0
    # As long as there is work for both; the last problems, which one serves at once, may let the other's node go.
    busy = [one for one in seen if one["at"] > second and one["explored"] - one["concluded"] > 16]
    assert busy
    assert {one["L40S"] for one in busy} == {2}
    assert seen[-1]["L40S"] >= 1

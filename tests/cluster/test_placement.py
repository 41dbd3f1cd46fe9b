"""Nodes of two kinds, as Ray has them: who stands where, and what labels select."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.nodes import Nodes, told

RUN = """
import json, sys
import ray
from ray._private.state import actors
from a2r_ray.cluster import driver
from a2r_ray.config.loading import parse_config
places = {}
def observe(progress):
    if progress.doing:
        return
    names = {node["NodeID"]: node["Labels"].get("name", "head") for node in ray.nodes()}
    for actor in actors().values():
        if actor["State"] == "ALIVE" and "MapBatches" in actor["ActorClassName"]:
            places[actor["ActorID"]] = (actor["ActorClassName"], names[actor["Address"]["NodeID"]])
receipt = driver.run(parse_config(json.loads(sys.argv[1])), observe).receipt
print(json.dumps({"ok": receipt["ok"], "places": sorted(places.values())}))
"""

SELECT = """
import json, sys
import ray
from a2r_ray.cluster import connection
from a2r_ray.method.placement import matches
@ray.remote(num_cpus=0)
def answer(): return 1
with connection.connected():
    nodes = [node for node in connection.nodes() if "name" in node.labels]
    selectors = [
        {"name": node.labels["name"], label: condition}
        for node in nodes for label in ("zone", "nowhere")
        for condition in ("a", "!a", "in(a, b)", "in(a,c)", "!in(a, c)", "!in(b)")
    ]
    tasks = {answer.options(label_selector=selector).remote(): selector for selector in selectors}
    ready, left = ray.wait(list(tasks), timeout=120)
    while more := ray.wait(left, timeout=8)[0] if left else []:  # until no other finds a place
        ready, left = ready + more, [task for task in left if task not in more]
    print(json.dumps({
        "asked": len(selectors),
        "ray": [tasks[task] for task in tasks if task in set(ready)],
        "ours": [selector for selector in selectors if any(matches(selector, node.labels) for node in nodes)],
    }))
"""


@pytest.fixture(scope="module")
def two_kinds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """A head without CPUs, a node with a disk, and one with a GPU."""
    nodes = Nodes(tmp_path_factory.mktemp("two_kinds"), "--num-cpus=0", "--include-dashboard=false")
    nodes.add("--num-cpus=2", "--labels=name=disk,zone=a", '--resources={"disk": 2}')
    nodes.add("--num-cpus=2", "--num-gpus=1", "--labels=name=gpu,zone=b", '--resources={"accelerator_type:L4": 1}')
    yield nodes
    nodes.close()


def on_two_kinds(document: dict[str, Any]) -> dict[str, Any]:
    document["explorer"] |= {
        "resources": {"cpus": 0.5, "labels": {"zone": "!in(b, c)", "name": "in(disk, gpu)"}, "custom": {"disk": 1}},
        "replicas": {"min": 2},
        "simulated": {"latency_s": {"median": 0.2}},
        "engine_args": {"max_num_seqs": 4},
    }
    document["synthesizer"]["resources"] = {"cpus": 0.5, "gpus": 1, "accelerator_type": "L4"}
    return document


def test_replicas_stand_where_their_roles_say(two_kinds: Nodes, document: dict[str, Any]) -> None:
    found, said = told(two_kinds, RUN, json.dumps(on_two_kinds(document)))
    assert found["ok"] == 20
    assert found["places"] == [
        ["MapWorker(MapBatches(explorer))", "disk"],
        ["MapWorker(MapBatches(explorer))", "disk"],
        ["MapWorker(MapBatches(synthesizer))", "gpu"],
    ]
    why = (
        "2 explorer (0.5 CPU, 1 disk, name in(disk,gpu), zone !in(b,c)) and 1 synthesizer (0.5 CPU, 1 GPU, L4) fit "
        "at once on the 3 nodes that are up"
    )
    assert said.splitlines().count(f"schedule streaming: {why}") == 1
    [attempt] = json.loads((Path(document["output"]) / "run.json").read_text())["attempts"]
    assert (attempt["schedule"], attempt["why"], attempt["outcome"]) == ("streaming", why, "complete")


def test_what_is_enough_in_all_and_on_no_node_takes_turns(two_kinds: Nodes, document: dict[str, Any]) -> None:
    on_two_kinds(document)["explorer"]["resources"] = {"cpus": 1, "gpus": 1}
    document["explorer"]["replicas"] = {"min": 1}
    found, said = told(two_kinds, RUN, json.dumps(document))
    assert found["ok"] == 20
    assert (
        "schedule phased: 1 explorer (1 CPU, 1 GPU) and 1 synthesizer (0.5 CPU, 1 GPU, L4) do not fit at once" in said
    )
    assert "there is room for 1 and 0 on " in said


def test_labels_select_the_nodes_that_ray_selects(two_kinds: Nodes) -> None:
    found, _ = told(two_kinds, SELECT)
    assert found["ray"] == found["ours"]
    assert 0 < len(found["ray"]) < found["asked"] == 24

"""Replicas that are spread over several nodes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from a2r_ray.cluster import graph
from a2r_ray.config.loading import parse_config
from a2r_ray.errors import ConfigError
from a2r_ray.method.compile import compile_method
from tests.nodes import Nodes, told

RUN = """
import json, sys
from ray.util import placement_group_table
from a2r_ray.cluster import connection, driver
from a2r_ray.config.loading import parse_config
groups, while_synthesizing = {}, []
def observe(progress):
    table = placement_group_table()
    groups.update({name: group for name, group in table.items() if group["state"] == "CREATED"})
    done = sum(each["stages"].get("synthesize", 0) for each in progress.replicas.values())
    while_synthesizing.append((done, [group["state"] for group in table.values()]))
with connection.connected():
    receipt = driver.run(parse_config(json.loads(sys.argv[1])), observe).receipt
print(json.dumps({
    "ok": receipt["ok"],
    "nodes": [sorted(group["bundles_to_node_id"].values()) for group in groups.values()],
    "bundles": [list(group["bundles"].values()) for group in groups.values()],
    "seen": while_synthesizing,
}))
"""


@pytest.fixture
def four_nodes(tmp_path: Path) -> Iterator[Nodes]:
    nodes = Nodes(tmp_path, "--num-cpus=1", "--include-dashboard=false")
    for _ in range(4):
        nodes.add("--num-cpus=1", "--num-gpus=1", '--resources={"accelerator_type:L4": 1}')
    yield nodes
    nodes.close()


def test_each_has_its_nodes_for_as_long_as_it_lives(four_nodes: Nodes, document: dict[str, Any]) -> None:
    document["explorer"] |= {
        "resources": {"cpus": 0.5, "gpus": 2, "nodes": 2, "accelerator_type": "L4"},
        "replicas": {"min": 1, "max": 3},
        "simulated": {"latency_s": {"median": 0.5}},
        "engine_args": {"max_num_seqs": 8},
    }
    document["synthesizer"] |= {
        "resources": {"cpus": 0.25},
        "simulated": {"latency_s": {"median": 1.0}},
        "engine_args": {"max_num_seqs": 1},
    }
    found, said = told(four_nodes, RUN, json.dumps(document))
    assert found["ok"] == 20
    assert "1 explorer (0.5 CPU, 1 GPU, L4 on each of 2 nodes) and 1 synthesizer" in said
    assert len(found["nodes"]) == 2  # of three that it might have, for four nodes
    assert len({node for pair in found["nodes"] for node in pair}) == 4
    assert all(sum(bundle["GPU"] for bundle in bundles) == 2 for bundles in found["bundles"])
    # They are gone while the synthesizer, one at a time, still works.
    assert any(done < 20 and set(states) == {"REMOVED"} for done, states in found["seen"])


def test_gpus_are_as_many_on_each_node(document: dict[str, Any]) -> None:
    document["explorer"]["resources"] = {"gpus": 3, "nodes": 2}
    with pytest.raises(ConfigError, match=r"resources.nodes is 2, and 3 GPUs .* multiple of 2"):
        parse_config(document)


def test_a_dataset_of_others_has_none(document: dict[str, Any]) -> None:
    document["explorer"]["resources"] = {"gpus": 4, "nodes": 2}
    method = compile_method(parse_config(document), "streaming")
    with pytest.raises(ConfigError, match=r"explorer.resources.nodes: .* use a2r run"):
        graph.build(None, method, rows=1)

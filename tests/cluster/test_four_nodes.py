"""What takes several nodes to be seen: replicas that are spread over them, and a folder that is not on all."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.nodes import Nodes, told

RUN = """
import json, sys
from ray.util import placement_group_table
from a2r_ray.cluster import connection, driver
from a2r_ray.config.loading import parse_config
groups, while_synthesizing = {}, []
def observe(progress):
    if progress.doing:
        return
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


LOOKS = """
import os, sys, ray
from pathlib import Path
from a2r_ray.cluster import shared_folder
from a2r_ray.errors import OutputError
ray.init(logging_level="ERROR")
here = ray.get_runtime_context().get_node_id()
def another_disk(path):
    assert Path(path).exists(), "the file is there while they look"
    assert ray.get_runtime_context().get_node_id() != here, "the driver's own node need not look"
    return False
def broken(path):
    raise ValueError("no module here")
folder = sys.argv[1]
with shared_folder.output_looked_for(folder):
    pass
for look in (another_disk, broken):
    try:
        with shared_folder.output_looked_for(folder, look):
            pass
    except OutputError as error:
        print(error)
    else:
        print("taken")
"""


@pytest.fixture(scope="module")
def four_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """The head and three others, with a GPU each."""
    gpu = ("--num-gpus=1", '--resources={"accelerator_type:L4": 1}')
    nodes = Nodes(tmp_path_factory.mktemp("nodes"), "--num-cpus=2", *gpu, "--include-dashboard=false")
    try:
        for _ in range(3):
            nodes.add("--num-cpus=1", *gpu)
        yield nodes
    finally:
        nodes.close()


def test_each_replica_has_its_nodes_for_as_long_as_it_lives(four_nodes: Nodes, document: dict[str, Any]) -> None:
    document["explorer"] |= {
        "resources": {"cpus": 0.5, "gpus": 2, "nodes": 2, "accelerator_type": "L4"},
        "replicas": {"min": 1, "max": 3},
        "simulated": {"latency_s": {"median": 0.5}},
        "engine_args": {"max_num_seqs": 8},
    }
    document["synthesizer"] |= {
        "resources": {"cpus": 0.25},
        "simulated": {"latency_s": {"median": 0.6}},
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


def test_each_other_node_looks_and_says_what_it_sees(four_nodes: Nodes, tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    done = subprocess.run(
        [sys.executable, "-c", LOOKS, str(folder)],
        env=four_nodes.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "taken" not in done.stdout
    assert done.stdout.count("not seen to be the same one on 3 of 3 other nodes") == 2
    assert ": what lies there is another folder, or none" in done.stdout
    assert ": it could not look: " in done.stdout
    assert "ValueError: no module here" in done.stdout
    assert list(tmp_path.iterdir()) == []

"""cluster.yaml is what Ray's launcher takes, and gives the nodes that its example config asks for."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config
from ray.util.accelerators import accelerators

ROOT = Path(__file__).parents[1]
ROLES = {"explorer": "explorers", "synthesizer": "synthesizers"}


def load(name: str) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((ROOT / name).read_text())
    return config


@pytest.fixture
def prepared() -> dict[str, Any]:
    """The config as `ray up` completes it from its defaults, before it asks AWS."""
    config: dict[str, Any] = prepare_config(load("cluster.yaml"))
    return config


@pytest.fixture
def groups(prepared: dict[str, Any]) -> dict[str, Any]:
    """The worker groups by name."""
    return {k: v for k, v in prepared["available_node_types"].items() if k != prepared["head_node_type"]}


def test_ray_accepts_it(prepared: dict[str, Any]) -> None:
    validate_config(prepared)


def test_idle_nodes_go_away(prepared: dict[str, Any], groups: dict[str, Any]) -> None:
    assert 0 < prepared["idle_timeout_minutes"] <= 15
    assert all(group["min_workers"] == 0 for group in groups.values())
    assert sum(group["max_workers"] for group in groups.values()) <= prepared["max_workers"]


def test_only_explorers_are_on_spot(groups: dict[str, Any]) -> None:
    markets = {name: group["node_config"].get("InstanceMarketOptions", {}) for name, group in groups.items()}
    assert markets == {"explorers": {"MarketType": "spot"}, "synthesizers": {}}
    assert {name: group["labels"]["a2r.market"] for name, group in groups.items()} == {
        "explorers": "spot",
        "synthesizers": "on-demand",
    }


def test_every_node_type_is_labelled_with_its_role(prepared: dict[str, Any]) -> None:
    labels = {name: node["labels"]["a2r.role"] for name, node in prepared["available_node_types"].items()}
    assert labels == {"head": "head", "explorers": "explorer", "synthesizers": "synthesizer"}


def test_the_head_takes_no_tasks(prepared: dict[str, Any]) -> None:
    assert prepared["available_node_types"]["head"]["resources"] == {"CPU": 0}


def test_every_node_installs_the_project_that_is_copied_to_it(prepared: dict[str, Any]) -> None:
    (folder,) = (remote for remote, local in prepared["file_mounts"].items() if local == ".")
    assert f"pip install -e {folder}" in prepared["head_setup_commands"]
    assert f"pip install -e '{folder}[gpu]'" in prepared["worker_setup_commands"]


@pytest.mark.parametrize(("role", "group"), ROLES.items())
def test_a_role_asks_for_the_nodes_of_its_group(groups: dict[str, Any], role: str, group: str) -> None:
    asked = load("examples/cluster-qwen3.yaml")[role]
    kind = asked["resources"]["accelerator_type"]
    offered = groups[group]["resources"]
    assert kind in vars(accelerators).values()
    assert [name for name in offered if name.startswith("accelerator_type:")] == [f"accelerator_type:{kind}"]
    assert asked["resources"]["gpus"] <= offered["GPU"]
    assert asked["resources"]["cpus"] <= offered["CPU"]
    assert asked["replicas"]["max"] <= groups[group]["max_workers"]


def test_what_must_be_set_is_marked() -> None:
    for name in ("cluster.yaml", "examples/cluster-qwen3.yaml"):
        lines = (ROOT / name).read_text().splitlines()
        for number, line in enumerate(lines):
            if "CHANGE-ME" in line:
                assert any("# CHANGE:" in near for near in lines[max(0, number - 3) : number + 1]), line

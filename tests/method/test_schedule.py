"""The layout follows from the config and the cluster."""

from typing import Any

import pytest

from a2r_ray.config.loading import parse_config
from a2r_ray.config.schema import RoleConfig
from a2r_ray.method import schedule
from a2r_ray.method.compile import compile_method, compile_phases, planned
from a2r_ray.method.placement import Cluster, Node

SMALL = {"model": "small", "resources": {"cpus": 1, "gpus": 1}, "sampling": {"max_tokens": 1024}}
LARGE = {**SMALL, "model": "large"}


def config(**fields: Any) -> Any:
    return parse_config({"input": {"path": "x"}, "output": "o", "explorer": SMALL, "synthesizer": LARGE, **fields})


L4, H100 = "accelerator_type:L4", "accelerator_type:H100"


def node(cpus: int, gpus: int = 0, kind: str = L4) -> Node:
    return Node({"CPU": cpus, "GPU": gpus, kind: 1} if gpus else {"CPU": cpus})


def choice(cluster: Cluster, **fields: Any) -> schedule.Choice:
    return planned(config(**fields), cluster, compile_phases)[0]


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([node(8, 2)], "streaming"),
        ([node(4, 1), node(4, 1)], "streaming"),
        ([node(8, 1)], "phased"),
        ([node(1, 2)], "phased"),
        ([node(8), node(1, 1), node(0, 1)], "phased"),  # enough in all, and no node for it
    ],
)
def test_auto_streams_where_each_pool_has_its_nodes(nodes: list[Node], expected: str) -> None:
    assert choice(Cluster(nodes)).schedule == expected


def test_the_reason_names_who_stands_where() -> None:
    on_h100 = {**LARGE, "resources": {"cpus": 4, "gpus": 1, "accelerator_type": "H100"}, "replicas": {"min": 2}}
    nodes = [node(4, 1), node(4, 1), node(8, 2, H100)]
    assert choice(Cluster(nodes), synthesizer=on_h100) == schedule.Choice(
        "streaming",
        "1 explorer (1 CPU, 1 GPU) and 2 synthesizer (4 CPU, 1 GPU, H100) fit at once on the 3 nodes that are up",
    )
    assert choice(Cluster(nodes[:2]), synthesizer=on_h100) == schedule.Choice(
        "phased",
        "1 explorer (1 CPU, 1 GPU) and 2 synthesizer (4 CPU, 1 GPU, H100) do not fit at once: there is room for 1 and "
        "0 on 2 nodes with 4 CPU, 1 GPU, L4; not even one synthesizer has a place",
        short=True,
        homeless=("synthesizer",),
    )


def test_an_autoscaler_counts_by_its_node_types_or_where_it_does_not_tell_them_as_able() -> None:
    head = Node({"memory": 1e9})
    knows = choice(Cluster([head], [(node(1, 1), 2)]))
    assert (knows.schedule, knows.why.partition(" fit at once on ")[2]) == (
        "streaming",
        "the node that is up and those that can be launched",
    )
    assert choice(Cluster([head], [(node(1, 1), 1)])).schedule == "phased"
    assert choice(Cluster([head], [(node(1, 1), 1)], grows=True)).schedule == "streaming"
    unknown = choice(Cluster([head], grows=True))
    assert unknown.schedule == "streaming"
    assert unknown.why.endswith("find their places where the cluster's autoscaler launches nodes")
    assert choice(Cluster([head])).schedule == "phased"


def test_a_pool_that_has_a_place_nowhere_is_told_of_whatever_the_schedule() -> None:
    large = {**SMALL, "model": "large", "resources": {"cpus": 32, "gpus": 1}}
    for wanted in ("auto", "phased", "streaming"):
        told = choice(Cluster([node(8, 2)]), synthesizer=large, schedule=wanted)
        assert told.short
        assert told.why.endswith("on 1 node with 8 CPU, 2 GPU, L4; not even one synthesizer has a place")
        assert not choice(Cluster([node(8, 2)], grows=True), synthesizer=large, schedule=wanted).short


def test_auto_shares_one_engine_between_equal_roles() -> None:
    assert choice(Cluster([node(8, 8)]), synthesizer=SMALL) == schedule.Choice(
        "shared", "both roles load the same engine"
    )


def test_one_pool_has_nothing_to_choose() -> None:
    assert choice(Cluster([node(8, 8)]), synthesizer=None) == schedule.Choice("streaming")
    assert choice(Cluster([], grows=True), synthesizer=None) == schedule.Choice("streaming")


def test_one_that_has_no_place_is_told() -> None:
    lonely = choice(Cluster([node(8, 0)]), synthesizer=None)
    assert (lonely.schedule, lonely.short, lonely.homeless) == ("streaming", True, ("explorer",))
    assert lonely.why.startswith("not even one explorer (1 CPU, 1 GPU) has a place on 1 node with 8 CPU")


def test_what_is_asked_for_is_taken_and_told_where_it_cannot_stand() -> None:
    assert choice(Cluster([node(8, 8)]), schedule="phased") == schedule.Choice("phased")
    assert choice(Cluster([node(8, 8)]), schedule="streaming") == schedule.Choice("streaming")
    assert not choice(Cluster([node(8, 1)], grows=True), schedule="streaming").short
    short = choice(Cluster([node(8, 1)]), schedule="streaming")
    assert (short.schedule, short.short) == ("streaming", True)
    assert short.why.endswith("do not fit at once: there is room for 1 and 0 on 1 node with 8 CPU, 1 GPU, L4")


def asked(**fields: Any) -> list[tuple[RoleConfig, int]]:
    return [(pool.engine, pool.requests) for pool in compile_method(config(**fields), "streaming") if pool.engine]


def test_a_block_is_one_problem_until_the_rate_asks_for_more() -> None:
    assert schedule.rows_per_block(asked()) == 1
    simulated = {"engine": "simulated", "model": "s"}
    assert schedule.rows_per_block(asked(explorer=simulated, synthesizer=simulated)) == 128
    slow = {**simulated, "simulated": {"latency_s": {"median": 10.0}}}
    assert schedule.rows_per_block(asked(explorer=slow, synthesizer=slow)) == 1


def test_calls_keep_the_engine_s_queue_filled() -> None:
    role = config().explorer
    for requests in (1, 4, 8):
        assert schedule.calls(role, requests, 1, stages=1) * requests == 2 * role.max_num_seqs
    assert schedule.calls(role, 4, 1, stages=2) == 2 * schedule.calls(role, 4, 1, stages=1)
    assert schedule.calls(None, 0, 64, stages=0) >= 1

"""The layout follows from the config and the cluster."""

from typing import Any

import pytest

from a2r_ray.config.loading import parse_config
from a2r_ray.config.schema import RoleConfig
from a2r_ray.method import schedule
from a2r_ray.method.compile import compile_method

SMALL = {"model": "small", "resources": {"cpus": 1, "gpus": 1}, "sampling": {"max_tokens": 1024}}
LARGE = {**SMALL, "model": "large"}


def config(**fields: Any) -> Any:
    return parse_config({"input": {"path": "x"}, "output": "o", "explorer": SMALL, "synthesizer": LARGE, **fields})


@pytest.mark.parametrize(
    ("resources", "expected"),
    [({"GPU": 2, "CPU": 8}, "streaming"), ({"GPU": 1, "CPU": 8}, "phased"), ({"GPU": 2, "CPU": 1}, "phased")],
)
def test_auto_streams_where_both_pools_fit(resources: dict[str, float], expected: str) -> None:
    assert schedule.choose(config(), resources) == expected


def test_auto_shares_one_engine_between_equal_roles() -> None:
    assert schedule.choose(config(synthesizer=SMALL), {"GPU": 8, "CPU": 8}) == "shared"


def test_what_is_asked_for_is_taken() -> None:
    assert schedule.choose(config(schedule="phased"), {"GPU": 8, "CPU": 8}) == "phased"


def asked(**fields: Any) -> list[tuple[RoleConfig, int]]:
    return [(pool.engine, pool.requests) for pool in compile_method(config(**fields), "streaming") if pool.engine]


def test_a_block_is_one_problem_until_the_rate_asks_for_more() -> None:
    assert schedule.rows_per_block(asked()) == 1
    simulated = {"engine": "simulated", "model": "s"}
    assert schedule.rows_per_block(asked(explorer=simulated, synthesizer=simulated)) == 64
    slow = {**simulated, "simulated": {"latency_s": {"median": 10.0}}}
    assert schedule.rows_per_block(asked(explorer=slow, synthesizer=slow)) == 1


def test_calls_keep_the_engine_s_queue_filled() -> None:
    role = config().explorer
    for requests in (1, 4, 8):
        assert schedule.calls(role, requests, 1, stages=1) * requests == 2 * role.max_num_seqs
    assert schedule.calls(role, 4, 1, stages=2) == 2 * schedule.calls(role, 4, 1, stages=1)
    assert schedule.calls(None, 0, 64, stages=0) >= 1

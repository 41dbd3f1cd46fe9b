"""What a config compiles to: pools, and the stages that each serves."""

from typing import Any

import pytest

from a2r_ray.config.loading import parse_config
from a2r_ray.config.schema import Config
from a2r_ray.method.compile import Method, before_conclusion, compile_method, conclusion, fingerprints


def shape(method: Method) -> list[tuple[str, list[str], str]]:
    return [(pool.name, [stage.name for stage in pool.stages], pool.section) for pool in method]


EXPLORE = ("explorer", ["explore"], "explorer")
SYNTHESIZE = ("synthesizer", ["synthesize"], "synthesizer")


@pytest.mark.parametrize("schedule", ["streaming", "phased"])
def test_two_roles_are_two_pools(config: Config, schedule: Any) -> None:
    assert shape(compile_method(config, schedule)) == [EXPLORE, SYNTHESIZE]


def test_a_shared_engine_is_one_pool_with_both_stages(config: Config) -> None:
    [pool] = compile_method(config, "shared")
    assert shape((pool,)) == [("explorer+synthesizer", ["explore", "synthesize"], "explorer")]
    assert pool.requests == 4
    assert pool.concludes


def test_without_a_synthesizer_the_explorer_s_pool_votes(document: dict[str, Any]) -> None:
    method = compile_method(parse_config({**document, "synthesizer": None}), "streaming")
    assert shape(method) == [("explorer", ["explore", "vote"], "explorer")]


def test_brought_paths_are_synthesized_or_voted_on_and_nothing_explores(document: dict[str, Any]) -> None:
    document["input"]["source"] = "paths"
    assert shape(compile_method(parse_config(document), "streaming")) == [SYNTHESIZE]
    [pool] = compile_method(parse_config({**document, "synthesizer": None}), "streaming")
    assert shape((pool,)) == [("vote", ["vote"], "")]
    assert pool.engine is None


def test_a_method_falls_into_what_moves_cases_on_and_what_concludes_them(document: dict[str, Any]) -> None:
    config = parse_config(document)
    for schedule in ("streaming", "shared"):
        method = compile_method(config, schedule)
        assert [names for _, names, _ in shape(before_conclusion(method))] == [["explore"]]
        assert [names for _, names, _ in shape(conclusion(method))] == [["synthesize"]]
    [voting] = conclusion(compile_method(parse_config({**document, "synthesizer": None}), "streaming"))
    assert voting.engine is None  # a vote loads no model


def test_the_fingerprints_are_those_of_the_paths_that_it_writes(config: Config) -> None:
    assert fingerprints(compile_method(config, "streaming")) == (config.explorer_fingerprint,)
    assert fingerprints(conclusion(compile_method(config, "streaming"))) == ()

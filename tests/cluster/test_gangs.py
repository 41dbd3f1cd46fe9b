"""Replicas that are spread over several nodes."""

from typing import Any

import pytest

from a2r_ray.cluster import graph
from a2r_ray.config.loading import parse_config
from a2r_ray.errors import ConfigError
from a2r_ray.method.compile import compile_method


def test_gpus_are_as_many_on_each_node(document: dict[str, Any]) -> None:
    document["explorer"]["resources"] = {"gpus": 3, "nodes": 2}
    with pytest.raises(ConfigError, match=r"resources.nodes is 2, and 3 GPUs .* multiple of 2"):
        parse_config(document)


def test_a_dataset_of_others_has_none(document: dict[str, Any]) -> None:
    document["explorer"]["resources"] = {"gpus": 4, "nodes": 2}
    method = compile_method(parse_config(document), "streaming")
    with pytest.raises(ConfigError, match=r"explorer.resources.nodes: .* use a2r run"):
        graph.build(None, method, rows=1)

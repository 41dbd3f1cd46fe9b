"""What changes what is generated changes the fingerprint, and what is only scheduling does not."""

from dataclasses import fields
from typing import Any

import pytest

from a2r_ray import prompts
from a2r_ray.config import fingerprint
from a2r_ray.config.loading import parse_config


def prints(document: dict[str, Any], role: str = "explorer", **fields: Any) -> dict[str, str]:
    changed = {**document, role: {**document[role], **fields}}
    return parse_config(changed).fingerprints


@pytest.fixture
def models(document: dict[str, Any]) -> dict[str, Any]:
    for role in ("explorer", "synthesizer"):
        document[role] = {"engine": "vllm", "model": "m", "resources": {"cpus": 1, "gpus": 1}}
    return document


GENERATING = [
    {"quantization": "fp8"},
    {"dtype": "float16"},
    {"hf_overrides": {"rope_scaling": {"factor": 4}}},
    {"max_model_len": 4096},
    {"kv_cache_dtype": "fp8"},
    {"an_argument_of_tomorrow": 1},
]
SCHEDULING = [
    {"max_num_seqs": 8},
    {"gpu_memory_utilization": 0.5},
    {"tensor_parallel_size": 2, "pipeline_parallel_size": 2},
    {"enable_prefix_caching": False},
    {"max_num_batched_tokens": 4096},
]


@pytest.mark.parametrize("arguments", GENERATING)
def test_arguments_that_change_the_output_change_it(models: dict[str, Any], arguments: dict[str, Any]) -> None:
    plain, changed = prints(models), prints(models, engine_args=arguments)
    assert plain["explorer"] != changed["explorer"]
    assert plain["synthesizer"] == changed["synthesizer"]
    [name] = arguments
    before, after = (parse_config({**models, "explorer": {**models["explorer"], **more}}).public()
                     for more in ({}, {"engine_args": arguments}))  # fmt: skip
    [line] = fingerprint.changed(before, after)
    assert line == f"explorer.engine_args.{name}: None there, {arguments[name]!r} now"


@pytest.mark.parametrize("arguments", SCHEDULING)
def test_arguments_of_scheduling_do_not(models: dict[str, Any], arguments: dict[str, Any]) -> None:
    assert prints(models) == prints(models, engine_args=arguments)
    before, after = (parse_config({**models, "explorer": {**models["explorer"], **more}}).public()
                     for more in ({}, {"engine_args": arguments}))  # fmt: skip
    assert fingerprint.changed(before, after) == []


def test_what_a_server_is_told_besides_counts_and_how_often_it_is_asked_does_not(document: dict[str, Any]) -> None:
    document["explorer"] = {"engine": "openai", "model": "m"}
    plain = prints(document)
    extra = {"extra_body": {"chat_template_kwargs": {"enable_thinking": False}}}
    assert prints(document, engine_args=extra) != plain
    assert prints(document, engine_args={"timeout": 5.0, "max_retries": 1, "max_num_seqs": 3}) == plain
    assert prints(document, base_url="http://elsewhere/v1") == plain


def test_how_references_are_shown_counts_for_whoever_reads_them(
    document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = prints(document)
    for name in ("REFERENCE", "SHOWN"):
        with monkeypatch.context() as patch:
            patch.setattr(prompts, name, "another {number} {text}")
            changed = prints(document)
        assert changed["explorer"] == plain["explorer"]
        assert changed["synthesizer"] != plain["synthesizer"]


def test_n_and_replicas_are_no_part_of_it(document: dict[str, Any]) -> None:
    assert prints(document) == prints(document, paths=9, replicas={"min": 2}, hang_timeout_s=3.0)


def test_every_argument_that_is_named_as_scheduling_is_one_of_vllm() -> None:
    from vllm import EngineArgs, __version__

    known = {field.name for field in fields(EngineArgs)}
    unknown = sorted(fingerprint.SCHEDULING_ARGS["vllm"] - known)
    assert not unknown, f"vLLM {__version__} knows no {unknown}: take them out of config/fingerprint.py"

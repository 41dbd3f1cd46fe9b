"""What changes what is generated changes the fingerprint, and what is only scheduling does not."""

from dataclasses import fields
from typing import Any

import pytest

from a2r_ray import prompts
from a2r_ray.config import fingerprint
from a2r_ray.config.loading import parse_config
from a2r_ray.config.schema import Config, ExplorerConfig

COPY = "/ray/session_1/runtime_resources/working_dir_files/_ray_pkg_"


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What keeps the second config from continuing the run of the first."""
    first, second = parse_config(before), parse_config(after)
    return fingerprint.changed(record_of(first), record_of(second))


def record_of(config: Config) -> dict[str, Any]:
    return {**config.fingerprints, "config": config.document, "versions": {"a2r-ray": "0.1"}}


def with_explorer(document: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**document, "explorer": {**document["explorer"], **fields}}


def prints(document: dict[str, Any], **explorer: Any) -> dict[str, str]:
    return parse_config(with_explorer(document, **explorer)).fingerprints


@pytest.fixture
def models(document: dict[str, Any]) -> dict[str, Any]:
    for role in ("explorer", "synthesizer"):
        document[role] = {"engine": "vllm", "model": "m", "resources": {"cpus": 1}}
    return document


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"quantization": "fp8"}, "quantization: nothing there, 'fp8' now"),
        ({"quantization": None}, "quantization: nothing there, None now"),
        ({"dtype": "float16"}, "dtype: nothing there, 'float16' now"),
        ({"hf_overrides": {"rope_scaling": {"factor": 4}}}, "hf_overrides.rope_scaling.factor: nothing there, 4 now"),
        ({"max_model_len": 4096}, "max_model_len: nothing there, 4096 now"),
        ({"kv_cache_dtype": "fp8"}, "kv_cache_dtype: nothing there, 'fp8' now"),
        ({"load_format": "dummy"}, "load_format: nothing there, 'dummy' now"),
        ({"an_argument_of_tomorrow": 1}, "an_argument_of_tomorrow: nothing there, 1 now"),
    ],
)
def test_an_argument_that_changes_the_output_counts(
    models: dict[str, Any], arguments: dict[str, Any], line: str
) -> None:
    plain, changed = prints(models), prints(models, engine_args=arguments)
    assert plain["explorer"] != changed["explorer"]
    assert plain["synthesizer"] == changed["synthesizer"]
    assert changes(models, with_explorer(models, engine_args=arguments)) == [f"explorer.engine_args.{line}"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"max_num_seqs": 256},
        {"gpu_memory_utilization": 0.5},
        {"tensor_parallel_size": 2, "pipeline_parallel_size": 2},
        {"enable_prefix_caching": False},
        {"max_num_batched_tokens": 4096},
    ],
)
def test_an_argument_of_scheduling_does_not(models: dict[str, Any], arguments: dict[str, Any]) -> None:
    assert prints(models) == prints(models, engine_args=arguments)
    assert changes(models, with_explorer(models, engine_args=arguments)) == []


def test_every_argument_that_is_named_as_scheduling_is_one_of_vllm() -> None:
    from vllm import EngineArgs, __version__

    known = {field.name for field in fields(EngineArgs)}
    unknown = sorted(fingerprint.SCHEDULING_ARGS["vllm"] - known)
    assert not unknown, f"vLLM {__version__} knows no {unknown}: take them out of config/fingerprint.py"


def test_the_arguments_of_the_openai_engine_are_all_of_scheduling() -> None:
    from a2r_ray.engines.openai.arguments import EngineArgs

    assert EngineArgs.model_fields.keys() == fingerprint.SCHEDULING_ARGS["openai"]


def test_what_a_server_is_told_counts_and_where_and_how_often_it_is_asked_does_not(document: dict[str, Any]) -> None:
    document["explorer"] = {"engine": "openai", "model": "m"}
    plain = prints(document)
    thinks, thinks_not = (
        with_explorer(document, extra_body={"chat_template_kwargs": {"enable_thinking": on}}) for on in (True, False)
    )
    assert prints(thinks) != prints(thinks_not) != plain
    field = "explorer.extra_body.chat_template_kwargs.enable_thinking"
    assert changes(thinks, thinks_not) == [f"{field}: True there, False now"]
    assert prints(document, engine_args={"timeout": 5.0, "max_retries": 1, "max_num_seqs": 3}) == plain
    assert prints(document, base_url="http://elsewhere/v1") == plain
    assert changes(document, with_explorer(document, base_url="http://elsewhere/v1")) == []


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"chat": {"system": "Be brief."}}, "chat.system: nothing there, 'Be brief.' now"),
        ({"chat": {"template_kwargs": {"a": 1}}}, "chat.template_kwargs.a: nothing there, 1 now"),
        ({"sampling": {"presence_penalty": 1.5}}, "sampling.presence_penalty: nothing there, 1.5 now"),
        ({"sampling": {"logit_bias": {17: -100}}}, "sampling.logit_bias.17: nothing there, -100.0 now"),
        ({"thinking": "none"}, "thinking.marks: nothing there, 'none' now"),
    ],
)
def test_how_a_model_is_asked_counts_where_it_is_said(
    document: dict[str, Any], fields: dict[str, Any], line: str
) -> None:
    before = record_of(parse_config(document))
    for name in ("chat", "thinking"):  # as a version wrote it down that had no such fields
        del before["config"]["explorer"][name]
    after = record_of(parse_config(with_explorer(document, **fields)))
    assert after["explorer"] != before["explorer"]
    assert line in [each.removeprefix("explorer.") for each in fingerprint.changed(before, after)]
    assert all("thinking" in each for each in fingerprint.changed(before, after)[1:])


def test_what_a_role_says_of_nothing_new_leaves_its_fingerprint_as_it_ever_was(document: dict[str, Any]) -> None:
    """Else no run that an older version began could be continued."""
    document = {**document, "explorer": {"engine": "openai", "model": "m", "sampling": {"top_p": 0.9, "stop": ["a"]}}}
    assert prints(document, chat={}, thinking="auto", extra_body={})["explorer"] == "f47790fbe8548e85"


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


def test_where_a_replica_stands_is_no_part_of_it(document: dict[str, Any]) -> None:
    resources = {"cpus": 2, "gpus": 1, "accelerator_type": "L4", "labels": {"zone": "a"}, "custom": {"disk": 1}}
    assert prints(document, resources=resources) == prints(document)
    assert changes(document, with_explorer(document, resources=resources)) == []


def test_every_other_field_of_a_role_is_part_of_it(document: dict[str, Any]) -> None:
    """So that a field that is added tomorrow is not forgotten."""
    role = parse_config(document).model_dump()["explorer"] | {"a_field_of_tomorrow": 1}
    before, after = ({**parse_config(document).model_dump(), "explorer": each} for each in (role, role | {"price": {}}))
    assert fingerprint.of_roles(before) == fingerprint.of_roles(after)
    assert fingerprint.of_roles(before)["explorer"] != prints(document)["explorer"]
    scheduling = {"replicas", "resources", "price", "hang_timeout_s", "base_url", "api_key_env", "paths"}
    assert scheduling < ExplorerConfig.model_fields.keys()


def test_a_new_default_prompt_is_named_and_the_old_one_written_out_continues_the_run(
    document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    record = record_of(parse_config(document))
    old = prompts.EXPLORE
    monkeypatch.setattr(prompts, "EXPLORE", "Solve this: {problem}")
    [line] = fingerprint.changed(record, record_of(parse_config(document)))
    assert line.startswith("explorer.prompt: its default is not that of version 0.1, which made the folder; set it")
    written_out = parse_config(with_explorer(document, prompt=old))
    assert fingerprint.changed(record, record_of(written_out)) == []


def test_another_seed_is_one_line(document: dict[str, Any]) -> None:
    assert changes(document, {**document, "seed": 2}) == ["seed: 1 there, 2 now"]


def test_a_field_is_scheduling_at_its_own_place_only(document: dict[str, Any]) -> None:
    """Options of a dataset may have the names of fields of the config."""
    document["input"] = {"source": "reasoning_gym", "datasets": {"chain_sum": {"size": 5, "limit": 3}}}
    other = {**document["input"], "datasets": {"chain_sum": {"size": 5, "limit": 4}}}
    assert changes(document, {**document, "input": other}) == ["input.datasets.chain_sum.limit: 3 there, 4 now"]


def test_a_job_that_is_submitted_again_reads_the_same_files(document: dict[str, Any]) -> None:
    """Each copy of a working directory has a name of its own, where anything in it has changed."""

    def submitted(copy: str) -> dict[str, Any]:
        source = {**document["input"], "path": f"{COPY}{copy}/data/problems.jsonl"}
        role = {"engine": "vllm", "model": f"{COPY}{copy}/model", "engine_args": {"tokenizer": f"{COPY}{copy}/model"}}
        return {**document, "input": source, "explorer": role}

    first, again = submitted("1a"), submitted("2b")
    assert changes(first, again) == []
    one, other = parse_config(first), parse_config(again)
    assert one.fingerprints == other.fingerprints
    assert one.input_fingerprint == other.input_fingerprint
    again["input"]["path"] = f"{COPY}2b/data/others.jsonl"
    assert changes(first, again) == ["input.path: 'data/problems.jsonl' there, 'data/others.jsonl' now"]


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        (4, 8, True),
        (4, 4, False),
        (8, {"min": 2, "max": 8, "until": "decided"}, False),  # what is there is enough
        ({"min": 2, "max": 8, "until": "decided"}, 8, True),
        ({"min": 2, "max": 8, "until": "decided"}, {"min": 2, "max": 16, "until": "decided"}, True),
        ({"min": 2, "max": 8, "until": "decided"}, {"min": 2, "max": 8, "until": "confident"}, True),
        ({"min": 2, "max": 8, "until": "confident"}, {"min": 3, "max": 8, "until": "confident"}, True),
        *(
            ({"min": 2, "max": 8, "until": "confident"}, {"min": 2, "max": 8, "until": "confident", "confidence": c}, m)
            for c, m in ((0.9, False), (0.99, True))
        ),
    ],
    ids=str,
)
def test_which_rules_want_more_paths(document: dict[str, Any], before: Any, after: Any, *, more: bool) -> None:
    one, other = (
        parse_config({**document, "explorer": {**document["explorer"], "paths": paths}}).document
        for paths in (before, after)
    )
    assert fingerprint.wants_more_paths(one, other) is more
    assert fingerprint.same_paths(one, other) is (before == after)

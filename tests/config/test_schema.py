"""What makes a run, what may be written down of it, and what its fingerprints depend on."""

from typing import Any

import pytest
from pydantic import BaseModel

from a2r_ray.config import schema, simulation
from a2r_ray.config.loading import parse_config
from a2r_ray.config.schema import RoleConfig
from tests.config.test_loading import mistakes


def test_the_public_config_has_no_secret(document: dict[str, Any]) -> None:
    document["explorer"]["engine_args"] = {"max_num_seqs": 8, "hf_token": "hf_abc"}
    document["synthesizer"] |= {"engine": "openai", "base_url": "https://user:pass@host/v1"}
    public = parse_config(document).document
    assert public["explorer"]["engine_args"] == {"max_num_seqs": 8, "hf_token": "(not shown)"}
    assert "pass" not in public["synthesizer"]["base_url"]
    assert public["synthesizer"]["api_key_env"] == "OPENAI_API_KEY"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"explorer": None, "synthesizer": None}, "give an explorer: without one the paths must be brought"),
        ({"explorer": None}, "give an explorer: without one the paths must be brought"),
        ({"schedule": "shared"}, "schedule shared needs the same engine"),
        ({"schedule": "shared", "synthesizer": None}, "schedule shared needs both roles"),
    ],
)
def test_roles_must_make_a_run(document: dict[str, Any], change: dict[str, Any], message: str) -> None:
    assert message in mistakes({**document, **change})[0]


def test_what_becomes_of_an_answered_chat_is_asked_of_chats_only(document: dict[str, Any]) -> None:
    document["input"]["trailing_assistant"] = "cut"
    assert "give messages_column, too" in mistakes(document)[0]
    document["input"]["messages_column"] = "messages"
    assert parse_config(document).input.trailing_assistant == "cut"


def test_a_prompt_must_have_its_places(document: dict[str, Any]) -> None:
    document["synthesizer"]["prompt"] = "Solve {problem}."
    assert mistakes(document) == ["synthesizer.prompt: the prompt lacks {references}"]


def test_fingerprints_change_with_what_is_generated_and_with_nothing_else(document: dict[str, Any]) -> None:
    before = parse_config(document)
    document["explorer"] |= {"paths": 8, "replicas": {"max": 4}, "price": {"input": 1, "output": 1}}
    same = parse_config(document)
    assert same.explorer_fingerprint == before.explorer_fingerprint
    for change in ({"model": "other"}, {"prompt": "{problem}!"}, {"sampling": {"temperature": 1.0}}, {"revision": "a"}):
        changed = parse_config({**document, "explorer": document["explorer"] | change})
        assert changed.explorer_fingerprint != before.explorer_fingerprint, change
        assert changed.synthesizer_fingerprint == before.synthesizer_fingerprint
    assert parse_config({**document, "seed": 2}).explorer_fingerprint != before.explorer_fingerprint


@pytest.mark.parametrize(
    ("gpus", "engine_args", "message"),
    [
        (1.5, {}, "a replica takes whole GPUs, or a part of one"),
        (1, {"tensor_parallel_size": 4}, r"over 4 \(tensor_parallel_size 4\): set resources.gpus to 4, or"),
        (4, {"tensor_parallel_size": 2}, "engine_args.tensor_parallel_size to 4"),
        (4, {}, "over 1 "),
        (
            8,
            {"tensor_parallel_size": 2, "pipeline_parallel_size": 2},
            "tensor_parallel_size 2 x pipeline_parallel_size 2",
        ),
        (0.5, {"tensor_parallel_size": 2}, "set resources.gpus to 2"),
    ],
)
def test_gpus_are_as_many_as_the_model_is_spread_over(gpus: float, engine_args: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        vllm(resources={"gpus": gpus}, engine_args=engine_args)


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ({"labels": {"zone": "in(a"}}, "zone: `in(a` is no condition: write value, !value, in(a, b) or !in(a, b)"),
        ({"labels": {"zone": "!!a"}}, "zone: `!!a` is no condition"),
        ({"labels": {"zone": "(a)"}}, "zone: `(a)` is no condition"),
        ({"labels": {"my zone": "a"}}, "`my zone` is no name of a label"),
        ({"labels": {"zone": 1}}, "explorer.resources.labels.zone: 1: input should be a valid string"),
        ({"custom": {"GPU": 1}}, "`GPU` is none: resources.gpus says it"),
        ({"custom": {"memory": 1}}, "`memory` is none: replicas ask for no memory"),
        ({"custom": {"accelerator_type:L4": 1}}, "`accelerator_type:L4` is none: resources.accelerator_type says it"),
        ({"custom": {"disk": 0}}, "disk: 0: a replica takes at least 0.0001 of a resource"),
        ({"cpus": 1e-9}, "1e-09: a replica takes none, or at least 0.0001"),
        ({"gpus": 0.00001}, "1e-05: a replica takes none, or at least 0.0001"),
        ({"custom": {"disk": float("nan")}}, "disk: nan: input should be a finite number"),
        ({"label": {"zone": "a"}}, "explorer.resources.label: unknown key; did you mean `labels`?"),
    ],
)
def test_what_cannot_be_asked_of_a_node_is_refused(
    document: dict[str, Any], resources: dict[str, Any], message: str
) -> None:
    document["explorer"]["resources"] = resources
    [mistake] = mistakes(document)
    assert mistake.startswith("explorer.resources.")
    assert message in mistake


@pytest.mark.parametrize("condition", ["a", "!a", "in(a)", "in(a, b)", "in(a,b)", "!in(a, b.c)", "", "L40S"])
def test_ray_takes_every_condition_that_is_taken(condition: str) -> None:
    from ray._private.label_utils import validate_label_selector

    labels = {"zone": condition, "ray.io/market-type": condition}
    taken = vllm(resources={"labels": labels}).resources.labels
    assert taken == {name: condition.replace(" ", "") for name in labels}
    assert validate_label_selector(taken) is None


def test_gpus_follow_the_engine_s_arguments_where_they_are_not_given() -> None:
    assert vllm().gpus == 1
    assert vllm(engine_args={"tensor_parallel_size": 2, "pipeline_parallel_size": 2}).gpus == 4
    for gpus, spread in ((0, 2), (0.25, 1), (1, 1), (2, 2)):
        assert vllm(resources={"gpus": gpus}, engine_args={"tensor_parallel_size": spread}).gpus == gpus


def vllm(**fields: Any) -> RoleConfig:
    return RoleConfig.model_validate({"model": "m", **fields})


def test_every_field_has_its_documentation_under_it() -> None:
    defined = [*vars(schema).values(), *vars(simulation).values()]
    sections = [each for each in defined if isinstance(each, type) and issubclass(each, BaseModel)]
    names = {
        f"{section.__name__}.{name}": field for section in sections for name, field in section.model_fields.items()
    }
    assert len(names) > 50
    assert [name for name, field in names.items() if not field.description] == []

"""How a model is asked: what vLLM takes is taken, and what nobody takes is refused with the nearest."""

from typing import Any

import pytest

from a2r_ray.config.asking import OF_SERVERS, Sampling
from a2r_ray.config.loading import parse_config
from tests.config.test_loading import mistakes

NOT_OURS = {
    *("n", "seed", "output_kind", "skip_clone", "output_text_buffer_length", "detokenize", "stream_interval"),
    *("logprobs", "prompt_logprobs", "logprob_token_ids", "flat_logprobs", "skip_reading_prefix_cache"),
    *("extra_args", "routed_experts_prompt_start", "trace_decode_token_ids"),
}
"""What of vLLM's sampling is no way of drawing, is said elsewhere in the config, or serves vLLM's own plugins."""


def test_all_that_vllm_s_sampler_takes_is_a_field() -> None:
    from vllm import SamplingParams

    known = {name for name in SamplingParams.__struct_fields__ if not name.startswith("_")}
    assert Sampling.model_fields.keys() - set(OF_SERVERS) == known - NOT_OURS


@pytest.mark.parametrize("engine", ["vllm", "openai", "simulated"])
def test_a_role_takes_them_whatever_its_engine(document: dict[str, Any], engine: str) -> None:
    sampling = {"presence_penalty": 1, "min_tokens": 2, "logit_bias": {17: -1.5}, "stop_token_ids": [1]}
    chat = {"system": "s", "template_kwargs": {"enable_thinking": False}}
    document["explorer"] = {"engine": engine, "model": "m", "sampling": sampling, "chat": chat, "thinking": "none"}
    config = parse_config(document)
    assert config.explorer is not None
    assert config.explorer.sampling.logit_bias == {"17": -1.5}
    assert parse_config(config.model_dump()) == config  # as run.json gives it back


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (
            {"sampling": {"presense_penalty": 1}},
            "sampling.presense_penalty: unknown key; did you mean `presence_penalty`?",
        ),
        ({"sampling": {"stop": [""]}}, "sampling.stop.0: '': string should have at least 1 character"),
        ({"sampling": {"max_new_tokens": 1}}, "sampling.max_new_tokens: unknown key; did you mean `max_tokens`?"),
        (
            {"sampling": {"presence_penalty": 3}},
            "sampling.presence_penalty: 3: input should be less than or equal to 2",
        ),
        ({"sampling": {"logit_bias": {"a": 1}}}, "sampling.logit_bias: 'a' is no token id"),
        ({"sampling": {"min_tokens": 9, "max_tokens": 3}}, "sampling: min_tokens 9 is more than max_tokens 3"),
        ({"chat": {"template_args": {}}}, "chat.template_args: unknown key; did you mean `template_kwargs`?"),
        ({"chat": {"template_kwargs": {"tokenize": True}}}, "chat.template_kwargs: tokenize: set by a2r, not here"),
        ({"thinking": "non"}, "thinking.marks: 'non': input should be 'auto', 'none' or 'given'"),
        (
            {"thinking": {"begin": "<r>"}},
            "thinking: expected `auto`, `none`, or two texts {begin: …, end: …} that differ",
        ),
        ({"thinking": {"start": "<r>"}}, "thinking.start: unknown key; known are marks, begin, end, opened"),
        ({"extra_body": {"top_p": 1, "n": 2}}, "extra_body: n, top_p: set from the config's own fields, not here"),
        (
            {"extra_body": {"chat_template_kwargs": {}}, "chat": {"template_kwargs": {"a": 1}}},
            ": give chat.template_kwargs or extra_body.chat_template_kwargs, not both",
        ),
        ({"engine_args": {"extra_body": {}}}, ": `engine_args.extra_body` is a field of the role itself: `extra_body`"),
        ({"engine": "vllm", "extra_body": {"a": 1}}, ": `extra_body` is for engine openai, and the engine is vllm"),
        (
            {"engine": "vllm", "sampling": {"reasoning_effort": "low"}},
            ": `sampling.reasoning_effort` is for engine openai, and the engine is vllm",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(document: dict[str, Any], fields: dict[str, Any], line: str) -> None:
    document["explorer"] = {"engine": "openai", "model": "m", **fields}
    assert mistakes(document) == [f"explorer{'' if line.startswith(':') else '.'}{line}"]

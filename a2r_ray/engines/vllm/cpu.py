"""What makes vLLM start and step faster on a CPU, and changes nothing of what it answers (benchmarks/README.md)."""

import ctypes
import gc
import mmap
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from a2r_ray.engines.vllm import private

BLOCK_TOKENS = 32
"""Tokens in a block of the KV cache, the fewest that vLLM's fast kernels take.

A prompt's prefix is shared by whole blocks: by vLLM's own 128 most problems have none, and each of their N paths reads
the prompt anew, in all a third of the explorer's work where paths are short.
"""

_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8
_LARGE_BYTES = 64 << 20


def keep_memory() -> None:
    """Has malloc keep what is freed, for a process that steps an engine.

    Every step allocates tens of megabytes for its logits; by default they come from the kernel each time, page by page
    and zeroed, which takes 50,000 page faults a second.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc's
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Spares what loads modules the collector's rounds: a sixth of the time, for next to no garbage."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def mapped_zeros() -> AbstractContextManager[Any]:
    """Within it, large zeroed buffers, which the KV cache is, take their memory from the kernel as it is used.

    vLLM asks for the cache at its largest and writes zeros to all of it before it starts: half a second a GiB in one
    thread, and two where a virtual machine has yet to be given the memory.
    """
    import torch
    from torch.overrides import TorchFunctionMode

    class MappedZeros(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            given = kwargs or {}
            match args:
                case (int(size),) if func is torch.zeros and given.get("dtype") is torch.int8 and size > _LARGE_BYTES:
                    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
                    return torch.frombuffer(memory, dtype=torch.int8)
            return func(*args, **given)

    return MappedZeros()


def dtype() -> str:
    """The ``dtype`` that vLLM is given on this CPU: the model's own, or float32 where 16 bits are emulated.

    Without AVX-512 a bf16 matrix product falls back to a reference implementation: a step takes five times as long.
    """
    return "auto" if private.has_16_bits() else "float32"


def draw_faster() -> None:
    """Has an engine draw tokens in a sixth of the time, by the same distribution.

    vLLM draws as GPUs do it best, with a random number for each token of the vocabulary. On CPU these take more than a
    third of a step, in one thread. Here there is one for each request. Requests with a seed are drawn as ever.
    """
    private.draw_with(random_sample)


def random_sample(logits: Any) -> Any:
    """A token for each row of logits, (rows,): the first whose cumulative probability is above a uniform number."""
    import torch

    cumulative = logits.softmax(dim=-1, dtype=torch.float32).cumsum_(dim=-1)  # summed up in double precision
    drawn = torch.rand(len(logits), 1) * cumulative[:, -1:]
    return torch.searchsorted(cumulative, drawn, right=True).view(-1)


def load_openmp(threads: int) -> None:
    """Has each thread of OpenMP keep to a core of its own, where they have all cores and their parent is this thread.

    Else, when one of Ray's processes wakes up, two of them meet on one core for a while.
    """
    alone = threads == len(os.sched_getaffinity(0)) and os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] == "0"
    if not alone or "OMP_PROC_BIND" in os.environ:
        return
    os.environ["OMP_PROC_BIND"] = "true"
    try:
        import torch  # noqa: F401 (OpenMP looks at its environment when it is loaded)
    finally:
        del os.environ["OMP_PROC_BIND"]  # else every process that is begun from here binds its threads to the same core

"""What vLLM is given: its environment, its engine's arguments and a request's sampling."""

import difflib
import os
import platform
import secrets
from dataclasses import fields
from pathlib import Path
from typing import Any

from a2r_ray.config.asking import Sampling
from a2r_ray.config.schema import RoleConfig
from a2r_ray.engines.vllm import cpu
from a2r_ray.errors import EngineError

_CPU_ENVIRONMENT = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    # Even enforce_eager compiles at the first token, which needs a C++ compiler and Python's headers.
    "TORCH_COMPILE_DISABLE": "1",
    # The default binds every engine of a machine to its first core.
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_CPU_KVCACHE_SPACE": "2",
}


_GPU_MEMORY = 0.92
"""vLLM's own share of a GPU's memory, to be split where several replicas have one GPU."""


def prepare_environment(role: RoleConfig) -> None:
    """What vLLM reads from the environment when it is imported."""
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    if Path(role.model).is_dir():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if not role.gpus:
        os.environ["OMP_NUM_THREADS"] = str(threads(role))
        for name, value in _CPU_ENVIRONMENT.items():
            os.environ.setdefault(name, value)


def check_there(model: str) -> None:
    """Raises EngineError where a folder is named that is not there: the hub would be asked for minutes."""
    path = Path(model).expanduser()
    is_folder = path.is_absolute() or model.startswith((".", "~")) or path.parts[0] in _FOLDERS
    if is_folder and not path.exists():
        raise EngineError(f"model {model}: there is no such folder on {platform.node()}")


_FOLDERS = {"models", "model", "checkpoints", "weights"}
"""What folders of models are called, and no organisation of the hub."""


def threads(role: RoleConfig) -> int:
    """Threads that compute, on a CPU."""
    return max(1, int(role.resources.cpus))


def engine_arguments(role: RoleConfig, *, seeded: bool) -> dict[str, Any]:
    """What ``EngineArgs`` is made of.

    Raises:
        EngineError: vLLM knows an argument of the config not; with the nearest that it knows.
    """
    from vllm import EngineArgs

    # vLLM's own default seed is 0 in every engine: replicas would draw alike.
    arguments: dict[str, Any] = {"model": role.model, "seed": secrets.randbits(31), "max_num_seqs": role.max_num_seqs}
    if role.revision:
        arguments["revision"] = role.revision
    if not role.gpus:
        arguments |= {
            "enforce_eager": True,
            "distributed_executor_backend": "uni",
            "dtype": cpu.dtype(),
            "block_size": cpu.BLOCK_TOKENS,
        }
        if seeded:
            # On CPU a seeded request whose prefill is chunked kills the engine.
            arguments |= {"enable_chunked_prefill": False}
    elif role.resources.nodes > 1:
        arguments |= {"distributed_executor_backend": "ray"}
    elif role.gpus < 1:
        arguments |= {"gpu_memory_utilization": round(_GPU_MEMORY * role.gpus, 3)}
    arguments |= role.engine_args
    _check("engine_args", arguments, EngineArgs)
    return arguments


def check_sampling(sampling: Sampling) -> None:
    """Raises EngineError where vLLM does not take a role's sampling."""
    from vllm.exceptions import VLLMClientError

    try:
        sampling_params(sampling, None)
    except (ValueError, TypeError, VLLMClientError) as error:
        raise EngineError(f"sampling: vLLM does not take it: {' '.join(str(error).split())}") from None


def _check(where: str, arguments: dict[str, Any], known_to: type[Any]) -> None:
    known = [field.name for field in fields(known_to) if not field.name.startswith("_")]
    for name in arguments:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            raise EngineError(f"{where}.{name}: vLLM knows no such argument{hint}")


def sampling_params(sampling: Sampling, seed: int | None) -> Any:
    """A request's sampling as vLLM has it; raises whatever vLLM does for what it does not take."""
    from vllm import SamplingParams
    from vllm.sampling_params import RepetitionDetectionParams, RequestOutputKind, StructuredOutputsParams

    given = sampling.model_dump(exclude_none=True)
    if "logit_bias" in given:
        given["logit_bias"] = {int(token): bias for token, bias in given["logit_bias"].items()}
    for name, parameters in {
        "structured_outputs": StructuredOutputsParams,
        "repetition_detection": RepetitionDetectionParams,
    }.items():
        if name in given:
            _check(f"sampling.{name}", given[name], parameters)
            given[name] = parameters(**given[name])
    return SamplingParams(**given, n=1, seed=seed, output_kind=RequestOutputKind.FINAL_ONLY)

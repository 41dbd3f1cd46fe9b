"""What vLLM is given besides what the config says."""

from typing import Any

import pytest

from a2r_ray.config.schema import RoleConfig
from a2r_ray.engines.vllm.arguments import engine_arguments


def arguments(gpus: float, **engine_args: Any) -> dict[str, Any]:
    document = {"model": "m", "resources": {"gpus": gpus}, "engine_args": engine_args}
    return engine_arguments(RoleConfig.model_validate(document), seeded=False)


@pytest.mark.parametrize(("gpus", "share"), [(0.5, 0.46), (0.25, 0.23)])
def test_replicas_on_one_gpu_share_its_memory(gpus: float, share: float) -> None:
    assert arguments(gpus)["gpu_memory_utilization"] == share
    assert arguments(gpus, gpu_memory_utilization=0.3)["gpu_memory_utilization"] == 0.3


def test_a_replica_with_a_gpu_of_its_own_takes_what_vllm_takes() -> None:
    from vllm import EngineArgs

    from a2r_ray.engines.vllm import arguments as module

    assert "gpu_memory_utilization" not in arguments(1)
    assert EngineArgs(model="m").gpu_memory_utilization == module._GPU_MEMORY

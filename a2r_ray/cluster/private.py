"""stand-in"""

from typing import Any

import ray
from ray.data import DataContext, Dataset


def unread_blocks(context: DataContext, most: int) -> None:
    context._max_num_blocks_in_streaming_gen_buffer = most


def alone_on(node: Any) -> dict[str, Any]:
    return {"num_cpus": 0, "max_retries": 0, "scheduling_strategy": node, **unread_without_bound()}


def unread_without_bound() -> dict[str, Any]:
    return {"_generator_backpressure_num_objects": -1}


def with_task_options(dataset: Dataset, options: dict[str, Any]) -> Dataset:
    dataset._logical_plan.dag.ray_remote_args.update(options)
    return dataset


def task_attempt() -> int:
    attempts: int = ray._private.worker.global_worker.core_worker.get_current_task_attempt_number()
    return attempts

"""Every private name of Ray that is used, each with why there is no public way.

``tests/cluster/test_private.py`` says of each that it is there and does what is asked of it: an upgrade of Ray that
takes one away fails there first, with the name and its purpose.
"""

import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import ray
from ray._private import auto_init_hook, worker
from ray._private.state import actors, state
from ray.data import DataContext, Dataset
from ray.data._internal.execution.streaming_executor import StreamingExecutor

_UNREAD_BLOCKS = 64


def allow_unread_blocks(context: DataContext) -> None:
    """Lets a task that yields many blocks run ahead of its readers.

    By default it may have 2 unread ones, and the driver takes them once a round: downstream gets some 14 blocks a
    second. The setting has no public name.
    """
    context._max_num_blocks_in_streaming_gen_buffer = _UNREAD_BLOCKS  # noqa: SLF001


def with_task_options(dataset: Dataset, options: Mapping[str, Any]) -> Dataset:
    """Sets Ray's options of a dataset's last step, where its method takes none of them.

    ``repartition`` takes no options at all, and ``map_batches`` takes no GPUs together with whole blocks.
    """
    dataset._logical_plan.dag.ray_remote_args.update(options)  # noqa: SLF001
    return dataset


def times_begun_before() -> int:
    """How often Ray has begun the present task before; to be asked in the task's own thread.

    It counts every resubmission while an actor is away, and is no count of deaths.
    """
    attempts: int = worker.global_worker.core_worker.get_current_task_attempt_number()
    return attempts


def largest_cluster() -> dict[str, float]:
    """What the cluster may grow to, where its autoscaler says so; else nothing."""
    return dict(state.get_max_resources_from_cluster_config() or {})


def actor_states(class_name: str) -> set[str]:
    """The states of this job's actors of a class. The public list of actors asks the dashboard, which may be absent."""
    job = ray.JobID.from_hex(ray.get_runtime_context().get_job_id())
    return {actor["State"] for actor in actors(None, job).values() if actor["ActorClassName"] == class_name}


def keep_errors_off_stdout() -> None:
    """Has Ray not print the errors of workers on stdout, where the result goes; there is no setting for it."""
    worker.listen_error_messages = lambda *_: None


def connect_only_when_asked() -> None:
    """Has a thread that outlives the connection, and calls Ray once more, not begin a cluster for that."""
    auto_init_hook.enable_auto_connect = False


def executions(dataset: Dataset) -> list[StreamingExecutor]:
    """The running executions of a dataset, which itself knows of them only after the first rows."""
    name = f"StreamingExecutor-{dataset.get_dataset_id()}"
    return [each for each in threading.enumerate() if isinstance(each, StreamingExecutor) and each.name == name]


def end_execution(execution: StreamingExecutor) -> None:
    """Ends an execution with its tasks and actors: cancels them by force, and waits for them."""
    with suppress(ray.exceptions.RayError):
        execution.shutdown(force=True)

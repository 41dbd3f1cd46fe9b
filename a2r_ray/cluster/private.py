"""Every private name of Ray that is used, each with why there is no public way.

``tests/cluster/test_private.py`` says of each that it is there and does what is asked of it: an upgrade of Ray that
takes one away fails there first, with the name and its purpose.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import ray
from ray._private import auto_init_hook, ray_constants, worker
from ray._private.runtime_env import packaging
from ray._private.state import actors, state
from ray.actor import ActorHandle
from ray.data import DataContext, Dataset
from ray.data._internal.execution.operators.actor_pool_map_operator import ActorPoolMapOperator
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


def visit_what_goes_along(folder: Path, visit: Callable[[Path], None]) -> None:
    """Visits the files and folders that Ray would send as a job's working directory, by its own rules.

    Those are .gitignore, .rayignore, and what it leaves behind by itself. In public it only sends them, after it has
    read all of them.
    """
    silent = logging.getLogger(f"{__name__}.silent")
    silent.disabled = True
    left_behind = packaging._get_excludes(folder, ray_constants.get_runtime_env_default_excludes())  # noqa: SLF001
    packaging._dir_travel(folder, [left_behind], visit, include_gitignore=True, logger=silent)  # noqa: SLF001


class Execution:
    """What Ray Data runs of a dataset: it can be ended at any time, and what it had begun be seen to be gone.

    A dataset knows of its execution only after the first rows. The end that Ray Data has for it does nothing where it
    has hardly begun; it waits for no task, since ``ray.get`` of one that yields returns at once; where a task raises,
    it drops the others; and what its loop begins beside it goes on.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._stopped = threading.Event()
        self._executors: list[_Executor] = []
        dataset._create_executor = self._create  # noqa: SLF001

    def stop(self) -> None:
        """Has it begin nothing more, and ends what it has begun; to be called again while a thread of it runs."""
        self._stopped.set()
        for executor in self._executors:
            executor.shutdown(force=True)

    def left(self) -> list[str]:
        """What of a stopped execution still runs, by its steps' names; it is ended by force once more."""
        return [name for executor in self._executors for name in executor.left()]

    def _create(self) -> "_Executor":
        if self._stopped.is_set():
            raise _StoppedError
        self._dataset._run_index += 1  # noqa: SLF001 (it is part of the name)
        executor = _Executor(self._dataset.context, self._dataset.get_dataset_id(), self._stopped)
        self._executors.append(executor)
        return executor


class _StoppedError(Exception):
    """A dataset is to begin after its execution was stopped; nobody waits for its rows any more."""


class _Executor(StreamingExecutor):
    """Ray Data's, which remembers what it had begun when it was shut down for any reason but that all is done.

    After a good end nothing is remembered: a handle would keep its actor, which has to close its engine by itself.
    """

    def __init__(self, context: DataContext, dataset_id: str, stopped: threading.Event) -> None:
        self._stop_asked = stopped
        self._tasks: dict[ray.ObjectRef[Any], str] = {}
        self._actors: dict[ActorHandle[Any], str] = {}
        super().__init__(context, dataset_id)

    def _scheduling_loop_step(self, topology: Any) -> bool:
        """One round of the loop; returns whether there is another."""
        return not self._stop_asked.is_set() and super()._scheduling_loop_step(topology)

    def shutdown(self, force: bool, exception: Exception | None = None) -> None:  # noqa: FBT001 (Ray's interface)
        broken_off = force or exception is not None or self._stop_asked.is_set()
        with self._shutdown_lock, suppress(ray.exceptions.RayError):
            if broken_off:
                self._remember()
            # Where a task raises, the actors live until ``left`` ends them: they may have something to write down.
            super().shutdown(force or self._stop_asked.is_set(), exception)

    def left(self) -> list[str]:
        """What still runs. It is asked for anew: the loop may have begun it during the shutdown, which forgot it."""
        self._remember()
        tasks = self._running()
        for task in tasks:
            _cancel(task)
        actors_left = [actor for actor in self._actors if not _is_dead(actor)]
        for actor in actors_left:
            ray.kill(actor)
        return [self._tasks[task] for task in tasks] + [self._actors[actor] for actor in actors_left]

    def _remember(self) -> None:
        for step in self._topology or ():
            for task in step.get_active_tasks():
                waitable = task.get_waitable()
                self._tasks[waitable.completed() if isinstance(waitable, ray.ObjectRefGenerator) else waitable] = (
                    step.name
                )
            if isinstance(step, ActorPoolMapOperator):
                pool = step._actor_pool  # noqa: SLF001
                for actor in (*pool._pending_actors.values(), *pool._running_actors):  # noqa: SLF001
                    self._actors[actor] = step.name

    def _running(self) -> list["ray.ObjectRef[Any]"]:
        tasks = list(self._tasks)
        return ray.wait(tasks, num_returns=len(tasks), timeout=0, fetch_local=False)[1] if tasks else []


def _cancel(task: "ray.ObjectRef[Any]") -> None:
    try:
        ray.cancel(task, force=True)
    except ValueError:  # a call of an actor, which ends with it
        ray.cancel(task)


def _is_dead(actor: "ActorHandle[Any]") -> bool:
    return bool(actors(actor_id=actor._actor_id.hex()).get("State") == "DEAD")  # noqa: SLF001

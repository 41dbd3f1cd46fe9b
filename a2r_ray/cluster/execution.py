"""An execution of Ray Data's: it can be ended at any time, and its pools be steered (``steered_pools``).

``tests/cluster/test_execution.py`` says of each private name that it is there and does what is asked of it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

import ray
from ray.actor import ActorHandle
from ray.data import DataContext, Dataset
from ray.data._internal import stats
from ray.data._internal.execution.interfaces import PhysicalOperator
from ray.data._internal.execution.interfaces.executor import OutputIterator
from ray.data._internal.execution.operators import actor_pool_map_operator
from ray.data._internal.execution.operators.actor_pool_map_operator import ActorPoolMapOperator
from ray.data._internal.execution.streaming_executor import StreamingExecutor

from a2r_ray.cluster import private, steered_pools
from a2r_ray.cluster.steering import Steering

_ROUNDS_BEFORE_REST, _REST_S = 10, 0.25


class Execution:
    """What Ray Data runs of a dataset: it can be ended at any time, and what it had begun be seen to be gone.

    A dataset knows of its execution only after the first rows. The end that Ray Data has for it does nothing where it
    has hardly begun; it waits for no task, since ``ray.get`` of one that yields returns at once; where a task raises,
    it drops the others; and what its loop begins beside it goes on.
    """

    def __init__(self, dataset: Dataset, steering: Steering | None = None) -> None:
        self._dataset, self._steering = dataset, steering
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
        executor = _Executor(self._dataset.context, self._dataset.get_dataset_id(), self._stopped, self._steering)
        self._executors.append(executor)
        return executor


class _StoppedError(Exception):
    """A dataset is to begin after its execution was stopped; nobody waits for its rows any more."""


class _Executor(StreamingExecutor):
    """Ray Data's, which remembers what it had begun when it was shut down for any reason but that all is done.

    After a good end nothing is remembered: a handle would keep its actor, which has to close its engine by itself.
    """

    def __init__(
        self, context: DataContext, dataset_id: str, stopped: threading.Event, steering: Steering | None
    ) -> None:
        self._stop_asked, self._steering, self._idle_rounds = stopped, steering, 0
        self._has_output = threading.Event()
        self._tasks: dict[ray.ObjectRef[Any], str] = {}
        self._actors: dict[ActorHandle[Any], str] = {}
        super().__init__(context, dataset_id)

    def execute(self, dag: PhysicalOperator, *args: Any, **kwargs: Any) -> Any:
        """Begins; returns an iterator of blocks."""
        if self._steering is not None:
            steered_pools.steer(dag, self._steering)
        return _Outputs(super().execute(dag, *args, **kwargs), self)

    def await_output(self) -> None:
        """Returns when there is a block to be taken, or none to come; Ray Data would look a hundred times a second."""
        _, state = self._output_node
        with state._waiting_consumers_lock:  # noqa: SLF001
            state._num_waiting_consumers += 1  # noqa: SLF001
        try:
            while not (state.output_queue.has_next(None) or state._finished or state._exception):  # noqa: SLF001
                self._has_output.wait(_REST_S)
                self._has_output.clear()
        finally:
            with state._waiting_consumers_lock:  # noqa: SLF001
                state._num_waiting_consumers -= 1  # noqa: SLF001

    def _scheduling_loop_step(self, topology: Any) -> bool:
        """One round of the loop; returns whether there is another.

        Where calls take minutes, ten rounds a second would find nothing, and cost an engine beside it on a small
        machine more than what they use.
        """
        if self._stop_asked.is_set():
            return False
        before = _events(topology)
        goes_on = super()._scheduling_loop_step(topology)
        if self._output_node[1].output_queue.has_next(None):
            self._has_output.set()
        self._idle_rounds = 0 if _events(topology) != before else self._idle_rounds + 1
        if self._idle_rounds > _ROUNDS_BEFORE_REST and not _actors_to_come(topology):
            self._stop_asked.wait(_REST_S)
        return bool(goes_on)

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


class _Outputs(OutputIterator):
    """The blocks of an execution, for one reader."""

    def __init__(self, blocks: OutputIterator, executor: _Executor) -> None:
        self._blocks, self._executor = blocks, executor

    def get_next(self, output_split_idx: int | None = None) -> Any:
        """The next block; raises StopIteration after the last."""
        self._executor.await_output()
        return self._blocks.get_next(output_split_idx)


@contextmanager
def without_actors() -> Iterator[None]:
    """Has Ray Data begin none of the two actors that it has beside an execution; each takes a second of a core.

    One gathers figures for a dashboard. The other knows the nodes of restarted actors, where there are several.
    """
    instead = [
        (stats, "get_or_create_stats_actor", Unheard),
        (stats._StatsManager, "gen_dataset_id_from_stats_actor", staticmethod(lambda: uuid4().hex)),  # noqa: SLF001
        (actor_pool_map_operator, "get_or_create_actor_location_tracker", Unheard),
        (actor_pool_map_operator, "get_actor_locations", lambda _: {}),
    ]
    before = [(where, name, vars(where)[name]) for where, name, _ in instead]
    for each in instead:
        setattr(*each)
    try:
        yield
    finally:
        for each in before:
            setattr(*each)


class Unheard:
    """In place of an actor: whatever is called of it, nothing happens."""

    def __getattr__(self, name: str) -> "_UnheardCall":
        if name.startswith("__"):  # asked for by pickle
            raise AttributeError(name)
        return _UnheardCall()


class _UnheardCall:
    def remote(self, *_: Any, **__: Any) -> None:
        pass


def _events(topology: Any) -> int:
    """Grows whenever a call begins, yields or ends."""
    each = (step.metrics for step in topology)
    return sum(one.num_tasks_submitted + one.num_task_outputs_generated + one.num_tasks_finished for one in each)


def _actors_to_come(topology: Any) -> int:
    """How many actors of all pools are not there yet, or not again."""
    pools = (pool for step in topology for pool in step.get_autoscaling_actor_pools())
    return sum(pool.num_pending_actors() + pool.num_restarting_actors() for pool in pools)


def _cancel(task: "ray.ObjectRef[Any]") -> None:
    try:
        ray.cancel(task, force=True)
    except ValueError:  # a call of an actor, which ends with it
        ray.cancel(task)


def _is_dead(actor: "ActorHandle[Any]") -> bool:
    return private.is_dead(actor._actor_id.hex())  # noqa: SLF001

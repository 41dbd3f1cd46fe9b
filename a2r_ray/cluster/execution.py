"""An execution of Ray Data's, with all its private names that are used: it can be ended, and its pools be steered.

Ray Data sizes a pool by how many calls its actors have, splits GPUs evenly between pools, whatever their kind, and asks
the cluster for nodes of no kind at all. Here it is told instead: ``steering`` has the orders, and the classes below
carry them out in Ray Data's own loop. Its object store, its queues and its retries stay as they are.

``tests/cluster/test_execution.py`` says of each private name that it is there and does what is asked of it.
"""

import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import ray
from ray.actor import ActorHandle
from ray.data import DataContext, Dataset
from ray.data._internal.actor_autoscaler import ActorAutoscaler, ActorPoolScalingRequest
from ray.data._internal.cluster_autoscaler import ClusterAutoscaler
from ray.data._internal.execution import streaming_executor
from ray.data._internal.execution.interfaces import ExecutionResources, PhysicalOperator
from ray.data._internal.execution.operators import actor_pool_map_operator
from ray.data._internal.execution.operators.actor_pool_map_operator import (
    ActorPoolMapOperator,
    _ActorPool,
    _NodeAwareActorPool,
)
from ray.data._internal.execution.streaming_executor import StreamingExecutor

from a2r_ray.cluster import private
from a2r_ray.cluster.gangs import Gangs
from a2r_ray.cluster.steering import Order, Sighting, Steering

_ADJUST_EVERY_S = 0.2


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
        self._stop_asked, self._steering = stopped, steering
        self._tasks: dict[ray.ObjectRef[Any], str] = {}
        self._actors: dict[ActorHandle[Any], str] = {}
        super().__init__(context, dataset_id)

    def execute(self, dag: PhysicalOperator, *args: Any, **kwargs: Any) -> Any:
        """Begins; returns an iterator of blocks."""
        for step in dag.post_order_iter() if self._steering is not None else ():
            name = step.name.removeprefix("MapBatches(").removesuffix(")")
            if isinstance(step, ActorPoolMapOperator) and self._steering is not None and name in self._steering.orders:
                step._actor_pool = _SteeredPool(step, name, self._steering)  # noqa: SLF001
        return super().execute(dag, *args, **kwargs)

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


class _SteeredPool(_NodeAwareActorPool):
    """The actors of a pool that is as large as its order says, each with as many blocks as its order says."""

    def __init__(self, step: ActorPoolMapOperator, name: str, steering: Steering) -> None:
        before = step._actor_pool  # noqa: SLF001
        config = replace(before._config, max_tasks_in_flight_per_actor=before.max_actor_concurrency())  # noqa: SLF001
        super().__init__(step._start_actor, config, before.map_worker_cls_name, debounce_period_s=0)  # noqa: SLF001
        self._step, self._name, self._steering = step, name, steering
        self._order = steering.orders[name]
        """The same for a whole round of the loop: who may take a block when it is chosen may also when it is given."""
        self._gangs = Gangs(steering.bundles[name]) if name in steering.bundles else None
        self._leaving: set[ActorHandle[Any]] = set()
        """Those that take no more blocks, and end when they have none."""

    def initial_size(self) -> int:
        """Replicas to begin with."""
        return self._order.replicas

    def select_actors(self, bundle: Any = None, actor_locality_enabled: bool = False) -> Any:  # noqa: ARG002, FBT001, FBT002
        """The replica that is to have the next block; None where all have what they may hold."""
        order = self._order
        held = {
            actor: blocks
            for actor, blocks in self._alive_actors_to_in_flight_tasks_heap.items()
            if actor not in self._leaving and blocks < min(self._most_of(actor, order), self.max_actor_concurrency())
        }
        return min(held, key=held.__getitem__, default=None)

    def refresh_actor_state(self) -> None:
        """Takes over the order, which replicas are alive, and which are on nodes that are about to go, once a round.

        Where they are, the replicas have said: Ray Data would ask an actor of its own for it again and again.
        """
        self._order = self._steering.orders[self._name]
        nodes = self._order.nodes
        self._actor_node_id_map_snapshot = {
            logical: nodes[actor._actor_id.hex()]  # noqa: SLF001
            for actor, logical in self._actor_to_logical_id.items()
            if actor._actor_id.hex() in nodes  # noqa: SLF001
        }
        self._draining_nodes_snapshot = actor_pool_map_operator.get_draining_nodes()
        _ActorPool.refresh_actor_state(self)

    def shutdown(self, force: bool = False) -> None:  # noqa: FBT001, FBT002 (Ray's interface)
        """Ends all replicas."""
        super().shutdown(force)
        if self._gangs is not None:
            self._gangs.keep(())

    def adjust(self, *, finished: bool) -> None:
        """Begins and ends replicas as the order says."""
        wanted = 0 if finished else self._order.replicas
        self._leaving &= set(self._running_actors)
        staying = self.current_size() - len(self._leaving)
        while staying < wanted and self._leaving:
            self._leaving.pop()
            staying += 1
        if staying < wanted:
            self.scale(ActorPoolScalingRequest.upscale(delta=wanted - staying, reason="its order"))
        for _ in range(staying - wanted):
            if not self._try_remove_pending_actor():
                self._leaving.add(self._first_to_go())
        for actor in [actor for actor in self._leaving if not self._running_actors[actor].num_tasks_in_flight]:
            self._leaving.remove(actor)
            self._release_running_actor(actor)
        if self._gangs is not None:
            self._gangs.keep(self._actor_to_logical_id)

    def _create_actor(self) -> Any:
        if self._gangs is None:
            return super()._create_actor()
        self._step._ray_remote_args["scheduling_strategy"] = self._gangs.begin()  # noqa: SLF001
        created = super()._create_actor()
        self._gangs.give(created[0])
        return created

    def _first_to_go(self) -> "ActorHandle[Any]":
        """Whoever has nothing to do; else one that is away with its node and owes something; else the emptiest."""
        staying = {actor: state for actor, state in self._running_actors.items() if actor not in self._leaving}

        def loss(actor: "ActorHandle[Any]") -> tuple[bool, bool, int]:
            state = staying[actor]
            return state.num_tasks_in_flight > 0, not state.is_restarting, state.num_tasks_in_flight

        return min(staying, key=loss)

    def _most_of(self, actor: "ActorHandle[Any]", order: Order) -> int:
        return order.room.get(actor._actor_id.hex(), order.room_of_others)  # noqa: SLF001


class _OrderedSizes(ActorAutoscaler):
    """Carries out the orders, and says what is seen of each pool."""

    def __init__(self, topology: Any, resource_manager: Any) -> None:
        super().__init__(topology, resource_manager)
        self._looked = 0.0

    def try_trigger_scaling(self) -> None:
        """Looks once; Ray Data asks for it in every round."""
        now = time.monotonic()
        if now - self._looked < _ADJUST_EVERY_S:
            return
        self._looked = now
        for step, state in self._topology.items():
            if isinstance(step, ActorPoolMapOperator) and isinstance(step._actor_pool, _SteeredPool):  # noqa: SLF001
                self._adjust(step, state, step._actor_pool)  # noqa: SLF001

    def _adjust(self, step: ActorPoolMapOperator, state: Any, pool: _SteeredPool) -> None:
        waiting, complete = state.total_enqueued_input_blocks(), step._inputs_complete  # noqa: SLF001
        pool.adjust(finished=step.has_completed() or (complete and not waiting and not pool.num_tasks_in_flight()))
        pool._steering.sightings[pool._name] = Sighting(  # noqa: SLF001
            waiting,
            pool.num_tasks_in_flight(),
            sum(before.metrics.row_outputs_taken for before in step.input_dependencies),
            complete,
            pool.current_size() - len(pool._leaving),  # noqa: SLF001
            pool.num_alive_actors(),
            pool.num_active_actors(),
            held_back=bool(waiting) and not state._scheduling_status.under_resource_limits,  # noqa: SLF001
        )


class _WholeCluster(ClusterAutoscaler):
    """Counts what the cluster has, and asks for nothing.

    A replica that waits for a place asks the cluster's own autoscaler for exactly the node that fits it. What Ray Data
    asks for names no kind of GPU; and its coordinator is one more process that wakes up all the time.
    """

    def try_trigger_scaling(self) -> None:
        """Asks for nothing."""

    def on_executor_shutdown(self) -> None:
        """Has nothing to give back."""

    def get_total_resources(self) -> ExecutionResources:
        """What the cluster has."""
        return ExecutionResources.from_resource_dict(ray.cluster_resources())


def _is_steered(topology: Any) -> bool:
    return any(isinstance(pool, _SteeredPool) for step in topology for pool in step.get_autoscaling_actor_pools())


def _create_actor_autoscaler(topology: Any, resource_manager: Any, config: Any) -> ActorAutoscaler:
    if _is_steered(topology):
        return _OrderedSizes(topology, resource_manager)
    return _rays_actor_autoscaler(topology, resource_manager, config)


def _create_cluster_autoscaler(topology: Any, *args: Any, **kwargs: Any) -> ClusterAutoscaler:
    return _WholeCluster() if _is_steered(topology) else _rays_cluster_autoscaler(topology, *args, **kwargs)


# Other datasets of the process keep Ray Data's own.
_rays_actor_autoscaler = streaming_executor.create_actor_autoscaler
_rays_cluster_autoscaler = streaming_executor.create_cluster_autoscaler
streaming_executor.create_actor_autoscaler = _create_actor_autoscaler
streaming_executor.create_cluster_autoscaler = _create_cluster_autoscaler


def _cancel(task: "ray.ObjectRef[Any]") -> None:
    try:
        ray.cancel(task, force=True)
    except ValueError:  # a call of an actor, which ends with it
        ray.cancel(task)


def _is_dead(actor: "ActorHandle[Any]") -> bool:
    return private.is_dead(actor._actor_id.hex())  # noqa: SLF001

"""The pools of an execution of Ray Data's as ``steering`` orders them, with all its private names that this takes.

Ray Data sizes a pool by how many calls its actors have, splits GPUs evenly between pools, whatever their kind, asks the
cluster for nodes of no kind at all, and has what a lost node owes wait for the very actor that owes it. Here it is told
instead: the classes below carry orders out in Ray Data's own loop. Its object store and its queues stay as they are,
and so do its retries, but for a lost node's.

``tests/cluster/test_steered_pools.py`` says of each private name that it is there and does what is asked of it.
"""

import time
from dataclasses import replace
from typing import Any
from weakref import WeakSet

import ray
from ray.actor import ActorHandle
from ray.data._internal.actor_autoscaler import ActorAutoscaler, ActorPoolScalingRequest
from ray.data._internal.cluster_autoscaler import ClusterAutoscaler
from ray.data._internal.execution import streaming_executor
from ray.data._internal.execution.interfaces import ExecutionResources, PhysicalOperator
from ray.data._internal.execution.interfaces.task_context import TaskContext
from ray.data._internal.execution.operators import actor_pool_map_operator
from ray.data._internal.execution.operators.actor_pool_map_operator import (
    ActorPoolMapOperator,
    _ActorPool,
    _NodeAwareActorPool,
)

from a2r_ray.cluster.gangs import Gangs
from a2r_ray.cluster.steering import Order, Sighting, Steering

_ADJUST_EVERY_S = 0.2
_IS_MOVED = "is_moved"
_READ = "on_data_ready"
"""The method of a call by which Ray Data reads what came of it."""


def steer(last_step: PhysicalOperator, steering: Steering) -> None:
    """Has the pools of an execution that is about to begin follow their orders."""
    for step in last_step.post_order_iter():
        name = step.name.removeprefix("MapBatches(").removesuffix(")")
        if isinstance(step, ActorPoolMapOperator) and name in steering.orders:
            step._actor_pool = _SteeredPool(step, name, steering)  # noqa: SLF001


def present_call() -> tuple[int, bool]:
    """The number of the call that a replica is in, which no other of its pool has, and whether it was another's before.

    To be asked in the call's own thread.
    """
    call = TaskContext.get_current()
    return (call.task_idx, bool(call.kwargs.get(_IS_MOVED))) if call is not None else (-1, False)


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
        self._calls: dict[int, ActorHandle[Any]] = {}
        """By number: who has it."""
        self._offers = 0
        self._offered: dict[str, tuple[int, ...]] = {}
        """Of the last offer, as long as no order has answered it."""
        self._moved: WeakSet[Any] = WeakSet()
        """Blocks that were taken from one replica and are another's."""
        self._is_moved = False
        """Whether the block that is about to be given away is one of them."""
        step.add_map_task_kwargs_fn(lambda: {_IS_MOVED: self._is_moved})

    def initial_size(self) -> int:
        """Replicas to begin with."""
        return self._order.replicas

    def select_actors(self, bundle: Any = None, actor_locality_enabled: bool = False) -> Any:  # noqa: ARG002, FBT001, FBT002
        """The replica that is to have the next block; None where all have what they may hold."""
        order = self._order
        self._is_moved = bundle is not None and bundle in self._moved
        held = {
            actor: blocks
            for actor, blocks in self._alive_actors_to_in_flight_tasks_heap.items()
            if actor not in self._leaving and blocks < min(self._most_of(actor, order), self.max_actor_concurrency())
        }
        return min(held, key=held.__getitem__, default=None)

    def on_task_submitted(self, actor: "ActorHandle[Any]") -> None:
        """Remembers who has the call."""
        self._calls[self._step._next_data_task_idx] = actor  # noqa: SLF001
        super().on_task_submitted(actor)

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

    def offered(self) -> dict[str, tuple[int, ...]]:
        """What each replica that is away owes: the numbers of its calls, by the id of its actor.

        Nothing is read of these until an order has answered: a call of which something is here must not be another's,
        and one that is another's must not be answered by the replica that had it, which is empty-handed by then.
        """
        if self._offered:
            return self._offered
        owed: dict[str, list[int]] = {}
        self._calls = {call: actor for call, actor in self._calls.items() if call in self._step._data_tasks}  # noqa: SLF001
        for call, actor in self._calls.items():
            if actor in self._running_actors and self._running_actors[actor].is_restarting and self._hold(call):
                owed.setdefault(actor._actor_id.hex(), []).append(call)  # noqa: SLF001
        self._offers += bool(owed)
        self._offered = {actor: tuple(calls) for actor, calls in owed.items()}
        return self._offered

    def adjust(self, *, finished: bool) -> None:
        """Gives away what lost replicas owe, and begins and ends replicas, as the order says."""
        order = self._order
        if self._offered and order.answers == self._offers:
            self._take_up(order.moved)
        # What was taken back, and what came behind it: Ray Data looks there again only with the next block.
        self._step._try_schedule_tasks_internal()  # noqa: SLF001
        wanted = 0 if finished else order.replicas
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

    def _hold(self, call: int) -> bool:
        """Has nothing be read of a call; returns whether nothing has been."""
        task, info = self._step._data_tasks[call], self._step._metrics._running_tasks[call]  # noqa: SLF001
        if info.num_outputs or task.has_pending_emits():
            return False
        vars(task)[_READ] = lambda *_: 0
        return True

    def _take_up(self, moved: frozenset[int]) -> None:
        """Puts the blocks of calls that were offered back into the queue, or goes on reading where they stay."""
        step = self._step
        for call in (call for calls in self._offered.values() for call in calls):
            task, inputs = step._data_tasks[call], step._metrics._running_tasks[call].inputs  # noqa: SLF001
            del vars(task)[_READ]
            if call in moved:
                task._task_done_callback(_MovedError(), None, None)  # noqa: SLF001
                self._moved.add(inputs)
                step._bundle_queue.add(inputs)  # noqa: SLF001
                step._metrics.on_input_queued(inputs, input_index=0)  # noqa: SLF001
        self._offered = {}

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


class _MovedError(Exception):
    """What a call ended with, by Ray Data's books, whose block another replica has."""


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
        offered = pool.offered()
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
            away=offered,
            offer=pool._offers,  # noqa: SLF001
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

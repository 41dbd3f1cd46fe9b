"""The graph: pools, chained onto a dataset; lazy, and free of side effects.

Each pool becomes one operator of Ray Data: actors that hold a replica each, whose calls run in parallel threads, a
block of problems a call.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ray
from ray.data import ActorPoolStrategy, Dataset

from a2r_ray.cluster import private, steered_pools
from a2r_ray.cluster.monitor import RemoteMonitor
from a2r_ray.config.schema import RoleConfig
from a2r_ray.errors import ConfigError
from a2r_ray.method import schedule
from a2r_ray.method.compile import Method, Pool
from a2r_ray.replica.replica import Assignment, Call, Replica
from a2r_ray.replica.tables import RunTables

_MORE_CALLS = 4
"""A steered replica holds so many times the blocks of another at most: all but a few of their paths may be done."""


def build(
    dataset: Dataset,
    method: Method,
    *,
    rows: int,
    tables: RunTables | None = None,
    monitor: RemoteMonitor | None = None,
) -> Dataset:
    """Chains the pools of a method onto a dataset of problems.

    Args:
        dataset: rows of ``CASE_SCHEMA`` where there are tables, else any with ``problem_id`` and ``problem``.
        method: the pools.
        rows: problems a block, of which a replica takes as many as keep its engine full.
        tables: where the replicas write; None: nothing is written, and rows keep their columns.
        monitor: where the replicas report to.
    """
    for number, pool in enumerate(method, 1):
        if monitor is None and pool.engine is not None and pool.engine.resources.nodes > 1:
            raise ConfigError(
                [f"{pool.section}.resources.nodes: replicas over several nodes are for runs; use a2r run"]
            )
        dataset = _chained(dataset, pool, rows, tables, monitor, last=tables is not None and number == len(method))
    return dataset


def rows_per_block(method: Method) -> int:
    """Problems a block, for all pools of a method."""
    return schedule.rows_per_block(
        [(pool.engine, pool.requests) for pool in method if pool.engine is not None and pool.requests]
    )


def actor_class(pool: Pool) -> str:
    """What Ray calls the actors of a pool."""
    return f"MapWorker(MapBatches({pool.name}))"


@dataclass(frozen=True)
class RayActor:
    """The process of a replica, as it sees it."""

    def actor(self) -> str:
        """What stays the same when the replica is started again."""
        return str(ray.get_runtime_context().get_actor_id())

    def node(self) -> str:
        """Where it is."""
        return str(ray.get_runtime_context().get_node_id())

    def call(self) -> Call:
        """What the present call is."""
        number, is_moved = steered_pools.present_call()
        return Call(number, private.times_begun_before() > 0, is_moved)


def _chained(  # noqa: PLR0913 (a pool is put into a graph of a run with a monitor)
    dataset: Dataset, pool: Pool, rows: int, tables: RunTables | None, monitor: RemoteMonitor | None, *, last: bool
) -> Dataset:
    engine = pool.engine
    asking = sum(stage.requests > 0 for stage in pool.stages)
    calls = schedule.calls(engine, pool.requests, rows, stages=asking)
    # Unsteered, Ray Data gives a replica as many blocks as it serves and as many to wait, and grows by these.
    served, held = (calls, 2 * calls) if monitor is None else (min(schedule.MOST_CALLS, _MORE_CALLS * calls), calls)
    smallest, largest = (1, 1) if engine is None else (engine.replicas.min, engine.replicas.max)
    assignment = Assignment(pool, tables, last=last, width=calls * rows, environment=_secrets(pool))
    chained = dataset.map_batches(
        type(pool.name, (Replica,), {"__doc__": Replica.__doc__}),  # Ray's lists show its name
        fn_constructor_args=(assignment, monitor, RayActor()),
        batch_size=None,
        batch_format="pyarrow",
        compute=ActorPoolStrategy(
            min_size=smallest,
            max_size=largest,
            max_concurrent_calls_per_actor=served,
            max_tasks_in_flight_per_actor=held,
            enable_true_multi_threading=True,
        ),
        num_cpus=engine.resources.cpus if engine else 1,
        **_stands_on(engine),
    )
    if engine is None or not engine.gpus or engine.resources.nodes > 1:
        return chained
    # map_batches takes no whole blocks together with GPUs, for the sake of functions that hold a block on the GPU.
    return private.with_task_options(chained, {"num_gpus": engine.gpus})


def _stands_on(engine: RoleConfig | None) -> dict[str, Any]:
    """What a replica asks for beside CPUs and GPUs; one over several nodes is in a placement group that asks for it."""
    if engine is None or engine.resources.nodes > 1:
        return {}
    resources = engine.resources
    return {
        "accelerator_type": resources.accelerator_type,
        "label_selector": resources.labels,
        "resources": resources.custom,
    }


def _secrets(pool: Pool) -> Mapping[str, str]:
    """What an engine needs of the driver's environment, which a cluster that was started elsewhere has not."""
    name = pool.engine.api_key_env if pool.engine is not None and pool.engine.engine == "openai" else ""
    return {name: os.environ[name]} if os.environ.get(name) else {}

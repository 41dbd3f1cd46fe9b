"""How a run is laid out: which schedule, how many problems a block, how many calls a replica takes at once.

Pure arithmetic over the config and what a cluster has; no Ray here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from a2r_ray.config.schema import Config, RoleConfig
from a2r_ray.method.placement import Cluster, Node, Place, kinds, place_of, places_of, standing

Schedule = Literal["streaming", "phased", "shared"]

# Ray Data moves about 100 blocks a second through two stages on two cores, however many rows they have.
_BLOCKS_PER_S = 100
_MOST_ROWS_PER_BLOCK = 128
# Generous, so that blocks are rather too large than too many for Ray Data; tokens/s of one replica.
_TOKENS_PER_S = {"gpu": 20_000.0, "cpu": 1_000.0}
_FEWEST_CALLS, MOST_CALLS = 4, 512
CALLS_OF_FAST_ENGINES = 8
"""Where blocks have many problems: else the flush of one call holds up the engine."""


@dataclass(frozen=True)
class Choice:
    """A schedule, and why it is that one."""

    schedule: Schedule
    why: str = ""
    """With the numbers; "" where there is nothing to choose."""
    short: bool = False
    """Whether the smallest pools do not stand as they are to: beside each other, or one of them not even alone."""
    homeless: tuple[str, ...] = ()
    """The pools of which not even one replica has a place, nor may have one."""


def choose(config: Config, pools: Sequence[tuple[str, RoleConfig]], cluster: Cluster) -> Choice:
    """The schedule that ``auto`` stands for, from what each node of the cluster has or may have.

    The same engine in both roles shares one pool. Different engines stream where the smallest pool of each stands
    beside the others', and take turns where it does not. An autoscaler that does not say what it can launch can launch
    all that is asked for.

    Args:
        config: the run's.
        pools: those that would stream, by the part of the config that describes them.
        cluster: what there is to stand on.
    """
    if config.shares_engine or len(pools) <= 1:
        return _of_one_pool(config, pools[:1], cluster)
    wanted = [places_of(role, role.replicas.min) for _, role in pools]
    there = cluster.at_most(sum(count for _, count in wanted))
    stand = standing(there, wanted)
    fits = all(got == count for got, (_, count) in zip(stand, wanted, strict=True))
    counted = " and ".join(f"{role.replicas.min} {name} ({_asked(role)})" for name, role in pools)
    homeless = _homeless(pools, cluster)
    shortage = _shortage(counted, stand, there, wanted)
    if homeless:
        shortage = f"{shortage}; not even one {' or '.join(homeless)} has a place"
    if config.schedule != "auto":
        short = bool(homeless) or (config.schedule == "streaming" and not fits and not cluster.grows)
        return Choice(config.schedule, shortage if short else "", short, homeless)
    if fits:
        return Choice("streaming", f"{counted} fit at once on {_where(cluster)}")
    if cluster.grows:
        return Choice("streaming", f"{counted} find their places where the cluster's autoscaler launches nodes")
    return Choice("phased", shortage, bool(homeless), homeless)


def _of_one_pool(config: Config, pools: Sequence[tuple[str, RoleConfig]], cluster: Cluster) -> Choice:
    """The layout of a run whose pools share one engine, or that has one pool, or none."""
    shared = config.shares_engine
    layout: Schedule = "shared" if shared else "streaming" if config.schedule == "auto" else config.schedule
    why = "both roles load the same engine" if shared else ""
    if not (homeless := _homeless(pools, cluster)):
        return Choice(layout, why)
    [(name, role)] = pools
    place, _ = places_of(role, 1)
    has = kinds(cluster.at_most(1), [place])
    return Choice(layout, f"not even one {name} ({_asked(role)}) has a place on {has}", short=True, homeless=homeless)


def _homeless(pools: Sequence[tuple[str, RoleConfig]], cluster: Cluster) -> tuple[str, ...]:
    there = cluster.at_most(sum(places_of(role, role.replicas.min)[1] for _, role in pools))
    alone = [(name, places_of(role, 1)[0]) for name, role in pools]
    return tuple(name for name, place in alone if not cluster.grows and not _holds(there, place))


def _holds(there: Sequence[Node], place: Place) -> bool:
    return standing(there, [(place, 1)]) == [1]


def _asked(role: RoleConfig) -> str:
    on_each = f" on each of {role.resources.nodes} nodes" if role.resources.nodes > 1 else ""
    return f"{place_of(role)}{on_each}"


def _where(cluster: Cluster) -> str:
    up = "the node that is up" if len(cluster.nodes) == 1 else f"the {len(cluster.nodes)} nodes that are up"
    return f"{up} and those that can be launched" if cluster.launchable else up


def _shortage(counted: str, stand: Sequence[int], there: Sequence[Node], wanted: Sequence[tuple[Place, int]]) -> str:
    held = " and ".join(map(str, stand))
    return f"{counted} do not fit at once: there is room for {held} on {kinds(there, [place for place, _ in wanted])}"


def rows_per_block(asked: Sequence[tuple[RoleConfig, int]]) -> int:
    """Problems a block: one, where a slow path delays nobody else, until the expected rate asks for more.

    Args:
        asked: each pool's engine, and the requests that it gets for a problem at once.
    """
    wanted = min((_problems_per_s(*pool) for pool in asked), default=math.inf) / _BLOCKS_PER_S
    return max(1, math.ceil(min(_MOST_ROWS_PER_BLOCK, wanted)))


def calls(engine: RoleConfig | None, requests: int, rows: int, *, stages: int) -> int:
    """Calls a replica takes at once: twice what its engine runs, so that its waiting queue is never empty.

    With a quarter more than it runs it is not full: a call waits for its slowest path, and for its flush. A call that
    goes through several stages has all its requests at first and then few: there are twice as many.

    Args:
        engine: what the replica loads; None: nothing.
        requests: for a problem at once.
        rows: problems a block.
        stages: of the pool that ask the engine.
    """
    if engine is None or not requests:
        return CALLS_OF_FAST_ENGINES
    wanted = 2 * engine.max_num_seqs / (requests * rows) * (2 if stages > 1 else 1)
    fewest = CALLS_OF_FAST_ENGINES if rows > 1 else _FEWEST_CALLS
    return max(fewest, min(MOST_CALLS, math.ceil(wanted)))


def _problems_per_s(role: RoleConfig, requests: int) -> float:
    """What a pool at its largest may finish."""
    if role.engine == "simulated":
        latency = role.simulated.latency_s.median if role.simulated else 0.0
        per_replica = role.max_num_seqs / latency if latency else 1e9
        return per_replica * role.replicas.max / requests
    tokens = _TOKENS_PER_S["cpu" if role.engine == "vllm" and not role.gpus else "gpu"]
    return tokens * role.replicas.max / (requests * role.sampling.max_tokens / 2)

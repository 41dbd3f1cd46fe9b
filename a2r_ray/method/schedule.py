"""How a run is laid out: which schedule, how many problems a block, how many calls a replica takes at once.

Pure arithmetic over the config and what a cluster has; no Ray here.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from a2r_ray.config.schema import Config, RoleConfig

Schedule = Literal["streaming", "phased", "shared"]

# Ray Data moves about 100 blocks a second through two stages on two cores, however many rows they have.
_BLOCKS_PER_S = 100
_MOST_ROWS_PER_BLOCK = 64
# Generous, so that blocks are rather too large than too many for Ray Data; tokens/s of one replica.
_TOKENS_PER_S = {"gpu": 20_000.0, "cpu": 1_000.0}
_FEWEST_CALLS, MOST_CALLS = 4, 512
_CALLS_OF_FAST_ENGINES = 16
"""Where blocks have many problems: else the flush of one call holds up the engine."""


def choose(config: Config, resources: Mapping[str, float]) -> Schedule:
    """The schedule that ``auto`` stands for, from what the cluster has or can grow to.

    The same engine in both roles shares one pool. Two engines stream where the smallest pool of each fits beside the
    other's, and take turns where it does not.
    """
    if config.schedule != "auto":
        return config.schedule
    if config.explorer is None or config.synthesizer is None or not config.explores:
        return "streaming"
    if config.shares_engine:
        return "shared"
    roles = (config.explorer, config.synthesizer)
    gpus = sum(role.gpus * role.replicas.min for role in roles)
    cpus = sum(role.resources.cpus * role.replicas.min for role in roles)
    fits = gpus <= resources.get("GPU", 0) and cpus <= resources.get("CPU", 0)
    return "streaming" if fits else "phased"


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
        return _CALLS_OF_FAST_ENGINES
    wanted = 2 * engine.max_num_seqs / (requests * rows) * (2 if stages > 1 else 1)
    fewest = _CALLS_OF_FAST_ENGINES if rows > 1 else _FEWEST_CALLS
    return max(fewest, min(MOST_CALLS, math.ceil(wanted)))


def _problems_per_s(role: RoleConfig, requests: int) -> float:
    """What a pool at its largest may finish."""
    if role.engine == "simulated":
        latency = role.simulated.latency_s.median if role.simulated else 0.0
        per_replica = role.max_num_seqs / latency if latency else 1e9
        return per_replica * role.replicas.max / requests
    tokens = _TOKENS_PER_S["cpu" if role.engine == "vllm" and not role.gpus else "gpu"]
    return tokens * role.replicas.max / (requests * role.sampling.max_tokens / 2)

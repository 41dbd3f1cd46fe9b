"""How many blocks a replica may hold: what keeps its engine full, and no more than its share of what is left.

What counts is the requests in its engine. A block stays until its slowest path is there and durable, long after its
other paths have given up their seats; so the blocks in flight say little about how full an engine is.
"""

import math
from dataclasses import dataclass

_SPARE = 1 / 8
"""Of what an engine runs so much more waits in it, so that a seat that becomes free is taken at once."""


@dataclass(frozen=True)
class Fullness:
    """What a replica has, by its last report."""

    running: int
    """Requests that its engine runs."""
    waiting: int
    """Requests that wait in its engine."""
    blocks: int
    """Blocks that it holds."""


def room(seats: int, requests: int, fullness: Fullness | None = None) -> int:
    """Blocks that a replica may hold, at least one.

    An engine in which requests wait is full, at however few: long prompts may fill its memory before its seats.

    Args:
        seats: requests that its engine runs at most.
        requests: of a block that arrives.
        fullness: None where nothing has been heard of it: it is empty.
    """
    now = fullness or Fullness(0, 0, 0)
    full = now.running if now.waiting else seats
    missing = full * (1 + _SPARE) - now.running - now.waiting
    return max(1, now.blocks + math.ceil(missing / requests))


def share(blocks_left: int, replicas: int) -> int:
    """Blocks that each of some replicas has where all have as many, at least one."""
    return max(1, math.ceil(blocks_left / max(1, replicas)))

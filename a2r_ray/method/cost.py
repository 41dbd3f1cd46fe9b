"""Cost: tokens times price, and None wherever a price is missing.

An unknown cost is never counted as zero: a total of which a part is unknown is unknown, so that no bill surprises.
"""

import math
from collections.abc import Iterable

from a2r_ray.config.schema import Price


def cost_usd(price: Price | None, prompt_tokens: int, completion_tokens: int) -> float | None:
    """USD for some tokens of one role; None where there are tokens and no price. No tokens cost nothing."""
    if not prompt_tokens and not completion_tokens:
        return 0.0
    if price is None:
        return None
    return (prompt_tokens * price.input + completion_tokens * price.output) / 1e6


def total(costs: Iterable[float | None]) -> float | None:
    """The sum in USD; None if any part is unknown, 0 for no parts."""
    known = []
    for cost in costs:
        if cost is None:
            return None
        known.append(cost)
    return math.fsum(known)

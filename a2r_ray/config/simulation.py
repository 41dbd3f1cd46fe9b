"""What a simulated engine draws: how long its requests take, how many tokens they have, and what goes wrong."""

from typing import Annotated

from pydantic import Field

from a2r_ray.config.section import Fraction, Natural, Section


class LogNormal(Section):
    """A log-normal distribution; sigma is that of the logarithm."""

    median: Annotated[float, Field(ge=0)]
    """Half of the values are above it."""
    sigma: Annotated[float, Field(ge=0)] = 0.0
    """0: all values are the median."""


class Faults(Section):
    """What goes wrong in a simulation."""

    error: Fraction = 0.0
    """Share of requests that fail."""
    truncated: Fraction = 0.0
    """Share of requests cut off by max_tokens."""
    unanswered: Fraction = 0.0
    """Share of completions with no answer in them."""
    crash: Fraction = 0.0
    """Share of requests that end the engine's process."""
    hang_at: Natural = 0
    """The engine stops at the request of this number, where it has latency; 0: never."""
    poison: str = ""
    """A request that contains this text ends the engine's process, every time."""
    load: str = ""
    """The engine fails to load with this message."""


class SimulatedConfig(Section):
    """How the simulated engine behaves."""

    latency_s: LogNormal = LogNormal(median=0.0)
    """Seconds that a request takes."""
    tokens: LogNormal = LogNormal(median=64.0)
    """Tokens of a completion."""
    accuracy: Fraction = 0.5
    """Share of completions that give the known answer."""
    load_s: Annotated[float, Field(ge=0)] = 0.0
    """Seconds until the engine is ready."""
    faults: Faults = Faults()
    """What goes wrong."""

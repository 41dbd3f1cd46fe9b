"""How many paths a problem has: as many as all others, or as many as its vote needs."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_serializer, model_validator

from a2r_ray.config.section import Count, Section


class PathsConfig(Section):
    """How many paths a problem has."""

    min: Count
    """Paths that every problem has."""
    max: Count
    """Paths that it has at most: N."""
    until: Literal["decided", "confident"] | None = None
    """What is enough. decided: no outcome of the paths left can change the vote. confident: the winner is more frequent
    than the runner-up with the probability ``confidence``. null: nothing is, all have as many."""
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """confident: the posterior of the winner against the runner-up."""

    @model_serializer
    def _as_written(self) -> Any:
        if self.until is None:
            return self.max
        return {"min": self.min, "max": self.max, "until": self.until, "confidence": self.confidence}

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is more than max {self.max}")
        if self.until is None and self.min < self.max:
            raise ValueError("with fewer paths for some, say when they are enough: until: decided, or confident")
        return self


def in_a_number(value: Any) -> Any:
    """N, as what it is short for.

    Raises:
        ValueError: it is neither a number of paths nor a section.
    """
    if isinstance(value, dict | PathsConfig):
        return value
    if type(value) is not int or not 1 <= value < _MOST:
        raise ValueError(f"{value!r}: expected a number of paths from 1, or {{min: …, max: …, until: …}}")
    return {"min": value, "max": value}


_MOST = 2**31

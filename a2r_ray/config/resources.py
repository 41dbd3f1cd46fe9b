"""What one replica takes of the cluster: amounts, and which nodes it may stand on.

None of it changes what is generated. What Ray would refuse is refused here.
"""

import re
from typing import Annotated

from pydantic import Field, field_validator

from a2r_ray.config.section import Count, Section

_LABEL = r"[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,61}[a-zA-Z0-9])?"
_LABEL_NAME = re.compile(rf"([a-zA-Z0-9.-]{{1,253}}/)?{_LABEL}")
_LABEL_CONDITION = re.compile(rf"|!?({_LABEL}|in\({_LABEL}(, ?{_LABEL})*\))")
_SMALLEST_PART = 0.0001
_OTHER_FIELD = {
    "CPU": "resources.cpus says it",
    "GPU": "resources.gpus says it",
    **dict.fromkeys(("memory", "object_store_memory"), "replicas ask for no memory"),
}


class Resources(Section):
    """What one replica takes of the cluster."""

    cpus: Annotated[float, Field(ge=0)] = 1
    """Per replica; vllm without GPUs computes with as many threads."""
    gpus: Annotated[float, Field(ge=0)] | None = None
    """Per replica: whole ones, or a part of one, of whose memory each replica takes as much; absent: as many as the
    model is spread over for vllm, 0 for the others."""
    nodes: Count = 1
    """Over how many a replica of vllm may be spread, with as many of its GPUs on each."""
    accelerator_type: str | None = None
    """Ray's name of the accelerator, such as L4 or H100."""
    labels: dict[str, str] = Field(default={})
    """Nodes with these labels only: by label its value, ``!value``, ``in(a, b)`` or ``!in(a, b)``."""
    custom: dict[str, float] = Field(default={})
    """Per replica, of resources that the cluster's nodes have by names of its own, such as {fast_disk: 1}."""

    @field_validator("cpus", "gpus")
    @classmethod
    def _ray_can_give_it(cls, value: float | None) -> float | None:
        if value is not None and 0 < value < _SMALLEST_PART:
            raise ValueError(f"{value:g}: a replica takes none, or at least {_SMALLEST_PART}")
        return value

    @field_validator("gpus")
    @classmethod
    def _whole_or_a_part_of_one(cls, value: float | None) -> float | None:
        if value is not None and value > 1 and value != int(value):
            raise ValueError(f"{value:g}: a replica takes whole GPUs, or a part of one")
        return value

    @field_validator("labels")
    @classmethod
    def _labels_can_be_had(cls, value: dict[str, str]) -> dict[str, str]:
        for name, condition in value.items():
            if not _LABEL_NAME.fullmatch(name):
                raise ValueError(f"`{name}` is no name of a label: letters, digits and `-_.`, a prefix before a `/`")
            if not _LABEL_CONDITION.fullmatch(condition):
                raise ValueError(f"{name}: `{condition}` is no condition: write value, !value, in(a, b) or !in(a, b)")
        # Ray takes the blank for a part of the value, which then no node has.
        return {name: condition.replace(", ", ",") for name, condition in value.items()}

    @field_validator("custom")
    @classmethod
    def _custom_is_custom(cls, value: dict[str, float]) -> dict[str, float]:
        for name, amount in value.items():
            if name in _OTHER_FIELD or name.startswith("accelerator_type:"):
                raise ValueError(f"`{name}` is none: {_OTHER_FIELD.get(name, 'resources.accelerator_type says it')}")
            if amount < _SMALLEST_PART:
                raise ValueError(f"{name}: {amount:g}: a replica takes at least {_SMALLEST_PART} of a resource")
        return value

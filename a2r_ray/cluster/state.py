"""How far a run is, for whoever watches it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from a2r_ray.method.compile import Pool


@dataclass
class Progress:
    """What a run is doing."""

    total: int = 0
    """Input rows; 0 until they are counted."""
    doing: str = ""
    """What goes on before the first replica works; "" from then on."""
    done_before: int = 0
    """Input rows that earlier attempts have done with."""
    pools: Sequence[Pool] = ()
    """In the order in which a problem goes through them."""
    replicas: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Each replica's last report, those of earlier phases included."""
    input_rows: Mapping[str, int] | None = None
    """What the reader counted; None until it has read all."""


Observer = Callable[[Progress], None]

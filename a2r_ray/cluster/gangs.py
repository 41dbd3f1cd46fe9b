"""Places of replicas that are spread over several nodes: a placement group for each, which goes when it has ended.

Ray Data has no such pools; a group that is left behind would hold its GPUs as long as the driver lives.
"""

import threading
import time
from collections.abc import Container, Sequence
from contextlib import suppress
from typing import Any

import ray
from ray.actor import ActorHandle
from ray.util.placement_group import PlacementGroup, placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from a2r_ray.cluster import private
from a2r_ray.method.placement import Place

_END_S = 10.0
"""A replica that is let go has so long to free its engine."""


class Gangs:
    """The placement groups of a pool.

    Args:
        bundles: what a replica asks for, piece by piece; the replica itself is with the first.
    """

    def __init__(self, bundles: Sequence[Place]) -> None:
        self._bundles = bundles
        self._groups: dict[ActorHandle[Any], PlacementGroup] = {}
        self._begun: PlacementGroup | None = None

    def begin(self) -> PlacementGroupSchedulingStrategy:
        """A new group, on as few nodes as hold it; what the replica begins by itself is placed in it, too."""
        self._begun = placement_group(
            [dict(bundle.resources) for bundle in self._bundles],
            strategy="PACK",
            bundle_label_selector=[dict(bundle.labels) for bundle in self._bundles],
        )
        return PlacementGroupSchedulingStrategy(self._begun, 0, placement_group_capture_child_tasks=True)

    def give(self, actor: "ActorHandle[Any]") -> None:
        """Says whose the group is that was begun last."""
        if self._begun is not None:
            self._groups[actor], self._begun = self._begun, None

    def keep(self, actors: Container["ActorHandle[Any]"]) -> None:
        """Removes the groups of all other actors, once these have ended."""
        for actor in [actor for actor in self._groups if actor not in actors]:
            ended = (actor._actor_id.hex(), self._groups.pop(actor))  # noqa: SLF001
            del actor  # a handle would keep it
            threading.Thread(target=_remove_after, args=ended, name="placement group", daemon=True).start()


def _remove_after(actor: str, group: PlacementGroup) -> None:
    with suppress(ray.exceptions.RayError, RuntimeError):  # Ray has ended meanwhile, and all groups with it
        deadline = time.monotonic() + _END_S
        while time.monotonic() < deadline and not private.is_dead(actor):
            time.sleep(0.2)
        remove_placement_group(group)

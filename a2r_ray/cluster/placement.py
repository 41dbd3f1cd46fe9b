"""The watch over the pools: one that finds no place in the cluster is told of, and then ends the run."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from a2r_ray.config.schema import RoleConfig
from a2r_ray.errors import A2RError

_LOOK_EVERY_S = 5.0
_STALE_S = 10.0
_WARN_AFTER_S = 30.0


class Watch:
    """Looks after the pools of a run.

    Args:
        pools: each pool's name and what a replica of it asks for.
        unplaced: whether a pool has replicas that wait for a place, and none that has one.
        nodes: the resources of each node that is up.
        say: where a warning goes.
    """

    def __init__(
        self,
        pools: Mapping[str, RoleConfig],
        unplaced: Callable[[str], bool],
        nodes: Callable[[], list[dict[str, float]]],
        say: Callable[[str], None],
    ) -> None:
        self._pools, self._unplaced, self._nodes, self._say = pools, unplaced, nodes, say
        self._since: dict[str, float] = {}
        self._warned: set[str] = set()
        self._looked = 0.0

    def look(self, reports: Iterable[Mapping[str, Any]]) -> None:
        """Looks once; cheap while every pool has a replica that reports.

        Raises:
            A2RError: a pool had no replica for longer than its ``replicas.start_timeout_s``.
        """
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY_S:
            return
        self._looked = now
        alive = {report["role"] for report in reports if time.time() - report["at"] < _STALE_S}
        for name, role in self._pools.items():
            if name in alive or not self._unplaced(name):
                self._since.pop(name, None)
                self._warned.discard(name)
                continue
            waited_s = now - self._since.setdefault(name, now)
            if waited_s > role.replicas.start_timeout_s:
                raise A2RError(f"{self._message(name, role, waited_s)}; the same command continues")
            if waited_s > _WARN_AFTER_S and name not in self._warned:
                self._warned.add(name)
                self._say(
                    f"{self._message(name, role, waited_s)}; the run ends if it stays so for "
                    f"{role.replicas.start_timeout_s:.0f} s ({self._section(name)}.replicas.start_timeout_s)"
                )

    def _message(self, name: str, role: RoleConfig, waited_s: float) -> str:
        wanted, section = _wanted(role), self._section(name)
        nodes = self._nodes()
        fitting = [node for node in nodes if all(node.get(key, 0) >= amount for key, amount in wanted.items())]
        why = (
            f"{len(fitting)} of the {len(nodes)} nodes that are up have it, but not free"
            if fitting
            else f"no node that is up has it; they have {'; '.join(map(_listed, nodes)) or 'nothing'}"
        )
        return (
            f"the pool of the {section} has had no place in the cluster for {waited_s:.0f} s: a replica asks for "
            f"{_listed(wanted)} ({section}.resources), and {why}"
        )

    def _section(self, name: str) -> str:
        return "explorer" if name == "both" else name


def _wanted(role: RoleConfig) -> dict[str, float]:
    wanted = {"CPU": role.resources.cpus, "GPU": role.gpus}
    if role.resources.accelerator_type:
        wanted[f"{_ACCELERATOR}{role.resources.accelerator_type}"] = 0.001
    return {name: amount for name, amount in wanted.items() if amount}


_ACCELERATOR = "accelerator_type:"


def _listed(resources: Mapping[str, float]) -> str:
    """Such as ``8 CPU, 1 GPU, L4``."""
    texts = []
    for name, amount in sorted(resources.items()):
        if name.startswith(_ACCELERATOR):
            texts.append(name.removeprefix(_ACCELERATOR))
        elif name in {"CPU", "GPU"}:
            texts.append(f"{amount:g} {name}")
    return ", ".join(texts) or "no CPU"

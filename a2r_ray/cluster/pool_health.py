"""Pools that have no replica: told of, and then the end of the run.

A pool that never had a replica ends the run with the reason why the first could not load. Later failures are told of
and waited out, and so is a place that no node has free, for as long as any pool gets something done: it frees its own
when it is through. Where nothing moves, ``replicas.start_timeout_s`` says for how long.
"""

import time
from collections.abc import Callable, Sequence

from a2r_ray.config.schema import RoleConfig
from a2r_ray.errors import A2RError, EngineError
from a2r_ray.method.compile import Pool
from a2r_ray.method.placement import Node, kinds, place_of
from a2r_ray.replica.monitor import LoadFailures, Snapshot

_LOOK_EVERY_S = 5.0
_SILENT_S = 10.0
_WARN_AFTER_S = 30.0


class PoolHealth:
    """Looks after the pools of a run.

    Args:
        pools: those that load an engine are looked after.
        has_no_place: whether a pool has replicas that wait for a place, and none that has one.
        nodes: each node that is up.
        say: where a warning goes.
    """

    def __init__(
        self,
        pools: Sequence[Pool],
        has_no_place: Callable[[Pool], bool],
        nodes: Callable[[], Sequence[Node]],
        say: Callable[[str], None],
    ) -> None:
        self._pools = [(pool, pool.engine) for pool in pools if pool.engine is not None]
        self._has_no_place, self._nodes, self._say = has_no_place, nodes, say
        self._without_since: dict[str, float] = {}
        self._told: set[tuple[str, str]] = set()
        self._told_failures: dict[str, int] = {}
        self._looked = 0.0
        self._done = 0
        self._moved = 0.0

    def look(self, snapshot: Snapshot) -> None:
        """Looks once; cheap while every pool has a replica that reports.

        Raises:
            A2RError: a replica or the first load of a pool says so, or a pool had no replica for too long.
        """
        if snapshot.failures:
            raise A2RError(snapshot.failures[0])
        for pool, role in self._pools:
            if (failures := snapshot.cannot_load.get(pool.name)) is not None:
                self._tell_failures(pool, role, failures)
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY_S:
            return
        self._looked = now
        if (done := _done(snapshot)) != self._done:
            self._done, self._moved = done, now
        for pool, role in self._pools:
            self._look_at(pool, role, snapshot, now)

    def _tell_failures(self, pool: Pool, role: RoleConfig, failures: LoadFailures) -> None:
        if not failures.ever_ready:
            raise EngineError(f"the engine of the {pool.section} cannot start: {failures.last}")
        if failures.count > self._told_failures.get(pool.name, 0):
            self._say(
                f"a replica of the {pool.section} cannot load, time {failures.count} in a row; it is tried again: "
                f"{failures.last}; the run ends where the pool has no replica for "
                f"{role.replicas.start_timeout_s:.0f} s ({pool.section}.replicas.start_timeout_s)"
            )
        self._told_failures[pool.name] = failures.count

    def _look_at(self, pool: Pool, role: RoleConfig, snapshot: Snapshot, now: float) -> None:
        why = self._without_replica(pool, role, snapshot)
        if why is None:
            self._without_since.pop(pool.name, None)
            self._told = {told for told in self._told if told[0] != pool.name}
            return
        kind, text = why
        since = self._without_since.setdefault(pool.name, now)
        waited_s = now - since
        message = text.format(waited=f"{waited_s:.0f} s")
        limit_s = role.replicas.start_timeout_s
        if now - (max(since, self._moved) if kind == _PLACE else since) > limit_s:
            raise A2RError(f"{message}; the same command continues")
        if waited_s > _WARN_AFTER_S and (pool.name, kind) not in self._told:
            self._told.add((pool.name, kind))
            so = "stays so and no pool gets anything done" if kind == _PLACE else "stays so"
            self._say(
                f"{message}; the run ends if it {so} for {limit_s:.0f} s ({pool.section}.replicas.start_timeout_s)"
            )

    def _without_replica(self, pool: Pool, role: RoleConfig, snapshot: Snapshot) -> tuple[str, str] | None:
        """Why no replica of a pool works, as a kind and a text; None where one does, or may be about to."""
        reports = [
            sample
            for sample in snapshot.reports.values()
            if sample["pool"] == pool.name and sample["age_s"] < _SILENT_S
        ]
        loaded = [sample for sample in reports if not sample["loading"]]
        held = [sample for sample in loaded if sample.get("held_s")]
        if loaded and len(held) == len(loaded):
            return (
                "held",
                f"the pool of the {pool.section} has been waiting for {{waited}}: {_braced(held[0]['held_for'])}",
            )
        if loaded:
            return None
        if pool.name in snapshot.cannot_load:
            why = _braced(snapshot.cannot_load[pool.name].last)
            return "load", f"the pool of the {pool.section} has had no replica for {{waited}}: {why}"
        if reports or not self._has_no_place(pool):
            return None
        return _PLACE, self._no_place(pool, role)

    def _no_place(self, pool: Pool, role: RoleConfig) -> str:
        place, nodes = place_of(role), self._nodes()
        fitting = [node for node in nodes if place.fits(node)]
        why = (
            f"{len(fitting)} of the {len(nodes)} nodes that are up have it, but not free"
            if fitting
            else f"no node that is up has it; there are {kinds(nodes, [place]) or 'none'}"
        )
        return _braced(
            f"the pool of the {pool.section} has had no place in the cluster for \0: a replica asks for "
            f"{place} ({pool.section}.resources), and {why}"
        ).replace("\0", "{waited}")


_PLACE = "place"


def _done(snapshot: Snapshot) -> int:
    """What all pools have got done, in whatever is counted of it."""
    return sum(
        sample.get("completion_tokens", 0) + sum(sample.get("stages", {}).values())
        for sample in snapshot.reports.values()
    )


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")

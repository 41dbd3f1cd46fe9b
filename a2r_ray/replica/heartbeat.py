"""The heartbeat: a thread that says again and again how full the replica is, and hears whether to stop.

It also ends what is beyond help: an engine that hangs, a process in which something holds Python's lock for ever, and a
replica whose run has ended without it.
"""

import faulthandler
import math
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Protocol

from a2r_ray.config.schema import RoleConfig
from a2r_ray.engines import Engine
from a2r_ray.records import Row

_SLOW_S = 10.0
"""A report may take so long where the machine is busy."""
_AGAIN_S = 0.5
"""Between reports of a replica that has flushed."""


class Listener(Protocol):
    """Who hears the reports."""

    def report(self, replica: str, sample: Row) -> float:
        """Says how full a replica is; returns the seconds to its next report, 0 where the run is stopped.

        Raises where nobody listens.
        """


@dataclass(frozen=True)
class Reactions:
    """What a heartbeat may call for."""

    stop: Callable[[], None]
    """Begin nothing more, and make durable what is there."""
    end: Callable[[str], None]
    """End the process, for this reason; whatever started it may start it again."""
    never_loads: Callable[[str], None]
    """The engine has been loading for too long."""


@dataclass
class Pulse:
    """What a replica says of itself; written by the replica, read by its heartbeat."""

    name: str
    pool: str
    actor: str = ""
    """What stays the same when it is started again."""
    node: str = ""
    """Where it is."""
    engine: Engine | None = None
    loaded: bool = False
    counts: Callable[[], Row] = dict
    """Calls and cases, as they are counted now."""


class Heartbeat:
    """The thread.

    Args:
        pulse: what the replica says of itself.
        role: what its engine is; None: it has none.
        listener: who hears it.
        reactions: what follows from it.
    """

    def __init__(self, pulse: Pulse, role: RoleConfig | None, listener: Listener, reactions: Reactions) -> None:
        self._pulse, self._role, self._listener, self._reactions = pulse, role, listener, reactions
        self._began = self._last = time.monotonic()
        self._ready_s = self._busy_s = self._running_s = self._load_s = 0.0
        self._stopping = False
        threading.Thread(target=self._live, name="heartbeat", daemon=True).start()

    def _live(self) -> None:
        try:
            while True:
                self._keep_watch()
                time.sleep(self._beat())
        finally:
            faulthandler.cancel_dump_traceback_later()

    def _keep_watch(self) -> None:
        """Ends the process, with its stacks in Ray's log, where this thread does not come round again."""
        if self._role is None:
            return
        faulthandler.dump_traceback_later(self._role.hang_timeout_s + _SLOW_S, exit=True, file=2)
        waited_s = time.monotonic() - self._began
        if not self._pulse.loaded and waited_s > self._role.replicas.start_timeout_s:
            self._reactions.never_loads(f"{self._role.model} has been loading for {waited_s:.0f} s")

    def _beat(self) -> float:
        """Reports once; returns the seconds to the next time.

        A replica that has flushed because the run is stopped says so at once: Ray gives a job that it stops 3 s.
        """
        try:
            wait_s = self._listener.report(self._pulse.name, self._sample())
        except Exception as error:  # noqa: BLE001 (whatever it is, nobody listens)
            self._reactions.end(f"the run's driver is gone: {type(error).__name__}")
            return _AGAIN_S
        if wait_s or self._stopping:
            return wait_s or _AGAIN_S
        self._reactions.stop()
        self._stopping = True
        return 0.0

    def _sample(self) -> Row:
        """Busy seconds are those in which it had requests, running seconds those of all requests together."""
        pulse, now = self._pulse, time.monotonic()
        passed, self._last = now - self._last, now
        sample: Row = {"pool": pulse.pool, "actor": pulse.actor, "node": pulse.node, "loading": not pulse.loaded}
        sample |= pulse.counts()
        if not pulse.loaded:
            self._load_s = now - self._began
        else:
            engine = pulse.engine
            load = asdict(engine.load()) if engine is not None else {"running": sample["calls"], "waiting": 0}
            self._ready_s += passed
            self._busy_s += passed if load["running"] or load["waiting"] else 0.0
            self._running_s += passed * load["running"]
            sample |= load
            self._check_progress(load.get("stalled_s", 0.0), load["running"])
        seconds = {"load_s": self._load_s, "ready_s": self._ready_s, "busy_s": self._busy_s}
        return sample | seconds | {"running_s": self._running_s, "flushed": self._stopping}

    def _check_progress(self, stalled_s: float, running: int) -> None:
        if self._role is None or stalled_s <= self._role.hang_timeout_s:
            return
        if math.isinf(stalled_s):
            self._reactions.end("the engine's own process has ended")
        self._reactions.end(f"the engine hangs: no token for {stalled_s:.0f} s with {running} requests running")

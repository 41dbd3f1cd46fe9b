"""The Ray cluster that a run uses: the one it is pointed at, or one of its own on this machine."""

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from a2r_ray.cluster import private
from a2r_ray.config.secrets import public
from a2r_ray.errors import A2RError, Stopped
from a2r_ray.method.placement import Cluster, Node

_GROWTH_S = 60.0


@dataclass(frozen=True)
class Connection:
    """To a cluster."""

    ours: bool
    """Whether it was made here, and ends here."""
    alone: bool
    """Whether the cluster was, too: nobody else uses it, and it has this machine only."""


@contextmanager
def connected() -> Iterator[Connection]:
    """Connects to the cluster that ``RAY_ADDRESS`` names, as in a Ray job; else starts one here and ends it after.

    Inside a program that has connected already, that connection is used and left alone.
    """
    if ray.is_initialized():
        yield Connection(ours=False, alone=False)
        return
    address = os.environ.get("RAY_ADDRESS") or "local"
    # The core worker of the driver would print warnings of its own between ours.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    # Ray Data would begin a process to gather usage statistics.
    os.environ.setdefault("RAY_DATA_USAGE_DISABLED", "1")
    alone = address == "local"
    if alone:
        # By default Ray looks at the whole machine every few seconds, for nobody.
        os.environ.setdefault("REPORTER_UPDATE_INTERVAL_MS", "60000")
    private.keep_errors_off_stdout()
    private.leave_sigterm_alone()
    private.connect_only_when_asked()
    # Half of what Ray Data will import, while Ray's processes begin; it imports nothing of Ray's.
    threading.Thread(target=import_module, args=("pandas",), daemon=True).start()
    with (
        _signals_wait(),
        _native_stderr_off(),
        _explained(address),
        private.out_of_our_group(),
        private.few_processes() if alone else nullcontext(),
    ):
        if address not in {"local", "auto"}:
            _check_address(address)
            private.check_head(address)
        ray.init(
            address=address,
            include_dashboard=False if alone else None,
            log_to_driver=False,
            logging_level=logging.CRITICAL,
        )
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    try:
        yield Connection(ours=True, alone=alone)
    finally:
        with private.sigterm_kept():
            ray.shutdown()


def _check_address(address: str) -> None:
    scheme, is_uri, _ = address.partition("://")
    if is_uri:
        what = "the Ray Client's" if scheme == "ray" else "a dashboard's"
        raise A2RError(
            f"RAY_ADDRESS is {public(address)}, {what} address: run on a machine of the cluster with that of its head, "
            "such as 10.0.0.1:6379, or from elsewhere with a2r submit --address http://HEAD:8265"
        )
    if not address.rpartition(":")[2].isdigit():
        raise A2RError(f"RAY_ADDRESS is {address}: expected the address of a cluster's head, such as 10.0.0.1:6379")


@contextmanager
def _explained(address: str) -> Iterator[None]:
    """Turns whatever Ray raises at its start into an error with the remedy."""
    try:
        yield
    except A2RError:
        raise
    except Exception as error:  # Ray raises many kinds
        raise Stopped.asked or A2RError(f"{_what_failed(address)}: {_said(error)}") from error


def _what_failed(address: str) -> str:
    if address == "local":
        return (
            "Ray cannot begin on this machine (RAY_TMPDIR is where it keeps its sockets, in a path that must be short)"
        )
    return (
        f"no Ray cluster can be reached at RAY_ADDRESS {address} (is its head up, and this the address that `ray "
        "start` names? has it a token, to be given with RAY_AUTH_MODE=token and RAY_AUTH_TOKEN? without RAY_ADDRESS "
        "the run has a Ray of its own)"
    )


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:_SAID] or type(error).__name__


_SAID = 300
"""Characters of what Ray says."""


def is_elsewhere() -> bool:
    """Whether the cluster is there already, perhaps on other machines: it can be asked before anything is begun."""
    return ray.is_initialized() or bool(os.environ.get("RAY_ADDRESS"))


def where() -> str:
    """The cluster that is there already, for a person."""
    return ray.get_runtime_context().gcs_address if ray.is_initialized() else os.environ.get("RAY_ADDRESS", "")


def cluster() -> Cluster:
    """What the cluster has, and may grow to where it scales by itself."""
    up, (types, grows) = nodes(), _growth(ray.get_runtime_context().gcs_address, int(time.monotonic() // _GROWTH_S))
    if grows:
        return Cluster(up, grows=True)
    return Cluster(up, [(Node(each.resources, each.labels), max(0, each.most - _count(up, each))) for each in types])


@lru_cache(maxsize=1)
def _growth(_address: str, _when: int) -> tuple[list[private.NodeType], bool]:
    """What the autoscaler of a cluster can launch, and whether one runs that does not say so; it is costly to ask."""
    types = private.node_types()
    return types, not types and private.autoscales()


def _count(up: Sequence[Node], kind: private.NodeType) -> int:
    """How many nodes are of a type, as far as it says what they have."""
    return sum(kind.resources.items() <= node.resources.items() for node in up)


def driver_node() -> NodeAffinitySchedulingStrategy:
    """Places an actor or task on the node of this process, with which it lives and dies."""
    return NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)


def has_no_place(actor_class: str) -> bool:
    """Whether actors of this job and class wait for a place, and none has one."""
    states = private.actor_states(actor_class)
    waiting = states & {"DEPENDENCIES_UNREADY", "PENDING_CREATION", "RESTARTING"}
    return bool(waiting) and not states & {"ALIVE", "STARTING"}


def nodes() -> list[Node]:
    """Each node that is up."""
    return [Node(node["Resources"], node["Labels"]) for node in ray.nodes() if node["Alive"]]


@contextmanager
def _native_stderr_off() -> Iterator[None]:
    """Ray's native code announces its log level on file descriptor 2 before there is a setting to stop it."""
    kept = os.dup(2)
    with Path(os.devnull).open("w", encoding="utf-8") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextmanager
def _signals_wait() -> Iterator[None]:
    """Has signals wait until Ray has started: what is half begun nobody can end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []
    before = {signum: signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for signum in before:
        signal.signal(signum, lambda signum, _: arrived.append(signum))
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
        if arrived:
            signal.raise_signal(arrived[0])

"""Every private name of Ray that is used, but for those of Ray Data's execution (``execution``), each with why.

``tests/cluster/test_private.py`` says of each that it is there and does what is asked of it: an upgrade of Ray that
takes one away fails there first, with the name and its purpose.
"""

import json
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray
import yaml
from ray._private import auto_init_hook, parameter, ray_constants, services, utils, worker
from ray._private.ray_constants import DEBUG_AUTOSCALING_STATUS
from ray._private.runtime_env import packaging
from ray._private.state import actors, state
from ray._raylet import GcsClient  # type: ignore[attr-defined]
from ray.autoscaler._private.util import format_readonly_node_type
from ray.core.generated.autoscaler_pb2 import GetClusterStatusReply
from ray.experimental.internal_kv import _internal_kv_get

if TYPE_CHECKING:  # it takes a second, which the connection is not to wait for
    from ray.data import DataContext, Dataset

_UNREAD_BLOCKS = 64


def allow_unread_blocks(context: "DataContext") -> None:
    """Lets a task that yields many blocks run ahead of its readers.

    By default it may have 2 unread ones, and the driver takes them once a round: downstream gets some 14 blocks a
    second. The setting has no public name.
    """
    context._max_num_blocks_in_streaming_gen_buffer = _UNREAD_BLOCKS  # noqa: SLF001


def with_task_options(dataset: "Dataset", options: Mapping[str, Any]) -> "Dataset":
    """Sets Ray's options of a dataset's last step, where its method takes none of them.

    ``repartition`` takes no options at all, and ``map_batches`` takes no GPUs together with whole blocks.
    """
    dataset._logical_plan.dag.ray_remote_args.update(options)  # noqa: SLF001
    return dataset


def times_begun_before() -> int:
    """How often Ray has begun the present task before; to be asked in the task's own thread.

    It counts every resubmission while an actor is away, and is no count of deaths.
    """
    attempts: int = worker.global_worker.core_worker.get_current_task_attempt_number()
    return attempts


def leave_sigterm_alone() -> None:
    """Keeps Ray from handling SIGTERM in a driver: it would end the process at once, without a receipt."""
    utils.set_sigterm_handler = lambda _: None


@contextmanager
def few_processes() -> Iterator[None]:
    """Has Ray begin no process that reads logs for nobody, reports to an autoscaler or serves a dashboard.

    Each is a second of a core at the start of a run, of which the last is waited for; and each goes on looking. There
    is no setting for them: without its dashboard that process is still there, to gather usage statistics.
    """
    whole, server = parameter.RayParams, services.start_api_server
    parameter.RayParams = partial(whole, include_log_monitor=False, no_monitor=True)
    services.start_api_server = lambda *_, **__: ("", None)
    try:
        yield
    finally:
        parameter.RayParams, services.start_api_server = whole, server


@contextmanager
def out_of_our_group() -> Iterator[None]:
    """Has Ray's processes begin in process groups of their own.

    A signal to the group of a run (by ``timeout``, a shell, a service manager) is for the run to act on: Ray would die
    of it at once, and the run would wait for a minute for what is no more, without a receipt.
    """
    begin = services.ConsolePopen
    services.ConsolePopen = partial(begin, process_group=0)
    try:
        yield
    finally:
        services.ConsolePopen = begin


@contextmanager
def sigterm_kept() -> Iterator[None]:
    """Keeps the handler of SIGTERM while Ray ends.

    Its native code, as it ends, has SIGTERM kill the process, whatever Python knows of that; and then Ray waits, for
    seconds, for its processes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def keep() -> None:
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))

    disconnect = state.disconnect  # what is called between the two

    def keep_and_disconnect() -> None:
        keep()
        disconnect()

    state.disconnect = keep_and_disconnect
    try:
        yield
    finally:
        state.disconnect = disconnect
        keep()


def check_head(address: str) -> None:
    """Raises RayError, within some 20 s, where no head of a cluster answers there.

    ``ray.init`` would try for two minutes, and then end the process.
    """
    GcsClient(address=address)


@dataclass(frozen=True)
class NodeType:
    """What an autoscaler can launch."""

    resources: dict[str, float]
    labels: dict[str, str]
    most: int
    """Of how many there may be at once."""


def node_types() -> list[NodeType]:
    """What the cluster's autoscaler can launch, where that is known; it tells nobody.

    Some clusters publish it. The config of one that runs on this machine is named among the arguments of its process.
    """
    published = state.get_cluster_config()
    if published is not None:
        groups = [(group, group.max_count) for group in published.node_group_configs]
        return [
            NodeType(dict(group.resources), {}, sys.maxsize if most < 0 else most) for group, most in groups if most
        ]
    path = _autoscaler_config()
    return [] if path is None else _types_of(yaml.safe_load(path.read_text(encoding="utf-8")))


def _autoscaler_config() -> Path | None:
    """The file by which this cluster's autoscaler was begun, where it runs on this machine."""
    session = worker.global_worker.node.session_name
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile, or is somebody else's
            arguments = process.read_bytes().decode(errors="replace").split("\0")
            named = dict(
                argument.split("=", 1) for argument in arguments if argument.startswith("--") and "=" in argument
            )
            if "--autoscaling-config" in named and session in named.get("--logs-dir", ""):
                return Path(named["--autoscaling-config"])
    return None


def _types_of(config: Mapping[str, Any]) -> list[NodeType]:
    """The types of an autoscaler's config that has been completed, as that of a running one is."""
    most = config.get("max_workers", sys.maxsize)
    return [
        NodeType(each["resources"], each.get("labels") or {}, min(most, each.get("max_workers", most)))
        for name, each in config["available_node_types"].items()
        if name != config["head_node_type"] and each.get("resources")
    ]


def autoscales() -> bool:
    """Whether an autoscaler launches nodes for this cluster.

    A process that only reports is there in any case. It names a type for each node after the node itself, and an
    autoscaler after the types of its config.
    """
    status = _internal_kv_get(DEBUG_AUTOSCALING_STATUS)
    report = json.loads(status).get("autoscaler_report") if status else None
    if report is not None:
        types = {*report["active_nodes"], *report["pending_launches"], *report["node_type_mapping"].values()}
        return any(not name.startswith(_READ_ONLY_TYPE) for name in types)
    reply = GetClusterStatusReply.FromString(worker.global_worker.gcs_client.get_cluster_status(timeout_s=_ASK_S))
    nodes = (*reply.cluster_resource_state.node_states, *reply.autoscaling_state.pending_instances)
    reports = bool(reply.autoscaling_state.autoscaler_state_version)
    return reports and any(node.ray_node_type_name for node in nodes)


_READ_ONLY_TYPE = format_readonly_node_type("")
_ASK_S = 10


def actor_states(class_name: str) -> set[str]:
    """The states of this job's actors of a class; STARTING: it is on a node, and not ready yet.

    The public list of actors asks the dashboard, which may be absent.
    """
    job = ray.JobID.from_hex(ray.get_runtime_context().get_job_id())
    return {
        "STARTING" if actor["State"] in _NOT_READY and actor["Address"]["Port"] else actor["State"]
        for actor in actors(None, job).values()
        if actor["ActorClassName"] == class_name
    }


def is_dead(actor: str) -> bool:
    """Whether an actor, by its id, has ended for good."""
    return bool(actors(actor_id=actor).get("State") == "DEAD")


_NOT_READY = {"PENDING_CREATION", "RESTARTING"}


def keep_errors_off_stdout() -> None:
    """Has Ray not print the errors of workers on stdout, where the result goes; there is no setting for it."""
    worker.listen_error_messages = lambda *_: None


def connect_only_when_asked() -> None:
    """Has a thread that outlives the connection, and calls Ray once more, not begin a cluster for that."""
    auto_init_hook.enable_auto_connect = False


def visit_what_goes_along(folder: Path, visit: Callable[[Path], None]) -> None:
    """Visits the files and folders that Ray would send as a job's working directory, by its own rules.

    Those are .gitignore, .rayignore, and what it leaves behind by itself. In public it only sends them, after it has
    read all of them.
    """
    silent = logging.getLogger(f"{__name__}.silent")
    silent.disabled = True
    left_behind = packaging._get_excludes(folder, ray_constants.get_runtime_env_default_excludes())  # noqa: SLF001
    packaging._dir_travel(folder, [left_behind], visit, include_gitignore=True, logger=silent)  # noqa: SLF001

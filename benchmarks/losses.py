"""Ray nodes of two kinds on this machine, a driver that uses them, and all that can be lost of it.

What is lost gets SIGKILL, a node all of its processes at once. Nodes are begun by the main thread only.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.watched import ENGINE_PROCESS

EXPLORERS, SYNTHESIZERS = "L4", "L40S"
"""The kinds of GPU, by whose pool has them."""
_HEALTH = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 1000, "health_check_timeout_ms": 5000}
_FOUND_WITHIN_S = 10.0


@dataclass
class Site:
    """The cluster, and the run that goes on."""

    cluster: Any
    nodes: dict[str, list[Any]] = field(default_factory=dict)
    """By their kind of GPU, one each."""
    driver: subprocess.Popen[bytes] | None = None

    def add(self, kind: str) -> None:
        """Begins a node and waits until it is there."""
        node = self.cluster.add_node(
            num_cpus=2, num_gpus=1, resources={f"accelerator_type:{kind}": 1}, object_store_memory=100 * 2**20
        )
        self.nodes.setdefault(kind, []).append(node)

    def drive(self, folder: Path, *options: str) -> None:
        """Begins the run of a folder, or continues it."""
        command = [
            sys.executable,
            "-m",
            "benchmarks.watched",
            str(folder / "config.json"),
            str(folder / "series.jsonl"),
        ]
        environment = {**os.environ, "RAY_ADDRESS": self.cluster.address}
        with (folder / "driver.log").open("ab") as log:
            self.driver = subprocess.Popen([*command, *options], env=environment, stdout=log, stderr=log)  # noqa: S603 (this program)

    def code(self) -> int | None:
        """The exit code of the driver; None while it runs."""
        return None if self.driver is None else self.driver.poll()

    def kill_driver(self) -> None:
        """The driver's process alone."""
        if self.driver is not None:
            self.driver.kill()
            self.driver.wait()

    def kill_node(self, kind: str) -> None:
        """A node with everything on it."""
        node = self.nodes[kind].pop(0)
        _kill(_family(node))
        self.cluster.remove_node(node, allow_graceful=False)

    def kill_replica(self) -> None:
        """One explorer's process."""
        _kill([self._explorer()])

    def kill_engine(self) -> None:
        """The process of one explorer's engine, and nothing else."""
        [process] = [each for each in self._explorer().children() if each.cmdline() == list(ENGINE_PROCESS)]
        _kill([process])

    def _explorer(self) -> psutil.Process:
        [node, *_] = self.nodes[EXPLORERS]
        [replica] = [each for each in _family(node) if _title(each).startswith("ray::MapWorker(MapBatches(explorer)")]
        return replica


@dataclass(frozen=True)
class Loss:
    """Something that can be lost in the middle of a run."""

    strike: Callable[[Site], None]
    pools: tuple[str, ...]
    """That lose replicas by it."""
    other: str | None = None
    """The pool that loses none; None: there is no such pool."""
    node: str = ""
    """The kind of the node that has to be replaced."""
    driver: bool = False
    """Whether the same command is given again."""
    options: tuple[str, ...] = ()
    """Of the driver."""


def _driver_and_node(site: Site) -> None:
    site.kill_driver()
    site.kill_node(EXPLORERS)


BOTH = ("explorer", "synthesizer")
LOSSES = {
    "nothing": Loss(lambda _: None, BOTH, "synthesizer"),
    "replica": Loss(Site.kill_replica, ("explorer",), "synthesizer"),
    "engine": Loss(Site.kill_engine, ("explorer",), "synthesizer", options=("--engine-processes",)),
    "explorer-node": Loss(lambda site: site.kill_node(EXPLORERS), ("explorer",), "synthesizer", node=EXPLORERS),
    "synthesizer-node": Loss(
        lambda site: site.kill_node(SYNTHESIZERS), ("synthesizer",), "explorer", node=SYNTHESIZERS
    ),
    "driver": Loss(Site.kill_driver, BOTH, driver=True),
    "driver-and-node": Loss(_driver_and_node, BOTH, node=EXPLORERS, driver=True),
}


@contextmanager
def site() -> Iterator[Site]:
    """A head for the driver, two nodes for explorers and one for the synthesizer."""
    from ray.cluster_utils import Cluster

    # Workers find this package, whatever the folder is that their node was begun in.
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:  # short: sockets are in it
        health = dict(_HEALTH)  # Ray adds to it
        head = {"num_cpus": 0, "include_dashboard": False, "temp_dir": folder, "_system_config": health}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        made = Site(cluster)
        try:
            for kind in (EXPLORERS, EXPLORERS, SYNTHESIZERS):
                made.add(kind)
            yield made
        finally:
            made.kill_driver()
            cluster.shutdown()


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Waits for a condition; returns whether it came true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _family(node: Any) -> list[psutil.Process]:
    """A node's processes: those that were begun for it, and whatever these began."""
    begun = [psutil.Process(each.process.pid) for group in node.all_processes.values() for each in group]
    return [*begun, *(child for each in begun for child in each.children(recursive=True))]


def _kill(processes: Iterable[psutil.Process]) -> None:
    for process in list(processes):
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""

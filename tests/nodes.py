"""Ray nodes as processes of this machine, for tests that need a cluster which outlives a driver."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import yaml

_LONG_S = 20.0
"""Within it every part of a head finds the others."""
_KEPT = {"RAY_worker_niceness"}

RAY = str(Path(sys.executable).parent / "ray")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Waits for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s: {what}"
        time.sleep(0.05)


class Nodes:
    """A cluster: a head, and the nodes that are added to it.

    Args:
        logs: a folder for what they print.
        options: of the head's ``ray start``.
        environment: more of what Ray's processes have in theirs.
        port: of the head; None: any that is free.
    """

    def __init__(
        self, logs: Path, *options: str, environment: Mapping[str, str] | None = None, port: int | None = None
    ) -> None:
        self._logs = logs
        self._started: list[subprocess.Popen[bytes]] = []
        self.dashboard = f"http://127.0.0.1:{(dashboard := free_port())}"
        """Where jobs are submitted."""
        self.address = f"127.0.0.1:{port or free_port()}"
        self._own = {name: value for name, value in os.environ.items() if not name.startswith("RAY_") or name in _KEPT}
        self._own |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        # Jobs call `python`, as where an environment is active.
        self._own["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._own["RAY_JOB_STOP_WAIT_TIME_S"] = "20"  # as the README has it
        self._own |= environment or {}
        self.environment = self._own | {"RAY_ADDRESS": self.address}
        """Of a driver that connects to it."""
        # A folder of its own: in a common one, jobs go to whichever head was begun last. Short, for sockets are in it.
        self._folder = tempfile.mkdtemp(prefix="ray")
        ports = [f"--port={self.address.rpartition(':')[2]}", f"--dashboard-port={dashboard}"]
        self.head = self._start("--head", f"--temp-dir={self._folder}", *ports, *options)

    def job_server(self, path: str) -> Any:
        """What it answers; None where it does not yet, or knows of no such thing."""
        headers = {"Authorization": f"Bearer {self._own['RAY_AUTH_TOKEN']}"}
        with suppress(OSError), urlopen(Request(self.dashboard + path, headers=headers), timeout=60) as answer:  # noqa: S310
            return json.load(answer)
        return None

    def add(self, *options: str) -> subprocess.Popen[bytes]:
        """One more node; without options it has one CPU."""
        return self._start(f"--address={self.address}", *(options or ("--num-cpus=1",)))

    def _start(self, *options: str, again: bool = True) -> subprocess.Popen[bytes]:
        # What workers print is for nobody: a2r has it not sent to the driver, and a job's output is its driver's own.
        command = [RAY, "start", "--block", "--disable-usage-stats", "--include-log-monitor=false", *options]
        log = self._logs / f"node-{len(self._started)}.log"
        with log.open("wb") as out:
            node = subprocess.Popen(
                [*command, f"--dashboard-agent-listen-port={free_port()}"],
                env=self._own,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self._started.append(node)
        # One after the other: two that start at once choose the same ports.
        began = time.monotonic()
        wait_until(lambda: node.poll() is not None or "Ray runtime started" in log.read_text(), 60, "no node")
        if again and time.monotonic() - began > _LONG_S:
            # On a busy machine a part of the head that nobody asks for may have given up, and takes the head with it.
            time.sleep(2)
            if node.poll() is not None:
                self.kill(self._started.pop())
                return self._start(*options, again=False)
        assert node.poll() is None, log.read_text()
        return node

    @staticmethod
    def kill(node: subprocess.Popen[bytes]) -> None:
        """All of the node's processes at once, its raylet among them."""
        with suppress(ProcessLookupError):
            os.killpg(node.pid, signal.SIGKILL)
        node.wait()

    def close(self) -> None:
        """Ends it; asked to end, it would take half a minute."""
        for node in reversed(self._started):
            self.kill(node)
        shutil.rmtree(self._folder, ignore_errors=True)


def told(nodes: Nodes, script: str, *arguments: str) -> tuple[Any, str]:
    """What a driver prints on stdout, as JSON, and on stderr."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=nodes.environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


_HEAD = "f" * 51 + "00000"
_COMMANDS = ("initialization", "setup", "head_setup", "worker_setup", "head_start_ray", "worker_start_ray")


def autoscaling(folder: Path, kinds: Mapping[str, Any], *, most: int, idle_s: float, version: str = "v2") -> Nodes:
    """A head without CPUs whose autoscaler launches nodes as processes of this machine.

    Args:
        folder: for its config and logs.
        kinds: what it can launch, as ``available_node_types`` has it.
        most: nodes at the same time.
        idle_s: after so many seconds without work a node is given back.
        version: of the autoscaler.
    """
    config = {
        "cluster_name": "simulated",
        "max_workers": most,
        "idle_timeout_minutes": idle_s / 60,
        "provider": {
            "type": "external",
            "module": "ray.autoscaler._private.fake_multi_node.node_provider.FakeMultiNodeProvider",
            "launch_multiple": True,
            "head_node_id": _HEAD,
        },
        "auth": {},
        "head_node_type": "ray.head.default",
        "available_node_types": {
            "ray.head.default": {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0},
            **kinds,
        },
        "file_mounts": {},
        "cluster_synced_files": [],
        "file_mounts_sync_continuously": False,
        "rsync_exclude": [],
        "rsync_filter": [],
        **{f"{name}_commands": [] for name in _COMMANDS},
    }
    file = folder / "autoscaling.yaml"
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    environment = {
        "RAY_FAKE_CLUSTER": "1",
        "RAY_enable_autoscaler_v2": str(int(version == "v2")),
        "AUTOSCALER_UPDATE_INTERVAL_S": "1",
        "RAY_CLOUD_INSTANCE_ID": _HEAD,
        "RAY_NODE_TYPE_NAME": "ray.head.default",
        "RAY_OVERRIDE_NODE_ID_FOR_TESTING": _HEAD,
    }
    # The simulated provider knows no other port of the head's.
    options = ("--num-cpus=0", "--include-dashboard=false", f"--autoscaling-config={file}")
    return Nodes(folder, *options, environment=environment, port=6379)

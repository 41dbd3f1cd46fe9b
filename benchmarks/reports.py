"""What the reports of many replicas cost: the monitor's and the driver's share of a core.

python -m benchmarks.reports --replicas 64
"""

import json
import threading
import time
from argparse import ArgumentParser
from typing import Any

import psutil
import ray

from a2r_ray.cluster import connection, monitor

_SAMPLE: dict[str, Any] = {
    "pool": "explorer",
    "actor": "a" * 32,
    "node": "n" * 56,
    "loading": False,
    "calls": 20,
    "flushed": False,
    "stages": {"explore": 1000},
    "ok": 0,
    "failed": 0,
    "running": 64,
    "waiting": 8,
    "held_for": "",
    "prompt_tokens": 123_456,
    "completion_tokens": 123_456,
    "stalled_s": 0.0,
    "held_s": 0.0,
    "load_s": 5.0,
    "ready_s": 10.0,
    "busy_s": 9.0,
    "running_s": 100.0,
}


class Reporters:
    """Reports as so many replicas would."""

    def report(self, watched: monitor.RemoteMonitor, replicas: int, seconds: float) -> None:
        """Reports for a time."""
        end = time.monotonic() + seconds

        def one(number: int) -> None:
            watched.arrive(f"r{number}", "explorer", f"a{number}", "node")
            while time.monotonic() < end:
                time.sleep(watched.report(f"r{number}", _SAMPLE))

        threads = [threading.Thread(target=one, args=(number,)) for number in range(replicas)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--replicas", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=20.0)
    arguments = parser.parse_args()
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    with monitor.opened(connection.driver_node()) as watched:
        reporters = ray.remote(num_cpus=0)(Reporters).remote()
        reporters.report.remote(watched, arguments.replicas, arguments.seconds + 10)
        time.sleep(5)
        began, monitors_s, drivers_s = time.monotonic(), _seconds("ray::Monitor"), time.process_time()
        while time.monotonic() - began < arguments.seconds:
            watched.snapshot()
            time.sleep(0.5)
        passed_s = time.monotonic() - began
        shares = {
            "monitor": (_seconds("ray::Monitor") - monitors_s) / passed_s,
            "driver": (time.process_time() - drivers_s) / passed_s,
        }
    print(json.dumps({"replicas": arguments.replicas, **{name: round(part, 4) for name, part in shares.items()}}))


def _seconds(title: str) -> float:
    """Processor seconds of the processes with a title."""
    found = [
        process for process in psutil.process_iter(["cmdline"]) if title in " ".join(process.info["cmdline"] or [])
    ]
    return sum(sum(process.cpu_times()[:2]) for process in found)


if __name__ == "__main__":
    main()

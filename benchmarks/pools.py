"""How full the pools are: runs of several shapes on simulated engines and logical GPUs, each against its ideal.

The ideal is the seconds that an engine takes to load, and the work of the pool that has the most of it, spread evenly
over all of its replicas from then on. Prints a line of JSON for each shape: seconds, how many times the ideal they are,
and which part of their seats the replicas of each pool had taken from their load to their end. With ``--timeline`` also
writes what each pool had, twice a second: seconds, pool, replicas ready, replicas loading, requests running, seats.

    python -m benchmarks.pools                # all shapes
    python -m benchmarks.pools small balanced --timeline pools.csv
"""

import csv
import json
import math
import sys
import tempfile
import time
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.workload import write_problems

LOAD_S = 5.0
SIGMA = 0.3
PATHS = 4


@dataclass(frozen=True)
class Shape:
    """A run: how much there is to do, on how many GPUs."""

    problems: int
    explorers: tuple[int, int]
    """Replicas, at least and at most."""
    synthesizers: tuple[int, int]
    explore_s: float = 2.0
    """Median seconds of a path."""
    synthesize_s: float = 2.0
    """Median seconds of a synthesis."""
    seats: int = 16
    """Of an explorer; a synthesizer has a quarter, so that both take as many problems at once."""
    gpus: tuple[int, int] = (0, 4)
    """GPUs that only the explorer can use, and those that both can; or where the second is negative, so many that only
    the synthesizer can."""

    @property
    def ideal_s(self) -> float:
        """Load, and the work at full width: of all GPUs where they are of one kind, else of the pool with the most."""
        explore = self.problems * PATHS * self.explore_s / self.seats
        synthesize = self.problems * self.synthesize_s / (self.seats / PATHS)
        own, shared = self.gpus
        widest = own or shared, -shared if own else shared
        apart = max(explore / min(self.explorers[1], widest[0]), synthesize / min(self.synthesizers[1], widest[1]))
        together = 0.0 if own else (explore + synthesize) / shared
        return LOAD_S + max(apart, together) * math.exp(SIGMA**2 / 2)  # the mean of a log-normal


SHAPES = {
    "few": Shape(64, (1, 2), (1, 2), explore_s=6.0, synthesize_s=6.0, seats=8),
    "medium": Shape(400, (2, 2), (2, 2)),
    "medium-growing": Shape(400, (1, 2), (1, 2)),
    "many": Shape(4000, (2, 2), (2, 2), seats=128),
    "many-seats": Shape(400, (4, 4), (1, 1), explore_s=8.0, synthesize_s=0.5, seats=64, gpus=(4, -1)),
    "explorer-bound": Shape(400, (1, 3), (1, 1), synthesize_s=0.5, explore_s=3.0),
    "synthesizer-bound": Shape(400, (1, 1), (1, 3), explore_s=0.5, synthesize_s=3.0),
    "one-kind-2:1": Shape(600, (1, 4), (1, 4), synthesize_s=1.0),
    "one-kind-1:2": Shape(600, (1, 4), (1, 4), explore_s=1.0),
    "two-kinds": Shape(600, (1, 8), (1, 8), gpus=(3, -2)),
}


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("shapes", nargs="*", help=f"of: {', '.join(SHAPES)}; default: all")
    parser.add_argument("--timeline", type=Path, help="a CSV file")
    arguments = parser.parse_args()
    for name in arguments.shapes or SHAPES:
        figures, timeline = _measure(SHAPES[name])
        print(json.dumps({"shape": name, **figures}), flush=True)
        if arguments.timeline is not None:
            with arguments.timeline.open("a", newline="") as file:
                csv.writer(file).writerows([name, *row] for row in timeline)


def _measure(shape: Shape) -> tuple[dict[str, Any], list[tuple[float, str, int, int, int, int]]]:
    import ray

    from a2r_ray import parse_config, run

    seats = {"explorer": shape.seats, "synthesizer": shape.seats // PATHS}
    timeline: list[tuple[float, str, int, int, int, int]] = []

    def observe(progress: Any) -> None:
        for pool, each in seats.items():
            alive = [r for r in progress.replicas.values() if r["pool"] == pool and r.get("age_s", 99) < 2]
            ready = [r for r in alive if not r["loading"]]
            running = sum(r["running"] for r in ready)
            at = round(time.monotonic() - began, 1)
            timeline.append((at, pool, len(ready), len(alive) - len(ready), running, len(ready) * each))

    cluster = _cluster(shape)
    ray.init(address=cluster.address, log_to_driver=False)
    try:
        with tempfile.TemporaryDirectory() as folder:
            config = parse_config(_config(shape, Path(folder)))
            began = time.monotonic()
            summary = run(config, observe)
            wall_s = time.monotonic() - began
    finally:
        ray.shutdown()
        cluster.shutdown()
    if not summary.receipt["balanced"]:
        sys.exit(f"the receipt does not add up: {summary.receipt}")
    full = {
        pool: round(seconds["running"] / seconds["ready"] / seats[pool], 2) for pool, seconds in summary.seconds.items()
    }
    replicas = {pool: seconds["replicas"] for pool, seconds in summary.seconds.items()}
    figures = {"wall_s": round(wall_s, 1), "of_ideal": round(wall_s / shape.ideal_s, 2)}
    return {**figures, "seats_taken": full, "replicas": replicas}, timeline


def _cluster(shape: Shape) -> Any:
    """A node for each kind of GPU, and one without."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 4, "include_dashboard": False})
    own, shared = shape.gpus
    kinds = (("L4", own), ("L40S", -shared)) if own else (("L4", shared),)
    for kind, count in kinds:
        cluster.add_node(num_cpus=count, num_gpus=count, resources={f"accelerator_type:{kind}": 1})
    return cluster


def _config(shape: Shape, folder: Path) -> dict[str, Any]:
    def role(replicas: tuple[int, int], latency_s: float, seats: int, kind: str | None) -> dict[str, Any]:
        return {
            "engine": "simulated",
            "model": "simulated",
            "simulated": {"latency_s": {"median": latency_s, "sigma": SIGMA}, "load_s": LOAD_S},
            "engine_args": {"max_num_seqs": seats},
            "replicas": {"min": replicas[0], "max": replicas[1]},
            "resources": {"cpus": 1, "gpus": 1, **({"accelerator_type": kind} if kind else {})},
        }

    source = {"path": str(write_problems(shape.problems, folder)), "id_column": "id", "answer_column": "answer"}
    return {
        "input": source,
        "output": str(folder / "run"),
        "schedule": "streaming",
        "explorer": {
            **role(shape.explorers, shape.explore_s, shape.seats, "L4" if shape.gpus[0] else None),
            "paths": PATHS,
        },
        "synthesizer": role(
            shape.synthesizers, shape.synthesize_s, shape.seats // PATHS, "L40S" if shape.gpus[0] else None
        ),
    }


if __name__ == "__main__":
    main()

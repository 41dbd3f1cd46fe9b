"""How full the pools are: runs of several shapes on simulated engines and logical GPUs, each against its ideal.

The ideal is the seconds that an engine takes to load, and the work of the pool that has the most of it, spread evenly
over all of its replicas from then on. Prints a line of JSON for each shape: seconds, how many times the ideal they are,
and which part of its seats each pool had taken from its first request until its last ones began to go. ``--picture``
draws for each shape which seats the pools had, and which of them were taken.

    python -m benchmarks.pools                # all shapes
    python -m benchmarks.pools few medium --picture pools.svg
"""

import json
import math
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

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
    gpus: int = 4
    """That both roles can use."""
    own: tuple[int, int] | None = None
    """Instead: those that only explorers, and those that only synthesizers can use."""

    @property
    def ideal_s(self) -> float:
        """Load, and the work at full width: of all GPUs where they are of one kind, else of the pool with the most."""
        explore = self.problems * PATHS * self.explore_s / self.seats
        synthesize = self.problems * self.synthesize_s / (self.seats / PATHS)
        widest = self.own or (self.gpus, self.gpus)
        apart = max(explore / min(self.explorers[1], widest[0]), synthesize / min(self.synthesizers[1], widest[1]))
        together = 0.0 if self.own else (explore + synthesize) / self.gpus
        return LOAD_S + max(apart, together) * math.exp(SIGMA**2 / 2)  # the mean of a log-normal


class Look(NamedTuple):
    """What a pool had at one time."""

    at: float
    """Seconds since the run began."""
    pool: str
    ready: int
    """Replicas."""
    loading: int
    """Replicas."""
    running: int
    """Requests."""
    seats: int
    """Of the replicas that are ready."""


SHAPES = {
    "few": Shape(64, (1, 2), (1, 2), explore_s=6.0, synthesize_s=6.0, seats=8),
    "medium": Shape(400, (2, 2), (2, 2)),
    "medium-growing": Shape(400, (1, 2), (1, 2)),
    "many": Shape(4000, (2, 2), (2, 2), seats=128),
    "many-seats": Shape(400, (4, 4), (1, 1), explore_s=8.0, synthesize_s=0.5, seats=64, own=(4, 1)),
    "explorer-bound": Shape(400, (1, 3), (1, 1), synthesize_s=0.5, explore_s=3.0),
    "synthesizer-bound": Shape(400, (1, 1), (1, 3), explore_s=0.5, synthesize_s=3.0),
    "one-kind-2:1": Shape(600, (1, 4), (1, 4), synthesize_s=1.0),
    "one-kind-1:2": Shape(600, (1, 4), (1, 4), explore_s=1.0),
    "two-kinds": Shape(600, (1, 8), (1, 8), own=(3, 2)),
}


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("shapes", nargs="*", help=f"of: {', '.join(SHAPES)}; default: all")
    parser.add_argument("--picture", type=Path, help="an SVG file")
    arguments = parser.parse_args()
    timelines = {}
    for name in arguments.shapes or SHAPES:
        figures, timelines[name] = _measure(SHAPES[name])
        print(json.dumps({"shape": name, **figures}), flush=True)
    if arguments.picture is not None:
        _draw(timelines, arguments.picture)


def _draw(timelines: Mapping[str, Sequence[Look]], output: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(len(timelines), 2, figsize=(10, 1.7 * len(timelines)), squeeze=False)
    for row, (name, looks) in zip(axes, timelines.items(), strict=True):
        for axis, pool in zip(row, ("explorer", "synthesizer"), strict=True):
            own = [look for look in looks if look.pool == pool]
            axis.fill_between(
                *_steps([(look.at, look.seats) for look in own]), step="post", color="0.85", label="seats"
            )
            axis.step(*_steps([(look.at, look.running) for look in own]), where="post", label="taken")
            axis.set(title=f"{name}: {pool}", ylim=(0, None), xlim=(0, looks[-1].at))
            axis.title.set_fontsize("small")
    axes[0, 0].legend(loc="lower center", fontsize="small")
    for axis in axes[-1]:
        axis.set_xlabel("seconds since the run began")
    figure.tight_layout()
    figure.savefig(output)


def _steps(points: Sequence[tuple[float, int]]) -> tuple[list[float], list[int]]:
    """Times and values, without those that change nothing."""
    kept = [point for before, point in pairwise([(0.0, -1), *points]) if point[1] != before[1]] + list(points[-1:])
    return [at for at, _ in kept], [value for _, value in kept]


def _measure(shape: Shape) -> tuple[dict[str, Any], list[Look]]:
    import ray

    from a2r_ray import parse_config, run

    seats = {"explorer": shape.seats, "synthesizer": shape.seats // PATHS}
    timeline: list[Look] = []

    def observe(progress: Any) -> None:
        for pool, each in seats.items():
            alive = [r for r in progress.replicas.values() if r["pool"] == pool and r.get("age_s", 99) < 2]
            ready = [r for r in alive if not r["loading"]]
            running = sum(r["running"] for r in ready)
            at = round(time.monotonic() - began, 1)
            timeline.append(Look(at, pool, len(ready), len(alive) - len(ready), running, len(ready) * each))

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
    replicas = {pool: seconds["replicas"] for pool, seconds in summary.seconds.items()}
    figures = {"wall_s": round(wall_s, 1), "of_ideal": round(wall_s / shape.ideal_s, 2)}
    return {**figures, "seats_taken": _seats_taken(timeline), "replicas": replicas}, timeline


def _seats_taken(timeline: Sequence[Look]) -> dict[str, float]:
    """The share of each pool's seats that was taken, from its first request until its last ones began to go."""
    shares = {}
    for pool in {look.pool for look in timeline}:
        own = [look for look in timeline if look.pool == pool and look.seats]
        busy = [index for index, look in enumerate(own) if look.running]
        full = max(index for index, look in enumerate(own) if look.running >= 0.9 * look.seats)
        steady = own[busy[0] : full + 1]
        shares[pool] = round(sum(look.running for look in steady) / sum(look.seats for look in steady), 2)
    return shares


def _cluster(shape: Shape) -> Any:
    """A node for each kind of GPU, and one without."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 4, "include_dashboard": False})
    for kind, count in zip(("L4", "L40S"), shape.own or (shape.gpus,), strict=False):
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
            **role(shape.explorers, shape.explore_s, shape.seats, "L4" if shape.own else None),
            "paths": PATHS,
        },
        "synthesizer": role(
            shape.synthesizers, shape.synthesize_s, shape.seats // PATHS, "L40S" if shape.own else None
        ),
    }


if __name__ == "__main__":
    main()

"""How full the pools are: runs of several shapes on simulated engines and logical GPUs, each against its ideal.

The ideal is the seconds that an engine takes to load, and the work of the pool that has the most of it, spread evenly
over all of its replicas from then on. Prints a line of JSON for each shape: seconds, how many times the ideal they are,
and for how much of its ready time each pool had requests.

    python -m benchmarks.pools                # all shapes
    python -m benchmarks.pools small balanced
"""

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

LOAD_S = 3.0
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
    seats: int = 64
    """Of an explorer; a synthesizer has a quarter, so that both take as many problems at once."""
    gpus: int = 4

    @property
    def ideal_s(self) -> float:
        """Load, and the work of the pool with the most of it at its full width."""
        explore = self.problems * PATHS * self.explore_s / (self.seats * self.explorers[1])
        synthesize = self.problems * self.synthesize_s / (self.seats / PATHS * self.synthesizers[1])
        return LOAD_S + max(explore, synthesize) * math.exp(SIGMA**2 / 2)  # the mean of a log-normal


SHAPES = {
    "small": Shape(64, (1, 2), (1, 2)),
    "medium": Shape(400, (2, 2), (2, 2)),
    "medium-growing": Shape(400, (1, 2), (1, 2)),
    "four-explorers": Shape(400, (4, 4), (1, 1), synthesize_s=0.25, gpus=5),
    "many-seats": Shape(400, (4, 4), (1, 1), explore_s=8.0, synthesize_s=0.5, seats=256, gpus=5),
    "balanced": Shape(800, (2, 2), (2, 2)),
    "explorer-bound": Shape(800, (1, 3), (1, 1), synthesize_s=0.5),
    "synthesizer-bound": Shape(800, (1, 1), (1, 3), explore_s=0.5),
}


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("shapes", nargs="*", help=f"of: {', '.join(SHAPES)}; default: all")
    for name in parser.parse_args().shapes or SHAPES:
        print(json.dumps({"shape": name, **_measure(SHAPES[name])}), flush=True)


def _measure(shape: Shape) -> dict[str, Any]:
    import ray

    from a2r_ray import parse_config, run

    ray.init(address="local", num_cpus=32, num_gpus=shape.gpus, include_dashboard=False, log_to_driver=False)
    try:
        with tempfile.TemporaryDirectory() as folder:
            config = parse_config(_config(shape, Path(folder)))
            began = time.monotonic()
            summary = run(config)
            wall_s = time.monotonic() - began
    finally:
        ray.shutdown()
    if not summary.receipt["balanced"]:
        sys.exit(f"the receipt does not add up: {summary.receipt}")
    full = {pool: round(seconds["busy"] / seconds["ready"], 2) for pool, seconds in summary.seconds.items()}
    return {"wall_s": round(wall_s, 1), "of_ideal": round(wall_s / shape.ideal_s, 2), "busy": full} | {
        "replicas": {pool: seconds["replicas"] for pool, seconds in summary.seconds.items()}
    }


def _config(shape: Shape, folder: Path) -> dict[str, Any]:
    def role(replicas: tuple[int, int], latency_s: float, seats: int) -> dict[str, Any]:
        return {
            "engine": "simulated",
            "model": "simulated",
            "simulated": {"latency_s": {"median": latency_s, "sigma": SIGMA}, "load_s": LOAD_S},
            "engine_args": {"max_num_seqs": seats},
            "replicas": {"min": replicas[0], "max": replicas[1]},
            "resources": {"cpus": 1, "gpus": 1},
        }

    source = {"path": str(write_problems(shape.problems, folder)), "id_column": "id", "answer_column": "answer"}
    return {
        "input": source,
        "output": str(folder / "run"),
        "schedule": "streaming",
        "explorer": {**role(shape.explorers, shape.explore_s, shape.seats), "paths": PATHS},
        "synthesizer": role(shape.synthesizers, shape.synthesize_s, shape.seats // PATHS),
    }


if __name__ == "__main__":
    main()

"""What the orchestration itself can do: the simulated engine without latency, the whole pipeline to Parquet.

Nothing but Ray Data, the stages and the tables is at work. Prints one line of JSON: problems per second from the start
of this process and from the first request on, the driver's peak memory, and whether the receipt adds up. The driver's
memory is flat where it is the same for a tenth of the problems.

    python -m benchmarks.orchestration --problems 100000 --paths 8
"""

import json
import resource
import tempfile
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from benchmarks.timeline import Timeline
from benchmarks.workload import process_age, write_problems


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=100_000)
    parser.add_argument("--paths", type=int, default=8)
    parser.add_argument("--schedule", choices=["streaming", "phased", "shared"], default="streaming")
    parser.add_argument("--replicas", type=int, default=1, help="of each pool")
    parser.add_argument("--cpus", type=float, default=1, help="of each replica")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = write_problems(arguments.problems, Path(folder))
        generated_s = process_age()
        print(json.dumps(_run(arguments, source, str(Path(folder) / "run"), generated_s)), flush=True)


def _config(arguments: Namespace, source: Path, output: str) -> dict[str, Any]:
    role = {
        "engine": "simulated",
        "model": "simulated",
        "sampling": {"max_tokens": 64},
        "simulated": {"tokens": {"median": 16, "sigma": 0.3}},
        "replicas": {"min": arguments.replicas, "max": arguments.replicas},
        "resources": {"cpus": arguments.cpus},
    }
    return {
        "input": {"path": str(source), "id_column": "id", "answer_column": "answer"},
        "output": output,
        "schedule": arguments.schedule,
        "explorer": {**role, "paths": arguments.paths},
        "synthesizer": role,
    }


def _run(arguments: Namespace, source: Path, output: str, generated_s: float) -> dict[str, Any]:
    from a2r_ray import parse_config, run

    summary = run(parse_config(_config(arguments, source, output)))
    wall_s = process_age() - generated_s
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    closed = time.time()
    timeline = Timeline.of(output)
    working_s = closed - timeline.first_request
    return {
        "problems": arguments.problems,
        "paths": arguments.paths,
        "schedule": arguments.schedule,
        "wall_s": round(wall_s, 1),
        "problems_per_s": round(arguments.problems / wall_s, 1),
        "problems_per_s_from_first_request": round(arguments.problems / working_s, 1),
        "receipt_and_end_s": round(closed - timeline.last_result, 1),
        "driver_peak_mib": round(peak_mib),
        "balanced": summary.receipt["balanced"],
    }


if __name__ == "__main__":
    main()

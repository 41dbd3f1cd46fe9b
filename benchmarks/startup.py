"""What the seconds of a demo run go to: the command's own start, imports, Ray, the model, the tokens.

Each part is timed alone first, then ``examples/demo.yaml`` is run and the moments read off its run folder and off what
the replicas report. Prints JSON; all figures are seconds, those of the demo since its process began.

    python -m benchmarks.startup
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from statistics import median
from typing import Any

from benchmarks.timeline import Timeline
from benchmarks.workload import MODEL

_RAY_INIT = "ray.init(address='local', include_dashboard=False, log_to_driver=False, logging_level=50)"


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=MODEL, help="folder or name; default: $A2R_BENCH_MODEL, else %(default)s")
    parser.add_argument("--repeat", type=int, default=5, help="how often the short parts are timed; medians are shown")
    arguments = parser.parse_args()
    repeat = arguments.repeat
    parts = {
        "python": median(_process("pass") for _ in range(repeat)),
        "a2r --help": median(_process("from a2r_ray.cli import main; main()", "--help") for _ in range(repeat)),
        "import ray.data": median(_statement("import ray.data") for _ in range(repeat)),
        "ray.init": median(_statement(_RAY_INIT, before="import ray.data") for _ in range(min(repeat, 3))),
        "import vllm's engine": _statement("import vllm.v1.engine.llm_engine"),
    }
    shown = {"alone": _rounded(parts), "demo": _rounded(_demo(arguments.model))}
    print(json.dumps(shown, indent=2))


def _process(code: str, *arguments: str) -> float:
    """Seconds that a process takes as a whole."""
    before = time.monotonic()
    subprocess.run([sys.executable, "-c", code, *arguments], stdout=subprocess.DEVNULL, check=True)  # noqa: S603 (our own code)
    return time.monotonic() - before


def _statement(code: str, before: str = "pass") -> float:
    """Seconds that a statement takes in a process of its own."""
    timed = f"import time\n{before}\nstart = time.monotonic()\n{code}\nprint('took', time.monotonic() - start)"
    done = subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, check=True)  # noqa: S603 (our own code)
    return float(done.stdout.rpartition("took ")[2].split()[0])


def _demo(model: str) -> dict[str, float]:
    """The moments of a demo run, in order."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    started = time.time()
    from a2r_ray import load_config, run

    ready: dict[str, float] = {}
    first_seen: list[float] = []

    def observe(progress: Any) -> None:
        first_seen.append(time.time())
        for said in progress.replicas.values():
            if said["loading"]:
                continue
            ready.setdefault(f"{said['pool']} ready", time.time() - said["age_s"] - said["ready_s"])

    with tempfile.TemporaryDirectory() as folder:
        chosen = {"output": f"{folder}/run", "explorer.model": model, "synthesizer.model": model}
        run(load_config("examples/demo.yaml", [f"{field}={value}" for field, value in chosen.items()]), observe)
        ended = time.time()
        timeline = Timeline.of(f"{folder}/run")
    moments = {
        "run folder open": timeline.opened,
        "Ray up": first_seen[0],
        **ready,
        "first request": timeline.first_request,
        "first path": timeline.first_path,
        "first answer": timeline.first_result,
        "last answer": timeline.last_result,
        "receipt written": timeline.closed,
        "ended": ended,
    }
    return {name: moment - started for name, moment in sorted(moments.items(), key=lambda item: item[1])}


def _rounded(seconds: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in seconds.items()}


if __name__ == "__main__":
    main()

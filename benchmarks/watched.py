"""A run that is watched and may be killed: the command that ``recovery`` starts, and starts again.

Writes a line of JSON for each look at what the replicas report, and flushes it: what was said before a SIGKILL is kept.
With ``--engine-processes`` each simulated engine has a process of its own, as vLLM has on a GPU, and dies with it.

    python -m benchmarks.watched CONFIG.json SERIES.jsonl
"""

import json
import subprocess
import threading
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

ENGINE_PROCESS = ("cat",)
"""It also ends with whoever holds the other end of its input."""


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("series", type=Path)
    parser.add_argument("--engine-processes", action="store_true")
    arguments = parser.parse_args()

    from a2r_ray import parse_config, run

    if arguments.engine_processes:
        import ray

        hook = {"worker_process_setup_hook": "benchmarks.watched.give_engines_a_process"}
        ray.init(runtime_env=hook, log_to_driver=False)
    with arguments.series.open("a", encoding="utf-8") as series:

        def observe(progress: Any) -> None:
            series.write(json.dumps({"at": time.time(), "replicas": progress.replicas}) + "\n")
            series.flush()

        run(parse_config(json.loads(arguments.config.read_text(encoding="utf-8"))), observe)


def give_engines_a_process() -> None:
    """Has the simulated engines of this process end with one that each of them begins."""
    from a2r_ray.engines.simulated import SimulatedEngine

    load = SimulatedEngine.__init__

    def load_with_process(engine: SimulatedEngine, *arguments: Any, **named: Any) -> None:
        load(engine, *arguments, **named)
        process = subprocess.Popen(ENGINE_PROCESS, stdin=subprocess.PIPE)  # noqa: S603 (what it runs is above)
        threading.Thread(target=_end_together, args=(process, engine), daemon=True).start()

    SimulatedEngine.__init__ = load_with_process  # type: ignore[method-assign,assignment]


def _end_together(process: subprocess.Popen[bytes], engine: Any) -> None:
    process.wait()
    engine.close()


if __name__ == "__main__":
    main()

"""The work that every side of a comparison is given: the same problems, the same sampling, the same model.

Nothing is measured here. Sides differ only in what drives the engines, so problems are distinct (no side gains from a
prefix cache what another does not) and generation stops where the model stops.
"""

import json
import os
import random
import time
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

MODEL = os.environ.get("A2R_BENCH_MODEL", "models/SmolLM2-135M-Instruct")
TEMPERATURE = 0.6
"""Temperature only: any top_p halves vLLM's speed on CPU."""

_TEMPLATES = (
    "A farmer has {a} crates with {b} apples each and sells {c} apples. How many apples are left?",
    "A train carries {a} passengers in each of its {b} coaches, and {c} get off. How many passengers stay on it?",
    "A shop buys {a} boxes of {b} pencils and gives {c} pencils to a school. How many pencils does it keep?",
    "A hall has {a} rows of {b} seats, and {c} seats are broken. How many seats can be used?",
)


@dataclass(frozen=True)
class Workload:
    """How much there is to do, and with which model."""

    problems: int
    paths: int
    max_tokens: int
    model: str

    @classmethod
    def parser(cls, description: str | None, problems: int = 48) -> ArgumentParser:
        """A parser with the flags that every side understands."""
        parser = ArgumentParser(description=description)
        parser.add_argument("--problems", type=int, default=problems)
        parser.add_argument("--paths", type=int, default=4)
        parser.add_argument("--max-tokens", type=int, default=64)
        parser.add_argument(
            "--model", default=MODEL, help="folder or name; default: $A2R_BENCH_MODEL, else %(default)s"
        )
        return parser

    @classmethod
    def of(cls, arguments: Namespace) -> Self:
        """The workload that a command line asks for."""
        return cls(arguments.problems, arguments.paths, arguments.max_tokens, arguments.model)

    @property
    def flags(self) -> list[str]:
        """The command line that asks for it."""
        sizes = ["--problems", str(self.problems), "--paths", str(self.paths), "--max-tokens", str(self.max_tokens)]
        return [*sizes, "--model", self.model]

    @property
    def sampling(self) -> dict[str, Any]:
        """As vLLM and the config call it."""
        return {"temperature": TEMPERATURE, "max_tokens": self.max_tokens}


def problems(count: int) -> list[dict[str, str]]:
    """Word problems, the same at every call, no two alike: ``id``, ``problem``, ``answer``."""
    draw = random.Random(count)
    made: dict[str, dict[str, str]] = {}
    while len(made) < count:
        a, b, c = draw.randint(11, 99), draw.randint(11, 99), draw.randint(2, 99)
        text = _TEMPLATES[len(made) % len(_TEMPLATES)].format(a=a, b=b, c=c)
        made.setdefault(text, {"id": f"p{len(made):06d}", "problem": text, "answer": str(a * b - c)})
    return list(made.values())


def write_problems(count: int, folder: Path) -> Path:
    """The problems as a JSONL file in ``folder``."""
    file = folder / "problems.jsonl"
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(problem) + "\n" for problem in problems(count))
    return file


def config(work: Workload, schedule: str, folder: Path, engine_args: dict[str, Any]) -> dict[str, Any]:
    """The a2r config of a schedule, its input written to ``folder``: two engines with a core each, or one with both."""
    resources = {"cpus": 1 if schedule == "streaming" else 2, "gpus": 0}
    role = {"model": work.model, "sampling": work.sampling, "resources": resources, "engine_args": engine_args}
    source = {"path": str(write_problems(work.problems, folder)), "id_column": "id", "answer_column": "answer"}
    return {
        "input": source,
        "output": str(folder / "run"),
        "schedule": schedule,
        "explorer": {**role, "paths": work.paths},
        "synthesizer": role,
    }


def process_age() -> float:
    """Seconds since this process was started, the interpreter's own start included."""
    ticks = int(Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def report(work: Workload, *, wall_s: float, window_s: float, tokens: tuple[int, int], **more: Any) -> None:
    """Prints a side's figures.

    Args:
        work: what was done.
        wall_s: from the start of the process to the result on disk.
        window_s: from the first request sent to the last result.
        tokens: completion tokens of the explorer and of the synthesizer.
        more: whatever else a side knows.
    """
    figures = {
        "problems": work.problems,
        "wall_s": round(wall_s, 2),
        "window_s": round(window_s, 2),
        "explorer_tokens": tokens[0],
        "synthesizer_tokens": tokens[1],
        "tokens_per_s": round(sum(tokens) / window_s, 1),
    }
    print(json.dumps(figures | more), flush=True)

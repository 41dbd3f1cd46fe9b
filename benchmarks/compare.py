"""Sides against each other, interleaved: A B C D, A B C D, …, so that what the machine does meanwhile hits all alike.

A side is a script of this folder and its arguments, joined by colons: ``naive``, ``ours:streaming``,
``raw:--max-num-seqs=64``. Each run is a process of its own. Prints Markdown: median, least and most of each side, and
for each baseline the median over the rounds of the ratio within a round (above 1: better than the baseline).

    python -m benchmarks.compare --problems 48 --rounds 3 --baseline naive --baseline raw \
        ours:streaming ours:shared naive raw
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.workload import Workload


@dataclass(frozen=True)
class Figures:
    """What one run of a side said."""

    wall_s: float
    tokens_per_s: float


def main() -> None:
    parser = Workload.parser(__doc__)
    parser.add_argument("sides", nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--baseline", action="append", help="a side; may be repeated; default: the last side")
    arguments = parser.parse_args()
    sides, baselines = arguments.sides, arguments.baseline or arguments.sides[-1:]
    if unknown := set(baselines) - set(sides):
        parser.error(f"not among the sides: {', '.join(unknown)}")
    work = Workload.of(arguments)
    figures: dict[str, list[Figures]] = {side: [] for side in sides}
    for number in range(arguments.rounds):
        for side in sides:
            print(f"round {number + 1} of {arguments.rounds}: {side}", end=" ", file=sys.stderr, flush=True)
            figures[side].append(_run(side, work))
    print(f"{work.problems} problems x {work.paths} paths x {work.max_tokens} tokens, {arguments.rounds} rounds\n")
    print(_table(figures, baselines))


def _run(side: str, work: Workload) -> Figures:
    script, *options = side.split(":")
    command = [sys.executable, "-m", f"benchmarks.{script}", *options, *work.flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (our own scripts)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    print(lines[-1], file=sys.stderr, flush=True)
    said = json.loads(lines[-1])
    return Figures(said["wall_s"], said["tokens_per_s"])


def _table(figures: Mapping[str, Sequence[Figures]], baselines: Sequence[str]) -> str:
    ratios = [f"{what} against {baseline}" for baseline in baselines for what in ("wall", "tokens/s")]
    rows = [["side", "wall, s", "tokens/s", *ratios], ["---"] * (3 + len(ratios))]
    for side, own in figures.items():
        wall, speed = _spread([run.wall_s for run in own]), _spread([run.tokens_per_s for run in own])
        row = [side, wall, speed]
        for baseline in baselines:
            pairs = list(zip(own, figures[baseline], strict=True))
            row.append(f"{median(theirs.wall_s / run.wall_s for run, theirs in pairs):.2f}")
            row.append(f"{median(run.tokens_per_s / theirs.tokens_per_s for run, theirs in pairs):.2f}")
        rows.append(row)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _spread(values: Sequence[float]) -> str:
    return f"{median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


if __name__ == "__main__":
    main()

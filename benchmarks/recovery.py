"""What a loss costs: something is killed in the middle of a run, again and again, and what follows is measured.

Simulated engines on Ray nodes of this machine: two nodes with an explorer each, one with the synthesizer, one with the
driver. 30 of 130 results are there when the loss comes; a lost node is replaced 5 s later, a driver that was
killed is begun again at once, by the same command. Prints a line of JSON for each repeat, and at the end a table:

- stall: the longest time after the loss in which no request finished whose row is kept, up to the last 5% of the rows;
- full width: until the pools that lost replicas run 90% of their requests of before, from the loss, and from when as
  many replicas as before have loaded their engines;
- tokens that were generated again, problems without a result, rows that are there twice.

    python -m benchmarks.recovery                        # all losses, 20 times each: about two hours
    python -m benchmarks.recovery replica driver --repeats 3
"""

import json
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import aftermath
from benchmarks.losses import EXPLORERS, LOSSES, SYNTHESIZERS, Loss, Site, site, wait_until
from benchmarks.workload import write_problems

PROBLEMS = 130
LOST_AT = 30
"""Results that are there when the loss comes."""
REPLACED_AFTER_S = 5.0
LOAD_S = 3.0
LONGEST_S = 240.0
COLUMNS = {
    "stall_s": "stall, s",
    "other_pool_stall_s": "of the other pool, s",
    "full_width_s": "full width after the loss, s",
    "after_load_s": "after the load, s",
    "tokens_paid_twice": "tokens paid twice",
    "share_paid_twice": "of all tokens",
    "rows_lost": "rows lost",
    "rows_doubled": "rows doubled",
    "wall_s": "wall, s",
}


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("losses", nargs="*", help=f"of: {', '.join(LOSSES)}; default: all")
    parser.add_argument("--repeats", type=int, default=20)
    arguments = parser.parse_args()
    repeats = []
    for name in arguments.losses or LOSSES:
        with site() as nodes:  # the loss's own, so that what it leaves behind harms no other
            for _ in range(arguments.repeats):
                repeats.append({"loss": name, **_repeat(LOSSES[name], nodes)})
                print(json.dumps(repeats[-1]), flush=True)
    print("\n".join(table(repeats)))


def _repeat(loss: Loss, nodes: Site) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.json").write_text(json.dumps(_config(folder)), encoding="utf-8")
        began = time.time()
        nodes.drive(folder, *loss.options)
        wait_until(lambda: _results(folder) >= LOST_AT or nodes.code() is not None, LONGEST_S)
        if _results(folder) < LOST_AT:
            return _failed(nodes, folder)
        lost_at = time.time()
        loss.strike(nodes)
        _make_good(loss, nodes, folder, lost_at)
        wait_until(lambda: nodes.code() is not None, LONGEST_S)
        if nodes.code() != 0:
            return _failed(nodes, folder)
        return {"wall_s": round(time.time() - began, 1), **_measure(loss, folder, lost_at)}


def _failed(nodes: Site, folder: Path) -> dict[str, Any]:
    code = nodes.code()
    nodes.kill_driver()
    last_line = (folder / "driver.log").read_text(encoding="utf-8").strip().rpartition("\n")[2]
    return {"failed": f"{f'no end in {LONGEST_S:.0f} s' if code is None else f'exit code {code}'}: {last_line}"}


def _make_good(loss: Loss, nodes: Site, folder: Path, lost_at: float) -> None:
    """Begins what was lost and does not come back by itself."""
    if loss.driver:
        nodes.drive(folder, *loss.options)
    if loss.node:
        time.sleep(max(0.0, lost_at + REPLACED_AFTER_S - time.time()))
        nodes.add(loss.node)


def _results(folder: Path) -> int:
    """Problems that are done with."""
    series = folder / "series.jsonl"
    if not series.exists() or not (lines := series.read_text(encoding="utf-8").rpartition("\n")[0]):
        return 0
    return sum(report.get("ok", 0) for report in json.loads(lines.rpartition("\n")[2])["replicas"].values())


def _measure(loss: Loss, folder: Path, lost_at: float) -> dict[str, Any]:
    run = folder / "run"
    series = aftermath.Series.of((folder / "series.jsonl").read_text(encoding="utf-8").splitlines())
    finished = aftermath.finished(run)
    widths = {name: aftermath.width(series.pool(name), lost_at) for name in loss.pools}
    receipt = json.loads((run / "receipt.json").read_text(encoding="utf-8"))
    twice, share = aftermath.paid_twice(receipt)
    lost, doubled = aftermath.rows_lost_and_doubled(folder / "problems.jsonl", run)
    return {
        "stall_s": round(aftermath.stall([at for rows in finished.values() for at in rows], lost_at), 2),
        "other_pool_stall_s": round(aftermath.stall(finished[loss.other], lost_at), 2) if loss.other else None,
        "full_width_s": _latest([width.full_s for width in widths.values()]),
        "after_load_s": _latest([width.after_load_s for width in widths.values()]),
        "tokens_paid_twice": twice,
        "share_paid_twice": round(share, 4),
        "rows_lost": lost,
        "rows_doubled": doubled,
        "balanced": receipt["balanced"],
        "pools": {name: asdict(width) for name, width in widths.items()},
    }


def _latest(times: Sequence[float | None]) -> float | None:
    """Of several pools; None where one of them never came so far."""
    return None if any(time is None for time in times) else round(max(time for time in times if time is not None), 1)


def table(repeats: Sequence[Mapping[str, Any]]) -> list[str]:
    """The repeats in Markdown, a row for each loss: median and, in brackets, worst."""
    lines = [f"| loss | repeats | {' | '.join(COLUMNS.values())} |", "|---" * (len(COLUMNS) + 2) + "|"]
    for loss, all_of_it in aftermath.by_loss(repeats).items():
        good = [repeat for repeat in all_of_it if "failed" not in repeat]
        failed = len(all_of_it) - len(good)
        count = f"{len(all_of_it)}, {failed} failed" if failed else str(len(all_of_it))
        lines.append(f"| {loss} | {count} | {' | '.join(_cell(good, column) for column in COLUMNS)} |")
    return lines


def _cell(repeats: Sequence[Mapping[str, Any]], column: str) -> str:
    values = [repeat[column] for repeat in repeats if repeat[column] is not None]
    never = len(repeats) - len(values)
    if not values:
        return "never" if column in {"full_width_s", "after_load_s"} and repeats else ""
    style = ".2%" if column == "share_paid_twice" else ",.4g" if isinstance(values[0], float) else ",.0f"
    return f"{median(values):{style}} ({max(values):{style}}{f'; {never} never' if never else ''})"


def _config(folder: Path) -> dict[str, Any]:
    def role(latency_s: float, seats: int, replicas: int, kind: str) -> dict[str, Any]:
        return {
            "engine": "simulated",
            "model": "simulated",
            "simulated": {
                "latency_s": {"median": latency_s, "sigma": 0.3},
                "tokens": {"median": 250, "sigma": 0.3},
                "load_s": LOAD_S,
            },
            "engine_args": {"max_num_seqs": seats},
            "replicas": {"min": replicas, "max": replicas},
            "resources": {"cpus": 1, "gpus": 1, "accelerator_type": kind},
        }

    # The synthesizer could do a fifth more than it gets, so that it is the explorers who set the pace.
    source = {"path": str(write_problems(PROBLEMS, folder)), "id_column": "id", "answer_column": "answer"}
    return {
        "input": source,
        "output": str(folder / "run"),
        "schedule": "streaming",
        "explorer": {**role(3.0, 32, 2, EXPLORERS), "paths": 4},
        "synthesizer": role(2.5, 16, 1, SYNTHESIZERS),
    }


if __name__ == "__main__":
    main()

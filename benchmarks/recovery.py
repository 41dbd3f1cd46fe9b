"""What losses cost: something is killed in the middle of a run, again and again, and what follows each is measured.

Simulated engines on Ray nodes of this machine: two nodes with an explorer each, one with the synthesizer, one with the
driver. Each kind of loss has a run of its own. It strikes first when 30 results are there, and again when 80 more are
and all replicas of the pools that it hits have their engines; a lost node is replaced 5 s later, a driver that was
killed is begun again at once, by the same command. Prints a line of JSON for each loss and each run, and at the end
a table:

- stall: the longest time after a loss, and before the next, in which no request finished whose row is kept, up to the
  last 5% of the run's rows;
- full width: until the pools that lost replicas run 90% of their requests of before, from the loss, and from when as
  many replicas as before have loaded their engines;
- of the whole run: tokens generated again for each loss, problems without a result, rows that are there twice.

    python -m benchmarks.recovery                        # all losses, 20 times each: about an hour
    python -m benchmarks.recovery replica driver --repeats 3
"""

import json
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from a2r_ray.runs import table as tables
from a2r_ray.runs.storage import Storage
from benchmarks import aftermath
from benchmarks.losses import EXPLORERS, LOSSES, SYNTHESIZERS, Loss, Site, site, wait_until
from benchmarks.workload import write_problems

LOST_AT = 30
"""Results that are there when the first loss comes."""
PER_LOSS = 80
"""Results that come before the next."""
REPLICAS = {"explorer": 2, "synthesizer": 1}
REPLACED_AFTER_S = 5.0
LOAD_S = 3.0
HEARD_WITHIN_S = 3.0
"""A replica that has said nothing for longer may be dead."""
LONGEST_S = 240.0
OF_EACH = {
    "stall_s": "stall, s",
    "other_pool_stall_s": "of the other pool, s",
    "full_width_s": "full width after the loss, s",
    "after_load_s": "after the load, s",
}
OF_ALL = {
    "tokens_paid_twice": "tokens paid twice, a loss",
    "rows_lost": "rows lost",
    "rows_doubled": "rows doubled",
    "wall_s": "wall, s",
}


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("losses", nargs="*", help=f"of: {', '.join(LOSSES)}; default: all")
    parser.add_argument("--repeats", type=int, default=20)
    arguments = parser.parse_args()
    runs = {}
    for name in arguments.losses or LOSSES:
        with site() as nodes, tempfile.TemporaryDirectory() as folder:
            runs[name] = _lose(LOSSES[name], nodes, Path(folder), arguments.repeats)
        print(json.dumps({"loss": name, **{key: runs[name].get(key) for key in (*OF_ALL, "failed")}}), flush=True)
    print("\n".join(table(runs)))


def _lose(loss: Loss, nodes: Site, folder: Path, repeats: int) -> dict[str, Any]:
    """A run with so many losses, each measured."""
    (folder / "config.json").write_text(json.dumps(_config(folder, LOST_AT + repeats * PER_LOSS)), encoding="utf-8")
    began = time.time()
    nodes.drive(folder, *loss.options)
    lost_at: list[float] = []
    for number in range(repeats):
        wanted = LOST_AT + number * PER_LOSS
        wait_until(lambda wanted=wanted: _ready(folder, wanted, loss) or nodes.code() is not None, LONGEST_S)  # type: ignore[misc]
        if not _ready(folder, wanted, loss):
            return _failed(nodes, folder)
        lost_at.append(time.time())
        loss.strike(nodes)
        _make_good(loss, nodes, folder, lost_at[-1])
    wait_until(lambda: nodes.code() is not None, LONGEST_S)
    if nodes.code() != 0:
        return _failed(nodes, folder)
    return {"wall_s": round(time.time() - began), **_measure(loss, folder, lost_at)}


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


def _ready(folder: Path, results: int, loss: Loss) -> bool:
    """Whether so many results are there, and all replicas of the pools that are to lose some have their engines."""
    series = folder / "series.jsonl"
    if not series.exists() or not (lines := series.read_text(encoding="utf-8").rpartition("\n")[0]):
        return False
    reports = json.loads(lines.rpartition("\n")[2])["replicas"].values()
    heard = [each["pool"] for each in reports if not each["loading"] and each["age_s"] < HEARD_WITHIN_S]
    if any(heard.count(pool) < REPLICAS[pool] for pool in loss.pools):
        return False
    return tables.count(Storage(str(folder / "run")), "results") >= results


def _measure(loss: Loss, folder: Path, lost_at: Sequence[float]) -> dict[str, Any]:
    run = folder / "run"
    series = aftermath.Series.of((folder / "series.jsonl").read_text(encoding="utf-8").splitlines())
    finished = aftermath.finished(run)
    receipt = json.loads((run / "receipt.json").read_text(encoding="utf-8"))
    lost, doubled = aftermath.rows_lost_and_doubled(folder / "problems.jsonl", run)
    losses = [_after(loss, series, finished, *times) for times in pairwise([*lost_at, float("inf")])]
    return {
        "losses": losses,
        "tokens_paid_twice": round(aftermath.paid_twice(receipt) / len(lost_at)),
        "rows_lost": lost,
        "rows_doubled": doubled,
        "balanced": receipt["balanced"],
    }


def _after(
    loss: Loss, series: aftermath.Series, finished: Mapping[str, Sequence[float]], lost_at: float, until: float
) -> dict[str, Any]:
    """What followed one loss, before the next."""
    widths = {name: aftermath.width(series.pool(name), lost_at, until) for name in loss.pools}
    rows = [at for times in finished.values() for at in times]
    found = {
        "stall_s": round(aftermath.stall(rows, lost_at, until), 2),
        "other_pool_stall_s": round(aftermath.stall(finished[loss.other], lost_at, until), 2) if loss.other else None,
        "full_width_s": _latest([width.full_s for width in widths.values()]),
        "after_load_s": _latest([width.after_load_s for width in widths.values()]),
        "pools": {name: asdict(width) for name, width in widths.items()},
    }
    print(json.dumps(found), flush=True)
    return found


def _latest(times: Sequence[float | None]) -> float | None:
    """Of several pools; None where one of them never came so far."""
    return None if any(time is None for time in times) else round(max(time for time in times if time is not None), 1)


def table(runs: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The runs in Markdown, a row for each kind of loss: of each loss the median and, in brackets, the worst."""
    titles = ["loss", "times", *OF_EACH.values(), *OF_ALL.values()]
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    for name, run in runs.items():
        if "failed" in run:
            lines.append(f"| {name} | {run['failed']} |")
            continue
        cells = [_cell([loss[column] for loss in run["losses"]]) for column in OF_EACH]
        lines.append(f"| {name} | {len(run['losses'])} | {' | '.join([*cells, *(f'{run[it]:,}' for it in OF_ALL)])} |")
    return lines


def _cell(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    never = len(values) - len(known)
    if not known:
        return ""
    return f"{median(known):.4g} ({max(known):.4g}{f'; {never} never' if never else ''})"


def _config(folder: Path, problems: int) -> dict[str, Any]:
    def role(pool: str, latency_s: float, seats: int, kind: str) -> dict[str, Any]:
        return {
            "engine": "simulated",
            "model": "simulated",
            "simulated": {
                "latency_s": {"median": latency_s, "sigma": 0.3},
                "tokens": {"median": 250, "sigma": 0.3},
                "load_s": LOAD_S,
            },
            "engine_args": {"max_num_seqs": seats},
            "replicas": {"min": REPLICAS[pool], "max": REPLICAS[pool]},
            "resources": {"cpus": 1, "gpus": 1, "accelerator_type": kind},
        }

    # The synthesizer could do a fifth more than it gets, so that it is the explorers who set the pace.
    source = {"path": str(write_problems(problems, folder)), "id_column": "id", "answer_column": "answer"}
    return {
        "input": source,
        "output": str(folder / "run"),
        "schedule": "streaming",
        "explorer": {**role("explorer", 3.0, 32, EXPLORERS), "paths": 4},
        "synthesizer": role("synthesizer", 2.5, 16, SYNTHESIZERS),
    }


if __name__ == "__main__":
    main()

"""What a run folder shows in a few lines: how many were answered, how well, at what price."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from a2r_ray.evaluate.metrics import Accuracy, accuracies
from a2r_ray.records import RESULT_SCHEMA
from a2r_ray.runs import table
from a2r_ray.runs.storage import Storage

_COLUMNS = ["answer", "correct", "vote_correct", "path_correct", "reference_answer", "route", "cost_usd"]


@dataclass(frozen=True)
class Summary:
    """The figures of a run."""

    run: str
    outcome: str
    simulated: bool
    receipt: Mapping[str, Any]
    answered: int
    """Results with an answer."""
    routes: Mapping[str, int]
    accuracy: Accuracy
    cost_usd: float | None
    seconds: Mapping[str, Mapping[str, float]]
    """Per pool: ``replicas`` seen, ``ready`` and ``busy`` replica-seconds of this attempt, and ``running``, the seconds
    of all its requests; empty where not watched."""

    def lines(self) -> list[tuple[str, str]]:
        """Name and value of each line of the table."""
        receipt = self.receipt
        rows = [
            ("problems", f"{receipt['input']:,} rows, {receipt['duplicate']:,} duplicates"),
            ("answered", f"{self.answered:,} of {receipt['ok']:,} results ({self._routes()})"),
            ("rejected", f"{receipt['failed']:,}"),
            *self._accuracies(),
            *((role, self._role(role)) for role in ("explorer", "synthesizer")),
            ("cost", "no price given" if self.cost_usd is None else f"${self.cost_usd:.4f}"),
            ("receipt", "balanced" if receipt["balanced"] else "DOES NOT ADD UP"),
            ("files", f"{self.run}/results/*.parquet"),
        ]
        if self.simulated:
            rows.insert(0, ("SIMULATED", "no model ran: texts, answers and tokens are drawn, not generated"))
        return rows

    def _routes(self) -> str:
        return ", ".join(f"{count:,} {route}" for route, count in sorted(self.routes.items())) or "none"

    def _accuracies(self) -> list[tuple[str, str]]:
        if not self.accuracy.scored:
            return [("accuracy", "no reference answers")]
        shown = [("a path", self.accuracy.path), ("the vote", self.accuracy.vote), ("A2R", self.accuracy.a2r)]
        text = ", ".join(f"{name} {value:.1%}" for name, value in shown if value is not None)
        return [("accuracy", f"{text} (of {self.accuracy.scored:,} with a reference answer)")]

    def _role(self, role: str) -> str:
        tokens = self.receipt["tokens"][role]
        text = f"{tokens['prompt']:,} prompt + {tokens['completion']:,} completion tokens"
        pool = next((name for name in self.seconds if role in name.split("+")), None)
        if pool is None:
            return text
        seconds = self.seconds[pool]
        shared = "" if pool == role else ", shared by both roles"
        return f"{text}; {seconds['busy']:,.0f} s busy of {seconds['ready']:,.0f} replica-seconds{shared}"


def summarize(
    run: Storage, record: Mapping[str, Any], receipt: Mapping[str, Any], replicas: Mapping[str, Any]
) -> Summary:
    """The summary of a run folder.

    Args:
        run: the run folder.
        record: its ``run.json``.
        receipt: its receipt.
        replicas: the last report of each replica of this attempt; empty where nobody watched.
    """
    batches = list(table.scan(run, "results", _COLUMNS))
    schema = pa.schema([RESULT_SCHEMA.field(name) for name in _COLUMNS])
    results = pa.Table.from_batches(batches, schema=batches[0].schema if batches else schema)
    routes = pc.value_counts(results["route"]).to_pylist() if results.num_rows else []
    costs = results["cost_usd"]
    return Summary(
        run=run.shown,
        outcome=receipt["outcome"],
        simulated=record["simulated"],
        receipt=receipt,
        answered=results.num_rows - results["answer"].null_count,
        routes={entry["values"]: entry["counts"] for entry in routes},
        accuracy=accuracies(results),
        cost_usd=None if costs.null_count or not results.num_rows else pc.sum(costs).as_py(),
        seconds=_seconds(replicas),
    )


def _seconds(replicas: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    seconds: dict[str, dict[str, float]] = {}
    for sample in replicas.values():
        pool = seconds.setdefault(sample["pool"], {"replicas": 0, "ready": 0.0, "busy": 0.0, "running": 0.0})
        pool["replicas"] += 1
        pool["ready"] += sample["ready_s"]
        pool["busy"] += sample["busy_s"]
        pool["running"] += sample["running_s"]
    return seconds

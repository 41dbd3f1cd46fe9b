"""How far a run is, told from its folder alone: also while it runs, also from another machine."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pyarrow.compute as pc

from a2r_ray.records import TOKENS, now
from a2r_ray.runs import table
from a2r_ray.runs.lock import is_held
from a2r_ray.runs.record import read_receipt, read_record
from a2r_ray.runs.storage import Storage

NO_ANSWER = {"failed": "without an answer"}
"""How the route is shown: ``failed`` is a path or a run."""
_RECENT_S = 60
_NOBODY = (
    "by no process of this machine: unless one elsewhere does, the attempt ended without a word, as where it is killed "
    "or the disk is full; the same command continues"
)


def status(uri: str) -> dict[str, Any]:
    """The state of a run folder.

    Returns:
        ``outcome`` of the last attempt, ``held`` where its record has it running and nobody holds the folder, its
        ``error`` where it failed, ``attempts``, ``rows`` of the input, counts of ``results``, of these by ``routes``,
        of ``rejects``, ``paths`` and, once an attempt has ended, ``duplicates``, ``tokens_per_s`` (completion tokens
        of paths and syntheses, over the last minute of an attempt that runs; None of one that has ended) and
        ``last_result``.

    Raises:
        OutputError: it is no run folder.
    """
    run = Storage(uri)
    record = read_record(run)
    last = record["attempts"][-1]
    runs = last["outcome"] == "running"
    receipt = None if runs else read_receipt(run)
    is_left = runs and is_held(run) is False
    return {
        "run": run.shown,
        "outcome": last["outcome"],
        **({"held": _NOBODY} if is_left else {}),
        **({"error": last["error"]} if "error" in last else {}),
        "attempts": len(record["attempts"]),
        "started": last["start"],
        "ended": last["end"],
        "rows": record["rows"],
        "results": table.count(run, "results"),
        "routes": _routes(run),
        "rejects": table.count(run, "rejects"),
        **({} if receipt is None else {"duplicates": receipt["duplicate"]}),
        "paths": table.count(run, "paths"),
        "tokens_per_s": _tokens_per_s(run, last) if runs and not is_left else None,
        "last_result": _last(run),
        "simulated": record["simulated"],
        **({} if record["judged_by"] else {"verdicts": "being judged anew; where nobody does, run it again"}),
    }


def lines(found: Mapping[str, Any]) -> list[str]:
    """What ``status`` has found, for a person; what is not there is left out."""
    routes = {NO_ANSWER.get(route, route): count for route, count in found["routes"].items()}
    shown = {**found, "routes": ", ".join(f"{count:,} {route}" for route, count in routes.items())}
    shown["simulated"] = " and ".join(found["simulated"])
    return [
        f"{name:<12} {f'{value:,}' if isinstance(value, int) else value}"
        for name, value in shown.items()
        if value not in {None, ""}
    ]


def _routes(run: Storage) -> dict[str, int]:
    """How many results came by which route."""
    found: Counter[str] = Counter()
    for batch in table.scan(run, "results", ["route"]):
        found.update({entry["values"]: entry["counts"] for entry in pc.value_counts(batch["route"]).to_pylist()})
    return dict(sorted(found.items()))


def _tokens_per_s(run: Storage, attempt: Mapping[str, Any]) -> float:
    """Completion tokens that were stored in the last minute, or since the attempt began."""
    begun = max(datetime.fromisoformat(attempt["start"]), now() - timedelta(seconds=_RECENT_S))
    total = 0
    for name, _, column in (each for each in TOKENS.values() if each[0] in table.SCHEMAS):
        for batch in table.scan(run, name, ["finished_at", column]):
            recent = batch.filter(pc.greater(batch["finished_at"], begun))
            total += pc.sum(recent[column]).as_py() or 0
    return round(total / max((now() - begun).total_seconds(), 1.0), 1)


def _last(run: Storage) -> str | None:
    latest: datetime | None = None
    for batch in table.scan(run, "results", ["finished_at"]):
        newest = pc.max(batch["finished_at"]).as_py()
        latest = newest if latest is None or newest > latest else latest
    return latest.isoformat() if latest else None

"""The lines that a run ends with."""

from pathlib import Path
from typing import Any

from a2r_ray.config.schema import Config
from a2r_ray.evaluate.metrics import Accuracy
from a2r_ray.evaluate.summary import Summary, summarize
from a2r_ray.records import Result
from a2r_ray.runs.receipt import InputCounts, account
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.table import TableWriter
from tests.conftest import arrow, problem
from tests.runs.test_ledger import path, write
from tests.scripted import ScriptedEngine, said, synthesized

RECEIPT: dict[str, Any] = {
    "input": 1200,
    "ok": 1190,
    "failed": 9,
    "duplicate": 1,
    "balanced": True,
    "tokens": {
        "explorer": {"prompt": 10_000, "completion": 20_000},
        "synthesizer": {"prompt": 30_000, "completion": 4_000},
    },
}


def summary(**fields: Any) -> Summary:
    values: dict[str, Any] = {
        "run": "runs/a",
        "outcome": "complete",
        "simulated": False,
        "receipt": RECEIPT,
        "answered": 1100,
        "routes": {"synthesized": 1000, "vote_fallback": 190},
        "accuracy": Accuracy(path=None, vote=None, a2r=None, oracle=None, scored=0),
        "cost_usd": None,
        "seconds": {},
    }
    return Summary(**{**values, **fields})


def test_the_lines_of_a_run() -> None:
    lines = dict(summary().lines())
    assert next(iter(lines)) == "problems"
    assert lines["problems"] == "1,200 rows, 1 duplicates"
    assert lines["answered"] == "1,100 of 1,190 results (1,000 synthesized, 190 vote_fallback)"
    assert lines["accuracy"] == "no reference answers"
    assert lines["cost"] == "no price given"
    assert lines["receipt"] == "balanced"
    assert lines["files"] == "runs/a/results/*.parquet"


def test_accuracies_leave_out_what_is_not_known() -> None:
    lines = dict(summary(accuracy=Accuracy(path=None, vote=0.5, a2r=0.75, oracle=None, scored=10)).lines())
    assert lines["accuracy"] == "the vote 50.0%, A2R 75.0% (of 10 with a reference answer)"


def test_what_did_not_add_up_and_what_was_simulated_is_plain() -> None:
    lines = summary(simulated=True, receipt={**RECEIPT, "balanced": False}, cost_usd=1.5).lines()
    assert lines[0][0] == "SIMULATED"
    assert ("receipt", "DOES NOT ADD UP") in lines
    assert ("cost", "$1.5000") in lines


def test_seconds_are_those_of_the_pool_that_served_the_role() -> None:
    both = summary(seconds={"explorer+synthesizer": {"replicas": 2, "ready": 60.0, "busy": 45.0}})
    assert dict(both.lines())["explorer"] == (
        "10,000 prompt + 20,000 completion tokens; 45 s busy of 60 replica-seconds, shared by both roles"
    )
    own = summary(seconds={"explorer": {"replicas": 1, "ready": 30.0, "busy": 20.0}})
    assert dict(own.lines())["explorer"].endswith("20 s busy of 30 replica-seconds")
    assert dict(own.lines())["synthesizer"].endswith("completion tokens")


def test_it_is_counted_from_the_folder(config: Config, tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    write(run, "a", [path("p1", 0), path("p2", 0)])
    asked = [problem(1), problem(2)]
    engine = ScriptedEngine(lambda request: said(r"\boxed{2}" if "1 + 1" in str(request.messages) else "?", 40, 7))
    made = synthesized(config, engine, asked, [[path(each.problem_id, 0)] for each in asked])
    writer = TableWriter(run, "results", "w")
    writer.append(arrow(*(record for record in made if isinstance(record, Result))))
    writer.close()
    receipt = account(run, InputCounts(input=2, duplicate=0), "complete", 0)
    reports = [
        {"pool": "explorer", "ready_s": 3.0, "busy_s": 2.0, "running_s": 20.0},
        {"pool": "explorer", "ready_s": 1.0, "busy_s": 1.0, "running_s": 5.0},
    ]
    found = summarize(run, {"simulated": True}, receipt, {str(n): each for n, each in enumerate(reports)})
    assert found.routes == {"synthesized": 1, "vote_fallback": 1}
    assert found.seconds == {"explorer": {"replicas": 2, "ready": 4.0, "busy": 3.0, "running": 25.0}}
    assert found.accuracy.scored == 2
    assert found.accuracy.a2r == 0.5
    assert found.outcome == "complete"

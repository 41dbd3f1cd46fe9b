"""The lines that a run ends with."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from a2r_ray.config.schema import Config
from a2r_ray.evaluate.metrics import Accuracy, Share
from a2r_ray.evaluate.summary import Summary, summarize
from a2r_ray.records import Reject, Result, rejected
from a2r_ray.runs.receipt import InputCounts, account
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.table import TableWriter
from tests.conftest import arrow, problem
from tests.runs.test_ledger import path, write
from tests.runs.test_supersede import put, result
from tests.scripted import ScriptedEngine, said, synthesized

RECEIPT: dict[str, Any] = {
    "input": 1200,
    "ok": 1190,
    "answered": 1100,
    "unanswered": 90,
    "failed": 9,
    "duplicate": 1,
    "balanced": True,
    "paths": {"stored": 4800, "errors": 3, "cut_off": 120},
    "tokens": {
        "explorer": {"prompt": 10_000, "completion": 20_000},
        "synthesizer": {"prompt": 30_000, "completion": 4_000},
        "superseded": {"prompt": 0, "completion": 0},
        "superseded_paths": {"prompt": 0, "completion": 0},
        "paid_twice": 0,
    },
}
CONFIG: dict[str, Any] = {
    "input": {"source": "file", "limit": None},
    "explorer": {"model": "small", "paths": 4, "price": {"input": 1.0, "output": 10.0}},
    "synthesizer": {"model": "large", "price": {"input": 2.0, "output": 20.0}},
    "method": {"skip_at_share": None},
}
NONE = Accuracy(None, None, None, None, 0)


def summary(**fields: Any) -> Summary:
    values: dict[str, Any] = {
        "run": "runs/a",
        "outcome": "complete",
        "config": CONFIG,
        "simulated": (),
        "receipt": RECEIPT,
        "routes": {"synthesized": 1000, "vote_fallback": 190},
        "not_synthesized": {},
        "refused": 0,
        "uncounted": 0,
        "unanswered": {},
        "accuracy": NONE,
        "synthesized": NONE,
        "brought": (0, 0),
        "kinds": {"math": 1190},
        "undecided": 0,
        "used": 0,
        "seconds": {},
    }
    return Summary(**{**values, **fields})


def lines(**fields: Any) -> dict[str, str]:
    return dict(summary(**fields).lines())


def accuracy(right: int, scored: int) -> Accuracy:
    return Accuracy(None, Share.of(right, scored), Share.of(right, scored), None, scored)


def test_the_lines_of_a_run() -> None:
    shown = lines()
    assert list(shown) == [
        *(
            "models",
            "problems",
            "answered",
            "rejected",
            "answers",
            "accuracy",
            "paths",
            "explorer",
            "synthesizer",
            "cost",
        ),
        *("receipt", "files"),
    ]
    assert shown["models"] == "small explores, 4 paths a problem; large synthesizes"
    assert shown["problems"] == "1,200 rows, 1 duplicates"
    assert shown["answered"] == "1,100 of 1,190 results (1,000 synthesized, 190 vote_fallback)"
    assert shown["answers"] == "of kind math"
    assert shown["accuracy"] == "no reference answers"
    assert shown["paths"] == "4,800, of which 3 failed and 120 were cut off"
    assert shown["receipt"] == "balanced"
    assert shown["files"] == "runs/a/results/*.parquet, runs/a/rejects/*.parquet"


def test_what_was_not_synthesized_is_said_with_its_reasons() -> None:
    context = "the prompt has 700 tokens and the model's context is 512"
    shown = lines(
        receipt={**RECEIPT, "ok": 12},
        not_synthesized={"prompt_too_long": (8, context), "no_answer": (2, "the synthesis gives none")},
        accuracy=accuracy(10, 12),
        synthesized=accuracy(1, 2),
    )
    assert shown["no synthesis"] == f"10 of 12: 8 prompt_too_long ({context}); 2 no_answer (the synthesis gives none)"
    assert shown["  A2R"] == "83.3% (55.2% to 95.3%); of the 2 synthesized 50.0% (9.5% to 90.5%)"


def test_what_is_only_the_vote_is_not_called_a2r() -> None:
    shown = lines(accuracy=accuracy(10, 12), synthesized=NONE, routes={"vote_fallback": 12})
    assert shown["  A2R"] == "nothing that was synthesized has a known answer: every answer is the vote"
    assert shown["  the vote"].startswith("83.3%")
    assert shown["accuracy"] == "of 12 problems with a known answer, and 95% intervals"
    alone = lines(accuracy=accuracy(10, 12), config={**CONFIG, "synthesizer": None})
    assert "  A2R" not in alone
    assert alone["models"] == "small explores, 4 paths a problem; the vote answers"


def test_where_nothing_was_answered_there_is_no_vote_to_speak_of() -> None:
    receipt = {**RECEIPT, "ok": 0, "answered": 0, "unanswered": 0, "failed": 12}
    shown = lines(receipt=receipt, routes={}, accuracy=accuracy(0, 12), synthesized=NONE)
    assert shown["  A2R"] == "nothing that was synthesized has a known answer"
    assert shown["files"] == "runs/a/rejects/*.parquet"


def test_a_result_without_an_answer_has_not_failed() -> None:
    shown = lines(routes={"failed": 90, "synthesized": 1100})
    assert shown["answered"] == "1,100 of 1,190 results (90 without an answer, 1,100 synthesized)"


def test_that_most_have_no_answer_comes_first() -> None:
    receipt = {**RECEIPT, "ok": 10, "answered": 3, "unanswered": 7, "failed": 2}
    receipt["paths"] = {"stored": 40, "errors": 0, "cut_off": 38}
    found = summary(receipt=receipt, unanswered={"no_answer": (7, "none"), "nothing_visible": (2, "length")})
    text = (
        "9 of 12 have no answer: 7 no_answer (none); 2 nothing_visible (length); 38 of 40 paths were cut off at "
        "max_tokens"
    )
    assert found.mostly_unanswered == text
    assert found.lines()[0] == ("NO ANSWERS", text)
    assert summary(receipt={**receipt, "answered": 8, "unanswered": 2}).mostly_unanswered == ""


def test_what_did_not_add_up_and_who_was_simulated_is_plain() -> None:
    shown = summary(simulated=("explorer",), receipt={**RECEIPT, "balanced": False}).lines()
    assert shown[0][0] == "SIMULATED"
    assert shown[0][1].startswith("explorer: no model ran")
    assert ("receipt", "DOES NOT ADD UP") in shown


def test_the_cost_is_that_of_all_tokens_that_are_shown() -> None:
    assert lines()["cost"] == "$0.3500"  # 0.01 + 0.2 + 0.06 + 0.08
    tokens = {
        **RECEIPT["tokens"],
        "superseded": {"prompt": 1000, "completion": 1000},
        "superseded_paths": {"prompt": 0, "completion": 1000},
        "paid_twice": 500,
    }
    again = lines(receipt={**RECEIPT, "tokens": tokens})
    assert again["made again"] == (
        "syntheses: 1,000 prompt + 1,000 completion tokens; paths: 0 prompt + 1,000 completion tokens; "
        "paid twice: 500 completion tokens"
    )
    assert again["cost"] == "$0.3920, of which $0.0100 paid twice"
    unpriced = {**CONFIG, "synthesizer": {"model": "large", "price": None}}
    assert lines(config=unpriced)["cost"].startswith("no price given for the ")


def test_a_limit_and_a_price_that_lacks_are_named() -> None:
    unpriced = {**CONFIG, "synthesizer": {"model": "large"}, "input": {"source": "file", "limit": 1200}}
    found = lines(config=unpriced)
    assert found["problems"] == "1,200 rows (input.limit is 1,200), 1 duplicates"
    assert found["cost"] == "no price given for the synthesizer"


def test_brought_paths_are_named_apart_and_in_no_cost() -> None:
    tokens = {**RECEIPT["tokens"], "explorer": {"prompt": 0, "completion": 0}}
    config = {**CONFIG, "input": {"source": "paths", "limit": None}}
    shown = lines(config=config, receipt={**RECEIPT, "tokens": tokens}, brought=(1_000_000, 0))
    assert shown["brought"] == ("1,000,000 prompt + 0 completion tokens, $1.0000: paid elsewhere, in no other figure")
    assert shown["cost"] == "$0.1400"
    assert shown["models"] == "paths brought, 4 a problem at most; large synthesizes"
    assert "explorer" not in shown


def test_seconds_are_those_of_the_pool_that_served_the_role() -> None:
    both = lines(seconds={"explorer+synthesizer": {"replicas": 2, "ready": 60.0, "busy": 45.0}})
    assert both["explorer"] == (
        "10,000 prompt + 20,000 completion tokens; 45 s busy of 60 replica-seconds, shared by both roles"
    )
    own = lines(seconds={"explorer": {"replicas": 1, "ready": 30.0, "busy": 20.0}})
    assert own["explorer"].endswith("20 s busy of 30 replica-seconds")
    assert own["synthesizer"].endswith("completion tokens")


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
    record = {"simulated": ["explorer"], "config": config.document}
    found = summarize(run, record, receipt, {str(n): each for n, each in enumerate(reports)})
    assert found.routes == {"synthesized": 1, "vote_fallback": 1}
    assert found.seconds == {"explorer": {"replicas": 2, "ready": 4.0, "busy": 3.0, "running": 25.0}}
    assert found.accuracy.scored == 2
    assert found.accuracy.a2r is not None
    assert found.accuracy.a2r.value == 0.5
    assert found.synthesized.scored == 1
    assert found.not_synthesized == {"no_answer": (1, "the synthesis gives none")}
    assert found.outcome == "complete"


def test_a_rejected_problem_counts_as_wrong_and_its_reason_is_told(config: Config, tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    put(run, "results", "w", [result(config, 2, 1)])
    refused = rejected(problem(3), "synthesize", "server_error", "no")
    put(run, "rejects", "w", [rejected(problem(1), "explore", "timeout", "slow"), refused, INPUT_REJECT])
    receipt = account(run, InputCounts(input=4, duplicate=0), "complete", 0)
    found = summarize(run, {"simulated": [], "config": config.document}, receipt, {})
    assert found.accuracy.scored == 3
    assert found.unanswered == {"timeout": (1, "slow"), "server_error": (1, "no"), "malformed_json": (1, "torn")}
    assert found.not_synthesized["server_error"] == (1, "no")
    assert dict(found.lines())["no synthesis"].startswith("1 of 2: ")
    assert found.mostly_unanswered.startswith("3 of 4 have no answer: ")


INPUT_REJECT = Reject(None, "f", 3, "input", "malformed_json", "torn", "{")


def test_one_message_never_stands_for_another(config: Config, tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    rejects = [rejected(problem(number), "explore", "no_path", f"reason {number // 2}") for number in (1, 2, 3)]
    put(run, "rejects", "w", rejects)
    receipt = account(run, InputCounts(input=3, duplicate=0), "complete", 0)
    record = {"simulated": [], "config": config.document}
    found = summarize(run, record, receipt, {})
    assert found.unanswered == {"no_path": (3, "2: reason 1; 1: reason 0")}
    assert dict(found.lines())["accuracy"].startswith(
        "of 3 problems with a known answer (3 of them rejected, and so wrong)"
    )
    put(run, "rejects", "w", [*rejects, rejected(problem(4), "explore", "no_path", "reason 2")])
    assert summarize(run, record, receipt, {}).unanswered == {"no_path": (4, "such as reason 1")}


def test_what_was_not_asked_needs_no_price() -> None:
    config = {**CONFIG, "explorer": {**CONFIG["explorer"], "price": None}}
    assert lines(config=config)["cost"] == "no price given for the explorer"
    brought = {**config, "input": {**config["input"], "source": "paths"}}
    assert "explorer" not in lines(config=brought)["cost"]


def test_what_was_not_synthesized_since_the_vote_was_sure_is_no_failure(config: Config, tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    rows = [result(config, 1, 4), replace(result(config, 2, 4), route="unanimous", synthesis=None)]
    put(run, "results", "w", rows)
    receipt = account(run, InputCounts(input=2, duplicate=0), "complete", 0)
    document = {**config.document, "method": {"skip_at_share": 0.75}}
    found = summarize(run, {"simulated": [], "config": document}, receipt, {})
    assert found.not_synthesized == {}
    tokens = receipt["tokens"]["synthesizer"]
    spared = tokens["prompt"] + tokens["completion"]
    about = f"about {spared:,} tokens spared, as the syntheses that were made took"
    assert dict(found.lines())["skipped"] == f"1 of 2 syntheses: 75% of the paths agreed; {about}"

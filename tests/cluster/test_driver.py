"""The whole way on a real Ray, with simulated engines: every schedule, every row accounted for."""

import json
import os
import re
import signal
import time
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import duckdb
import pyarrow.parquet as pq
import pytest
import ray

from a2r_ray.cluster import connection, driver, monitor, phases, pool_health
from a2r_ray.cluster.shared_folder import output_looked_for
from a2r_ray.cluster.state import Progress
from a2r_ray.config.loading import parse_config
from a2r_ray.errors import A2RError, InputError, Stopped
from a2r_ray.records import PATH_SCHEMA, REJECT_SCHEMA, RESULT_SCHEMA
from a2r_ray.runs.folder import RunFolder
from a2r_ray.runs.record import stored_config
from a2r_ray.runs.storage import Storage
from tests.chaos import replicas, title
from tests.engines.scripted_server import MODEL, ScriptedServer, models

pytestmark = pytest.mark.usefixtures("local_ray")


@pytest.fixture
def messy(problems_file: Path) -> Path:
    """Twenty problems, and one row of each kind that is none."""
    with problems_file.open("ab") as file:
        file.write(b'{"id": "torn", "problem": \n')
        file.write(b'{"id": "bytes", "problem": "\xff\xfe"}\n')
        file.write(b'{"id": "empty", "problem": "  ", "answer": 1}\n')
        file.write(b'{"id": "p0", "problem": "another text", "answer": 1}\n')
        file.write(json.dumps({"id": "p1", "problem": "What is 1 + 1?", "answer": 2, "topic": "sums"}).encode() + b"\n")
    return problems_file


def rows(output: str, table: str, columns: str = "*") -> list[Any]:
    found: list[Any] = duckdb.sql(f"select {columns} from '{output}/{table}/*.parquet'").fetchall()  # noqa: S608 (a test's own path)
    return found


@pytest.mark.usefixtures("messy")
def test_every_row_is_in_results_or_rejects_exactly_once_and_the_same_whatever_the_schedule(
    document: dict[str, Any], tmp_path: Path
) -> None:
    answers = {}
    for schedule in ("streaming", "phased", "shared"):
        if schedule == "shared":
            document["synthesizer"] = {**document["explorer"]}
            del document["synthesizer"]["paths"]
        config = parse_config({**document, "schedule": schedule, "output": str(tmp_path / schedule)})
        receipt = driver.run(config).receipt
        assert receipt["balanced"]
        assert (receipt["input"], receipt["ok"], receipt["failed"], receipt["duplicate"]) == (25, 20, 4, 1)
        assert receipt["paths"] == {"stored": 80, "sampled_this_attempt": 80, "reused": 0, "errors": 0, "cut_off": 0}
        assert sorted(rows(config.output, "results", "problem_id")) == sorted((f"p{i}",) for i in range(20))
        rejects = dict(rows(config.output, "rejects", "line, error_kind"))
        assert rejects == {21: "malformed_json", 22: "invalid_utf8", 23: "empty_problem", 24: "duplicate_id"}
        explored = receipt["tokens"]["explorer"]["completion"]
        assert rows(config.output, "results", "sum(explorer_completion_tokens)") == [(explored,)]
        assert rows(config.output, "paths", "sum(completion_tokens)") == [(explored,)]
        for name, schema in (("paths", PATH_SCHEMA), ("results", RESULT_SCHEMA), ("rejects", REJECT_SCHEMA)):
            for file in sorted((Path(config.output) / name).iterdir()):
                assert pq.read_schema(file).equals(schema), file
        answers[schedule] = sorted(rows(config.output, "results", "problem_id, answer, path_answers"))
    assert answers["streaming"] == answers["phased"]


@pytest.mark.usefixtures("messy")
def test_what_is_done_is_never_done_again_whatever_more_is_asked_for(
    document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    document["input"]["limit"] = 5
    assert driver.run(parse_config(document)).receipt["ok"] == 5
    document["input"]["limit"] = None
    before = driver.run(parse_config(document)).receipt
    assert (before["input"], before["ok"], before["failed"], before["duplicate"]) == (25, 20, 4, 1)
    assert before["paths"] == {"stored": 80, "sampled_this_attempt": 60, "reused": 20, "errors": 0, "cut_off": 0}
    assert before["balanced"]
    assert driver.run(parse_config(document)).receipt == before  # nothing is begun
    os.utime(document["input"]["path"])
    after = driver.run(parse_config(document)).receipt
    assert after["balanced"]
    assert after["paths"] == {"stored": 80, "sampled_this_attempt": 0, "reused": 80, "errors": 0, "cut_off": 0}
    # To run is not to retry.
    assert (after["ok"], after["failed"], after["tokens"]) == (before["ok"], before["failed"], before["tokens"])
    first = rows(document["output"], "paths", "problem_id, path_index, finished_at")
    document["explorer"]["paths"] = 8
    receipt = driver.run(parse_config(document)).receipt
    assert receipt["balanced"]
    assert receipt["paths"] == {"stored": 160, "sampled_this_attempt": 80, "reused": 80, "errors": 0, "cut_off": 0}
    assert set(first) <= set(rows(document["output"], "paths", "problem_id, path_index, finished_at"))
    assert rows(document["output"], "results", "count(*), count(distinct problem_id)") == [(20, 20)]
    assert rows(document["output"], "results", "distinct len(path_answers)") == [(8,)]
    [(tokens,)] = rows(document["output"], "superseded", "sum(synthesizer_completion_tokens)")
    assert receipt["tokens"]["superseded"]["completion"] == tokens
    assert receipt["tokens"]["paid_twice"] == 0
    # By another kind of answers the results are judged anew; nobody is asked again.
    document["answer"] = {"kind": "text"}
    judged = driver.run(parse_config(document))
    assert judged.receipt["balanced"]
    assert judged.receipt["tokens"] == receipt["tokens"]
    assert dict(judged.lines())["answers"] == "of kind text"
    assert rows(document["output"], "results", "distinct answer_kind") == [("text",)]
    # What fails while it judges has its receipt, too.
    monkeypatch.setattr(driver, "judge_again", Mock(side_effect=A2RError("no verdicts today")))
    document["answer"] = {"kind": "integer"}
    with pytest.raises(A2RError, match="no verdicts today"):
        driver.run(parse_config(document))
    assert json.loads((Path(document["output"]) / "receipt.json").read_text())["outcome"] == "failed"


def test_faults_of_paths_are_data_and_of_whole_problems_rejects(document: dict[str, Any]) -> None:
    document["explorer"] |= {"paths": 2, "simulated": {"faults": {"error": 0.5}}}
    config = parse_config(document)
    receipt = driver.run(config).receipt
    assert receipt["balanced"]
    assert receipt["failed"] > 0
    assert receipt["ok"] + receipt["failed"] == 20
    assert receipt["paths"]["errors"] > receipt["failed"]
    stages = set(rows(config.output, "rejects", "stage, error_kind"))
    assert stages == {("explore", "simulated")}


def test_an_engine_that_cannot_load_ends_the_run_with_that_error(document: dict[str, Any]) -> None:
    document["synthesizer"]["simulated"] = {"faults": {"load": "there is no model sim-large"}}
    config = parse_config(document)
    with pytest.raises(A2RError, match="the engine of the synthesizer cannot start: there is no model sim-large"):
        driver.run(config)
    receipt = json.loads((Path(config.output) / "receipt.json").read_text())
    assert (receipt["outcome"], receipt["balanced"]) == ("failed", False)


def test_a_table_that_cannot_be_written_ends_the_run_with_that_error(document: dict[str, Any]) -> None:
    config = parse_config(document)
    folder = Path(config.output)
    RunFolder.open(config).finish("interrupted")
    (folder / "results").symlink_to("/proc/sys")  # nobody can make a file there, not even root
    with pytest.raises(A2RError, match=r"results: cannot be written: .*run the same command again"):
        driver.run(config)


def test_an_input_with_no_readable_row_makes_no_run_folder(document: dict[str, Any], problems_file: Path) -> None:
    problems_file.write_text("not json\nneither\n")
    with pytest.raises(InputError):
        driver.run(parse_config(document))
    assert not Path(document["output"]).exists()


def test_a_folder_that_only_one_node_need_see_is_not_looked_for(tmp_path: Path) -> None:
    with output_looked_for(str(tmp_path / "run"), lambda _: False):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_observer_sees_the_pools_which_may_hold_every_cpu_and_gpu(document: dict[str, Any]) -> None:
    document["explorer"]["simulated"] = {"latency_s": {"median": 1.5}}
    for role in ("explorer", "synthesizer"):
        document[role]["resources"] = {"cpus": 1, "gpus": 0.5}
    seen: list[Progress] = []
    summary = driver.run(parse_config({**document, "schedule": "streaming"}), seen.append)
    assert (summary.receipt["ok"], summary.receipt["balanced"]) == (20, True)
    assert {sample["pool"] for sample in seen[-1].replicas.values()} == {"explorer", "synthesizer"}
    assert seen[-1].total == 20
    assert summary.seconds["explorer"]["busy"] > 0


def test_what_ray_raises_after_a_stop_was_asked_is_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    with monitor.opened(connection.driver_node()) as watched:
        with pytest.raises(A2RError, match="the node died"), phases.explained(watched):
            raise ray.exceptions.RayError("the node died")
        monkeypatch.setattr(Stopped, "asked", Stopped(15))
        with pytest.raises(Stopped, match="SIGTERM"), phases.explained(watched):
            raise ray.exceptions.RayError("the node died")


def test_a_pool_grows_to_its_most_replicas_under_load(document: dict[str, Any], problems_file: Path) -> None:
    rows = [{"id": f"p{i}", "problem": f"What is {i} + {i}?", "answer": 2 * i} for i in range(120)]
    problems_file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    document["explorer"] |= {
        "simulated": {"latency_s": {"median": 0.5}},
        "replicas": {"min": 1, "max": 3},
        "engine_args": {"max_num_seqs": 8},
        "resources": {"cpus": 0.25},
    }
    summary = driver.run(parse_config(document), lambda _: None)
    assert summary.receipt["balanced"]
    assert summary.seconds["explorer"]["replicas"] == 3
    assert summary.seconds["synthesizer"]["replicas"] == 1


def test_a_retry_makes_again_what_failed_and_reads_a_mended_input(
    document: dict[str, Any], problems_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = problems_file.read_text()
    problems_file.write_text(whole.replace('{"id": "p3"', '{"id: "p3"'))
    config = parse_config(document)
    assert driver.run(config).receipt["failed"] == 1
    problems_file.write_text(whole)
    receipt = driver.run(stored_config(Storage(config.output)), retry=True).receipt
    assert (receipt["ok"], receipt["failed"], receipt["balanced"]) == (20, 0, True)
    assert receipt["paths"] == {"stored": 80, "sampled_this_attempt": 4, "reused": 76, "errors": 0, "cut_off": 0}
    monkeypatch.setattr(connection, "connected", lambda: pytest.fail("there is nothing to make again"))
    assert driver.run(stored_config(Storage(config.output)), retry=True).receipt == receipt


@pytest.mark.usefixtures("messy")
def test_another_synthesizer_reads_the_paths_of_a_run_folder(document: dict[str, Any], tmp_path: Path) -> None:
    first = parse_config(document)
    driver.run(first)
    document |= {"output": str(tmp_path / "b"), "input": {"source": "paths", "path": first.output}}
    document["synthesizer"] |= {"model": "sim-huge"}
    document["explorer"]["simulated"] = {"faults": {"load": "nothing is to be explored"}}
    summary = driver.run(parse_config(document))
    receipt = summary.receipt
    assert (receipt["input"], receipt["ok"], receipt["failed"], receipt["duplicate"]) == (25, 20, 4, 1)
    assert receipt["balanced"]
    assert receipt["paths"]["stored"] == 0
    columns = "problem_id, path_answers, explorer_completion_tokens, reference_answer"
    assert sorted(rows(document["output"], "results", columns)) == sorted(rows(first.output, "results", columns))
    assert rows(document["output"], "results", 'distinct len("references")') == [(4,)]
    document |= {"output": str(tmp_path / "c")}
    document["explorer"]["paths"] = 2
    driver.run(parse_config(document))
    assert rows(document["output"], "results", "distinct len(path_answers)") == [(2,)]


@pytest.mark.parametrize("synthesizer", [True, False])
def test_paths_made_elsewhere_are_extracted_voted_and_synthesized(
    document: dict[str, Any], tmp_path: Path, *, synthesizer: bool
) -> None:
    file = tmp_path / "elsewhere.jsonl"
    lines = [{"id": i, "problem": f"What is {i} + 1?", "gold": i + 1, "paths": f"It is \\boxed{{{i + 1 + k % 2}}}."}
             for k in range(3) for i in range(10)]  # fmt: skip
    lines += [
        {
            "id": "x",
            "problem": "What is 2 + 2?",
            "gold": 4,
            "paths": ["\\boxed{4}", "\\boxed{5}", "\\boxed{4}", "\\boxed{4}"],
        }
    ]
    lines += [{"id": "y", "problem": "What is 3 + 3?", "gold": 6, "paths": []}]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    document["input"] = {"source": "paths", "path": str(file), "id_column": "id", "answer_column": "gold"}
    document["explorer"] = None
    if not synthesizer:
        document |= {"explorer": document["synthesizer"] | {"paths": 3}, "synthesizer": None}
    config = parse_config(document)
    receipt = driver.run(config).receipt
    assert receipt["balanced"]
    assert (receipt["input"], receipt["ok"], receipt["failed"]) == (12, 11, 1)
    assert receipt["paths"]["sampled_this_attempt"] == 34
    assert rows(config.output, "results", "distinct vote_correct") == [(True,)]
    assert rows(config.output, "rejects", "line, error_kind") == [(32, "missing_paths")]
    found = dict(rows(config.output, "results", "problem_id, path_answers"))
    assert found["3"] == ["4", "5", "4"]
    assert found["x"] == (["4", "5", "4", "4"] if synthesizer else ["4", "5", "4"])
    assert rows(config.output, "paths", "distinct explorer") == [("",)]
    if not synthesizer:
        return
    # What has grown is answered anew, of all its paths; the rest is left alone.
    more = [{"id": "y", "problem": "What is 3 + 3?", "gold": 6, "paths": "\\boxed{6}"}]
    more += [{"id": 3, "problem": "What is 3 + 1?", "gold": 4, "paths": f"\\boxed{{5}}, {k}"} for k in range(3)]
    file.write_text("".join(json.dumps(line) + "\n" for line in [*more, *lines]))
    receipt = driver.run(config).receipt
    assert receipt["balanced"]
    assert (receipt["input"], receipt["ok"], receipt["failed"]) == (13, 12, 1)
    assert receipt["paths"]["sampled_this_attempt"] == 4
    assert rows(config.output, "superseded", "problem_id, len(path_answers)") == [("3", 3)]
    now = dict(rows(config.output, "results", "problem_id, path_answers"))
    assert {**found, "3": ["4", "5", "4", "5", "5", "5"], "y": ["6"]} == now
    assert sorted(rows(config.output, "results", "distinct vote_correct")) == [(False,), (True,)]
    found = now
    # No model need be named for what is only voted on.
    only_voted = {"output": str(tmp_path / "c"), "input": {"source": "paths", "path": config.output}}
    again = parse_config(only_voted)
    summary = driver.run(again)
    assert summary.receipt["ok"] == 12
    assert {"a path", "the vote"} <= {name.strip() for name, _ in summary.lines()}
    assert "cost" not in dict(summary.lines())
    assert dict(rows(again.output, "results", "problem_id, path_answers")) == found


def test_an_engine_that_hangs_is_started_again(document: dict[str, Any]) -> None:
    document["explorer"] |= {
        "simulated": {"latency_s": {"median": 0.1}, "faults": {"hang_at": 30}},
        "engine_args": {"max_num_seqs": 8},
        "hang_timeout_s": 2,
    }
    receipt = driver.run(parse_config(document)).receipt
    assert receipt["balanced"]
    assert (receipt["ok"], receipt["failed"]) == (20, 0)
    # Each ends at its 30th request, of 80.
    assert rows(document["output"], "paths", "count(distinct replica) >= 3") == [(True,)]


def test_a_pool_that_no_node_fits_is_told_of_and_ends_the_run(
    document: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_health, "_LOOK_EVERY_S", 0.5)
    monkeypatch.setattr(pool_health, "_WARN_AFTER_S", 2.0)
    document["synthesizer"] |= {
        "resources": {"cpus": 1, "gpus": 1, "accelerator_type": "H100"},
        "replicas": {"start_timeout_s": 5},
    }
    with pytest.raises(A2RError) as caught:
        driver.run(parse_config({**document, "schedule": "streaming"}))
    for text in (str(caught.value), capsys.readouterr().err):
        assert "the pool of the synthesizer has had no place in the cluster for" in text
        assert "asks for 1 CPU, 1 GPU, H100 (synthesizer.resources), and no node that is up has it" in text


def test_pools_that_do_not_fit_beside_each_other_are_told_of_and_wait_for_one_another(
    document: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_health, "_LOOK_EVERY_S", 0.5)
    monkeypatch.setattr(pool_health, "_WARN_AFTER_S", 2.0)
    document["explorer"] |= {"simulated": {"latency_s": {"median": 1.0}}, "engine_args": {"max_num_seqs": 8}}
    for role in ("explorer", "synthesizer"):
        document[role] |= {"resources": {"cpus": 0.5, "gpus": 1}, "replicas": {"start_timeout_s": 4}}
    receipt = driver.run(parse_config({**document, "schedule": "streaming"})).receipt
    assert (receipt["ok"], receipt["balanced"]) == (20, True)
    said = capsys.readouterr().err
    assert "warning: schedule streaming: 1 explorer (0.5 CPU, 1 GPU) and 1 synthesizer (0.5 CPU, 1 GPU) do not" in said
    assert "there is room for 1 and 0 on 1 node with" in said
    assert "1 of the 1 nodes that are up have it, but not free; the run ends if it stays so and no pool gets" in said


def test_a_poison_problem_is_rejected_with_its_history_for_all_phases(document: dict[str, Any]) -> None:
    document["explorer"] |= {
        "simulated": {"latency_s": {"median": 0.1}, "faults": {"poison": "What is 7 + 7?"}},
        "engine_args": {"max_num_seqs": 2},
    }
    receipt = driver.run(parse_config({**document, "schedule": "phased"})).receipt
    assert (receipt["ok"], receipt["failed"], receipt["balanced"]) == (19, 1, True)
    [(problem_id, kind, stage, error)] = rows(document["output"], "rejects", "problem_id, error_kind, stage, error")
    assert (problem_id, kind, stage) == ("p7", "poison", "explore")
    assert re.match(r"\d replicas ended while they worked on it, and .* it was the only one when expl", error)


def test_after_four_deaths_a_replica_is_as_fast_as_before(document: dict[str, Any], problems_file: Path) -> None:
    lines = [{"id": f"p{i}", "problem": f"What is {i} + {i}?", "answer": 2 * i} for i in range(120)]
    problems_file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    document["explorer"] |= {"simulated": {"latency_s": {"median": 0.4}}, "engine_args": {"max_num_seqs": 16}}
    config = parse_config(document)
    deaths: list[str] = []
    since: list[tuple[float, int]] = []
    """When the replica after the last death had served some, and every half second from then on: how many."""

    def kill(progress: Progress) -> None:
        own = {name: each for name, each in progress.replicas.items() if each["pool"] == "explorer"}
        served = {name: each["stages"].get("explore", 0) for name, each in own.items()}
        working = [name for name in own if served[name] and name not in deaths]
        if working and len(deaths) == 4:
            since.append((time.monotonic(), sum(served.values())))
        elif working:
            deaths.append(working[0])
            for each in replicas(os.getpid()):
                if "explorer" in title(each):
                    each.send_signal(signal.SIGKILL)

    receipt = driver.run(config, kill).receipt
    assert len(deaths) == 4
    assert (receipt["ok"], receipt["failed"], receipt["balanced"]) == (120, 0, True)
    # 16 paths at once, 4 for each problem, 0.4 s each: 10 problems a second at full width.
    (began, first), last = since[0], since[-1][1]
    ended = next(at for at, served in since if served == last)
    assert last - first > 50, "too little was left to see"
    assert ended - began < (last - first) / 10 * 1.5 + 5


def test_a_replica_that_cannot_load_again_is_waited_for(
    document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = ScriptedServer()
    server.start()
    document["explorer"] |= {"simulated": {"latency_s": {"median": 0.5}}, "engine_args": {"max_num_seqs": 8}}
    document["synthesizer"] = {
        "engine": "openai",
        "model": MODEL,
        "base_url": server.url,
        "resources": {"cpus": 0.25},
        "engine_args": {"max_num_seqs": 1, "max_backoff_s": 0.01},
    }
    killed: list[float] = []

    def take_away(progress: Progress) -> None:
        own = [each for each in progress.replicas.values() if each["pool"] == "synthesizer"]
        if not killed and any(not each["loading"] for each in own):
            server.models = models("another")
            for each in replicas(os.getpid()):
                if "synthesizer" in title(each):
                    each.send_signal(signal.SIGKILL)
            killed.append(time.monotonic())
        elif killed and time.monotonic() - killed[0] > 8:
            server.models = models(MODEL)

    try:
        receipt = driver.run(parse_config({**document, "schedule": "streaming"}), take_away).receipt
    finally:
        server.stop()
    assert killed
    assert (receipt["input"], receipt["balanced"]) == (20, True)
    assert receipt["ok"] == 20

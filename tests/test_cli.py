"""The command as a user calls it: real processes, real exit codes."""

import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest
import yaml

from a2r_ray.cli import guarded
from tests import moments
from tests.chaos import A2R, alive, wait_until_gone
from tests.nodes import Nodes, wait_until

MODEL = Path(__file__).parent.parent / "models" / "SmolLM2-135M-Instruct"


def a2r(*arguments: str, timeout: float = 180, nodes: Nodes | None = None) -> subprocess.CompletedProcess[str]:
    environment = nodes.environment if nodes else None  # None: a Ray of its own, if it needs one
    return subprocess.run(
        [*A2R, *arguments], capture_output=True, text=True, timeout=timeout, env=environment, check=False
    )


@pytest.fixture
def config_file(document: dict[str, Any], tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def test_help_answers_at_once_and_imports_nothing_heavy() -> None:
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        done = a2r("--help")
        seconds.append(time.perf_counter() - start)
        assert done.returncode == 0
    for verb in ("validate", "preview", "run", "submit", "status", "verify", "retry"):
        assert verb in done.stdout
    heavy = "import sys, a2r_ray.cli; print([m for m in ('ray', 'vllm', 'pyarrow', 'pydantic') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", heavy], text=True).strip() == "[]"
    # The bound on a quiet machine is 0.5 s (benchmarks/); this one catches an import of Ray on a busy one.
    assert statistics.median(seconds) < 2.0


def test_a_cluster_is_connected_to_before_ray_data_is_imported() -> None:
    early = "import sys, a2r_ray.cluster.driver; print([m for m in ('ray', 'ray.data', 'pandas') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", early], text=True).strip() == "['ray']"


def test_every_mistake_in_a_config_is_named_and_the_exit_is_2(config_file: Path, document: dict[str, Any]) -> None:
    document["explorer"]["pahts"] = 8
    document["synthesizer"]["sampling"] = {"temperature": -1}
    document["synthesizer"]["api_key"] = "sk-secret"
    config_file.write_text(yaml.safe_dump(document))
    done = a2r("run", str(config_file))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "error: explorer.pahts: unknown key; did you mean `paths`?" in done.stderr
    assert "error: synthesizer.sampling.temperature: -1: input should be greater than or equal to 0" in done.stderr
    assert "sk-secret" not in done.stderr
    assert not Path(document["output"]).exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "Missing argument 'CONFIG'"),
        (["rnu"], "No such command 'rnu'"),
        (["run", "none.yaml"], "none.yaml: cannot be read"),
        (["status", "/nonexistent-run"], "not a run folder"),
    ],
)
def test_bad_usage_exits_2(arguments: list[str], message: str) -> None:
    done = a2r(*arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_validate_reads_the_first_rows(config_file: Path, problems_file: Path) -> None:
    with problems_file.open("a") as file:
        file.write("{broken\n")
    done = a2r("validate", str(config_file))
    assert done.returncode == 0
    assert "21 rows; of the first 21 different ones 1 are rejected" in done.stdout
    assert "problems.jsonl:21:" in done.stdout
    assert json.loads(a2r("validate", str(config_file), "--json").stdout)["rejected"] == 1


def test_validate_tells_of_known_answers_that_nothing_equals(config_file: Path, problems_file: Path) -> None:
    rows = [{"id": f"x{n}", "problem": f"q{n}", "answer": f"So\n#### {day}"} for n, day in enumerate(("", "7"))]
    with problems_file.open("a") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    done = a2r("validate", str(config_file))
    assert done.returncode == 0
    warning = (
        "in 1 of the first 22 known answers no answer of kind math can be read, so that nothing equals them; the first"
    )
    assert f"  {warning} is {problems_file}:21: …So ####" in done.stdout
    [told] = json.loads(a2r("validate", str(config_file), "--json").stdout)["notes"]
    assert told.startswith(warning)


@pytest.mark.parametrize("verb", ["validate", "run"])
def test_a_column_that_no_row_has_exits_2_before_ray_starts(verb: str, config_file: Path) -> None:
    done = a2r(verb, str(config_file), "--set", "input.answer_column=anwser", timeout=20)
    assert done.returncode == 2
    assert "problems.jsonl: none of its 20 rows has input.answer_column `anwser`; did you mean `answer`?" in done.stderr


@pytest.mark.parametrize("verb", ["validate", "run"])
def test_an_output_inside_the_input_exits_2(verb: str, config_file: Path, problems_file: Path) -> None:
    done = a2r(verb, str(config_file), "--set", f"input.path={problems_file.parent}", timeout=20)
    assert done.returncode == 2
    assert "error: output: " in done.stderr
    assert "lies inside the input" in done.stderr


def test_validate_deep_finds_what_would_fail_after_a_minute_of_loading(
    cluster: Nodes, config_file: Path, problems_file: Path, document: dict[str, Any], tmp_path: Path
) -> None:
    role = {"engine": "vllm", "resources": {"cpus": 1, "gpus": 0}}
    document["explorer"] = {**role, "model": str(tmp_path / "none"), "paths": 2}
    document["synthesizer"] = {**role, "model": str(MODEL), "engine_args": {"max_model_len": 999_999}}
    config_file.write_text(yaml.safe_dump(document))
    found = a2r("validate", "--deep", str(config_file), nodes=cluster)
    assert found.returncode == 2
    assert f"error: explorer: model {tmp_path}/none: there is no such folder on " in found.stderr
    assert f"error: synthesizer: vLLM does not take {MODEL}" in found.stderr
    assert "max_model_len (999999)" in found.stderr
    assert "\nschedule " in f"\n{found.stderr}"  # what is no mistake is not called one
    assert found.stderr.count("error: ") == 2
    with problems_file.open("a") as file:
        file.write(json.dumps({"id": "long", "problem": "word " * 700, "answer": 1}) + "\n")
    role |= {"model": str(MODEL), "engine_args": {"max_model_len": 512}}
    document["explorer"] = {**role, "paths": 2, "sampling": {"max_tokens": 200}}
    document["synthesizer"] = role
    config_file.write_text(yaml.safe_dump(document))
    found = a2r("validate", "--deep", str(config_file), nodes=cluster)
    assert found.returncode == 0, found.stderr
    explorer, synthesizer, schedule = found.stdout.splitlines()[-3:]
    longest = r"  explorer: of the first 21 .+ has 7\d\d tokens \(long\); 1 do not fit the context of 512: long"
    assert re.fullmatch(longest, explorer)
    assert "21 do not fit the context of 512: p0, p1, p2" in synthesizer
    assert synthesizer.endswith(" and 11 more")
    assert schedule == "  schedule shared: both roles load the same engine"


def test_no_readable_row_exits_2_before_ray_starts(config_file: Path, problems_file: Path) -> None:
    problems_file.write_text("{broken\n[]\n")
    done = a2r("run", str(config_file), timeout=20)
    assert done.returncode == 2
    assert "problems.jsonl" in done.stderr


def test_a_run_with_rejects_exits_3_and_a_finished_one_starts_nothing(
    config_file: Path, problems_file: Path, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with problems_file.open("a") as file:
        file.write("{broken\n")
    done = a2r("run", str(config_file))
    assert done.returncode == 3, done.stderr
    assert "SIMULATED" in done.stdout
    assert "balanced" in done.stdout
    reading, starting, schedule, loading = done.stderr.splitlines()
    assert (reading, starting) == (f"reading {problems_file}", "starting Ray on this machine")
    assert re.fullmatch(
        r"schedule streaming: 1 explorer \(0.5 CPU\) and 1 synthesizer \(0.5 CPU\) fit at once on .+", schedule
    )
    assert loading == "loading the models"
    found = duckdb.sql(f"select count(distinct problem_id), count(*) from '{document['output']}/results/*.parquet'")  # noqa: S608
    assert found.fetchall() == [(20, 20)]
    receipt = json.loads((Path(document["output"]) / "receipt.json").read_text())
    assert receipt["paths"]["sampled_this_attempt"] == receipt["paths"]["stored"] == 80
    with monkeypatch.context() as nowhere:
        nowhere.setenv("RAY_ADDRESS", "127.0.0.1:9")  # whoever asks for Ray fails
        for same in (str(config_file), document["output"]):
            again = a2r("run", same, "--json")
            assert (again.returncode, json.loads(again.stdout)) == (3, receipt)
            assert "nothing is left to do" in again.stderr
    status = json.loads(a2r("status", document["output"], "--json").stdout)
    assert (status["outcome"], status["attempts"], status["rows"]) == ("complete", 1, 21)
    assert (status["results"], status["rejects"], status["paths"]) == (20, 1, 80)
    verified = a2r("verify", document["output"], "--json")
    assert (verified.returncode, json.loads(verified.stdout)["adds_up"]) == (0, True)
    results = next((Path(document["output"]) / "results").glob("*.parquet"))
    (results.parent / "a-copy-00000.parquet").write_bytes(results.read_bytes())
    verified = a2r("verify", document["output"])
    assert verified.returncode == 4
    assert "in results or rejects more than once: p0, p1" in verified.stdout
    (results.parent / "a-copy-00000.parquet").unlink()
    other = a2r("run", str(config_file), "--set", "synthesizer.model=other")
    assert other.returncode == 2
    assert "synthesizer.model: 'sim-large' there, 'other' now" in other.stderr


def test_what_has_changed_in_the_input_is_refused_or_done_anew(
    cluster: Nodes, config_file: Path, problems_file: Path, document: dict[str, Any]
) -> None:
    rows = [json.loads(line) for line in problems_file.read_text().splitlines()]
    problems_file.write_text("{broken\n" + problems_file.read_text())
    assert a2r("run", str(config_file), nodes=cluster).returncode == 3
    rows[3] |= {"problem": "What is 3 + 4?", "answer": 7}
    rows[4] |= {"answer": 9}
    rows[5]["problem"] = " "  # it is rejected now
    rows[6]["id"] = "q6"
    problems_file.write_text("".join(json.dumps(row) + "\n" for row in rows))  # and without the bad line
    refused = a2r("run", str(config_file))
    assert refused.returncode == 2
    told = (
        "the question of 1: p3; the known answer, its kind or its choices, of 1: p4; the row (gone, or rejected now) "
        "of 2: p5, p6"
    )
    assert told in refused.stderr
    assert "run with --changed redo" in refused.stderr
    assert "p6" in a2r("verify", document["output"]).stdout
    done = a2r("run", str(config_file), "--changed", "redo", "--json", nodes=cluster)
    assert done.returncode == 3, done.stderr
    receipt = json.loads(done.stdout)
    assert (receipt["input"], receipt["ok"], receipt["failed"], receipt["balanced"]) == (20, 19, 1, True)
    assert receipt["paths"]["sampled_this_attempt"] == 8
    assert receipt["tokens"]["superseded_paths"]["completion"] > 0
    known = f"select problem, reference_answer from '{document['output']}/results/*.parquet'"  # noqa: S608 (own path)
    found = duckdb.sql(f"{known} where problem_id in ('p3', 'p4') order by problem_id").fetchall()
    assert found == [("What is 3 + 4?", "7"), ("What is 4 + 4?", "9")]
    assert a2r("verify", document["output"]).returncode == 0


def test_preview_shows_a_problem_and_writes_nothing(
    cluster: Nodes, config_file: Path, document: dict[str, Any]
) -> None:
    done = a2r("preview", str(config_file), "-n", "1", nodes=cluster)
    assert done.returncode == 0, done.stderr
    for shown in ("explorer is asked", "What is 0 + 0?", "path 3:", "synthesizer is asked", "Attempt 4:", "synthesis:"):
        assert shown in done.stdout
    assert not Path(document["output"]).exists()


def test_a_model_that_cannot_load_is_the_first_error_and_the_exit_1_within_a_minute(
    cluster: Nodes, config_file: Path, document: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "no-model").mkdir()
    role = {"engine": "vllm", "model": str(tmp_path / "no-model"), "resources": {"cpus": 1, "gpus": 0}}
    document["explorer"] = {**role, "paths": 2}
    config_file.write_text(yaml.safe_dump(document))
    for _ in range(2):  # alone it takes a quarter of a minute; another test may have the machine once, not twice
        start = time.monotonic()
        done = a2r("run", str(config_file), nodes=cluster)
        took_s = time.monotonic() - start
        assert done.returncode == 1
        [error] = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        assert error.startswith("error: the engine of the explorer cannot start: vLLM cannot load")
        assert str(tmp_path / "no-model") in done.stderr
        if took_s < 60:
            break
    assert took_s < 60


def test_a_signal_stops_it_and_the_same_command_continues(
    cluster: Nodes, config_file: Path, document: dict[str, Any]
) -> None:
    document["explorer"]["simulated"] = {"latency_s": {"median": 0.3, "sigma": 0.3}}
    document["explorer"]["engine_args"] = {"max_num_seqs": 4}
    config_file.write_text(yaml.safe_dump(document))
    # A group of its own, to all of which the signal goes, as `timeout` and service managers have it.
    command = [*A2R, "run", str(config_file)]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    paths = Path(document["output"]) / "paths"
    deadline = time.monotonic() + 120
    while not (paths.exists() and list(paths.glob("*.parquet"))):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    family = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 143, errors
    wait_until(lambda: not any(alive(each) for each in family), 5, "a process is left behind")
    assert "stopped by SIGTERM; the same command continues" in errors
    record = json.loads((Path(document["output"]) / "run.json").read_text())
    assert record["attempts"][-1]["outcome"] == "interrupted"
    left = a2r("verify", document["output"])
    assert left.returncode == 4
    assert "still to be done (neither in results nor in rejects): p" in left.stdout
    done = a2r("run", str(config_file), "--json", "--set", "explorer.engine_args.max_num_seqs=256", nodes=cluster)
    assert done.returncode == 0, done.stderr
    receipt = json.loads(done.stdout)
    assert receipt["balanced"]
    assert 0 < receipt["paths"]["reused"] < receipt["paths"]["stored"] == 80
    assert a2r("verify", document["output"]).returncode == 0


@pytest.mark.parametrize("part", [0, 1])
def test_a_signal_at_any_moment_ends_it_in_order(part: int, tmp_path: Path) -> None:
    # A run takes some 10 s, on a busy machine longer; `python -m tests.moments` has more of its moments.
    after_s = 0.3 + random.uniform(part, part + 1) * 5
    signum = random.choice([signal.SIGINT, signal.SIGTERM])
    moments.stopped_at(moments.write_config(tmp_path), after_s, signum, within_s=60)


def test_a_signal_while_the_command_is_still_imported_ends_it_in_order() -> None:
    code = """
import signal, sys

class Import:
    def find_spec(self, name, path=None, target=None):
        if name == "click":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Import())
from a2r_ray.cli import main
main()
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 130
    assert ended.stderr.endswith("\nstopped by SIGINT; the same command continues\n")
    assert "Traceback" not in ended.stderr


def test_a_signal_that_comes_while_python_clears_up_is_not_dropped() -> None:
    code = """
import signal, sys, time
from a2r_ray.cli import guarded

class Gone:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)

def command():
    Gone()
    time.sleep(60)

sys.exit(guarded(command))
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 143
    assert ended.stderr.startswith("stopping (SIGTERM); a second signal ends it at once\n")
    assert ended.stderr.endswith("\nstopped by SIGTERM; the same command continues\n")


@pytest.mark.parametrize(("ignored", "code"), [(False, 129), (True, 0)])
def test_a_terminal_that_closes_stops_it_but_where_nohup_has_it_ignored(*, ignored: bool, code: int) -> None:
    program = f"""
import signal, sys
from a2r_ray.cli import guarded

if {ignored}:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

def command():
    signal.raise_signal(signal.SIGHUP)
    return 0

sys.exit(guarded(command))
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == code
    assert ("stopped by SIGHUP; the same command continues" in ended.stderr) is not ignored


def test_an_output_that_can_be_none_is_a_mistake_of_the_config(config_file: Path, problems_file: Path) -> None:
    for command in ("validate", "run"):
        done = a2r(command, str(config_file), "--set", f"output={problems_file.parent}/{'x' * 300}")
        assert done.returncode == 2
        said = "a name in it is longer than the 255 bytes that the file system has for one; name another folder"
        assert said in done.stderr


def test_a_signal_after_the_first_second_stops_at_once(config_file: Path, document: dict[str, Any]) -> None:
    document["explorer"]["simulated"] = {"latency_s": {"median": 0.4}}
    config_file.write_text(yaml.safe_dump(document))
    process = subprocess.Popen([*A2R, "run", str(config_file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    paths = Path(document["output"]) / "paths"
    wait_until(lambda: bool(list(paths.glob("*.parquet"))), 120, "no path is written")
    family = psutil.Process(process.pid).children(recursive=True)
    deadline = time.monotonic() + 5
    while process.poll() is None and time.monotonic() < deadline:
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)  # signals of a kind that come together arrive as one
    assert process.returncode == 130
    wait_until_gone(family)


def test_a_python_that_lacks_what_it_needs_is_named_with_the_remedy(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # those of the test runner stay

    def lacking() -> int:
        raise ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow")

    assert guarded(lacking) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"error: {sys.executable} has no package pyarrow: install a2r_ray with what it needs")


def test_a_run_that_samples_until_its_votes_are_settled_is_continued_as_if_it_were_left_alone(
    cluster: Nodes, config_file: Path, document: dict[str, Any], tmp_path: Path
) -> None:
    document |= {"seed": 5, "method": {"skip_at_share": 1.0}}
    document["explorer"] |= {
        "paths": {"min": 2, "max": 6, "until": "decided"},
        "simulated": {"accuracy": 0.7, "latency_s": {"median": 0.3, "sigma": 0.5}},
        "engine_args": {"max_num_seqs": 4},
    }
    config_file.write_text(yaml.safe_dump(document))
    process = subprocess.Popen([*A2R, "run", str(config_file)], env=cluster.environment, stderr=subprocess.DEVNULL)
    paths = Path(document["output"]) / "paths"
    wait_until(lambda: bool(list(paths.glob("*.parquet"))), 120, "no path is written")
    process.kill()
    process.wait()
    quick = ("--json", "--set", "explorer.engine_args.max_num_seqs=256")
    found = {}
    for output in (document["output"], str(tmp_path / "alone")):
        done = a2r("run", str(config_file), *quick, "--set", f"output={output}", nodes=cluster)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["balanced"]
        wanted = "problem_id, route, answer, path_answers"
        found[output] = duckdb.sql(f"select {wanted} from '{output}/results/*.parquet' order by 1").fetchall()  # noqa: S608
        assert a2r("verify", output).returncode == 0
    continued, alone = found.values()
    assert continued == alone
    assert {route for _, route, _, _ in alone} == {"synthesized", "unanimous"}
    assert 2 < sum(len(answers) for _, _, _, answers in alone) / len(alone) < 6
    # Of other paths nothing is made again where the rule says that there are enough.
    wider = a2r("run", str(config_file), *quick, "--set", "explorer.paths.max=8", nodes=cluster)
    assert wider.returncode == 0, wider.stderr
    assert json.loads(wider.stdout)["paths"]["reused"] == sum(len(answers) for _, _, _, answers in alone)
    assert "settled" in a2r("run", str(config_file), "--set", "explorer.paths.max=8").stdout

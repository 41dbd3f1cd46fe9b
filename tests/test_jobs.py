"""The jobs as they are submitted: a head of its own, `ray job submit`, and the exit status that it reports."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tests.chaos import replicas
from tests.nodes import RAY, Nodes, wait_until

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def submit(cluster: Nodes) -> Any:
    """Submits a job to a `ray start --head`; returns the finished process."""

    def ray(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [RAY, "job", arguments[0], "--address", cluster.dashboard, *arguments[1:]]
        environment = cluster.environment
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)

    def run(*entrypoint: str, options: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        return ray("submit", "--working-dir", str(ROOT), *options, "--", sys.executable, *entrypoint)

    wait_until(lambda: cluster.job_server("/api/jobs/") is not None, 120, "the dashboard does not come up")
    run.ray = ray  # type: ignore[attr-defined]
    return run


@pytest.fixture
def config_file(document: dict[str, Any], tmp_path: Path) -> Path:
    document["synthesizer"]["simulated"] = {"accuracy": 0.9}
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def shown(script: str, config: Path, target: Path) -> list[str]:
    """What the README has a job do, with a config and a target of the test's own."""
    [line] = map(
        str, re.findall(rf"^ray job submit --working-dir \. -- python (jobs/{script}\.py .*)$", README, re.MULTILINE)
    )
    words: list[str] = line.split()
    words[words.index("--config") + 1], words[words.index("--to") + 1] = str(config), str(target)
    return words


def test_annotate_refuses_a_target_before_it_runs(config_file: Path, problems_file: Path) -> None:
    command = [sys.executable, str(ROOT / "jobs" / "annotate.py"), "--config", str(config_file), "--to"]
    done = subprocess.run([*command, str(problems_file)], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"error: {problems_file}: it is, or would be, part of the input" in done.stderr
    assert not (config_file.parent / "run").exists()


def test_annotate_keeps_every_row_and_adds_the_answers(
    submit: Any, config_file: Path, problems_file: Path, tmp_path: Path
) -> None:
    with problems_file.open("a") as file:
        file.write("{broken\n")
        file.write(json.dumps({"id": "p1", "problem": "What is 1 + 1?", "answer": 2, "topic": "sums"}) + "\n")
    target = tmp_path / "out" / "annotated.parquet"
    done = submit(*shown("annotate", config_file, target))
    assert done.returncode == 0, done.stdout + done.stderr
    rows = duckdb.sql(f"select * from '{target}' order by a2r_row").df()  # noqa: S608 (a test's own path)
    assert list(rows["a2r_row"]) == list(range(1, 23))
    assert list(rows["topic"][:20]) == ["sums"] * 20
    assert list(rows["answer"][:20]) == [2 * i for i in range(20)]
    assert rows["a2r_answer"][:20].notna().all()
    assert rows["a2r_answer"].isna()[20]
    assert rows["a2r_error"][20].startswith("malformed_json")
    assert rows["a2r_answer"][21] == rows["a2r_answer"][1]


def test_distill_writes_the_verified_syntheses_as_chats(submit: Any, config_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "samples.jsonl"
    done = submit(*shown("distill", config_file, target))
    assert done.returncode == 0, done.stdout + done.stderr
    samples = [json.loads(line) for line in target.read_text().splitlines()]
    assert 10 <= len(samples) <= 20
    for sample in samples:
        number = int(sample["problem_id"][1:])
        assert [message["role"] for message in sample["messages"]] == ["user", "assistant"]
        assert sample["messages"][0]["content"] == f"What is {number} + {number}?"
        assert rf"\boxed{{{2 * number}}}" in sample["messages"][1]["content"]


def test_a_relative_target_would_be_lost_with_the_job(submit: Any, config_file: Path) -> None:
    done = submit("jobs/annotate.py", "--config", str(config_file), "--to", "out/annotated.parquet")
    assert done.returncode == 1
    assert (
        "error: --to out/annotated.parquet: it lies in the copy of the working directory" in done.stdout + done.stderr
    )


def test_a_job_that_fails_says_so(submit: Any, config_file: Path, document: dict[str, Any], tmp_path: Path) -> None:
    document["explorer"]["simulated"] = {"faults": {"load": "no such model"}}
    config_file.write_text(yaml.safe_dump(document))
    done = submit("jobs/distill.py", "--config", str(config_file), "--to", str(tmp_path / "s.jsonl"))
    assert done.returncode == 1
    assert "error: the engine of the explorer cannot start: no such model" in done.stdout + done.stderr


def test_ray_job_stop_stops_it_in_order(
    submit: Any, cluster: Nodes, config_file: Path, document: dict[str, Any], tmp_path: Path
) -> None:
    document["explorer"] |= {"simulated": {"latency_s": {"median": 1.0}}, "engine_args": {"max_num_seqs": 2}}
    config_file.write_text(yaml.safe_dump(document))
    output = Path(document["output"])
    entrypoint = ["jobs/distill.py", "--config", str(config_file), "--to", str(tmp_path / "s.jsonl")]
    submitted = submit(*entrypoint, options=["--no-wait", "--submission-id", "to-be-stopped"])
    assert submitted.returncode == 0, submitted.stderr
    wait_until(lambda: bool(list((output / "paths").glob("*.parquet"))), 120, "no path is written")
    stopped = submit.ray("stop", "to-be-stopped")
    assert stopped.returncode == 0, stopped.stderr
    assert (output / "receipt.json").exists(), submit.ray("logs", "to-be-stopped").stdout
    assert json.loads((output / "receipt.json").read_text())["outcome"] == "interrupted"
    assert json.loads((output / "run.json").read_text())["attempts"][-1]["outcome"] == "interrupted"
    wait_until(lambda: not replicas(cluster.head.pid), 20, "replicas are left")

"""The whole way with a real engine in both roles: vLLM on CPU, two pools, the embedded model."""

import json
import os
import random
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from a2r_ray.cli.commands import cli
from a2r_ray.records import PATH_SCHEMA, RESULT_SCHEMA
from tests.chaos import family, kill_a_replica, said, start, title, wait_for_more_paths, wait_until_gone
from tests.nodes import wait_until

MODEL = Path(__file__).parent.parent / "models" / "SmolLM2-135M-Instruct"
PROBLEMS, PATHS = 12, 3


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A finished run of twelve sums and one prompt that no context holds, by the real command."""
    assert MODEL.exists(), "make setup puts the model there"
    folder = tmp_path_factory.mktemp("vllm")
    rows = [{"id": f"p{i}", "problem": f"What is {i} + {i}?", "answer": 2 * i} for i in range(PROBLEMS)]
    rows.append({"id": "long", "problem": "word " * 9000, "answer": 0})
    (folder / "problems.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    role = {
        "model": str(MODEL),
        "sampling": {"temperature": 0.8, "max_tokens": 24},
        "resources": {"cpus": 1, "gpus": 0},
        "engine_args": {"max_num_seqs": 12},
    }
    document = {
        "input": {"path": str(folder / "problems.jsonl"), "id_column": "id", "answer_column": "answer"},
        "output": str(folder / "run"),
        "schedule": "streaming",
        # With few seats it still explores when the synthesizer has loaded, also where that takes a while longer.
        "explorer": {**role, "paths": PATHS, "engine_args": {"max_num_seqs": 4}},
        "synthesizer": role,
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(document))
    command = [
        sys.executable,
        "-c",
        "from a2r_ray.cli import main; main()",
        "run",
        str(folder / "config.yaml"),
        "--json",
    ]
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, env=environment, check=False)
    assert done.returncode == 3, done.stderr
    receipt: dict[str, Any] = json.loads(done.stdout)
    return folder / "run", receipt


def query(run: Path, table: str, columns: str) -> list[Any]:
    found: list[Any] = duckdb.sql(f"select {columns} from '{run}/{table}/*.parquet'").fetchall()  # noqa: S608 (a test's own path)
    return found


def test_every_problem_is_in_results_or_rejects_exactly_once(finished: tuple[Path, dict[str, Any]]) -> None:
    run, receipt = finished
    assert receipt["balanced"]
    assert (receipt["input"], receipt["ok"], receipt["failed"]) == (PROBLEMS + 1, PROBLEMS, 1)
    assert sorted(query(run, "results", "problem_id")) == sorted((f"p{i}",) for i in range(PROBLEMS))
    [(problem, kind, error)] = query(run, "rejects", "problem_id, error_kind, error")
    assert (problem, kind) == ("long", "prompt_too_long")
    assert "the model's context is 8192" in error


def test_synthesis_begins_before_exploration_ends(finished: tuple[Path, dict[str, Any]]) -> None:
    run, _ = finished
    [(first_result,)] = query(run, "results", "min(finished_at)")
    [(last_path,)] = query(run, "paths", "max(finished_at)")
    assert first_result < last_path - timedelta(0)


def test_token_counts_equal_the_engine_s_own(finished: tuple[Path, dict[str, Any]]) -> None:
    from tokenizers import Tokenizer

    run, receipt = finished
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    rows = query(run, "paths", "text, completion_tokens, finish_reason, error")
    for text, tokens, reason, error in rows:
        if not error:
            # The engine counts the end token, which is no text; what it cut off has exactly its limit.
            assert tokens == 24 if reason == "length" else tokens <= 24
            assert abs(len(tokenizer.encode(text).ids) + (reason == "stop") - tokens) <= 2
    explorer, synthesizer = receipt["tokens"]["explorer"], receipt["tokens"]["synthesizer"]
    assert receipt["tokens"]["paid_twice"] == 0  # vLLM's own counters, last reported, are no higher
    assert query(run, "paths", "sum(prompt_tokens), sum(completion_tokens)") == [
        (explorer["prompt"], explorer["completion"])
    ]
    sums = "sum(synthesizer_prompt_tokens), sum(synthesizer_completion_tokens)"
    assert query(run, "results", sums) == [(synthesizer["prompt"], synthesizer["completion"])]


def test_the_files_have_the_contract_s_schemas(finished: tuple[Path, dict[str, Any]]) -> None:
    import pyarrow.parquet as pq

    run, _ = finished
    for table, schema in (("paths", PATH_SCHEMA), ("results", RESULT_SCHEMA)):
        for file in (run / table).iterdir():
            assert pq.read_schema(file).equals(schema)
    described = duckdb.sql(f"describe select * from '{run}/results/*.parquet'").fetchall()  # noqa: S608 (a test's own path)
    assert [(name, kind) for name, kind, *_ in described][:3] == [
        ("problem_id", "VARCHAR"),
        ("problem", "VARCHAR"),
        ("messages", "VARCHAR"),
    ]


def test_paths_of_one_problem_differ(finished: tuple[Path, dict[str, Any]]) -> None:
    run, _ = finished
    [(distinct, total)] = query(run, "paths", "count(distinct text), count(*)")
    assert distinct > total / 2


def generated(run: Path) -> int:
    """Completion tokens, as the replicas reported them."""
    return sum(json.loads((run / "generated.json").read_text()).values())


def stored(run: Path) -> int:
    results = query(run, "results", "sum(synthesizer_completion_tokens)") if list(run.glob("results/*.parquet")) else []
    return sum(tokens or 0 for (tokens,) in [*results, *query(run, "paths", "sum(completion_tokens)")])


def write_sums(folder: Path, problems: int) -> Path:
    """A config for so many sums, with four paths each, and one engine for both roles."""
    rows = [{"id": f"p{i}", "problem": f"What is {i} + {i}?", "answer": 2 * i} for i in range(problems)]
    (folder / "problems.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    role = {
        "model": str(MODEL),
        "sampling": {"temperature": 0.8, "max_tokens": 48},
        "resources": {"cpus": 2, "gpus": 0},
        # Two layers of thirty, and no weights: what is said does not matter here, and loads and steps cost little.
        "engine_args": {"max_num_seqs": 12, "hf_overrides": {"num_hidden_layers": 2}, "load_format": "dummy"},
    }
    document = {
        "input": {"path": str(folder / "problems.jsonl"), "id_column": "id", "answer_column": "answer"},
        "output": str(folder / "run"),
        "schedule": "shared",
        "explorer": {**role, "paths": 4},
        "synthesizer": role,
    }
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(document))
    return config


@pytest.mark.timeout(600)  # four engines load one after the other, on a slow machine half a minute each
def test_three_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    # So many that even a fast machine is still at work when it is killed again.
    run, config = tmp_path / "run", write_sums(tmp_path, 28)
    # The engine has a process of its own; told so by a 1 it would have a worker's on top, on CPU only.
    as_on_a_gpu = {"VLLM_ENABLE_V1_MULTIPROCESSING": "2"}
    process = start(config, **as_on_a_gpu)
    wait_for_more_paths(process, run)
    wait_until(lambda: generated(run) > stored(run), 60, "nothing is in flight")
    own = family(process.pid)
    assert kill_a_replica(process.pid, random.Random(0)) == 1
    process.kill()
    process.wait()
    wait_until_gone(own)  # the engine, too: it would keep its GPU
    process = start(config, **as_on_a_gpu)
    wait_for_more_paths(process, run)
    [core] = [each for each in family(process.pid) if "EngineCore" in title(each)]
    core.kill()
    assert process.wait(timeout=300) == 3, said(config).read_text()  # without weights hardly anything is an answer
    receipt = json.loads((run / "receipt.json").read_text())
    assert receipt["balanced"]
    assert query(run, "results", "count(*), count(distinct problem_id)") == [(28, 28)]
    assert query(run, "paths", "count(*), count(distinct (problem_id, path_index))") == [(112, 112)]
    assert query(run, "paths", "count(distinct replica)") == [(3,)]
    # 12 requests of 48 tokens in flight, and what waited for its flush.
    assert 0 < receipt["tokens"]["paid_twice"] <= 3 * (12 * 48 + 5 * 400)
    assert cli(["verify", str(run)], standalone_mode=False) == 0
    lost = receipt["tokens"]["paid_twice"]
    print(f"{lost / (lost + receipt['tokens']['explorer']['completion']):.1%} of the explorer's tokens were paid twice")

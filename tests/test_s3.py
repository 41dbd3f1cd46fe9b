"""A run on object storage: real processes, a real S3 server on the loopback, input and run folder both there."""

import json
import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from pyarrow import fs

from a2r_ray.answers.judging import Answers
from a2r_ray.config.enclosing import encloses
from a2r_ray.config.input import InputConfig
from a2r_ray.config.loading import parse_config
from a2r_ray.errors import InputError, OutputError
from a2r_ray.export import write_samples
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.target import check_target
from a2r_ray.sources import doubts, open_source
from tests.chaos import A2R
from tests.nodes import Nodes
from tests.s3_server import SECRET, Fault, S3Server, s3_server

INPUT = "bucket/problems.jsonl"
PATH_KEY = ["problem_id", "path_index", "round", "explorer"]
ENTRIES = re.compile(r"(run|receipt|generated)\.json|(paths|results)/\w+-\w+-\d{5}\.parquet")


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    rows = [{"id": f"p{i}", "problem": f"What is {i} + {i}?", "answer": 2 * i} for i in range(20)]
    with s3_server() as running:
        running.files.create_dir("bucket")
        with running.files.open_output_stream(INPUT) as stream:
            stream.write("".join(json.dumps(row) + "\n" for row in [*rows, rows[0]]).encode())
        yield running


def a2r(environment: dict[str, str], *arguments: str) -> dict[str, Any]:
    """Arguments of a process that runs the command."""
    return {"args": [*A2R, *arguments], "env": dict(os.environ) | environment, "text": True}


def write_config(path: Path, source: str, output: str) -> str:
    simulated = {"latency_s": {"median": 0.1, "sigma": 0.5}}
    role = {"engine": "simulated", "resources": {"cpus": 0.5}}
    document = {
        "input": {"path": source, "id_column": "id", "answer_column": "answer"},
        "output": output,
        "seed": 1,
        "explorer": {
            **role,
            "model": "sim-small",
            "paths": 4,
            "simulated": simulated,
            "engine_args": {"max_num_seqs": 4},
        },
        "synthesizer": {**role, "model": "sim-large"},
    }
    path.write_text(yaml.safe_dump(document))
    return str(path)


def keys(server: S3Server, run: str, table: str, columns: list[str]) -> Counter[tuple[Any, ...]]:
    """The keys of a table, as any reader of Parquet sees them."""
    rows = pq.read_table(f"{run}/{table}", filesystem=server.files, columns=columns).to_pylist()
    return Counter(tuple(row[column] for column in columns) for row in rows)


@pytest.fixture(scope="module")
def undisturbed(server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """A run that nothing went wrong with; the server is named by the environment alone."""
    config = write_config(tmp_path_factory.mktemp("s3") / "config.yaml", f"s3://{INPUT}", "s3://bucket/undisturbed")
    return subprocess.run(
        **a2r(server.environment, "run", config, "--json", "--set", "explorer.engine_args.max_num_seqs=256"),
        capture_output=True,
        timeout=120,
        check=False,
    )


def test_where_an_annotated_dataset_may_go(server: S3Server, document: dict[str, Any]) -> None:
    config = parse_config(document)
    with server.files.open_output_stream("bucket/folder/file.parquet") as stream:
        stream.write(b"x")
    check_target(config, server.uri("bucket/new/out.parquet"))
    check_target(config, server.uri("bucket/folder/file.parquet"))
    with pytest.raises(OutputError, match=r"^s3://bucket/folder: it is a folder"):
        check_target(config, server.uri("bucket/folder"))
    server.fail(Fault("HEAD /bucket/folder/file.parquet"))
    try:
        with pytest.raises(OutputError, match=r"^s3://bucket/folder/file\.parquet: cannot be reached") as error:
            check_target(config, server.uri("bucket/folder/file.parquet"))
        assert SECRET not in str(error.value)
    finally:
        server.fail()


@pytest.mark.parametrize("path", ["data", "data/", "data/**", "da*/**"])
def test_what_of_a_folder_is_input(server: S3Server, path: str) -> None:
    names = [
        "a.jsonl",
        "lang=en/b.jsonl",
        "lang=en/_SUCCESS",
        "state.json",
        "run/run.json",
        "run/export.jsonl",
        ".c.jsonl",
    ]
    for name in names:
        with server.files.open_output_stream(f"bucket/data/{name}") as stream:
            stream.write(b'{"problem": "q", "answer": 1}\n')
    given = InputConfig(path=server.uri(f"bucket/{path}"), answer_column="answer")
    source = open_source(given)
    rows = [(raw.source, raw.row) for raw in source.rows()]
    assert rows == [
        ("s3://bucket/data/a.jsonl", {"problem": "q", "answer": 1}),
        ("s3://bucket/data/lang=en/b.jsonl", {"problem": "q", "answer": 1, "lang": "en"}),
    ]
    assert SECRET not in " ".join(doubts(source, [], Answers()))
    assert "bucket/data/run: left out" in doubts(source, [], Answers())[0]
    assert encloses(str(given.path), server.uri("bucket/data/run"))
    assert not encloses(str(given.path), server.uri("bucket/other"))
    with pytest.raises(InputError, match=r"^s3://bucket/data/run: it is the folder of a run"):
        open_source(InputConfig(path=server.uri("bucket/data/run")))


def test_a_run_completes_and_leaves_nothing_but_whole_files(
    server: S3Server, undisturbed: subprocess.CompletedProcess[str]
) -> None:
    assert undisturbed.returncode == 0, undisturbed.stderr
    phases = r"reading s3://\S+\nstarting Ray on this machine\nschedule \w+: [^\n]+\nloading the models\n"
    assert re.fullmatch(phases, undisturbed.stderr)
    receipt = json.loads(undisturbed.stdout)
    assert receipt["balanced"]
    assert (receipt["input"], receipt["ok"], receipt["duplicate"], receipt["outcome"]) == (21, 20, 1, "complete")
    assert receipt["paths"] == {"stored": 80, "sampled_this_attempt": 80, "reused": 0, "errors": 0, "cut_off": 0}
    paths = keys(server, "bucket/undisturbed", "paths", PATH_KEY)
    assert len(paths) == paths.total() == 80
    assert len(keys(server, "bucket/undisturbed", "results", ["problem_id"])) == 20
    below = server.files.get_file_info(fs.FileSelector("bucket/undisturbed", recursive=True))
    names = [info.path.removeprefix("bucket/undisturbed/") for info in below if info.type == fs.FileType.File]
    assert [name for name in names if not ENTRIES.fullmatch(name)] == []
    assert server.unfinished("bucket") == []


def test_a_killed_run_is_continued_by_the_same_command(
    server: S3Server, cluster: Nodes, undisturbed: subprocess.CompletedProcess[str], tmp_path: Path
) -> None:
    assert undisturbed.returncode == 0
    # Here the URIs say all that is needed, the secret included.
    config = write_config(tmp_path / "config.yaml", server.uri(INPUT), server.uri("bucket/killed"))
    # Of the paths one file gets through, and what is killed is about to try again with the next.
    server.fail(Fault("PUT /bucket/killed/paths/", skip=1))
    killed = subprocess.Popen(
        **a2r(cluster.environment, "run", config, "--json"), stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    while not any("/bucket/killed/paths/" in request and request.endswith(" 403") for request in server.requests()):
        assert killed.poll() is None, killed.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    killed.kill()
    killed.communicate()
    server.fail()
    done = subprocess.run(
        **a2r(cluster.environment, "run", config, "--json"), capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    receipt = json.loads(done.stdout)
    assert receipt["balanced"]
    assert 0 < receipt["paths"]["reused"] < receipt["paths"]["stored"] == 80
    for table, columns in (("paths", PATH_KEY), ("results", ["problem_id"])):
        assert keys(server, "bucket/killed", table, columns) == keys(server, "bucket/undisturbed", table, columns)
    with server.files.open_input_stream("bucket/killed/run.json") as stream:
        record = stream.read().decode()
    assert [attempt["outcome"] for attempt in json.loads(record)["attempts"]] == ["running", "complete"]
    assert SECRET not in done.stdout + done.stderr + record


def test_status_and_verify_read_it_from_there(server: S3Server, undisturbed: subprocess.CompletedProcess[str]) -> None:
    assert undisturbed.returncode == 0
    uri = server.uri("bucket/undisturbed")
    status = subprocess.run(**a2r({}, "status", uri, "--json"), capture_output=True, timeout=60, check=False)
    assert status.returncode == 0, status.stderr
    found = json.loads(status.stdout)
    assert (found["run"], found["outcome"], found["attempts"]) == ("s3://bucket/undisturbed", "complete", 1)
    assert (found["rows"], found["results"], found["rejects"], found["paths"]) == (21, 20, 0, 80)
    verified = subprocess.run(
        **a2r(server.environment, "verify", "s3://bucket/undisturbed"), capture_output=True, timeout=60, check=False
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_samples_are_written_to_it(server: S3Server, undisturbed: subprocess.CompletedProcess[str]) -> None:
    assert undisturbed.returncode == 0
    count = write_samples(Storage(server.uri("bucket/undisturbed")), server.uri("bucket/out/samples.parquet"))
    assert count == pq.read_table("bucket/out/samples.parquet", filesystem=server.files).num_rows > 5

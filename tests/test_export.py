"""What is written to train on: verified syntheses, as chats."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from a2r_ray.config.schema import Config
from a2r_ray.errors import OutputError
from a2r_ray.export import SAMPLE_SCHEMA, chat_samples, write_samples
from a2r_ray.records import Problem, Result
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.table import TableWriter
from tests.conftest import arrow, problem
from tests.runs.test_ledger import path
from tests.scripted import ScriptedEngine, said, synthesized


@pytest.fixture
def run(config: Config, tmp_path: Path) -> Storage:
    """Results of which the second is wrong, the third fell back to the vote, and the fourth began as a chat."""
    chat: Problem = problem(
        4, messages=({"role": "system", "content": "Add."}, {"role": "user", "content": "What is 4 + 4?"})
    )
    asked = [problem(1), problem(2), problem(3), chat]
    replies = {1: r"So \boxed{2}", 2: r"\boxed{5}", 3: "no answer", 4: r"\boxed{8} é"}
    engine = ScriptedEngine(
        lambda request: said(next(text for n, text in replies.items() if f"{n} + {n}" in str(request.messages)), 40, 7)
    )
    paths = [[replace(path(each.problem_id, 0), answer=each.reference_answer)] for each in asked]
    storage = Storage(str(tmp_path / "run"))
    writer = TableWriter(storage, "results", "w")
    made = synthesized(config, engine, asked, paths)
    writer.append(arrow(*(record for record in made if isinstance(record, Result))))
    writer.close()
    return storage


def test_only_verified_syntheses_become_samples(run: Storage) -> None:
    samples = list(chat_samples(run))
    assert [sample["problem_id"] for sample in samples] == ["p1", "p4"]
    assert samples[0]["messages"] == [
        {"role": "user", "content": "What is 1 + 1?"},
        {"role": "assistant", "content": r"So \boxed{2}"},
    ]
    assert [message["role"] for message in samples[1]["messages"]] == ["system", "user", "assistant"]


def test_they_are_the_same_in_either_format(run: Storage, tmp_path: Path) -> None:
    lines, table = tmp_path / "out" / "samples.jsonl", tmp_path / "samples.parquet"
    assert write_samples(run, str(lines)) == write_samples(run, str(table)) == 2
    assert [json.loads(line) for line in lines.read_text().splitlines()] == pq.read_table(table).to_pylist()
    assert pq.read_schema(table).equals(SAMPLE_SCHEMA)
    assert "é" in lines.read_text()


def test_a_uri_may_have_options(run: Storage, tmp_path: Path) -> None:
    assert write_samples(run, f"file://{tmp_path}/samples.parquet") == 2
    with pytest.raises(OutputError, match=r"s3://bucket/f: cannot be opened.*colour"):
        write_samples(run, "s3://bucket/f/samples.jsonl?colour=red")


def test_without_samples_the_file_is_there_and_empty(tmp_path: Path) -> None:
    assert write_samples(Storage(str(tmp_path / "none")), str(tmp_path / "samples.jsonl")) == 0
    assert (tmp_path / "samples.jsonl").read_bytes() == b""


def test_another_ending_is_refused(run: Storage, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"samples\.csv: samples are written as \.jsonl or \.parquet"):
        write_samples(run, str(tmp_path / "samples.csv"))

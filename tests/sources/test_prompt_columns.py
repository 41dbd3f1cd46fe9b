"""A run refuses prompts that have places for what its input has not, before anything is sampled."""

import json
from pathlib import Path
from typing import Any

import pytest

from a2r_ray.config.loading import parse_config
from a2r_ray.errors import ConfigError
from a2r_ray.records import Problem, Reject, hash_of
from a2r_ray.runs.folder import RunFolder
from a2r_ray.sources import Duplicate, open_source, read_problems, read_rows
from a2r_ray.sources.parsing import shown
from a2r_ray.sources.prompt_columns import FIRST_ROWS, checked_first_rows


def check(document: dict[str, Any], prompt: str) -> None:
    config = parse_config({**document, "explorer": {**document["explorer"], "prompt": prompt}})
    checked_first_rows(config, open_source(config.input))


def test_names_are_those_of_the_first_rows(document: dict[str, Any], problems_file: Path) -> None:
    check(document, "{problem} {topic}")
    with pytest.raises(ConfigError, match=r"explorer\.prompt: unknown \{rare\}; known are \{problem\}, \{id\}, "):
        check(document, "{problem} {rare}")
    rows = problems_file.read_text().splitlines()[: FIRST_ROWS - 1]
    rows.append(json.dumps({"id": "r", "problem": "q", "rare": 1}))
    problems_file.write_text("\n".join(rows))
    check(document, "{problem} {rare}")


def read(document: dict[str, Any], rows: list[dict[str, Any]], tmp_path: Path) -> list[Any]:
    path = tmp_path / "shown.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    given = {"path": str(path)} | ({"id_column": "id"} if "id" in rows[0] else {})
    config = parse_config({**document, "input": given})
    return list(read_problems(open_source(config.input)))


@pytest.fixture
def translating(document: dict[str, Any]) -> dict[str, Any]:
    prompt = "Say in {language}, for {reader.age}: {problem}"
    return {**document, "explorer": {**document["explorer"], "prompt": prompt}}


def test_the_same_words_with_another_column_shown_are_another_problem(
    translating: dict[str, Any], document: dict[str, Any], tmp_path: Path
) -> None:
    rows: list[dict[str, Any]] = [{"problem": "cat", "language": name, "reader": {"age": 3}} for name in ("fr", "de")]
    rows += [{**rows[0], "reader": {"age": 4}}, {**rows[0], "other": 1}]
    found = read(translating, rows, tmp_path)
    assert [type(each) for each in found] == [Problem, Problem, Problem, Duplicate]
    assert len({each.problem_id for each in found}) == len({hash_of(each) for each in found[:3]}) == 3
    assert found[3].problem_hash == hash_of(found[0])
    assert [type(each) for each in read(document, rows, tmp_path)] == [Problem, Duplicate, Duplicate, Duplicate]


def test_an_id_with_another_column_shown_is_a_reject(translating: dict[str, Any], tmp_path: Path) -> None:
    rows = [{"id": "a", "problem": "cat", "language": name} for name in ("fr", "de")]
    first, second = read(translating, rows, tmp_path)
    assert first.shown == '[["language","fr"]]'
    assert (second.error_kind, second.problem_id) == ("duplicate_id", "a")


def test_paths_of_a_run_are_known_by_what_that_run_showed(translating: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "shown.jsonl"
    path.write_text('{"problem": "cat", "language": "fr", "tone": "dry"}\n')
    first = parse_config({**translating, "input": {"path": str(path)}, "output": str(tmp_path / "first")})
    RunFolder.open(first).finish("complete")
    reading = {"engine": "simulated", "model": "s", "prompt": "{problem} {tone} {references}"}
    paths = {"source": "paths", "path": first.output}
    second = parse_config({"input": paths, "output": str(tmp_path / "second"), "synthesizer": reading})
    own, other = (next(read_problems(open_source(each.input))) for each in (first, second))
    assert isinstance(own, Problem)
    assert isinstance(other, Problem)
    assert own.problem_id == other.problem_id
    assert other.shown == '[["language","fr"],["tone","dry"]]'  # what its answers hang on
    source = open_source(second.input)
    assert shown(other.metadata, source.config.sampled_with) == own.shown  # what the paths do
    assert list(read_problems(open_source(source.config.as_sampled))) == [own]


def test_rows_that_the_run_which_sampled_the_paths_took_for_one_are_told_so(
    translating: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "shown.jsonl"
    path.write_text("".join(f'{{"problem": "cat", "language": "fr", "tone": "{tone}"}}\n' for tone in ("dry", "warm")))
    first = parse_config({**translating, "input": {"path": str(path)}, "output": str(tmp_path / "first")})
    RunFolder.open(first).finish("complete")
    assert [type(each) for each in read_problems(open_source(first.input))] == [Problem, Duplicate]
    reading = {"engine": "simulated", "model": "s", "prompt": "{problem} {tone} {references}"}
    paths = {"source": "paths", "path": first.output}
    second = parse_config({"input": paths, "output": str(tmp_path / "second"), "synthesizer": reading})
    source = open_source(second.input)
    [_, told] = [record for _, record in read_rows(source)]
    assert isinstance(told, Reject)
    assert told.error.startswith(f"it asks the same as {path}:1, and has another known answer, or another column")
    assert "input.id_column" in told.error

"""The input of a run beside what its folder holds, and the paths of another run beside that one's input."""

import json
from pathlib import Path as FilePath

import pytest

from a2r_ray.config.input import InputConfig
from a2r_ray.config.loading import parse_config
from a2r_ray.config.schema import Config
from a2r_ray.errors import InputError
from a2r_ray.runs.folder import RunFolder
from a2r_ray.runs.storage import Storage
from a2r_ray.sources import open_source
from a2r_ray.sources.given import check_paths, given, problems, unused_paths
from tests.runs.test_supersede import put, result


@pytest.fixture
def config(tmp_path: FilePath) -> Config:
    rows = [{"id": f"p{number}", "problem": f"What is {number} + {number}?"} for number in (1, 2)]
    path = tmp_path / "problems.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    role = {"engine": "simulated", "model": "sim"}
    source = {"path": str(path), "id_column": "id"}
    return parse_config({"input": source, "output": str(tmp_path / "run"), "explorer": role})


def edit(config: Config, old: str, new: str) -> None:
    path = FilePath(str(config.input.path))
    path.write_text(path.read_text().replace(old, new))


def test_an_input_tells_its_version_and_its_problems(config: Config) -> None:
    source = open_source(config.input)
    found = given(config, source, 2)
    assert found.rows == 2
    assert found.version == source.version()
    assert [each.problem_id for each in found.problems()] == ["p1", "p2"]
    assert found.changed_paths(Storage(config.output)) == []
    edit(config, "1 + 1", "1 + 17")
    assert given(config, open_source(config.input), 2).version != found.version


def test_rows_that_are_no_problems_are_left_out(config: Config) -> None:
    edit(config, '"What is 1 + 1?"', "null")
    assert [each.problem_id for each in problems(open_source(config.input))] == ["p2"]


@pytest.mark.parametrize(("old", "new"), [("2 + 2", "2 + 3"), ('"p2"', '"p3"')], ids=["question", "id"])
def test_paths_of_a_run_whose_input_has_changed_are_refused(old: str, new: str, config: Config) -> None:
    source = open_source(config.input)
    RunFolder.open(config, given(config, source, 2)).finish("complete")
    put(Storage(config.output), "results", "w", [result(config, 1, 2), result(config, 2, 4)])
    paths = open_source(InputConfig(source="paths", path=config.output))
    check_paths(paths)
    edit(config, old, new)
    with pytest.raises(InputError, match=r"input of that run has changed.*\bp2\b(?s:.*)--changed redo"):
        check_paths(paths)


def test_another_row_more_is_no_change_of_its_paths(config: Config) -> None:
    source = open_source(config.input)
    RunFolder.open(config, given(config, source, 2)).finish("complete")
    put(Storage(config.output), "results", "w", [result(config, 1, 2), result(config, 2, 4)])
    edit(config, '{"id": "p1"', '{"id": "p0", "problem": "new"}\n{"id": "p1"')
    check_paths(open_source(InputConfig(source="paths", path=config.output)))
    check_paths(source)  # what is no run folder has no paths of another


def test_that_fewer_paths_are_used_than_there_are_is_told(config: Config, tmp_path: FilePath) -> None:
    RunFolder.open(config).finish("complete")
    role = {"engine": "simulated", "model": "sim"}
    paths = {"source": "paths", "path": config.output}
    assert config.explorer is not None
    for used in (config.explorer.paths.max, config.explorer.paths.max - 1):
        explorer = {**role, "paths": used}
        second = parse_config(
            {"input": paths, "output": str(tmp_path / "b"), "explorer": explorer, "synthesizer": role}
        )
        told = unused_paths(second, open_source(second.input))
        assert bool(told) is (used < config.explorer.paths.max)
    assert told[0].endswith(f"of which {used} are used; all with --set explorer.paths={config.explorer.paths.max}")
    assert unused_paths(config, open_source(config.input)) == []

"""What goes along with a job: by Ray's rules, small, and with all that the config needs."""

from pathlib import Path

import pytest

from a2r_ray.cluster import parcel
from a2r_ray.cluster.parcel import Parcel, check_goes_along, pack
from a2r_ray.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small project."""
    names = ["a.yaml", "data/one.jsonl", "data/two.jsonl", "runs/a/run.json", "models/m.bin", ".git/config", "x/y.log"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("12345")
    (tmp_path / ".gitignore").write_text("/runs/\n")
    (tmp_path / ".rayignore").write_text("/models/\n")
    (tmp_path / "x" / ".gitignore").write_text("*.log\n")
    return tmp_path


def test_what_is_ignored_stays(folder: Path) -> None:
    files = set(pack(folder).files)
    assert files == {"a.yaml", "data/one.jsonl", "data/two.jsonl", ".gitignore", ".rayignore", "x/.gitignore"}


def test_it_says_how_much_it_is() -> None:
    assert str(Parcel(Path("/p"), {"a": 1_500, "b/c": 500})) == "2 files of /p, 2.0 kB"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("data/one.jsonl", True),
        ("./data/one.jsonl", True),
        ("data", True),
        ("data/", True),
        ("data/*.jsonl", True),
        (".", True),
        ("data/three.jsonl", False),
        ("dat", False),
        ("runs/a/run.json", False),
        ("*.csv", False),
    ],
)
def test_it_knows_what_it_has(folder: Path, path: str, found: bool) -> None:  # noqa: FBT001
    assert pack(folder).has(path) is found


def test_too_much_is_refused_with_what_is_largest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "data" / "one.jsonl").write_text("1" * 5_000)
    (folder / "runs" / "large").write_text("1" * 50_000)
    monkeypatch.setattr(parcel, "MOST_BYTES", 60_000)
    pack(folder)
    monkeypatch.setattr(parcel, "MOST_BYTES", 4_000)
    with pytest.raises(ConfigError, match=r"more than 4\.0 kB would go along .*data \(5\.0 kB\).*\.rayignore"):
        pack(folder)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere: no such folder"):
        pack(tmp_path / "nowhere")


def problems_with(folder: Path, config: str, path: str, source: str = "file") -> list[str]:
    try:
        check_goes_along(pack(folder), folder / config, {"input": {"source": source, "path": path}})
    except ConfigError as error:
        return error.problems
    return []


@pytest.mark.parametrize("path", ["data/*.jsonl", "/mnt/all.jsonl", "~/all.jsonl", "s3://bucket/all.jsonl"])
def test_what_goes_along_or_is_there_is_no_problem(folder: Path, path: str) -> None:
    assert problems_with(folder, "a.yaml", path) == []


def test_the_name_of_a_dataset_is_no_path(folder: Path) -> None:
    assert problems_with(folder, "a.yaml", "openai/gsm8k", source="huggingface") == []
    assert problems_with(folder, "a.yaml", "runs/a", source="paths") != []


def test_what_the_job_would_not_find_is_named_with_the_remedy(folder: Path) -> None:
    [config, path] = problems_with(folder, "runs/a/run.json", "runs/problems.jsonl")
    assert config.startswith(f"{folder}/runs/a/run.json: does not go along")
    assert path.startswith("input.path: runs/problems.jsonl: does not go along")
    assert "--working-dir" in config
    [outside] = problems_with(folder, "../b.yaml", "data")
    assert "b.yaml: does not go along" in outside


@pytest.mark.parametrize(("output", "stays"), [("runs/a", False), ("/mnt/a", True), ("~/a", True), ("gs://b/a", True)])
def test_an_output_that_would_go_with_the_job_is_named_before(folder: Path, output: str, *, stays: bool) -> None:
    document = {"input": {"path": "data"}, "output": output}
    if stays:
        check_goes_along(pack(folder), folder / "a.yaml", document)
        return
    with pytest.raises(ConfigError, match=r"output: runs/a: would lie in the copy .* --set output=s3://"):
        check_goes_along(pack(folder), folder / "a.yaml", document)

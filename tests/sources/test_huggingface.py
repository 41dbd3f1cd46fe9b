"""Hugging Face datasets from local folders: saved ones and data files; what is missing is named with a remedy."""

import json
from pathlib import Path
from typing import Any

import datasets
import pytest

from a2r_ray.config.input import InputConfig
from a2r_ray.errors import InputError
from a2r_ray.records import Problem, Reject
from a2r_ray.sources import Source, open_source, read_problems


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets.enable_progress_bars()
    for name in ("HF_CACHE_HOME", "HF_DATASETS_CACHE", "HF_MODULES_CACHE", "DOWNLOADED_DATASETS_PATH"):
        monkeypatch.setattr(datasets.config, name, tmp_path / "cache" / name, raising=False)


def some(*names: str) -> datasets.Dataset:
    return datasets.Dataset.from_list([{"question": name, "n": i} for i, name in enumerate(names)])


def config(path: object, **fields: Any) -> InputConfig:
    return InputConfig(source="huggingface", path=str(path), **{"problem_column": "question", **fields})


def problems(config: InputConfig) -> list[tuple[str, int, str]]:
    source: Source = open_source(config)
    records = list(read_problems(source))
    assert source.count() == len(records)
    return [(record.source, record.line, record.problem) for record in records if isinstance(record, Problem)]


def test_a_split_of_a_saved_dict(tmp_path: Path) -> None:
    datasets.DatasetDict({"train": some("a"), "test": some("b", "c")}).save_to_disk(tmp_path / "saved")
    name = f"{tmp_path}/saved:test"
    assert problems(config(tmp_path / "saved", split="test")) == [(name, 1, "b"), (name, 2, "c")]
    with pytest.raises(InputError, match=r"no split `dev`; set input\.split to one of train, test"):
        open_source(config(tmp_path / "saved", split="dev"))
    with pytest.raises(InputError, match=r"has no subsets; leave input\.subset out"):
        open_source(config(tmp_path / "saved", split="test", subset="main"))


def test_a_folder_has_one_name_in_every_copy_of_a_ray_job(tmp_path: Path) -> None:
    for name in ("_ray_pkg_1", "_ray_pkg_2"):
        folder = tmp_path / "runtime_resources" / "working_dir_files" / name / "saved"
        some("a").save_to_disk(folder)
        assert problems(config(folder)) == [("saved:train", 1, "a")]


def test_a_saved_dataset(tmp_path: Path) -> None:
    some("a", "b").save_to_disk(tmp_path / "saved")
    assert [row[2] for row in problems(config(tmp_path / "saved"))] == ["a", "b"]


def test_a_selection_keeps_its_order_and_rows_their_types(tmp_path: Path) -> None:
    some("a", "b", "c").select([2, 0]).save_to_disk(tmp_path / "saved")
    rows = [row.row for row in open_source(config(tmp_path / "saved")).rows()]
    assert rows == [{"question": "c", "n": 2}, {"question": "a", "n": 0}]


def test_a_folder_of_data_files(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for split in ("train", "test"):
        (folder / f"{split}.jsonl").write_text(json.dumps({"question": f"of {split}"}) + "\n")
    assert [row[2] for row in problems(config(folder, split="test"))] == ["of test"]
    assert "examples" not in capfd.readouterr().err
    with pytest.raises(InputError, match=r'Unknown split "dev".*test') as raised:
        open_source(config(folder, split="dev"))
    assert "check input.path, input.subset and input.split" in str(raised.value)


def test_images_are_not_decoded(tmp_path: Path) -> None:
    rows = {"question": ["a"], "image": [{"bytes": b"no image", "path": None}]}
    features = datasets.Features({"question": datasets.Value("string"), "image": datasets.Image()})
    datasets.Dataset.from_dict(rows, features=features).save_to_disk(tmp_path / "saved")
    record = next(iter(read_problems(open_source(config(tmp_path / "saved")))))
    assert isinstance(record, Problem)
    assert json.loads(record.metadata) == {"image": {"bytes": "<8 bytes>", "path": None}}


def test_a_bad_row_is_a_reject_with_its_number(tmp_path: Path) -> None:
    some("a", " ").save_to_disk(tmp_path / "saved")
    _, bad = read_problems(open_source(config(tmp_path / "saved")))
    assert isinstance(bad, Reject)
    assert (bad.line, bad.error_kind, json.loads(bad.row)) == (2, "empty_problem", {"question": " ", "n": 1})


def test_an_unknown_column_is_an_error(tmp_path: Path) -> None:
    some("a").save_to_disk(tmp_path / "saved")
    with pytest.raises(InputError, match=r"lacks input\.answer_column `a`; .* `question`, `n`"):
        open_source(config(tmp_path / "saved", answer_column="a"))


def test_a_dataset_out_of_reach_is_an_error_that_says_why() -> None:
    with pytest.raises(InputError, match=r"nobody/nothing:main:train: cannot be loaded") as raised:
        open_source(config("nobody/nothing", subset="main"))
    assert "unset HF_HUB_OFFLINE" in str(raised.value)
    assert "save_to_disk" in str(raised.value)


def test_files_and_missing_folders_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n")
    with pytest.raises(InputError, match=r"set input\.source to file"):
        open_source(config(tmp_path / "a.jsonl"))
    with pytest.raises(InputError, match="no such folder"):
        open_source(config(tmp_path / "nowhere"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="cannot be loaded"):
        open_source(config(tmp_path / "empty"))

"""Where what is made of a run may be written is told before the run."""

from pathlib import Path
from typing import Any

import pytest

from a2r_ray.config.loading import parse_config
from a2r_ray.errors import OutputError
from a2r_ray.runs.target import check_target


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("in/out.parquet", "part of the input"),
        ("in/a.jsonl", "part of the input"),
        ("run/out.parquet", "lies in the run folder"),
        ("run/results/x.parquet", "lies in the run folder"),
        ("folder", "it is a folder"),
        ("folder/", "names a folder"),
        ("file/out.parquet", "cannot be written: .*/file is a file"),
        ("file/deep/out.parquet", "cannot be written: .*/file is a file"),
    ],
)
def test_a_target_that_cannot_be_is_told_before_the_run(
    target: str, error: str, document: dict[str, Any], tmp_path: Path
) -> None:
    for name in ("in", "folder"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "in" / "a.jsonl").write_text('{"problem": "x"}\n')
    document["input"] = {"path": str(tmp_path / "in")}
    config = parse_config(document)
    with pytest.raises(OutputError, match=error):
        check_target(config, f"{tmp_path}/{target}")
    check_target(config, f"{tmp_path}/new/folder/out.parquet")
    check_target(config, f"file://{tmp_path}/out.parquet")
    assert not (tmp_path / "new").exists()

"""An output inside the input is refused when the config is loaded, however the two are written."""

from pathlib import Path
from typing import Any

import pytest

from a2r_ray.config.enclosing import encloses
from a2r_ray.config.loading import parse_config
from a2r_ray.errors import ConfigError


@pytest.mark.parametrize(
    ("path", "output"),
    [
        ("{}/in", "{}/in/run"),
        ("{}/in", "{}/in"),
        ("{}/in/", "{}/in/deep/run"),
        ("{}/in", "{}/other/../in/run"),
        ("{}/link", "{}/in/run"),
        ("{}/in", "{}/link/run"),
        ("file://{}/in", "{}/in/run"),
        ("{}/in", "file://{}/in/run"),
        ("{}/in/**", "{}/in/run"),
        ("{}/in/**/*.parquet", "{}/in/run"),
        ("{}/in/*/*.json", "{}/in/run"),
        ("{}/link/*/*.json", "{}/in/run"),
        ("{}/i*/**", "{}/in/run"),
        ("s3://b/in", "s3://b/in/run"),
        ("s3://b/in/?region=x", "s3://b/in/run?region=x"),
        ("s3://b/x/../in", "s3a://b/in/run"),
        ("s3://key:secret@b/in", "s3://b/in"),
        ("gs://b", "gcs://b/run"),
        ("gs://b/in/**", "gs://b/in/run"),
        ("/", "{}/run"),
    ],
)
def test_an_output_inside_the_input(path: str, output: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "in")
    assert encloses(path.format(tmp_path), output.format(tmp_path))


@pytest.mark.parametrize(
    ("path", "output"),
    [
        ("{}/in", "{}/in-run"),
        ("{}/in", "{}/run"),
        ("{}/in/deep", "{}/in"),
        ("{}/in.jsonl", "{}/run"),
        ("{}/*.jsonl", "{}/run"),
        ("{}/in/*", "{}/in/run"),
        ("{}/in[1]", "{}/in1/run"),
        ("s3://b/in", "s3://c/in/run"),
        ("s3://b/in", "gs://b/in/run"),
        ("s3://b/in", "s3://b/inside"),
        ("org/name", "{}/org/name/run"),
    ],
)
def test_an_output_that_is_not_inside_the_input(
    path: str, output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in[1]").mkdir()
    monkeypatch.chdir(tmp_path)
    assert not encloses(path.format(tmp_path), output.format(tmp_path))


def test_it_is_refused_with_the_remedy(document: dict[str, Any], tmp_path: Path) -> None:
    document["input"]["path"] = str(tmp_path)
    with pytest.raises(ConfigError) as error:
        parse_config(document)
    [problem] = error.value.problems
    assert problem.startswith(f"output: {tmp_path}/run lies inside the input, {tmp_path}, ")
    assert problem.endswith("name a folder outside of it")

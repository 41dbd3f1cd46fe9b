"""A local run folder that would be lost, or that a node does not see, is refused with the remedy."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from a2r_ray.cluster.shared_folder import Look, is_there, output_looked_for, shared
from a2r_ray.errors import OutputError
from a2r_ray.runs.storage import Storage

NODES = {"a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3"}


def test_a_folder_that_all_nodes_see_is_taken_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    asked: list[str] = []

    def all_see(nodes: Mapping[str, str], probe: str) -> Callable[[], dict[str, str]]:
        asked.extend(nodes)
        return lambda: {} if Path(probe).exists() else dict(nodes)

    with shared(Storage(str(tmp_path)), tmp_path / "not" / "there" / "yet", NODES, all_see):
        assert list(tmp_path.iterdir())
    assert asked == ["a", "b", "c"]
    assert list(tmp_path.iterdir()) == []


def look(folder: Path, nodes: Mapping[str, str], blind: Mapping[str, str]) -> None:
    with shared(Storage(str(folder)), folder, nodes, lambda *_: lambda: blind):
        pass


def test_the_nodes_that_do_not_see_it_are_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        look(tmp_path, NODES, {"c": "another disk", "b": "it did not say"})
    text = str(caught.value)
    assert f"output {tmp_path}: it is a local folder, and not seen to be the same one on 2 of 3 other nodes" in text
    assert "\n  10.0.0.2: it did not say\n  10.0.0.3: another disk\n" in text
    assert "set `output` to an s3:// or gs:// URI, or to a folder that all nodes mount" in text
    assert caught.value.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_of_many_nodes_a_few_are_named(tmp_path: Path) -> None:
    nodes = {str(number): f"10.0.0.{number}" for number in range(1, 9)}
    with pytest.raises(OutputError, match=r"on 8 of 8 other nodes:\n(  \S+: no\n){5}  and 3 more\n"):
        look(tmp_path, nodes, dict.fromkeys(nodes, "no"))


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(OutputError, match="cannot be written: Permission denied"):
        look(tmp_path, NODES, {})


def check_output(output: Path | str, look: Look | None = None) -> None:
    with output_looked_for(str(output), look):
        pass


def test_the_copy_that_a_job_runs_in_is_no_place_for_results(tmp_path: Path) -> None:
    copy = tmp_path / "session" / "runtime_resources" / "working_dir_files" / "_ray_pkg_1"
    refused = "would be removed with it; name an absolute path"
    with pytest.raises(OutputError, match=refused):
        check_output(copy / "runs" / "a")
    copy.mkdir(parents=True)
    (tmp_path / "link").symlink_to(copy)
    with pytest.raises(OutputError, match=refused):
        check_output(tmp_path / "link" / "runs")


def test_object_storage_is_seen_from_everywhere() -> None:
    check_output("s3://bucket/run")


def test_a_file_that_appears_late_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a network's file system."""
    late = tmp_path / "late"
    monkeypatch.setattr("a2r_ray.cluster.shared_folder.time.sleep", lambda _: late.touch())
    assert is_there(str(late))

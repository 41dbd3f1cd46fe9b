"""A local run folder that would be lost, or that a node does not see, is refused with the remedy."""

from pathlib import Path

import pytest

from a2r_ray.cluster.shared_folder import check_output, check_shared
from a2r_ray.errors import OutputError
from a2r_ray.runs.storage import Storage

NODES = {"a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3"}


def test_a_folder_that_all_nodes_see_is_taken_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    asked: list[str] = []

    def sees(node: str, path: str) -> bool:
        asked.append(node)
        return Path(path).exists()

    check_shared(Storage(str(folder)), folder, NODES, sees)
    assert asked == ["a", "b", "c"]
    assert list(tmp_path.iterdir()) == []


def test_the_nodes_that_do_not_see_it_are_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        check_shared(Storage(str(tmp_path)), tmp_path, NODES, lambda node, path: node == "a" and Path(path).exists())
    assert "not seen by 2 of 3 nodes (10.0.0.2, 10.0.0.3)" in str(caught.value)
    assert "s3:// or gs:// URI, or to a folder that all nodes mount" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_the_copy_that_a_job_runs_in_is_no_place_for_results() -> None:
    copy = "/ray/session/runtime_resources/working_dir_files/_ray_pkg_1/runs/a"
    with pytest.raises(OutputError, match="would be removed with it; name an absolute path, or set `output` to"):
        check_output(Storage(copy))


def test_object_storage_is_seen_from_everywhere() -> None:
    check_output(Storage("s3://bucket/run"))


@pytest.mark.usefixtures("local_ray")
def test_a_single_node_needs_no_probe(tmp_path: Path) -> None:
    check_output(Storage(str(tmp_path / "run")))
    assert list(tmp_path.iterdir()) == []

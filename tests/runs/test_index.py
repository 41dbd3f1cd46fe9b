"""A problem's row groups are found by its key, and only those are read."""

from pathlib import Path as FilePath

import pytest

from a2r_ray.runs import table
from a2r_ray.runs.index import Index, hash_ids
from a2r_ray.runs.storage import Storage
from tests.runs.test_ledger import path, write


def texts(index: Index, ids: list[str]) -> list[str]:
    return [text.partition(":")[0] for group in index.row_groups(ids) for text in group["text"].to_pylist()]


def test_row_groups_of_several_problems_come_once_each(tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    write(run, "a", [path("p", 0), path("q", 0)])
    write(run, "b", [path("p", 1), path("r", 0)])
    write(run, "c", [path("s", 0)])
    index = Index(run, "paths", ["problem_id", "text"])
    assert texts(index, ["p"]) == []
    index.refresh()
    assert texts(index, ["p", "q", "nobody"]) == ["p/0", "q/0", "p/1", "r/0"]
    assert texts(index, ["s"]) == ["s/0"]
    assert texts(index, []) == []
    assert index.row_groups(["p"])[0].column_names == ["problem_id", "text"]


def test_what_is_not_looked_for_is_not_in_it(tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    write(run, "a", [path("p", 0, explorer="other"), path("q", 0)])
    index = Index(run, "paths", where=("explorer", ["e"]))
    index.refresh()
    assert texts(index, ["p"]) == []
    assert index.nbytes == 16


def test_a_row_group_is_read_once(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Storage(str(tmp_path))
    write(run, "a", [path("p", 0), path("q", 0)])
    index = Index(run, "paths")
    index.refresh()
    index.row_groups(["p"])

    def refuse(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(table, "open_file", refuse)
    assert len(texts(index, ["q"])) == 2


def test_hashes_are_the_same_in_every_process() -> None:
    assert hash_ids(["p0", "p1"]).tolist() == [4375752724811870923, 11407646959027041377]

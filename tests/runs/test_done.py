"""What has its row is known by its key, a rejected input row by its place."""

from pathlib import Path

import pytest

from a2r_ray.runs import done as module
from a2r_ray.runs.done import Concluded, place
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.table import TableWriter
from tests.runs.test_table import row


def reject(run: Storage, writer: str, *stages: tuple[int, str]) -> None:
    table = TableWriter(run, "rejects", writer)
    table.wait(table.append([{**row(number), "stage": stage} for number, stage in stages]))
    table.close()


def test_a_problem_is_known_by_its_id_and_an_input_row_by_its_place(tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    reject(run, "w", (3, "input"), (7, "explore"))
    keys = ["p7", "p3", place("file", 3), place("file", 7)]
    assert Concluded(run).of(keys).tolist() == [True, False, True, False]


def test_nothing_is_concluded_in_a_new_folder(tmp_path: Path) -> None:
    assert Concluded(Storage(str(tmp_path / "none"))).of(["p1", "p2"]).tolist() == [False, False]


def test_a_refresh_takes_in_what_was_stored_since(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Storage(str(tmp_path))
    concluded = Concluded(run)
    reject(run, "w", (7, "explore"))
    concluded.refresh()  # at once again: many calls ask for it together
    assert not concluded.of(["p7"])[0]
    monkeypatch.setattr(module, "_REFRESH_S", 0.0)
    concluded.refresh()
    assert concluded.of(["p7"])[0]

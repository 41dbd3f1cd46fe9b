"""A problem's paths are found by key, only its explorer's, and without reading the rest."""

from pathlib import Path as FilePath

import pytest

from a2r_ray.records import Path
from a2r_ray.runs import ledger as ledger_module
from a2r_ray.runs.ledger import PathLedger
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.table import TableWriter


def path(problem: str, index: int, explorer: str = "e") -> Path:
    return Path(problem, index, explorer, "m", f"text {problem}/{index}", "1", "stop", 3, 5, 0.5, references=(1, 2))


def write(run: Storage, name: str, paths: list[Path]) -> None:
    ledger = PathLedger(run, "e", TableWriter(run, "paths", name))
    ledger.writer.wait(ledger.append(paths))
    ledger.writer.close()


def test_paths_come_back_whole_and_in_order(tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    write(run, "a", [path("p", 2), path("q", 0), path("p", 0)])
    write(run, "b", [path("p", 1), path("p", 3, explorer="other")])
    ledger = PathLedger(run, "e")
    found = ledger.lookup("p")
    assert [each.path_index for each in found] == [0, 1, 2]
    assert found[0].text == "text p/0"
    assert found[0].references == (1, 2)
    assert [each.text for each in ledger.lookup("q")] == ["text q/0"]
    assert ledger.lookup("nobody") == []


def test_another_explorer_s_paths_are_not_seen(tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    write(run, "a", [path("p", 0, explorer="other")])
    assert PathLedger(run, "e").lookup("p") == []
    assert len(PathLedger(run, "other").lookup("p")) == 1


def test_an_empty_folder_has_no_paths(tmp_path: FilePath) -> None:
    assert PathLedger(Storage(str(tmp_path / "none")), "e").lookup("p") == []


def test_a_refresh_takes_in_what_was_stored_since(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Storage(str(tmp_path))
    monkeypatch.setattr(ledger_module, "_REFRESH_S", 0.0)
    ledger = PathLedger(run, "e", TableWriter(run, "paths", "mine", delay_s=0.0))
    for index in range(3):  # a file that grows under the ledger's eyes
        ledger.writer.wait(ledger.append([path("p", index)]))
        ledger.refresh()
        assert [each.path_index for each in ledger.lookup("p")] == list(range(index + 1))
    write(run, "other", [path("p", 3), path("q", 0)])
    assert ledger.lookup("q") == []
    ledger.refresh()
    assert [each.path_index for each in ledger.lookup("p")] == [0, 1, 2, 3]
    assert len(ledger.lookup("q")) == 1
    ledger.writer.close()


def test_it_holds_16_bytes_a_problem_and_row_group(tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    write(run, "a", [path(f"p{number}", index) for number in range(1000) for index in range(4)])
    assert PathLedger(run, "e").nbytes == 16 * 1000

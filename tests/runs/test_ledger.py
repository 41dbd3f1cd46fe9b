"""A problem's paths are found by key, only its explorer's, and without reading the rest."""

from pathlib import Path as FilePath

from a2r_ray.records import Path
from a2r_ray.runs.ledger import PathLedger, hash_ids
from a2r_ray.runs.storage import Storage


def path(problem: str, index: int, explorer: str = "e") -> Path:
    return Path(problem, index, explorer, "m", f"text {problem}/{index}", "1", "stop", 3, 5, 0.5, references=(1, 2))


def write(run: Storage, name: str, paths: list[Path]) -> None:
    ledger = PathLedger(run, "e", name)
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


def test_hashes_are_the_same_in_every_process() -> None:
    assert hash_ids(["p0", "p1"]).tolist() == [4375752724811870923, 11407646959027041377]

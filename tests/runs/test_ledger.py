"""A problem's paths are found by key, only those of the roles that are asked for, and without reading the rest."""

from pathlib import Path as FilePath

from a2r_ray.records import Path, paths_of
from a2r_ray.runs.ledger import StoredPaths
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.table import TableWriter
from tests.conftest import arrow


def path(problem: str, index: int, explorer: str = "e", round_: int = 0) -> Path:
    text = f"{problem}/{index}: the answer is 1"
    return Path(problem, index, explorer, "m", text, "1", "stop", 3, 5, 0.5, references=(1, 2), round=round_)


def write(run: Storage, name: str, paths: list[Path]) -> None:
    writer = TableWriter(run, "paths", name)
    writer.append(arrow(*paths))
    writer.close()


def stored(
    run: Storage, *ids: str, most: int | None = None, fingerprints: tuple[str, ...] = ("e",)
) -> list[list[Path]]:
    ledger = StoredPaths(run, fingerprints, most)
    ledger.refresh()
    lists = ledger.of(ids)
    return [paths_of(lists[at].values) if len(lists[at]) else [] for at in range(len(ids))]


def test_paths_come_back_whole_and_in_order(tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    write(run, "a", [path("p", 2), path("q", 0), path("p", 0)])
    write(run, "b", [path("p", 1), path("p", 3, explorer="other")])
    found, other, nobody = stored(run, "p", "q", "nobody")
    assert [each.path_index for each in found] == [0, 1, 2]
    assert found[0].text == "p/0: the answer is 1"
    assert found[0].references == (1, 2)
    assert [each.text for each in other] == ["q/0: the answer is 1"]
    assert nobody == []


def test_paths_of_a_later_round_and_of_other_roles_come_after_those_that_they_read(tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    write(run, "a", [path("p", 0, "late", round_=1), path("p", 1), path("p", 0), path("p", 0, "nobody asks")])
    [found] = stored(run, "p", fingerprints=("e", "late"))
    assert [(each.round, each.path_index) for each in found] == [(0, 0), (0, 1), (1, 0)]


def test_a_key_that_is_stored_twice_comes_once_and_no_more_than_are_wanted(tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    write(run, "a", [path("p", index) for index in (0, 4, 2)])
    write(run, "b", [path("p", 2), path("q", 1)])
    assert [[each.path_index for each in own] for own in stored(run, "p", "q")] == [[0, 2, 4], [1]]
    assert [[each.path_index for each in own] for own in stored(run, "q", "p", most=2)] == [[1], [0, 2]]


def test_an_empty_folder_has_no_paths(tmp_path: FilePath) -> None:
    assert stored(Storage(str(tmp_path / "none")), "p") == [[]]


def test_a_refresh_takes_in_what_some_writers_have_stored_since(tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    writer = TableWriter(run, "paths", "mine", delay_s=0.0)
    ledger = StoredPaths(run, ["e"])
    for index in range(3):  # a file that grows under the ledger's eyes
        writer.wait(writer.append(arrow(path("p", index))))
        ledger.refresh({"mine"})
        assert ledger.of(["p"]).value_lengths().to_pylist() == [index + 1]
    write(run, "other", [path("p", 3), path("q", 0)])
    ledger.refresh({"mine"})
    assert ledger.of(["p", "q"]).value_lengths().to_pylist() == [3, 0]
    ledger.refresh()
    assert ledger.of(["p", "q"]).value_lengths().to_pylist() == [4, 1]
    writer.close()


def test_it_holds_16_bytes_a_problem_and_row_group(tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    write(run, "a", [path(f"p{number}", index) for number in range(1000) for index in range(4)])
    ledger = StoredPaths(run, ["e"])
    ledger.refresh()
    assert ledger.nbytes == 16 * 1000

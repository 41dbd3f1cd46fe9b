"""What has its row is known by its key, a rejected input row by where it stands."""

from pathlib import Path

from a2r_ray.runs.done import among, done_keys, line_key
from a2r_ray.runs.index import hash_ids
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.table import TableWriter
from tests.conftest import arrow
from tests.runs.test_table import row


def reject(run: Storage, writer: str, *stages: tuple[int, str]) -> None:
    table = TableWriter(run, "rejects", writer)
    table.append(arrow(*(row(number, stage) for number, stage in stages)))
    table.close()


def known(run: Storage, keys: list[str], writers: set[str] | None = None) -> list[bool]:
    found: list[bool] = among(hash_ids(keys), done_keys(run, writers)).tolist()
    return found


def test_a_problem_is_known_by_its_id_and_an_input_row_by_where_it_stands(tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    reject(run, "w", (3, "input"), (7, "explore"))
    keys = ["p7", "p3", line_key("file", 3), line_key("file", 7)]
    assert known(run, keys) == [True, False, True, False]


def test_nothing_is_done_in_a_new_folder(tmp_path: Path) -> None:
    assert known(Storage(str(tmp_path / "none")), ["p1", "p2"]) == [False, False]


def test_only_the_files_of_some_writers_are_looked_into(tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    reject(run, "explorer-1", (1, "explore"))
    reject(run, "explorer-2", (2, "explore"))
    assert known(run, ["p1", "p2"], {"explorer-2"}) == [False, True]
    assert known(run, ["p1", "p2"], set()) == [False, False]

"""Files grow whole, what is waited for is durable, and what cannot be written is said."""

import threading
import time
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from a2r_ray.errors import OutputError
from a2r_ray.records import PATH_SCHEMA, REJECT_SCHEMA, Reject
from a2r_ray.runs import table
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.table import TableWriter
from tests.conftest import arrow
from tests.runs.test_ledger import path


def row(number: int, stage: str = "input") -> Reject:
    return Reject(f"p{number}", "file", number, stage, "kind", "error", "x" * 100)


def test_what_was_waited_for_is_on_disk(tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    writer = TableWriter(run, "rejects", "w")
    writer.wait(writer.append(arrow(row(1), row(2))))
    assert [r["problem_id"] for batch in table.scan(run, "rejects") for r in batch.to_pylist()] == ["p1", "p2"]
    writer.close()


def test_a_flush_is_a_row_group_and_a_file_grows(tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    writer = TableWriter(run, "rejects", "w", delay_s=0.01)
    for number in range(5):
        writer.wait(writer.append(arrow(row(number))))
    assert table.files(run, "rejects") == ["rejects/w-00000.parquet"]
    with table.open_file(run, "rejects/w-00000.parquet") as parquet:
        assert parquet.metadata.num_row_groups == 5
    writer.close()


def test_what_an_old_footer_points_to_stays_where_it_was(tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    writer = TableWriter(run, "rejects", "w", delay_s=0.01)
    path = tmp_path / "rejects" / "w-00000.parquet"
    writer.wait(writer.append(arrow(row(1))))
    before, footer = path.read_bytes(), pq.read_metadata(path)
    writer.wait(writer.append(arrow(row(2))))
    writer.close()
    column = footer.row_group(0).column(footer.num_columns - 1)
    end = min(column.data_page_offset, column.dictionary_page_offset or 1 << 60) + column.total_compressed_size
    assert path.read_bytes()[:end] == before[:end]


def test_segments_end_and_nothing_is_lost_or_doubled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "_MOST_FLUSHES", 32)
    run = Storage(str(tmp_path))
    writer = TableWriter(run, "rejects", "w", delay_s=0.0)
    for number in range(70):
        writer.wait(writer.append(arrow(row(number))))
    writer.close()
    assert len(table.files(run, "rejects")) == 3
    assert table.count(run, "rejects") == 70
    ids = [r["problem_id"] for batch in table.scan(run, "rejects", ["problem_id"]) for r in batch.to_pylist()]
    assert sorted(ids) == sorted(f"p{number}" for number in range(70))


def test_many_threads_append_and_each_finds_its_rows_durable(tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    writer = TableWriter(run, "rejects", "w", delay_s=0.05)

    def work(number: int) -> None:
        writer.wait(writer.append(arrow(row(number))))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert table.count(run, "rejects") == 50
    writer.close()


def test_to_flush_now_does_not_wait_for_the_delay(tmp_path: Path) -> None:
    writer = TableWriter(Storage(str(tmp_path)), "rejects", "w", delay_s=3600)
    writer._delay_s = 3600
    ticket = writer.append(arrow(row(1)))
    writer.flush_now()
    writer.wait(ticket)
    writer.close()


def test_a_folder_that_cannot_be_written_is_an_error_for_all_who_wait(tmp_path: Path) -> None:
    (tmp_path / "rejects").write_text("a file where the table should be")
    writer = TableWriter(Storage(str(tmp_path)), "rejects", "w", delay_s=0.0)
    with pytest.raises(OutputError, match="cannot be written"):
        writer.wait(writer.append(arrow(row(1))))
    with pytest.raises(OutputError, match="the same command"):
        writer.wait(writer.append(arrow(row(2))))


def test_no_half_written_file_is_seen(tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    (tmp_path / "rejects").mkdir()
    (tmp_path / "rejects" / ".w-00000.parquet.abcd").write_bytes(b"PAR1 torn")
    writer = TableWriter(run, "rejects", "w")
    writer.wait(writer.append(arrow(row(1))))
    writer.close()
    assert table.count(run, "rejects") == 1
    assert pq.read_schema(tmp_path / "rejects" / "w-00000.parquet").equals(REJECT_SCHEMA)


def test_a_writer_that_may_write_no_more_writes_nothing(tmp_path: Path) -> None:
    run = Storage(str(tmp_path))

    def may_write() -> None:
        raise OutputError("another attempt has taken this folder over")

    writer = TableWriter(run, "rejects", "w", may_write=may_write)
    with pytest.raises(OutputError, match="another attempt has taken this folder over"):
        writer.wait(writer.append(arrow(row(1))))
    assert table.files(run, "rejects") == []


def test_a_damaged_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    writer = TableWriter(run, "rejects", "w")
    writer.wait(writer.append(arrow(*(row(n) for n in range(100)))))
    writer.close()
    file = tmp_path / "rejects" / "w-00000.parquet"
    whole = file.read_bytes()
    for torn in (whole[: len(whole) // 2], b"", whole[:4] + bytes(64) + whole[68:]):
        file.write_bytes(torn)
        with pytest.raises(OutputError, match=r"w-00000\.parquet: damaged: .*move the file out of the folder"):
            list(table.scan(run, "rejects"))


def test_a_file_of_another_kind_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    pq.write_table(pa.table({"problem_id": ["p1"]}), tmp_path / "results" / "mine.parquet")
    with pytest.raises(OutputError, match=r"results/mine\.parquet: it is no file of this table.*lacks problem, .*move"):
        list(table.scan(Storage(str(tmp_path)), "results", ["problem_id"]))


def test_a_file_of_which_no_row_is_left_stays(tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    writer = TableWriter(run, "rejects", "w-1")
    writer.wait(writer.append(arrow(row(1))))
    writer.close()
    [name] = table.files(run, "rejects")
    assert table.writer_of(name) == "w-1"
    [batch] = table.scan(run, "rejects")
    table.write(run, name, pa.Table.from_batches([batch]).slice(0, 0))
    assert (table.files(run, "rejects"), table.count(run, "rejects")) == ([name], 0)


def test_each_flush_is_encoded_once_and_the_file_is_one_that_others_read(tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    writer = TableWriter(run, "paths", "w", delay_s=0.0)
    whole, before = [], b""
    for number in range(12):
        paths = [path(f"p{number}", index) for index in range(number % 3 + 1)]
        whole += paths
        writer.wait(writer.append(arrow(*paths)))
        data = (tmp_path / "paths" / "w-00000.parquet").read_bytes()
        groups = pq.read_metadata(tmp_path / "paths" / "w-00000.parquet").num_row_groups
        assert groups == number + 1
        footer = int.from_bytes(before[-8:-4], "little") + 8 if before else 0
        assert data[: len(before) - footer] == before[: len(before) - footer]
        before = data
    writer.close()
    assert pa.Table.from_batches(table.scan(run, "paths")).equals(arrow(*whole))
    file = tmp_path / "paths" / "w-00000.parquet"
    assert pq.read_schema(file).equals(PATH_SCHEMA)
    assert len(pd.read_parquet(file)) == len(whole)
    counted = duckdb.sql(f"select count(*), sum(completion_tokens) from '{file}' where problem_id <> 'p0'")  # noqa: S608
    assert counted.fetchall() == [(len(whole) - 1, 5 * (len(whole) - 1))]


def test_flushes_that_are_asked_for_without_end_take_a_fraction_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, flushes = [0.0], [0]
    monkeypatch.setattr(time, "thread_time", lambda: clock[0])
    write = Storage.write

    def slowly(*given: object) -> None:
        clock[0] += 0.05
        flushes[0] += 1
        write(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(Storage, "write", slowly)
    writer = TableWriter(Storage(str(tmp_path)), "rejects", "w", delay_s=3600)
    began = time.monotonic()
    for number in range(5):
        ticket = writer.append(arrow(row(number)))
        writer.flush_now()
        writer.wait(ticket)
    assert flushes[0] == 5
    assert time.monotonic() - began > 4 * 4 * 0.05
    writer.close()

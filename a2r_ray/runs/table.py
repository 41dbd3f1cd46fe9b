"""The tables of a run folder: Parquet files that grow while the run goes, and how they are read.

A writer owns one file at a time and puts it in place whole with every flush until it is large enough, then begins the
next: no small files are left, nothing needs compaction, and a reader always sees whole rows. Each flush is a row group
of its own and is encoded once; the earlier ones are the same bytes again, so that what a reader of the previous version
remembers of the file still lies where it was.
"""

import io
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from a2r_ray.errors import OutputError, StorageError
from a2r_ray.records import PATH_SCHEMA, REJECT_SCHEMA, RESULT_SCHEMA
from a2r_ray.runs.storage import Storage, comes_from_afar, retried

SCHEMAS = {"paths": PATH_SCHEMA, "results": RESULT_SCHEMA, "rejects": REJECT_SCHEMA}
_SAME = {"superseded": "results", "superseded_paths": "paths"}
"""Where rows of a table are kept that were made again."""

_FIRST_DELAY_S = 0.25
_SEGMENT_BYTES = 8 << 20
_SEGMENT_FLUSHES = 32
"""So many row groups make a file slow to open and to write again."""
_SMALL_BYTES, _MOST_FLUSHES = 1 << 20, 128
"""A file that is still small grows on: at 5 s a flush there is one in ten minutes per writer."""
_REST = 4.0
"""For so many times as long as a flush computed the next one is not begun, however urgently it is asked for."""
_SCAN_ROWS = 8192
_WRITTEN: dict[str, Any] = {"compression": "zstd", "write_page_checksum": True}
"""With checksums, for bits that turn would else be read as other answers."""


class TableWriter:
    """Appends rows to a table from any thread, and says when they are durable.

    Args:
        run: the run folder.
        table: ``paths``, ``results`` or ``rejects``.
        writer: names this writer's files; no two writers of a table share it.
        delay_s: the longest that a row waits for its flush. The first flushes come sooner, so that a young run shows
            what it does.
        may_write: called whenever a file is about to appear; raises where this writer may write no more.
    """

    def __init__(
        self,
        run: Storage,
        table: str,
        writer: str,
        *,
        delay_s: float = 5.0,
        may_write: Callable[[], None] = lambda: None,
    ) -> None:
        self._run, self._table, self._writer, self._may_write = run, table, writer, may_write
        self._max_delay_s, self._delay_s = delay_s, min(_FIRST_DELAY_S, delay_s)
        self._changed = threading.Condition()
        self._rows: list[pa.Table] = []
        self._appended = self._durable = 0
        self._flush_asked = self._closing = False
        self._error: Exception | None = None
        self._segment = _Segment(SCHEMAS[table])
        self._segments = 0
        self._thread = threading.Thread(target=self._flush_when_due, name=f"{table}-writer", daemon=True)
        self._thread.start()

    def append(self, rows: pa.Table) -> int:
        """Buffers rows of the table's schema; returns the ticket that ``wait`` takes."""
        with self._changed:
            if rows.num_rows:
                self._rows.append(rows)
                self._appended += rows.num_rows
                self._changed.notify_all()
            return self._appended

    def flush_now(self) -> None:
        """Has the flush not wait for more rows."""
        with self._changed:
            self._flush_asked = True
            self._changed.notify_all()

    def wait(self, ticket: int) -> None:
        """Blocks until every row up to the ticket is durable.

        Raises:
            OutputError: they could not be written.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._durable >= ticket or self._error is not None)
            if self._durable >= ticket:
                return
            if isinstance(self._error, OutputError):
                raise self._error
            raise OutputError(
                f"{self._run.join(self._table)}: cannot be written: {type(self._error).__name__}: {self._error}"
            ) from self._error

    def close(self) -> None:
        """Flushes the rest and ends the thread."""
        with self._changed:
            self._closing = self._flush_asked = True
            self._changed.notify_all()
        self._thread.join()

    def _flush_when_due(self) -> None:
        rested_at = 0.0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._rows or self._closing)
                if not self._rows:
                    return
                self._changed.wait_for(lambda: self._flush_asked, timeout=self._delay_s)
                self._changed.wait_for(lambda: self._closing, timeout=rested_at - time.monotonic())
                rows, self._rows, self._flush_asked = self._rows, [], self._closing
                ticket = self._appended
            computed_s = time.thread_time()
            try:
                self._flush(rows)
            except Exception as error:  # noqa: BLE001 (whatever stopped the write, those who wait for it must hear of it)
                with self._changed:
                    self._error = error
                    self._changed.notify_all()
                return
            rested_at = time.monotonic() + _REST * (time.thread_time() - computed_s)
            self._delay_s = min(self._max_delay_s, self._delay_s * 1.5)
            with self._changed:
                self._durable = ticket
                self._changed.notify_all()

    def _flush(self, rows: Sequence[pa.Table]) -> None:
        data = self._segment.with_more(pa.concat_tables(rows).combine_chunks())
        self._run.write(f"{self._table}/{self._writer}-{self._segments:05d}.parquet", data, self._may_write)
        most = _MOST_FLUSHES if len(data) < _SMALL_BYTES else _SEGMENT_FLUSHES
        if len(data) >= _SEGMENT_BYTES or self._segment.row_groups >= most:
            self._segment = _Segment(SCHEMAS[self._table])
            self._segments += 1


class _Segment:
    """A Parquet file that grows by row groups, each of which is encoded once.

    Parquet keeps a file's index in its footer, and a row group knows where in the file it lies. So each is written as
    if into the file that there is, by a writer that is first led past the bytes that it would overwrite; the bytes and
    the index of all are kept, and a file is the bytes with the index behind them.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._bytes = b""
        self._index: pq.FileMetaData | None = None

    @property
    def row_groups(self) -> int:
        """How many there are."""
        return 0 if self._index is None else int(self._index.num_row_groups)

    def with_more(self, rows: pa.Table) -> bytes:
        """The whole file, with a row group more than before."""
        sink = io.BytesIO()
        stream = pa.PythonFile(sink, mode="w")
        writer = pq.ParquetWriter(stream, self._schema, **_WRITTEN)
        stream.write(bytes(max(0, len(self._bytes) - len(_MAGIC))))  # a new file begins with four bytes of its own
        writer.write_table(rows, row_group_size=max(1, rows.num_rows))
        writer.close()
        written = sink.getvalue()
        body = len(written) - 8 - int.from_bytes(written[-8:-4], "little")
        self._bytes += written[len(self._bytes) : body]
        index = pq.read_metadata(io.BytesIO(_MAGIC + written[body:]))
        if self._index is None:
            self._index = index
        else:
            self._index.append_row_groups(index)
        footer = io.BytesIO()
        self._index.write_metadata_file(footer)
        return self._bytes + footer.getvalue()[len(_MAGIC) :]


_MAGIC = b"PAR1"
"""What a Parquet file begins and ends with."""


def files(run: Storage, table: str, writers: Collection[str] | None = None) -> list[str]:
    """The Parquet files of a table, as names below the run folder; only those of some writers where they are named."""
    names = [f"{table}/{name}" for name in run.entries(table) if name.endswith(".parquet")]
    return names if writers is None else [name for name in names if writer_of(name) in writers]


def open_file(run: Storage, name: str) -> pq.ParquetFile:
    """One file of a table; what reads it further does so within ``explained``.

    Raises:
        StorageError: it is damaged or cannot be read.
    """
    filesystem, root = run.open()

    def opened() -> pq.ParquetFile:
        return pq.ParquetFile(
            f"{root}/{name}", filesystem=filesystem, memory_map=False, page_checksum_verification=True
        )

    with explained(run, name):
        parquet = retried(opened)
    _check_columns(run, name, parquet)
    return parquet


_SHOWN = 3


def _check_columns(run: Storage, name: str, parquet: pq.ParquetFile) -> None:
    folder, there = name.partition("/")[0], set(parquet.schema_arrow.names)
    lacking = [column for column in SCHEMAS[_SAME.get(folder, folder)].names if column not in there]
    if lacking:
        more = f" and {len(lacking) - _SHOWN} more columns" if len(lacking) > _SHOWN else ""
        raise StorageError(
            f"{run.join(name)}: it is no file of this table, or of another version of it, for it lacks "
            f"{', '.join(lacking[:_SHOWN])}{more}; move it out of the folder"
        )


def read_row_group(
    run: Storage, name: str, parquet: pq.ParquetFile, group: int, columns: Sequence[str] | None = None
) -> pa.Table:
    """One row group of an open file; what may pass is tried again.

    Raises:
        StorageError: it is damaged or cannot be read.
    """
    with explained(run, name):
        return retried(lambda: parquet.read_row_group(group, columns=None if columns is None else list(columns)))


@contextmanager
def explained(run: Storage, name: str) -> Iterator[None]:
    """Turns what reading a file raises into a StorageError that names it and the remedy."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        text = " ".join(str(error).split())
        if isinstance(error, OSError) and comes_from_afar(error):
            raise run.unreadable(name, error) from error
        raise StorageError(
            f"{run.join(name)}: damaged: {text}; move the file out of the folder and run the same command again: what "
            "it held is made again"
        ) from error


def read(run: Storage, name: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The rows of one file, batch by batch, only the columns asked for.

    Raises:
        StorageError: it is damaged or cannot be read.
    """
    with open_file(run, name) as parquet:
        for group in range(parquet.metadata.num_row_groups):
            yield from read_row_group(run, name, parquet, group, columns).to_batches(_SCAN_ROWS)


def scan(
    run: Storage, table: str, columns: Sequence[str] | None = None, writers: Collection[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """The rows of a table, batch by batch, only the columns asked for; only those of some writers if they are named."""
    for name in files(run, table, writers):
        yield from read(run, name, columns)


def count(run: Storage, table: str) -> int:
    """The rows of a table, from the files' footers."""
    return sum(count_file(run, name) for name in files(run, table))


def count_file(run: Storage, name: str) -> int:
    """The rows of one file, from its footer."""
    with open_file(run, name) as parquet:
        return int(parquet.metadata.num_rows)


def writer_of(name: str) -> str:
    """Which writer a file is by."""
    return name.rpartition("/")[2].rpartition("-")[0]


def write(run: Storage, name: str, rows: pa.Table) -> None:
    """Writes rows as one file, or as that file's new content. A file stays in place when it has no rows any more, since
    a reader may have listed it.
    """
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, rows.schema, **_WRITTEN) as parquet:
        parquet.write_table(rows, row_group_size=_SCAN_ROWS)
    run.write(name, sink.getvalue())

"""Rows are taken beside the thread that awaits them, and it ends with its block."""

import threading
from collections.abc import Iterator

import pyarrow as pa
import pytest

from a2r_ray.cluster.rows import drained
from a2r_ray.errors import Stopped


class Batches:
    """Two rows and then nothing, until the end is called for."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self.end = self._ended.set

    def __call__(self) -> Iterator[pa.Table]:
        yield pa.table({"id": [1, 2]})
        self._ended.wait()


def draining() -> bool:
    return any(thread.name == "drain" for thread in threading.enumerate())


def test_all_rows_come_and_ticks_before_and_between_them() -> None:
    batches = Batches()
    with drained(batches, batches.end) as rows:
        assert next(rows) is None
        assert [next(rows), next(rows), next(rows)] == [{"id": 1}, {"id": 2}, None]
        batches.end()
        assert list(rows) == []


def test_the_thread_ends_with_the_block() -> None:
    batches = Batches()
    with drained(batches, batches.end) as rows:
        next(rows)
        assert draining()
    assert not draining()


def test_what_the_thread_raises_is_raised_where_the_rows_are_awaited() -> None:
    def fail() -> Iterator[pa.Table]:
        yield pa.table({"id": [1]})
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"), drained(fail, lambda: None) as rows:
        list(rows)


def test_a_stop_that_native_code_has_swallowed_still_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = Batches()
    with drained(batches, batches.end) as rows:
        assert next(rows) is None
        monkeypatch.setattr(Stopped, "asked", Stopped(15))
        with pytest.raises(Stopped):
            list(rows)

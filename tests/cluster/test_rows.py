"""Rows are taken beside the thread that awaits them, and it ends with its block."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pyarrow as pa
import pytest
import ray

from a2r_ray.cluster.rows import awaited, rows_of
from a2r_ray.errors import Stopped
from tests.nodes import wait_until


class Batches:
    """Two rows and then nothing, until the end is called for."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self.end = self._ended.set

    def __call__(self) -> Iterator[pa.Table]:
        yield pa.table({"id": [1, 2]})
        self._ended.wait()


def awaiting() -> bool:
    return any(thread.name == "rows" for thread in threading.enumerate())


def test_all_rows_come_and_ticks_before_and_between_them() -> None:
    batches = Batches()
    with awaited(batches, batches.end) as rows:
        assert next(rows) is None
        assert [next(rows), next(rows), next(rows)] == [{"id": 1}, {"id": 2}, None]
        batches.end()
        assert list(rows) == []


def test_the_thread_ends_with_the_block() -> None:
    batches = Batches()
    with awaited(batches, batches.end) as rows:
        next(rows)
        assert awaiting()
    assert not awaiting()


def test_what_the_thread_raises_is_raised_where_the_rows_are_awaited() -> None:
    def fail() -> Iterator[pa.Table]:
        yield pa.table({"id": [1]})
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"), awaited(fail, lambda: None) as rows:
        list(rows)


def test_a_stop_that_native_code_has_swallowed_still_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = Batches()
    with awaited(batches, batches.end) as rows:
        assert next(rows) is None
        monkeypatch.setattr(Stopped, "asked", Stopped(15))
        with pytest.raises(Stopped):
            list(rows)


def sleeping(_: dict[str, Any]) -> dict[str, Any]:
    time.sleep(3600)
    return {}


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith(("rows", "StreamingExecutor-"))}


def free_cpus() -> float:
    return float(ray.available_resources().get("CPU", 0))


@pytest.mark.usefixtures("local_ray")
@pytest.mark.parametrize("when", ["at once", "tasks run", "by an error", "by a stop"])
def test_whatever_ends_a_dataset_ends_its_threads_and_its_tasks(when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    total = ray.cluster_resources()["CPU"]
    wait_until(lambda: free_cpus() == total, 60, "another test holds CPUs")
    before = threads()

    def leave() -> None:
        with rows_of(ray.data.range(4).map(sleeping)) as found:
            assert next(found) is None
            if when != "at once":
                wait_until(lambda: free_cpus() < total, 60, "no task has begun")
            if when == "by an error":
                raise ValueError(when)
            if when == "by a stop":
                monkeypatch.setattr(Stopped, "asked", Stopped(15))
                list(found)

    with suppress(ValueError, Stopped):
        leave()
    assert threads() == before
    wait_until(lambda: free_cpus() == total, 20, "a task is left behind")

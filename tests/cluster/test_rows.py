"""Rows are taken beside the thread that awaits them, and it ends with its block."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, cast

import pyarrow as pa
import pytest
import ray
from ray.data import ActorPoolStrategy, DataContext, Dataset

from a2r_ray.cluster import rows as rows_module
from a2r_ray.cluster.rows import awaited, rows_of
from a2r_ray.errors import Stopped
from a2r_ray.records import Row
from tests.endless import Endless
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


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith(("rows", "StreamingExecutor-"))}


def free_cpus() -> float:
    return float(ray.available_resources().get("CPU", 0))


@pytest.fixture(scope="module")
def used_ray(local_ray: None) -> None:  # noqa: ARG001 (it ends after it)
    """The first pool of a process brings up an actor of Ray Data's own, which the loop of an execution waits for."""
    ray.data.range(1).map(Same, concurrency=1).take_all()


@pytest.fixture
def nothing_left(used_ray: None, endless: Endless) -> Iterator[None]:  # noqa: ARG001 (both end after it)
    """Every CPU is free before and after, and no thread is left."""
    total = ray.cluster_resources()["CPU"]
    wait_until(lambda: free_cpus() == total, 60, "another test holds CPUs")
    before = threads()
    yield
    assert threads() <= before
    wait_until(lambda: free_cpus() == total, 20, "a task or an actor is left behind")


class Same:
    def __call__(self, row: Row) -> Row:
        return row


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("work", ["tasks", "actors"])
@pytest.mark.parametrize("when", ["at once", "at work", "after a row", "by an error", "by a stop"])
def test_whatever_ends_a_dataset_ends_what_it_began(
    when: str, work: str, endless: Endless, monkeypatch: pytest.MonkeyPatch
) -> None:
    passing = 8 if when == "after a row" else 0

    def leave() -> None:
        with rows_of(endless_after(passing, endless, work, 2 if when == "at work" else 1)) as found:
            assert next(found) is None
            if when != "at once":
                wait_until(endless.has_begun, 60, "nothing has begun")
            if when == "after a row":
                assert any(row is not None for row in islice(found, 120))
            if when == "by an error":
                raise ValueError(when)
            if when == "by a stop":
                monkeypatch.setattr(Stopped, "asked", Stopped(15))
                list(found)

    with suppress(ValueError, Stopped):
        leave()


def endless_after(passing: int, endless: Endless, work: str, actors: int) -> Dataset:
    """Ten rows, each in a block of its own, of which the first pass. Ray Data hands on none before four more wait."""
    blocks = ray.data.range(10, override_num_blocks=10)
    if work == "tasks":
        return blocks.map(lambda row: row if row["id"] < passing else endless(row), num_cpus=0.5)

    class Pool:
        def __call__(self, row: Row) -> Row:
            return row if row["id"] < passing else dict(endless(row))

    return blocks.map(Pool, concurrency=actors, num_cpus=0.5)


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("work", ["tasks", "actors"])
def test_a_task_that_raises_ends_the_others(work: str, endless: Endless, monkeypatch: pytest.MonkeyPatch) -> None:
    # By default Ray Data takes the output of a task for so large that it runs one at a time where memory is small.
    monkeypatch.setattr(DataContext.get_current(), "target_max_block_size", 2**20)

    def wait_and_raise(row: Row) -> Row:
        if row["id"]:
            return dict(endless(row))
        while not endless.has_begun():
            time.sleep(0.1)
        raise ValueError("no more")

    class Pool:
        def __call__(self, row: Row) -> Row:
            return wait_and_raise(row)

    blocks = ray.data.range(2, override_num_blocks=2)
    one_each = ActorPoolStrategy(size=2, max_tasks_in_flight_per_actor=1)
    if work == "tasks":
        dataset = blocks.map(wait_and_raise, num_cpus=0.5)
    else:
        dataset = blocks.map(Pool, num_cpus=0.5, compute=one_each)
    with rows_of(dataset) as found:
        with pytest.raises(Exception, match="no more"):
            list(found)
        if work == "actors":  # they may have something to write down, and are ended with the block
            endless.has_begun()
            wait_until(endless.has_begun, 20, "the error has ended them")


def test_what_does_not_end_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(rows_module, "_GONE_S", 0.1)

    class Left:
        def left(self) -> list[str]:
            return ["Map(f)", "Map(f)", "Map(g)"]

    rows_module._see_gone(cast("Any", Left()))
    assert "hold their CPUs and GPUs until Ray ends: 2 of Map(f), 1 of Map(g)" in capsys.readouterr().err

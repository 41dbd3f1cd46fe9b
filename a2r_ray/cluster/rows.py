"""Draining: what comes in batches is awaited in a thread of its own, and taken as rows beside it."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

import pyarrow as pa

from a2r_ray.errors import Stopped
from a2r_ray.records import Row

_TICK_S = 0.5
_JOIN_S = 5.0


def rows_of(dataset: Any) -> AbstractContextManager[Iterator[Row | None]]:
    """stand-in"""
    import ray
    from ray.data._internal.execution.streaming_executor import StreamingExecutor

    def end() -> None:
        # The dataset itself knows of its execution only after the first rows.
        execution = f"StreamingExecutor-{dataset.get_dataset_id()}"
        for thread in threading.enumerate():
            if isinstance(thread, StreamingExecutor) and thread.name == execution:
                with suppress(ray.exceptions.RayError):
                    thread.shutdown(force=True)

    return drained(partial(dataset.iter_batches, batch_size=None, batch_format="pyarrow", prefetch_batches=4), end)


@contextmanager
def drained(batches: Callable[[], Iterable[pa.Table]], end: Callable[[], None]) -> Iterator[Iterator[Row | None]]:
    """The rows as they come, and None about twice a second.

    Nothing stands in the way of a signal here, or of an end that the watch calls for.

    Args:
        batches: called and awaited in another thread.
        end: has the batches end; called after the block, which then waits for the thread.
    """
    rows: SimpleQueue[list[Row] | Exception | None] = SimpleQueue()

    def drain() -> None:
        try:
            for batch in batches():
                rows.put(batch.to_pylist())
            rows.put(None)
        except Exception as error:  # noqa: BLE001 (raised where the rows are awaited)
            rows.put(error)

    thread = threading.Thread(target=drain, name="drain", daemon=True)
    thread.start()
    try:
        yield _taken(rows)
    finally:
        end()
        thread.join(_JOIN_S)


def _taken(rows: "SimpleQueue[list[Row] | Exception | None]") -> Iterator[Row | None]:
    ticked = 0.0
    while True:
        if Stopped.asked is not None:
            raise Stopped.asked
        if time.monotonic() - ticked > _TICK_S:
            yield None
            ticked = time.monotonic()
        try:
            got = rows.get(timeout=_TICK_S)
        except Empty:
            continue
        if got is None:
            return
        if isinstance(got, Exception):
            raise got
        yield from got

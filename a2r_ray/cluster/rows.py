"""Rows of a dataset, awaited in a thread of their own; after that nothing of it runs any more.

Ray, when it disconnects, may end a process with a thread of Ray Data's that still calls it: with exit code 1, and no
word. And a task that is left behind holds its CPUs until it ends by itself. So whoever leaves the block has seen the
threads, the tasks and the actors end, or is told which did not. Only after the last row the actors end by themselves,
with what they have to close.
"""

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from queue import Empty, SimpleQueue

import pyarrow as pa
from ray.data import Dataset

from a2r_ray.cluster.execution import Execution
from a2r_ray.cluster.steering import Steering
from a2r_ray.errors import Stopped
from a2r_ray.records import Row

_TICK_S = 0.5
_END_S = 10.0
_GONE_S = 10.0
_LOOK_S = 0.1


@contextmanager
def rows_of(dataset: Dataset, steering: Steering | None = None) -> Iterator[Iterator[Row | None]]:
    """The rows of a dataset as they come, and None about twice a second.

    Args:
        dataset: what is to be executed.
        steering: has the orders for its pools; None: they are left to Ray Data.
    """
    execution = Execution(dataset, steering)
    batches = partial(dataset.iter_batches, batch_size=None, batch_format="pyarrow", prefetch_batches=4)
    try:
        with awaited(batches, execution.stop) as rows:
            yield rows
    finally:
        _see_gone(execution)


def _see_gone(execution: Execution) -> None:
    """Waits until nothing of an execution is left, and says of what is that it is."""
    deadline = time.monotonic() + _GONE_S
    while left := execution.left():
        if time.monotonic() > deadline:
            names = ", ".join(f"{count} of {name}" for name, count in Counter(left).items())
            _warn(f"tasks or actors do not end, and hold their CPUs and GPUs until Ray ends: {names}")
            return
        time.sleep(_LOOK_S)


@contextmanager
def awaited(batches: Callable[[], Iterable[pa.Table]], end: Callable[[], None]) -> Iterator[Iterator[Row | None]]:
    """The rows of batches, taken beside the thread that awaits them.

    Nothing stands in the way of a signal here, or of an end that somebody calls for.

    Args:
        batches: called and awaited in another thread.
        end: has the batches end that have begun; called after the block until the thread has ended.
    """
    rows: SimpleQueue[list[Row] | Exception | None] = SimpleQueue()

    def await_them() -> None:
        try:
            for batch in batches():
                rows.put(batch.to_pylist())
            rows.put(None)
        except Exception as error:  # noqa: BLE001 (raised where the rows are taken)
            rows.put(error)

    thread = threading.Thread(target=await_them, name="rows", daemon=True)
    thread.start()
    try:
        yield _taken(rows)
    finally:
        deadline = time.monotonic() + _END_S
        while thread.is_alive() and time.monotonic() < deadline:
            end()
            thread.join(_LOOK_S)
        if thread.is_alive():
            _warn("a dataset does not end; it ends with Ray")


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


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr, flush=True)  # noqa: T201 (progress goes to stderr)

"""CPU time of a piece of work, whatever else the process and the machine do."""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Watch:
    """What a `stopwatch` has measured, once its work is done."""

    cpu_s = float("inf")


@contextmanager
def stopwatch() -> Iterator[Watch]:
    """Measures the CPU seconds of this thread.

    Neither threads that earlier tests left spinning nor the collection of their garbage count: with a few million
    objects of torch, Ray and sympy alive, one collection takes longer than what is measured here.
    """
    watch = Watch()
    collecting = gc.isenabled()
    gc.disable()
    began = time.thread_time()
    try:
        yield watch
    finally:
        watch.cpu_s = time.thread_time() - began
        if collecting:
            gc.enable()

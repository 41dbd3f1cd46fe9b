"""The Ray cluster that a run uses: the one it is pointed at, or one of its own on this machine."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import ray
from ray.data import DataContext


@contextmanager
def connected() -> Iterator[None]:
    """Connects to the cluster that ``RAY_ADDRESS`` names, as in a Ray job; else starts one here and ends it after.

    Inside a program that has connected already, that connection is used and left alone.
    """
    if ray.is_initialized():
        yield
        return
    address = os.environ.get("RAY_ADDRESS") or "local"
    if address == "local":
        # The driver's core worker would print its own warnings between ours.
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    ray.init(
        address=address,
        include_dashboard=False if address == "local" else None,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    try:
        _quiet()
        yield
    finally:
        ray.shutdown()


def resources() -> dict[str, float]:
    """What the cluster has, or may grow to where it scales by itself."""
    from ray._private.state import state  # noqa: PLC0415 (Ray has no public call for it)

    return {**ray.cluster_resources(), **(state.get_max_resources_from_cluster_config() or {})}


def _quiet() -> None:
    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    for name in ("ray.data", "ray"):
        logging.getLogger(name).setLevel(logging.ERROR)

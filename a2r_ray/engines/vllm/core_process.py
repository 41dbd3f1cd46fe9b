"""The engine core's process, where vLLM has one: it ends with its replica."""

import ctypes
import multiprocessing
import os
import signal

_PR_SET_PDEATHSIG = 1
_REPLICA = "A2R_REPLICA_PID"


def name_replica() -> None:
    """Has whatever is begun from here know whose it is."""
    os.environ[_REPLICA] = str(os.getpid())


def end_with_replica() -> None:
    """Has the engine core's process end with its replica; vLLM calls it in each of its processes (pyproject.toml).

    Ray ends what a replica leaves behind, but where Ray's own processes were killed with it, a core would wait for
    ever and keep its GPU. vLLM's workers look after their core by themselves.
    """
    parent = multiprocessing.parent_process()
    if parent is None or str(parent.pid) != os.environ.get(_REPLICA):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent.pid:  # it was quicker
        os._exit(1)

"""What a run has done with: known by 64-bit hashes of keys, whatever the size of the texts."""

import math
import threading
import time
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from a2r_ray.records import Row
from a2r_ray.runs import table
from a2r_ray.runs.index import hash_ids
from a2r_ray.runs.storage import Storage

_REFRESH_S = 1.0


class Concluded:
    """What has its row in results or rejects: problems by their ids, rejected input rows by their places.

    8 bytes of memory each. That two of a hundred million share a hash, and one of them is left out, has a chance of 1
    in 3,700; ``a2r verify`` would name it.
    """

    def __init__(self, run: Storage) -> None:
        self._run, self._lock = run, threading.Lock()
        self._refreshed_at = -math.inf
        self.refresh()

    def refresh(self) -> None:
        """Takes in what was stored since, but not twice a second: many calls want it at once."""
        with self._lock:
            at = time.monotonic()
            if at - self._refreshed_at > _REFRESH_S:
                self._keys, self._refreshed_at = concluded_keys(self._run), at

    def of(self, keys: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Which of the keys are."""
        return among(hash_ids(keys), self._keys)


def concluded_keys(run: Storage) -> npt.NDArray[np.uint64]:
    """The hash of every row of results and rejects, sorted."""
    found = [np.empty(0, np.uint64)]
    found += [
        hash_ids(batch["problem_id"].to_numpy(zero_copy_only=False))
        for batch in table.scan(run, "results", ["problem_id"])
    ]
    found += [
        hash_ids([reject_key(reject) for reject in batch.to_pylist()])
        for batch in table.scan(run, "rejects", ["problem_id", "source", "line", "stage"])
    ]
    keys = np.concatenate(found)
    keys.sort()
    return keys


def among(keys: npt.NDArray[np.uint64], sorted_keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Which of the keys are in a sorted array."""
    if not len(sorted_keys):
        return np.zeros(len(keys), np.bool_)
    at = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    found: npt.NDArray[np.bool_] = sorted_keys[at] == keys
    return found


def reject_key(reject: Row) -> str:
    """What a row of the rejects stands for: an input row, known by its place, or a problem, by its id.

    A rejected input row may carry the id of a problem that was answered.
    """
    return place(reject["source"], reject["line"]) if reject["stage"] == "input" else str(reject["problem_id"])


def place(source: str, line: int) -> str:
    """The key of an input row that is no problem."""
    return f"{source}\x00{line}"

"""What a run has done with: known by 64-bit hashes of keys, whatever the size of the texts.

8 bytes of memory each. That two of a hundred million share a hash, and one of them is left out, has a chance of 1 in
3,700; ``a2r verify`` would name it.
"""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from a2r_ray.records import Reject, Row
from a2r_ray.runs import table
from a2r_ray.runs.index import hash_ids
from a2r_ray.runs.storage import Storage

Keys = npt.NDArray[np.uint64]


def done_keys(run: Storage, writers: Collection[str] | None = None) -> Keys:
    """The hash of every row of results and rejects, sorted.

    Args:
        run: the run folder.
        writers: whose rows; None: everybody's.
    """
    found = [np.empty(0, np.uint64)]
    found += [
        hash_ids(batch["problem_id"].to_numpy(zero_copy_only=False))
        for batch in table.scan(run, "results", ["problem_id"], writers)
    ]
    found += [
        hash_ids([reject_key(reject) for reject in batch.to_pylist()])
        for batch in table.scan(run, "rejects", ["problem_id", "source", "line", "stage"], writers)
    ]
    keys = np.concatenate(found)
    keys.sort()
    return keys


def among(keys: Keys, sorted_keys: Keys) -> npt.NDArray[np.bool_]:
    """Which of the keys are in a sorted array."""
    if not len(sorted_keys):
        return np.zeros(len(keys), np.bool_)
    at = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    found: npt.NDArray[np.bool_] = sorted_keys[at] == keys
    return found


def reject_key(reject: Row | Reject) -> str:
    """What a reject stands for: an input row, known by where it stands, or a problem, by its id.

    A rejected input row may carry the id of a problem that was answered.
    """
    row = reject if isinstance(reject, dict) else {name: getattr(reject, name) for name in _KEY_COLUMNS}
    return line_key(row["source"], row["line"]) if row["stage"] == "input" else str(row["problem_id"])


_KEY_COLUMNS = ("problem_id", "source", "line", "stage")


def line_key(source: str, line: int) -> str:
    """The key of an input row that is no problem."""
    return f"{source}\x00{line}"

"""The ledger of paths: what a problem already has, found without reading the whole table.

Only keys are held: per problem and row group a 64-bit hash of the problem's id and where the row group lies, 16 bytes.
A problem's paths are read from their row groups when they are asked for, a few of which are kept, since problems that
were sampled together lie together.
"""

import math
import threading
import time
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from a2r_ray.records import Path, path_from, to_row
from a2r_ray.runs import table
from a2r_ray.runs.storage import Storage

_REFRESH_S = 1.0


class PathLedger:
    """The paths of one explorer in one run folder.

    Args:
        run: the run folder.
        explorer: the explorer's fingerprint; other explorers' paths are not seen.
        writer: where appended paths go; None: the ledger is only read.
    """

    def __init__(self, run: Storage, explorer: str, writer: table.TableWriter | None = None) -> None:
        self._run, self._explorer, self._writer = run, explorer, writer
        self._files: list[str] = []
        self._groups: dict[str, int] = {}
        self._hashes: npt.NDArray[np.uint64] = np.empty(0, np.uint64)
        self._places: npt.NDArray[np.uint32] = np.empty((0, 2), np.uint32)
        self._reading = threading.Lock()
        self._row_group = lru_cache(maxsize=64)(self._read_row_group)
        self._refreshed_at = -math.inf
        self.refresh()

    def refresh(self) -> None:
        """Takes in what other writers, or this one, have stored since.

        Only a call that Ray repeats needs it: another replica, or an earlier process of this one, may have sampled
        the problems. Many such calls come at once, for which one refresh a second is enough.
        """
        with self._reading:
            if time.monotonic() - self._refreshed_at < _REFRESH_S:
                return
            at = time.monotonic()
            self._index()
            self._refreshed_at = at

    def lookup(self, problem_id: str) -> list[Path]:
        """The stored paths of a problem, by path index."""
        if not len(self._hashes):
            return []
        key = hash_ids([problem_id])[0]
        paths: dict[int, Path] = {}
        with self._reading:
            first, last = np.searchsorted(self._hashes, key, "left"), np.searchsorted(self._hashes, key, "right")
            for file, row_group in np.unique(self._places[first:last], axis=0):
                group = self._row_group(int(file), int(row_group))
                mine = pc.and_(pc.equal(group["problem_id"], problem_id), pc.equal(group["explorer"], self._explorer))
                paths |= {row["path_index"]: path_from(row) for row in group.filter(mine).to_pylist()}
        return [paths[index] for index in sorted(paths)]

    def append(self, paths: Sequence[Path]) -> int:
        """Stores paths; returns the ticket that ``wait`` takes."""
        return self.writer.append([to_row(path) for path in paths])

    @property
    def writer(self) -> table.TableWriter:
        """Where appended paths go."""
        if self._writer is None:
            raise RuntimeError("this ledger was opened to be read")
        return self._writer

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the index holds."""
        return self._hashes.nbytes + self._places.nbytes

    def _index(self) -> None:
        """Adds the row groups that are not in the index yet: a file only grows."""
        hashes, places = [self._hashes], [self._places]
        for name in table.files(self._run, "paths"):
            known = self._groups.get(name, 0)
            with table.open_file(self._run, name) as parquet, table.explained(self._run, name):
                groups = parquet.metadata.num_row_groups
                if groups <= known:
                    continue
                if name not in self._groups:
                    self._files.append(name)
                number = self._files.index(name)
                for group in range(known, groups):
                    keys = parquet.read_row_group(group, columns=["problem_id", "explorer"])
                    ids = keys.filter(pc.equal(keys["explorer"], self._explorer))["problem_id"].unique()
                    hashes.append(hash_ids(ids.to_numpy(zero_copy_only=False)))
                    places.append(np.tile(np.array([[number, group]], np.uint32), (len(ids), 1)))
            self._groups[name] = groups
        if len(hashes) > 1:
            all_hashes = np.concatenate(hashes)
            order = np.argsort(all_hashes, kind="stable")
            self._hashes, self._places = all_hashes[order], np.concatenate(places)[order]

    def _read_row_group(self, file: int, row_group: int) -> pa.Table:
        name = self._files[file]
        with table.open_file(self._run, name) as parquet, table.explained(self._run, name):
            return parquet.read_row_group(row_group)


def hash_ids(ids: Sequence[str] | npt.NDArray[np.object_]) -> npt.NDArray[np.uint64]:
    """A stable 64-bit hash of each id."""
    from pandas.util import hash_array

    hashes: npt.NDArray[np.uint64] = hash_array(np.asarray(ids, dtype=object), categorize=False)
    return hashes

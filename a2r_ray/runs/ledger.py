"""The ledger of paths: what a problem already has, found without reading the whole table.

Only keys are held: for each stored path of this explorer a 64-bit hash of its problem's id and where its row group
lies (16 bytes a path). A problem's paths are read from their row groups when they are asked for, a few of which are
kept, since problems that were sampled together lie together.
"""

import threading
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from a2r_ray.records import Path, path_from, to_row
from a2r_ray.runs import table
from a2r_ray.runs.storage import Storage


class PathLedger:
    """The paths of one explorer in one run folder.

    Args:
        run: the run folder.
        explorer: the explorer's fingerprint; other explorers' paths are not seen.
        writer: names this writer's files; None: the ledger is only read.
    """

    def __init__(self, run: Storage, explorer: str, writer: str | None = None) -> None:
        self._run, self._explorer = run, explorer
        self._files = table.files(run, "paths")
        self._hashes, self._places = self._index()
        self._writer = None if writer is None else table.TableWriter(run, "paths", writer)
        self._reading = threading.Lock()
        self._row_group = lru_cache(maxsize=64)(self._read_row_group)

    def lookup(self, problem_id: str) -> list[Path]:
        """The stored paths of a problem, by path index."""
        if not len(self._hashes):
            return []
        key = hash_ids([problem_id])[0]
        first, last = np.searchsorted(self._hashes, key, "left"), np.searchsorted(self._hashes, key, "right")
        paths: dict[int, Path] = {}
        for file, row_group in np.unique(self._places[first:last], axis=0):
            with self._reading:
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

    def _index(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]:
        hashes: list[npt.NDArray[np.uint64]] = [np.empty(0, np.uint64)]
        places: list[npt.NDArray[np.uint32]] = [np.empty((0, 2), np.uint32)]
        for number, name in enumerate(self._files):
            with table.open_file(self._run, name) as parquet:
                for group in range(parquet.metadata.num_row_groups):
                    keys = parquet.read_row_group(group, columns=["problem_id", "explorer"])
                    mine = keys.filter(pc.equal(keys["explorer"], self._explorer))
                    ids = mine["problem_id"].unique().to_pylist()
                    hashes.append(hash_ids(ids))
                    places.append(np.tile(np.array([[number, group]], np.uint32), (len(ids), 1)))
        all_hashes = np.concatenate(hashes)
        order = np.argsort(all_hashes, kind="stable")
        return all_hashes[order], np.concatenate(places)[order]

    def _read_row_group(self, file: int, row_group: int) -> pa.Table:
        with table.open_file(self._run, self._files[file]) as parquet:
            return parquet.read_row_group(row_group)


def hash_ids(ids: Sequence[str] | npt.NDArray[np.object_]) -> npt.NDArray[np.uint64]:
    """A stable 64-bit hash of each id."""
    from pandas.util import hash_array

    hashes: npt.NDArray[np.uint64] = hash_array(np.asarray(ids, dtype=object), categorize=False)
    return hashes

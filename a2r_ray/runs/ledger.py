"""The ledger of paths: what a problem already has."""

import math
import threading
import time
from collections.abc import Sequence

import pyarrow.compute as pc

from a2r_ray.records import Path, path_from, to_row
from a2r_ray.runs import table
from a2r_ray.runs.index import Index
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
        self._explorer, self._writer = explorer, writer
        self._index = Index(run, "paths", where=("explorer", explorer))
        self._reading = threading.Lock()
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
            self._index.refresh()
            self._refreshed_at = at

    def lookup(self, problem_id: str) -> list[Path]:
        """The stored paths of a problem, by path index."""
        paths: dict[int, Path] = {}
        with self._reading:
            for group in self._index.row_groups([problem_id]):
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
        return self._index.nbytes

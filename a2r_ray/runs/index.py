"""Where a table has the rows of a problem, found without reading all of it.

Only keys are held: per problem and row group a 64-bit hash of the problem's id and where the row group lies, 16 bytes.
Row groups are read when they are asked for, a few of which are kept, since problems that were served together lie
together.
"""

from collections.abc import Collection, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from a2r_ray.runs import table
from a2r_ray.runs.storage import Storage

_ROW_GROUPS_KEPT = 64


class Index:
    """The row groups of a table by the problems that have rows in them; call ``refresh`` for it to know any.

    Args:
        run: the run folder.
        name: the table.
        columns: of the rows; None: all.
        where: a column and its values; other rows are not looked for, though they may lie in the same row groups.
    """

    def __init__(
        self,
        run: Storage,
        name: str,
        columns: Sequence[str] | None = None,
        where: tuple[str, Collection[str]] | None = None,
    ) -> None:
        self._run, self._name, self._where = run, name, where
        self._columns = None if columns is None else list(columns)
        self._files: list[str] = []
        self._groups: dict[str, int] = {}
        self._hashes: npt.NDArray[np.uint64] = np.empty(0, np.uint64)
        self._places: npt.NDArray[np.uint32] = np.empty((0, 2), np.uint32)
        self._row_group = lru_cache(maxsize=_ROW_GROUPS_KEPT)(self._read_row_group)

    def refresh(self, writers: Collection[str] | None = None) -> None:
        """Adds the row groups that are not in the index yet: a file only grows.

        Args:
            writers: whose files are looked into; None: everybody's.
        """
        hashes, places = [self._hashes], [self._places]
        for name in table.files(self._run, self._name, writers):
            known = self._groups.get(name, 0)
            with table.open_file(self._run, name) as parquet:
                groups = parquet.metadata.num_row_groups
                if groups <= known:
                    continue
                if name not in self._groups:
                    self._files.append(name)
                number = self._files.index(name)
                for group in range(known, groups):
                    ids = self._ids(name, parquet, group)
                    hashes.append(hash_ids(ids.to_numpy(zero_copy_only=False)))
                    places.append(np.tile(np.array([[number, group]], np.uint32), (len(ids), 1)))
            self._groups[name] = groups
        if len(hashes) > 1:
            all_hashes = np.concatenate(hashes)
            order = np.argsort(all_hashes, kind="stable")
            self._hashes, self._places = all_hashes[order], np.concatenate(places)[order]

    def row_groups(self, ids: Sequence[str]) -> list[pa.Table]:
        """Those in which problems have rows, among rows of others; in the order in which they were found."""
        if not len(self._hashes) or not len(ids):
            return []
        keys = hash_ids(ids)
        first, last = (np.searchsorted(self._hashes, keys, side) for side in ("left", "right"))
        found = [self._places[begin:end] for begin, end in zip(first, last, strict=True)]
        return [self._row_group(int(file), int(group)) for file, group in np.unique(np.concatenate(found), axis=0)]

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the keys take."""
        return self._hashes.nbytes + self._places.nbytes

    def _ids(self, name: str, parquet: pa.parquet.ParquetFile, group: int) -> pa.ChunkedArray:
        column, values = self._where or ("problem_id", None)
        keys = table.read_row_group(self._run, name, parquet, group, list({"problem_id", column}))
        if values is not None:
            keys = keys.filter(pc.is_in(keys[column], pa.array(sorted(values), pa.string())))
        return keys["problem_id"].unique()

    def _read_row_group(self, file: int, row_group: int) -> pa.Table:
        name = self._files[file]
        with table.open_file(self._run, name) as parquet:
            return table.read_row_group(self._run, name, parquet, row_group, self._columns)


def hash_ids(ids: Sequence[str] | npt.NDArray[np.object_]) -> npt.NDArray[np.uint64]:
    """A stable 64-bit hash of each id."""
    from pandas.util import hash_array

    hashes: npt.NDArray[np.uint64] = hash_array(np.asarray(ids, dtype=object), categorize=False)
    return hashes

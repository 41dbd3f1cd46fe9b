"""The ledger: the paths that a run folder holds, by problem."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from a2r_ray.records import PATH_SCHEMA, WRITTEN_BY
from a2r_ray.runs.index import Index
from a2r_ray.runs.storage import Storage

PATH_STRUCT = pa.struct(list(PATH_SCHEMA))


class StoredPaths:
    """The stored paths of problems; call ``refresh`` for it to know any.

    Args:
        run: the run folder.
        fingerprints: of the roles whose paths are seen; those of others are not.
        most: paths of a problem at most; None: all.
        answers: whether the stored answers are shown; else there are none, as where another rule has found them.
    """

    def __init__(
        self, run: Storage, fingerprints: Collection[str], most: int | None = None, *, answers: bool = True
    ) -> None:
        self._fingerprints = pa.array(sorted(fingerprints), pa.string())
        self._most, self._answers = most, answers
        self._index = Index(run, "paths", where=(WRITTEN_BY, fingerprints))

    def refresh(self, writers: Collection[str] | None = None) -> None:
        """Takes in what writers, or everybody, have stored since."""
        self._index.refresh(writers)

    def of(self, ids: Sequence[str]) -> pa.ListArray:
        """The stored paths of each problem, as rows of the paths table: by round and index, each key once."""
        groups = self._index.row_groups(ids)
        if not groups:
            return pa.array([[] for _ in ids], pa.list_(PATH_STRUCT))
        wanted = pa.array(ids, pa.string())
        found = pa.concat_tables([self._mine(group, wanted) for group in groups]).combine_chunks()
        number = np.asarray(pc.index_in(found["problem_id"], value_set=wanted)).astype(np.int64)
        rows, counts = self._chosen(number, found, len(ids))
        taken = found.take(rows).combine_chunks()
        if not self._answers:
            at = taken.schema.get_field_index("answer")
            taken = taken.set_column(at, "answer", pa.nulls(taken.num_rows, pa.string()))
        structs = pa.StructArray.from_arrays(
            [_one(taken[name]) for name in PATH_SCHEMA.names], fields=list(PATH_SCHEMA)
        )
        return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32()), structs)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the index holds."""
        return self._index.nbytes

    def _mine(self, group: pa.Table, wanted: pa.Array) -> pa.Table:
        mine = pc.is_in(group["problem_id"], value_set=wanted)
        return group.filter(pc.and_(mine, pc.is_in(group[WRITTEN_BY], value_set=self._fingerprints)))

    def _chosen(
        self, number: npt.NDArray[np.int64], found: pa.Table, problems: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Which rows are shown, in order, and how many of each problem."""
        writer = np.asarray(pc.index_in(found[WRITTEN_BY], value_set=self._fingerprints)).astype(np.int64)
        key = [number, np.asarray(found["round"]), np.asarray(found["path_index"]), writer]
        order = np.lexsort(key[::-1])
        columns = np.stack(key)[:, order]
        first = np.ones(len(order), np.bool_)
        first[1:] = (columns[:, 1:] != columns[:, :-1]).any(axis=0)
        order, mine = order[first], columns[0][first]
        if self._most is not None:
            begins = np.searchsorted(mine, mine, "left")
            shown = np.arange(len(mine)) - begins < self._most
            order, mine = order[shown], mine[shown]
        return order, np.bincount(mine, minlength=problems)


def _one(column: pa.ChunkedArray) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column

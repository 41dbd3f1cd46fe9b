"""What is to be made again is taken away first, so that a reader sees one row per problem; so is what is there twice.

Results are kept beside, in ``superseded/``, and paths in ``superseded_paths/``: their tokens were paid. A file out of
which every row is taken stays, empty, for a reader may have listed it. Every step may be interrupted, and is then done
again from the beginning.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from a2r_ray.config.paths import PathsConfig
from a2r_ray.records import PATH_KEY, WRITTEN_BY
from a2r_ray.runs import table
from a2r_ray.runs.done import Keys, among
from a2r_ray.runs.index import hash_ids
from a2r_ray.runs.receipt import keys_of
from a2r_ray.runs.storage import Storage
from a2r_ray.thinking import visible

_Mask = npt.NDArray[np.bool_]


def supersede(run: Storage, paths: int, *, failed: bool) -> dict[str, int]:
    """Takes results of too few paths out of a run folder, and the rejects that more paths may answer.

    No other process may write to the folder.

    Args:
        run: the run folder.
        paths: how many paths a result shall have.
        failed: whether failures are to be made again, too: failed paths and those that have nothing to show, results
            that hang on one, or on a synthesis of that kind, or have no answer, and all rejects, since the input may
            have been mended. What is stored twice is then taken out as well.

    Returns:
        How many rows of which table.
    """
    if failed:
        _mend(run)
    taken = dict.fromkeys(("paths", "results", "rejects"), 0)
    for name, due in _due(run, paths, failed=failed):
        taken[name.partition("/")[0]] += _take_out(run, name, due)
    return taken


def has_failed(run: Storage, paths: int) -> bool:
    """Whether ``supersede`` would have anything made again where failures are, in a run that is complete."""
    return any(
        pc.any(due(pa.Table.from_batches([batch]))).as_py()
        for name, due in _due(run, paths, failed=True)
        for batch in table.read(run, name)
        if batch.num_rows
    )


def _due(run: Storage, paths: int, *, failed: bool) -> Iterator[tuple[str, Callable[[pa.Table], pa.Array]]]:
    """Which rows of which files are to be made again."""
    hurt = _with_failed_paths(run) if failed else None
    for name in table.files(run, "results"):
        yield name, lambda rows: _stale(rows, paths, hurt)
    for name in table.files(run, "rejects"):
        yield name, lambda rows: _remade(rows, failed=failed)
    for name in table.files(run, "paths") if failed else ():  # last: what hangs on them is found by them
        yield name, _failed


def supersede_problems(run: Storage, problems: Sequence[str]) -> None:
    """Takes out all that is stored of problems, since the input asks something else now.

    Args:
        run: the run folder; no other process may write to it.
        problems: their ids.
    """
    ids = pa.array(problems, pa.string())
    for folder in ("results", "rejects", "paths"):  # paths last: what hangs on them is found by them
        for name in table.files(run, folder) if problems else ():
            _take_out(run, name, lambda rows: pc.is_in(rows["problem_id"], value_set=ids))


def supersede_outgrown(run: Storage, paths: Iterable[pa.RecordBatch], rule: PathsConfig | None) -> int:
    """Takes out the results of fewer or of older paths than were brought for their problem; returns how many.

    Args:
        run: the run folder; no other process may write to it.
        paths: the keys of those that were brought, and when each was finished. Memory: 24 bytes each.
        rule: how many of a problem's a result is of; None: all.
    """
    due = _outgrown(paths, rule)
    return sum(_take_out(run, name, due) for name in table.files(run, "results"))


def outgrown(run: Storage, paths: Iterable[pa.RecordBatch], rule: PathsConfig | None) -> list[str]:
    """The ids of the problems of which ``supersede_outgrown`` would take out the results."""
    due = _outgrown(paths, rule)
    columns = ["problem_id", "path_answers", "finished_at"]
    tables = (pa.Table.from_batches([batch]) for batch in table.scan(run, "results", columns))
    return [name for rows in tables for name in rows["problem_id"].filter(due(rows)).to_pylist()]


def _outgrown(paths: Iterable[pa.RecordBatch], rule: PathsConfig | None) -> Callable[[pa.Table], pa.Array]:
    most, all_of_them = (rule.max, rule.until is None) if rule else (None, True)
    none = np.empty(0, np.uint64)
    found = [(none, none, none, np.empty(0, np.int64))]
    for batch in paths:
        index = np.asarray(batch["path_index"]).astype(np.uint64)
        found.append((keys_of(batch, PATH_KEY), _problems(batch), index, _times(batch)))
    keys, problems, indices, times = (np.concatenate(parts) for parts in zip(*found, strict=True))
    once = np.unique(keys, return_index=True)[1]
    each, at_each, counts = np.unique(problems[once], return_inverse=True, return_counts=True)
    newest = np.zeros(len(each) + 1, np.int64)
    taken = indices[once] < (np.iinfo(np.uint64).max if most is None else most)
    np.maximum.at(newest, at_each[taken], times[once][taken])

    def of(results: pa.Table) -> pa.Array:
        at = np.searchsorted(each, own := _problems(results))
        there = np.append(each, np.uint64(0))[at] == own
        wanted = np.where(there, np.append(counts, 0)[at], 0)
        have = pc.list_value_length(results["path_answers"])
        few = pc.less(have, pa.array(wanted if most is None else np.minimum(wanted, most)))
        return pc.or_(pc.and_(few, pa.scalar(all_of_them)), pa.array(there & (newest[at] > _times(results))))

    return of


def drop_rejects(run: Storage, *, problems: bool) -> None:
    """Takes out the rejects of input rows: another reading makes its own.

    Args:
        run: the run folder.
        problems: whether those of problems are taken out, too: where paths are brought there may be more of them now.
    """
    for name in table.files(run, "rejects"):
        _take_out(run, name, lambda rows: pc.or_(pc.equal(rows["stage"], "input"), pa.scalar(problems)))


def _mend(run: Storage) -> None:
    """Takes out what is stored twice; the first that is good stays, else the first. Rejects are all taken out later."""
    _once(run, "results", lambda rows: keys_of(rows, ["problem_id"]), lambda rows: pc.is_valid(rows["answer"]))
    _once(run, "paths", lambda rows: keys_of(rows, PATH_KEY), lambda rows: pc.invert(_failed(rows)))


def _once(
    run: Storage, name: str, keys: Callable[[pa.RecordBatch], Keys], is_good: Callable[[pa.RecordBatch], pa.Array]
) -> None:
    """Leaves one row of each key in a table. Memory: 9 bytes a row."""
    files = table.files(run, name)
    found: list[tuple[Keys, _Mask]] = [(np.empty(0, np.uint64), np.empty(0, np.bool_))]
    for file in files:
        found += [(keys(batch), np.asarray(is_good(batch), np.bool_)) for batch in table.read(run, file)]
    every, good = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((np.arange(len(every)), ~good, every))
    first = np.ones(len(order), np.bool_)
    first[1:] = every[order][1:] != every[order][:-1]
    if first.all():
        return
    stays = np.zeros(len(every), np.bool_)
    stays[order[first]] = True
    begin = 0
    for file in files:
        rows = table.count_file(run, file)
        own = pa.array(~stays[begin : begin + rows])
        _take_out(run, file, lambda _, own=own: own, keep=name == "results")  # type: ignore[misc]
        begin += rows


_KEPT_IN = {"results": "superseded", "paths": "superseded_paths"}
"""Where the rows of a table go that were paid for."""


def _problems(rows: pa.RecordBatch | pa.Table) -> Keys:
    ids = rows["problem_id"]
    return hash_ids(ids.to_numpy() if isinstance(ids, pa.ChunkedArray) else ids.to_numpy(zero_copy_only=False))


def _times(rows: pa.RecordBatch | pa.Table) -> npt.NDArray[np.int64]:
    """When rows were finished, in microseconds since the epoch."""
    times = rows["finished_at"].cast(pa.int64())
    return np.asarray(times.to_numpy() if isinstance(times, pa.ChunkedArray) else times.to_numpy(zero_copy_only=False))


def _take_out(run: Storage, name: str, chosen: Callable[[pa.Table], pa.Array], *, keep: bool = True) -> int:
    """Takes rows out of a file; those that are kept are stored first, under a name that a repetition meets again.

    Args:
        run: the run folder.
        name: the file.
        chosen: which rows.
        keep: whether those of a table that has a place for them are kept.

    Returns:
        How many.
    """
    folder = name.partition("/")[0]
    rows = pa.Table.from_batches(table.read(run, name), schema=table.SCHEMAS[folder])
    mask = chosen(rows)
    taken = rows.filter(mask)
    if not taken.num_rows:
        return 0
    if keep and folder in _KEPT_IN:
        stem = name.rpartition("/")[2].removesuffix(".parquet")
        table.write(run, f"{_KEPT_IN[folder]}/{stem}-{_digest(taken)}.parquet", taken)
    table.write(run, name, rows.filter(pc.invert(mask)))
    return int(taken.num_rows)


def _digest(rows: pa.Table) -> str:
    """Another one for other rows, of the same problems too: a path may be made again more than once."""
    keys = keys_of(rows, _row_key(rows.schema))
    return f"{int(np.bitwise_xor.reduce(keys)) ^ rows.num_rows:016x}"


def _row_key(schema: pa.Schema) -> list[str]:
    """The columns by which a row is that one, whatever was made of its problem before or since."""
    return [name for name in (*PATH_KEY, "finished_at") if name in schema.names]


def put_back(run: Storage) -> None:
    """Drops the copies of rows that are where they were: the attempt that took them out was broken off in between.

    Args:
        run: the run folder; no other process may write to it.
    """
    for folder, kept_in in _KEPT_IN.items():
        for copy in table.files(run, kept_in):
            name = f"{folder}/{copy.rpartition('/')[2].rpartition('-')[0]}.parquet"
            if name in table.files(run, folder) and _holds(run, name, copy):
                table.write(run, copy, table.SCHEMAS[folder].empty_table())


def _holds(run: Storage, name: str, copy: str) -> bool:
    """Whether a file has the rows of a copy: it has all of them, or none."""
    columns = _row_key(table.SCHEMAS[name.partition("/")[0]])
    there, copied = (
        np.concatenate([np.empty(0, np.uint64), *(keys_of(batch, columns) for batch in table.read(run, each, columns))])
        for each in (name, copy)
    )
    return bool(len(copied) and np.isin(copied, there).all())


def _stale(results: pa.Table, paths: int, failed: Keys | None) -> pa.Array:
    """Results of fewer paths than there shall be; where failures are made again, those that hang on one."""
    stale = pc.less(pc.list_value_length(results["path_answers"]), paths)
    if failed is None:
        return stale
    of_failed_paths = pa.array(among(hash_ids(results["problem_id"].to_numpy()), failed))
    unanswered = pc.or_(pc.equal(results["finish_reason"], "error"), pc.equal(results["route"], "failed"))
    empty = pc.and_(pc.is_valid(results["synthesis"]), _shows_nothing(results["synthesis"]))
    return reduce(pc.or_, (stale, of_failed_paths, unanswered, empty))


def _failed(paths: pa.Table | pa.RecordBatch) -> pa.Array:
    """Paths that failed, or have nothing to show; but none that was brought, since nobody would make it again."""
    sampled = pc.not_equal(paths[WRITTEN_BY], "")
    return pc.or_(pc.not_equal(paths["error"], ""), pc.and_(sampled, _shows_nothing(paths["text"])))


def _shows_nothing(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    return pa.array([not visible(text or "") for text in texts.to_pylist()], pa.bool_())


def _remade(rejects: pa.Table, *, failed: bool) -> pa.Array:
    if not failed:
        return pc.not_equal(rejects["stage"], "input")
    return pa.array(np.ones(rejects.num_rows, np.bool_))


def _with_failed_paths(storage: Storage) -> Keys:
    """Hashes, sorted, of the problems that have a failed path, or one with nothing to show."""
    found = [np.empty(0, np.uint64)]
    for batch in table.scan(storage, "paths", ["problem_id", "error", "text", WRITTEN_BY]):
        failed = batch.filter(_failed(batch))
        found.append(hash_ids(failed["problem_id"].to_numpy(zero_copy_only=False)))
    return np.unique(np.concatenate(found))

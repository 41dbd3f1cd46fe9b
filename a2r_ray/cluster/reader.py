"""The reader: one task that reads the input, in order, and feeds the first pool.

It knows what is done, so that only problems that still need work leave it, each with what is stored of its paths. Rows
that are no problems it writes to the rejects itself, and what it counted it tells the monitor: no GPU pool hears of
either. It stays on the driver's node and is not repeated: what it leaves out depends on what is done by then.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, starmap
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import ray
from ray.data import Dataset

from a2r_ray.cluster import connection, private
from a2r_ray.cluster.monitor import RemoteMonitor
from a2r_ray.config.input import InputConfig
from a2r_ray.config.schema import ExplorerConfig
from a2r_ray.errors import InputError
from a2r_ray.method.sample import brought, brought_text
from a2r_ray.records import CASE_SCHEMA, PATH_SCHEMA, REJECT_SCHEMA, Problem, Reject, hash_of, table_of
from a2r_ray.replica.blocks import case_table
from a2r_ray.replica.tables import RunTables
from a2r_ray.runs.done import among, done_keys, reject_key
from a2r_ray.runs.index import hash_ids
from a2r_ray.runs.ledger import StoredPaths
from a2r_ray.runs.table import TableWriter, scan
from a2r_ray.sources import Duplicate, Source, open_source, read_problems
from a2r_ray.sources.parsing import shown as shown_of
from a2r_ray.sources.paths import STORED, brought_paths, stored_paths

_FIRST_CHUNK, _CHUNK = 16, 1000
"""Rows read at once; the first few are handed on at once, for the pools wait for them."""
_WITH_PATHS = 32
"""Problems handed on at once with their stored paths, which may be long."""


@dataclass(frozen=True)
class Reading:
    """What is read, and for which run."""

    input: InputConfig
    tables: RunTables
    explorer: ExplorerConfig | None = None
    """Where paths are brought: how many of a problem's are taken, and how their texts are read; None: all, as they are
    commonly read."""
    answers_stand: bool = True
    """Whether the stored paths' answers were found by the present rule of what an answer is."""
    brings_texts: bool = False
    """Whether the input's paths are texts that have yet to be stored, by ``bringing``."""


def problems(reading: Reading, rows: int, monitor: RemoteMonitor | None = None) -> Dataset:
    """The problems that still need work, as rows of CASE_SCHEMA.

    Args:
        reading: what is read.
        rows: problems a block.
        monitor: is told what was counted.
    """
    dataset = ray.data.from_items([{"input": 0}]).map_batches(
        _read, fn_kwargs={"reading": reading, "monitor": monitor}, batch_size=None, batch_format="pyarrow"
    )
    # Ray fuses the two into one task, if they have the same options.
    options = _alone()
    dataset = private.with_task_options(dataset, options).repartition(target_num_rows_per_block=rows)
    return private.with_task_options(dataset, options)


def bringing(reading: Reading, _: RemoteMonitor | None = None) -> Dataset:
    """Paths made elsewhere, on their way into the paths table."""
    dataset = ray.data.from_items([{"input": 0}]).map_batches(
        _bring, fn_kwargs={"reading": reading}, batch_size=None, batch_format="pyarrow"
    )
    return private.with_task_options(dataset, _alone())


def _alone() -> dict[str, Any]:
    """Has a task run on the driver's node, once, and beside pools that may hold every CPU that the cluster has."""
    return {"num_cpus": 0, "max_retries": 0, "scheduling_strategy": connection.driver_node()}


def _read(_: pa.Table, reading: Reading, monitor: RemoteMonitor | None) -> Iterator[pa.Table]:
    """The problems that still need work, in tables of some."""
    done = done_keys(reading.tables.run)
    source = open_source(reading.input)
    most = reading.explorer.paths.max if reading.explorer else None
    tables = reading.tables
    stored = stored_paths(tables.run, tables.fingerprints, source, most, answers=reading.answers_stand)
    rejects = reading.tables.writer("rejects", f"reader-{secrets.token_hex(4)}")
    counts = {"input": 0, "duplicate": 0}
    for chunk in _chunks(source):
        fresh = [record for record in chunk if not isinstance(record, Duplicate)]
        counts["input"] += len(chunk)
        counts["duplicate"] += len(chunk) - len(fresh)
        keys = hash_ids([reject_key(r) if isinstance(r, Reject) else r.problem_id for r in fresh])
        new = [record for record, known in zip(fresh, among(keys, done), strict=True) if not known]
        rejects.append(table_of([record for record in new if isinstance(record, Reject)], REJECT_SCHEMA))
        yield from _cases([record for record in new if isinstance(record, Problem)], stored, source.config.sampled_with)
    _durable(rejects)
    if monitor is not None:
        monitor.read_all(counts)
    yield CASE_SCHEMA.empty_table()  # else, where nothing needs work, there is no block with the columns


def _chunks(source: Source) -> Iterator[list[Problem | Reject | Duplicate]]:
    records = read_problems(source)
    size = _FIRST_CHUNK
    while chunk := list(islice(records, size)):
        yield chunk
        size = _CHUNK


def _cases(chosen: Sequence[Problem], stored: StoredPaths, shown: Sequence[str]) -> Iterator[pa.Table]:
    """Problems with their stored paths, sampled with these columns shown; few at once where they have some."""
    size = _WITH_PATHS if stored.nbytes else _CHUNK
    for begin in range(0, len(chosen), size):
        some = chosen[begin : begin + size]
        paths = stored.of([problem.problem_id for problem in some])
        _check_questions([replace(each, shown=shown_of(each.metadata, shown)) for each in some], paths)
        yield case_table(some, paths)


def _check_questions(problems: Sequence[Problem], paths: pa.ListArray) -> None:
    """Raises InputError where a stored path answers another question than its problem asks."""
    given = pc.list_flatten(paths).field("problem_hash")
    asked = pa.array([hash_of(problem) for problem in problems]).take(pc.list_parent_indices(paths))
    other = pc.and_(pc.not_equal(given, ""), pc.not_equal(given, asked))
    if pc.any(other).as_py():
        numbers = pc.unique(pc.list_parent_indices(paths).filter(other)).to_pylist()
        names = ", ".join(problems[number].problem_id for number in numbers)
        raise InputError(
            f"the stored paths of {names} answer another question than the input asks: it has changed since they were "
            "sampled; restore it, or have them sampled anew (--changed redo, where they are this run's own)"
        )


def _bring(_: pa.Table, reading: Reading) -> pa.Table:
    """Stores the paths of the input, but for those that are stored."""
    stored = scan(reading.tables.run, "paths", STORED)
    writer = reading.tables.writer("paths", f"brought-{secrets.token_hex(4)}")
    as_stored = partial(brought_text, explorer=reading.explorer)
    paths = starmap(brought, brought_paths(open_source(reading.input), stored, as_stored))
    while chunk := list(islice(paths, _CHUNK)):
        ticket = writer.append(table_of(chunk, PATH_SCHEMA))
        writer.flush_now()
        writer.wait(ticket)
    writer.close()
    return pa.table({"problems": pa.array([], pa.int64())})


def _durable(writer: TableWriter) -> None:
    """Waits until what was appended is stored, and ends the writer; raises where it could not be written."""
    ticket = writer.append(REJECT_SCHEMA.empty_table())
    writer.flush_now()
    writer.wait(ticket)
    writer.close()

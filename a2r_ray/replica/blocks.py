"""Blocks and cases: a block becomes Python once, when it is read, and what is made of it becomes Arrow once.

A path that is kept becomes a row of Arrow as it finishes. That row goes to the table, and the same row goes to the
next pool.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from operator import attrgetter
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from a2r_ray.config.input import InputConfig
from a2r_ray.errors import InputError
from a2r_ray.method.stage import Case, Outcome
from a2r_ray.records import (
    CASE_SCHEMA,
    PATH_SCHEMA,
    RESULT_SCHEMA,
    Path,
    Problem,
    Reject,
    Result,
    chat_text,
    paths_of,
    table_of,
)
from a2r_ray.sources.parsing import parse
from a2r_ray.sources.tables import table_rows

PATH_STRUCT = pa.struct(list(PATH_SCHEMA))
OURS = "a2r_"
"""What the names of columns begin with that are added to a dataset of somebody else's."""
PATHS = f"{OURS}paths"
_PATHS_TYPE = pa.list_(PATH_STRUCT)
_GIVEN = {"problem_id", "problem", "messages", "reference_answer", "metadata"}
"""What of a result the dataset itself has said."""


class PathRows:
    """The paths that a call has in hand, each with its row of Arrow."""

    def __init__(self, stored: pa.StructArray) -> None:
        self._chunks = [stored]
        self._adding = threading.Lock()  # suspects of one block are served in threads of their own
        self.paths = paths_of(stored)
        self._at = {id(path): at for at, path in enumerate(self.paths)}  # they live as long as this does

    def add(self, paths: Sequence[Path]) -> pa.Table:
        """Takes in paths; returns them as rows of the paths table."""
        rows = table_of(paths, PATH_SCHEMA)
        structs = _structs(rows)
        with self._adding:
            begin = len(self.paths)
            self._at |= {id(path): begin + at for at, path in enumerate(paths)}
            self.paths += paths
            self._chunks.append(structs)
        return rows

    def lists(self, paths: Sequence[Sequence[Path]]) -> pa.ListArray:
        """Paths as a column of lists of rows, one list for each item."""
        unknown = [path for each in paths for path in each if id(path) not in self._at]
        if unknown:  # a stage made them and kept them nowhere
            self.add(unknown)
        rows = pa.concat_arrays(self._chunks)
        taken = rows.take(pa.array([self._at[id(path)] for each in paths for path in each], pa.int64()))
        offsets = pa.array(accumulate(map(len, paths), initial=0), pa.int32())
        return pa.ListArray.from_arrays(offsets, taken)


class Block(Protocol):
    """A block as a replica serves it."""

    rows: PathRows

    @property
    def cases(self) -> Sequence[Case]:
        """The problems in it."""

    def handed_on(self, outcomes: Sequence[Outcome | None]) -> pa.Table:
        """What leaves for the next pool, or for whoever reads the dataset.

        Args:
            outcomes: of each case; None for what was done with before.
        """


class RunBlock:
    """A block of a run: rows of CASE_SCHEMA."""

    def __init__(self, block: pa.Table) -> None:
        self.rows, paths = _path_lists(block["paths"])
        names = [name for name in CASE_SCHEMA.names if name != "paths"]
        values = zip(*(block[name].to_pylist() for name in names), strict=True)
        problems = [_problem(dict(zip(names, row, strict=True))) for row in values]
        self.cases = [Case(problem, own) for problem, own in zip(problems, paths, strict=True)]

    def handed_on(self, outcomes: Sequence[Outcome | None]) -> pa.Table:
        """The cases that move on."""
        moving = [outcome for outcome in outcomes if isinstance(outcome, Case)]
        return case_table([case.problem for case in moving], self.rows.lists([case.paths for case in moving]))


class DatasetBlock:
    """A block of a dataset of somebody else's: its columns stay as they are, and ours are put beside them.

    Args:
        block: with ``problem_id`` (else the id is a hash of the problem), ``problem`` (else ``messages``: a chat) and,
            where it is known, ``reference_answer``; of what else it has, ``columns`` are read.
        concludes: whether its cases end here.
        columns: others that prompts have places for, by dotted name.
    """

    def __init__(self, block: pa.Table, *, concludes: bool, columns: Sequence[str] = ()) -> None:
        self._block, self._concludes = block, concludes
        stored = block[PATHS] if PATHS in block.column_names else pa.nulls(block.num_rows, _PATHS_TYPE)
        self.rows, paths = _path_lists(stored)
        self._read = _read_dataset(block, columns)
        self.cases = [
            Case(problem, own) for problem, own in zip(self._read, paths, strict=True) if isinstance(problem, Problem)
        ]

    def handed_on(self, outcomes: Sequence[Outcome | None]) -> pa.Table:
        """The block with ``a2r_paths``, or with a result's columns; and with ``a2r_error``."""
        remaining = iter(outcomes)
        made = [read if isinstance(read, Reject) else next(remaining) for read in self._read]
        columns: dict[str, Any] = {}
        if not self._concludes:
            columns[PATHS] = self.rows.lists([outcome.paths if isinstance(outcome, Case) else () for outcome in made])
        elif PATHS not in self._block.column_names:
            columns[PATHS] = self._lists_by_problem(made)
        if self._concludes:
            columns |= _result_columns(made)
        columns[f"{OURS}error"] = pa.array([_error(outcome) for outcome in made], pa.string())
        return _with_columns(self._block, columns)

    def _lists_by_problem(self, made: Sequence[Outcome | None]) -> pa.ListArray:
        """The paths that were sampled on the way to results, beside them."""
        own: dict[str, list[Path]] = {}
        for path in self.rows.paths:
            own.setdefault(path.problem_id, []).append(path)
        ids = [outcome.problem_id if isinstance(outcome, Result) else "" for outcome in made]
        return self.rows.lists([sorted(own.get(name, ()), key=attrgetter("round", "path_index")) for name in ids])


def case_table(problems: Sequence[Problem], paths: pa.ListArray) -> pa.Table:
    """Problems and their paths as rows of CASE_SCHEMA."""
    columns: dict[str, Any] = {
        name: [getattr(problem, name) for problem in problems] for name in CASE_SCHEMA.names if name != "paths"
    }
    columns["messages"] = [chat_text(problem) for problem in problems]
    arrays = [pa.array(columns[field.name], field.type) for field in CASE_SCHEMA if field.name != "paths"]
    return pa.Table.from_arrays([*arrays, paths], schema=CASE_SCHEMA)


def _problem(row: dict[str, Any]) -> Problem:
    if row["messages"] is not None:
        row["messages"] = tuple(json.loads(row["messages"]))
    return Problem(**row)


def _path_lists(column: pa.ChunkedArray | pa.Array) -> tuple[PathRows, list[tuple[Path, ...]]]:
    """The paths in a column of lists of rows, and which each item has."""
    if column.type != _PATHS_TYPE:  # whoever had the dataset in between may have inferred another
        column = column.cast(_PATHS_TYPE)
    flat = pc.list_flatten(column)
    rows = PathRows(flat.combine_chunks() if isinstance(flat, pa.ChunkedArray) else flat)
    ends = list(accumulate(length or 0 for length in pc.list_value_length(column).to_pylist()))
    return rows, [tuple(rows.paths[begin:end]) for begin, end in zip([0, *ends], ends, strict=False)]


def _structs(rows: pa.Table) -> pa.StructArray:
    return pa.StructArray.from_arrays([column.combine_chunks() for column in rows.columns], fields=list(PATH_SCHEMA))


def _read_dataset(block: pa.Table, columns: Sequence[str]) -> list[Problem | Reject]:
    """What the rows of a dataset ask, by the same rules as those of a file.

    Raises:
        InputError: it lacks one of ``columns``.
    """
    has = set(block.column_names)
    asked = "messages" if "messages" in has and "problem" not in has else "problem"
    config = InputConfig(
        path="dataset",
        id_column="problem_id" if "problem_id" in has else None,
        messages_column="messages" if asked == "messages" else None,
        answer_column="reference_answer" if "reference_answer" in has else None,
        answer_kind_column=None,  # a column of that name may be about anything
    ).showing(columns)
    read = [name for name in ("problem_id", asked, "reference_answer") if name in has]
    for column in columns:
        if (name := next((name for name in (column, column.partition(".")[0]) if name in has), None)) is None:
            raise InputError(
                f"a prompt has a place for {{{column}}}; the dataset's columns are {', '.join(sorted(has))}"
            )
        read += [name] if name not in read else []
    return [parse(replace(row, line=0), config) for row in table_rows("dataset", [block.select(read)])]


def _result_columns(made: Sequence[Outcome | None]) -> dict[str, Any]:
    """A result's columns but those that the dataset has given; nulls for what is no result, but its route."""
    columns: dict[str, Any] = {}
    for field in RESULT_SCHEMA:
        if field.name not in _GIVEN:
            values = [getattr(outcome, field.name) if isinstance(outcome, Result) else None for outcome in made]
            columns[f"{OURS}{field.name}"] = pa.array(values, field.type)
    routes = [outcome.route if isinstance(outcome, Result) else "failed" for outcome in made]
    return columns | {f"{OURS}route": pa.array(routes, pa.string())}


def _error(outcome: Outcome | None) -> str:
    if isinstance(outcome, Reject):
        return f"{outcome.error_kind}: {outcome.error}"
    return outcome.error if isinstance(outcome, Result) else ""


def _with_columns(block: pa.Table, columns: Mapping[str, Any]) -> pa.Table:
    """The block with columns of ours, which replace those of the same name: they were ours as well."""
    block = block.drop_columns([name for name in columns if name in block.column_names])
    for name, values in columns.items():
        block = block.append_column(name, values)
    return block

"""Sources: what a run reads its problems from, each by one reader, every row of it accounted for.

- ``open_source`` raises InputError for what cannot be read at all; after that no row raises.
- Every input row becomes exactly one of Problem, Reject, Duplicate, in the input's order, in flat memory but for the
  keys by which repeated rows are known (about 120 bytes per problem). Where paths are brought, a row that repeats a
  problem is no Duplicate to account for: it brings more of that problem's paths.
"""

from collections.abc import Iterator
from itertools import islice
from pkgutil import resolve_name

from a2r_ray.config.schema import InputConfig
from a2r_ray.config.secrets import public
from a2r_ray.errors import InputError
from a2r_ray.records import Problem, Reject
from a2r_ray.sources.parsing import parse
from a2r_ray.sources.rows import RawRow, Source
from a2r_ray.sources.seen import Duplicate, Seen

__all__ = [
    "Duplicate",
    "RawRow",
    "Source",
    "first_rows",
    "open_source",
    "parse",
    "read_problems",
    "read_rows",
    "row_count",
]


def open_source(config: InputConfig) -> Source:
    """The configured input.

    Raises:
        InputError: it is not there, cannot be read, or lacks a configured column; with the remedy.
    """
    opener = _OPENERS.get(config.source)
    if opener is None:
        raise InputError(f"input.source {config.source}: there is no reader for it")
    source: Source = resolve_name(f"{__name__}.{opener}")(config)
    return source


_OPENERS = {
    "file": "file:open_files",
    "huggingface": "huggingface:open_dataset",
    "reasoning_gym": "reasoning_gym:open_datasets",
    "paths": "paths:open_paths",
}
"""Who opens what ``input.source`` names; imported where it is asked for, since some take a while."""


def row_count(source: Source) -> int:
    """How many input rows there are to read: no more than ``limit``."""
    rows, limit = source.count(), source.config.limit
    return rows if limit is None else min(rows, limit)


def read_rows(source: Source) -> Iterator[tuple[RawRow, Problem | Reject | Duplicate]]:
    """Each input row with what it is: a problem, a reject or a duplicate; no more rows than ``limit``."""
    seen = Seen()
    for raw in islice(source.rows(), source.config.limit):
        record = parse(raw, source.config)
        yield raw, seen.judge(record, raw) if isinstance(record, Problem) else record


def read_problems(source: Source) -> Iterator[Problem | Reject | Duplicate]:
    """What the input rows are; those that only bring more paths of an earlier problem are left out."""
    brings_paths = source.config.source == "paths"
    for _, record in read_rows(source):
        if not (brings_paths and isinstance(record, Duplicate)):
            yield record


def first_rows(source: Source, n: int) -> list[Problem | Reject]:
    """The first ``n`` rows that are no duplicates, and the first problem where it comes later.

    Raises:
        InputError: the input has no rows, or none that is a problem.
    """
    rows: list[Problem | Reject] = []
    reasons: list[Reject] = []
    count, found = 0, False
    for record in read_problems(source):
        count += 1
        if isinstance(record, Duplicate):
            continue
        if isinstance(record, Problem):
            found = True
        elif len(reasons) < _REASONS:
            reasons.append(record)
        if len(rows) < n or isinstance(record, Problem):
            rows.append(record)
        if found and len(rows) >= n:
            break
    if not found:
        raise InputError(_nothing_readable(source.config, count, reasons))
    return rows


_REASONS = 3
"""Rejects that explain why there is no problem."""


def _nothing_readable(config: InputConfig, count: int, rejects: list[Reject]) -> str:
    name = public(config.path or "") or ", ".join(config.datasets or {})
    if not count:
        return f"{name}: it has no rows"
    reasons = [f"  {row.source}:{row.line}: {row.error_kind}: {row.error}" for row in rejects]
    return "\n".join([f"{name}: none of its {count:,} rows is a problem; the first reasons:", *reasons])

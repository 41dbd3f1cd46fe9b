"""Sources: what a run reads its problems from, each by one reader, every row of it accounted for.

- ``open_source`` raises InputError for what cannot be read at all; after that no row raises.
- Every input row becomes exactly one of Problem, Reject, Duplicate, in the input's order, in flat memory but for the
  keys by which repeated rows are known (about 120 bytes per problem). Where paths are brought, a row that repeats a
  problem is no Duplicate to account for: it brings more of that problem's paths.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pkgutil import resolve_name
from textwrap import shorten

from a2r_ray.answers.judging import Answers
from a2r_ray.config.input import InputConfig
from a2r_ray.config.secrets import public
from a2r_ray.errors import A2RError, InputError
from a2r_ray.records import Problem, Reject
from a2r_ray.sources.columns import Columns, Unseen
from a2r_ray.sources.parsing import parse
from a2r_ray.sources.rows import RawRow, Source
from a2r_ray.sources.seen import Duplicate, Seen

__all__ = [
    "Duplicate",
    "RawRow",
    "Source",
    "doubts",
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
    opened: Callable[[InputConfig], Source] = resolve_name(f"{__name__}.{opener}")
    try:
        return opened(config)
    except A2RError:
        raise
    except Exception as error:  # file systems raise what they like, such as errors of HTTP
        said = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{_name(config)}: cannot be opened: {type(error).__name__}: {public(said)}") from error


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
    seen = Seen(named=Columns.of(source.config).id is not None)
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

    Reads on while a configured column was in no row: it may be one that few rows have, or one that there is not.

    Raises:
        InputError: the input has no rows, none that is a problem, or none that has a configured column.
    """
    rows: list[Problem | Reject] = []
    reasons: list[Reject] = []
    unseen = Unseen(source.config)
    count, found = 0, False
    for raw, record in read_rows(source):
        count += 1
        unseen.look(raw.row)
        if isinstance(record, Reject) and len(reasons) < _REASONS:
            reasons.append(record)
        if not isinstance(record, Duplicate) and (len(rows) < n or (isinstance(record, Problem) and not found)):
            rows.append(record)
        found |= isinstance(record, Problem)
        if found and len(rows) >= n and not unseen.any:
            break
    unseen.check(_name(source.config), count)
    if not found:
        raise InputError(_nothing_readable(source.config, count, reasons))
    return rows


def doubts(source: Source, rows: Sequence[Problem | Reject], answers: Answers) -> list[str]:
    """What a person should know of an input before it is run, a line each.

    Args:
        source: the input.
        rows: its first ones, as ``first_rows`` has them.
        answers: what an answer is.
    """
    lines = []
    if left_out := getattr(source, "left_out", ()):
        lines.append(f"{_first_of(left_out)}: left out, as the folder of a run is no input")
    unscored: Sequence[str] = getattr(source, "unscored", list)()
    if unscored:
        column = Columns.of(source.config).answer
        lines.append(f"{_first_of(unscored)}: no column `{column}` (input.answer_column), so nothing of it is scored")
    known = [row for row in rows if isinstance(row, Problem) and row.reference_answer]
    lost = [row for row in known if answers.of(row).is_lost]
    if lost:
        shown = shorten(str(lost[0].reference_answer)[-_SHOWN:], _SHOWN, placeholder="…")
        lines.append(
            f"in {len(lost):,} of the first {len(known):,} known answers no answer of kind {answers.of(lost[0]).name} "
            f"can be read, so that nothing equals them; the first is {lost[0].source}:{lost[0].line}: …{shown}; mend "
            f"input.answer_column `{Columns.of(source.config).answer}` or answer.kind, or leave the column out"
        )
    return lines


def _first_of(names: Sequence[str]) -> str:
    return names[0] + (f", and {len(names) - 1:,} more" if len(names) > 1 else "")


_SHOWN = 60
"""Characters of an answer that are shown."""
_REASONS = 3
"""Rejects that explain why there is no problem."""


def _nothing_readable(config: InputConfig, count: int, rejects: list[Reject]) -> str:
    name = _name(config)
    if not count:
        return f"{name}: it has no rows"
    reasons = [f"  {row.source}:{row.line}: {row.error_kind}: {row.error}" for row in rejects]
    return "\n".join([f"{name}: none of its {count:,} rows is a problem; the first reasons:", *reasons])


def _name(config: InputConfig) -> str:
    return public(config.path or "") or ", ".join(config.datasets or {})

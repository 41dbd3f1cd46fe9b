"""Columns: which of them the config names, where a row has them, and what is said where none has.

A name with dots is a column of that name where there is one, else a field within a column: in ``reward_model``, be it
objects or their JSON as text, ``reward_model.ground_truth`` is the field ``ground_truth``.
"""

import difflib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from a2r_ray.config.input import InputConfig
from a2r_ray.errors import ColumnError
from a2r_ray.records import Row
from a2r_ray.sources.values import Unheld

MISSING: Final = object()
"""What ``lookup`` finds where there is nothing."""
_KIND = "answer_kind"
"""Where rows have their kinds of answers unless the config says otherwise; an input need not have it."""
PATH_INDEX = "path_index"
"""Where paths are brought: the column with the index of a row's path, or with those of its list."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what."""

    id: str | None
    problem: str | None
    messages: str | None
    answer: str | None
    metadata: str | None = None
    """The one column that is the metadata; None: all columns that are nothing else."""
    paths: str | None = None
    kind: str | None = None
    """The one with the kind of a row's answer, which rows need not have."""

    @classmethod
    def of(cls, config: InputConfig) -> "Columns":
        if config.source == "reasoning_gym":
            return cls("id", "problem", None, "answer", metadata="metadata")
        problem = None if config.messages_column else config.problem_column or "problem"
        paths = config.paths_column if config.source == "paths" else None
        return cls(
            config.id_column,
            problem,
            config.messages_column,
            config.answer_column,
            None,
            paths,
            config.answer_kind_column,
        )

    def taken(self) -> set[str | None]:
        return {self.id, self.problem, self.messages, self.answer, self.paths, self.paths and PATH_INDEX, self.kind}

    def configured(self) -> dict[str, str]:
        """The field of the config that names a column, and the column."""
        named = {
            "id_column": self.id,
            "messages_column" if self.messages else "problem_column": self.messages or self.problem,
            "answer_column": self.answer,
            "paths_column": self.paths,
            "answer_kind_column": None if self.kind == _KIND else self.kind,
        }
        return {f"input.{option}": name for option, name in named.items() if name is not None}


def lookup(row: Row, name: str) -> Any:
    """The value of a column, or of a field within one; MISSING where the row has no such thing."""
    if name in row:
        return row[name]
    at = name.rfind(".")
    while at > 0:
        outer = row.get(name[:at])
        if isinstance(outer, Unheld):
            return outer
        inner = _object(outer)
        found = MISSING if inner is None else lookup(inner, name[at + 1 :])
        if found is not MISSING:
            return found
        at = name.rfind(".", 0, at)
    return MISSING


def _object(value: Any) -> Row | None:
    """The fields of a value that has some: of an object, a map, or an object's JSON."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if isinstance(value, list) and all(isinstance(pair, tuple) for pair in value):
        value = dict(value)
    return value if isinstance(value, dict) else None


def check_columns(where: str, known: Collection[str], config: InputConfig) -> None:
    """Raises InputError where a configured column is not among those that a table is known to have.

    Args:
        where: the table.
        known: its columns, and with dots the fields within them.
        config: names the columns. What lies within a column of text shows only in the rows (``Unseen``).
    """
    named = Columns.of(config).configured().items()
    missing = {option: name for option, name in named if not _may_have(name, known)}
    if missing:
        raise ColumnError(f"{where} lacks {_named(missing, known)}")


def lacks_answer(known: Collection[str], config: InputConfig) -> bool:
    """Whether a table that is known to have these columns lacks the known answer's."""
    answer = Columns.of(config).answer
    return answer is not None and not _may_have(answer, known)


def _may_have(name: str, known: Collection[str]) -> bool:
    return name in known or _may_be_within(name, known)


def _may_be_within(name: str, known: Collection[str]) -> bool:
    begun = (name[:at] for at in range(len(name)) if name[at] == ".")
    return any(head in known and not any(other.startswith(f"{head}.") for other in known) for head in begun)


class Unseen:
    """The configured columns that no row has had so far.

    Args:
        config: names the columns.
    """

    def __init__(self, config: InputConfig) -> None:
        self._left = Columns.of(config).configured()
        self._known: dict[str, None] = {}

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return bool(self._left)

    def look(self, row: Row | None) -> None:
        """Takes in a row; None where it could not be read."""
        if not self._left or row is None:
            return
        self._left = {option: name for option, name in self._left.items() if lookup(row, name) is MISSING}
        if len(self._known) < _MOST_NAMES:
            self._known |= dict.fromkeys(_names(row))

    def check(self, where: str, rows: int) -> None:
        """Raises InputError where rows were read and a column was in none of them."""
        if self._left and self._known:
            raise ColumnError(f"{where}: none of its {rows:,} rows has {_named(self._left, self._known)}")


_MOST_NAMES = 1000


def _names(row: Row) -> Iterable[str]:
    for name, value in row.items():
        yield name
        yield from (f"{name}.{inner}" for inner in (value if isinstance(value, dict) else ()))


def _named(missing: dict[str, str], known: Collection[str]) -> str:
    """The columns that are missing, and what may have been meant."""
    text = " and ".join(f"{option} `{name}`" for option, name in missing.items())
    near = [found for name in missing.values() for found in difflib.get_close_matches(name, known, n=1)]
    hint = f"did you mean {' and '.join(f'`{name}`' for name in near)}? " if near else ""
    outer = [name for name in known if not any(name.startswith(f"{other}.") for other in known)]
    listed = ", ".join(f"`{name}`" for name in outer)
    return f"{text}; {hint}name one of its columns: {listed}" if listed else f"{text}: it has no columns"

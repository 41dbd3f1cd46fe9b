"""A row becomes a problem: the configured columns are taken out, and what is wrong with a row is said in a reject.

Nothing is guessed or converted silently: a column holds what it should, or the row is a reject that names the column,
what was found and what was expected.
"""

import json
import math
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from a2r_ray.config.schema import InputConfig
from a2r_ray.errors import ErrorKind, InputError
from a2r_ray.records import Message, Problem, Reject, Row, problem_hash
from a2r_ray.sources.rows import RawRow, as_json, encodable


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

    @classmethod
    def of(cls, config: InputConfig) -> "Columns":
        if config.source == "reasoning_gym":
            return cls("id", "problem", None, "answer", metadata="metadata")
        problem = None if config.messages_column else config.problem_column or "problem"
        paths = config.paths_column if config.source == "paths" else None
        return cls(config.id_column, problem, config.messages_column, config.answer_column, paths=paths)

    def taken(self) -> set[str | None]:
        return {self.id, self.problem, self.messages, self.answer, self.paths}


def check_columns(where: str, known: Collection[str], config: InputConfig) -> None:
    """Raises InputError where a configured column is not among those that a table is known to have."""
    columns = Columns.of(config)
    wanted = {
        "id_column": columns.id,
        "messages_column" if columns.messages else "problem_column": columns.messages or columns.problem,
        "answer_column": columns.answer,
        "paths_column": columns.paths,
    }
    missing = [f"input.{option} `{name}`" for option, name in wanted.items() if name is not None and name not in known]
    if missing:
        listed = ", ".join(f"`{name}`" for name in known)
        raise InputError(f"{where} lacks {' and '.join(missing)}; name one of its columns: {listed}")


def parse(raw: RawRow, config: InputConfig) -> Problem | Reject:
    """The problem in a row, or why there is none."""
    if raw.row is None:
        return _reject(raw, None, raw.error_kind, raw.error)
    columns = Columns.of(config)
    problem_id: str | None = None
    try:
        problem_id = _id(raw.row, columns.id)
        messages = _messages(raw.row, columns.messages) if columns.messages else None
        text = _last_user_text(messages, columns.messages) if messages else _problem(raw.row, str(columns.problem))
        if columns.paths is not None:
            _check_paths(raw.row, columns.paths)
        return Problem(
            problem_id=problem_id if problem_id is not None else problem_hash(text, messages),
            problem=text,
            messages=messages,
            reference_answer=_answer(raw.row, columns.answer),
            metadata=_metadata(raw.row, columns),
            verifier=raw.verifier,
            source=raw.source,
            line=raw.line,
        )
    except _Unfit as unfit:
        return _reject(raw, problem_id, unfit.kind, unfit.message)


def _reject(raw: RawRow, problem_id: str | None, kind: str, message: str) -> Reject:
    return Reject(problem_id, raw.source, raw.line, "input", kind, message, raw.text)


class _Unfit(Exception):  # noqa: N818 (it never leaves this module)
    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


def _id(row: Row, column: str | None) -> str | None:
    if column is None:
        return None
    value = row.get(column)
    if value is None or value == "" or _is_nan(value):
        raise _Unfit(ErrorKind.MISSING_ID, f"{_absent(row, column)}, expected text or an integer")
    if isinstance(value, str):
        return _text(value, column)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise _wrong(column, value, "text or an integer")


def _problem(row: Row, column: str) -> str:
    value = row.get(column)
    if value is None:
        raise _Unfit(ErrorKind.MISSING_PROBLEM, f"{_absent(row, column)}, expected the problem's text")
    if not isinstance(value, str):
        raise _wrong(column, value, "the problem's text")
    if not value.strip():
        raise _Unfit(ErrorKind.EMPTY_PROBLEM, f"column `{column}`: found only whitespace, expected the problem's text")
    return _text(value, column)


_CHAT = 'a list of {"role": text, "content": text}'


def _messages(row: Row, column: str) -> tuple[Message, ...]:
    value = row.get(column)
    if value is None or value == []:
        raise _Unfit(ErrorKind.MISSING_PROBLEM, f"{_absent(row, column)}, expected {_CHAT}")
    if isinstance(value, str):  # a CSV file has no other way of holding a list
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise _wrong(column, value, _CHAT) from None
    if not isinstance(value, list):
        raise _wrong(column, value, _CHAT)
    return tuple(_message(item, column) for item in value)


def _message(item: Any, column: str) -> Message:
    """One message; fields that a table fills with nulls are left out."""
    given = {key: value for key, value in item.items() if value is not None} if isinstance(item, dict) else {}
    if "role" not in given or "content" not in given:
        raise _wrong(column, item, _CHAT)
    for value in given.values():
        if not isinstance(value, str):
            raise _wrong(column, value, _CHAT)
    return {key: _text(value, column) for key, value in given.items()}


def _last_user_text(messages: tuple[Message, ...], column: str | None) -> str:
    last: str | None = next((message["content"] for message in reversed(messages) if message["role"] == "user"), None)
    if last is None:
        roles = ", ".join(sorted({message["role"] for message in messages}))
        raise _Unfit(
            ErrorKind.MISSING_PROBLEM, f"column `{column}`: found messages of {roles}, expected at least one of user"
        )
    if not last.strip():
        raise _Unfit(
            ErrorKind.EMPTY_PROBLEM, f"column `{column}`: found a last user message of only whitespace, expected text"
        )
    return last


def _answer(row: Row, column: str | None) -> str | None:
    value = None if column is None else row.get(column)
    if column is None or value is None or _is_nan(value):
        return None
    if isinstance(value, str):
        return _text(value, column) if value.strip() else None
    if isinstance(value, int | float | Decimal):
        return str(value)
    raise _wrong(column, value, "text or a number")


_PATHS = "a path's text or a list of such"


def _check_paths(row: Row, column: str) -> None:
    value = row.get(column)
    if value is None or value == [] or _is_nan(value):
        raise _Unfit(ErrorKind.MISSING_PATHS, f"{_absent(row, column)}, expected {_PATHS}")
    if not isinstance(value, str | list):
        raise _wrong(column, value, _PATHS)
    for number, text in enumerate([value] if isinstance(value, str) else value, 1):
        if not isinstance(text, str):
            raise _wrong(column, text, f"a path's text at place {number} of the list")
        _text(text, column)


def _metadata(row: Row, columns: Columns) -> str:
    if columns.metadata is not None:
        return as_json(row.get(columns.metadata) or {})
    taken = columns.taken()
    return as_json({name: value for name, value in row.items() if name not in taken})


def _text(value: str, column: str) -> str:
    if not encodable(value):
        raise _Unfit(
            ErrorKind.INVALID_UTF8, f"column `{column}`: found half of a surrogate pair (\\ud800…), expected UTF-8"
        )
    return value


def _is_nan(value: Any) -> bool:
    """What pandas writes for a missing number."""
    return isinstance(value, float) and math.isnan(value)


def _absent(row: Row, column: str) -> str:
    if column in row:
        return f"column `{column}`: found {_shown(row[column])}"
    listed = ", ".join(f"`{name}`" for name in row) or "none"
    return f"column `{column}`: not found among the row's columns ({listed})"


def _wrong(column: str, value: Any, expected: str) -> _Unfit:
    return _Unfit(ErrorKind.WRONG_TYPE, f"column `{column}`: found {_shown(value)}, expected {expected}")


_KINDS: dict[type, str] = {str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}
_SHOWN = 60
"""Characters of a value that an error shows."""


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    text = repr(value)
    return f"{_KINDS.get(type(value), type(value).__name__)} {text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}"

"""A row becomes a problem: the configured columns are taken out, and what is wrong with a row is said in a reject.

Nothing is guessed or converted silently: a column holds what it should, or the row is a reject that names the column,
what was found and what was expected.
"""

import json
import math
from collections.abc import Sequence
from typing import Any

from a2r_ray import prompts
from a2r_ray.answers.reasoning_gym import factory, gym_dataset
from a2r_ray.config.answer import NAMED
from a2r_ray.config.input import InputConfig
from a2r_ray.errors import ErrorKind
from a2r_ray.records import Message, Problem, Reject, Row, problem_hash
from a2r_ray.sources import chats
from a2r_ray.sources.columns import MISSING, PATH_INDEX, Columns, lookup
from a2r_ray.sources.rows import RawRow, as_json
from a2r_ray.sources.unfit import UnfitError, absent, text, wrong
from a2r_ray.sources.values import Unheld, answer_text


def parse(raw: RawRow, config: InputConfig) -> Problem | Reject:
    """The problem in a row, or why there is none."""
    if raw.row is None:
        return _reject(raw, None, raw.error_kind, raw.error)
    columns = Columns.of(config)
    problem_id: str | None = None
    try:
        problem_id = _id(raw.row, columns.id)
        messages = _messages(raw.row, columns.messages, config) if columns.messages else None
        asked = (
            chats.last_user_text(messages, str(columns.messages))
            if messages is not None
            else _problem(raw.row, columns)
        )
        if columns.paths is not None:
            _check_paths(raw.row, columns.paths)
        metadata = _metadata(raw.row, columns)
        return Problem(
            problem_id=_hash(asked, messages, metadata, config) if problem_id is None else problem_id,
            problem=asked,
            messages=messages,
            reference_answer=_answer(raw.row, columns.answer),
            metadata=metadata,
            shown=shown(metadata, config.shown_columns),
            answer_kind=raw.answer_kind or _kind(raw.row, columns.kind),
            source=raw.source,
            line=raw.line,
        )
    except UnfitError as unfit:
        return _reject(raw, problem_id, unfit.kind, unfit.message, _known(raw.row, columns.answer))


def shown(metadata: str, columns: Sequence[str]) -> str:
    """What prompts show of a problem besides what it asks, as ``Problem.shown`` has it."""
    if not columns:
        return ""
    row = json.loads(metadata)
    values = {name: prompts.column(row, name) for name in columns}
    given = [[name, value] for name, value in sorted(values.items()) if value is not None]
    return json.dumps(given, sort_keys=True, separators=(",", ":")) if given else ""


def _hash(asked: str, messages: tuple[Message, ...] | None, metadata: str, config: InputConfig) -> str:
    """The id of a problem that has none."""
    return problem_hash(asked, messages, shown(metadata, config.sampled_with))


def _reject(raw: RawRow, problem_id: str | None, kind: str, message: str, known: str | None = None) -> Reject:
    return Reject(problem_id, raw.source, raw.line, "input", kind, message, raw.text, known)


def _known(row: Row, column: str | None) -> str | None:
    """The known answer of a row in which something is wrong; None where that is the answer itself."""
    try:
        return _answer(row, column)
    except UnfitError:
        return None


def _value(row: Row, column: str) -> Any:
    """What the column holds; None where the row lacks it."""
    value = lookup(row, column)
    if isinstance(value, Unheld):
        raise UnfitError(ErrorKind.UNREADABLE_ROW, f"column `{column}`: {value.reason}")
    return None if value is MISSING else value


def _id(row: Row, column: str | None) -> str | None:
    if column is None:
        return None
    value = _value(row, column)
    if value is None or value == "" or _is_nan(value):
        raise UnfitError(ErrorKind.MISSING_ID, f"{absent(row, column, value)}, expected text or an integer")
    if isinstance(value, str):
        return text(value, column)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise wrong(column, value, "text or an integer")


def _problem(row: Row, columns: Columns) -> str:
    column = str(columns.problem)
    value = _value(row, column)
    if value is None:
        raise UnfitError(ErrorKind.MISSING_PROBLEM, f"{absent(row, column, value)}, expected the problem's text")
    if not isinstance(value, str):
        raise wrong(column, value, "the problem's text")
    if not value.strip():
        raise UnfitError(
            ErrorKind.EMPTY_PROBLEM, f"column `{column}`: found only whitespace, expected the problem's text"
        )
    return text(value, column)


def _messages(row: Row, column: str, config: InputConfig) -> tuple[Message, ...]:
    value = _value(row, column)
    if value is None or value == []:
        raise UnfitError(ErrorKind.MISSING_PROBLEM, f"{absent(row, column, value)}, expected {chats.CHAT}")
    return chats.messages(value, column, cut=config.trailing_assistant == "cut")


def _answer(row: Row, column: str | None) -> str | None:
    value = None if column is None else _value(row, column)
    if column is None or value is None:
        return None
    answer = answer_text(value)
    if answer is None:
        raise wrong(column, value, "an answer, or bytes that are UTF-8")
    return text(answer, column) or None


def _kind(row: Row, column: str | None) -> str | None:
    """The row's own kind of answer; "" and null name none."""
    value = None if column is None else _value(row, column)
    if column is None or value in (None, "") or _is_nan(value):
        return None
    named = value.strip() if isinstance(value, str) else ""
    if named.casefold() in {*NAMED} - {"gym"}:
        return named.casefold()
    if _is_dataset(named):
        return named
    if named.casefold() == "gym" and _is_dataset(whole := f"{_GYM}{gym_dataset(row)}"):
        return whole
    kinds = ", ".join(name for name in NAMED if name != "gym")
    expected = f"a kind of answer ({kinds}, {_GYM}DATASET, or gym beside a `source_dataset` of reasoning_gym)"
    raise wrong(column, value, f"{expected}; input.answer_kind_column says which column has it")


def _is_dataset(kind: str) -> bool:
    """Whether it names a dataset of reasoning_gym, which takes a while to import."""
    return kind.startswith(_GYM) and kind.removeprefix(_GYM) in factory().DATASETS


_GYM = "gym:"
_PATHS = "a path's text or a list of such"
_INDEX = "the index of the row's path, from 0, or a list of as many as it has paths"


def _check_paths(row: Row, column: str) -> None:
    value = _value(row, column)
    if value is None or value == [] or _is_nan(value):
        raise UnfitError(ErrorKind.MISSING_PATHS, f"{absent(row, column, value)}, expected {_PATHS}")
    if not isinstance(value, str | list):
        raise wrong(column, value, _PATHS)
    texts = [value] if isinstance(value, str) else value
    for number, path in enumerate(texts, 1):
        if not isinstance(path, str):
            raise wrong(column, path, f"a path's text at place {number} of the list")
        text(path, column)
    if path_indices(row, len(texts)) is None:
        raise wrong(PATH_INDEX, row[PATH_INDEX], _INDEX)


def path_indices(row: Row, paths: int) -> list[int | None] | None:
    """The index that a row names for each of its paths, None for one that it does not; None where it names no such."""
    named = row.get(PATH_INDEX)
    indices = named if isinstance(named, list) else [named] if named is not None else [None] * paths
    read = [int(i) if isinstance(i, str) and i.isascii() and i.isdigit() else i for i in indices]
    good = all(i is None or (type(i) is int and 0 <= i < _MOST_PATHS) for i in read)
    return read if good and len(read) == paths else None


_MOST_PATHS = 1 << 31


def _metadata(row: Row, columns: Columns) -> str:
    if columns.metadata is not None:
        return as_json(row.get(columns.metadata) or {})
    taken = columns.taken()
    return as_json({name: value for name, value in row.items() if name not in taken})


def _is_nan(value: Any) -> bool:
    """What pandas writes for a missing number."""
    return isinstance(value, float) and math.isnan(value)

"""What a reader yields: one input row as it was read, or why it could not be.

- A reader yields exactly one RawRow per input row, in an order that is the same every time.
- A row that cannot be read is a RawRow with an error, never an exception: the rows around it are still read.
"""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from a2r_ray.config.input import InputConfig
from a2r_ray.records import Row


@dataclass(frozen=True, slots=True)
class RawRow:
    """One input row."""

    source: str
    """The file or dataset, as the user would recognise it."""
    line: int
    """Where in it, from 1: the line of a text file, the row of a table."""
    row: Row | None
    """Column to value; None where the row could not be read."""
    raw: str = ""
    """The row as it was written, where it was written as text."""
    error_kind: str = ""
    error: str = ""
    answer_kind: str | None = None
    """The kind of its answer, where the source knows (``Problem.answer_kind``)."""
    stored: tuple[pa.RecordBatch | pa.Table, int] | None = None
    """Where the row lies in a table that declares types: which rows, and which of them, from 0."""

    @property
    def text(self) -> str:
        """The row as text."""
        return self.raw or ("" if self.row is None else as_json(self.row))


class Source(Protocol):
    """An input that is there and can be opened."""

    @property
    def config(self) -> InputConfig:
        """What its rows are parsed with, ``limit`` included."""
        ...

    def rows(self) -> Iterator[RawRow]:
        """Every row, in the same order each time, in flat memory."""
        ...

    def count(self) -> int:
        """How many rows there are, without reading more than that needs."""
        ...

    def version(self) -> str:
        """Another text where the content may be another, without reading it: of files by their sizes and times."""
        ...


def _plain(value: Any) -> str:
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else str(value)


def as_json(value: Any, plain: Callable[[Any], str] = _plain) -> str:
    """The value as strict JSON in valid UTF-8, whatever it holds: dates as text, bytes as their number, NaN as null.

    Args:
        value: whatever a row may hold.
        plain: how what JSON has no place for is said.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=plain)
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False, default=plain)
    return text if encodable(text) else json.dumps(_finite(value), default=plain)


def encodable(text: str) -> bool:
    """Whether the text can be stored: half of a surrogate pair, which JSON can escape, cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

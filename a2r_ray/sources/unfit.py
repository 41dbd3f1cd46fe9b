"""What keeps a row from being a problem: the column, what was found in it, and what was expected."""

from typing import Any

from a2r_ray.errors import ErrorKind
from a2r_ray.records import Row
from a2r_ray.sources.rows import encodable


class UnfitError(Exception):
    """The row becomes a reject; this never leaves the package."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


def wrong(column: str, value: Any, expected: str) -> UnfitError:
    """A value of another type."""
    return UnfitError(ErrorKind.WRONG_TYPE, f"column `{column}`: found {shown(value)}, expected {expected}")


def absent(row: Row, column: str, value: Any) -> str:
    """What a row has in place of a value: nothing, or something empty."""
    if value is not None or column in row:
        return f"column `{column}`: found {shown(value)}"
    listed = ", ".join(f"`{name}`" for name in row) or "none"
    return f"column `{column}`: not found among the row's columns ({listed})"


def text(value: str, column: str) -> str:
    """The text, which can be stored.

    Raises:
        UnfitError: it cannot.
    """
    if not encodable(value):
        raise UnfitError(
            ErrorKind.INVALID_UTF8, f"column `{column}`: found half of a surrogate pair (\\ud800…), expected UTF-8"
        )
    return value


_KINDS: dict[type, str] = {str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}
_SHOWN = 60
"""Characters of a value that an error shows."""


def shown(value: Any) -> str:
    """A value as an error names it."""
    if value is None:
        return "null"
    text = repr(value)
    return f"{_KINDS.get(type(value), type(value).__name__)} {text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}"

"""What the values of a table mean in Python, by their declared types, and what a value says as a known answer.

- A class label of Hugging Face's is its name, wherever in a column it stands.
- A number of 16 or 32 bits is the shortest decimal that means it: 0.1, not 0.10000000149011612.
"""

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, Self

import numpy as np
import pyarrow as pa

from a2r_ray.records import Row
from a2r_ray.sources.rows import as_json

Features = Mapping[str, Any]
"""Hugging Face's features, as the metadata of a schema has them: a column's ``_type``, a class label's ``names``, …"""
_Meaning = Callable[[Any], Any]
_NARROW = {pa.float16(): np.float16, pa.float32(): np.float32}
_EXACT = Context(prec=400)
_LONGEST = 20
"""Characters of a number that is written out; what takes more has an exponent."""


def features(schema: pa.Schema) -> Features:
    """The features that a schema's metadata declares, by column; none where it declares none that can be read."""
    try:
        found = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def meanings(schema: pa.Schema) -> dict[str, _Meaning]:
    """The columns whose values Python holds in another way than they are meant, and how to read each."""
    declared = features(schema)
    found = {field.name: _meaning(field.type, declared.get(field.name)) for field in schema}
    return {name: meaning for name, meaning in found.items() if meaning is not None}


@dataclass(frozen=True, slots=True)
class Unheld:
    """Stands for a value that Python cannot hold: a row that needs it is a reject."""

    reason: str

    def __str__(self) -> str:
        return "<unreadable>"


def read(row: Row, by_column: Mapping[str, _Meaning]) -> Row:
    """The row with its values as they are meant."""
    if not by_column:
        return row
    held = {name: meaning for name, meaning in by_column.items() if not isinstance(row[name], Unheld)}
    return {**row, **{name: meaning(row[name]) for name, meaning in held.items()}}


def _meaning(kind: pa.DataType, feature: Any) -> _Meaning | None:
    if pa.types.is_dictionary(kind):
        return _meaning(kind.value_type, feature)
    if pa.types.is_nested(kind):
        return _of_nested(kind, feature)
    declared = feature if isinstance(feature, dict) else {}
    if declared.get("_type") == "ClassLabel" and pa.types.is_integer(kind) and isinstance(declared.get("names"), list):
        return _of_value(_label(declared["names"]))
    narrow = _NARROW.get(kind)
    return None if narrow is None else _of_value(lambda value: float(str(narrow(value))))


def _of_nested(kind: pa.DataType, feature: Any) -> _Meaning | None:
    if pa.types.is_map(kind):
        return _of_map(_meaning(kind.key_type, None), _meaning(kind.item_type, None))
    if pa.types.is_struct(kind):
        return _of_struct({part.name: _meaning(part.type, _within(feature, part.name)) for part in kind})
    if not hasattr(kind, "value_type"):  # a union
        return None
    if isinstance(feature, list):  # as the older versions declare a list
        within = feature[0] if feature else None
    else:
        within = feature.get("feature") if isinstance(feature, dict) else None
    inner = _meaning(kind.value_type, within)
    return None if inner is None else _of_value(lambda values: [inner(value) for value in values])


def _within(feature: Any, name: str) -> Any:
    """The feature of a field; a sequence of objects may be declared as an object of sequences."""
    declared = feature if isinstance(feature, dict) else {}
    if "feature" in declared and isinstance(declared["feature"], dict):
        return {"feature": declared["feature"].get(name), "_type": declared.get("_type")}
    return declared.get(name)


def _label(names: list[Any]) -> _Meaning:
    """By its place: below 0 is Hugging Face's way of saying that there is none."""
    return lambda value: value if value >= len(names) else None if value < 0 else str(names[value])


def _of_value(meaning: _Meaning) -> _Meaning:
    return lambda value: None if value is None else meaning(value)


def _of_struct(fields: Mapping[str, _Meaning | None]) -> _Meaning | None:
    known = {name: meaning for name, meaning in fields.items() if meaning is not None}
    return _of_value(lambda value: read(value, known)) if known else None


def _of_map(key: _Meaning | None, item: _Meaning | None) -> _Meaning | None:
    if key is None and item is None:
        return None

    def same(value: Any) -> Any:
        return value

    of_key, of_item = key or same, item or same
    return _of_value(lambda pairs: [(of_key(name), of_item(value)) for name, value in pairs])


# Known answers ------------------------------------------------------------------------------------------------------


class LongFloat(float):
    """A float of a text that says more than it holds: ``1e-400``, ``0.1234567890123456789``."""

    def __new__(cls, text: str) -> Self:
        made = super().__new__(cls, text)
        made.exact = Decimal(text)
        return made

    exact: Decimal
    """What the text says."""


def answer_text(value: Any) -> str | None:
    """What a value of any type says as a known answer; "" where it is none, None where it is no text that can be read.

    A number is written in the shortest way that means the same. A list of one is what it holds; any other list, and an
    object, is its JSON.
    """
    if isinstance(value, str):  # as most are
        return value if value.strip() else ""
    if isinstance(value, np.generic | np.ndarray):
        value = float(str(value)) if isinstance(value, np.floating) else value.tolist()
    if isinstance(value, list) and value and all(isinstance(pair, tuple) for pair in value):  # a map
        value = {str(name): inner for name, inner in value}
    if isinstance(value, list | tuple) and len(value) == 1:
        return answer_text(value[0])
    if value is None or value in ([], {}, ()):
        return ""
    say = next((say for kinds, say in _SAYS if isinstance(value, kinds)), str)
    return say(value)


def _number(value: float | Decimal) -> str:
    if isinstance(value, int):
        return str(value)
    exact = value.exact if isinstance(value, LongFloat) else value if isinstance(value, Decimal) else _decimal(value)
    if not exact.is_finite():
        return "" if exact.is_nan() else "\\infty" if exact > 0 else "-\\infty"
    if exact.is_zero():
        return "0"
    short = exact.normalize(_EXACT)
    text, plain = str(short).lower(), format(short, "f") if abs(short.adjusted()) < _EXACT.prec else ""
    return plain if 0 < len(plain) <= max(_LONGEST, len(text)) else text


def _decimal(value: float) -> Decimal:
    """The shortest that means the same."""
    return Decimal(repr(float(value)))


def _list(value: Any) -> str:
    return as_json(_with_short_numbers(value))


def _with_short_numbers(value: Any) -> Any:
    """A list or an object with its numbers as they would be written alone, where JSON can hold them so."""
    if isinstance(value, dict):
        return {name: _with_short_numbers(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_with_short_numbers(inner) for inner in value]
    if not isinstance(value, float | Decimal) or not _NUMBER.fullmatch(text := _number(value)):
        return value
    if "." not in text and "e" not in text:
        return int(text)
    return float(text) if _decimal(float(text)) == Decimal(text) else text


_NUMBER = re.compile(r"-?\d[\d.]*(?:e[+-]\d+)?")


def _time(value: dt.date | dt.time) -> str:
    """As text; of what pandas makes of a date, the date."""
    is_date = isinstance(value, dt.datetime) and value.tzinfo is None and value.time() == dt.time()
    return str(value.date()) if isinstance(value, dt.datetime) and is_date else str(value)


def _decoded(value: bytes) -> str | None:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    return text if text.strip() else ""


_SAYS: tuple[tuple[Any, Callable[[Any], str | None]], ...] = (
    (bool, str),
    (int | float | Decimal, _number),
    (bytes, _decoded),
    (dt.date | dt.time, _time),
    (list | tuple | dict, _list),
)
"""How a value of these types is written as an answer; the first that it is one of."""

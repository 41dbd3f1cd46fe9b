"""Reasoning Gym's factory, imported whole by one thread, with or without its SAT solver.

pycosat comes as C source only, and reasoning_gym imports it for one dataset, zebra_puzzles. Where it is not installed
the other datasets work, and that one says what it lacks.
"""

import importlib
import importlib.util
import json
import sys
import threading
from collections.abc import Mapping
from types import ModuleType
from typing import Any

_IMPORTING = threading.Lock()


def factory() -> Any:
    """The module ``reasoning_gym.factory``, all of its datasets registered."""
    # A second thread would find the package half imported, and its registry half empty.
    with _IMPORTING:
        if "pycosat" not in sys.modules and importlib.util.find_spec("pycosat") is None:
            sys.modules["pycosat"] = _Missing("pycosat")
        return importlib.import_module("reasoning_gym.factory")


def entry_metadata(row: Mapping[str, Any]) -> dict[str, Any]:
    """What Reasoning Gym has said of a problem: a row's columns, or what a column ``metadata`` of it holds."""
    inner = row.get("metadata")
    if isinstance(inner, str):
        try:
            inner = json.loads(inner)
        except ValueError:
            inner = None
    return inner if isinstance(inner, dict) else dict(row)


def gym_dataset(row: Mapping[str, Any]) -> str:
    """The dataset that a row says that it is from; "" where it says none."""
    return str(entry_metadata(row).get("source_dataset") or "")


class _Missing(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ImportError(
            "zebra_puzzles needs pycosat, which compiles C: pip install pycosat, or leave zebra_puzzles out"
        )

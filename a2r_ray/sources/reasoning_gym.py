"""Reasoning Gym: problems that are generated, each with a scorer (``a2r_ray.answers.kinds.gym``).

- A problem is named for its dataset and index, so the same name must mean the same problem in every process. Some
  generators iterate over sets of texts, whose order differs from process to process: those run in a child process with
  a fixed hash seed.
- What a scorer needs lies in the problem's metadata: the entry's own, and the options under ``dataset_options``.
"""

import contextlib
import dataclasses
import difflib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import IO, Any, cast

from a2r_ray.answers.reasoning_gym import factory
from a2r_ray.config.input import InputConfig
from a2r_ray.errors import InputError
from a2r_ray.records import Row
from a2r_ray.sources.rows import RawRow, as_json

_HASH_ORDERED = frozenset(
    {
        "codeio",
        "intermediate_integration",
        "isomorphic_strings",
        "knight_swap",
        "polynomial_multiplication",
        "ransom_note",
        "word_ladder",
    }
)
"""Whose questions, answers or metadata differ with the hash seed (reasoning_gym 0.1.25)."""


@dataclass(frozen=True, slots=True)
class Generated:
    """One dataset as configured."""

    name: str
    size: int
    seed: int = 42
    options: dict[str, Any] = field(default_factory=dict)

    def rows(self) -> Iterator[RawRow]:
        source = f"reasoning_gym:{self.name}"
        apart = self.name in _HASH_ORDERED and sys.flags.hash_randomization
        made = self._child_rows() if apart else self.generate()
        for line in range(1, self.size + 1):
            row = next(made, {"error": "the process that generates the problems ended; its error is on stderr"})
            if "error" in row:
                yield RawRow(source, line, None, "", "generation_failed", row["error"])
            else:
                yield RawRow(source, line, row, answer_kind=f"gym:{self.name}")

    def generate(self) -> Iterator[Row]:
        """The problems as rows; ``{"error": …}`` for one that cannot be made."""
        dataset = self.create()
        for index in range(self.size):
            try:
                with contextlib.redirect_stdout(io.StringIO()):  # some generators print
                    entry = dataset[index]
            except Exception as error:  # noqa: BLE001  whatever a generator stumbles over, the others still run
                yield {"error": f"index {index}: {type(error).__name__}: {error}"}
                continue
            options = {"dataset_options": self.options} if self.options else {}
            yield {
                "id": f"{self.name}-{index}",
                "problem": entry["question"],
                "answer": entry["answer"],
                "metadata": {**entry["metadata"], **options},
            }

    def create(self) -> Any:
        return factory().create_dataset(self.name, size=self.size, seed=self.seed, **self.options)

    def _child_rows(self) -> Iterator[Row]:
        command = [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"]
        search_path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
        environment = {**os.environ, "PYTHONPATH": search_path, "PYTHONHASHSEED": "0"}
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment) as child:  # noqa: S603  this module
            questions, replies = cast("tuple[IO[bytes], IO[bytes]]", (child.stdin, child.stdout))
            try:
                questions.write(json.dumps(dataclasses.asdict(self)).encode())
                questions.close()
                yield from map(json.loads, replies)
            finally:
                child.kill()


def serve() -> None:
    """The child: a dataset as JSON on stdin, its rows as JSON lines on stdout."""
    rows = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with rows, contextlib.suppress(BrokenPipeError):
        for row in Generated(**json.load(sys.stdin)).generate():
            rows.write(as_json(row) + "\n")
            rows.flush()


@dataclass(frozen=True, slots=True)
class ReasoningGym:
    """The configured datasets, one after the other."""

    config: InputConfig
    datasets: tuple[Generated, ...]

    def rows(self) -> Iterator[RawRow]:
        for dataset in self.datasets:
            yield from dataset.rows()

    def count(self) -> int:
        return sum(dataset.size for dataset in self.datasets)

    def version(self) -> str:
        return f"reasoning-gym {metadata.version('reasoning-gym')}"  # what else makes the problems is in the config


def open_datasets(config: InputConfig) -> ReasoningGym:
    """The datasets that the config names.

    Raises:
        InputError: there is no such dataset, or it refuses its options.
    """
    datasets = tuple(_dataset(name, given) for name, given in (config.datasets or {}).items())
    return ReasoningGym(config, datasets)


def _dataset(name: str, given: int | dict[str, Any]) -> Generated:
    datasets = factory().DATASETS
    where = f"input.datasets.{name}"
    if name == "composite":
        raise InputError(f"{where}: name the datasets that it should be composed of, each with its size")
    if name not in datasets:
        raise InputError(f"{where}: reasoning_gym has no such dataset; {_nearest(name, sorted(datasets))}")
    options = {"size": given} if isinstance(given, int) else dict(given)
    known = [option.name for option in dataclasses.fields(datasets[name][1])]
    for option in options:
        if option not in known:
            raise InputError(f"{where}.{option}: the dataset has no such option; {_nearest(option, known)}")
    size, seed = options.pop("size", None), options.pop("seed", 42)
    for option, value, least in (("size", size, 1), ("seed", seed, 0)):
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise InputError(f"{where}.{option}: found {value!r}, expected an integer of at least {least}")
    dataset = Generated(name, cast("int", size), seed, options)
    try:
        dataset.create()
    except Exception as error:  # as each dataset checks its options in its own way
        raise InputError(f"{where}: refused with {options or 'its size'}: {error}") from error
    return dataset


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3)
    return f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(known)}"

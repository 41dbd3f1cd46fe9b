"""Validating: every mistake in one go, those of the fields beside those of the input that they name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from a2r_ray.config.loading import parse_config, parse_input
from a2r_ray.config.schema import Config
from a2r_ray.errors import ConfigError, InputError
from a2r_ray.method.asking import columns, keeping_their_own, prompt_mistakes
from a2r_ray.records import Problem, Reject
from a2r_ray.sources import doubts, first_rows, open_source, row_count
from a2r_ray.sources.prompt_columns import FIRST_ROWS


@dataclass(frozen=True, slots=True)
class Valid:
    """A config without a mistake, and what its input begins with."""

    config: Config
    rows: int
    """Of the whole input."""
    doubts: Sequence[str]
    """About the input."""
    first: Sequence[Problem | Reject]

    @property
    def rejects(self) -> list[Reject]:
        """Those of the first rows that are no problems."""
        return [row for row in self.first if isinstance(row, Reject)]

    @property
    def notes(self) -> list[str]:
        """What is no mistake, and may yet surprise."""
        kept = keeping_their_own(self.config, _problems(self.first))
        said = f"chat.system is not used for {kept:,} of the first {len(self.first):,} rows: their chats have their own"
        return [*self.doubts, *([said] if kept else [])]


def validate(document: Mapping[str, Any]) -> Valid:
    """Checks a config that is already a mapping, and reads the first rows of its input.

    Raises:
        ConfigError: with every mistake, a line each.
    """
    mistakes: list[str] = []
    config: Config | None = None
    try:
        config = parse_config(document)
    except ConfigError as error:
        mistakes += error.problems
    first, rows, about = _read(document, mistakes)
    known = columns(_problems(first)) if first else None
    mistakes += prompt_mistakes(document, known)
    if config is None or mistakes:
        raise ConfigError(mistakes)
    return Valid(config, rows, about, first)


def _read(document: Mapping[str, Any], mistakes: list[str]) -> tuple[Sequence[Problem | Reject], int, Sequence[str]]:
    """The first rows of the input, how many it has, and what is doubtful of it; adds to ``mistakes`` what is wrong."""
    source_config = parse_input(document)
    if source_config is not None:
        try:
            source = open_source(source_config)
            first = first_rows(source, FIRST_ROWS)
            return first, row_count(source), doubts(source, first)
        except InputError as error:
            mistakes.append(str(error))
    return [], 0, []


def _problems(rows: Sequence[Problem | Reject]) -> list[Problem]:
    return [row for row in rows if isinstance(row, Problem)]

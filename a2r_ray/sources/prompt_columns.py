"""The input's columns, as its first rows show them: what prompts may have places for."""

from collections.abc import Sequence

from a2r_ray.config.schema import Config
from a2r_ray.errors import ConfigError
from a2r_ray.method.asking import columns, prompt_mistakes
from a2r_ray.records import Problem, Reject
from a2r_ray.sources import first_rows
from a2r_ray.sources.rows import Source

FIRST_ROWS = 100
"""By these the columns are known."""


def checked_first_rows(config: Config, source: Source) -> Sequence[Problem | Reject]:
    """The first rows, among them a problem, which have what the prompts have places for.

    Raises:
        InputError: no row is a problem.
        ConfigError: prompts name what is no column.
    """
    rows = first_rows(source, FIRST_ROWS)
    known = columns(row for row in rows if isinstance(row, Problem))
    if mistakes := prompt_mistakes(config.model_dump(), known):
        raise ConfigError(mistakes)
    return rows

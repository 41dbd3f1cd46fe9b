"""The input's columns, as its first rows show them: what prompts may have places for."""

from a2r_ray.config.schema import Config
from a2r_ray.errors import ConfigError
from a2r_ray.method.asking import columns, named_columns, prompt_mistakes
from a2r_ray.records import Problem
from a2r_ray.sources import first_rows
from a2r_ray.sources.rows import Source

FIRST_ROWS = 100
"""By these the columns are known."""


def check_prompts(config: Config, source: Source) -> None:
    """Looks whether there is a problem at all, and whether it has what prompts have places for.

    Raises:
        InputError: there is none.
        ConfigError: prompts name what is no column.
    """
    rows = first_rows(source, FIRST_ROWS if named_columns(config.explorer, config.synthesizer) else 1)
    known = columns(row for row in rows if isinstance(row, Problem))
    if mistakes := prompt_mistakes(config.model_dump(), known):
        raise ConfigError(mistakes)

"""Which kind of answers an input has, where the config leaves that to its known answers."""

from itertools import islice

from a2r_ray.answers.kinds import auto
from a2r_ray.answers.kinds.custom import Custom
from a2r_ray.config.answer import OwnKind
from a2r_ray.config.schema import Config
from a2r_ray.records import Problem
from a2r_ray.sources import read_problems
from a2r_ray.sources.rows import Source

_FIRST = 1000
"""Rows by which it is told."""


def settled(config: Config, source: Source) -> Config:
    """The config with its kind of answers known, and seen to be there.

    Args:
        config: its ``answer.kind`` may be ``auto``.
        source: its input.

    Raises:
        ConfigError: a kind of somebody's own cannot be imported.
    """
    if isinstance(config.answer.kind, OwnKind):
        Custom(config.answer.kind.custom)
    if config.answer.kind != "auto":
        return config
    first = islice(read_problems(source), _FIRST)
    problems = [each for each in first if isinstance(each, Problem) and each.answer_kind is None]
    kind = auto(each.reference_answer for each in problems if each.reference_answer is not None)
    return config.model_copy(update={"answer": config.answer.model_copy(update={"kind": kind})})

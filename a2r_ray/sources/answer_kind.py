"""Which kind of answers an input has, and whether it can be judged so: told from its first rows, before a run."""

import json
from collections.abc import Sequence
from itertools import islice

from a2r_ray.answers.finding import announced
from a2r_ray.answers.kinds import auto
from a2r_ray.answers.kinds.custom import Custom
from a2r_ray.answers.reasoning_gym import factory, gym_dataset
from a2r_ray.config.answer import OwnKind
from a2r_ray.config.schema import Config
from a2r_ray.errors import ConfigError
from a2r_ray.records import Problem
from a2r_ray.sources import read_problems
from a2r_ray.sources.rows import Source

_FIRST, _FEW = 1000, 20
"""Rows by which it is told, and known answers on which a rule of somebody's own is tried."""


def settled(config: Config, source: Source) -> Config:
    """The config with its kind of answers known, and seen to be there.

    Args:
        config: its ``answer.kind`` may be ``auto``.
        source: its input.

    Raises:
        ConfigError: a kind of somebody's own cannot be imported, or never calls two answers the same; or problems say
            no dataset whose scorer would judge them.
    """
    kind = config.answer.kind
    if kind not in {"auto", "gym"} and not isinstance(kind, OwnKind):
        return config
    first = islice(read_problems(source), _FIRST)
    problems = [each for each in first if isinstance(each, Problem) and each.answer_kind is None]
    if isinstance(kind, OwnKind):
        _try(kind.custom, [each.reference_answer for each in problems if each.reference_answer][:_FEW])
        return config
    if kind == "gym":
        _check_datasets(problems)
        return config
    known = [each.reference_answer for each in problems if each.reference_answer is not None]
    found = auto(announced(answer) or answer for answer in known)
    return config.model_copy(update={"answer": config.answer.model_copy(update={"kind": found})})


def _try(name: str, known: Sequence[str]) -> None:
    """Raises ConfigError where a rule of somebody's own says of no known answer that it is itself."""
    own = Custom(name)
    for answer in known:
        if own.equal(answer, answer):
            return
    if known:
        why = f": it raised {own.raised}" if own.raised else ""
        said = f"by it none of the first {len(known)} known answers is the same as itself{why}"
        raise ConfigError([f"answer.kind.custom: {name}: {said}"])


def _check_datasets(problems: Sequence[Problem]) -> None:
    datasets = factory().DATASETS
    for problem in problems:
        name = gym_dataset(json.loads(problem.metadata))
        if name not in datasets:
            where = f"{problem.source}:{problem.line}"
            said = f"found {name!r} as `source_dataset` of its metadata, expected a dataset of reasoning_gym"
            raise ConfigError([f"answer.kind: gym: {where}: {said}; name another kind, or add it"])

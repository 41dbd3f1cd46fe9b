"""From a config to its method: a chain of pools, each one engine and the stages that its replicas serve, in order.

The one place that knows which roles a config has and which stage each gives rise to. A new way of aggregating is a
stage in a file of its own, and a line here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from a2r_ray import prompts
from a2r_ray.answers.judging import Answers
from a2r_ray.config.schema import Config, ExplorerConfig, RoleConfig, SynthesizerConfig
from a2r_ray.method import schedule
from a2r_ray.method.asking import own_names
from a2r_ray.method.conclude import Conclude
from a2r_ray.method.placement import Cluster
from a2r_ray.method.sample import Sample
from a2r_ray.method.schedule import Choice, Schedule
from a2r_ray.method.stage import Stage
from a2r_ray.method.synthesize import CountVotes, Synthesize
from a2r_ray.method.take import Take


@dataclass(frozen=True)
class Pool:
    """One engine config, and the stages that its replicas serve."""

    name: str
    """What it is called in reports and messages; no two pools of a method share it."""
    stages: tuple[Stage, ...]
    """In order; cases that are concluded in one do not reach the next."""
    engine: RoleConfig | None = None
    """What a replica loads and asks for; None: it loads nothing."""
    section: str = ""
    """The part of the config that describes the engine, for messages."""
    seed: int | None = None
    """The run's, which some engines must know when they load."""
    columns: tuple[str, ...] = ()
    """Of the input, that its stages' prompts have places for."""

    @property
    def requests(self) -> int:
        """Requests for a case that the one of its stages with the most has in the engine at once."""
        return max(stage.requests for stage in self.stages)

    @property
    def concludes(self) -> bool:
        """Whether no case leaves it for another pool."""
        return any(stage.concludes for stage in self.stages)


Method = tuple[Pool, ...]
"""Pools in the order in which a case goes through them."""

Compile = Callable[[Config, Schedule], Sequence[Method]]
"""Makes the phases of a config that is laid out so."""


def planned(config: Config, cluster: Cluster, compile_to: Compile) -> tuple[Choice, Sequence[Method]]:
    """How a config is laid out on a cluster, with the reason, and the phases that it then has."""
    pools = [
        (pool.section, pool.engine)
        for phase in compile_to(config, "streaming")
        for pool in phase
        if pool.engine is not None
    ]
    choice = schedule.choose(config, pools, cluster)
    return choice, compile_to(config, choice.schedule)


def compile_phases(config: Config, layout: Schedule) -> list[Method]:
    """The pools of a config, in phases."""
    return in_phases(compile_method(config, layout), layout)


def in_phases(method: Method, layout: Schedule) -> list[Method]:
    """Which pools are there at the same time."""
    return [(pool,) for pool in method] if layout == "phased" else [method]


def compile_method(config: Config, layout: Schedule) -> Method:
    """The pools of a config.

    Args:
        config: the run's.
        layout: ``shared`` gives one pool where the others give one for each role.
    """
    explorer = _explorer_pool(config, config.explorer) if config.explorer is not None and config.explores else None
    last = _last_pool(config, config.synthesizer)
    if explorer is None:
        rule = None if config.explorer is None else config.explorer.paths
        if rule is None or rule.until is None:
            return (last,)
        return (replace(last, stages=(Take(rule, Answers(config.answer)), *last.stages)),)
    if config.synthesizer is None:
        return (replace(explorer, stages=explorer.stages + last.stages),)
    if layout == "shared":
        both = explorer.stages + last.stages
        columns = explorer.columns + last.columns
        return (replace(explorer, name=f"{explorer.name}+{last.name}", stages=both, columns=columns),)
    return (explorer, last)


def before_conclusion(method: Method) -> Method:
    """The part of a method that moves cases on."""
    return _part(method, lambda stage: not stage.concludes)


def conclusion(method: Method) -> Method:
    """The part of a method that concludes them."""
    return _part(method, lambda stage: stage.concludes)


def fingerprints(method: Method) -> tuple[str, ...]:
    """Of the roles whose paths the method writes."""
    return tuple({name: None for pool in method for stage in pool.stages for name in stage.fingerprints})


def _part(method: Method, wanted: Callable[[Stage], bool]) -> Method:
    pools = [replace(pool, stages=tuple(filter(wanted, pool.stages))) for pool in method]
    return tuple(_without_engine(pool) for pool in pools if pool.stages)


def _without_engine(pool: Pool) -> Pool:
    """The pool, without an engine where no stage of it asks one."""
    return pool if any(stage.requests for stage in pool.stages) else replace(pool, engine=None)


def _columns(config: Config, role: RoleConfig) -> tuple[str, ...]:
    """What a role's prompt reads of a problem's metadata."""
    own = own_names(config.input)
    return tuple(name for name in prompts.columns([role.prompt]) if name not in own)


def _explorer_pool(config: Config, role: ExplorerConfig) -> Pool:
    names, answers = own_names(config.input), Answers(config.answer)
    stage = Sample(role, config.explorer_fingerprint, config.seed, names, answers)
    return Pool("explorer", (stage,), role, "explorer", config.seed, _columns(config, role))


def concluding(config: Config) -> Conclude:
    """What makes the results of a config."""
    explorer, synthesizer = config.explorer, config.synthesizer
    return Conclude(
        config.synthesizer_fingerprint,
        explorer.price if explorer else None,
        synthesizer.price if synthesizer else None,
        Answers(config.answer),
        config.method.skip_at_share,
    )


def _last_pool(config: Config, role: SynthesizerConfig | None) -> Pool:
    conclude = concluding(config)
    if role is None:
        return Pool("vote", (CountVotes(conclude),))
    return Pool(
        "synthesizer",
        (Synthesize(role, conclude, config.seed, own_names(config.input)),),
        role,
        "synthesizer",
        config.seed,
        prompts.columns([role.prompt]),
    )

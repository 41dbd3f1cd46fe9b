"""Case and stage: what is on its way, and what moves it on.

A stage is plain data until it is called, so that it travels to its replicas. It knows records, prompts and the engine
protocol; it reads no file and knows no Ray. What it decides it decides from the cases alone, so that a run that is
continued decides the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from a2r_ray.engines import Completion, Engine
from a2r_ray.errors import A2RError, EngineError, ErrorKind, ServiceError
from a2r_ray.records import Path, Problem, Reject, Result


@dataclass(frozen=True, slots=True)
class Case:
    """A problem on its way."""

    problem: Problem
    paths: tuple[Path, ...] = ()
    """What is known of its paths so far, failed ones included."""


Outcome = Case | Result | Reject
"""What becomes of a case in a stage: it moves on, or is concluded."""


def _kept_nowhere(_: Sequence[Path]) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Context:
    """What a stage is called with, beside the cases."""

    engine: Engine | None
    """None in a pool that loads no engine."""
    keep: Callable[[Sequence[Path]], None] = field(default=_kept_nowhere)
    """Stores paths; to be called as they finish, for what is kept is paid for only once."""
    replica: str = ""
    """Names the replica in the paths that it writes."""


class Stage(Protocol):
    """What moves cases on with one engine."""

    @property
    def name(self) -> str:
        """What it is called in rejects, progress bars and messages."""

    @property
    def requests(self) -> int:
        """Requests for a case that it has in the engine at once; 0: it asks no engine."""

    @property
    def concludes(self) -> bool:
        """Whether every case ends here, as a result or a reject."""

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Of the roles whose paths it writes."""

    def __call__(self, cases: Sequence[Case], context: Context) -> list[Outcome]:
        """Moves cases on.

        Returns:
            One outcome for each case, in their order.

        Raises:
            EngineError: the engine died; what had finished is kept.
            ServiceError: its server refuses whatever it is asked.
        """


def lost(completion: Completion) -> A2RError | None:
    """What ends the engine, or the run, where a request was lost with its engine; None where it was not."""
    match completion.error_kind:
        case ErrorKind.ENGINE_DIED:
            return EngineError(completion.error)
        case ErrorKind.NO_SERVICE:
            return ServiceError(f"{completion.error}; the same command continues")
    return None


def through(
    stages: Sequence[Stage],
    cases: Sequence[Case],
    context: Context,
    count: Callable[[str, int], None] = lambda *_: None,
) -> list[Outcome]:
    """Takes cases through stages, in order; what is concluded in one does not reach the next.

    Args:
        stages: of one pool.
        cases: to begin with.
        context: what the stages are called with.
        count: told how many cases have gone through which stage.

    Returns:
        One outcome for each case, in their order.
    """
    outcomes: list[Outcome] = list(cases)
    for stage in stages:
        open_at = [at for at, outcome in enumerate(outcomes) if isinstance(outcome, Case)]
        moving = [outcome for outcome in outcomes if isinstance(outcome, Case)]
        if not moving:
            break
        for at, outcome in zip(open_at, stage(moving, context), strict=True):
            outcomes[at] = outcome
        count(stage.name, len(moving))
    return outcomes

"""The last stages: the vote over a problem's paths alone, or a synthesis that reads them as references."""

from collections.abc import Sequence
from concurrent.futures import Future

from a2r_ray.config.schema import SynthesizerConfig
from a2r_ray.engines import Completion, Engine, Request
from a2r_ray.method.asking import Names
from a2r_ray.method.conclude import Conclude
from a2r_ray.method.references import References, synthesizer_messages
from a2r_ray.method.sample import path_seed
from a2r_ray.method.stage import Case, Context, Outcome, lost
from a2r_ray.records import Problem

_SYNTHESIS = -1
"""The path index that a synthesis' seed derives from."""


class CountVotes:
    """Concludes cases by the vote alone."""

    name = "vote"
    requests = 0
    concludes = True
    fingerprints: tuple[str, ...] = ()

    def __init__(self, conclude: Conclude) -> None:
        self._conclude = conclude

    def __call__(self, cases: Sequence[Case], context: Context) -> list[Outcome]:
        """Concludes them."""
        del context  # it asks nobody
        return [self._conclude(case, self._conclude.count(case), References.of(case.paths)) for case in cases]


class Synthesize:
    """Concludes cases by one synthesis each, or by the vote where that gives nothing.

    Args:
        role: the synthesizer.
        conclude: makes the results.
        seed: the run's; None: unseeded.
        names: columns of the input that are no metadata.
    """

    name = "synthesize"
    requests = 1
    concludes = True
    fingerprints: tuple[str, ...] = ()

    def __init__(self, role: SynthesizerConfig, conclude: Conclude, seed: int | None, names: Names) -> None:
        self._role, self._conclude, self._seed, self._names = role, conclude, seed, names

    def __call__(self, cases: Sequence[Case], context: Context) -> list[Outcome]:
        """Synthesizes all of them at once; a case with nothing to show, or whose vote stands, is not asked about."""
        if context.engine is None:
            raise ValueError("syntheses are made with an engine")
        shown = [References.of(case.paths) for case in cases]
        gate = self._conclude.skip_at_share
        votes = [self._conclude.count(case) for case in cases] if gate is not None else []
        stands = [vote.stands(gate) for vote in votes] or [False] * len(cases)
        asked = [
            self._submit(context.engine, case.problem, references) if references.indices and not skipped else None
            for case, references, skipped in zip(cases, shown, stands, strict=True)
        ]
        votes = votes or [self._conclude.count(case) for case in cases]  # while the engine works
        return [
            self._conclude(case, voted, references, None if future is None else _completion(future))
            for case, voted, references, future in zip(cases, votes, shown, asked, strict=True)
        ]

    def _submit(self, engine: Engine, problem: Problem, references: References) -> Future[Completion]:
        return engine.submit(
            Request.of(
                self._role,
                synthesizer_messages(self._role, problem, references, self._names),
                key=f"{problem.problem_id}/synthesis",
                seed=None if self._seed is None else path_seed(self._seed, problem.problem_id, _SYNTHESIS),
                expected=problem.reference_answer,
            )
        )


def _completion(future: Future[Completion]) -> Completion:
    completion = future.result()
    if (error := lost(completion)) is not None:
        raise error
    return completion

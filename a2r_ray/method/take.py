"""Taking: of the paths that are brought, those that would have been sampled."""

from collections.abc import Sequence

from a2r_ray.answers.judging import Answers
from a2r_ray.config.paths import PathsConfig
from a2r_ray.method.enough import wanted
from a2r_ray.method.stage import Case, Context, Outcome


class Take:
    """Leaves of each problem's paths the first that settle its vote: what a rule would have saved, without a model.

    Args:
        rule: how many a problem may have, and when that is enough.
        answers: what is an answer.
    """

    name = "take"
    requests = 0
    concludes = False
    fingerprints: tuple[str, ...] = ()

    def __init__(self, rule: PathsConfig, answers: Answers) -> None:
        self._rule, self._answers = rule, answers

    def __call__(self, cases: Sequence[Case], context: Context) -> list[Outcome]:
        """Shortens them."""
        del context  # it asks nobody
        return [self._shortened(case) for case in cases]

    def _shortened(self, case: Case) -> Case:
        judge = self._answers.of(case.problem)
        answers = [judge.find(path.text) if path.answer is None else path.answer for path in case.paths]
        return Case(case.problem, case.paths[: wanted(self._rule, answers, judge.same)])

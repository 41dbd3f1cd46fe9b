"""Cases go through the stages of a pool in order, and leave where they are concluded."""

from collections import Counter
from collections.abc import Sequence

from a2r_ray.method.stage import Case, Context, Outcome, through
from a2r_ray.records import Reject
from tests.conftest import problem


class RejectEven:
    """Concludes every other case."""

    name = "even"
    requests = 0
    concludes = False
    fingerprints = ()

    def __call__(self, cases: Sequence[Case], context: Context) -> list[Outcome]:
        del context
        return [case if int(case.problem.problem_id[1:]) % 2 else reject(case) for case in cases]


class RejectAll(RejectEven):
    """Concludes what is left."""

    name = "all"

    def __call__(self, cases: Sequence[Case], context: Context) -> list[Outcome]:
        del context
        return [reject(case, "all") for case in cases]


def reject(case: Case, kind: str = "even") -> Reject:
    return Reject(case.problem.problem_id, "", 0, kind, kind, "", "")


def test_each_case_has_one_outcome_in_its_place() -> None:
    cases = [Case(problem(number)) for number in range(5)]
    counts: Counter[str] = Counter()
    outcomes = through([RejectEven(), RejectAll()], cases, Context(None), lambda name, n: counts.update({name: n}))
    assert [(o.problem_id, o.stage) for o in outcomes if isinstance(o, Reject)] == [
        ("p0", "even"), ("p1", "all"), ("p2", "even"), ("p3", "all"), ("p4", "even")
    ]  # fmt: skip
    assert counts == {"even": 5, "all": 2}


def test_a_stage_that_nothing_reaches_is_not_called() -> None:
    counts: Counter[str] = Counter()
    through([RejectAll(), RejectEven()], [Case(problem(1))], Context(None), lambda name, n: counts.update({name: n}))
    assert counts == {"all": 1}

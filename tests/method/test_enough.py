"""How many paths settle a vote: what is decided is what all paths would say, and what is asked for is never in vain."""

import random

import pytest

from a2r_ray.answers.judging import Answers
from a2r_ray.config.paths import PathsConfig
from a2r_ray.config.schema import Config
from a2r_ray.engines import Completion, Request
from a2r_ray.method.compile import compile_method
from a2r_ray.method.enough import certainty, missing, wanted
from a2r_ray.method.stage import Case, Context
from a2r_ray.method.vote import Vote, vote
from a2r_ray.records import Path, Problem
from tests.conftest import problem
from tests.scripted import ScriptedEngine, said

same = Answers().of(Problem("p", "?")).same
DECIDED = PathsConfig(min=2, max=8, until="decided")
CONFIDENT = PathsConfig(min=2, max=8, until="confident", confidence=0.95)
ALL = PathsConfig(min=8, max=8)


@pytest.mark.parametrize(
    ("answers", "more"),
    [
        ([], 2),
        (["1"], 1),
        (["1", "1"], 2),  # with four of eight it wins the tie, for it came first
        (["1"] * 4, 0),
        (["2", "1", "1", "1", "1"], 1),
        (["2", "1", "1", "1", "1", "1"], 0),
        (["1", "2", "1", "2", "1", "2", "1"], 0),
        (["2", "1", "2", "1", "1", "2", "1"], 1),
        ([None, None], 1),
        ([None] * 8, 0),
        (["1", "1.0", "1"], 2),  # another spelling may yet part from it
    ],
)
def test_until_it_is_decided(answers: list[str | None], more: int) -> None:
    assert missing(DECIDED, answers, same) == more


def drawn(dice: random.Random, spellings: list[str | None]) -> list[str | None]:
    weights = [dice.random() ** 2 for _ in spellings]
    return dice.choices(spellings, weights, k=8)


@pytest.mark.parametrize("rule", [DECIDED, PathsConfig(min=1, max=8, until="decided")], ids=["from 2", "from 1"])
def test_what_is_decided_is_the_vote_of_all(rule: PathsConfig) -> None:
    spellings = ["5", "5.0", "5 m", "5 km", "6", "x", None, "12/2"]  # "5" is both "5 m" and "5 km", and these differ
    fewer = 0
    for seed in range(4000):
        answers = drawn(random.Random(seed), spellings)
        count = wanted(rule, answers, same)
        assert rule.min <= count <= 8
        whole, part = vote(answers, same), vote(answers[:count], same)
        assert (whole.answer is None) is (part.answer is None)
        assert part.answer is None or part.answer in winners(whole)
        fewer += count < 8
    assert fewer > 1000


def winners(whole: Vote) -> set[str | None]:
    """The spellings of the winner."""
    cluster = min(whole.clusters, key=lambda each: (-len(each), each[0]))
    return {whole.answers[at] for at in cluster}


def test_fewer_paths_than_it_asks_for_never_settle_it() -> None:
    for seed in range(300):
        answers = drawn(random.Random(seed), ["1", "2", "3"])
        for rule in (DECIDED, CONFIDENT):
            for count in range(2, 8):
                leader = vote(answers[:count], same).answer
                for fewer in range(1, missing(rule, answers[:count], same)):
                    assert missing(rule, [*answers[:count], *[leader] * fewer], same) > 0


@pytest.mark.parametrize(("first", "second", "value"), [(0, 0, 0.5), (2, 0, 7 / 8), (4, 0, 31 / 32), (3, 3, 0.5)])
def test_the_certainty_is_the_mass_above_a_half(first: int, second: int, value: float) -> None:
    assert certainty(first, second) == pytest.approx(value)
    assert certainty(second, first) == pytest.approx(1 - value)


def test_until_it_is_confident() -> None:
    assert missing(CONFIDENT, ["1", "1"], same) == 2
    assert missing(CONFIDENT, ["1", "1", "1", "1.0"], same) == 0
    assert missing(CONFIDENT, ["1", "2"], same) == 5
    assert missing(PathsConfig(min=4, max=4), ["1"], same) == 3


# In the stage ---------------------------------------------------------------------------------------------------------


def adaptive(config: Config, rule: PathsConfig) -> Config:
    assert config.explorer is not None
    return config.model_copy(update={"explorer": config.explorer.model_copy(update={"paths": rule})})


def sample(config: Config, engine: ScriptedEngine, *stored: Path) -> list[Path]:
    [pool, _] = compile_method(config, "streaming")
    [moved] = pool.stages[0]([Case(problem(), stored)], Context(engine))
    assert isinstance(moved, Case)
    return list(moved.paths)


ANSWERS = ("2", "3", "2", "2", "2", "2", "9", "9")


def saying() -> ScriptedEngine:
    def reply(request: Request) -> Completion:
        return said(rf"\boxed{{{ANSWERS[int(request.key.rpartition('/')[2])]}}}")

    return ScriptedEngine(reply)


def test_a_problem_is_sampled_until_its_vote_is_settled(config: Config) -> None:
    engine = saying()
    paths = sample(adaptive(config, DECIDED), engine)
    assert [path.path_index for path in paths] == [0, 1, 2, 3, 4]
    assert [request.key for request in engine.requests] == [f"p1/{index}" for index in range(5)]


@pytest.mark.parametrize("there", [{0}, {1}, {0, 2}, set(range(5)), set(range(8))], ids=str)
def test_a_continued_run_decides_the_same(config: Config, there: set[int]) -> None:
    whole = sample(adaptive(config, DECIDED), saying())
    stored = [path for path in sample(adaptive(config, ALL), saying()) if path.path_index in there]
    engine = saying()
    paths = sample(adaptive(config, DECIDED), engine, *stored)
    assert [path.answer for path in paths] == [path.answer for path in whole]
    assert len(engine.requests) == len(set(range(5)) - there)


def test_paths_that_are_brought_are_cut_to_what_would_have_been_sampled(config: Config) -> None:
    paths = tuple(sample(adaptive(config, ALL), saying()))
    given = config.input.model_copy(update={"source": "paths"})
    brought = adaptive(config, DECIDED).model_copy(update={"input": given, "synthesizer": None})
    [pool] = compile_method(brought, "streaming")
    [case] = pool.stages[0]([Case(problem(), paths)], Context(None))
    assert isinstance(case, Case)
    assert [path.path_index for path in case.paths] == [0, 1, 2, 3, 4]
    assert pool.requests == 0
    assert pool.stages[1].concludes

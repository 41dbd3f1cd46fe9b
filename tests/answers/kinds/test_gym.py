"""Answers to problems of Reasoning Gym are judged by its scorers, and nothing in them is evaluated."""

import inspect
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from a2r_ray.answers.judging import Answers
from a2r_ray.answers.kinds import gym
from a2r_ray.answers.kinds.gym import Gym
from a2r_ray.answers.reasoning_gym import factory
from a2r_ray.config.answer import AnswerConfig
from a2r_ray.config.input import InputConfig
from a2r_ray.errors import A2RError
from a2r_ray.records import Problem
from a2r_ray.sources import open_source, read_problems
from tests.stopwatch import stopwatch


@cache
def generated(name: str, count: int = 2) -> list[Problem]:
    config = InputConfig(source="reasoning_gym", datasets={name: count})
    found = [record for record in read_problems(open_source(config)) if isinstance(record, Problem)]
    assert len(found) == count
    return found


def entry(name: str, answer: str | None, **metadata: Any) -> Problem:
    return Problem("p", "q", None, answer, json.dumps(metadata), f"gym:{name}")


def verify(answer: str, problem: Problem) -> bool:
    return Answers().of(problem).correct(answer) is True


def test_an_unknown_dataset_is_an_error() -> None:
    with pytest.raises(A2RError, match="no dataset 'nothing'"):
        verify("1", entry("nothing", "1"))
    with pytest.raises(A2RError, match=r"chain_sum cannot be loaded with .*no_option"):
        verify("1", entry("chain_sum", "1", dataset_options={"no_option": 1}))


_ANSWERS = {
    "graph_color": "possible_answer",
    "propositional_logic": "example_answer",
    "rubiks_cube": "example_correct_answer",
}


def own_answer(problem: Problem, name: str) -> str:
    """The right answer as the dataset gives it."""
    reference = problem.reference_answer
    if name in _ANSWERS:
        given = json.loads(problem.metadata)[_ANSWERS[name]]
        reference = given if isinstance(given, str) else json.dumps(given)
    assert reference is not None
    return reference


_NEEDS_A_COMPILER = {"zebra_puzzles"}
"""Its solver comes as C source only, and set-up does without; tests/test_gym.py shows what it says then."""

_NO_ANSWER = {"boxnet", "composite", "rush_hour"}


@pytest.mark.parametrize("name", sorted(set(factory().DATASETS) - _NO_ANSWER - _NEEDS_A_COMPILER))
def test_every_dataset_s_own_answer_is_right_and_nonsense_is_wrong(name: str) -> None:
    for problem in generated(name):
        reference = own_answer(problem, name)
        if "Integral(" not in reference:
            assert verify(f" {reference}\n", problem)
        assert not verify("nonsense", problem)
        assert not verify("", problem)
        assert not verify(reference + "x" * gym.MAX_LENGTH, problem)


def swapped(answer: str) -> set[str]:
    """The answer with two of its parts in each other's place: words, items, lines or characters."""
    found = set()
    for between in (r"\s+", r",\s*", r"\n+", ""):
        pieces = re.split(f"({between})", answer) if between else [*"".join(f"{each}\0" for each in answer)][:-1]
        parts, seps = pieces[::2], [*pieces[1::2], ""]
        for at in range(min(4, len(parts) - 1)):
            for other in (at + 1, len(parts) - 1):
                order = list(range(len(parts)))
                order[at], order[other] = order[other], order[at]
                found.add("".join(parts[n] + sep for n, sep in zip(order, seps, strict=True)).replace("\0", ""))
    return {each for each in found if each.split() != answer.split()}


_TAKES_SWAPS = {
    *("codeio", "cryptarithm", "graph_color", "knights_knaves", "prime_factorization"),  # their parts have no order
    *("countdown", "puzzle24", "polynomial_multiplication", "intermediate_integration", "simple_integration"),  # sums
    *("jugs", "propositional_logic"),  # any solution is right
    *("kakurasu", "polynomial_equations", "advanced_geometry", "quantum_lock"),  # they leave out what stands between
    *("power_function", "complex_arithmetic"),  # what is near enough
}
"""The datasets whose own scorer accepts an answer with two parts in each other's place."""


def test_a_vote_joins_no_swap_that_the_scorer_rejects() -> None:
    accepted = set()
    for name in sorted(set(factory().DATASETS) - _NO_ANSWER - _NEEDS_A_COMPILER):
        for problem in generated(name):
            right = own_answer(problem, name)
            kind = Gym(problem, name)
            for swap in swapped(right):
                if kind.right(swap):
                    accepted.add(name)
                else:
                    assert not kind.equal(right, swap), (name, right, swap)
    assert accepted == _TAKES_SWAPS


def test_a_vote_joins_what_the_scorer_takes_for_each_other_and_not_all_that_is_right() -> None:
    compares = entry("coin_flip", "0.875")
    assert Gym(compares, "coin_flip").equal("0.875", "7/8")
    assert Gym(compares, "coin_flip").equal("0.5", "1/2")
    looks = entry("countdown", "5 * (3 + 2)", numbers=[2, 3, 5], target=25)
    assert verify("5 * (2 + 3)", looks)
    assert not Gym(looks, "countdown").equal("5 * (3 + 2)", "5 * (2 + 3)")
    assert Gym(looks, "countdown").equal("5 * (3 + 2)", "5  * (3 + 2)\n")


def test_a_column_of_a_file_may_have_the_metadata() -> None:
    given = {"metadata": json.dumps({"source_dataset": "coin_flip"}), "level": 3}
    problem = Problem("p", "q", None, "0.875", json.dumps(given))
    assert Answers(AnswerConfig(kind="gym")).of(problem).correct("7/8") is True
    assert Answers(AnswerConfig(kind="gym")).of(problem).correct("1/8") is False


def test_options_reach_the_scorer() -> None:
    problem = entry("puzzle24", "", numbers=[12, 12, 1, 1], dataset_options={"max_value": 5})
    assert not verify("6*4*1*1", problem)
    assert verify("4*3*2*1", problem)
    assert verify("6*4*1*1", entry("puzzle24", "", numbers=[6, 4, 1, 1]))


def test_rush_hour_and_boxnet() -> None:
    problem, _ = generated("rush_hour")
    assert not verify("A+1", problem)
    state = {"0.5_0.5": ["box_red", "target_red"]}
    solved = '[{"Agent[0.5, 0.5]": "move(box_red, target_red)"}]'
    assert verify(solved, entry("boxnet", None, initial_state=state))
    assert not verify("[]", entry("boxnet", None, initial_state=state))
    assert not verify("0", entry("boxnet", None, initial_state=state))


_TOUCH = "open({!r}, 'w')"
_GUARDED = sorted({*gym._INSTEAD, *gym._GUARDS})


@pytest.mark.parametrize("name", _GUARDED)
@pytest.mark.parametrize(
    "form", ["{}", "[{}]", "[[{}]]", "4 + {}.close()", "1 if {} else 2", "f'{{{}}}'", "(lambda: {})()"]
)
def test_nothing_in_an_answer_is_evaluated(name: str, form: str, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    problem, _ = generated(name)
    assert not verify(form.format(_TOUCH.format(str(touched))), problem)
    assert not touched.exists()


def test_the_guards_are_needed(tmp_path: Path) -> None:
    """The test above can fail: without its guard, a scorer does as the answer says."""
    touched = tmp_path / "touched"
    problem, _ = generated("countdown")
    scored = gym._scorer("countdown", "{}")
    scored(_TOUCH.format(str(touched)), {"answer": "", "metadata": json.loads(problem.metadata)})
    assert touched.exists()


@pytest.mark.parametrize(
    ("name", "answer", "metadata"),
    [
        ("countdown", "9**9**9**9", {"numbers": [9], "target": 9}),
        ("countdown", "1" + "*9999999999" * 2000, {"numbers": [9], "target": 9}),
        ("puzzle24", "(" * 5000, {"numbers": [9]}),
        ("polynomial_multiplication", "((x**99)**99 + 9)**99 + 9**9**9**9", {}),
        ("simple_integration", "9**9**9**9*x", {"integrand": "2*x", "variable": "x"}),
        ("simple_integration", "(x+1)**20*(x+2)**20*(sin(x)+cos(x))**20", {"integrand": "2*x", "variable": "x"}),
        ("intermediate_integration", "exp(exp(exp(exp(exp(9.9*x)))))", {"integrand": "2*x", "variable": "x"}),
        ("coin_flip", "1e999999999", {}),
        ("coin_flip", "1e-99999999", {}),
        ("rubiks_cube", "R99999999999", {"cube_size": 3, "scramble_moves": "R"}),
        ("rush_hour", "A+999999999", {"board_config": "oxCCDDooxoMoIoAAMoIoKLFFJoKLooJGGHHH"}),
        ("decimal_arithmetic", "1e999999999", {}),
        ("power_function", "1e999999999", {}),
        ("chain_sum", "1e999999999999999999", {}),
        ("prime_factorization", "9" * 9000, {}),
        ("palindrome_partitioning", "[" * 9000, {"solution": []}),
        ("propositional_logic", "(" * 9000, {"variables": ["A"], "premises": ["A"]}),
        ("propositional_logic", "A∧" * 4000 + "A", {"variables": ["A"], "premises": ["A"]}),
        ("boxnet", json.dumps([{"Agent[0.5, 0.5]": "move(" + "," * 9000}]), {"initial_state": {"0.5_0.5": ["box_a"]}}),
        ("codeio", "{" * 9000 + "}", {}),
    ],
)
def test_no_answer_keeps_a_scorer_busy(name: str, answer: str, metadata: dict[str, Any]) -> None:
    verify("1", entry(name, "1", **metadata))  # the scorer itself may take its time to load
    with stopwatch() as watch:
        assert not verify(answer, entry(name, "1", **metadata))
    assert watch.cpu_s < 2


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("0.875", True),
        ("7/8", True),
        (".875", True),
        ("8.75e-1", True),
        ("0.87505", True),
        ("0", False),
        ("0.8", False),
    ],
)
def test_coin_flip_takes_no_beginning_for_the_whole(answer: str, right: bool) -> None:  # noqa: FBT001
    assert verify(answer, entry("coin_flip", "0.875")) is right


def test_game_of_life_halting_takes_no_text_for_true() -> None:
    assert verify("true", entry("game_of_life_halting", "True"))
    for answer in ("False", "anything"):
        assert not verify(answer, entry("game_of_life_halting", "True"))


@pytest.mark.parametrize(
    ("name", "answer", "metadata"),
    [
        ("bitwise_arithmetic", "1", {"problem": "__import__('os').getpid() and 1"}),
        ("bitwise_arithmetic", "1", {"problem": "0x1 ** 0x9"}),
        ("number_sorting", "['1']", {"direction": "ascending"}),
        ("simple_integration", "x**2", {"integrand": "open('x')", "variable": "x"}),
    ],
)
def test_a_stored_problem_is_not_evaluated_either(name: str, answer: str, metadata: dict[str, Any]) -> None:
    assert not verify(answer, entry(name, "__import__('os').listdir('.') and ['1']", **metadata))


def test_right_answers_of_another_form() -> None:
    assert verify("(x + 1)*(x - 1) + 5", entry("simple_integration", "x**2 + C", integrand="2*x", variable="x"))
    assert verify("2 + x*3", entry("polynomial_multiplication", "3*x + 2"))
    assert verify("5 * (3 + 2)", entry("countdown", "", numbers=[2, 3, 5], target=25))
    assert not verify("25", entry("countdown", "", numbers=[2, 3, 5], target=25))
    assert verify("0x0F", entry("bitwise_arithmetic", "0xf", problem="(0x5 * 0x3)"))
    assert verify("[1.0, 2]", entry("number_sorting", "['1', '2']", direction="ascending"))


def test_each_scorer_that_evaluates_is_known() -> None:
    evaluates = re.compile(r"\b(?:eval|exec|parse_expr|sympify|simplify)\(")
    found = {
        name for name, (kind, _) in factory().DATASETS.items() if evaluates.search(inspect.getsource(kind.score_answer))
    }
    assert found <= {*gym._INSTEAD, *gym._GUARDS}
    assert "countdown" in found


def test_a_scorer_that_evaluates_and_is_not_known_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, _ = generated("countdown")
    gym._scorer.cache_clear()
    monkeypatch.setattr(gym, "_GUARDS", {})
    with pytest.raises(A2RError, match="countdown evaluates answers, and nothing guards it"):
        verify("1", problem)

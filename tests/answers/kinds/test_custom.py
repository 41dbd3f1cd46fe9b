"""Somebody's own rule of what an answer is."""

import sys
from pathlib import Path

import pytest

from a2r_ray.answers.judging import Answers
from a2r_ray.answers.kinds import custom
from a2r_ray.config.answer import AnswerConfig
from a2r_ray.errors import ConfigError
from a2r_ray.method.vote import vote
from a2r_ray.records import Problem

OWN = '''
def last_digit(a, b):
    """Raises for what is no number."""
    return int(a) % 10 == int(b) % 10

class Colour:
    def read(self, announced):
        return announced.strip(" .").lower() if "no " not in announced else 1 / 0
    def equal(self, a, b):
        return a == b or {a, b} == {"grey", "gray"}

nothing = 7
'''


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_kinds.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_kinds", raising=False)
    custom._imported.cache_clear()


def answers(name: str) -> Answers:
    return Answers(AnswerConfig.model_validate({"kind": {"custom": f"own_kinds:{name}"}}))


def test_a_function_compares() -> None:
    rule, problem = answers("last_digit"), Problem("p", "?", reference_answer="12")
    assert rule.of(problem).find("The answer is 32.") == "32"
    assert rule.of(problem).correct("32") is True
    assert rule.of(problem).correct("33") is False
    assert rule.of(problem).correct("what?") is False
    assert vote(["1", "11", "2"], rule.of(problem).same).clusters == ((0, 1), (2,))


def test_an_object_finds_and_compares() -> None:
    rule, problem = answers("Colour"), Problem("p", "?", reference_answer="Gray")
    assert rule.of(problem).find("The answer is Grey.") == "grey"
    assert rule.of(problem).correct("grey") is True
    assert rule.of(problem).find("The answer is no colour.") is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("own_kinds:missing", "cannot be imported .*AttributeError"),
        ("no_such_module:x", "cannot be imported .*No module named"),
        ("own_kinds:nothing", "expected a function of two answers"),
    ],
)
def test_what_is_no_kind_is_a_mistake_of_the_config(name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=rf"answer\.kind\.custom: {name}: {said}"):
        custom.Custom(name)

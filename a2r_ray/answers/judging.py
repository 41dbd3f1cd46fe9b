"""Judging: how the answers of a run are found, compared and held right, each by the kind of its problem.

A problem's own kind (``Problem.answer_kind``) goes before the run's.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from a2r_ray.answers.choices import COLUMNS, choices_of
from a2r_ray.answers.finding import announced, extract, is_lost
from a2r_ray.answers.kinds import Kind, kind_of
from a2r_ray.answers.kinds.custom import Custom
from a2r_ray.answers.kinds.gym import Gym
from a2r_ray.answers.reasoning_gym import gym_dataset
from a2r_ray.config.answer import AnswerConfig
from a2r_ray.records import Problem
from a2r_ray.thinking import visible

_GYM, _CUSTOM = "gym", "custom"
_MATH, _CHOICE, _TEXT, _JSON = "math", "choice", "text", "json"


@dataclass(frozen=True, slots=True)
class Answers:
    """What a run takes for an answer, and for a right one; plain data, so that it travels to replicas."""

    config: AnswerConfig = field(default_factory=AnswerConfig)

    def of(self, problem: Problem) -> "Judge":
        """Who judges the answers to a problem."""
        return Judge(self.config, problem)


class Judge:
    """Judges the answers to one problem.

    Args:
        config: what the run says of answers.
        problem: what is asked.
    """

    def __init__(self, config: AnswerConfig, problem: Problem) -> None:
        self._config, self._problem = config, problem
        name = problem.answer_kind or config.name
        self.name: str = f"{_GYM}:{gym_dataset(json.loads(problem.metadata))}" if name == _GYM else name
        """Of the kind, as a row may give it."""
        # Not cached properties: one of these has a lock, which the problems of all threads would wait for.
        self._kind: Kind | None = None
        self._known: tuple[str | None] | None = None

    @property
    def kind(self) -> Kind:
        """The kind of the problem's answer."""
        if self._kind is None:
            self._kind = self._own_kind()
        return self._kind

    def _own_kind(self) -> Kind:
        name, _, rest = self.name.partition(":")
        if name == _CUSTOM:
            return Custom(rest)
        if name == _GYM and rest:
            return Gym(self._problem, rest)
        if name == _GYM:
            return kind_of(_TEXT)  # nobody knows which dataset it is from
        if name == _CHOICE:
            return kind_of(name, choices=choices_of(self._problem))
        return _plain_kind(name, self._config.tolerance)

    def find(self, text: str) -> str | None:
        """The answer that a model's text gives; None where it gives none."""
        guess = self._config.guess is not None
        if self.name == _MATH:
            return extract(text, guess_last_number=guess)
        stretch = announced(text, guess_last_number=guess, fits=self.kind.read)
        if stretch is None and self.name == _JSON:
            stretch = visible(text)  # an object needs no announcement
            return found if (found := self.kind.read(stretch)) and found[0] in "{[" else None
        return None if stretch is None else self.kind.read(stretch)

    def correct(self, answer: str | None) -> bool | None:
        """Whether an answer is right; None where nobody knows the right one, False where there is no answer."""
        if isinstance(self.kind, Gym):
            return answer is not None and self.kind.right(answer)
        if self.known is None or self.name == f"{_GYM}:":
            return None
        return answer is not None and self.kind.equal(answer, self.known)

    @property
    def same(self) -> Callable[[str, str], bool]:
        """Whether two answers mean the same."""
        return self.kind.equal

    @property
    def known(self) -> str | None:
        """The known answer as its kind reads it: of a worked solution, as "… #### 42", what that announces."""
        if self._known is None:
            self._known = (self._read_known(),)
        return self._known[0]

    def _read_known(self) -> str | None:
        reference = self._problem.reference_answer
        if reference is None:
            return None
        if self.name == _MATH:
            return extract(reference) or reference
        stretch, read = announced(reference), self.kind.read
        return (None if stretch is None else read(stretch)) or read(reference) or reference

    @property
    def is_lost(self) -> bool:
        """Whether the known answer is none of its kind, or marks one that is not found, so that nothing equals it."""
        known = self._problem.reference_answer
        if known is None or isinstance(self.kind, Gym):
            return False
        return is_lost(known) or self.kind.read(announced(known) or known) is None


def reads_metadata(kind: str) -> bool:
    """Whether a verdict of a kind hangs on other columns of a problem: its choices, or what a scorer is given."""
    return kind == _CHOICE or kind.partition(":")[0] == _GYM


def judged_by(kind: str, metadata: str) -> str:
    """What of a problem's metadata a verdict of a kind hangs on."""
    if kind != _CHOICE:
        return metadata if reads_metadata(kind) else ""
    given = json.loads(metadata)
    return json.dumps([given.get(column) for column in COLUMNS], sort_keys=True)


@lru_cache(maxsize=64)
def _plain_kind(name: str, tolerance: float) -> Kind:
    return kind_of(name, Fraction(str(tolerance)))

r"""Kind ``gym``: a problem of Reasoning Gym, whose dataset's own scorer says whether an answer is right.

Answers are untrusted model output and nothing in them is evaluated. In reasoning_gym 0.1.25 these scorers do
(``eval``, or sympy's ``parse_expr``, which is one), or can be kept busy for ever, or accept what is wrong:

- binary_matrix, n_queens, spiral_matrix, string_insertion ``eval`` an answer that is not the expected text, to give it
  a part of the score: here it is the expected text or wrong.
- countdown, puzzle24, polynomial_multiplication ``parse_expr``: they see only an answer whose syntax tree holds nothing
  but numbers, arithmetic and single letters, without powers of powers.
- simple_integration, intermediate_integration ``parse_expr``, and ``simplify`` for minutes: here the derivative of the
  same kind of tree, with elementary functions, is compared with the integrand in numbers.
- rubiks_cube, rush_hour carry out a move as often as it says, propositional_logic takes the cube of an answer's length:
  no number may have two digits, no answer more than 1,000 characters.
- coin_flip expands exponents, and takes "0" for 0.875; game_of_life_halting takes any text for either answer: here
  numbers are compared to within the scorer's 1e-4, and words.
- bitwise_arithmetic, number_sorting, polynomial_multiplication evaluate the stored problem too: it must look like one.

The other scorers compare, count and simulate. A later reasoning_gym with a scorer that evaluates is refused.
"""

import inspect
import json
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from a2r_ray.answers.expressions import ARITHMETIC, FUNCTIONS, POLYNOMIALS, is_derivative, read
from a2r_ray.answers.finding import clean
from a2r_ray.answers.reasoning_gym import entry_metadata, factory
from a2r_ray.errors import A2RError
from a2r_ray.records import Problem

MAX_LENGTH = 10_000
"""Characters; what is longer is wrong."""
_MAX_STATEMENTS = 1000
"""Characters of an answer whose scorer takes more than linear time."""

_Entry = Mapping[str, Any]
"""``question``, ``answer`` and ``metadata``, as Reasoning Gym made them."""
_Check = Callable[[str, _Entry], bool]


class Gym:
    """The kind of answers that a dataset of Reasoning Gym asks for.

    Args:
        problem: one of its problems.
        dataset: its name.
    """

    name = "gym"

    def __init__(self, problem: Problem, dataset: str) -> None:
        self._name = dataset
        metadata = entry_metadata(json.loads(problem.metadata))
        self._options = json.dumps(metadata.pop("dataset_options", {}))
        if dataset in _TUPLES and isinstance(rows := metadata.get("output"), list):
            metadata["output"] = tuple(map(tuple, rows))
        self._entry = {"question": problem.problem, "answer": problem.reference_answer or "", "metadata": metadata}

    def read(self, announced: str) -> str | None:
        """The answer as it was announced: its scorer knows its form."""
        return clean(announced) or None

    def fits(self, known: str) -> bool:
        """No known answer tells by itself that it is one of these."""
        del known
        return False

    def right(self, answer: str) -> bool:
        """Whether the scorer gives it the full score.

        Raises:
            A2RError: there is no such dataset or scorer, or none that may be shown an answer.
        """
        return self._scored(answer, self._entry)

    def equal(self, a: str, b: str) -> bool:
        """Whether two answers are one in a vote: the same text, or what the scorer takes for each other.

        A scorer that accepts the problem's answer whatever it is told that the answer is does not compare: it looks at
        the problem, and would join all that is right.
        """
        if _spaced(a) == _spaced(b):
            return True
        known, told = str(self._entry["answer"]), [self._entry | {"answer": answer} for answer in (a, b, _NO_ANSWER)]
        return (
            self._scored(b, told[0]) and self._scored(a, told[1]) and bool(known) and not self._scored(known, told[2])
        )

    def _scored(self, answer: str, entry: _Entry) -> bool:
        answer = answer.strip()
        if not answer or len(answer) > MAX_LENGTH:
            return False
        try:
            return _right(self._name, self._options, answer, entry)
        except A2RError:
            raise
        except Exception:  # noqa: BLE001  whatever an answer does to a scorer, it is not right
            return False


_NO_ANSWER = "nothing of the kind"


def _spaced(answer: str) -> str:
    return " ".join(answer.split())


_TUPLES = frozenset({"arc_agi", "rearc"})
"""Whose scorer compares ``output`` with tuples, which JSON does not keep."""


def _right(name: str, options: str, answer: str, entry: _Entry) -> bool:
    instead = _INSTEAD.get(name)
    if instead is not None:
        return instead(answer, entry)
    guard = _GUARDS.get(name)
    if guard is not None and not guard(answer, entry):
        return False
    return bool(_scorer(name, options)(answer, entry) == 1.0)


@lru_cache(maxsize=256)
def _scorer(name: str, options: str) -> Callable[[str, _Entry], float]:
    """The scorer of a dataset with these options."""
    gym = factory()
    if name not in gym.DATASETS:
        raise A2RError(f"reasoning_gym has no dataset {name!r}; install the version that the problems are from")
    try:
        dataset = gym.create_dataset(name, seed=0, size=1, **json.loads(options))
    except Exception as error:  # as each dataset checks its options in its own way
        raise A2RError(f"reasoning_gym's {name} cannot be loaded with {options} to score answers: {error}") from error
    scorer: Callable[[str, _Entry], float] = dataset.score_answer
    if name not in _GUARDS and _EVALUATES.search(inspect.getsource(scorer)):
        raise A2RError(
            f"the scorer of reasoning_gym's {name} evaluates answers, and nothing guards it: leave {name} out"
        )
    return scorer


_EVALUATES = re.compile(r"\b(?:eval|exec|compile|parse_expr|sympify|simplify|parse_latex)\(|pickle|__import__")


# What stands in for a scorer, or before it --------------------------------------------------------------------------


def _is_antiderivative(answer: str, entry: _Entry) -> bool:
    metadata = entry["metadata"]
    found, wanted = (read(text, FUNCTIONS) for text in (answer, metadata["integrand"]))
    return found is not None and wanted is not None and is_derivative(wanted, found, metadata["variable"])


def _is_text(answer: str, entry: _Entry) -> bool:
    return answer == str(entry["answer"]).strip()


def _is_word(answer: str, entry: _Entry) -> bool:
    return answer.casefold() == str(entry["answer"]).strip().casefold()


def _is_board(answer: str, entry: _Entry) -> bool:
    return answer in entry["metadata"]["valid_answers"]


_PROBABILITY = re.compile(r"\+?[0-9]{1,40}(?:/[0-9]{1,40})?|\+?[0-9]{0,40}\.[0-9]{1,40}(?:[eE]-?[0-9]{1,2})?")


def _is_probability(answer: str, entry: _Entry) -> bool:
    return bool(_PROBABILITY.fullmatch(answer)) and abs(Fraction(answer) - Fraction(entry["answer"])) <= Fraction(
        "1e-4"
    )


_INSTEAD: Mapping[str, _Check] = {
    "binary_matrix": _is_text,
    "coin_flip": _is_probability,
    "game_of_life_halting": _is_word,
    "intermediate_integration": _is_antiderivative,
    "n_queens": _is_board,
    "simple_integration": _is_antiderivative,
    "spiral_matrix": _is_text,
    "string_insertion": _is_text,
}


def _arithmetic(answer: str, _: _Entry) -> bool:
    return read(answer, ARITHMETIC) is not None


def _polynomials(answer: str, entry: _Entry) -> bool:
    return all(read(text, POLYNOMIALS) is not None for text in (answer, entry["answer"]))


def _short(answer: str, _: _Entry) -> bool:
    return len(answer) <= _MAX_STATEMENTS


def _few_moves(answer: str, _: _Entry) -> bool:
    return len(answer) <= _MAX_STATEMENTS and not re.search(r"\d\d", answer)


def _hexadecimal(_: str, entry: _Entry) -> bool:
    return bool(re.fullmatch(r"(?:0x[0-9a-f]{1,8}|<<|>>|\*(?!\*)|[-+() ])+", entry["metadata"]["problem"]))


def _numbers(_: str, entry: _Entry) -> bool:
    return bool(re.fullmatch(r"[\[\]0-9.,'\" eE+-]*", entry["answer"]))


_GUARDS: Mapping[str, _Check] = {
    "bitwise_arithmetic": _hexadecimal,
    "countdown": _arithmetic,
    "number_sorting": _numbers,
    "polynomial_multiplication": _polynomials,
    "propositional_logic": _short,
    "puzzle24": _arithmetic,
    "rubiks_cube": _few_moves,
    "rush_hour": _few_moves,
}
"""Whether an answer may be shown to the scorer."""

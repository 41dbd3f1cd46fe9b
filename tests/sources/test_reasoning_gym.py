"""Reasoning Gym: problems by name and size, the same in every process, with all that their scorers need."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from a2r_ray.answers.reasoning_gym import factory
from a2r_ray.config.input import InputConfig
from a2r_ray.errors import InputError
from a2r_ray.records import Problem, Reject
from a2r_ray.sources import open_source, read_problems, reasoning_gym
from a2r_ray.sources.reasoning_gym import Generated


def config(**datasets: Any) -> InputConfig:
    return InputConfig(source="reasoning_gym", datasets=datasets, id_column="ignored", answer_column="ignored")


def problems(**datasets: Any) -> list[Problem]:
    source = open_source(config(**datasets))
    records = list(read_problems(source))
    assert source.count() == len(records)
    found = [record for record in records if isinstance(record, Problem)]
    assert len(found) == len(records)
    return found


def test_datasets_follow_one_another_in_the_config_s_order() -> None:
    found = problems(leg_counting=2, chain_sum={"size": 1, "min_terms": 2, "max_terms": 2})
    assert [problem.problem_id for problem in found] == ["leg_counting-0", "leg_counting-1", "chain_sum-0"]
    assert [problem.line for problem in found] == [1, 2, 1]
    assert {problem.source for problem in found} == {"reasoning_gym:leg_counting", "reasoning_gym:chain_sum"}
    assert [f"reasoning_{problem.answer_kind}" for problem in found] == [problem.source for problem in found]


def test_a_problem_is_the_entry() -> None:
    (found,) = problems(chain_sum={"size": 1, "seed": 3, "min_terms": 2, "max_terms": 2})
    entry = Generated("chain_sum", 1, 3, {"min_terms": 2, "max_terms": 2}).create()[0]
    assert (found.problem, found.reference_answer) == (entry["question"], entry["answer"])
    metadata = json.loads(found.metadata)
    assert metadata.pop("dataset_options") == {"min_terms": 2, "max_terms": 2}
    assert metadata == json.loads(json.dumps(entry["metadata"]))


def test_the_seed_is_42_unless_given() -> None:
    assert problems(chain_sum=3) == problems(chain_sum={"size": 3, "seed": 42})
    assert problems(chain_sum=3)[0].problem != problems(chain_sum={"size": 3, "seed": 43})[0].problem


def test_a_larger_size_begins_with_the_smaller() -> None:
    assert problems(chain_sum=5)[:2] == problems(chain_sum=2)


PRINT = """
from a2r_ray.config.input import InputConfig
from a2r_ray.sources import open_source, read_problems
given = InputConfig(source="reasoning_gym", datasets={"ransom_note": 3, "polynomial_multiplication": 3, "bf": 1})
for problem in read_problems(open_source(given)):
    print(repr(problem))
"""


def test_problems_are_the_same_in_every_process_and_print_nothing() -> None:
    outputs = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        run = subprocess.run([sys.executable, "-c", PRINT], env=environment, capture_output=True, text=True, check=True)
        outputs.append(run.stdout)
    assert outputs[0] == outputs[1]
    assert [line.partition("(")[0] for line in outputs[0].splitlines()] == ["Problem"] * 7


def test_reading_may_stop_anywhere() -> None:
    rows = open_source(config(ransom_note=1000)).rows()
    assert next(rows).line == 1
    rows.close()  # type: ignore[attr-defined]


class _Failing:
    """A dataset whose second problem cannot be made."""

    def __getitem__(self, index: int) -> dict[str, Any]:
        if index == 1:
            raise ValueError("no such luck")
        return {"question": "q", "answer": "a", "metadata": {}}


def test_a_problem_that_cannot_be_made_is_a_reject(monkeypatch: pytest.MonkeyPatch) -> None:
    source = open_source(config(chain_sum=3))
    monkeypatch.setattr(Generated, "create", lambda _: _Failing())
    one, bad, three = read_problems(source)
    assert isinstance(one, Problem)
    assert isinstance(bad, Reject)
    assert isinstance(three, Problem)
    assert (bad.line, bad.error_kind, bad.error) == (2, "generation_failed", "index 1: ValueError: no such luck")


def test_a_generating_process_that_dies_loses_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    source = open_source(config(ransom_note=3))
    monkeypatch.setattr(reasoning_gym, "__name__", "no.such.module")
    kinds = [getattr(record, "error_kind", "") for record in read_problems(source)]
    assert kinds == ["generation_failed"] * 3


@pytest.mark.parametrize(
    ("datasets", "error"),
    [
        ({"chain_sums": 3}, r"input\.datasets\.chain_sums: reasoning_gym has no such dataset; did you mean chain_sum"),
        ({"zzzzzzzz": 3}, "known are ab, acre"),
        ({"composite": 3}, "name the datasets"),
        (
            {"chain_sum": {"size": 3, "min_term": 2}},
            r"chain_sum\.min_term: the dataset has no such option; .*min_terms",
        ),
        (
            {"chain_sum": {"size": 3, "min_terms": -1}},
            r"chain_sum: refused with \{'min_terms': -1\}: min_terms must be",
        ),
        ({"chain_sum": {"size": 3, "min_terms": "two"}}, r"chain_sum: refused with \{'min_terms': 'two'\}"),
        ({"chain_sum": {"min_terms": 2}}, r"chain_sum\.size: found None, expected an integer of at least 1"),
        ({"chain_sum": 0}, r"chain_sum\.size: found 0"),
        ({"chain_sum": {"size": 3, "seed": "x"}}, r"chain_sum\.seed: found 'x'"),
    ],
)
def test_what_is_wrong_with_a_config(datasets: dict[str, Any], error: str) -> None:
    with pytest.raises(InputError, match=error):
        open_source(config(**datasets))


@pytest.mark.parametrize("name", sorted(set(factory().DATASETS) - {"composite", "zebra_puzzles"}))
def test_every_dataset_becomes_problems_that_can_be_stored(name: str) -> None:
    (row,) = Generated(name, 1).generate()
    assert "error" not in row
    for problem in problems(**{name: 1}) if name not in reasoning_gym._HASH_ORDERED else []:
        assert problem.problem.strip()
        assert isinstance(json.loads(problem.metadata), dict)

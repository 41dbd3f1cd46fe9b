"""Of somebody else's dataset only those columns are read that prompts have places for."""

import pyarrow as pa
import pytest

from a2r_ray.errors import InputError
from a2r_ray.records import Problem
from a2r_ray.replica.blocks import DatasetBlock

ROWS = pa.table(
    {
        "problem_id": ["a", "b"],
        "problem": ["1+1?", "2+2?"],
        "reference_answer": ["2", "4"],
        "topic": ["sums", None],
        "ticket": [{"body": "x"}, {"body": "y"}],
        "other": [1, 2],
    }
)


def problems(*columns: str) -> list[Problem]:
    return [case.problem for case in DatasetBlock(ROWS, concludes=False, columns=columns).cases]


def test_columns_that_prompts_name_are_read() -> None:
    assert [each.metadata for each in problems()] == ["{}", "{}"]
    [first, second] = problems("topic", "ticket.body", "problem_id", "reference_answer")
    assert first.metadata == '{"topic": "sums", "ticket": {"body": "x"}}'
    assert second.metadata == '{"topic": null, "ticket": {"body": "y"}}'


def test_one_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(InputError, match=r"a place for \{topik\}; the dataset's columns are other, problem, "):
        problems("topik")


def test_known_answers_are_those_of_their_column_s_type() -> None:
    rows = ROWS.set_column(2, "reference_answer", pa.array([0.1, 2.0], pa.float32()))
    cases = DatasetBlock(rows, concludes=False, columns=()).cases
    assert [case.problem.reference_answer for case in cases] == ["0.1", "2"]

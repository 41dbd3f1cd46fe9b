"""The kind of an input's answers is told from its known answers, and tried on them, before anything runs."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from a2r_ray.answers.kinds import custom
from a2r_ray.config.loading import parse_config
from a2r_ray.config.schema import Config
from a2r_ray.errors import ConfigError, InputError
from a2r_ray.records import Problem, Reject
from a2r_ray.sources import first_rows, open_source
from a2r_ray.sources.answer_kind import settled


def config_of(document: dict[str, Any], rows: list[dict[str, Any]], **answer: Any) -> Config:
    file = Path(document["input"]["path"])
    file.write_text("".join(json.dumps({"id": f"p{n}", "problem": f"{n}?"} | row) + "\n" for n, row in enumerate(rows)))
    return parse_config(document | {"answer": answer})


def kind_of(config: Config) -> str:
    return settled(config, open_source(config.input)).answer.name


@pytest.mark.parametrize(
    ("known", "kind"),
    [
        (["A", "B", "(C)"], "choice"),
        (["1", "20", "-3"], "integer"),
        (["2 + 3 = 5\n#### 5", "So\n#### 1,200"], "integer"),
        (["\\boxed{5}", "\\boxed{7}"], "integer"),
        (["Yes", "no"], "yes_no"),
        (["2024-01-02", "March 3, 2020"], "date"),
        (["x^2", "1/2"], "math"),
        ([], "math"),
    ],
)
def test_auto_is_what_the_known_answers_announce(document: dict[str, Any], known: list[str], kind: str) -> None:
    rows: list[dict[str, Any]] = [{"answer": answer} for answer in known] or [{"answer": None}]
    assert kind_of(config_of(document, rows, kind="auto")) == kind


def test_rows_with_a_kind_of_their_own_tell_nothing(document: dict[str, Any]) -> None:
    rows = [{"answer": "1"}, {"answer": "some words", "answer_kind": "text"}]
    assert kind_of(config_of(document, rows, kind="auto")) == "integer"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("def own(a): return True", "none of the first 2 known answers is the same as itself: it raised TypeError"),
        ("def own(a, b): return a < b", "none of the first 2 known answers is the same as itself$"),
        ("import sys; sys.exit(0)", "cannot be imported .SystemExit"),
    ],
)
def test_a_rule_that_can_never_work_is_refused(
    document: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, said: str
) -> None:
    (tmp_path / "own_rule.py").write_text(body)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_rule", raising=False)
    custom._imported.cache_clear()
    config = config_of(document, [{"answer": "1"}, {"answer": "2"}], kind={"custom": "own_rule:own"})
    with pytest.raises(ConfigError, match=said):
        kind_of(config)


def test_gym_needs_to_know_the_dataset(document: dict[str, Any]) -> None:
    known: list[dict[str, Any]] = [
        {"answer": "1", "source_dataset": "chain_sum"},
        {"answer": "1", "metadata": {"source_dataset": "coin_flip"}},
    ]
    assert kind_of(config_of(document, known, kind="gym")) == "gym"
    known += [{"answer": "1"}]
    with pytest.raises(ConfigError, match=r"answer\.kind: gym: .*problems\.jsonl:3: found '' as `source_dataset`"):
        kind_of(config_of(document, known, kind="gym"))


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"answer_kind": "choice"}, "choice"),
        ({"answer_kind": " Integer "}, "integer"),
        ({"answer_kind": "gym:chain_sum"}, "gym:chain_sum"),
        ({"answer_kind": "gym", "source_dataset": "chain_sum"}, "gym:chain_sum"),
        ({"answer_kind": ""}, None),
        ({"answer_kind": None}, None),
        ({}, None),
    ],
)
def test_a_row_may_have_a_kind_of_its_own(document: dict[str, Any], row: dict[str, Any], kind: str | None) -> None:
    config = config_of(document, [row | {"answer": "1"}])
    [found] = first_rows(open_source(config.input), 1)
    assert isinstance(found, Problem)
    assert found.answer_kind == kind


@pytest.mark.parametrize("named", ["choise", "gym", "gym:bogus", "custom:os:system", 7])
def test_a_kind_that_there_is_not_is_a_reject(document: dict[str, Any], named: Any) -> None:
    config = config_of(document, [{"answer": "1"}, {"answer": "1", "answer_kind": named}])
    [_, found] = first_rows(open_source(config.input), 2)
    assert isinstance(found, Reject)
    assert found.error.startswith("column `answer_kind`: found ")
    assert "expected a kind of answer (math, choice" in found.error


def test_another_column_may_have_it_and_must_then_be_there(document: dict[str, Any]) -> None:
    document["input"]["answer_kind_column"] = "how"
    config = config_of(document, [{"answer": "1", "how": "text"}])
    [found] = first_rows(open_source(config.input), 1)
    assert isinstance(found, Problem)
    assert found.answer_kind == "text"
    config = config_of(document, [{"answer": "1", "hwo": "text"}])
    with pytest.raises(InputError, match=r"input\.answer_kind_column `how`; did you mean `hwo`"):
        first_rows(open_source(config.input), 1)

"""A few problems are shown whole; what needs no cluster starts none, and nothing is written."""

import json
from pathlib import Path
from typing import Any

import pytest

from a2r_ray.config.loading import parse_config
from a2r_ray.errors import InputError
from a2r_ray.preview import preview


@pytest.fixture(autouse=True)
def no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever connects to Ray finds none."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("Ray is started")

    monkeypatch.setattr("ray.init", refuse)


@pytest.mark.parametrize("schedule", ["streaming", "phased", "auto"])
def test_prompts_paths_and_synthesis_are_shown(document: dict[str, Any], schedule: str) -> None:
    shown = list(preview(parse_config({**document, "schedule": schedule}), 2))
    assert len(shown) == 2
    for part in ("explorer is asked", "What is 0 + 0?", "path 3:", "synthesizer is asked", "Attempt 4:", "synthesis:"):
        assert part in shown[0]
    assert "the reference is '0'" in shown[0]
    assert not Path(document["output"]).exists()


def test_paths_of_a_file_are_voted_and_synthesized(document: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "paths.jsonl"
    line = {"id": "q", "problem": "What is 2 + 2?", "gold": 4, "paths": ["\\boxed{4}", "\\boxed{5}", "\\boxed{4}"]}
    file.write_text(json.dumps(line) + "\n")
    document["input"] = {"source": "paths", "path": str(file), "id_column": "id", "answer_column": "gold"}
    [shown] = preview(parse_config({**document, "explorer": None}), 3)
    assert "path 2: answer '4'" in shown
    assert "the vote says '4'" in shown
    assert "explorer is asked" not in shown
    [voted] = preview(parse_config({**document, "synthesizer": None}), 3)
    assert "answer '4' by vote_fallback" in voted


def test_an_input_without_problems_says_so(document: dict[str, Any], problems_file: Path) -> None:
    problems_file.write_text("{torn\n")
    with pytest.raises(InputError, match="none of its 1 rows is a problem"):
        list(preview(parse_config(document), 3))


def test_a_problem_with_no_path_to_show_says_why(document: dict[str, Any]) -> None:
    document["explorer"]["simulated"] = {"faults": {"error": 1.0}}
    [shown] = preview(parse_config(document), 1)
    assert "no answer: simulated: 4 of 4 paths: simulated: simulated fault" in shown

"""Another rule of what an answer is: stored results are judged by it, and no model is asked."""

from pathlib import Path as FilePath

import pytest

from a2r_ray.answers.judging import Answers
from a2r_ray.config.answer import AnswerConfig
from a2r_ray.config.schema import Config
from a2r_ray.method.conclude import Conclude
from a2r_ray.records import RESULT_SCHEMA, Path, Problem, Result, table_of
from a2r_ray.runs import table
from a2r_ray.runs.judge_again import judge_again
from a2r_ray.runs.ledger import StoredPaths
from a2r_ray.runs.storage import Storage
from tests.conftest import problem
from tests.runs.test_supersede import put
from tests.scripted import ScriptedEngine, said, synthesized

SAID = ["The answer is 3-1.", "The answer is 2.", "The answer is 1+1.", "No answer."]


@pytest.fixture
def run(config: Config, tmp_path: FilePath) -> Storage:
    """Two results, judged as mathematics; the paths of a third are of somebody else."""
    folder = Storage(str(tmp_path / "run"))
    paths = [
        Path(f"p{number}", index, explorer, "m", text, None, "stop", 3, 5, 0.5)
        for number, explorer in ((1, "e"), (2, "e"), (2, "other"))
        for index, text in enumerate(SAID)
    ]
    put(folder, "paths", "w", paths)
    asked = [problem(1, reference_answer="3-1"), problem(2, reference_answer="3-1")]
    own = [[path for path in paths if (path.problem_id, path.explorer) == (each.problem_id, "e")] for each in asked]
    made = synthesized(config, ScriptedEngine(lambda _: said("The answer is 3-1.", 40, 7)), asked, own)
    put(folder, "results", "w", [each for each in made if isinstance(each, Result)])
    return folder


def judged(run: Storage, kind: str, own_kinds: dict[str, str]) -> dict[str, dict[str, object]]:
    stored = StoredPaths(run, ["e"], answers=False)
    stored.refresh()
    conclude = Conclude("s", answers=Answers(AnswerConfig.model_validate({"kind": kind})))
    assert judge_again(run, stored, conclude, own_kinds) == 2
    return {row["problem_id"]: row for batch in table.scan(run, "results") for row in batch.to_pylist()}


def test_votes_and_verdicts_are_made_anew_and_the_rest_stays(run: Storage) -> None:
    before = {row["problem_id"]: row for batch in table.scan(run, "results") for row in batch.to_pylist()}
    after = judged(run, "text", {"p2": "math"})
    assert after["p2"] == before["p2"] | {"answer_kind": "math"}
    hangs_on_it = {
        *("answer_kind", "path_answers", "path_correct", "vote_answer", "vote_share", "undecided", "route", "answer"),
        *("correct", "vote_correct", "error"),
    }
    assert {name for name in after["p1"] if after["p1"][name] != before["p1"][name]} <= hangs_on_it
    assert after["p1"]["answer_kind"] == "text"
    assert after["p1"]["path_correct"] == [True, False, False, False]
    assert after["p1"]["vote_share"] == pytest.approx(1 / 3)


def test_of_a_changed_problem_the_present_known_answer_counts(run: Storage) -> None:
    stored = StoredPaths(run, ["e"], answers=False)
    stored.refresh()
    changed = {"p1": problem(1, reference_answer="2", answer_kind="integer")}
    assert judge_again(run, stored, Conclude("s"), {}, changed) == 2
    found = {row["problem_id"]: row for batch in table.scan(run, "results") for row in batch.to_pylist()}
    assert (found["p1"]["reference_answer"], found["p1"]["answer_kind"]) == ("2", "integer")
    assert found["p1"]["path_correct"] == [False, True, True, False]
    assert found["p2"]["reference_answer"] == "3-1"


def test_back_again_it_is_as_it_was(run: Storage) -> None:
    before = [row for batch in table.scan(run, "results") for row in batch.to_pylist()]
    judged(run, "text", {})
    judged(run, "math", {})
    assert [row for batch in table.scan(run, "results") for row in batch.to_pylist()] == before


def test_a_result_knows_all_of_its_problem(run: Storage) -> None:
    [first, _] = [row for batch in table.scan(run, "results") for row in batch.to_pylist()]
    named = set(Problem.__dataclass_fields__) - {
        "source",
        "line",
        "shown",
    }  # where it stood, and what counts for its hash alone
    assert named <= set(first)


def test_a_vote_that_stands_no_more_is_taken_out_to_be_synthesized(run: Storage) -> None:
    rows = [row for batch in table.scan(run, "results") for row in batch.to_pylist()]
    for file in table.files(run, "results"):
        made = [Result(**{**row, "route": "unanimous", "synthesis": None, "error": ""}) for row in rows]
        table.write(run, file, table_of(made, RESULT_SCHEMA))
    stored = StoredPaths(run, ["e"], answers=False)
    stored.refresh()
    gate = Conclude("s", skip_at_share=0.5)
    assert judge_again(run, stored, gate, {}) == 2  # as mathematics two of four say 2
    assert [row["route"] for batch in table.scan(run, "results") for row in batch.to_pylist()] == ["unanimous"] * 2
    as_text = Conclude("s", answers=Answers(AnswerConfig(kind="text")), skip_at_share=0.5)
    judge_again(run, stored, as_text, {})
    assert table.count(run, "results") == 0

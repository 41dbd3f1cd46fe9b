"""What has changed in an input since it was answered is found, whatever is stored of it."""

from dataclasses import replace
from pathlib import Path as FilePath

from a2r_ray.config.schema import Config
from a2r_ray.records import Problem, Reject, hash_of, rejected
from a2r_ray.runs.changes import changes
from a2r_ray.runs.storage import Storage
from tests.conftest import problem
from tests.runs.test_ledger import path
from tests.runs.test_supersede import put, result


def test_what_is_as_it_was_has_not_changed(config: Config, tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    put(run, "results", "w", [result(config, 1, 2), result(config, 2, 2)])
    found = changes(run, [problem(1), problem(2), problem(3)], "math")
    assert not found
    assert str(found) == ""


def test_another_question_is_found_by_a_result_a_reject_or_a_path(config: Config, tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    put(run, "results", "w", [result(config, 1, 2)])
    put(run, "rejects", "w", [rejected(problem(2), "explore", "k", "e")])
    put(run, "paths", "w", [replace(path(f"p{n}", 0), problem_hash=hash_of(problem(n))) for n in (3, 4)])
    given = [problem(number, problem="another?") for number in (1, 2, 3)] + [problem(4), problem(5)]
    found = changes(run, given, "math")
    assert found.questions == ["p1", "p2", "p3"]
    assert found.answers == {}
    assert str(found) == "the question of 3: p1, p2, p3"


def test_so_is_another_chat_with_the_same_last_words(tmp_path: FilePath) -> None:
    chat = ({"role": "system", "content": "Be brief."}, {"role": "user", "content": "2+2?"})
    asked = Problem("p1", "2+2?", chat)
    run = Storage(str(tmp_path))
    put(run, "rejects", "w", [rejected(asked, "explore", "k", "e")])
    assert not changes(run, [asked], "math")
    assert changes(run, [replace(asked, messages=chat[1:])], "math").questions == ["p1"]


def test_another_known_answer_is_told_apart_also_where_there_is_none_any_more(
    config: Config, tmp_path: FilePath
) -> None:
    run = Storage(str(tmp_path))
    put(run, "results", "w", [result(config, number, 2) for number in (1, 2, 3)])
    given = [problem(1, reference_answer="7"), problem(2, reference_answer=None), problem(3)]
    found = changes(run, given, "math")
    assert found.questions == []
    assert list(found.answers) == ["p1", "p2"]
    assert str(found) == "the known answer, its kind or its choices, of 2: p1, p2"


def test_another_kind_of_answer_is_told_apart(config: Config, tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    put(run, "results", "w", [result(config, number, 2, answer_kind="math") for number in (1, 2)])
    given = [problem(1, answer_kind="text"), problem(2, answer_kind="math")]
    assert list(changes(run, given, "math").answers) == ["p1"]
    assert list(changes(run, [problem(1), problem(2)], "text").answers) == ["p1", "p2"]
    assert not changes(run, given, None)  # where that is not known it is not compared


def test_what_the_input_has_no_more_is_found_by_a_result_a_reject_or_a_path(config: Config, tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    put(run, "results", "w", [result(config, number, 2) for number in (1, 2)])
    put(run, "rejects", "w", [rejected(problem(3), "explore", "k", "e"), Reject("p9", "f", 9, "input", "k", "e", "r")])
    put(run, "paths", "w", [replace(path(f"p{n}", 0), problem_hash=hash_of(problem(n))) for n in (2, 4)])
    found = changes(run, [problem(2), problem(5)], "math")
    assert found.gone == ["p1", "p3", "p4"]
    assert (found.questions, found.answers, found.superseded) == ([], {}, found.gone)
    assert str(found) == "the row (gone, or rejected now) of 3: p1, p3, p4"


def test_a_path_that_nobody_knows_the_question_of_is_no_change(tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    put(run, "paths", "w", [path("p1", 0)])
    assert not changes(run, [problem(1)], "math")


def test_of_many_the_first_are_named(tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    put(run, "rejects", "w", [rejected(problem(number), "explore", "k", "e") for number in range(30)])
    text = str(changes(run, [problem(number, problem="?") for number in range(30)], "math"))
    assert text.startswith("the question of 30: p0, p1, ")
    assert text.endswith("p19, … and 10 more")


def test_another_known_answer_of_a_rejected_problem_is_told(tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    put(run, "rejects", "w", [rejected(problem(number), "explore", "k", "e") for number in (1, 2)])
    found = changes(run, [problem(1, reference_answer=None), problem(2)], "math")
    assert (found.rejected, found.superseded) == (["p1"], ["p1"])
    assert str(found) == "the known answer of a rejected problem, of 1: p1"


def test_other_choices_are_another_verdict_and_other_columns_none(config: Config, tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    choices = ['{"choices": ["rivers", "cats"], "n": 1}', '{"choices": ["cats", "rivers"], "n": 1}', "{}"]
    stored = [replace(result(config, number, 1), answer_kind="choice", metadata=choices[0]) for number in (1, 2, 3)]
    put(run, "results", "w", stored)
    given = [problem(1, metadata=choices[0].replace("1", "2")), *(problem(n, metadata=choices[n - 1]) for n in (2, 3))]
    assert list(changes(run, given, "choice").answers) == ["p2", "p3"]
    assert list(changes(run, given, None).answers) == []  # by which rule is not known
    put(run, "results", "w", [replace(each, answer_kind="gym:chain_sum") for each in stored])
    given = [replace(each, answer_kind="gym:chain_sum") for each in given]
    assert list(changes(run, given, "math").answers) == ["p1", "p2", "p3"]  # its scorer may look at any


def test_what_a_prompt_shows_is_part_of_the_question(config: Config, tmp_path: FilePath) -> None:
    run = Storage(str(tmp_path))
    asked = problem(1, shown='[["topic","sums"]]')
    put(run, "results", "w", [replace(result(config, 1, 1), problem_hash=hash_of(asked))])
    assert not changes(run, [asked], "math")
    assert changes(run, [replace(asked, shown='[["topic","logic"]]')], "math").questions == ["p1"]

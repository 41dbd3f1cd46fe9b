"""A row becomes a problem, or a reject that says what was found where and what was expected."""

import datetime as dt
import json
from typing import Any

import pytest

from a2r_ray.config.input import InputConfig
from a2r_ray.records import Problem, Reject
from a2r_ray.sources.parsing import parse
from a2r_ray.sources.rows import RawRow

CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "2+2?"},
    {"role": "assistant", "content": "4"},
    {"role": "user", "content": "And 3+3?"},
]


def parsed(row: dict[str, Any], **columns: Any) -> Problem | Reject:
    return parse(RawRow("in.jsonl", 7, row), InputConfig(path="in.jsonl", **columns))


def problem(row: dict[str, Any], **columns: Any) -> Problem:
    record = parsed(row, **columns)
    assert isinstance(record, Problem), record
    return record


def reject(row: dict[str, Any], **columns: Any) -> Reject:
    record = parsed(row, **columns)
    assert isinstance(record, Reject), record
    assert (record.source, record.line, record.stage) == ("in.jsonl", 7, "input")
    return record


def test_columns_become_a_problem_and_the_others_metadata() -> None:
    row = {"n": 3, "q": "1+1?", "a": 2, "topic": "sums", "when": dt.date(2026, 1, 2), "image": b"123"}
    found = problem(row, id_column="n", problem_column="q", answer_column="a")
    assert (found.problem_id, found.problem, found.reference_answer, found.messages) == ("3", "1+1?", "2", None)
    assert (found.source, found.line, found.answer_kind) == ("in.jsonl", 7, None)
    assert found.metadata == '{"topic": "sums", "when": "2026-01-02", "image": "<3 bytes>"}'


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (float("nan"), {"x": None}),
        ([1.5, float("inf")], {"x": [1.5, None]}),
        ("π", {"x": "π"}),
        ("\ud800", {"x": "\ud800"}),
        ({"deep": (1, 2)}, {"x": {"deep": [1, 2]}}),
    ],
)
def test_metadata_is_strict_json_that_can_be_stored(value: Any, written: dict[str, Any]) -> None:
    metadata = problem({"problem": "1+1?", "x": value}).metadata
    assert metadata.encode()

    def constant(name: str) -> None:
        pytest.fail(f"{name} is no JSON")

    assert json.loads(metadata, parse_constant=constant) == written


def test_without_an_id_column_the_id_is_a_hash_of_what_is_asked() -> None:
    one, same, other = (problem({"problem": text, "n": n}).problem_id for n, text in enumerate(("a", "a", "b")))
    assert one == same != other
    assert len(one) == 16
    assert int(one, 16)
    chats = [problem({"m": chat}, messages_column="m").problem_id for chat in (CHAT, CHAT[2:], CHAT)]
    assert chats[0] == chats[2] != chats[1]


def test_messages_are_kept_and_the_last_user_message_is_the_problem() -> None:
    found = problem({"m": CHAT, "problem": "not this"}, messages_column="m")
    assert found.problem == "And 3+3?"
    assert found.messages == tuple(CHAT)
    assert found.metadata == '{"problem": "not this"}'


def test_messages_may_be_json_text_and_have_fields_of_null() -> None:
    padded = [{**message, "tool_calls": None} for message in CHAT]
    assert problem({"m": json.dumps(CHAT)}, messages_column="m").messages == tuple(CHAT)
    assert problem({"m": padded}, messages_column="m").messages == tuple(CHAT)


@pytest.mark.parametrize(
    ("answer", "reference"),
    [("x+1", "x+1"), (4, "4"), (5.0, "5"), (True, "True"), (None, None), (" ", None), (float("nan"), None), ([], None)],
)
def test_answers_are_text_or_none(answer: Any, reference: str | None) -> None:
    assert problem({"problem": "q", "answer": answer}, answer_column="answer").reference_answer == reference


def test_a_row_may_lack_the_answer_column() -> None:
    assert problem({"problem": "q"}, answer_column="answer").reference_answer is None


USER = {"role": "user", "content": "x"}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.org/x.png"}}
CUT = {"messages_column": "m", "trailing_assistant": "cut"}


@pytest.mark.parametrize(
    ("row", "columns", "kind", "error"),
    [
        ({"q": "x"}, {}, "missing_problem", "column `problem`: not found among the row's columns (`q`)"),
        ({"problem": None}, {}, "missing_problem", "found null"),
        ({"problem": " \n"}, {}, "empty_problem", "only whitespace"),
        ({"problem": 5}, {}, "wrong_type", "column `problem`: found a number 5, expected the problem's text"),
        ({"problem": ["x"]}, {}, "wrong_type", "found a list ['x']"),
        ({"problem": "\ud800"}, {}, "invalid_utf8", "column `problem`"),
        ({"problem": "x"}, {"id_column": "id"}, "missing_id", "column `id`: not found"),
        ({"problem": "x", "id": None}, {"id_column": "id"}, "missing_id", "column `id`: found null"),
        ({"problem": "x", "id": ""}, {"id_column": "id"}, "missing_id", "found text ''"),
        ({"problem": "x", "id": 1.5}, {"id_column": "id"}, "wrong_type", "found a number 1.5, expected text or an int"),
        ({"problem": "x", "id": True}, {"id_column": "id"}, "wrong_type", "found bool True"),
        ({"problem": "x", "a": b"\xff"}, {"answer_column": "a"}, "wrong_type", "column `a`: found bytes b'\\xff'"),
        ({"problem": "x", "a": "\udfff"}, {"answer_column": "a"}, "invalid_utf8", "column `a`"),
        ({}, {"messages_column": "m"}, "missing_problem", "column `m`: not found"),
        ({"m": []}, {"messages_column": "m"}, "missing_problem", "found a list []"),
        ({"m": "hi"}, {"messages_column": "m"}, "wrong_type", "found text 'hi', expected a list of"),
        ({"m": {"role": "user"}}, {"messages_column": "m"}, "wrong_type", "found an object"),
        ({"m": ["hi"]}, {"messages_column": "m"}, "wrong_type", "found text 'hi'"),
        ({"m": [{"role": "user"}]}, {"messages_column": "m"}, "wrong_type", "found an object {'role': 'user'}"),
        ({"m": [{"role": "user", "content": [5]}]}, {"messages_column": "m"}, "wrong_type", "found a list"),
        ({"m": [{"role": 5, "content": "x"}]}, {"messages_column": "m"}, "wrong_type", "found a number 5"),
        ({"m": [{"role": "user", "content": [IMAGE]}]}, {"messages_column": "m"}, "wrong_type", "type 'image_url'"),
        ({"m": [{"role": "assistant", "tool_calls": []}]}, {"messages_column": "m"}, "wrong_type", "found an object"),
        ({"m": [{**USER, "name": ["\ud800"]}]}, {"messages_column": "m"}, "invalid_utf8", "column `m`"),
        ({"m": CHAT[:3]}, {"messages_column": "m"}, "ends_with_assistant", "set input.trailing_assistant to `cut`"),
        ({"m": [CHAT[2]]}, CUT, "missing_problem", "found messages of nobody"),
        ({"m": [CHAT[0]]}, {"messages_column": "m"}, "missing_problem", "found messages of system"),
        ({"m": [USER, {"role": "user", "content": " "}]}, {"messages_column": "m"}, "empty_problem", "last user"),
    ],
)
def test_what_is_wrong_with_a_row(row: dict[str, Any], columns: dict[str, str], kind: str, error: str) -> None:
    found = reject(row, **columns)
    assert found.error_kind == kind
    assert error in found.error
    assert "expected" in found.error
    assert found.row


def test_a_reject_knows_the_id_where_the_row_has_one() -> None:
    assert reject({"id": "p1", "problem": ""}, id_column="id").problem_id == "p1"
    assert reject({"problem": ""}).problem_id is None


def test_a_reject_knows_the_answer_where_the_row_has_one() -> None:
    columns = {"answer_column": "answer", "id_column": "id"}
    for row in ({"id": "a", "problem": " ", "answer": 7}, {"id": 1.5, "problem": "x", "answer": 7}):
        assert reject(row, **columns).reference_answer == "7"
    assert reject({"id": "a", "problem": "x", "answer": b"\xff"}, **columns).reference_answer is None


def test_a_row_that_could_not_be_read_is_a_reject_with_its_text() -> None:
    found = parse(RawRow("in.jsonl", 2, None, "{oops", "malformed_json", "no"), InputConfig(path="in.jsonl"))
    assert found == Reject(None, "in.jsonl", 2, "input", "malformed_json", "no", "{oops")


def test_a_long_value_is_cut_where_it_is_shown() -> None:
    assert len(reject({"problem": ["x" * 10_000]}).error) < 200

"""Chats as they are asked: content in parts is text, tool calls stay, and an answered chat is cut or refused."""

import datetime as dt
import json
from typing import Any

from tests.sources.test_parsing import CHAT, CUT, USER, problem, reject


def said(content: Any) -> str:
    return problem({"m": [{"role": "user", "content": content}]}, messages_column="m").problem


def test_the_texts_of_content_in_parts_are_joined_and_thinking_is_left_out() -> None:
    text = {"type": "text", "text": "2+2?"}
    assert said([text]) == said(text) == said(["2+2?"]) == "2+2?"
    assert said([text, {"type": "input_text", "text": "Briefly."}]) == "2+2?\nBriefly."
    assert said([{"type": "thinking", "thinking": "hm"}, text, {"type": "redacted_thinking", "data": "x"}]) == "2+2?"
    assert said([{"type": "text", "text": "2+2?", "image_url": None}]) == "2+2?"


def test_tool_calls_and_whatever_else_a_message_has_stay_as_they_are() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 2, "b": 2}'}}
    chat: list[dict[str, Any]] = [
        {"role": "user", "content": "2+2?", "name": "ann", "weight": 1},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "4"},
    ]
    given = [chat[0], {**chat[1], "content": None}, chat[2]]
    assert problem({"m": given}, messages_column="m").messages == tuple(chat)
    assert problem({"m": json.dumps(given)}, messages_column="m").messages == tuple(chat)
    timed = [{**USER, "at": dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC)}]
    assert problem({"m": timed}, messages_column="m").messages == ({**USER, "at": "2026-01-02 03:00:00+00:00"},)


def test_a_chat_that_ends_with_the_assistant_s_turns_is_cut_where_the_config_says_so() -> None:
    found = problem({"m": [*CHAT, {"role": "assistant", "content": "6"}, {"role": "assistant", "content": "!"}]}, **CUT)
    assert found.messages == tuple(CHAT)
    assert found.problem == "And 3+3?"
    assert found.problem_id == problem({"m": CHAT}, **CUT).problem_id


def test_an_answered_chat_is_refused_where_the_config_says_so_or_nothing() -> None:
    answered = {"m": [*CHAT, {"role": "assistant", "content": "6"}]}
    for columns in ({"messages_column": "m"}, {**CUT, "trailing_assistant": "refuse"}):
        found = reject(answered, **columns)
        assert found.error_kind == "ends_with_assistant"
        assert "input.trailing_assistant" in found.error


def test_a_chat_may_end_with_what_a_tool_said() -> None:
    call = {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f"}}]}
    chat = [USER, call, {"role": "tool", "tool_call_id": "c", "content": "4"}]
    assert problem({"m": chat}, **CUT).messages == tuple(chat)
    assert problem({"m": chat[:2]}, **CUT).messages == (USER,)

"""What becomes of replies that come in one piece."""

from dataclasses import replace
from typing import Any

import pytest

from a2r_ray.config.asking import Thinking
from a2r_ray.thinking import visible
from tests.engines.conftest import Start, ask, request
from tests.engines.scripted_server import Reply, ScriptedServer, chunk, completion, streamed

THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": "6*"}, {"type": "text", "text": "7"}]}
"""As Mistral has it."""


@pytest.mark.parametrize(
    ("reply", "text", "finish_reason"),
    [
        (completion("cut", finish_reason="length"), "cut", "length"),
        (completion("", finish_reason="content_filter"), "", "content_filter"),
        (completion(None, refusal="I will not."), "I will not.", "stop"),
        (completion("42", reasoning_content="6*7"), "<think>6*7</think>42", "stop"),
        (completion("42", reasoning="6*7"), "<think>6*7</think>42", "stop"),
        (completion(None, reasoning_content="6*", finish_reason="length"), "<think>6*", "length"),
        (completion("", finish_reason="length"), "", "length"),
        (completion("cut", finish_reason="model_length"), "cut", "length"),
        (completion("", finish_reason="tool_calls", tool_calls=[]), "", "tool_calls"),
        (completion("", reasoning="6*7"), "<think>6*7</think>", "stop"),
        (completion([{"type": "text", "text": "4"}, {"type": "text", "text": "2"}, "!"]), "42!", "stop"),
        (completion([THOUGHT, {"type": "text", "text": "42"}]), "<think>6*7</think>42", "stop"),
        (
            completion("42", reasoning_details=[THOUGHT]),
            "<think>6*7</think>42",
            "stop",
        ),
        (completion("[THINK]6*7[/THINK]42"), "[THINK]6*7[/THINK]42", "stop"),
        (completion("half \ud800 of it"), "half \ufffd of it", "stop"),
    ],
)
def test_what_a_reply_becomes(
    server: ScriptedServer, start: Start, reply: Reply, text: str, finish_reason: str
) -> None:
    server.script(reply)
    done = ask(start())
    assert (done.text, done.finish_reason, done.error) == (text, finish_reason, "")
    assert done.completion_tokens == 7
    assert len(server.bodies) == 1


@pytest.mark.parametrize("kind", [completion, streamed])
def test_a_reply_in_which_nothing_is_said_is_asked_again(server: ScriptedServer, start: Start, kind: Any) -> None:
    server.script(kind(""), kind(" \n"), kind("42"))
    assert ask(start(max_retries=2)).text == "42"
    server.script(kind(""))
    done = ask(start(max_retries=2))
    assert (done.text, done.finish_reason, done.error_kind) == ("", "error", "empty")
    assert done.error == "the reply is empty: no text and no reasoning"
    assert len(server.bodies) == 6


@pytest.mark.parametrize("finish_reason", [None, "", "paused"])
def test_a_reply_without_an_end_is_asked_again(server: ScriptedServer, start: Start, finish_reason: str | None) -> None:
    server.script(completion("half", finish_reason=finish_reason), completion("whole"))
    assert ask(start(max_retries=1)).text == "whole"
    server.script(completion("half", finish_reason=finish_reason))
    assert ask(start(max_retries=1)).error_kind == "bad_reply"


@pytest.mark.parametrize(
    ("thinking", "content", "shown"),
    [
        ("auto", "<think>6*7</think>42", "42"),
        ("none", "<think>6*7</think>42", "<think>6*7</think>42"),
        ({"begin": "<r>", "end": "</r>"}, "<r>6*7</r>42", "42"),
        ({"begin": "<r>", "end": "</r>", "opened": True}, "6*", ""),
    ],
)
def test_thinking_within_a_text_is_found_by_its_marks(
    server: ScriptedServer, start: Start, thinking: Any, content: str, shown: str
) -> None:
    server.script(completion(content))
    asked = replace(request(), thinking=Thinking.model_validate(thinking))
    assert visible(ask(start(), asked).text) == shown


def test_thinking_in_parts_of_a_stream_is_gathered(server: ScriptedServer, start: Start) -> None:
    parts = [THOUGHT, {"type": "text", "text": "42"}]
    server.script(Reply(events=[*(chunk({"content": [part]}) for part in parts), chunk({}, "stop"), "[DONE]"]))
    done = ask(start())
    assert (done.text, done.completion_tokens) == ("<think>6*7</think>42", 2)


def test_usage_may_be_absent(server: ScriptedServer, start: Start) -> None:
    reply = completion()
    del reply.body["usage"]
    server.script(reply)
    done = ask(start())
    assert (done.text, done.prompt_tokens, done.completion_tokens) == ("hello", 0, 0)


def test_halves_of_an_emoji_in_two_chunks_are_one(server: ScriptedServer, start: Start) -> None:
    server.script(streamed("Great \ud83d", "\ude00 42"))
    assert ask(start()).text == "Great \U0001f600 42"


def test_a_refusal_may_quote_half_of_one(server: ScriptedServer, start: Start) -> None:
    server.script(Reply({"error": {"message": "bad input \ud800 here"}}, 400))
    done = ask(start())
    assert "bad input \ufffd here" in done.error
    done.error.encode()


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": None, "completion_tokens": -5},
        {"completion_tokens": "many"},
        {"prompt_tokens": 2**70},
        {"completion_tokens": 5.5},
        [1],
        "none",
    ],
)
def test_a_usage_that_is_none_is_not_counted(server: ScriptedServer, start: Start, usage: Any) -> None:
    reply = completion("42")
    server.script(replace(reply, body={**reply.body, "usage": usage}))
    done = ask(start())
    assert (done.text, done.prompt_tokens, done.completion_tokens) == ("42", 0, 0)


def test_an_end_in_capitals_is_an_end(server: ScriptedServer, start: Start) -> None:
    server.script(streamed("42", finish_reason="STOP"))
    done = ask(start())
    assert (done.text, done.finish_reason) == ("42", "stop")


def test_of_several_choices_the_first_is_taken_whole(server: ScriptedServer, start: Start) -> None:
    other = chunk({"content": "The answer is 9."}, "stop")
    other["choices"][0]["index"] = 1
    reply = streamed("The answer ", "is 4.")
    assert reply.events is not None
    server.script(replace(reply, events=[reply.events[0], other, *reply.events[1:]]))
    assert ask(start()).text == "The answer is 4."
    whole = completion("The answer is 4.").body
    second = {**whole["choices"][0], "index": 1, "message": {"role": "assistant", "content": "9"}}
    server.script(Reply({**whole, "choices": [second, *whole["choices"]]}))
    assert ask(start()).text == "The answer is 4."


@pytest.mark.parametrize("last", [{}, {"prompt_tokens": None}, {"completion_tokens": True}], ids=str)
def test_a_later_usage_that_says_less_takes_nothing_back(
    server: ScriptedServer, start: Start, last: dict[str, Any]
) -> None:
    reply = streamed("42")
    assert reply.events is not None
    server.script(replace(reply, events=[*reply.events[:-1], {**chunk({}), "choices": [], "usage": last}, "[DONE]"]))
    done = ask(start())
    assert (done.prompt_tokens, done.completion_tokens) == (11, 7)

"""What is sent, and what becomes of streams, whole and broken, by a real server on the loopback."""

import threading
from dataclasses import replace
from typing import Any, cast

import pytest

from a2r_ray.config.asking import Sampling
from a2r_ray.engines import Request
from a2r_ray.engines.openai.wire import Wire
from a2r_ray.records import Message
from tests.engines.conftest import MESSAGES, Start, ask, hurry
from tests.engines.scripted_server import BREAK, MODEL, Reply, ScriptedServer, chunk, completion, error, streamed

# What is sent.


def test_only_what_is_set_is_sent(server: ScriptedServer, start: Start) -> None:
    ask(start())
    assert server.bodies == [
        {
            "_path": "/v1/chat/completions",
            "model": MODEL,
            "messages": list(MESSAGES),
            "n": 1,
            "temperature": 0.6,
            "max_tokens": 100,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    ]


def test_all_sampling_seed_and_extra_body_are_sent(server: ScriptedServer, start: Start) -> None:
    sampling: dict[str, Any] = {"temperature": 0.0, "top_p": 0.9, "top_k": 20, "min_p": 0.1, "stop": ["END"]}
    sampling |= {"presence_penalty": 1.5, "repetition_penalty": 1.1, "min_tokens": 2, "ignore_eos": True}
    sampling |= {"logit_bias": {"17": -100.0}, "stop_token_ids": [3], "bad_words": ["no"], "reasoning_effort": "low"}
    asked = Request(MESSAGES, Sampling(max_tokens=5, **sampling), "p/0", seed=2**62)
    ask(start(), replace(asked, extra_body={"odd": [1]}, template_kwargs={"enable_thinking": False}))
    told = {"odd": [1], "chat_template_kwargs": {"enable_thinking": False}}
    expected = {**sampling, "max_tokens": 5, "seed": 2**62, **told}
    assert expected.items() <= server.bodies[0].items()


OPENAI_S = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."


@pytest.mark.parametrize(
    "refusal",
    [
        error(400, OPENAI_S, "unsupported_parameter"),
        error(400, "max_tokens: Extra inputs are not permitted"),
        Reply({"detail": [{"type": "extra_forbidden", "loc": ["body", "max_tokens"], "msg": "Extra"}]}, 422),
    ],
)
def test_the_most_tokens_are_named_as_the_server_takes_it_and_that_is_remembered(
    server: ScriptedServer, start: Start, refusal: Reply
) -> None:
    server.script(refusal, streamed())
    engine = start(max_retries=0)
    assert [ask(engine).text for _ in range(2)] == ["hello", "hello"]
    named = [(body.get("max_tokens"), body.get("max_completion_tokens")) for body in server.bodies]
    assert named == [(100, None), (None, 100), (None, 100)]


def test_a_server_that_takes_neither_name_is_asked_no_third_time(server: ScriptedServer, start: Start) -> None:
    engine = start(max_retries=0)
    ask(engine)
    server.script(error(400, OPENAI_S), error(400, "unknown field max_completion_tokens"), streamed())
    assert ask(engine).error == "HTTP 400: unknown field max_completion_tokens"
    assert [body["messages"] for body in server.bodies[1:]].count(server.bodies[0]["messages"]) == 2


def test_too_many_tokens_are_refused_by_any_name(server: ScriptedServer, start: Start) -> None:
    server.script(error(400, "max_tokens is too large: 100. This model supports at most 64 completion tokens"))
    assert ask(start(max_retries=0)).error_kind == "refused"
    assert len(server.bodies) == 1


def test_openai_itself_is_told_max_completion_tokens() -> None:
    assert Wire(cast("Any", None), "https://api.openai.com/v1", "m")._length == "max_completion_tokens"


def test_messages_are_sent_whole(server: ScriptedServer, start: Start) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}', "strict": True}}
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "1 + 1?", "cache": 1}], "name": "Ada"},
        {"role": "assistant", "content": None, "tool_calls": [call], "reasoning": "To be added.", "odd": {"a": [None]}},
        {"role": "tool", "content": "2", "tool_call_id": "call_1"},
    ]
    ask(start(), Request(cast("list[Message]", messages), Sampling(), "p/0"))
    assert server.bodies[0]["messages"] == messages


# Servers that stream.


@pytest.mark.parametrize(
    ("reply", "text", "finish_reason"),
    [
        (streamed("one", " ", "two"), "one two", "stop"),
        (streamed("cut", finish_reason="length"), "cut", "length"),
        (streamed("Paragraph\u2028and line\n\nend"), "Paragraph\u2028and line\n\nend", "stop"),
        (streamed("no", field="refusal"), "no", "stop"),
        (streamed("6*", field="reasoning_content", finish_reason="length"), "<think>6*", "length"),
        (streamed("a", finish_reason="content_filter"), "a", "content_filter"),
        (streamed("a", finish_reason="eos"), "a", "stop"),
    ],
)
def test_what_a_stream_becomes(
    server: ScriptedServer, start: Start, reply: Reply, text: str, finish_reason: str
) -> None:
    server.script(reply)
    done = ask(start())
    assert (done.text, done.finish_reason, done.error) == (text, finish_reason, "")
    assert (done.prompt_tokens, done.completion_tokens) == (11, 7)
    assert len(server.bodies) == 1


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thinking_is_gathered_before_the_answer(server: ScriptedServer, start: Start, field: str) -> None:
    reply = streamed("4", "2")
    assert reply.events
    reply.events[1:1] = [chunk({field: "6", "content": None}), chunk({field: "*7", "content": ""})]
    server.script(reply)
    assert ask(start()).text == "<think>6*7</think>42"


def test_thinking_that_comes_under_both_names_is_gathered_once(server: ScriptedServer, start: Start) -> None:
    reply = streamed("42")
    assert reply.events
    reply.events.insert(1, chunk({"reasoning_content": "6*7", "reasoning": "6*7"}))
    server.script(reply)
    assert ask(start()).text == "<think>6*7</think>42"


def test_without_a_usage_chunks_that_say_something_are_counted(server: ScriptedServer, start: Start) -> None:
    server.script(streamed("a", "b", "c", usage=False))
    engine = start()
    assert ask(engine).completion_tokens == 3
    assert engine.load().completion_tokens == 3


def test_a_usage_with_every_chunk_is_not_added_up(server: ScriptedServer, start: Start) -> None:
    reply = streamed("a", "b")
    assert reply.events
    for number, event in enumerate(reply.events[:-2]):
        event["usage"] = {"prompt_tokens": 11, "completion_tokens": number}
    server.script(reply)
    done = ask(start())
    assert (done.prompt_tokens, done.completion_tokens) == (11, 7)


def test_connections_are_kept_between_streams(server: ScriptedServer, start: Start) -> None:
    engine = start(max_num_seqs=1)
    for _ in range(5):
        ask(engine)
    assert len(server.connections) == 1


# Servers that do not.


def test_a_server_that_answers_in_one_piece(server: ScriptedServer, start: Start) -> None:
    server.script(completion("whole"))
    engine = start()
    done = ask(engine)
    assert (done.text, done.finish_reason, done.completion_tokens) == ("whole", "stop", 7)
    assert len(server.bodies) == 1
    assert engine.load().completion_tokens == 7


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_that_counts_no_streams_is_asked_for_none_again(
    server: ScriptedServer, start: Start, status: int
) -> None:
    server.script(error(status, "Unrecognized request argument: stream_options"), streamed(usage=False))
    engine = start(max_retries=0)
    assert ask(engine).completion_tokens == 2
    assert ask(engine).text == "hello"
    assert [body.get("stream_options") for body in server.bodies] == [{"include_usage": True}, None, None]
    assert [body["stream"] for body in server.bodies] == [True, True, True]


def test_a_server_that_refuses_to_stream_is_not_asked_to_again(server: ScriptedServer, start: Start) -> None:
    refusal = error(400, "streaming is not supported")
    server.script(refusal, refusal, completion("whole"))
    engine = start(max_retries=0)
    assert [ask(engine).text for _ in range(2)] == ["whole", "whole"]
    assert ["stream" in body for body in server.bodies] == [True, True, False, False]


def test_a_refusal_that_is_not_of_the_stream_is_not_remembered(server: ScriptedServer, start: Start) -> None:
    server.script(error(400, "the stream of thought is forbidden"))
    engine = start(max_retries=0)
    assert ask(engine).error == "HTTP 400: the stream of thought is forbidden"
    server.script(streamed())
    ask(engine)
    assert "stream_options" in server.bodies[-1]


# Streams that break.

BROKEN = {
    "the connection ends": ([chunk({"content": "a"}), BREAK], "the reply is cut off: "),
    "no [DONE]": (streamed(done=False).events, "the reply is cut off: the stream ended without [DONE]"),
    "no finish_reason": (
        streamed(finish_reason=None).events,
        "the reply is cut off: the stream ended without a finish_reason",
    ),
    "nothing": ([], "the reply is cut off: the stream ended without a finish_reason"),
    "an error": ([chunk({"content": "a"}), {"error": {"message": "out of memory"}}, "[DONE]"], "out of memory"),
    "no JSON": ([chunk({"content": "a"}), '{"choi'], "the reply is no stream of JSON"),
    "odd JSON": ([{"choices": [3]}, "[DONE]"], "the reply is no chat completion: choices.0"),
    "an odd end": (streamed(finish_reason="unknown").events, "the reply has an unknown finish_reason: unknown"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_stream_is_asked_again(server: ScriptedServer, start: Start, name: str) -> None:
    events, _ = BROKEN[name]
    server.script(Reply(events=events), streamed())
    done = ask(start())
    assert (done.text, done.error, done.completion_tokens) == ("hello", "", 7)
    assert len(server.bodies) == 2


@pytest.mark.parametrize("name", BROKEN)
def test_a_stream_that_always_breaks_is_data(server: ScriptedServer, start: Start, name: str) -> None:
    events, message = BROKEN[name]
    server.script(Reply(events=events))
    done = ask(start(max_retries=3))
    assert (done.text, done.error_kind) == ("", "bad_reply")
    assert message in done.error
    assert len(server.bodies) == 4


@pytest.mark.parametrize("finish_reason", ["abort", "error", "cancelled"])
@pytest.mark.parametrize("reply", [streamed, completion])
def test_a_reply_that_was_given_up_is_no_success(
    server: ScriptedServer, start: Start, reply: Any, finish_reason: str
) -> None:
    server.script(reply("half", finish_reason=finish_reason), streamed())
    engine = start(max_retries=1)
    assert ask(engine).text == "hello"
    assert engine.load().completion_tokens == 14
    server.script(reply("half", finish_reason=finish_reason))
    done = ask(engine)
    assert (done.text, done.error_kind) == ("", "aborted")
    assert done.completion_tokens == engine.load().completion_tokens - 14 > 0  # those of every try: they were paid
    assert done.prompt_tokens == engine.load().prompt_tokens - 22 > 0
    assert done.error == f"the server gave the reply up: finish_reason {finish_reason}"


def test_a_prompt_that_turns_out_too_long_in_the_stream_is_not_asked_again(
    server: ScriptedServer, start: Start
) -> None:
    server.script(Reply(events=[{"error": {"message": "exceeds the context length", "code": 400}}, "[DONE]"]))
    assert ask(start()).error_kind == "prompt_too_long"
    assert len(server.bodies) == 1


def test_the_key_is_not_echoed_from_a_stream(server: ScriptedServer, start: Start) -> None:
    server.script(Reply(events=[{"error": {"message": "you sent {authorization}"}}]))
    assert ask(start(max_retries=0)).error == "the server broke its reply off: you sent Bearer [key]"


# Time.


def test_a_stream_may_take_longer_than_the_timeout(server: ScriptedServer, start: Start) -> None:
    slow = streamed(*"a long answer that comes token by token, slowly")
    slow.drips = True
    server.script(slow)
    engine = hurry(start(max_retries=0), 0.5)
    done = ask(engine)
    assert (done.text, done.error) == ("a long answer that comes token by token, slowly", "")
    assert done.latency_s > 0.6


def test_a_stream_that_stalls_is_asked_again_and_its_tokens_are_counted(server: ScriptedServer, start: Start) -> None:
    stalls = streamed("a", "b", "c")
    assert stalls.events
    gate = threading.Event()
    stalls.events.insert(3, gate)
    server.script(stalls, streamed())
    engine = hurry(start(max_retries=1), 0.5)
    done = ask(engine)
    assert (done.text, done.completion_tokens) == ("hello", 7)
    assert engine.load().completion_tokens == 2 + 7
    server.script(stalls)
    done = ask(engine)
    gate.set()
    assert (done.error_kind, done.text) == ("timeout", "")
    assert engine.load().completion_tokens == 2 + 7 + 2 + 2
    assert engine.load().held_s == 0

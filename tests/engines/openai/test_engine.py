"""The client against a real HTTP server that answers by script: what it sends, survives, reports and leaves behind."""

import asyncio
import gc
import logging
import socket
import threading
import time
import traceback
import warnings
from typing import Any

import pytest

from a2r_ray.config.schema import Sampling
from a2r_ray.engines import Completion, Load, Request, create_engine
from a2r_ray.engines.openai import server as server_module
from a2r_ray.engines.openai import wire
from a2r_ray.engines.openai.engine import OpenAIEngine
from a2r_ray.engines.openai.failures import Failure
from a2r_ray.errors import EngineError
from tests.engines.conftest import KEY, MESSAGES, NOT_JSON, Start, ask, eventually, request, role
from tests.engines.scripted_server import MODEL, Reply, ScriptedServer, completion, error, models

# What is sent and what comes back.


def test_a_completion_with_its_usage(server: ScriptedServer, start: Start) -> None:
    engine = start()
    done = ask(engine)
    assert (done.text, done.finish_reason, done.error, done.error_kind) == ("hello", "stop", "", "")
    assert (done.prompt_tokens, done.completion_tokens) == (11, 7)
    assert 0 < done.latency_s < 20
    assert engine.load() == Load(running=0, waiting=0, prompt_tokens=11, completion_tokens=7)
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


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
    asked = Request(MESSAGES, Sampling(max_tokens=5, **sampling), "p/0", seed=2**62)
    ask(start(extra_body={"chat_template_kwargs": {"enable_thinking": False}}), asked)
    expected = {**sampling, "max_tokens": 5, "seed": 2**62, "chat_template_kwargs": {"enable_thinking": False}}
    assert expected.items() <= server.bodies[0].items()


def test_openai_itself_is_told_max_completion_tokens() -> None:
    sent = wire._sampling(request(), "https://api.openai.com/v1")
    assert sent == {"n": 1, "temperature": 0.6, "max_completion_tokens": 100}


@pytest.mark.parametrize(
    ("reply", "text", "finish_reason"),
    [
        (completion("cut", finish_reason="length"), "cut", "length"),
        (completion("", finish_reason="content_filter"), "", "content_filter"),
        (completion("fine", finish_reason=None), "fine", "stop"),
        (completion(None), "", "stop"),
        (completion(None, refusal="I will not."), "I will not.", "stop"),
        (completion("42", reasoning_content="6*7"), "<think>6*7</think>42", "stop"),
        (completion("42", reasoning="6*7"), "<think>6*7</think>42", "stop"),
        (completion(None, reasoning_content="6*", finish_reason="length"), "<think>6*", "length"),
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


def test_usage_may_be_absent(server: ScriptedServer, start: Start) -> None:
    reply = completion()
    del reply.body["usage"]
    server.script(reply)
    done = ask(start())
    assert (done.text, done.prompt_tokens, done.completion_tokens) == ("hello", 0, 0)


# Many at once.


def test_many_requests_are_at_the_server_at_once(server: ScriptedServer, start: Start) -> None:
    reply = completion()
    reply.wait_for = threading.Barrier(32)
    server.script(reply)
    engine = start()
    futures = [engine.submit(request()) for _ in range(32)]
    assert {future.result(timeout=20).error for future in futures} == {""}
    assert server.most_at_once == 32
    assert not reply.wait_for.broken


def test_max_num_seqs_bounds_them(server: ScriptedServer, start: Start) -> None:
    reply = completion()
    reply.wait_for = gate = threading.Event()
    server.script(reply)
    engine = start(max_num_seqs=3)
    futures = [engine.submit(request()) for _ in range(8)]
    assert eventually(lambda: server.at_once == 3)
    assert (engine.load().running, engine.load().waiting) == (3, 5)
    gate.set()
    assert {future.result(timeout=20).error for future in futures} == {""}
    assert server.most_at_once == 3
    assert engine.load().completion_tokens == 8 * 7


# The start.


@pytest.mark.parametrize("status", [404, 405, 429, 501])
def test_a_server_without_a_list_of_models_is_fine(server: ScriptedServer, start: Start, status: int) -> None:
    server.models = error(status)
    assert ask(start()).text == "hello"


def test_the_start_does_not_wait_for_a_busy_server(server: ScriptedServer, start: Start) -> None:
    server.models = error(429, retry_after="60")
    started = time.monotonic()
    assert ask(start(timeout=600)).text == "hello"
    assert time.monotonic() - started < 30
    assert server.models_asked == 1


@pytest.mark.parametrize("reply", [Reply({"models": []}), NOT_JSON])
def test_a_list_that_says_nothing_is_fine(server: ScriptedServer, start: Start, reply: Reply) -> None:
    server.models = reply
    assert ask(start()).text == "hello"


@pytest.mark.parametrize("name", [MODEL, f"{MODEL}:latest", f"models/{MODEL}"])
def test_a_model_under_its_servers_name(server: ScriptedServer, start: Start, name: str) -> None:
    server.models = models("other", name)
    assert ask(start()).text == "hello"


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_ends_the_start(server: ScriptedServer, start: Start, status: int) -> None:
    server.models = error(status, "wrong: {authorization}")
    with pytest.raises(EngineError) as caught:
        start()
    said = str(caught.value)
    assert said.startswith(f"{server.url} refuses the key: HTTP {status}: wrong: Bearer [key]")
    assert "OPENAI_API_KEY" in said
    assert server.models_asked == 1
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None


def test_another_model_ends_the_start(server: ScriptedServer, start: Start) -> None:
    server.models = models(*(f"model-{i}" for i in range(20)))
    with pytest.raises(EngineError) as caught:
        start()
    said = str(caught.value)
    assert f"{server.url} does not serve {MODEL}; it serves model-0, model-1" in said
    assert "model-9, …" in said
    assert "model-10" not in said


def test_trouble_at_the_start_is_survived_or_told(server: ScriptedServer, start: Start) -> None:
    server.models = error(503, "loading")
    with pytest.raises(EngineError, match=r"/v1 cannot be used: HTTP 503: loading: start the server, or correct"):
        start()
    assert server.models_asked == 3


def test_nobody_there_ends_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        with pytest.raises(EngineError) as caught:
            OpenAIEngine(role(url))
    assert str(caught.value).startswith(f"{url} cannot be used: Connection error.")
    assert "base_url" in str(caught.value)


@pytest.mark.parametrize(
    ("engine_args", "message"),
    [
        ({"max_seqs": 4}, "engine_args.max_seqs: unknown to the openai engine; known are max_num_seqs, timeout, "),
        ({"max_num_seqs": 0}, "engine_args.max_num_seqs: Input should be greater than or equal to 1"),
        ({"timeout": "1"}, "engine_args.timeout: Input should be a valid number"),
        ({"extra_body": {"top_p": 1, "n": 2}}, "engine_args.extra_body: n, top_p: set from the config's own fields"),
    ],
)
def test_engine_args_are_checked(start: Start, engine_args: dict[str, Any], message: str) -> None:
    with pytest.raises(EngineError) as caught:
        start(**engine_args)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://me:hidden@127.0.0.1:9/v1", "base_url http://127.0.0.1:9/v1: expected no user, password or query"),
        ("http://127.0.0.1:9/v1?key=hidden", "OPENAI_API_KEY"),
        ("127.0.0.1:9/v1", "base_url: expected http:// or https://"),
        ("http://me:hidden", "base_url: not a URL"),
    ],
)
def test_odd_urls_are_refused_and_their_secrets_kept(url: str, message: str) -> None:
    with pytest.raises(EngineError) as caught:
        OpenAIEngine(role(url))
    assert message in str(caught.value)
    assert "hidden" not in "".join(traceback.format_exception(caught.value))


# The key.


@pytest.mark.parametrize("url", [None, "https://models.example.com/v1", "https://8.8.8.8/v1"])
def test_a_remote_server_needs_a_key(monkeypatch: pytest.MonkeyPatch, url: str | None) -> None:
    monkeypatch.setenv("MY_KEY", " ")
    config = role(url).model_copy(update={"api_key_env": "MY_KEY"})
    with pytest.raises(EngineError, match="no key; set the environment variable MY_KEY"):
        OpenAIEngine(config)


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "::1", "10.0.0.7", "192.168.1.2", "vllm", "a.svc.cluster.local"]
)
def test_a_local_server_needs_none(host: str) -> None:
    assert server_module._is_local(host)


def test_without_a_key_a_local_server_is_asked(
    server: ScriptedServer, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    assert ask(start()).text == "hello"
    server.models = error(401)
    with pytest.raises(EngineError, match="asks for a key: HTTP 401: no: set OPENAI_API_KEY"):
        start()


def test_a_key_that_cannot_be_a_header_is_named_not_shown(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "two\nlines")
    with pytest.raises(EngineError, match="OPENAI_API_KEY has spaces") as caught:
        start()
    assert "lines" not in str(caught.value)


@pytest.mark.parametrize(
    "reply",
    [
        error(400, "you sent {authorization}"),
        error(500, "you sent {authorization}"),
        Reply(b"you sent {authorization}", status=400),
        Reply(b"you sent {authorization}"),
        Reply({"choices": "{authorization}"}),
    ],
)
def test_the_key_is_never_echoed(
    server: ScriptedServer, start: Start, caplog: pytest.LogCaptureFixture, reply: Reply
) -> None:
    caplog.set_level(logging.DEBUG)
    server.script(reply)
    done = ask(start(max_retries=1))
    assert "Bearer " in done.error
    assert KEY[:8] not in done.error
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    assert KEY not in caplog.text


@pytest.mark.parametrize("length", range(380, 500, 5))
def test_no_half_of_the_key_is_left_where_a_message_is_cut(start: Start, length: int) -> None:
    said = start()._server.message(Failure("server", "x" * length + KEY + "y" * 200))
    assert len(said) == 500
    assert KEY[:3] not in said


@pytest.mark.parametrize("look", [KEY, KEY.replace("/", "%2F").replace("+", "%2B"), KEY.replace("/", r"\/")])
def test_the_key_is_scrubbed_however_it_is_written(start: Start, look: str) -> None:
    assert start()._server.message(Failure("server", f"got {look}!")) == "got [key]!"


# The end.


def test_close_resolves_what_is_in_flight_and_what_comes_later(server: ScriptedServer, start: Start) -> None:
    hanging = completion()
    hanging.wait_for = gate = threading.Event()
    server.script(hanging)
    engine = start(max_num_seqs=2)
    futures = [engine.submit(request()) for _ in range(5)]
    assert eventually(lambda: server.at_once == 2)
    engine.close()
    engine.close()
    gate.set()
    done = [future.result(timeout=1) for future in (*futures, engine.submit(request()))]
    assert {c.error_kind for c in done} == {"engine_died"}
    assert {c.error for c in done} == {f"the engine for {server.url} was closed"}
    assert (engine.load().running, engine.load().waiting) == (0, 0)


def test_close_does_not_wait_for_a_backoff(server: ScriptedServer, start: Start) -> None:
    server.script(error(429, retry_after="9"))
    engine = start()
    future = engine.submit(request())
    assert eventually(lambda: len(server.bodies) == 1)
    started = time.monotonic()
    engine.close()
    assert time.monotonic() - started < 5
    assert future.result(timeout=1).error_kind == "engine_died"


@pytest.mark.filterwarnings("error")
def test_close_leaves_nothing_behind(server: ScriptedServer, start: Start, caplog: pytest.LogCaptureFixture) -> None:
    before = set(threading.enumerate())
    hanging = completion()
    hanging.wait_for = gate = threading.Event()
    server.script(completion(), hanging)
    with warnings.catch_warnings(record=True, action="always") as caught:
        engine = start()
        ask(engine)
        engine.submit(request())
        assert eventually(lambda: server.at_once == 1)
        engine.close()
        gate.set()
        loop = engine._loop
        del engine
        gc.collect()
    assert loop.is_closed()
    assert caught == []
    assert [record for record in caplog.records if record.name == "asyncio" and record.levelno > logging.INFO] == []
    left = {thread for thread in set(threading.enumerate()) - before if "process_request" not in thread.name}
    assert eventually(lambda: not any(thread.is_alive() for thread in left))


def test_a_failed_start_leaves_nothing_behind(server: ScriptedServer, start: Start) -> None:
    server.models = models("other")
    with pytest.raises(EngineError):
        start()
    assert eventually(lambda: not any(thread.name == "openai-engine" for thread in threading.enumerate()))


def test_a_callback_may_submit_and_close(start: Start) -> None:
    engine = start()
    second: list[Completion] = []
    closed = threading.Event()

    def close(_: object) -> None:
        engine.close()
        closed.set()

    def again(_: object) -> None:
        following = engine.submit(request())
        following.add_done_callback(lambda future: second.append(future.result()))
        following.add_done_callback(close)

    engine.submit(request()).add_done_callback(again)
    assert closed.wait(10)
    assert second[0].text == "hello"
    assert ask(engine).error_kind == "engine_died"


def test_a_loop_that_dies_takes_nobody_with_it(server: ScriptedServer, start: Start) -> None:
    hanging = completion()
    hanging.wait_for = gate = threading.Event()
    server.script(hanging)
    engine = start()
    future = engine.submit(request())
    assert eventually(lambda: server.at_once == 1)

    def kill() -> None:
        for task in asyncio.all_tasks(engine._loop):
            task.cancel()

    engine._loop.call_soon_threadsafe(kill)
    assert future.result(timeout=10).error == f"the engine for {server.url} died"
    assert ask(engine).error_kind == "engine_died"
    gate.set()


def test_it_is_the_engine_of_its_name(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    engine = create_engine(role(server.url))
    assert isinstance(engine, OpenAIEngine)
    engine.close()

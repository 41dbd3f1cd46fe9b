"""The engine at a real HTTP server that answers by script: many requests at once, and the end."""

import asyncio
import gc
import logging
import threading
import time
import warnings

import pytest

from a2r_ray.engines import Completion, Load, check_engine, create_engine
from a2r_ray.engines.openai.engine import OpenAIEngine
from a2r_ray.errors import EngineError
from tests.engines.conftest import KEY, Start, ask, eventually, request, role
from tests.engines.scripted_server import ScriptedServer, completion, error


def test_a_completion_with_its_usage(server: ScriptedServer, start: Start) -> None:
    engine = start()
    done = ask(engine)
    assert (done.text, done.finish_reason, done.error, done.error_kind) == ("hello", "stop", "", "")
    assert (done.prompt_tokens, done.completion_tokens) == (11, 7)
    assert 0 < done.latency_s < 20
    assert engine.load() == Load(running=0, waiting=0, prompt_tokens=11, completion_tokens=7)
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


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
    gc.collect()  # what other tests left is not this engine's
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
    unclosed = [warning for warning in caught if issubclass(warning.category, ResourceWarning | RuntimeWarning)]
    assert [str(warning.message) for warning in unclosed] == []
    assert [record for record in caplog.records if record.name == "asyncio" and record.levelno > logging.INFO] == []
    left = {thread for thread in set(threading.enumerate()) - before if "process_request" not in thread.name}
    assert eventually(lambda: not any(thread.is_alive() for thread in left))


def test_a_failed_start_leaves_nothing_behind(server: ScriptedServer, start: Start) -> None:
    server.models = error(401)
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


def test_a_server_that_lists_the_model_and_refuses_to_answer_is_found(server: ScriptedServer) -> None:
    assert check_engine(role(server.url)) is None
    assert server.bodies[0]["max_tokens"] <= 16
    server.script(*[error(401, "revoked")] * 5)
    with pytest.raises(EngineError, match=r"a first request failed: .*revoked"):
        check_engine(role(server.url))

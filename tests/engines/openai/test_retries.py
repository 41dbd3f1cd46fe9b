"""What is tried again and what is not, by a real server on the loopback."""

import threading

import pytest

from tests.engines.conftest import NOT_JSON, Start, ask, eventually, hurry
from tests.engines.scripted_server import Reply, ScriptedServer, completion, error

CUT_OFF = Reply(b'{"choices": [{"message": {"con', missing_bytes=500)

TRANSIENT = {
    "500": (error(500), "server"),
    "503": (error(503), "server"),
    "409": (error(409), "server"),
    "408": (error(408), "timeout"),
    "429": (error(429), "rate_limited"),
    "cut off": (CUT_OFF, "bad_reply"),
    "not JSON": (NOT_JSON, "bad_reply"),
    "JSON type, no JSON": (Reply(b'{"choices": [{'), "bad_reply"),
    "not UTF-8": (Reply(b"\xff\xfe"), "bad_reply"),
    "a list": (Reply([1]), "bad_reply"),
    "no choices": (Reply({"choices": []}), "bad_reply"),
    "odd choices": (Reply({"choices": ["a"]}), "bad_reply"),
    "an error with status 200": (Reply({"error": {"message": "overloaded"}}), "bad_reply"),
    "hang up": (Reply(hangs_up=True), "connection"),
}


@pytest.mark.parametrize("name", TRANSIENT)
def test_transient_trouble_is_survived(server: ScriptedServer, start: Start, name: str) -> None:
    trouble, _ = TRANSIENT[name]
    server.script(trouble, trouble, completion())
    done = ask(start())
    assert (done.text, done.error) == ("hello", "")
    assert len(server.bodies) == 3


@pytest.mark.parametrize("name", TRANSIENT)
def test_lasting_trouble_is_data(server: ScriptedServer, start: Start, name: str) -> None:
    trouble, kind = TRANSIENT[name]
    server.script(trouble)
    engine = start(max_retries=2)
    done = ask(engine)
    assert (done.error_kind, done.finish_reason, done.text) == (kind, "error", "")
    assert done.error
    assert done.latency_s > 0
    assert len(server.bodies) == 3
    server.script(completion())
    assert ask(engine).text == "hello"


def test_five_retries_unless_told_otherwise(server: ScriptedServer, start: Start) -> None:
    server.script(error(500, "out of luck"))
    assert ask(start()).error == "HTTP 500: out of luck"
    assert len(server.bodies) == 6


def test_retry_after_is_waited_for(server: ScriptedServer, start: Start) -> None:
    server.script(error(429, retry_after="0.3"), completion())
    assert ask(start()).text == "hello"
    assert server.times[1] - server.times[0] >= 0.3


def test_a_retry_after_beyond_the_timeout_is_not(server: ScriptedServer, start: Start) -> None:
    server.script(error(429, "come back later", retry_after="599"), completion())
    done = ask(start())
    assert (done.error, done.error_kind) == ("HTTP 429: come back later", "rate_limited")
    assert len(server.bodies) == 1


@pytest.mark.parametrize(("status", "hint", "asked"), [(500, "false", 1), (400, "true", 3)])
def test_the_server_may_say_whether_to_retry(
    server: ScriptedServer, start: Start, status: int, hint: str, asked: int
) -> None:
    server.script(error(status, x_should_retry=hint))
    ask(start(max_retries=2))
    assert len(server.bodies) == asked


def test_a_timeout_is_tried_again_and_then_data(server: ScriptedServer, start: Start) -> None:
    hanging = completion()
    hanging.wait_for = gate = threading.Event()
    server.script(hanging)
    done = ask(hurry(start(max_retries=1), 0.5))
    gate.set()
    assert (done.error_kind, done.finish_reason) == ("timeout", "error")
    assert done.latency_s >= 1
    assert eventually(lambda: len(server.bodies) == 2)


def test_the_timeout_is_for_the_whole_attempt(server: ScriptedServer, start: Start) -> None:
    dripping = completion("x" * 200)
    dripping.drips = True
    server.script(dripping)
    done = ask(hurry(start(max_retries=0), 0.2))
    assert done.error_kind == "timeout"
    assert done.latency_s < 4

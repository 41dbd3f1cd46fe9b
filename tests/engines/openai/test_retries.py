"""What is tried again and what is not, by a real server on the loopback."""

import email.utils
import threading
import time

import pytest

from a2r_ray.config.schema import Sampling
from a2r_ray.engines import Request
from a2r_ray.engines.openai.failures import _retry_after_s
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
    server.script(error(429, "come back tomorrow", retry_after="86400"), completion())
    done = ask(start())
    assert (done.error, done.error_kind) == ("HTTP 429: come back tomorrow", "rate_limited")
    assert len(server.bodies) == 1


def test_retry_after_as_servers_write_it() -> None:
    date = email.utils.formatdate(time.time() + 30, usegmt=True)
    assert 25 < _retry_after_s(date) <= 30
    assert _retry_after_s(email.utils.formatdate(0, usegmt=True)) == 0
    found = [_retry_after_s(text) for text in ("2", "0.5", "-1", "", "soon", "nan")]
    assert found == [2, 0.5, 0, 0, 0, 0]


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
    done = ask(hurry(start(max_retries=1), 0.1))
    gate.set()
    assert (done.error_kind, done.finish_reason) == ("timeout", "error")
    assert done.latency_s >= 0.2
    assert eventually(lambda: len(server.bodies) == 2)


def test_the_timeout_is_for_the_whole_attempt(server: ScriptedServer, start: Start) -> None:
    dripping = completion("x" * 200)
    dripping.drips = True
    server.script(dripping)
    done = ask(hurry(start(max_retries=0), 0.2))
    assert done.error_kind == "timeout"
    assert done.latency_s < 4


# What is not.


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_is_data_at_once(server: ScriptedServer, start: Start, status: int) -> None:
    server.script(error(status, "no such thing"))
    done = ask(start())
    assert (done.error, done.error_kind) == (f"HTTP {status}: no such thing", "refused")
    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (400, "context_length_exceeded", "Please reduce the length of the messages."),
        (400, None, "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens"),
        (400, None, "the request exceeds the available context size. try increasing the context size"),
        (400, None, "The input (5000 tokens) is longer than the model's context length (4096 tokens)."),
        (422, None, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000"),
        (413, None, "prompt is too long: 210000 tokens > 200000 maximum"),
    ],
)
def test_a_prompt_that_does_not_fit(
    server: ScriptedServer, start: Start, status: int, code: str | None, message: str
) -> None:
    server.script(error(status, message, code))
    assert ask(start()).error_kind == "prompt_too_long"
    assert len(server.bodies) == 1


def test_the_client_itself_may_time_out(server: ScriptedServer, start: Start) -> None:
    engine = start(max_retries=0)
    engine._wire._client = engine._wire._client.with_options(timeout=0.1)
    hanging = completion()
    hanging.wait_for = gate = threading.Event()
    server.script(hanging)
    done = ask(engine)
    gate.set()
    assert (done.error, done.error_kind) == ("the server did not answer in time", "timeout")


def test_a_request_that_cannot_be_written_is_data(server: ScriptedServer, start: Start) -> None:
    asked = Request(({"role": "user", "content": "\ud800"},), Sampling(), "p/0")
    done = ask(start(), asked)
    assert (done.error_kind, done.finish_reason) == ("engine", "error")
    assert "UnicodeEncodeError" in done.error
    assert not server.bodies

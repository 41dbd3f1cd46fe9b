"""What a failure means, by a real server on the loopback."""

import email.utils
import threading
import time

import pytest

from a2r_ray.config.asking import Sampling
from a2r_ray.engines import Request
from a2r_ray.engines.openai.failures import _retry_after_s
from tests.engines.conftest import Start, ask
from tests.engines.scripted_server import ScriptedServer, completion, error, streamed


def test_retry_after_as_servers_write_it() -> None:
    date = email.utils.formatdate(time.time() + 30, usegmt=True)
    assert 25 < _retry_after_s(date) <= 30
    assert _retry_after_s(email.utils.formatdate(0, usegmt=True)) == 0
    found = [_retry_after_s(text) for text in ("2", "0.5", "-1", "", "soon", "nan")]
    assert found == [2, 0.5, 0, 0, 0, 0]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_is_data_at_once(server: ScriptedServer, start: Start, status: int) -> None:
    engine = start()
    ask(engine)
    server.script(error(status, "no such thing"), streamed())
    done = ask(engine)
    assert (done.error, done.error_kind) == (f"HTTP {status}: no such thing", "refused")
    assert [body["messages"] for body in server.bodies[1:]].count(server.bodies[0]["messages"]) == 1


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

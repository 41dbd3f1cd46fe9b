"""What becomes of replies that come in one piece."""

import pytest

from tests.engines.conftest import Start, ask
from tests.engines.scripted_server import Reply, ScriptedServer, completion


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

"""The server: its address, its key, and what keeps an engine from starting."""

import logging
import socket
import time
import traceback

import pytest

from a2r_ray.engines.openai import server as server_module
from a2r_ray.engines.openai.engine import OpenAIEngine
from a2r_ray.engines.openai.failures import Failure
from a2r_ray.errors import EngineError
from tests.engines.conftest import KEY, NOT_JSON, Start, ask, role
from tests.engines.scripted_server import MODEL, Reply, ScriptedServer, error, models, streamed


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


@pytest.mark.parametrize("names", [("openai/*", "gpt-4o"), ("deployment-7",), ()])
def test_a_model_that_is_not_listed_is_settled_by_one_trial(
    server: ScriptedServer, start: Start, names: tuple[str, ...]
) -> None:
    server.models = models(*names)
    engine = start()
    [trial] = server.bodies
    assert (trial["model"], trial["max_tokens"], "temperature" in trial) == (MODEL, 1, False)
    assert ask(engine).text == "hello"
    assert engine.load().completion_tokens == 14  # the trial's are paid, too


@pytest.mark.parametrize(
    "trial",
    [
        streamed("a", finish_reason="length"),
        error(429, "busy"),
        error(500, "out of memory"),
        error(400, "Could not finish the message because max_tokens or model output limit was reached."),
    ],
)
def test_a_trial_that_is_not_refused_is_enough(server: ScriptedServer, start: Start, trial: Reply) -> None:
    server.models = models("other")
    server.script(trial, streamed())
    assert ask(start()).text == "hello"


@pytest.mark.parametrize(("status", "words"), [(404, "The model `tiny` does not exist"), (400, "Invalid model name")])
def test_another_model_ends_the_start(server: ScriptedServer, start: Start, status: int, words: str) -> None:
    server.models = models(*(f"model-{i}" for i in range(20)))
    server.script(error(status, words))
    with pytest.raises(EngineError) as caught:
        start()
    said = str(caught.value)
    assert f"{server.url} does not serve {MODEL}: HTTP {status}: {words}; it lists model-0, model-1" in said
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


# Proxies.


@pytest.mark.parametrize(
    ("variable", "proxy"),
    [
        ("HTTP_PROXY", "http://me:hidden@127.0.0.1:9"),
        ("http_proxy", "127.0.0.1:9"),
        ("ALL_PROXY", "http://127.0.0.1:9"),
    ],
)
def test_a_proxy_in_the_way_is_named(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, variable: str, proxy: str
) -> None:
    for name in ("NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, proxy)
    with pytest.raises(EngineError) as caught:
        OpenAIEngine(role(server.url))
    said = str(caught.value)
    assert f"${variable} sends what is meant for 127.0.0.1 through " in said
    assert said.endswith("127.0.0.1:9: add 127.0.0.1 to $NO_PROXY")
    assert "hidden" not in said
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    engine = OpenAIEngine(role(server.url))
    assert ask(engine).text == "hello"
    engine.close()


def test_a_proxy_that_cannot_be_used_is_no_traceback(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("ALL_PROXY", "odd://127.0.0.1:9")
    with pytest.raises(EngineError, match=r"cannot be used: Unknown scheme .*; \$ALL_PROXY sends"):
        OpenAIEngine(role(server.url))


@pytest.mark.parametrize(("address", "near"), [("10.1.2.3", True), ("8.8.8.8", False), (None, False)])
def test_a_proxy_is_in_the_way_of_what_is_near_and_of_nothing_else(
    monkeypatch: pytest.MonkeyPatch, *, address: str | None, near: bool
) -> None:
    def looked_up(*_: object) -> list[object]:
        if address is None:
            raise OSError
        return [(2, 1, 6, "", (address, 0))]

    monkeypatch.setattr("socket.getaddrinfo", looked_up)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert ("add gpu.example.com" in server_module._proxy_in_the_way("https://gpu.example.com/v1")) is near
    assert "add 10.0.0.7" in server_module._proxy_in_the_way("https://10.0.0.7/v1")


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_loses_the_request_is_a_refusal_with_the_remedy(
    server: ScriptedServer, start: Start, status: int
) -> None:
    server.script(Reply({}, status, {"Location": f"{server.url}/models"}))
    done = ask(start(max_retries=3))
    assert done.error_kind == "no_service"  # which ends the run, resumable
    assert f"HTTP {status}: it redirects to {server.url}/models, which loses the request: name that in" in done.error


def test_a_quota_that_is_spent_for_a_day_is_of_all_requests(server: ScriptedServer, start: Start) -> None:
    server.script(error(429, "quota", retry_after="86400"))
    engine = start(max_retries=1, timeout=8)
    kinds = {ask(engine).error_kind for _ in range(30)}
    assert kinds <= {"rate_limited", "no_service"}
    assert "no_service" in kinds


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("{url}/chat/completions", "it redirects to where nobody can answer"),
        ("http://[bad", "HTTP 308: it redirects to http://[bad, which is no address of a server"),
        ("ftp://example.com/x", "HTTP 308: it redirects to ftp://example.com/x, which is no address of a server"),
    ],
)
def test_a_redirect_to_where_nobody_can_answer_is_told_at_once(
    server: ScriptedServer, start: Start, where: str, said: str
) -> None:
    server.script(Reply({}, 308, {"Location": where.format(url=server.url)}))
    done = ask(start(max_retries=3))
    assert done.error_kind == "no_service"
    assert said in done.error

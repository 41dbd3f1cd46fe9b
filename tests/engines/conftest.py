"""An OpenAI engine at a server that answers as a test scripts it."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from a2r_ray.config.asking import Sampling
from a2r_ray.config.schema import RoleConfig
from a2r_ray.engines import Completion, Request
from a2r_ray.engines.openai.engine import OpenAIEngine
from tests.engines.scripted_server import MODEL, Reply, ScriptedServer

KEY = "sk-test/3cr3t+0123456789abcdef"
MESSAGES = ({"role": "system", "content": "Be brief."}, {"role": "user", "content": "6 times 7?"})
NOT_JSON = Reply(b"<html>Bad gateway</html>", headers={"Content-Type": "text/html"})
FAST = {"max_backoff_s": 0.005, "timeout": 10}

Start = Callable[..., OpenAIEngine]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = ScriptedServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def start(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts an engine for the server; all of them are closed in the end."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    engines: list[OpenAIEngine] = []

    def start(**engine_args: object) -> OpenAIEngine:
        engines.append(OpenAIEngine(role(server.url, **engine_args)))
        return engines[-1]

    yield start
    for engine in engines:
        engine.close()


def role(url: str | None, **engine_args: Any) -> RoleConfig:
    return RoleConfig(engine="openai", model=MODEL, base_url=url, engine_args={**FAST, **engine_args})


def request(**sampling: Any) -> Request:
    return Request(MESSAGES, Sampling(**{"max_tokens": 100, **sampling}), "p/0")


def ask(engine: OpenAIEngine, asked: Request | None = None) -> Completion:
    return engine.submit(asked or request()).result(timeout=20)


def hurry(engine: OpenAIEngine, timeout: float) -> OpenAIEngine:
    """A short time-out from here on: the start had all the time it needs on a busy machine."""
    engine._args = engine._args.model_copy(update={"timeout": timeout})
    return engine


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.005)
    return holds()

"""An engine whose replies a test writes, and which keeps what it was asked."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from a2r_ray.config.schema import Config
from a2r_ray.engines import Completion, Load, Request
from a2r_ray.method.compile import compile_method, conclusion
from a2r_ray.method.stage import Case, Context
from a2r_ray.records import Path, Problem

Reply = Callable[[Request], Completion]


def said(text: str, prompt_tokens: int = 10, completion_tokens: int = 5, finish_reason: str = "stop") -> Completion:
    """A completion that went well."""
    return Completion(text, finish_reason, prompt_tokens, completion_tokens, latency_s=0.1)


class ScriptedEngine:
    """Replies at once, or when the test says so."""

    def __init__(self, reply: Reply, *, held: bool = False) -> None:
        self._reply, self._held = reply, held
        self.requests: list[Request] = []
        self.futures: dict[str, Future[Completion]] = {}
        self.closed = False

    def submit(self, request: Request) -> Future[Completion]:
        self.requests.append(request)
        future: Future[Completion] = Future()
        self.futures[request.key] = future
        if not self._held:
            future.set_result(self._reply(request))
        return future

    def release(self, key: str) -> None:
        """Lets one held request finish."""
        request = next(request for request in self.requests if request.key == key)
        self.futures[key].set_result(self._reply(request))

    def load(self) -> Load:
        return Load(0, 0, 0, 0)

    def close(self) -> None:
        self.closed = True


def synthesized(
    config: Config, engine: ScriptedEngine, problems: Sequence[Problem], paths: Sequence[Sequence[Path]]
) -> list[Any]:
    """What the last pool of a config concludes of problems and their paths."""
    [pool] = conclusion(compile_method(config, "streaming"))
    cases = [Case(problem, tuple(own)) for problem, own in zip(problems, paths, strict=True)]
    return pool.stages[0](cases, Context(engine))

"""The engine protocol: submit a request, get a future of its completion.

Every engine keeps to it, so no stage knows which one it drives:
- ``submit`` returns at once and never raises for a request's sake: what went wrong is in the completion;
- requests in flight at once are the engine's business (continuous batching), in any number, from any thread;
- an engine that dies resolves every future it holds with an error, and every later one.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from a2r_ray.config.asking import Sampling, Thinking
from a2r_ray.config.schema import RoleConfig
from a2r_ray.errors import EngineError, ErrorKind
from a2r_ray.records import Message, storable


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt to be completed once."""

    messages: Sequence[Message]
    sampling: Sampling
    key: str
    """Names the request: ``problem id/path index`` or ``problem id/synthesis``. The simulation draws from it."""
    seed: int | None = None
    """The request's own seed; None: the engine draws."""
    expected: str | None = None
    """The known answer, for the simulation's accuracy; a real engine never reads it."""
    template_kwargs: Mapping[str, Any] = field(default_factory=dict)
    """What the chat template is told."""
    thinking: Thinking = field(default_factory=Thinking)
    """Where the model's thinking begins and ends: the text of a completion is as ``thinking.visible`` reads it."""
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    """What only the server knows."""

    @classmethod
    def of(
        cls, role: RoleConfig, messages: Sequence[Message], key: str, seed: int | None, expected: str | None
    ) -> "Request":
        """What a role is asked, as its config says."""
        return cls(
            messages, role.sampling, key, seed, expected, role.chat.template_kwargs, role.thinking, role.extra_body
        )


@dataclass(frozen=True, slots=True)
class Completion:
    """What became of a request."""

    text: str = ""
    finish_reason: str = "error"
    """``stop``, ``length`` (cut off by max_tokens or the context), what else a server says of an end, or ``error``."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    latency_s: float = 0.0
    """From submit to completion, waiting included."""
    mean_logprob: float | None = None
    error: str = ""
    """What went wrong; "" where nothing did."""
    error_kind: str = ""
    """``prompt_too_long``, ``engine_died``, ``timeout``, ``refused``…; "" where nothing went wrong."""

    def __post_init__(self) -> None:
        # Whatever an engine or a server says can be stored.
        for name in ("text", "error"):
            object.__setattr__(self, name, storable(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class Load:
    """What an engine is doing now, and what it has generated since it started."""

    running: int
    waiting: int
    prompt_tokens: int
    completion_tokens: int
    stalled_s: float = 0.0
    """For how long it has made no progress on what it holds; 0 where requests have time-outs of their own, infinite
    where it never will."""
    held_s: float = 0.0
    """For how long it has held back all its requests, since the server that it speaks to is away; 0 while it serves."""
    held_for: str = ""
    """Why it holds them, with the server's address; "" while it serves."""


class Engine(Protocol):
    """One loaded model. Its constructor blocks until it can serve, and raises EngineError if it never will."""

    def submit(self, request: Request) -> Future[Completion]:
        """Queues the request; the future always resolves with a completion, an error being one."""

    def load(self) -> Load:
        """How full the engine is."""

    def close(self) -> None:
        """Frees what the engine holds; requests in flight resolve with an error."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a model that is not loaded."""

    context: int
    """Tokens that a prompt and its completion may have together."""
    count: Callable[[Sequence[Message]], int]
    """The tokens of a chat as the model is asked it; raises what its template raises."""


def check_engine(role: RoleConfig) -> Facts | None:
    """Looks, without loading a model, whether ``create_engine`` would serve; None where prompts cannot be counted.

    Raises:
        EngineError: it would not.
    """
    if role.engine == "vllm":
        from a2r_ray.engines.vllm.check import check

        return check(role)
    engine = create_engine(role)  # of a server it loads nothing, and asks for the model
    try:
        few = role.sampling.model_copy(update={"max_tokens": min(role.sampling.max_tokens, _TRIAL_TOKENS)})
        trial = replace(Request.of(role, [{"role": "user", "content": "1 + 1 ="}], "trial", None, None), sampling=few)
        completion = engine.submit(trial).result()
    finally:
        engine.close()
    if completion.error and completion.error_kind != ErrorKind.EMPTY:  # it may think for longer
        raise EngineError(f"a first request failed: {completion.error}")
    return None


_TRIAL_TOKENS = 16


def argument_mistakes(roles: Mapping[str, RoleConfig]) -> list[str]:
    """What is wrong with the arguments of roles' engines, as far as it shows without them, a line each."""
    return [f"{name}.{mistake}" for name, role in roles.items() for mistake in _argument_mistakes(role)]


def _argument_mistakes(role: RoleConfig) -> list[str]:
    from a2r_ray.engines import simulated
    from a2r_ray.engines.openai import arguments

    checks: dict[str, list[Callable[[], object]]] = {
        "openai": [
            lambda: arguments.engine_args(role.engine_args),
            lambda: arguments.server_url(role.base_url, role.api_key_env),
        ],
        "simulated": [lambda: simulated.max_num_seqs(role.engine_args)],
    }
    found: list[str] = []
    for check in checks.get(role.engine, ()):
        try:
            check()
        except EngineError as error:
            found += str(error).split("\n")
    return found


def create_engine(role: RoleConfig, *, context: str = "", seeded: bool = False) -> Engine:
    """Loads the engine that ``role`` asks for.

    Args:
        role: the explorer's or the synthesizer's config.
        context: salt of the simulation's draws (the run's seed); real engines ignore it.
        seeded: whether requests will carry seeds, which some engines must know when they load.
    """
    match role.engine:
        case "vllm":
            from a2r_ray.engines.vllm.engine import VllmEngine

            return VllmEngine(role, seeded=seeded)
        case "openai":
            from a2r_ray.engines.openai.engine import OpenAIEngine

            return OpenAIEngine(role)
        case "simulated":
            from a2r_ray.engines.simulated import SimulatedEngine

            return SimulatedEngine(role, salt=context)

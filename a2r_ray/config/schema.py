"""What a user writes: one YAML, every field with its documentation under it and nowhere else.

Unknown keys are refused. ``a2r_ray.config.loading`` reads the file and explains what is wrong with it.
"""

import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self, cast

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, field_validator, model_validator

from a2r_ray import prompts
from a2r_ray.config import fingerprint
from a2r_ray.config.answer import AnswerConfig
from a2r_ray.config.asking import OF_SERVERS, Chat, Sampling, Thinking, check_extra_body
from a2r_ray.config.input import InputConfig
from a2r_ray.config.local_files import nameable
from a2r_ray.config.method import MethodConfig
from a2r_ray.config.paths import PathsConfig, in_a_number
from a2r_ray.config.resources import Resources
from a2r_ray.config.secrets import redact
from a2r_ray.config.section import Count, Natural, Section
from a2r_ray.config.simulation import SimulatedConfig


class Replicas(Section):
    """Between how many replicas a pool scales."""

    min: Count = 1
    """Replicas to begin with, and at least."""
    max: Count = 1
    """Replicas at most; absent: as many as min."""
    start_timeout_s: Annotated[float, Field(gt=0)] = 1800.0
    """The run ends when for so long one has been loading, or none found a place while no pool got anything done."""

    @model_validator(mode="before")
    @classmethod
    def _max_follows_min(cls, value: Any) -> Any:
        return {"max": value["min"], **value} if isinstance(value, dict) and "min" in value else value

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is more than max {self.max}")
        return self


class Price(Section):
    """What tokens cost."""

    input: Annotated[float, Field(ge=0)]
    """USD per million prompt tokens."""
    output: Annotated[float, Field(ge=0)]
    """USD per million completion tokens."""


_SPREAD = ("tensor_parallel_size", "pipeline_parallel_size")


class RoleConfig(Section):
    """What both roles have."""

    engine: Literal["vllm", "openai", "simulated"] = "vllm"
    """What runs the model."""
    model: str
    """vllm: a name of the Hugging Face hub or a local folder. openai: what the server calls it. simulated: any name."""
    revision: str | None = None
    """vllm: a branch, tag or commit of the model on the hub."""
    prompt: str | None = None
    r"""The user message's template; absent: ``a2r_ray.prompts``. {problem}, for the synthesizer {references}, and names
    of the input's columns are replaced; any other {name} is refused. What TeX has in braces stays, and {{name}} is the
    text {name}."""
    chat: Chat = Chat()
    """What the model's chat template is given beside the input."""
    sampling: Sampling = Sampling()
    """How tokens are drawn."""
    thinking: Thinking = Thinking()
    """Where the model's thinking begins and ends."""
    replicas: Replicas = Replicas()
    """How many engines run at the same time."""
    resources: Resources = Resources()
    """What each of them takes of the cluster."""
    engine_args: dict[str, JsonValue] = Field(default={})
    """Passed to the engine; unknown ones are refused by it. Those that change what it generates are part of the
    fingerprint (``a2r_ray.config.fingerprint`` names the others)."""
    extra_body: Annotated[dict[str, JsonValue], AfterValidator(check_extra_body)] = Field(default={})
    """openai: more fields of each request's body, for what only this server knows."""
    base_url: str | None = None
    """openai: the server, with its /v1."""
    api_key_env: str = "OPENAI_API_KEY"
    """openai: the environment variable that holds the key."""
    simulated: SimulatedConfig | None = None
    """simulated: how it behaves."""
    hang_timeout_s: Annotated[float, Field(gt=0)] = 300.0
    """An engine that holds requests and makes no progress for so long is started again."""
    price: Price | None = None
    """What the tokens cost; absent: nothing is said of costs."""

    @model_validator(mode="after")
    def _fields_fit_together(self) -> Self:
        counts = [
            f"engine_args.{name}: {self.engine_args[name]!r}: give an integer from 1" for name in self._no_counts()
        ]
        if mistakes := counts or [*self._of_other_engines(), *self._on_gpus()]:
            raise ValueError("\n".join(mistakes))
        return self

    def _no_counts(self) -> Iterator[str]:
        """The engine's arguments that are counted with here, and are no numbers."""
        for name in ("max_num_seqs", *_SPREAD) if self.engine == "vllm" else ():
            given = self.engine_args.get(name, 1)
            if type(given) is not int or given < 1:
                yield name

    def _of_other_engines(self) -> Iterator[str]:
        """What is set and means nothing to the engine."""
        for name, engine in {"simulated": "simulated", "base_url": "openai", "extra_body": "openai"}.items():
            if getattr(self, name) and self.engine != engine:
                yield f"`{name}` is for engine {engine}, and the engine is {self.engine}"
        for name in OF_SERVERS:
            if getattr(self.sampling, name) is not None and self.engine == "vllm":
                yield f"`sampling.{name}` is for engine openai, and the engine is vllm"
        if self.chat.template_kwargs and "chat_template_kwargs" in self.extra_body:
            yield "give chat.template_kwargs or extra_body.chat_template_kwargs, not both"
        if self.engine == "openai" and "extra_body" in self.engine_args:
            yield "`engine_args.extra_body` is a field of the role itself: `extra_body`"

    def _on_gpus(self) -> Iterator[str]:
        """What of the GPUs does not fit the model."""
        nodes = self.resources.nodes
        if nodes > 1 and (not self.gpus or self.gpus % nodes):
            yield (
                f"resources.nodes is {nodes}, and {self.gpus:g} GPUs of a replica are not as many on each: set "
                f"resources.gpus to a multiple of {nodes}"
            )
        if self.engine == "vllm" and self.gpus and math.ceil(self.gpus) != self._spread:
            over = " x ".join(f"{name} {self.engine_args[name]}" for name in _SPREAD if name in self.engine_args)
            yield (
                f"resources.gpus is {self.gpus:g}, and engine_args spread the model over {self._spread} "
                f"({over or 'no tensor_parallel_size'}): set resources.gpus to {self._spread}, or "
                f"engine_args.tensor_parallel_size to {math.ceil(self.gpus)}; more engines are more replicas"
            )

    @property
    def gpus(self) -> float:
        """GPUs per replica."""
        if self.resources.gpus is None:
            return float(self._spread) if self.engine == "vllm" else 0.0
        return self.resources.gpus

    @property
    def _spread(self) -> int:
        """Over how many GPUs vLLM spreads the model."""
        sizes = [self.engine_args.get(name, 1) for name in _SPREAD]
        return math.prod(size for size in sizes if isinstance(size, int))

    @property
    def max_num_seqs(self) -> int:
        """Requests that one replica runs at once, as vLLM calls it."""
        # More sequences on a single CPU core make no more tokens, only longer waits.
        default = 32 if self.engine == "vllm" and not self.gpus and self.resources.cpus <= 1 else 256
        return int(cast("int", self.engine_args.get("max_num_seqs", default)))

    def same_engine(self, other: "RoleConfig") -> bool:
        """Whether one loaded engine can serve both roles: what loads is the same, whatever is asked of it."""
        loads = {"engine", "model", "revision", "resources", "engine_args", "base_url", "api_key_env", "simulated"}
        return self.model_dump(include=loads) == other.model_dump(include=loads)


class ExplorerConfig(RoleConfig):
    """The model that samples."""

    paths: Annotated[PathsConfig, BeforeValidator(in_a_number)] = PathsConfig(min=4, max=4)
    """N: paths sampled per problem; of paths that are brought, as many are used at most. Or {min: …, max: …, until:
    decided} (or confident, with a ``confidence``): as many as its vote needs."""

    @field_validator("prompt")
    @classmethod
    def _prompt_has_its_fields(cls, value: str | None) -> str | None:
        return _checked(value, {"problem"})


class SynthesizerConfig(RoleConfig):
    """The model that reads the references."""

    @field_validator("prompt")
    @classmethod
    def _prompt_has_its_fields(cls, value: str | None) -> str | None:
        return _checked(value, {"problem", "references"})


class Config(Section):
    """A whole run."""

    input: InputConfig
    """Where the problems come from."""
    output: Annotated[str, AfterValidator(nameable)]
    """The run folder: local, or an s3:// or gs:// URI."""
    schedule: Literal["auto", "streaming", "phased", "shared"] = "auto"
    """streaming: both pools at once. phased: one after the other, each with all GPUs. shared: one pool serves both
    roles. auto: by what each node of the cluster has, and what its autoscaler can launch."""
    seed: Natural | None = None
    """Each path's own seed derives from it; absent: unseeded."""
    explorer: ExplorerConfig | None = None
    """The model that samples paths; absent: they are brought. With neither role they are voted on and scored."""
    synthesizer: SynthesizerConfig | None = None
    """The model that reads them and reasons again; absent: the vote is the answer."""
    method: MethodConfig = MethodConfig()
    """How paths become an answer."""
    answer: AnswerConfig = AnswerConfig()
    """What an answer is, and when two are the same."""

    @model_validator(mode="after")
    def _input_is_asked_with_the_prompts(self) -> Self:
        shown = prompts.columns(role.prompt for role in self.asked.values())
        object.__setattr__(self, "input", self.input.showing(shown))
        return self

    @model_validator(mode="after")
    def _roles_make_a_run(self) -> Self:
        if self.explorer is None and self.input.source != "paths":
            raise ValueError(
                "give an explorer: without one the paths must be brought (input.source `paths`), to be voted on or "
                "read by a synthesizer"
            )
        if self.method.skip_at_share is not None and self.synthesizer is None:
            raise ValueError("method.skip_at_share skips syntheses, and there is no synthesizer: leave it out")
        if self.schedule == "shared":
            if self.explorer is None or self.synthesizer is None:
                raise ValueError("schedule shared needs both roles")
            if not self.explorer.same_engine(self.synthesizer):
                raise ValueError(
                    "schedule shared needs the same engine, model, engine_args and resources in both roles"
                )
        return self

    @property
    def fingerprints(self) -> dict[str, str]:
        """By role, the hash of whatever changes what it generates; "" for a role that is absent."""
        return fingerprint.of_roles(self.model_dump())

    @property
    def explorer_fingerprint(self) -> str:
        """The explorer's."""
        return self.fingerprints["explorer"]

    @property
    def synthesizer_fingerprint(self) -> str:
        """The synthesizer's."""
        return self.fingerprints["synthesizer"]

    @property
    def shares_engine(self) -> bool:
        """Whether one pool is to serve both roles: the config says so, or one engine is both."""
        if self.schedule != "auto" or self.explorer is None or self.synthesizer is None:
            return self.schedule == "shared"
        return self.explores and self.explorer.same_engine(self.synthesizer)

    @property
    def document(self) -> dict[str, Any]:
        """The resolved config as it may be written down: nothing in it is a secret."""
        document: dict[str, Any] = redact(self.model_dump())
        return document

    @property
    def explores(self) -> bool:
        """Whether paths are sampled; where they are brought, the explorer says how many are used and what they cost."""
        return self.explorer is not None and self.input.source != "paths"

    @property
    def asked(self) -> dict[str, ExplorerConfig | SynthesizerConfig]:
        """The roles whose models are asked, by name."""
        roles = {"explorer": self.explorer if self.explores else None, "synthesizer": self.synthesizer}
        return {name: role for name, role in roles.items() if role is not None}

    @property
    def input_fingerprint(self) -> str:
        """Hash of what names the input (not of its content)."""
        return fingerprint.of_input(self.input.model_dump())


def _checked(template: str | None, wanted: set[str]) -> str | None:
    missing = sorted(wanted - set(prompts.fields(template))) if template is not None else []
    if missing:
        raise ValueError(f"the prompt lacks {', '.join('{' + name + '}' for name in missing)}")
    return template

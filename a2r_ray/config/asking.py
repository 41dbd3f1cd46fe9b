"""How a model is asked, whichever engine runs it: how tokens are drawn, what its chat template is given, and where its
thinking begins and ends.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, StringConstraints, field_validator, model_validator

from a2r_ray.config.section import Count, Fraction, Natural, Section

Tokens = list[Natural]
"""Token ids of the model."""
Penalty = Annotated[float, Field(ge=-2, le=2)]
SomeText = Annotated[str, StringConstraints(min_length=1)]


class Sampling(Section):
    """How tokens are drawn; what is absent is the engine's default. vLLM takes all but what is marked openai, as an
    engine and as a server; another server is sent whatever is set here, under the same name, and may refuse it.
    """

    temperature: Annotated[float, Field(ge=0)] | None = 0.6
    """0: always the likeliest token. null: the engine's own, which some servers insist on."""
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    """Draw from the likeliest tokens that have this probability together."""
    top_k: Count | None = None
    """Draw from this many tokens."""
    min_p: Fraction | None = None
    """Draw from the tokens with at least this share of the likeliest one's probability."""
    max_tokens: Count = 32768
    """Tokens to generate at most; what is longer is cut off. A server that knows only max_completion_tokens is told
    that."""
    stop: list[SomeText] | None = None
    """Texts that end what is generated."""
    presence_penalty: Penalty | None = None
    """Above 0: tokens that were generated become less likely, however often they were."""
    frequency_penalty: Penalty | None = None
    """Above 0: tokens that were generated become less likely the more often they were."""
    repetition_penalty: Annotated[float, Field(gt=0)] | None = None
    """Above 1: tokens of the prompt and of what was generated become less likely."""
    min_tokens: Natural | None = None
    """Tokens to generate before the model may end."""
    logit_bias: dict[str, Annotated[float, Field(ge=-100, le=100)]] | None = None
    """By token id, what is added to its logit."""
    allowed_token_ids: Tokens | None = None
    """Draw from these tokens only."""
    bad_words: list[SomeText] | None = None
    """Texts that are not generated."""
    stop_token_ids: Tokens | None = None
    """Tokens that end what is generated."""
    ignore_eos: bool | None = None
    """Go on to max_tokens, though the model would end."""
    include_stop_str_in_output: bool | None = None
    """Whether what ends the text is part of it."""
    skip_special_tokens: bool | None = None
    """Whether special tokens are left out of the text; absent: all but the marks of thinking."""
    spaces_between_special_tokens: bool | None = None
    """Whether spaces stand between them."""
    thinking_token_budget: Natural | None = None
    """Tokens of thinking at most; vLLM wants a reasoning parser for it."""
    structured_outputs: dict[str, JsonValue] | None = None
    """What the text must look like: {json: a schema}, {regex: …}, {choice: […]}, {grammar: …}."""
    repetition_detection: dict[str, JsonValue] | None = None
    """When a text that goes round in circles is cut off: vLLM's RepetitionDetectionParams."""
    reasoning_effort: str | None = None
    """openai: how much the model thinks, as the server calls it."""
    verbosity: str | None = None
    """openai: how much it says."""
    response_format: dict[str, JsonValue] | None = None
    """openai: what the text must look like, as OpenAI has it."""

    @field_validator("logit_bias", mode="before")
    @classmethod
    def _token_ids_are_keys(cls, value: Any) -> Any:
        """YAML has them as numbers, JSON as texts."""
        if not isinstance(value, dict):
            return value
        if odd := [token for token in value if isinstance(token, bool) or not str(token).isdecimal()]:
            raise ValueError(f"{odd[0]!r} is no token id")
        return {str(token): bias for token, bias in value.items()}

    @model_validator(mode="after")
    def _may_end(self) -> Self:
        if self.min_tokens is not None and self.min_tokens > self.max_tokens:
            raise ValueError(f"min_tokens {self.min_tokens} is more than max_tokens {self.max_tokens}")
        return self


OF_SERVERS = ("reasoning_effort", "verbosity", "response_format")
"""The fields of ``Sampling`` that no engine takes but a server."""

_OF_RENDERING = {"tokenize", "add_generation_prompt", "return_dict", "return_tensors", "conversation", "messages"}


class Chat(Section):
    """What a chat template is given beside the input."""

    system: str | None = None
    """A system message in front. A chat of the input that has one of its own (or a developer's) keeps that instead."""
    template_kwargs: dict[str, JsonValue] = Field(default={})
    """What the template itself is told, such as {enable_thinking: false}; servers are sent it as
    chat_template_kwargs."""

    @field_validator("template_kwargs")
    @classmethod
    def _leaves_ours_alone(cls, value: dict[str, Any]) -> dict[str, Any]:
        if taken := sorted(value.keys() & _OF_RENDERING):
            raise ValueError(f"{', '.join(taken)}: set by a2r, not here")
        return value


class Thinking(Section):
    """Where a model's thinking begins and ends: ``auto``, ``none``, or {begin: …, end: …}. What is shown of a path, and
    where its answer is looked for, is what follows the thinking; nothing where it was cut off before its end. What a
    server sends apart as reasoning is thinking in any case.
    """

    marks: Literal["auto", "none", "given"] = "auto"
    """auto: the marks of the common families of models. none: all of a text is shown. given: begin and end."""
    begin: str = ""
    """The text that opens the thinking."""
    end: str = ""
    """The text that closes it."""
    opened: bool = False
    """Whether the chat template opens it, for servers; vllm sees that by itself."""

    @model_validator(mode="before")
    @classmethod
    def _in_a_word(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"marks": value}
        given = isinstance(value, dict) and not value.keys().isdisjoint({"begin", "end", "opened"})
        return {"marks": "given", **value} if given else value

    @model_validator(mode="after")
    def _has_both_marks(self) -> Self:
        if self.marks == "given" and not (self.begin.strip() and self.end.strip() and self.begin != self.end):
            raise ValueError("expected `auto`, `none`, or two texts {begin: …, end: …} that differ")
        if self.marks != "given" and (self.begin or self.end or self.opened):
            raise ValueError(f"begin, end and opened have no meaning with marks {self.marks}")
        return self


BODY = {"model", "messages", "n", "stream", "stream_options", "seed", "max_completion_tokens"}
"""The fields of a request to a server that other fields of the config, or nothing, decide."""


def check_extra_body(value: dict[str, Any]) -> dict[str, Any]:
    """Raises ValueError where it holds what other fields say."""
    if taken := sorted(value.keys() & (BODY | Sampling.model_fields.keys())):
        raise ValueError(f"{', '.join(taken)}: set from the config's own fields, not here")
    return value

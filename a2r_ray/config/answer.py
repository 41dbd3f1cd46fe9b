"""How the answers of a run are found, compared and voted: the section ``answer``."""

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, field_validator, model_validator

from a2r_ray.config.section import Section

Named = Literal["math", "choice", "integer", "number", "text", "sequence", "date", "json", "yes_no", "gym"]
NAMED: tuple[str, ...] = get_args(Named)


_PLACE = re.compile(r"[\w.]+:\w+")


class OwnKind(Section):
    """A kind of answers of your own."""

    custom: str
    """``module:name`` of a function that says of two answers whether they mean the same, or of an object, or a class of
    such, with ``equal`` and ``read`` (docs/answers.md). It is imported here and by the replicas: its module must be
    installed, in a folder of PYTHONPATH, or come along with the job."""


class AnswerConfig(Section):
    """What an answer is, and when two are the same (docs/answers.md)."""

    kind: Literal["auto", Named] | OwnKind = "math"
    """auto: what the known answers of the input's first rows are. A row whose column ``input.answer_kind_column`` says
    another kind, and a problem of reasoning_gym, has its own."""
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """By how much two numbers may differ and be the same, as a share of the larger; 0: not at all."""
    guess: Literal["last_number"] | None = None
    """What is taken for the answer of a text that announces none."""
    cpu_s: Annotated[float, Field(gt=0)] = 5.0
    """Seconds of CPU at most to compare the answers to one problem; what is undecided by then counts as different."""

    @field_validator("kind", mode="before")
    @classmethod
    def _known(cls, value: Any) -> Any:
        """So that a kind that there is not is said once, with the choices."""
        is_own = isinstance(value, dict) and set(value) == {"custom"} and _PLACE.fullmatch(str(value["custom"]))
        if is_own or isinstance(value, OwnKind) or (isinstance(value, str) and value in {"auto", *NAMED}):
            return value
        kinds = ", ".join(NAMED)
        raise ValueError(f"found {value!r}, expected one of auto, {kinds}, or {{custom: module:name}}")

    @model_validator(mode="after")
    def _fits(self) -> "AnswerConfig":
        if self.tolerance and self.kind not in {"auto", "math", "number"}:
            raise ValueError(f"`tolerance` is for numbers, and the kind is {self.name}")
        return self

    @property
    def name(self) -> str:
        """The kind, as a row may name it."""
        return f"custom:{self.kind.custom}" if isinstance(self.kind, OwnKind) else self.kind

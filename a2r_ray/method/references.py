"""References: which paths a model that reads them is shown, and as what."""

from collections.abc import Sequence
from dataclasses import dataclass

from a2r_ray import prompts
from a2r_ray.config.schema import SynthesizerConfig
from a2r_ray.method.asking import Names, messages
from a2r_ray.records import Message, Path, Problem
from a2r_ray.thinking import visible


@dataclass(frozen=True, slots=True)
class References:
    """The paths of one problem that can be shown: those that did not fail and have something visible."""

    indices: tuple[int, ...]
    """Their path indices."""
    texts: tuple[str, ...]
    """What is shown of each."""

    @classmethod
    def of(cls, paths: Sequence[Path]) -> "References":
        shown = [(path.path_index, text) for path in paths if not path.error and (text := visible(path.text))]
        return cls(tuple(index for index, _ in shown), tuple(text for _, text in shown))


def synthesizer_messages(
    role: SynthesizerConfig, problem: Problem, references: References, names: Names
) -> Sequence[Message]:
    """What the synthesizer is asked: the problem, or the chat's last user message, with the references."""
    return messages(role, prompts.SYNTHESIZE, problem, names, references=prompts.references(references.texts))

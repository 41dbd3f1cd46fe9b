r"""The prompts: data, and the one way of filling them.

A template is filled in one pass, so a problem or a path that contains ``{problem}`` stays as it is.
"""

import re
from collections.abc import Sequence

from a2r_ray.records import Message

# What is the same for all problems comes first: an engine that shares prefixes reads it once. What the references may
# have a model forget comes again.
EXPLORE = r"""Please reason step by step, and put your final answer within \boxed{}.

{problem}"""

SYNTHESIZE = """Below are a problem and several independent attempts at it. Each attempt may be right or wrong, and so \
may be what most of them agree on. Weigh the attempts against each other: check where they agree, find the errors \
where they differ, and reason the problem through yourself. Then put your final answer within \\boxed{}.

Problem:
{problem}

{references}

Put your final answer within \\boxed{}."""

REFERENCE = """Attempt {number}:
{text}"""

SHOWN = "after_think"
"""What is shown of a path: see ``visible``. Its name is part of the fingerprint of whoever reads paths."""

_FIELD = re.compile(r"\{(problem|references|number|text)\}")


def fields(template: str) -> list[str]:
    """The names a template has places for."""
    return _FIELD.findall(template)


def fill(template: str, **values: str) -> str:
    """The template with each ``{name}`` replaced by its value, once; nothing in a value is interpreted."""
    return _FIELD.sub(lambda match: values.get(match[1], match[0]), template)


def references(texts: Sequence[str]) -> str:
    """The references as the synthesizer is shown them, numbered from 1."""
    return "\n\n".join(fill(REFERENCE, number=str(i), text=text) for i, text in enumerate(texts, 1))


def visible(text: str) -> str:
    """What is shown of a path: what follows its last ``</think>``.

    All of it where no thinking was opened, nothing where the thinking never closed.
    """
    _, closed, after = text.rpartition("</think>")
    if closed:
        return after.strip()
    return "" if "<think>" in text else text.strip()


def with_last_user_message(messages: Sequence[Message] | None, text: str) -> list[Message]:
    """The chat with its last user message replaced by ``text``; a chat of that alone where there was none."""
    if messages is None:
        return [{"role": "user", "content": text}]
    last = max(index for index, message in enumerate(messages) if message["role"] == "user")
    return [*messages[:last], {"role": "user", "content": text}, *messages[last + 1 :]]

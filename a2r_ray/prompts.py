r"""The prompts: data, and the one way of filling them.

A template is filled in one pass, so a problem or a path that contains ``{problem}`` stays as it is.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

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
"""What is shown of a path: see ``thinking.visible``. Its name is part of the fingerprint of whoever reads paths."""

OWN = ("problem", "references")
"""The names that are no columns."""

_NAME = re.compile(r"[^\W\d]\w*(?:\.\w+)*")
_TOKEN = re.compile(
    r"""
    (?P<escaped> \{\{ [^\W\d][\w.]* \}\} )       # {{name}}: {name}, as text
    | \{ (?P<name> [^{}\n]+ ) \}
    | (?P<brace> [{}] )
    | (?P<command> \\ (?![ntr]\b) [A-Za-z]+ \*? [\^_]? )
    | (?P<option> \[ [^\[\]{}\n]* \] )           # of a command: \sqrt[3]{x}
    | (?P<script> [\^_] )
    | \\.
    """,
    re.VERBOSE | re.DOTALL,
)
_SYMBOL = re.compile(r"(?:(?<![^\W_])[A-Za-z0-9]|[)\]])$")
r"""What TeX has subscripts of: one letter, one digit, a bracket; ``label_{topic}`` has none."""


def fields(template: str) -> list[str]:
    r"""The names that stand alone in braces, in their order: a template's places, and whatever looks like one.

    What TeX has in braces is text: behind a command, its options or another such group (``\frac{a}{b}``), behind ``^``,
    and behind the ``_`` of a symbol. ``{{name}}`` is the text ``{name}``. ``OWN`` names count wherever they stand.
    """
    return [name for _, name in _parts(template) if name is not None]


def columns(templates: Iterable[str | None]) -> tuple[str, ...]:
    """The columns that templates have places for, in the order in which they name them."""
    names = {name: None for template in templates if template is not None for name in fields(template)}
    return tuple(name for name in names if name not in OWN and is_name(name))


def column(row: Any, name: str) -> Any:
    """The value of a column, or of what an object in it holds; None where there is none."""
    if not isinstance(row, dict):
        return None
    if name in row:
        return row[name]
    outer, dot, inner = name.partition(".")
    return column(row.get(outer), inner) if dot else None


def is_name(field: str) -> bool:
    """Whether what stands in braces can only be meant as a place: a name, and no other text."""
    return _NAME.fullmatch(field) is not None


def fill(template: str, values: Mapping[str, str], *, absent: str | None = None) -> str:
    """The template with each ``{name}`` replaced by its value, once; nothing in a value is interpreted.

    Args:
        template: with places as ``fields`` finds them.
        values: by name.
        absent: what stands for a name that has no value; None: it stays.
    """
    return "".join(
        text
        if name is None
        else values[name]
        if name in values
        else absent
        if absent is not None and is_name(name)
        else text
        for text, name in _parts(template)
    )


@lru_cache(maxsize=32)  # the same few templates are filled for each problem
def _parts(template: str) -> tuple[tuple[str, str | None], ...]:
    return tuple(_pieces(template))


def _pieces(template: str) -> Iterator[tuple[str, str | None]]:
    """The template in pieces, each as text, and the name where it is a place."""
    begin, is_argument, groups = 0, False, list[bool]()  # whether what is in braces here is an argument of TeX
    for token in _TOKEN.finditer(template):
        if token.start() > begin:
            yield template[begin : token.start()], None
            is_argument = False
        begin, text, name = token.end(), token[0], None
        if token["name"] and (token["name"] in OWN or not is_argument):
            name, is_argument = token["name"], False
        elif token["escaped"] and not is_argument:
            text = text[1:-1]
        elif text == "{":
            groups.append(is_argument)
            is_argument = False
        elif text == "}":
            is_argument = groups.pop() if groups else False
        elif token["script"]:
            is_argument |= text == "^" or _SYMBOL.search(template, max(0, token.start() - 2), token.start()) is not None
        elif not (token["name"] or token["escaped"] or token["option"]):
            is_argument = token["command"] is not None
        yield text, name
    yield template[begin:], None


def references(texts: Sequence[str]) -> str:
    """The references as the synthesizer is shown them, numbered from 1."""
    return "\n\n".join(fill(REFERENCE, {"number": str(i), "text": text}) for i, text in enumerate(texts, 1))


def with_last_user_message(messages: Sequence[Message] | None, text: str) -> list[Message]:
    """The chat with its last user message replaced by ``text``; a chat of that alone where there was none."""
    if messages is None:
        return [{"role": "user", "content": text}]
    last = max(index for index, message in enumerate(messages) if message["role"] == "user")
    return [*messages[:last], {"role": "user", "content": text}, *messages[last + 1 :]]

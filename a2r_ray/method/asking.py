"""What a role is asked: its template, filled with a problem, or the input's chat; behind the role's system message."""

import difflib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from a2r_ray import prompts
from a2r_ray.config.input import InputConfig
from a2r_ray.config.schema import Config, RoleConfig
from a2r_ray.records import Message, Problem

Names = Mapping[str, str]
"""Columns of the input that are no metadata, each with the field of ``Problem`` that holds it."""


def own_names(source: InputConfig) -> Names:
    """The columns of problem and id, which templates may name, too."""
    columns = {source.problem_column: "problem", source.id_column: "problem_id"}
    return {column: field for column, field in columns.items() if column is not None}


def messages(role: RoleConfig, default: str, problem: Problem, names: Names, **values: str) -> Sequence[Message]:
    """The chat that a model is sent: the role's template, as the last user message of the input's chat where it is one.

    Args:
        role: who is asked.
        default: its template, where it has none of its own.
        problem: what is asked.
        names: columns of the input that are no metadata.
        values: of the template's places besides those of the problem.
    """
    text = _filled(role.prompt or default, problem, names, {"problem": problem.problem, **values})
    return behind_system(role, prompts.with_last_user_message(problem.messages, text))


def behind_system(role: RoleConfig, chat: Sequence[Message]) -> Sequence[Message]:
    """A chat behind the role's system message, where it has none of its own."""
    if role.chat.system is None or _has_system_message(chat):
        return chat
    return [{"role": "system", "content": role.chat.system}, *chat]


def keeping_their_own(config: Config, problems: Iterable[Problem]) -> int:
    """How many problems are chats with a system message that the config's ``chat.system`` does not replace."""
    if not any(role is not None and role.chat.system is not None for role in (config.explorer, config.synthesizer)):
        return 0
    return sum(_has_system_message(problem.messages or ()) for problem in problems)


def columns(problems: Iterable[Problem]) -> set[str]:
    """The columns that are metadata, and what objects in them hold, by dotted name."""
    found: set[str] = set()
    for problem in problems:
        found.update(_dotted(json.loads(problem.metadata)))
    return found


def prompt_mistakes(document: Mapping[str, Any], known: Collection[str] | None) -> list[str]:
    """What is wrong with the names in a config's prompts, a line each.

    Args:
        document: the config; other mistakes in it do no harm.
        known: the input's columns; None: they cannot be known.
    """
    source = _section(document, "input")
    answer = source.get("answer_column")
    own = [source[name] for name in ("problem_column", "id_column") if isinstance(source.get(name), str)]
    found: dict[str, None] = {}
    for role in ("explorer", "synthesizer"):
        template = _section(document, role).get("prompt")
        for name in prompts.fields(template) if isinstance(template, str) else ():
            if (mistake := _mistake(role, name, answer, own, known)) is not None:
                found[f"{role}.prompt: {mistake}"] = None
    return list(found)


def _mistake(role: str, name: str, answer: Any, own: Collection[str], known: Collection[str] | None) -> str | None:
    place = f"{{{name}}}"
    if name == "references" and role == "explorer":
        return f"{place} is for the synthesizer: the explorer is shown none"
    if name in (*prompts.OWN, *own):
        return None
    if _tells(name, answer):
        return f"{place} would show the model the known answer (input.answer_column)"
    if known is None or name in known or not prompts.is_name(name):
        return None
    columns = sorted(column for column in {*own, *known} - {"problem"} if not _tells(column, answer))
    places = ["problem", *(["references"] if role == "synthesizer" else []), *columns]
    near = difflib.get_close_matches(name, places, n=1)
    listed = ", ".join(f"{{{each}}}" for each in places)
    hint = f"did you mean {{{near[0]}}}?" if near else f"known are {listed}"
    return f"unknown {place}; {hint} (for the text {place} write {{{place}}})"


def _tells(name: str, answer: Any) -> bool:
    """Whether a column has the known answer in it, or is within it."""
    return isinstance(answer, str) and (f"{name}.".startswith(f"{answer}.") or f"{answer}.".startswith(f"{name}."))


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = document.get(name)
    return section if isinstance(section, Mapping) else {}


def _has_system_message(chat: Iterable[Message]) -> bool:
    return any(message["role"] in {"system", "developer"} for message in chat)


def _filled(template: str, problem: Problem, names: Names, values: dict[str, str]) -> str:
    fields = [name for name in prompts.fields(template) if name not in values]
    if fields:
        row = json.loads(problem.metadata)
        for name in fields:
            value = getattr(problem, names[name]) if name in names else prompts.column(row, name)
            if value is not None:
                values[name] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return prompts.fill(template, values, absent="")


def _dotted(row: Any, prefix: str = "") -> Iterable[str]:
    if isinstance(row, dict):
        for name, value in row.items():
            yield f"{prefix}{name}"
            yield from _dotted(value, f"{prefix}{name}.")

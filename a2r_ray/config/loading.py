"""From a YAML file and overrides to a config, or to every mistake in it at once, by dotted field.

No value is echoed whose field or look says that it is a secret.
"""

import copy
import difflib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from a2r_ray.config.enclosing import encloses
from a2r_ray.config.input import InputConfig
from a2r_ray.config.local_files import nameable, resolved
from a2r_ray.config.schema import Config, ExplorerConfig, RoleConfig, SynthesizerConfig
from a2r_ray.config.secrets import public, shown
from a2r_ray.errors import ConfigError
from a2r_ray.records import storable


class _Loader(yaml.SafeLoader):
    """Reads YAML, and what YAML 1.1 reads in ways that few mean is a mistake, or is read as it is meant.

    A key that is there twice is a mistake: of two `explorer:` the first would be lost. So are ``010``, which is 8, and
    ``1:30``, which is 90. A key is always text, and ``1e3`` a number.
    """

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """A mapping as it is written, before what it merges is taken in."""
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                key.tag = _TEXT
            if isinstance(key, yaml.ScalarNode) and key.value in seen and key.value != "<<":
                raise yaml.composer.ComposerError(None, None, f"the key `{key.value}` is there twice", key.start_mark)
            seen.add(str(key.value))
        return node

    def construct_yaml_int(self, node: Any) -> int:
        """A number as everybody writes one."""
        if _OLD_NUMBER.fullmatch(node.value):
            message = f"`{node.value}` is another number in YAML: write it without the 0 or the colons, or in quotes"
            raise yaml.constructor.ConstructorError(None, None, message, node.start_mark)
        number: int = super().construct_yaml_int(node)
        return number


_TEXT = "tag:yaml.org,2002:str"
_OLD_NUMBER = re.compile(r"[-+]?(?:0[0-9_]+|[0-9_]+(?::[0-9_]+)+)")
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"[-+]?\d+[eE][-+]?\d+"), list("-+0123456789"))


def load_config(path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> Config:
    """Reads and validates a config file.

    Args:
        path: the YAML file.
        overrides: ``dotted.field=value`` each, the value read as YAML.

    Raises:
        ConfigError: with every mistake, one line each, by dotted field.
    """
    return parse_config(read_document(path, overrides))


def read_document(path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> dict[str, Any]:
    """A config file as it is written, with overrides; unchecked.

    Raises:
        ConfigError: it cannot be read, or an override not be made.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        document = yaml.load(text, _Loader)  # noqa: S506 (it is a safe loader)
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise ConfigError([f"{path}: not YAML: {_one_line(error)}"]) from error
    except RecursionError:
        raise ConfigError([f"{path}: brackets or lists lie too deep in each other to be read"]) from None
    if not isinstance(document, dict):
        raise ConfigError([f"{path}: expected a mapping with `input`, `output`, `explorer`, …"])
    for override in overrides:
        apply_override(document, override)
    return document


def parse_config(document: Mapping[str, Any]) -> Config:
    """Validates a config that is already a mapping, and makes its local paths absolute.

    Raises:
        ConfigError: with every mistake; also where the output lies inside the input.
    """
    try:
        config = Config.model_validate(resolved(document))
    except ValidationError:
        raise ConfigError([*_mistakes(resolved(document)), *_misplaced(document)]) from None
    if misplaced := [*_misplaced(document), *_half_characters(config.model_dump())]:
        raise ConfigError(misplaced)
    return config


def _half_characters(value: Any, name: str = "") -> Iterator[str]:
    """The texts that no file and no request can hold, since they have half of a surrogate pair in them, a line each."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _half_characters(inner, f"{name}.{key}".lstrip("."))
            yield from _half_characters(key, f"{name}, a key".lstrip(", "))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _half_characters(inner, name)
    elif isinstance(value, str) and storable(value) != value:
        yield f"{name}: {value[:_SHOWN]!a} has half of a character in it; write the whole one"


_SHOWN = 60
"""Characters of a text."""


def _misplaced(document: Mapping[str, Any]) -> list[str]:
    """What is wrong with an output that lies inside the input."""
    source, output = parse_input(document), resolved(document).get("output")
    if not isinstance(output, str) or not _is_nameable(output):
        return []
    if source is None or source.path is None or not encloses(source.path, output):
        return []
    why = "and what a run writes there would be read as its input: name a folder outside of it"
    return [f"output: {public(output)} lies inside the input, {public(source.path)}, {why}"]


def _is_nameable(path: str) -> bool:
    try:
        return bool(nameable(path))
    except ValueError:  # as its field says
        return False


def parse_input(document: Mapping[str, Any]) -> InputConfig | None:
    """The input of a config in which other things may be wrong; None where it is wrong itself."""
    try:
        return InputConfig.model_validate(resolved(document).get("input"))
    except ValidationError:
        return None


def parse_roles(document: Mapping[str, Any]) -> dict[str, RoleConfig]:
    """The roles whose models are asked, of a config in which other things may be wrong; without those that are."""
    config, source, found = resolved(document), parse_input(document), dict[str, RoleConfig]()
    kinds: dict[str, type[RoleConfig]] = {"explorer": ExplorerConfig, "synthesizer": SynthesizerConfig}
    for name, kind in kinds.items():
        if name == "explorer" and source is not None and source.source == "paths":
            continue
        with suppress(ValidationError):
            found[name] = kind.model_validate(config.get(name))
    return found


def _mistakes(document: dict[str, Any]) -> list[str]:
    """Every mistake: what is wrong is taken out, and then what it hid is seen, too."""
    found: dict[str, None] = {}
    document, seen = copy.deepcopy(document), set[tuple[int | str, ...]]()
    while mistakes := [mistake for mistake in _errors(document) if mistake["loc"] not in seen]:
        for mistake in mistakes:
            seen.add(mistake["loc"])
            found.update(dict.fromkeys(_explain(mistake)))
            _take_out(document, mistake)
    return list(found)


def _errors(document: Mapping[str, Any]) -> list[ErrorDetails]:
    try:
        Config.model_validate(document)
    except ValidationError as error:
        return error.errors(include_url=False)
    return []


_ROLE = {"engine": "simulated", "model": "x"}
_IN_PLACE: dict[tuple[int | str, ...], Any] = {
    ("input",): {"source": "file", "path": "x"},
    ("input", "path"): "x",
    ("output",): "x",
    **{(role,): _ROLE for role in ("explorer", "synthesizer")},
    **{(role, "model"): "x" for role in ("explorer", "synthesizer")},
}
"""What stands for what a config needs, while the rest of it is looked at."""


def _take_out(document: dict[str, Any], mistake: ErrorDetails) -> None:
    """Removes what stands where a mistake is, or the section that has one."""
    place = mistake["loc"]
    if mistake["type"] == "missing" and place not in _IN_PLACE:
        place = place[:-1]
    section: Any = document
    for depth, name in enumerate(place, 1):
        if depth == len(place) or not isinstance(section.get(name), dict):
            place = place[:depth]
            break
        section = section[name]
    if place in _IN_PLACE:
        section[place[-1]] = copy.deepcopy(_IN_PLACE[place])
        if section is document:
            section.pop("schedule", None)  # which may ask for two that are the same
    elif place:
        section.pop(place[-1], None)


def apply_override(document: dict[str, Any], override: str) -> None:
    """Sets one ``dotted.field=value`` in a config that is still a mapping."""
    dotted, equals, text = override.partition("=")
    if not equals or not dotted:
        raise ConfigError([f"--set {override}: expected dotted.field=value"])
    *parents, last = dotted.split(".")
    section = document
    for name in parents:
        inner = section.setdefault(name, {})
        if inner is None:
            inner = section[name] = {}
        if not isinstance(inner, dict):
            raise ConfigError([f"--set {override}: {name} is not a section"])
        section = inner
    try:
        section[last] = yaml.load(text, _Loader)  # noqa: S506 (it is a safe loader)
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError([f"--set {dotted}: the value is not YAML: {_one_line(error)}"]) from error
    except RecursionError:
        raise ConfigError([f"--set {dotted}: brackets lie too deep in each other to be read"]) from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).replace('in "<unicode string>", line', "line").split())


def _explain(mistake: ErrorDetails) -> list[str]:
    """A mistake, or all of a section, as ``dotted.field: what is wrong, with the value and what would be right``."""
    field = ".".join(str(part) for part in mistake["loc"]) or "config"
    if mistake["type"] == "extra_forbidden":
        known = _known_keys(mistake["loc"][:-1])
        near = difflib.get_close_matches(str(mistake["loc"][-1]), known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}"
        return [f"{field}: unknown key; {hint}"]
    if mistake["type"] == "missing":
        return [f"{field}: required, and missing"]
    message = mistake["msg"].removeprefix("Value error, ")
    if mistake["type"] == "value_error":
        return [f"{field}: {line}" for line in message.split("\n")]
    return [f"{field}: {shown(field, mistake['input'])}: {message[0].lower()}{message[1:]}"]


def _known_keys(location: Sequence[int | str]) -> list[str]:
    """The keys of the section at ``location``."""
    model: Any = Config
    for part in location:
        annotation = model.model_fields[str(part)].annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        model = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return list(model.model_fields)

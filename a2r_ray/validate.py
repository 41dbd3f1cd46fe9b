"""Validating: every mistake in one go, those of the fields beside those of the input that they name.

What else would fail only after a minute of loading is looked for where it is asked for (``look_deeper``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from a2r_ray.answers.judging import Answers
from a2r_ray.config.input import InputConfig
from a2r_ray.config.loading import parse_config, parse_input, parse_roles
from a2r_ray.config.schema import Config, ExplorerConfig, SynthesizerConfig
from a2r_ray.engines import Facts, argument_mistakes, check_engine
from a2r_ray.errors import ColumnError, ConfigError, EngineError, InputError
from a2r_ray.method.asking import columns, keeping_their_own, own_names, prompt_mistakes
from a2r_ray.method.compile import compile_phases, planned
from a2r_ray.method.references import References, synthesizer_messages
from a2r_ray.method.sample import explorer_messages
from a2r_ray.records import Problem, Reject
from a2r_ray.runs.folder import refusal
from a2r_ray.sources import Source, doubts, first_rows, open_source, row_count
from a2r_ray.sources.answer_kind import settled
from a2r_ray.sources.given import unused_paths
from a2r_ray.sources.prompt_columns import FIRST_ROWS


@dataclass(frozen=True, slots=True)
class Valid:
    """A config without a mistake, and what its input begins with."""

    config: Config
    rows: int
    """Of the whole input."""
    doubts: Sequence[str]
    """About the input."""
    first: Sequence[Problem | Reject]

    @property
    def rejects(self) -> list[Reject]:
        """Those of the first rows that are no problems."""
        return [row for row in self.first if isinstance(row, Reject)]

    @property
    def notes(self) -> list[str]:
        """What is no mistake, and may yet surprise."""
        kept = keeping_their_own(self.config, _problems(self.first))
        said = f"chat.system is not used for {kept:,} of the first {len(self.first):,} rows: their chats have their own"
        return [*self.doubts, *([said] if kept else [])]


def validate(document: Mapping[str, Any]) -> Valid:
    """Checks a config that is already a mapping, and reads the first rows of its input.

    Raises:
        ConfigError: with every mistake, a line each.
    """
    mistakes: list[str] = []
    config: Config | None = None
    try:
        config = parse_config(document)
    except ConfigError as error:
        mistakes += error.problems
    first, rows, about = _read(document, config, mistakes)
    seen = _problems(first)
    known = columns(seen) if seen else None
    mistakes += prompt_mistakes(document, known)
    mistakes += argument_mistakes(parse_roles(document))
    if config is not None and (refused := refusal(config)) is not None:
        mistakes.append(f"output: {refused.removeprefix('output ')}")
    if config is None or mistakes:
        raise ConfigError(mistakes)
    return Valid(config, rows, about, first)


def _read(
    document: Mapping[str, Any], config: Config | None, mistakes: list[str]
) -> tuple[Sequence[Problem | Reject], int, Sequence[str]]:
    """The first rows of the input, how many it has, and what is doubtful of it; adds to ``mistakes`` what is wrong."""
    source_config = parse_input(document) if config is None else config.input
    if source_config is not None:
        try:
            source = open_source(source_config)
            first = first_rows(source, FIRST_ROWS)
            return first, row_count(source), _doubts(source, first, config)
        except ConfigError as error:
            mistakes += error.problems
        except ColumnError as error:
            mistakes.append(str(error))
            return _without_optional_columns(source_config), 0, []
        except InputError as error:
            mistakes.append(str(error))
    return [], 0, []


def _without_optional_columns(source: InputConfig) -> Sequence[Problem | Reject]:
    """The first rows, where it is only a column that may be left out which cannot be found; none where it is more."""
    try:
        left_out = dict.fromkeys(("id_column", "answer_column", "answer_kind_column"))
        return first_rows(open_source(source.model_copy(update=left_out)), FIRST_ROWS)
    except (ConfigError, InputError):
        return []


def _doubts(source: Source, first: Sequence[Problem | Reject], config: Config | None) -> list[str]:
    if config is None:
        return []
    kind = settled(config, source).answer
    told = [f"answer.kind auto: {kind.name}"] if config.answer.kind == "auto" else []
    return [*told, *doubts(source, first, Answers(kind)), *unused_paths(config, source)]


def look_deeper(valid: Valid) -> tuple[list[str], list[str]]:
    """Looks at what a run would meet: its models and their arguments, what of the first rows fits, who finds a place.

    Returns:
        What was found, and every mistake, a line each.

    Raises:
        A2RError: the cluster cannot be reached.
    """
    from a2r_ray.cluster import connection  # Ray takes a second to import, which few ask for

    found: list[str] = []
    mistakes: list[str] = []
    config, problems = valid.config, _problems(valid.first)
    for name, role in config.asked.items():
        try:
            facts = check_engine(role)
        except EngineError as error:
            mistakes.append(f"{name}: {error}")
            continue
        if facts is None:
            found.append(f"{name}: {role.model} answers; how many tokens its prompts have is not known")
        elif isinstance(role, ExplorerConfig):
            found.append(f"{name}: {_explorer_fits(config, role, facts, problems)}")
        else:
            found.append(f"{name}: {_synthesizer_fits(config, role, facts, problems)}")
    with connection.connected():
        choice, _ = planned(config, connection.cluster(), compile_phases)
    told = f"schedule {choice.schedule}: {choice.why or 'the smallest pools have their places'}"
    (mistakes if choice.homeless else found).append(told)
    return found, mistakes


def _explorer_fits(config: Config, role: ExplorerConfig, facts: Facts, problems: Sequence[Problem]) -> str:
    names = own_names(config.input)
    tokens = {each.problem_id: facts.count(explorer_messages(role, each, names)) for each in problems}
    return _fits(tokens, facts.context, role.sampling.max_tokens, "prompts")


def _synthesizer_fits(config: Config, role: SynthesizerConfig, facts: Facts, problems: Sequence[Problem]) -> str:
    """How long the prompts are if every path is as long as it may be, by the synthesizer's count."""
    names, nothing = own_names(config.input), References((), ())
    explorer = config.explorer if config.explores else None
    most = explorer.paths.max * explorer.sampling.max_tokens if explorer else 0
    tokens = {
        each.problem_id: facts.count(synthesizer_messages(role, each, nothing, names)) + most for each in problems
    }
    what = f"prompts with {explorer.paths.max} whole paths" if explorer else "prompts, paths not counted,"
    return _fits(tokens, facts.context, role.sampling.max_tokens, what)


def _fits(tokens: Mapping[str, int], context: int, max_tokens: int, what: str) -> str:
    longest = max(tokens, key=lambda name: tokens[name])
    text = f"of the first {len(tokens):,} {what} the longest has {tokens[longest]:,} tokens ({longest})"
    if too_long := [name for name, count in tokens.items() if count >= context]:
        more = f" and {len(too_long) - _SHOWN:,} more" if len(too_long) > _SHOWN else ""
        return f"{text}; {len(too_long):,} do not fit the context of {context:,}: {', '.join(too_long[:_SHOWN])}{more}"
    left = context - tokens[longest]
    if left < max_tokens:
        return f"{text}, which leaves {left:,} of the context of {context:,}, and max_tokens is {max_tokens:,}"
    return f"{text}; all fit the context of {context:,}, with max_tokens {max_tokens:,}"


_SHOWN = 10


def _problems(rows: Sequence[Problem | Reject]) -> list[Problem]:
    return [row for row in rows if isinstance(row, Problem)]

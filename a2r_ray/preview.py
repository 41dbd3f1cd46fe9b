"""A few problems run whole and shown: prompts, paths, synthesis. Nothing is written.

Engines that need no place in a cluster are loaded here, without Ray.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, starmap
from operator import attrgetter
from typing import Any

from a2r_ray.answers.judging import Answers
from a2r_ray.config.schema import Config
from a2r_ray.engines import create_engine
from a2r_ray.method.asking import own_names
from a2r_ray.method.compile import Method, compile_method
from a2r_ray.method.conclude import UNANIMOUS
from a2r_ray.method.references import References, synthesizer_messages
from a2r_ray.method.sample import brought, brought_text, explorer_messages
from a2r_ray.method.stage import Case, Context, Outcome, through
from a2r_ray.records import RESULT_SCHEMA, Message, Path, Problem, Reject, Result, paths_of
from a2r_ray.runs.ledger import StoredPaths
from a2r_ray.sources import Source, open_source, read_problems
from a2r_ray.sources.answer_kind import settled
from a2r_ray.sources.paths import brought_paths, paths_of_run
from a2r_ray.sources.prompt_columns import checked_first_rows

_NEED_A_CLUSTER = {"vllm"}


@dataclass(frozen=True, slots=True)
class _Shown:
    """What became of one problem."""

    problem: Problem
    paths: Sequence[Path]
    result: Mapping[str, Any]
    """A result's fields; of a reject, its route and error."""


def preview(config: Config, count: int) -> Iterator[str]:
    """Runs the first problems of the input; yields a text for each.

    Raises:
        InputError: the input has no problem.
        ConfigError: prompts name what is no column of it.
    """
    source = open_source(config.input)
    config = settled(config, source)
    checked_first_rows(config, source)
    records = read_problems(source)
    problems = list(islice((record for record in records if isinstance(record, Problem)), count))
    cases = [Case(problem, paths) for problem, paths in zip(problems, _brought(config, source, problems), strict=True)]
    for shown in _served(config, cases):
        yield _show(shown, config)


def _brought(config: Config, source: Source, problems: Sequence[Problem]) -> list[tuple[Path, ...]]:
    """The paths that the input brings, as many as the run would use."""
    if config.input.source != "paths":
        return [()] * len(problems)
    most = config.explorer.paths.max if config.explorer else None
    ids = [problem.problem_id for problem in problems]
    if (folder := paths_of_run(source)) is not None:
        stored = StoredPaths(folder[0], [folder[1]], most, answers=False)
        stored.refresh()
        lists = stored.of(ids)
        return [tuple(paths_of(lists[at].values)) if len(lists[at]) else () for at in range(len(ids))]
    found: dict[str, list[Path]] = {name: [] for name in ids}
    as_stored = partial(brought_text, explorer=config.explorer)
    for path in starmap(brought, brought_paths(source, as_stored=as_stored)):
        if path.problem_id in found:
            found[path.problem_id].append(path)
    return [tuple(sorted(found[name], key=attrgetter("path_index"))[:most]) for name in ids]


def _served(config: Config, cases: Sequence[Case]) -> list[_Shown]:
    method = compile_method(config, "shared" if config.shares_engine else "streaming")
    if any(pool.engine is not None and pool.engine.engine in _NEED_A_CLUSTER for pool in method):
        from a2r_ray.cluster.try_out import served_on_a_cluster

        return [_Shown(*served) for served in served_on_a_cluster(config, cases)]
    return _served_here(method, cases)


def _served_here(method: Method, cases: Sequence[Case]) -> list[_Shown]:
    """Takes cases through a method, pool by pool, in this process."""
    outcomes: list[Outcome] = list(cases)
    kept = {case.problem.problem_id: list(case.paths) for case in cases}

    def keep(paths: Sequence[Path]) -> None:
        for path in paths:
            kept[path.problem_id].append(path)

    for pool in method:
        engine = None
        if pool.engine is not None:
            engine = create_engine(pool.engine, context=str(pool.seed), seeded=pool.seed is not None)
        try:
            moving = [outcome for outcome in outcomes if isinstance(outcome, Case)]
            moved = iter(through(pool.stages, moving, Context(engine, keep)))
            outcomes = [next(moved) if isinstance(outcome, Case) else outcome for outcome in outcomes]
        finally:
            if engine is not None:
                engine.close()
    return [
        _Shown(case.problem, sorted(kept[case.problem.problem_id], key=lambda path: path.path_index), _fields(outcome))
        for case, outcome in zip(cases, outcomes, strict=True)
    ]


def _fields(outcome: Outcome) -> Mapping[str, Any]:
    if isinstance(outcome, Result):
        return {name: getattr(outcome, name) for name in RESULT_SCHEMA.names}
    error = f"{outcome.error_kind}: {outcome.error}" if isinstance(outcome, Reject) else ""
    return {**dict.fromkeys(RESULT_SCHEMA.names), "route": "failed", "error": error}


def _show(shown: _Shown, config: Config) -> str:
    problem, result = shown.problem, shown.result
    parts = [f"═══ {problem.problem_id} ({problem.source}:{problem.line})"]
    if config.explorer is not None and config.explores:
        parts.append(_chat("explorer is asked", explorer_messages(config.explorer, problem, own_names(config.input))))
    answers = Answers(config.answer)
    for path in shown.paths:
        found = answers.of(problem).find(path.text)
        how = f", {path.finish_reason}, {path.completion_tokens} tokens" if path.explorer else ", brought"
        head = f"path {path.path_index}: answer {found!r}{how}"
        parts.append(f"─── {head}\n{path.error or path.text}")
    references = References.of(shown.paths)
    if config.synthesizer is not None and references.indices and result["route"] != UNANIMOUS:
        asked = synthesizer_messages(config.synthesizer, problem, references, own_names(config.input))
        parts.append(_chat("synthesizer is asked", asked))
        synthesis = result["synthesis"]
        found = answers.of(problem).find(synthesis or "")
        parts.append(f"─── synthesis: answer {found!r}\n{synthesis or result['error']}")
    if result["answer"] is None and result["error"]:
        parts.append(f"─── no answer: {result['error']}")
    parts.append(
        f"─── answer {result['answer']!r} by {result['route']}; the vote says {result['vote_answer']!r}; "
        f"the reference is {problem.reference_answer!r}"
    )
    return "\n".join(parts) + "\n"


def _chat(title: str, messages: Sequence[Message]) -> str:
    return "\n".join([f"─── {title}", *(f"[{message['role']}] {message.get('content', '')}" for message in messages)])

"""A few problems run whole and shown: prompts, paths, synthesis. Nothing is written."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from a2r_ray.answers.finding import extract
from a2r_ray.config.schema import Config
from a2r_ray.method.sample import explorer_messages
from a2r_ray.method.synthesize import references, synthesizer_messages
from a2r_ray.records import Problem, path_from, problem_from
from a2r_ray.sources import open_source, read_problems


def preview(config: Config, count: int) -> Iterator[str]:
    """Runs the first problems of the input; yields a text for each."""
    from a2r_ray.cluster.driver import answer

    records = read_problems(open_source(config.input))
    problems = list(islice((record for record in records if isinstance(record, Problem)), count))
    for row in answer(problems, config):
        yield _show(row, config)


def _show(row: dict[str, Any], config: Config) -> str:
    problem = problem_from(row)
    parts = [f"═══ {problem.problem_id} ({problem.source}:{problem.line})"]
    if config.explorer is not None:
        parts.append(_chat("explorer is asked", explorer_messages(config.explorer, problem)))
    paths = [path_from(path) for path in row["paths"] or ()]
    for path in paths:
        head = f"path {path.path_index}: answer {path.answer!r}, {path.finish_reason}, {path.completion_tokens} tokens"
        parts.append(f"─── {head}\n{path.error or path.text}")
    shown = references(paths)
    if config.synthesizer is not None and shown:
        parts.append(_chat("synthesizer is asked", synthesizer_messages(config.synthesizer.prompt, problem, shown)))
        parts.append(f"─── synthesis: answer {extract(row['synthesis'] or '')!r}\n{row['synthesis'] or row['error']}")
    parts.append(
        f"─── answer {row['answer']!r} by {row['route']}; the vote says {row['vote_answer']!r}; "
        f"the reference is {problem.reference_answer!r}"
    )
    return "\n".join(parts) + "\n"


def _chat(title: str, messages: Any) -> str:
    return "\n".join([f"─── {title}", *(f"[{message['role']}] {message['content']}" for message in messages)])

"""The first stage: each problem's missing paths are sampled, one request per path.

Every path is stored as it finishes, whatever its siblings do, and the stage hands a problem on only when its paths are
durable. A path that fails is a path with an ``error``; only an engine that died raises.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import Future, as_completed
from typing import Protocol

from a2r_ray import prompts
from a2r_ray.answers.finding import extract
from a2r_ray.config.schema import Config, ExplorerConfig
from a2r_ray.engines import Completion, Engine, Request
from a2r_ray.errors import EngineError, ErrorKind
from a2r_ray.records import Message, Path, Problem


class Ledger(Protocol):
    """Where paths are kept. See ``a2r_ray.runs.ledger``."""

    def lookup(self, problem_id: str) -> list[Path]:
        """What is stored of a problem."""

    def append(self, paths: Sequence[Path]) -> int:
        """Stores paths; returns a ticket."""


class Explore:
    """Problems in, their paths out.

    Args:
        config: the run's config; it has an explorer.
        engine: the explorer's engine.
        ledger: where paths are kept; None: nowhere.
        replica: names this replica in the paths it writes.
    """

    def __init__(self, config: Config, engine: Engine, ledger: Ledger | None, replica: str) -> None:
        if config.explorer is None:
            raise ValueError("the config has no explorer")
        self._role: ExplorerConfig = config.explorer
        self._fingerprint, self._seed = config.explorer_fingerprint, config.seed
        self._engine, self._ledger, self._replica = engine, ledger, replica

    def __call__(self, problems: Sequence[Problem]) -> list[list[Path]]:
        """Samples what is missing.

        Returns:
            For each problem its paths, by path index.

        Raises:
            EngineError: the engine died; what had finished is stored.
        """
        found = [{path.path_index: path for path in self._stored(problem)} for problem in problems]
        asked: dict[Future[Completion], tuple[int, int, int | None]] = {}
        for number, problem in enumerate(problems):
            messages = explorer_messages(self._role, problem)
            for index in range(self._role.paths):
                if index not in found[number]:
                    seed = None if self._seed is None else path_seed(self._seed, problem.problem_id, index)
                    asked[self._submit(problem, messages, index, seed)] = (number, index, seed)
        for future in as_completed(asked):
            number, index, seed = asked[future]
            path = self._path(problems[number], index, seed, future.result())
            found[number][index] = path
            if self._ledger is not None:
                self._ledger.append([path])
        return [[paths[index] for index in sorted(paths) if index < self._role.paths] for paths in found]

    def _stored(self, problem: Problem) -> list[Path]:
        return [] if self._ledger is None else self._ledger.lookup(problem.problem_id)

    def _submit(
        self, problem: Problem, messages: Sequence[Message], index: int, seed: int | None
    ) -> Future[Completion]:
        key = f"{problem.problem_id}/{index}"
        return self._engine.submit(Request(messages, self._role.sampling, key, seed, problem.reference_answer))

    def _path(self, problem: Problem, index: int, seed: int | None, completion: Completion) -> Path:
        if completion.error_kind == ErrorKind.ENGINE_DIED:
            raise EngineError(completion.error)
        return Path(
            problem_id=problem.problem_id,
            path_index=index,
            explorer=self._fingerprint,
            model=self._role.model,
            text=completion.text,
            answer=extract(completion.text),
            finish_reason=completion.finish_reason,
            prompt_tokens=completion.prompt_tokens,
            completion_tokens=completion.completion_tokens,
            latency_s=completion.latency_s,
            seed=seed,
            mean_logprob=completion.mean_logprob,
            error=f"{completion.error_kind}: {completion.error}" if completion.error else "",
            replica=self._replica,
        )


def explorer_messages(role: ExplorerConfig, problem: Problem) -> Sequence[Message]:
    """What the explorer is asked: a chat as it was given, or the problem in the explorer's template."""
    if problem.messages is not None and role.prompt is None:
        return problem.messages
    text = prompts.fill(role.prompt or prompts.EXPLORE, problem=problem.problem)
    return prompts.with_last_user_message(problem.messages, text)


def path_seed(seed: int, problem_id: str, index: int) -> int:
    """A path's own seed, 32 bits: the same for the same run seed, problem and index, on any machine."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{problem_id}/{index}".encode(), digest_size=4).digest(), "big")


def brought(problem_id: str, index: int, text: str) -> Path:
    """A path that was made elsewhere; nobody knows by whom, nor what it took."""
    return Path(
        problem_id=problem_id,
        path_index=index,
        explorer="",
        model="",
        text=text,
        answer=extract(text),
        finish_reason="",
        prompt_tokens=0,
        completion_tokens=0,
        latency_s=0.0,
    )

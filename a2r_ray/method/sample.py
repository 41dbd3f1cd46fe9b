"""Sampling: each problem's missing paths, one request per path.

Every path is kept as it finishes, whatever its siblings do. A path that fails is a path with an ``error``; only an
engine that died raises.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue

from a2r_ray import prompts
from a2r_ray.answers.judging import Answers, Judge
from a2r_ray.config.paths import PathsConfig
from a2r_ray.config.schema import ExplorerConfig
from a2r_ray.engines import Completion, Engine, Request
from a2r_ray.errors import A2RError
from a2r_ray.method.asking import Names, behind_system, messages
from a2r_ray.method.enough import wanted
from a2r_ray.method.stage import Case, Context, Outcome, lost
from a2r_ray.records import Message, Path, Problem, hash_of
from a2r_ray.thinking import stored

_Asked = tuple["_Sampled", int, int | None]
"""Of what, which path index, which seed."""
_Finished = SimpleQueue[tuple[_Asked, Future[Completion]]]


@dataclass(slots=True)
class _Sampled:
    """A problem that is sampled."""

    problem: Problem
    hash: str
    judge: Judge
    found: dict[int, Path]
    """Its paths so far, by path index."""
    asked: int = 0
    """Paths that the engine has yet to give."""

    def wanted(self, rule: PathsConfig) -> int:
        """How many of its first paths it is to have, as far as those that are there tell."""
        if rule.until is None:
            return rule.max
        answers: list[str | None] = []
        while (path := self.found.get(len(answers))) is not None:
            answers.append(self.judge.find(path.text) if path.answer is None else path.answer)
        return wanted(rule, answers, self.judge.same)


class Sample:
    """Has each problem sampled N times.

    Args:
        role: the explorer.
        fingerprint: the explorer's.
        seed: the run's; None: unseeded.
        names: columns of the input that are no metadata.
        answers: what is an answer.
    """

    name = "explore"
    concludes = False

    def __init__(
        self, role: ExplorerConfig, fingerprint: str, seed: int | None, names: Names, answers: Answers
    ) -> None:
        self._role, self._fingerprint, self._seed, self._names = role, fingerprint, seed, names
        self._answers = answers

    @property
    def requests(self) -> int:
        """N; where that hangs on a problem's paths, about as many as it waits for at a time."""
        rule = self._role.paths
        return rule.max if rule.until is None else (rule.min + 1) // 2

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """The explorer's."""
        return (self._fingerprint,)

    def __call__(self, cases: Sequence[Case], context: Context) -> list[Outcome]:
        """Samples what is missing; each case moves on with its first N paths, by path index, or with those that settle
        its vote.
        """
        if context.engine is None:
            raise ValueError("paths are sampled with an engine")
        sampled = [
            _Sampled(
                case.problem,
                hash_of(case.problem),
                self._answers.of(case.problem),
                {path.path_index: path for path in case.paths},
            )
            for case in cases
        ]
        finished: _Finished = SimpleQueue()
        waiting = sum(self._submit(context.engine, each, finished) for each in sampled)
        while waiting:
            batch = _next(finished)
            waiting -= len(batch)
            self._keep(batch, context)
            waiting += sum(self._submit(context.engine, each, finished) for each in _through(batch))
        return [
            Case(each.problem, tuple(each.found[index] for index in range(each.wanted(self._role.paths))))
            for each in sampled
        ]

    def _submit(self, engine: Engine, sampled: _Sampled, finished: _Finished) -> int:
        """Asks for the paths that a problem lacks; returns how many."""
        missing = [index for index in range(sampled.wanted(self._role.paths)) if index not in sampled.found]
        sampled.asked = len(missing)
        if not missing:
            return 0
        problem = sampled.problem
        asked = explorer_messages(self._role, problem, self._names)
        for index in missing:
            seed = None if self._seed is None else path_seed(self._seed, problem.problem_id, index)
            key = f"{problem.problem_id}/{index}"
            future = engine.submit(Request.of(self._role, asked, key, seed, problem.reference_answer))
            future.add_done_callback(partial(_put, finished, (sampled, index, seed)))
        return len(missing)

    def _keep(self, batch: Sequence[tuple[_Asked, Future[Completion]]], context: Context) -> None:
        """Keeps the paths that have finished. Raises what ``lost`` says where one was lost with its engine."""
        error: A2RError | None = None
        made: list[Path] = []
        for (sampled, index, seed), future in batch:
            completion = future.result()
            if (loss := lost(completion)) is not None:
                error = loss
            else:
                sampled.found[index] = self._path(sampled, index, seed, completion, context.replica)
                made.append(sampled.found[index])
        if made:
            context.keep(made)
        if error is not None:
            raise error

    def _path(self, sampled: _Sampled, index: int, seed: int | None, completion: Completion, replica: str) -> Path:
        return Path(
            problem_id=sampled.problem.problem_id,
            path_index=index,
            explorer=self._fingerprint,
            model=self._role.model,
            text=completion.text,
            answer=sampled.judge.find(completion.text),
            finish_reason=completion.finish_reason,
            prompt_tokens=completion.prompt_tokens,
            completion_tokens=completion.completion_tokens,
            latency_s=completion.latency_s,
            seed=seed,
            mean_logprob=completion.mean_logprob,
            error=f"{completion.error_kind}: {completion.error}" if completion.error else "",
            replica=replica,
            problem_hash=sampled.hash,
        )


def _put(finished: _Finished, asked: _Asked, future: Future[Completion]) -> None:
    finished.put((asked, future))


def _through(batch: Sequence[tuple[_Asked, Future[Completion]]]) -> list[_Sampled]:
    """The problems that have all paths which they were asked for."""
    through = []
    for (sampled, _, _), _ in batch:
        sampled.asked -= 1
        if not sampled.asked:
            through.append(sampled)
    return through


def _next(finished: _Finished) -> list[tuple[_Asked, Future[Completion]]]:
    """What has finished: at least one, and all that have."""
    batch = [finished.get()]
    try:
        while True:
            batch.append(finished.get_nowait())
    except Empty:
        return batch


def explorer_messages(role: ExplorerConfig, problem: Problem, names: Names) -> Sequence[Message]:
    """What the explorer is asked: a chat as it was given, or the problem in the explorer's template."""
    if problem.messages is not None and role.prompt is None:
        return behind_system(role, problem.messages)
    return messages(role, prompts.EXPLORE, problem, names)


def path_seed(seed: int, problem_id: str, index: int) -> int:
    """A path's own seed, 32 bits: the same for the same run seed, problem and index, on any machine."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{problem_id}/{index}".encode(), digest_size=4).digest(), "big")


def brought_text(text: str, explorer: ExplorerConfig | None) -> str:
    """A text that was made elsewhere, as it is stored.

    Args:
        text: what was said.
        explorer: says where the thinking of such a text begins and ends; None: by the common marks.
    """
    return text if explorer is None else stored(text, explorer.thinking)


def brought(problem_id: str, index: int, text: str, problem_hash: str) -> Path:
    """A path that was made elsewhere; nobody knows by whom, nor what it took.

    Args:
        problem_id: its problem.
        index: its number among the problem's.
        text: as it is stored.
        problem_hash: of what was asked; "" where that is not known.
    """
    return Path(
        problem_id=problem_id,
        path_index=index,
        explorer="",
        model="",
        text=text,
        answer=None,  # it is found where it is voted on, by who knows what its problem asks for
        finish_reason="",
        prompt_tokens=0,
        completion_tokens=0,
        latency_s=0.0,
        problem_hash=problem_hash,
    )

"""The second stage: the vote over a problem's paths, then one synthesis that reads them as references.

What becomes of a problem is its route: ``synthesized`` where the synthesis answered; ``vote_fallback`` where it failed,
gave no answer, had nothing to read, or there is no synthesizer, and the vote stands; ``failed`` where neither gave an
answer. A problem with nothing to show for it is a reject.
"""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future

from a2r_ray import prompts
from a2r_ray.answers.finding import extract
from a2r_ray.answers.verifiers import verify
from a2r_ray.config.schema import Config
from a2r_ray.engines import Completion, Engine, Request
from a2r_ray.errors import EngineError, ErrorKind
from a2r_ray.method.cost import cost_usd, total
from a2r_ray.method.sample import path_seed
from a2r_ray.method.vote import vote
from a2r_ray.records import Message, Path, Problem, Reject, Result, input_row

_SYNTHESIS = -1
"""The path index that a synthesis' seed derives from."""


class Synthesize:
    """Problems and their paths in, a result or a reject for each out.

    Args:
        config: the run's config.
        engine: the synthesizer's engine; None: the vote is the answer.
    """

    def __init__(self, config: Config, engine: Engine | None) -> None:
        self._config, self._role, self._engine = config, config.synthesizer, engine
        self._fingerprint = config.synthesizer_fingerprint

    def __call__(self, problems: Sequence[Problem], paths: Sequence[Sequence[Path]]) -> list[Result | Reject]:
        """Synthesizes all of them at once.

        Raises:
            EngineError: the engine died.
        """
        asked = [self._submit(problem, references(own)) for problem, own in zip(problems, paths, strict=True)]
        return [
            self._conclude(problem, own, None if future is None else future.result())
            for problem, own, future in zip(problems, paths, asked, strict=True)
        ]

    def _submit(self, problem: Problem, shown: Sequence[Path]) -> Future[Completion] | None:
        if self._role is None or self._engine is None or not shown:
            return None
        seed = self._config.seed
        return self._engine.submit(
            Request(
                messages=synthesizer_messages(self._role.prompt, problem, shown),
                sampling=self._role.sampling,
                key=f"{problem.problem_id}/synthesis",
                seed=None if seed is None else path_seed(seed, problem.problem_id, _SYNTHESIS),
                expected=problem.reference_answer,
            )
        )

    def _conclude(self, problem: Problem, paths: Sequence[Path], completion: Completion | None) -> Result | Reject:
        if completion is not None and completion.error_kind == ErrorKind.ENGINE_DIED:
            raise EngineError(completion.error)
        voted = vote([path.answer for path in paths])
        shown = references(paths)
        if voted.answer is None and not shown:
            return _reject(problem, "explore", *_reasons(paths))
        if voted.answer is None and completion is not None and completion.error:
            return _reject(problem, "synthesize", completion.error_kind, completion.error)
        synthesized = None if completion is None or completion.error else extract(completion.text)
        answer = synthesized if synthesized is not None else voted.answer
        return self._result(problem, paths, completion, answer, _route(synthesized, voted.answer))

    def _result(
        self, problem: Problem, paths: Sequence[Path], completion: Completion | None, answer: str | None, route: str
    ) -> Result:
        answers = [path.answer for path in paths]
        voted = vote(answers)
        done = completion or Completion(finish_reason="")
        explored = (sum(path.prompt_tokens for path in paths), sum(path.completion_tokens for path in paths))
        verdicts = {text: _correct(text, problem) for text in {answer, voted.answer, *answers}}
        return Result(
            problem_id=problem.problem_id,
            problem=problem.problem,
            messages=input_row(problem)["messages"],
            reference_answer=problem.reference_answer,
            metadata=problem.metadata,
            path_answers=tuple(answers),
            path_correct=tuple(verdicts[text] for text in answers),
            references=tuple(path.path_index for path in references(paths)) if completion is not None else (),
            vote_answer=voted.answer,
            vote_share=voted.share,
            route=route,
            synthesis=None if completion is None or completion.error else completion.text,
            answer=answer,
            correct=verdicts[answer],
            vote_correct=verdicts[voted.answer],
            synthesizer=self._fingerprint,
            finish_reason=done.finish_reason,
            explorer_prompt_tokens=explored[0],
            explorer_completion_tokens=explored[1],
            synthesizer_prompt_tokens=done.prompt_tokens,
            synthesizer_completion_tokens=done.completion_tokens,
            cost_usd=self._cost(explored, done),
            error=f"{done.error_kind}: {done.error}" if done.error else _no_answer(completion, answer),
        )

    def _cost(self, explored: tuple[int, int], synthesis: Completion) -> float | None:
        explorer = self._config.explorer
        synthesized = synthesis.prompt_tokens, synthesis.completion_tokens
        return total(
            [
                cost_usd(explorer.price if explorer else None, *explored),
                cost_usd(self._role.price if self._role else None, *synthesized),
            ]
        )


def references(paths: Sequence[Path]) -> list[Path]:
    """The paths that can be shown: those that did not fail and have something visible."""
    return [path for path in paths if not path.error and prompts.visible(path.text)]


def synthesizer_messages(template: str | None, problem: Problem, shown: Sequence[Path]) -> list[Message]:
    """What the synthesizer is asked: the problem, or the chat's last user message, with the references."""
    text = prompts.fill(
        template or prompts.SYNTHESIZE,
        problem=problem.problem,
        references=prompts.references([prompts.visible(path.text) for path in shown]),
    )
    return prompts.with_last_user_message(problem.messages, text)


def _route(synthesized: str | None, voted: str | None) -> str:
    if synthesized is not None:
        return "synthesized"
    return "vote_fallback" if voted is not None else "failed"


def _no_answer(completion: Completion | None, answer: str | None) -> str:
    if answer is None:
        return "no_answer: neither a path nor the synthesis gives an answer"
    if completion is not None and extract(completion.text) is None:
        return "no_answer: the synthesis gives none"
    return ""


def _correct(answer: str | None, problem: Problem) -> bool | None:
    """Whether an answer is right; None where nobody knows the right one, False where there is no answer."""
    if problem.reference_answer is None and problem.verifier is None:
        return None
    return answer is not None and verify(answer, problem)


def _reasons(paths: Sequence[Path]) -> tuple[str, str]:
    """The kind and the text of why no path can be used: each reason once, with how many paths it hit."""
    reasons = Counter(path.error or f"nothing_visible: finish_reason {path.finish_reason}" for path in paths)
    kinds = {reason.partition(":")[0] for reason in reasons}
    text = "; ".join(f"{count} of {len(paths)} paths: {reason}" for reason, count in reasons.most_common())
    return (kinds.pop() if len(kinds) == 1 else ErrorKind.NO_PATH, text or "it has no paths")


def _reject(problem: Problem, stage: str, error_kind: str, error: str) -> Reject:
    return Reject(problem.problem_id, problem.source, problem.line, stage, error_kind, error, problem.problem)

"""Concluding: what the paths of a problem, and what was made of them, come to.

The route says where the answer is from: ``synthesized`` where the synthesis answered; ``unanimous`` where the vote was
so sure that nothing was synthesized (``method.skip_at_share``); ``vote_fallback`` where the synthesis
failed, gave no answer, had nothing to read, or there is no synthesizer, and the vote stands; ``failed`` where neither
gave an answer. A problem with nothing to show for it is a reject.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from a2r_ray.answers.judging import Answers
from a2r_ray.answers.math_judge import budget
from a2r_ray.config.schema import Price
from a2r_ray.engines import Completion
from a2r_ray.errors import ErrorKind
from a2r_ray.method.cost import cost_usd, total
from a2r_ray.method.references import References
from a2r_ray.method.stage import Case
from a2r_ray.method.vote import Vote, vote
from a2r_ray.records import Path, Problem, Reject, Result, Row, chat_text, hash_of, rejected

UNANIMOUS = "unanimous"
_NOT_ASKED = {ErrorKind.PROMPT_TOO_LONG, ErrorKind.REFUSED}
"""What keeps a model from reading what it was to be asked."""


@dataclass(frozen=True, slots=True)
class Conclude:
    """Makes results, or rejects, of cases."""

    fingerprint: str = ""
    """Of the synthesizer; "" without one."""
    path_price: Price | None = None
    synthesis_price: Price | None = None
    answers: Answers = field(default_factory=Answers)
    """What is an answer, and which are right."""
    skip_at_share: float | None = None
    """The share of paths at which the vote stands, as ``method.skip_at_share`` has it."""

    def count(self, case: Case) -> Vote:
        """Counts the votes of a case; the answer of a path that was stored without one is looked for in its text."""
        judge = self.answers.of(case.problem)
        with budget(self.answers.config.cpu_s) as spent:
            found = [judge.find(path.text) if path.answer is None else path.answer for path in case.paths]
            voted = vote(found, judge.same)
        return replace(voted, undecided=spent.undecided)

    def __call__(
        self, case: Case, voted: Vote, references: References, completion: Completion | None = None
    ) -> Result | Reject:
        """The result of a case.

        Args:
            case: with all its paths.
            voted: the vote over their answers.
            references: what of them can be shown.
            completion: the synthesis; None where nothing was asked.
        """
        if voted.answer is None and not references.indices:
            return rejected(case.problem, "explore", *_reasons(case.paths))
        if voted.answer is None and completion is not None and completion.error:
            return rejected(case.problem, "synthesize", completion.error_kind, completion.error)
        return self._result(case, voted, references, completion)

    def _result(self, case: Case, voted: Vote, references: References, completion: Completion | None) -> Result:
        problem, paths = case.problem, case.paths
        done = completion or Completion(finish_reason="")
        explored = (sum(path.prompt_tokens for path in paths), sum(path.completion_tokens for path in paths))
        synthesis = completion.text if completion is not None and not completion.error else None
        error = f"{done.error_kind}: {done.error}" if done.error else ""
        return Result(
            problem_id=problem.problem_id,
            problem=problem.problem,
            messages=chat_text(problem),
            reference_answer=problem.reference_answer,
            metadata=problem.metadata,
            references=() if done.error_kind in _NOT_ASKED or completion is None else references.indices,
            synthesis=synthesis,
            synthesizer=self.fingerprint,
            finish_reason=done.finish_reason,
            explorer_prompt_tokens=explored[0],
            explorer_completion_tokens=explored[1],
            synthesizer_prompt_tokens=done.prompt_tokens,
            synthesizer_completion_tokens=done.completion_tokens,
            cost_usd=self._cost(explored, done),
            problem_hash=hash_of(problem),
            **self.judged(problem, voted, synthesis, error),
        )

    def judged(self, problem: Problem, voted: Vote, synthesis: str | None, error: str) -> Row:
        """The fields of a result that hang on what an answer is.

        Args:
            problem: which it is of.
            voted: the vote over its paths.
            synthesis: what the synthesizer said; None where it said nothing.
            error: why it said nothing, or what was said of an answer that was not found; "" where nothing was wrong.
        """
        judge = self.answers.of(problem)
        synthesized = None if synthesis is None else judge.find(synthesis)
        answer = synthesized if synthesized is not None else voted.answer
        with budget(self.answers.config.cpu_s) as spent:
            verdicts = {text: judge.correct(text) for text in {answer, voted.answer, *voted.answers}}
        lacks_answer = not error or error.startswith(f"{ErrorKind.NO_ANSWER}:")
        return {
            "answer_kind": problem.answer_kind or self.answers.config.name,
            "path_answers": voted.answers,
            "path_correct": tuple(verdicts[text] for text in voted.answers),
            "vote_answer": voted.answer,
            "vote_share": voted.share,
            "undecided": voted.undecided + spent.undecided,
            "route": self._route(voted, synthesis, synthesized, error),
            "answer": answer,
            "correct": verdicts[answer],
            "vote_correct": verdicts[voted.answer],
            "error": self._no_answer(synthesis, synthesized, answer) if lacks_answer else error,
        }

    def _route(self, voted: Vote, synthesis: str | None, synthesized: str | None, error: str) -> str:
        if synthesized is not None:
            return "synthesized"
        if synthesis is None and not error and voted.stands(self.skip_at_share):
            return UNANIMOUS
        return "vote_fallback" if voted.answer is not None else "failed"

    def _no_answer(self, synthesis: str | None, synthesized: str | None, answer: str | None) -> str:
        if answer is None:
            who = "neither a path nor the synthesis gives an answer" if self.fingerprint else "no path gives an answer"
            return f"{ErrorKind.NO_ANSWER}: {who}"
        if synthesis is not None and synthesized is None:
            return f"{ErrorKind.NO_ANSWER}: the synthesis gives none"
        return ""

    def _cost(self, explored: tuple[int, int], synthesis: Completion) -> float | None:
        synthesized = synthesis.prompt_tokens, synthesis.completion_tokens
        return total([cost_usd(self.path_price, *explored), cost_usd(self.synthesis_price, *synthesized)])


def _reasons(paths: Sequence[Path]) -> tuple[str, str]:
    """The kind and the text of why no path can be used: each reason once, with how many paths it hit."""
    hidden = ErrorKind.NOTHING_VISIBLE
    reasons = Counter(path.error or f"{hidden}: finish_reason {path.finish_reason}" for path in paths)
    kinds = {reason.partition(":")[0] for reason in reasons}
    text = "; ".join(f"{count} of {len(paths)} paths: {reason}" for reason, count in reasons.most_common())
    return (kinds.pop() if len(kinds) == 1 else ErrorKind.NO_PATH, text or "it has no paths")

"""What rules of how many paths a problem has would have saved on stored paths, and what they would have cost.

    python -m benchmarks.policies OUTPUTS.jsonl [--orders 20]

OUTPUTS has a row per problem: ``problem``, ``answer`` (the known one) and a list ``paths``. A problem's paths are put
into several orders, drawn from a fixed seed; a line of JSON for each rule has its mean number of paths, its accuracy
over all, that accuracy's standard error over problems, how often its vote is that of all paths, and how many problems a
gate at 1.0 would leave without a synthesis.
"""

import gzip
import json
import random
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from a2r_ray.answers.judging import Answers, Judge
from a2r_ray.config.answer import AnswerConfig
from a2r_ray.config.paths import PathsConfig
from a2r_ray.method.enough import wanted
from a2r_ray.method.vote import vote
from a2r_ray.records import Problem


def rules(most: int) -> Iterator[tuple[str, PathsConfig]]:
    """The rules that are tried, by name."""
    yield "all", PathsConfig(min=most, max=most)
    yield "decided", PathsConfig(min=2, max=most, until="decided")
    for confidence in (0.99, 0.95, 0.9):
        yield f"confident {confidence}", PathsConfig(min=2, max=most, until="confident", confidence=confidence)


def replayed(rule: PathsConfig, answers: list[str | None], judge: Judge) -> tuple[int, bool, bool, bool]:
    """Paths, whether the vote is right, whether it is that of all paths, and whether all that were taken agree."""
    count = wanted(rule, answers, judge.same)
    part, whole = (vote(some, judge.same) for some in (answers[:count], answers))
    agrees = part.answer == whole.answer or (
        part.answer is not None and whole.answer is not None and judge.same(part.answer, whole.answer)
    )
    return count, bool(judge.correct(part.answer)), agrees, part.stands(1.0)


def main() -> None:
    """Prints the table."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("outputs", type=Path)
    parser.add_argument("--orders", type=int, default=20)
    parser.add_argument("--kind", default="math")
    arguments = parser.parse_args()
    opened: Any = gzip.open if arguments.outputs.suffix == ".gz" else open
    with opened(arguments.outputs, "rt") as file:
        rows = [json.loads(line) for line in file]
    judges = Answers(AnswerConfig.model_validate({"kind": arguments.kind}))
    problems = []
    for at, row in enumerate(rows):
        judge = judges.of(Problem(str(at), row["problem"], reference_answer=str(row["answer"])))
        problems.append((judge, [judge.find(text) for text in row["paths"]]))
    most = max(len(answers) for _, answers in problems)
    for name, rule in rules(most):
        dice = random.Random(1)
        outcomes = [
            [replayed(rule, dice.sample(answers, len(answers)), judge) for _ in range(arguments.orders)]
            for judge, answers in problems
        ]
        right = [fmean(correct for _, correct, _, _ in each) for each in outcomes]
        line = {
            "rule": name,
            "problems": len(problems),
            "paths": round(fmean(count for each in outcomes for count, _, _, _ in each), 2),
            "of": most,
            "accuracy": round(fmean(right), 4),
            "standard_error": round(stdev(right) / len(right) ** 0.5, 4),
            "same_vote": round(fmean(agrees for each in outcomes for _, _, agrees, _ in each), 4),
            "unanimous": round(fmean(stands for each in outcomes for _, _, _, stands in each), 4),
        }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()

"""What finding, comparing and voting on answers costs, in seconds of CPU over this process and its workers.

    python -m benchmarks.verdicts --outputs OUTPUTS.jsonl.gz

Prints a line of JSON for each of: verdicts over real outputs (rows with ``answer`` and a list ``paths``), verdicts over
the pairs of the tests' corpus, the vote over 64 different mathematical answers, over 64 words and numbers, and over
eight trigonometric answers that take symbolic work where only symbols are compared.
"""

import gzip
import json
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from a2r_ray.answers import math_judge
from a2r_ray.answers.judging import Answers
from a2r_ray.answers.kinds import kind_of
from a2r_ray.method.vote import vote
from a2r_ray.records import Problem
from tests.answers.test_corpus import CORPUS, families, pairs

MATHEMATICS = [
    rf"\frac{{{a}\sqrt{{{b}}}+{c}\pi}}{{{a + b}}}" if a % 2 else rf"{a}x^{{{b}}}-\sin({c}x)+{a * b}"
    for a in range(1, 9)
    for b in range(2, 6)
    for c in range(3, 5)
]
TRIGONOMETRY = [
    r"\sin^4 x+\cos^4 x",
    r"1-2\sin^2 x\cos^2 x",
    r"1-\frac{1}{2}\sin^2(2x)",
    r"\frac{3+\cos(4x)}{4}",
    r"\frac{1+\cos^2(2x)}{2}",
    r"\sin^6 x+\cos^6 x",
    r"1-3\sin^2 x\cos^2 x",
    r"\frac{5+3\cos(4x)}{8}",
]
PLAIN = [f"word {chr(97 + n % 26)}{'x' * (n // 26)}" if n % 2 else str(n / 7) for n in range(64)]


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--outputs", type=Path, help="JSON lines, also compressed")
    arguments = parser.parse_args()
    math_judge.equal("x+1", "1+x")  # the worker is there
    if arguments.outputs:
        _say("verdicts over outputs", *_measured(lambda: sum(1 for _ in _judged(arguments.outputs))))
    _say("verdicts over the corpus", *_measured(_corpus))
    for name, ballot in (("mathematics", MATHEMATICS), ("words and numbers", PLAIN), ("trigonometry", TRIGONOMETRY)):
        _vote(name, ballot)


def _judged(file: Path) -> Iterator[bool | None]:
    answers = Answers()
    with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as lines:
        for line in lines:
            row = json.loads(line)
            asked = Problem(str(row.get("id", "")), "", reference_answer=str(row["answer"]))
            for text in row["paths"]:
                judge = answers.of(asked)
                yield judge.correct(judge.find(text))


def _corpus() -> int:
    count = 0
    for path in CORPUS:
        name, lines = families(path)
        kind = kind_of(name)
        for a, b, _ in pairs(lines):
            kind.equal(a, b)
            count += 1
    return count


def _vote(name: str, ballot: list[str]) -> None:
    same = Answers().of(Problem("", "")).same
    with math_judge.budget(10.0) as spent:
        _, cpu_s = _measured(lambda: len(vote(ballot, same).clusters))
    told = {"what": f"a vote over {name}", "answers": len(ballot), "cpu_s": round(cpu_s, 3)}
    print(json.dumps({**told, "undecided": spent.undecided}), flush=True)


def _measured(work: Callable[[], int]) -> tuple[int, float]:
    before = _cpu_s()
    return work(), _cpu_s() - before


def _cpu_s() -> float:
    own = psutil.Process()
    workers = [child.cpu_times() for child in own.children(recursive=True)]
    return float(time.process_time() + sum(times.user + times.system for times in workers))


def _say(what: str, count: int, cpu_s: float) -> None:
    told: dict[str, Any] = {"what": what, "count": count, "cpu_s": round(cpu_s, 2)}
    print(json.dumps({**told, "a_minute_and_core": round(60 * count / cpu_s)}), flush=True)


if __name__ == "__main__":
    main()

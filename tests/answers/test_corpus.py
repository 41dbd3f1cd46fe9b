"""The corpus: pairs of answers with their verdicts, over all kinds, judged by hand; ``corpus/`` says how, file by file.

A line is a family: answers that are all the ``same`` and ``other`` ones that equal none of them; or a ``known`` answer
with what is ``right`` and what is ``wrong``, where those that are right need not equal each other.
"""

import json
from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest

from a2r_ray.answers.kinds import KINDS, kind_of

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.jsonl"))


def families(path: Path) -> tuple[str, list[dict[str, Any]]]:
    head, *lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert head["judged"]
    return head["kind"], lines


def pairs(lines: list[dict[str, Any]]) -> Iterator[tuple[str, str, bool]]:
    for family in lines:
        if "known" in family:
            yield from ((family["known"], answer, True) for answer in family["right"])
            yield from ((family["known"], answer, False) for answer in family["wrong"])
        else:
            yield from ((a, b, True) for a, b in combinations(family["same"], 2))
            yield from ((a, b, False) for a, b in product(family["same"], family["other"]))


def test_it_is_large_and_has_every_kind() -> None:
    counts: dict[str, int] = {}
    for path in CORPUS:
        kind, lines = families(path)
        counts[kind] = counts.get(kind, 0) + sum(1 for _ in pairs(lines))
    assert set(counts) == set(KINDS)
    assert sum(counts.values()) > 9_000
    assert min(counts.values()) > 100


CASES = [(path.stem, families(path)[0]) for path in CORPUS] + [("number", "math")]


@pytest.mark.parametrize(("name", "kind"), CASES, ids=[f"{name} as {kind}" for name, kind in CASES])
def test_every_verdict_stands(name: str, kind: str) -> None:
    compared = kind_of(kind)
    _, lines = families(Path(__file__).parent / "corpus" / f"{name}.jsonl")
    wrong = [
        f"{a!r} and {b!r} are {'the same' if verdict else 'different'}"
        for a, b, verdict in pairs(lines)
        if compared.equal(a, b) is not verdict or compared.equal(b, a) is not verdict
    ]
    assert not wrong, "\n".join(wrong)

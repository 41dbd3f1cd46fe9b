"""The vote: which answer most paths of a problem give.

Answers that are equivalent are one answer. Paths without an answer have no vote.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from a2r_ray.answers.comparing import equivalent


@dataclass(frozen=True, slots=True)
class Vote:
    """What the paths of one problem agree on."""

    answer: str | None
    """The winning cluster's answer as its earliest path wrote it; None where no path has an answer."""
    share: float | None
    """Paths in that cluster / paths with an answer, in (0, 1]; None where no path has an answer."""
    clusters: tuple[tuple[int, ...], ...] = ()
    """Positions of the paths with equivalent answers, ascending; the cluster of the earliest path first."""


def vote(answers: Sequence[str | None]) -> Vote:
    """Clusters answers by equivalence; the largest cluster wins, and of equals the one with the earliest path.

    In the order of the paths, an answer joins the first cluster whose earliest answer it is equivalent to, else it
    founds one: equivalence is not transitive, so the order matters. Tie rules differ between tools (lighteval: the
    first wins; NeMo-Skills: the expected score over ties), and where they bite, so do their scores.

    Args:
        answers: one per path, in path order; None for a path without an answer.

    Raises:
        A2RError: as ``answers.equivalent``.
    """
    spellings: dict[str, list[int]] = {}
    for path, answer in enumerate(answers):
        if answer is not None:
            spellings.setdefault(answer, []).append(path)
    clusters: dict[str, list[int]] = {}
    for answer, paths in spellings.items():
        founder = next((founder for founder in clusters if equivalent(founder, answer)), answer)
        clusters.setdefault(founder, []).extend(paths)
    if not clusters:
        return Vote(None, None)
    winner = max(clusters, key=lambda founder: len(clusters[founder]))  # of equals the first
    voters = sum(map(len, clusters.values()))
    return Vote(winner, len(clusters[winner]) / voters, tuple(tuple(sorted(paths)) for paths in clusters.values()))

"""The vote: which answer most paths of a problem give.

Answers that mean the same are one answer. Paths without an answer have no vote.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vote:
    """What the paths of one problem agree on."""

    answer: str | None
    """The winner's most frequent spelling, of equally frequent ones that of the earliest path; None where no path has
    an answer."""
    share: float | None
    """Paths that gave it / paths with an answer, in (0, 1]; None where no path has an answer."""
    clusters: tuple[tuple[int, ...], ...] = ()
    """Positions of the paths that mean the same, ascending; the cluster of the earliest path first."""
    answers: tuple[str | None, ...] = ()
    """What was voted on: the answer of each path."""
    undecided: int = 0
    """Comparisons that took more than they may, and count as different."""

    @property
    def agreeing(self) -> int:
        """Paths that gave the winner."""
        return max(map(len, self.clusters), default=0)

    def stands(self, at_share: float | None) -> bool:
        """Whether so large a share of all paths gave the winner, and two at least; None: none is large enough."""
        return at_share is not None and self.agreeing >= max(_SEVERAL, at_share * len(self.answers))


_SEVERAL = 2


def vote(answers: Sequence[str | None], same: Callable[[str, str], bool]) -> Vote:
    """Clusters answers that mean the same; the largest cluster wins, and of equals the one with the earliest path.

    An answer joins the first cluster with all of whose spellings it means the same, so that no two answers are one in
    the vote that a verdict would tell apart. Since that relation is not transitive, spellings are taken in an order of
    their own, the most frequent first: in which order the paths came matters to ties alone. Tie rules differ between
    tools (lighteval: the first wins; NeMo-Skills: the expected score over ties); where they bite, so do their scores.

    Args:
        answers: one per path, in path order; None for a path without an answer.
        same: whether two answers mean the same; symmetric.
    """
    positions: dict[str, list[int]] = {}
    for path, answer in enumerate(answers):
        if answer is not None:
            positions.setdefault(answer, []).append(path)
    if not positions:
        return Vote(None, None, answers=tuple(answers))
    clusters: list[list[str]] = []
    for spelling in sorted(positions, key=lambda each: (-len(positions[each]), each)):
        joined = next((cluster for cluster in clusters if all(same(other, spelling) for other in cluster)), None)
        if joined is None:
            clusters.append([spelling])
        else:
            joined.append(spelling)
    paths = {tuple(sorted(at for each in cluster for at in positions[each])): cluster for cluster in clusters}
    winner = min(paths, key=lambda cluster: (-len(cluster), cluster[0]))
    shown = min(paths[winner], key=lambda spelling: (-len(positions[spelling]), positions[spelling][0]))
    return Vote(shown, len(winner) / sum(map(len, paths)), tuple(sorted(paths)), tuple(answers))

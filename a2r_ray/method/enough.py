"""Enough: whether the paths of a problem that are there settle its vote, and how many more it takes at least.

What is decided is decided from the answers of the first paths alone, by path index, so that a run that is continued
decides the same; and a problem is asked for as many paths at once as the rule needs in the best case, so that none is
sampled in vain.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction

from a2r_ray.config.paths import PathsConfig
from a2r_ray.method.vote import vote

Same = Callable[[str, str], bool]


def missing(rule: PathsConfig, answers: Sequence[str | None], same: Same) -> int:
    """How many more paths a problem needs at least; 0: its vote is settled, or it has all that it may have.

    Args:
        rule: how many a problem may have, and when that is enough.
        answers: of its paths, in their order; None for a path without one.
        same: whether two answers mean the same.
    """
    there = len(answers)
    if there < rule.min:
        return rule.min - there
    left = rule.max - there
    if left <= 0 or rule.until is None:
        return max(left, 0)
    if rule.until == "decided":
        return _until_decided(answers, same, left)
    return _until_confident(answers, same, left, rule.confidence)


def wanted(rule: PathsConfig, answers: Sequence[str | None], same: Same) -> int:
    """How many paths a problem is to have, as far as its first ones tell: no more than there are, if they are enough.

    Args:
        rule: how many a problem may have, and when that is enough.
        answers: of the paths that are there, in their order, none left out.
        same: whether two answers mean the same.
    """
    count = 0
    while count <= len(answers) and (more := missing(rule, answers[:count], same)):
        count += more
    return count


def _until_decided(answers: Sequence[str | None], same: Same, left: int) -> int:
    """Until no outcome of what is left can change the winner: exactly the vote of all.

    What means the same need not be transitive, so later spellings may part what stands together now, or join what does
    not. So a winner has only the paths of its most frequent spelling for sure; and of all others, those that are linked
    by any two spellings that mean the same may come together against it.
    """
    winner = vote(answers, same).answer
    if winner is None:
        return min(left, 1)
    counts = Counter(answer for answer in answers if answer is not None)
    sure, rival = counts.pop(winner), _largest_group(counts, same)
    # Of equals the cluster with the earliest path wins; a new one comes later than any that is there.
    is_later = any(answer not in {None, winner} for answer in answers[: answers.index(winner)])
    needed = (more for more in range(left + 1) if sure + more >= rival + left - more + is_later)
    return next(needed, left)


def _largest_group(counts: Counter[str], same: Same) -> int:
    """The most paths of spellings that are linked by any two that mean the same; 0 of none."""
    groups: list[set[str]] = []
    for name in counts:
        near = [group for group in groups if any(same(name, other) for other in group)]
        groups = [group for group in groups if group not in near] + [{name}.union(*near)]
    return max((sum(counts[name] for name in group) for group in groups), default=0)


def _until_confident(answers: Sequence[str | None], same: Same, left: int, confidence: float) -> int:
    """Until the winner is more frequent than the runner-up with that probability."""
    sizes = sorted((len(cluster) for cluster in vote(answers, same).clusters), reverse=True)
    first, second = [*sizes, 0, 0][:2]
    return next((more for more in range(left + 1) if certainty(first + more, second) >= confidence), left)


def certainty(first: int, second: int) -> float:
    """The probability that the more frequent of two answers is so in truth, by how often each was given.

    The share of the first among the two has a uniform prior, and so the posterior Beta(first + 1, second + 1); this is
    its mass above one half (Adaptive-Consistency, Aggarwal et al. 2023, arXiv:2305.11860), computed in integers.
    """
    draws = first + second + 1
    return float(Fraction(sum(math.comb(draws, more) for more in range(first + 1)), 2**draws))

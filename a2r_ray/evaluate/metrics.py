"""Metrics: how often paths, vote and A2R are right, over the rows of a results table.

A problem is scored if its right answer is known: it has a reference answer or a verdict. In a scored problem whatever
has no verdict (a path without an answer, a synthesis that failed) counts as wrong, and so does a rejected problem whose
right answer is known: losing answers never raises a score.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True, slots=True)
class Share:
    """A fraction in [0, 1] of problems, with the interval that has the true one in 95 of 100 such samples."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, right: float, problems: int) -> "Share":
        """How many of some problems are right; or the sum of a fraction of each.

        The interval is Wilson's (1927, doi:10.1080/01621459.1927.10502953), which holds for few problems and near 0
        and 1 as well. For fractions it is wider than it must be: they vary no more than a yes or no of the same mean.
        That paths of one problem are alike does no harm, since it is problems that are counted.
        """
        share, shrink = right / problems, 1 + _Z**2 / problems
        middle = (share + _Z**2 / (2 * problems)) / shrink
        reach = _Z * math.sqrt(share * (1 - share) / problems + _Z**2 / (4 * problems**2)) / shrink
        return cls(share, max(0.0, min(share, middle - reach)), min(1.0, max(share, middle + reach)))


_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Of the scored problems; None where none is scored."""

    path: Share | None
    """Of a single path: per problem the share of right paths (avg@N), then the mean over problems."""
    vote: Share | None
    """Of the vote over the paths."""
    a2r: Share | None
    """Of the answer given: the synthesis, or the vote where it fell back."""
    oracle: Share | None
    """Problems with any right path: pass@N."""
    scored: int
    """Problems counted."""
    rejected: int = 0
    """Of those, the ones that have no result."""


def accuracies(results: pa.Table, rejected: int = 0) -> Accuracy:
    """Accuracy of each stage.

    Args:
        results: with the columns reference_answer, path_correct, vote_correct and correct of ``RESULT_SCHEMA``.
        rejected: problems whose right answer is known and that have no result; they count as wrong.
    """
    rows = results.filter(_scored(results))
    scored = rows.num_rows + rejected
    if not scored:
        return Accuracy(None, None, None, None, 0)
    right, paths = _path_counts(rows)
    return Accuracy(
        path=Share.of(float((right / np.maximum(paths, 1)).sum()), scored),
        vote=Share.of(int(_right(rows, "vote_correct").sum()), scored),
        a2r=Share.of(int(_right(rows, "correct").sum()), scored),
        oracle=Share.of(int((right > 0).sum()), scored),
        scored=scored,
        rejected=rejected,
    )


def rescued(results: pa.Table) -> list[str]:
    """Ids of the problems where the vote is wrong and A2R right, in the order of the table."""
    return _where(results, wrong="vote_correct", right="correct")


def spoiled(results: pa.Table) -> list[str]:
    """Ids of the problems where the vote is right and A2R wrong, in the order of the table."""
    return _where(results, wrong="correct", right="vote_correct")


def pass_at_k(n: int, c: int, k: int) -> float:
    """The chance that of k paths, drawn without replacement from n of which c are right, any is right.

    1 - C(n-c, k) / C(n, k) (Chen et al. 2021, arXiv:2107.03374), computed in integers and rounded once.

    Raises:
        ValueError: unless 0 <= c <= n and 1 <= k <= n.
    """
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError(f"pass@{k} of {n} paths with {c} right: expected 0 <= c <= n and 1 <= k <= n")
    draws = math.comb(n, k)
    return (draws - math.comb(n - c, k)) / draws


def _scored(results: pa.Table) -> pa.ChunkedArray:
    return pc.or_(pc.is_valid(results["reference_answer"]), pc.is_valid(results["correct"]))


def _right(rows: pa.Table, column: str) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Per row, whether the verdict is a yes."""
    return np.asarray(pc.fill_null(rows[column], False))  # noqa: FBT003


def _path_counts(rows: pa.Table) -> "tuple[np.ndarray[tuple[int], np.dtype[np.intp]], ...]":
    """Per row: how many paths are right, and how many there are."""
    verdicts = rows["path_correct"].combine_chunks()
    problem = np.asarray(pc.list_parent_indices(verdicts))
    right = np.asarray(pc.fill_null(pc.list_flatten(verdicts), False))  # noqa: FBT003
    return np.bincount(problem[right], minlength=len(rows)), np.bincount(problem, minlength=len(rows))


def _where(results: pa.Table, *, wrong: str, right: str) -> list[str]:
    rows = results.filter(_scored(results))
    ids = rows["problem_id"].filter(pa.array(_right(rows, right) & ~_right(rows, wrong)))
    return [str(problem_id) for problem_id in ids.to_pylist()]

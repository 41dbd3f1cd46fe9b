"""Metrics: how often paths, vote and A2R are right, over the rows of a results table.

A problem is scored if its right answer is known: it has a reference answer or a verdict. In a scored problem whatever
has no verdict (a path without an answer, a synthesis that failed) counts as wrong, so losing answers never raises a
score. Rejected problems have no row, and so are in no figure here.
"""

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Fractions in [0, 1] of the scored problems; None where none is scored."""

    path: float | None
    """Of a single path: per problem the share of right paths (avg@N), then the mean over problems."""
    vote: float | None
    """Of the vote over the paths."""
    a2r: float | None
    """Of the answer given: the synthesis, or the vote where it fell back."""
    oracle: float | None
    """Problems with any right path: pass@N."""
    scored: int
    """Problems counted."""


def accuracies(results: pa.Table) -> Accuracy:
    """Accuracy of each stage.

    Args:
        results: with the columns reference_answer, path_correct, vote_correct and correct of ``RESULT_SCHEMA``.
    """
    rows = results.filter(_scored(results))
    if not rows.num_rows:
        return Accuracy(None, None, None, None, 0)
    right, paths = _path_counts(rows)
    return Accuracy(
        path=float(np.mean(right / np.maximum(paths, 1))),
        vote=float(np.mean(_right(rows, "vote_correct"))),
        a2r=float(np.mean(_right(rows, "correct"))),
        oracle=float(np.mean(right > 0)),
        scored=rows.num_rows,
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

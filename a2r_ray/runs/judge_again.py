"""Judging again: results by another rule of what an answer is, from the texts that are stored; no model is asked.

Every step may be interrupted, and is then done again from the beginning.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from a2r_ray.method.conclude import UNANIMOUS, Conclude
from a2r_ray.method.stage import Case
from a2r_ray.records import RESULT_SCHEMA, Problem, Result, paths_of, table_of
from a2r_ray.runs import table
from a2r_ray.runs.ledger import StoredPaths
from a2r_ray.runs.storage import Storage


def judge_again(
    run: Storage,
    stored: StoredPaths,
    conclude: Conclude,
    own_kinds: Mapping[str, str],
    changed: Mapping[str, Problem] = MappingProxyType({}),
) -> int:
    """Makes what results say of answers anew; returns of how many.

    One whose vote stood without a synthesis, and does not stand by the new rule, is taken out: it is to be synthesized.

    Args:
        run: the run folder; no other process may write to it.
        stored: the paths that they were made of.
        conclude: says what an answer is.
        own_kinds: the kinds of answers that problems have of their own, by id.
        changed: problems whose known answer is not that of their result any more, by id.
    """
    count = 0
    for name in table.files(run, "results"):
        rows = pa.Table.from_batches(table.read(run, name), schema=RESULT_SCHEMA)
        judged = [again for part in _parts(rows) for again in _judged(part, stored, conclude, own_kinds, changed)]
        if rows.num_rows:
            table.write(run, name, table_of(judged, RESULT_SCHEMA))
        count += rows.num_rows
    return count


_PART = 256
"""Results whose paths are in memory at once."""


def _parts(rows: pa.Table) -> list[pa.Table]:
    return [rows.slice(begin, _PART) for begin in range(0, rows.num_rows, _PART)]


def _judged(
    rows: pa.Table,
    stored: StoredPaths,
    conclude: Conclude,
    own_kinds: Mapping[str, str],
    changed: Mapping[str, Problem],
) -> list[Result]:
    results = [_result(row) for row in rows.to_pylist()]
    lists = stored.of([result.problem_id for result in results])
    again = []
    for at, result in enumerate(results):
        problem = changed.get(result.problem_id) or _problem(result, own_kinds.get(result.problem_id))
        paths = paths_of(lists[at].values) if len(lists[at]) else []
        voted = conclude.count(Case(problem, tuple(paths[: len(result.path_answers)])))
        judged = conclude.judged(problem, voted, result.synthesis, result.error)
        if result.route == UNANIMOUS != judged["route"]:
            continue
        again.append(replace(result, reference_answer=problem.reference_answer, metadata=problem.metadata, **judged))
    return again


def _result(row: Mapping[str, Any]) -> Result:
    tuples = {name: tuple(row[name]) for name in ("path_answers", "path_correct", "references")}
    return Result(**{**row, **tuples})


def _problem(result: Result, own_kind: str | None) -> Problem:
    return Problem(
        problem_id=result.problem_id,
        problem=result.problem,
        messages=None if result.messages is None else tuple(json.loads(result.messages)),
        reference_answer=result.reference_answer,
        metadata=result.metadata,
        answer_kind=own_kind,
    )

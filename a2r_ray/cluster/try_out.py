"""A few cases taken through a method on a cluster, for ``a2r preview``; nothing is written."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import ray
from ray.data import Dataset

from a2r_ray.cluster import connection, graph, monitor
from a2r_ray.cluster.phases import explained, pool_health, tuned
from a2r_ray.cluster.rows import rows_of
from a2r_ray.cluster.steering import Steering
from a2r_ray.config.schema import Config
from a2r_ray.method.compile import Method, compile_phases, planned
from a2r_ray.method.stage import Case
from a2r_ray.records import PATH_SCHEMA, RESULT_SCHEMA, Path, Problem, Row, chat_text, table_of
from a2r_ray.replica.blocks import OURS, PATH_STRUCT, PATHS

_TEXT_COLUMNS = [(name, pa.string()) for name in ("problem_id", "problem", "reference_answer")]


def served_on_a_cluster(config: Config, cases: Sequence[Case]) -> list[tuple[Problem, list[Path], dict[str, Any]]]:
    """Takes cases through a config's method, each pool with its place in a cluster.

    Returns:
        Of each case its problem, its paths, and the fields of its result.
    """
    with connection.connected() as to, tuned(to):
        table = _dataset(cases)
        dataset = ray.data.from_arrow([table.slice(at, 1) for at in range(table.num_rows)])
        for phase in planned(config, connection.cluster(), compile_phases)[1]:
            rows = _rows(dataset, phase, len(cases))
            dataset = ray.data.from_items(rows)
    found = {row["problem_id"]: row for row in rows}
    return [_served(case.problem, found[case.problem.problem_id]) for case in cases]


def _rows(dataset: Dataset, phase: Method, cases: int) -> list[Row]:
    health = pool_health(phase)
    steering = Steering(phase, rows=1, cases=cases, cluster=connection.cluster)
    rows: list[Row] = []
    with (
        monitor.opened(connection.driver_node()) as watched,
        explained(watched),
        rows_of(graph.build(dataset, phase, rows=1, monitor=watched), steering) as coming,
    ):
        for row in coming:
            if row is None:
                snapshot = watched.snapshot()
                steering.look(snapshot)
                health.look(snapshot)
            else:
                rows.append(row)
    return rows


def _dataset(cases: Sequence[Case]) -> pa.Table:
    """The cases as a dataset that anybody might have."""
    problems = [case.problem for case in cases]
    columns = {name: pa.array([getattr(problem, name) for problem in problems], kind) for name, kind in _TEXT_COLUMNS}
    if any(problem.messages is not None for problem in problems):
        del columns["problem"]
        columns["messages"] = pa.array([chat_text(problem) for problem in problems], pa.string())
    paths = [table_of(case.paths, PATH_SCHEMA).to_pylist() for case in cases]
    return pa.table({**columns, PATHS: pa.array(paths, pa.list_(PATH_STRUCT))})


def _served(problem: Problem, row: Row) -> tuple[Problem, list[Path], dict[str, Any]]:
    paths = [Path(**path) for path in row[PATHS] or ()]
    return problem, paths, {name: row.get(f"{OURS}{name}") for name in RESULT_SCHEMA.names}

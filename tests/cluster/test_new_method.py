"""A stage that nobody knew, and a method with three pools, through the real pipeline, killed on the way.

All of it stands in this file: neither the replica, nor the graph, nor the run folder has heard of it.
"""

import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest

from a2r_ray.answers.finding import extract
from a2r_ray.cluster import driver
from a2r_ray.cluster.state import Progress
from a2r_ray.config.loading import parse_config
from a2r_ray.config.schema import Config
from a2r_ray.engines import Request
from a2r_ray.method.compile import Method, Pool, compile_method, in_phases
from a2r_ray.method.schedule import Schedule
from a2r_ray.method.stage import Case, Context, Outcome
from a2r_ray.records import Path as Sampled
from tests.chaos import replicas

pytestmark = pytest.mark.usefixtures("local_ray")


class SecondOpinion:
    """Has the large model solve each problem once by itself, as one more path of round 1."""

    name = "second_opinion"
    requests = 1
    concludes = False
    fingerprints = ("second-opinion",)

    def __init__(self, config: Config) -> None:
        assert config.synthesizer is not None
        self._role = config.synthesizer

    def __call__(self, cases: Sequence[Case], context: Context) -> list[Outcome]:
        assert context.engine is not None
        lacking = [case for case in cases if not any(path.round == 1 for path in case.paths)]
        asked = {case.problem.problem_id: context.engine.submit(self._request(case)) for case in lacking}
        made = {name: self._path(name, future.result(), context) for name, future in asked.items()}
        context.keep(list(made.values()))
        return [
            Case(case.problem, (*case.paths, made[case.problem.problem_id]))
            if case.problem.problem_id in made
            else case
            for case in cases
        ]

    def _request(self, case: Case) -> Request:
        problem = case.problem
        messages = [{"role": "user", "content": problem.problem}]
        return Request(messages, self._role.sampling, f"{problem.problem_id}/opinion", 1, problem.reference_answer)

    def _path(self, name: str, completion: Any, context: Context) -> Sampled:
        return Sampled(
            problem_id=name,
            path_index=0,
            round=1,
            explorer="second-opinion",
            model=self._role.model,
            text=completion.text,
            answer=extract(completion.text),
            finish_reason=completion.finish_reason,
            prompt_tokens=completion.prompt_tokens,
            completion_tokens=completion.completion_tokens,
            latency_s=completion.latency_s,
            replica=context.replica,
        )


def with_a_second_opinion(config: Config, layout: Schedule) -> list[Method]:
    explorer, synthesizer = compile_method(config, layout)
    opinion = Pool("opinion", (SecondOpinion(config),), config.synthesizer, "synthesizer", config.seed)
    return in_phases((explorer, opinion, synthesizer), layout)


def test_it_runs_and_continues_like_any_other(document: dict[str, Any]) -> None:
    for role in ("explorer", "synthesizer"):
        document[role]["simulated"] = {"latency_s": {"median": 0.3}}
        document[role]["engine_args"] = {"max_num_seqs": 8}
        document[role]["resources"] = {"cpus": 0.25}
    config = parse_config(document)
    killed = threading.Event()

    def kill_one(progress: Progress) -> None:
        if progress.doing:
            return
        assert [pool.name for pool in progress.pools] == ["explorer", "opinion", "synthesizer"]
        moved = sum(sample["stages"].get("second_opinion", 0) for sample in progress.replicas.values())
        if moved and not killed.is_set():
            victims = [each for each in replicas(os.getpid()) if "opinion" in " ".join(each.cmdline())]
            for victim in victims:
                psutil.Process(victim.pid).send_signal(signal.SIGKILL)
            killed.set()

    summary = driver.run(config, kill_one, compile_to=with_a_second_opinion)
    assert killed.is_set()
    assert summary.receipt["balanced"]
    assert (summary.receipt["ok"], summary.receipt["failed"]) == (20, 0)
    assert set(summary.seconds) == {"explorer", "opinion", "synthesizer"}
    paths = f"'{Path(config.output)}/paths/*.parquet'"
    keys = duckdb.sql(f"select round, count(*), count(distinct (problem_id, path_index)) from {paths} group by round")  # noqa: S608
    assert sorted(keys.fetchall()) == [(0, 80, 80), (1, 20, 20)]
    results = f"'{Path(config.output)}/results/*.parquet'"
    assert duckdb.sql(f"select distinct len(path_answers) from {results}").fetchall() == [(5,)]  # noqa: S608
    os.utime(str(config.input.path))  # or it would begin nothing
    receipt = driver.run(config, compile_to=with_a_second_opinion).receipt
    assert receipt["paths"]["sampled_this_attempt"] == 0


def test_it_runs_one_pool_after_the_other(document: dict[str, Any]) -> None:
    config = parse_config({**document, "schedule": "phased"})
    receipt = driver.run(config, compile_to=with_a_second_opinion).receipt
    assert (receipt["ok"], receipt["balanced"], receipt["paths"]["stored"]) == (20, True, 100)
    results = f"'{Path(config.output)}/results/*.parquet'"
    assert duckdb.sql(f"select distinct len(path_answers) from {results}").fetchall() == [(5,)]  # noqa: S608

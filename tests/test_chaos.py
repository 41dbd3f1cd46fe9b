"""Whatever is killed, the same command continues: nothing is lost, nothing doubled, little paid twice."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from tests.chaos import content, disturb, finish, write_config
from tests.nodes import Nodes

KILLS = 3
"""``make chaos`` has a hundred."""
PROBLEMS = 300


@contextmanager
def read_every_second(output: Path) -> Iterator[list[int]]:
    """Reads the results as a user would, all the while; yields how many there were each time."""
    seen: list[int] = []
    failures: list[str] = []
    ended = threading.Event()
    wanted = 'count(*), count(distinct problem_id), count(answer), min(len(path_answers)), min(len("references"))'

    def read() -> None:
        while not ended.wait(1):
            if not list((output / "results").glob("*.parquet")):
                continue
            try:
                [(rows, ids, answers, paths, references)] = duckdb.sql(
                    f"select {wanted} from '{output}/results/*.parquet'"  # noqa: S608 (a test's own path)
                ).fetchall()
            except duckdb.Error as error:
                failures.append(str(error))
                continue
            if not (rows == ids == answers and {paths, references} <= {4, None}):
                failures.append(f"{rows} rows, {ids} ids, {answers} answers, {paths} paths, {references} references")
            seen.append(rows)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()
    assert failures == []


def test_a_run_whose_drivers_and_replicas_are_killed_ends_as_one_that_was_left_alone(
    tmp_path: Path, cluster: Nodes
) -> None:
    finish(write_config(tmp_path, "quiet", PROBLEMS, latency_s=0), cluster)
    seed = random.randrange(2**32)
    config = write_config(tmp_path, "chaos", PROBLEMS)
    with read_every_second(tmp_path / "chaos") as seen:
        chaos = disturb(config, tmp_path / "chaos", KILLS, random.Random(seed), cluster)
    assert content(tmp_path / "chaos") == content(tmp_path / "quiet"), f"seed {seed}"
    assert chaos.driver_kills == KILLS, f"it was complete too early; seed {seed}"
    assert 0 < chaos.receipt["paths"]["reused"] < chaos.receipt["paths"]["stored"]
    # In flight are 16 requests of 64 tokens a replica, and 5 s of 160 paths/s wait for their flush at most.
    in_flight = 64 * (2 * 16 + 5 * 160) * (chaos.driver_kills + chaos.replica_kills)
    assert chaos.receipt["tokens"]["paid_twice"] <= in_flight
    assert len(set(seen)) > 1
    assert seen == sorted(seen)
    print(
        f"{chaos.share_paid_twice:.2%} of the tokens were paid twice; {chaos.replica_kills} replicas were killed, too"
    )

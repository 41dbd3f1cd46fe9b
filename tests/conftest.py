"""What tests share: small configs and problems, and a run folder to write to."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import ray
from ray._private import auto_init_hook
from xdist.scheduler import LoadScopeScheduling

from a2r_ray.config.loading import parse_config
from a2r_ray.config.schema import Config
from a2r_ray.records import PATH_SCHEMA, REJECT_SCHEMA, RESULT_SCHEMA, Problem, Reject, Result, table_of
from a2r_ray.records import Path as Sampled
from tests.endless import Endless
from tests.nodes import Nodes

# Another test computes meanwhile: by default Ray's workers would starve beside it, and an engine's threads would spin
# while one of them waits for its core.
os.environ |= {"RAY_worker_niceness": "0", "OMP_WAIT_POLICY": "passive"}
# As a run of the command has it: Ray Data would begin a process to gather usage statistics.
os.environ["RAY_DATA_USAGE_DISABLED"] = "1"
# Hundreds of processes import the package, and each would compile it anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

TOGETHER = {
    **dict.fromkeys(("chaos", "cli", "jobs", "s3", "storage_faults", "submit", "kuberay"), "on the cluster"),
    **dict.fromkeys(
        ("monitor", "driver", "rows", "private", "execution", "reader", "api", "new_method", "readme"),
        "on the Ray of the process",
    ),
    **dict.fromkeys(("vllm", "fingerprint"), "with vLLM"),
}
"""The tests of which files, or folders, share a process, and in it a Ray, or the import of vLLM."""

SLOW = (
    *("on the cluster", "on the Ray of the process", "vllm_end_to_end", "elastic"),
    *("recovery", "four_nodes", "placement", "with vLLM", "math_worker", "gym"),
)
"""What takes longest, and so begins first: what is short evens out when the processes end."""


def scope(file: Path) -> str:
    """What is given to a process as a whole: a file, or the files that share a Ray."""
    name = "vllm" if file.parent.name == "vllm" else file.stem.removeprefix("test_")
    return TOGETHER.get(name, name if name in SLOW else str(file))


class Scheduler(LoadScopeScheduling):
    """Gives a process whole files, and those that share a Ray to the same one."""

    def _split_scope(self, nodeid: str) -> str:
        return scope(Path(nodeid.partition("::")[0]))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduler:
    return Scheduler(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: SLOW.index(found) if (found := scope(item.path)) in SLOW else len(SLOW))


MakeConfig = Callable[..., Config]


@pytest.fixture
def problems_file(tmp_path: Path) -> Path:
    """Twenty sums with their answers."""
    path = tmp_path / "problems.jsonl"
    rows = [{"id": f"p{i}", "problem": f"What is {i} + {i}?", "answer": 2 * i, "topic": "sums"} for i in range(20)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def document(problems_file: Path, tmp_path: Path) -> dict[str, Any]:
    """A config of two simulated engines, as a user would write it."""
    return {
        "input": {"path": str(problems_file), "id_column": "id", "answer_column": "answer"},
        "output": str(tmp_path / "run"),
        "seed": 1,
        "explorer": {"engine": "simulated", "model": "sim-small", "paths": 4, "resources": {"cpus": 0.5}},
        "synthesizer": {"engine": "simulated", "model": "sim-large", "resources": {"cpus": 0.5}},
    }


@pytest.fixture
def config(document: dict[str, Any]) -> Config:
    """The same, parsed."""
    return parse_config(document)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """A Ray that is there already: for those who do not ask how a run gets one of its own, which takes seconds."""
    nodes = Nodes(tmp_path_factory.mktemp("cluster"), "--num-cpus=2")
    yield nodes
    nodes.close()


@pytest.fixture(scope="session")
def local_ray() -> Iterator[None]:
    """A Ray in this process, as if the program had connected already; to its end, for Ray outlives no second one."""
    auto_init_hook.enable_auto_connect = False  # a thread of Ray Data's that is left would begin another
    ray.init(address="local", num_cpus=2, num_gpus=1, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[Endless]:
    """A step that only force ends, or the end of the test."""
    folder = tmp_path / "endless"
    folder.mkdir()
    yield Endless(folder)
    shutil.rmtree(folder, ignore_errors=True)
    while folder.exists():  # a task made a file meanwhile
        shutil.rmtree(folder, ignore_errors=True)


def problem(number: int = 1, **fields: Any) -> Problem:
    """A problem with a known answer."""
    values = {
        "problem_id": f"p{number}",
        "problem": f"What is {number} + {number}?",
        "reference_answer": str(2 * number),
    }
    return Problem(**{**values, **fields})


def arrow(*records: Sampled | Result | Reject) -> pa.Table:
    """Records of one kind as rows of their table."""
    schemas = {Sampled: PATH_SCHEMA, Result: RESULT_SCHEMA, Reject: REJECT_SCHEMA}
    return table_of(list(records), schemas[type(records[0])])  # type: ignore[arg-type]

"""Jobs on a cluster of its own: what is sent, what comes back, and how they are stopped."""

import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ray.exceptions import AuthenticationError
from ray.job_submission import JobStatus

from a2r_ray.cluster import submit
from a2r_ray.cluster.parcel import Parcel
from a2r_ray.config.loading import parse_config
from a2r_ray.errors import A2RError, ConfigError, Stopped
from tests.chaos import A2R, replicas
from tests.nodes import Nodes, wait_until


@pytest.fixture
def folder(document: dict[str, Any], problems_file: Path, tmp_path: Path) -> Path:
    """A project whose config names its problems by a relative path, and its run folder by an absolute one."""
    project = tmp_path / "project"
    project.mkdir()
    problems_file.rename(project / "problems.jsonl")
    document["input"]["path"] = "problems.jsonl"
    (project / "c.yaml").write_text(yaml.safe_dump(document))
    return project


@pytest.fixture
def command(cluster: Nodes, folder: Path) -> Iterator[Any]:
    """Begins an `a2r submit` of the project, as from a machine that is no part of the cluster."""
    wait_until(lambda: cluster.job_server("/api/jobs/") is not None, 120, "the dashboard does not come up")
    environment = {name: value for name, value in cluster.environment.items() if name != "RAY_ADDRESS"}
    begun: list[subprocess.Popen[str]] = []

    def begin(*options: str, **variables: str) -> subprocess.Popen[str]:
        words = [*A2R, "submit", str(folder / "c.yaml"), "--address", cluster.dashboard, *options]
        pipe = subprocess.PIPE
        process = subprocess.Popen(words, env=environment | variables, stdout=pipe, stderr=pipe, text=True)
        begun.append(process)
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def test_a_run_is_followed_to_its_end(command: Any, document: dict[str, Any]) -> None:
    process = command()
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, out + err
    assert "2 files of" in err
    assert "complete" in out  # in a table, which cuts off the run's long name
    assert "a2r-progress" not in out + err
    assert "INFO" not in err  # Ray's client is quiet
    receipt = json.loads((Path(document["output"]) / "receipt.json").read_text())
    assert receipt["ok"] == 20


def test_rejects_have_their_exit_code_and_json_stands_alone(command: Any, folder: Path) -> None:
    with (folder / "problems.jsonl").open("a") as file:
        file.write("{broken\n")
    process = command("--json")
    out, err = process.communicate(timeout=240)
    assert process.returncode == 3, out + err
    assert json.loads(out)["failed"] == 1
    assert "Running entrypoint" in err


NOWHERE = "/proc/a2r"
"""Where nothing can be written, as only the run itself finds out."""


def test_a_failed_run_has_its_message_and_its_exit_code(command: Any) -> None:
    process = command("--set", f"output={NOWHERE}")
    out, err = process.communicate(timeout=240)
    assert process.returncode == 2, out + err
    assert f"error: output {NOWHERE}: " in out


def test_what_is_wrong_is_said_before_anything_is_sent(command: Any) -> None:
    process = command("--set", "input.path=elsewhere.jsonl", RAY_API_SERVER_ADDRESS="http://127.0.0.1:1")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert out == ""
    assert "error: input.path: elsewhere.jsonl: does not go along with the job" in err


def test_ctrl_c_stops_the_job_in_order(command: Any, cluster: Nodes, folder: Path, document: dict[str, Any]) -> None:
    document["explorer"] |= {"simulated": {"latency_s": {"median": 1.0}}, "engine_args": {"max_num_seqs": 2}}
    (folder / "c.yaml").write_text(yaml.safe_dump(document))
    process = command()
    output = Path(document["output"])
    wait_until(lambda: bool(list((output / "paths").glob("*.parquet"))), 120, "no path is written")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert "stopping job a2r-c-" in out
    assert "stopped by SIGINT; the same command continues" in err
    assert json.loads((output / "receipt.json").read_text())["outcome"] == "interrupted"
    wait_until(lambda: not replicas(cluster.head.pid), 20, "replicas are left")


ENDED = {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.STOPPED}


def test_a_detached_job_hands_over_its_name_the_package_and_the_variables(command: Any, cluster: Nodes) -> None:
    hidden = {"TOKEN_OF_MINE": "sk-hidden"}
    process = command("--detach", "--env", "TOKEN_OF_MINE", "--set", f"output={NOWHERE}", **hidden)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, out + err
    assert "$TOKEN_OF_MINE" in err
    assert "sk-hidden" not in out + err
    job = f"/api/jobs/{out.strip()}"
    wait_until(lambda: (cluster.job_server(job) or {}).get("status") in ENDED, 120, "the job does not end")
    details = cluster.job_server(job)
    assert details["driver_exit_code"] == 2  # as of one that is followed
    assert hidden.items() <= details["runtime_env"]["env_vars"].items()
    assert details["runtime_env"]["py_modules"][0].startswith("gcs://")
    assert "A2R_PROGRESS_LINES" not in details["runtime_env"]["env_vars"]


def role(**fields: Any) -> dict[str, Any]:
    return {"engine": "openai", "model": "m", "base_url": "http://localhost:1/v1", **fields}


def test_keys_are_handed_over_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    roles = {"explorer": role(api_key_env="KEY_A"), "synthesizer": role(api_key_env="KEY_B")}
    config = parse_config({"input": {"path": "x"}, "output": "/o", **roles})
    monkeypatch.setenv("KEY_A", "secret")
    monkeypatch.delenv("KEY_B", raising=False)
    monkeypatch.setenv("HF_TOKEN", "hf")
    assert submit.handed_over(config, ["HF_TOKEN"]) == {"KEY_A": "secret", "HF_TOKEN": "hf"}


def test_a_variable_is_named_never_given(config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ABSENT", raising=False)
    with pytest.raises(ConfigError) as caught:
        submit.handed_over(config, ["KEY=sk-hidden", "ABSENT"])
    assert caught.value.problems == [
        "--env KEY: only the name; the value is read from here",
        "--env ABSENT: no such environment variable here",
    ]


def test_an_order_is_what_it_says() -> None:
    parcel = Parcel(Path("/p"), {"e/c.yaml": 1})
    order = submit.Submission(
        Path("/p/e/c.yaml"), parcel, ["--set", "explorer.model=a b"], {"KEY": "sk-hidden"}, ["x==1"]
    )
    assert order.entrypoint().endswith(" run e/c.yaml --set 'explorer.model=a b'")
    assert "sk-hidden" not in repr(order) + order.entrypoint()
    env = order.runtime_env()
    assert env["env_vars"] == {"RAY_JOB_STOP_WAIT_TIME_S": "20", "KEY": "sk-hidden"}
    assert env["pip"] == ["x==1"]
    assert [Path(module).name for module in env["py_modules"]] == ["a2r_ray"]
    assert "py_modules" not in submit.Submission(Path("/p/e/c.yaml"), parcel, installed=True).runtime_env()


class Server:
    """A job server that goes away at times; the log is given from its beginning each time."""

    def __init__(self, *connections: str | Exception, **details: Any) -> None:
        self.connections = list(connections)
        self.stopped: list[str] = []
        self.details = SimpleNamespace(**{"driver_exit_code": None, "message": "why", **details})

    async def tail_job_logs(self, _name: str) -> AsyncIterator[str]:
        connection = self.connections.pop(0)
        if isinstance(connection, Exception):
            raise connection
        for start in range(0, len(connection), 4):
            yield connection[start : start + 4]

    def get_job_status(self, _name: str) -> Any:
        return JobStatus.RUNNING if self.connections else self.details.status

    def get_job_info(self, _name: str) -> Any:
        return self.details

    def stop_job(self, name: str) -> None:
        self.stopped.append(name)


def follow(server: Server, written: list[str]) -> int:
    return submit.follow(submit.Job(server, "http://c", "j"), written.append)


def test_a_lost_connection_is_made_again_and_nothing_is_shown_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submit, "_AGAIN_S", 0.0)
    written: list[str] = []
    server = Server("one\ntwo", OSError("gone"), "one\ntwo\nthree\n", status=JobStatus.SUCCEEDED)
    assert follow(server, written) == 0
    lost = [text for text in written if text.startswith("a2r: the connection to job j on http://c is lost")]
    assert len(lost) == 1
    assert "".join(text for text in written if text not in lost) == "one\ntwo\nthree\n"


def test_a_cluster_that_stays_away_ends_the_following_not_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submit, "_AGAIN_S", 0.0)
    monkeypatch.setattr(submit, "_PATIENCE_S", 0.0)
    server = Server("one", OSError("gone"), OSError("gone"), OSError("gone"), "")
    with pytest.raises(A2RError, match=r"out of sight .*ray job logs --follow j"):
        follow(server, [])
    assert server.stopped == []


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (JobStatus.SUCCEEDED, 0, 0),
        (JobStatus.FAILED, 3, 3),
        (JobStatus.FAILED, -9, 137),
        (JobStatus.STOPPED, None, 143),
    ],
)
def test_the_exit_code_is_that_of_the_run(status: JobStatus, code: int | None, expected: int) -> None:
    assert follow(Server("x", status=status, driver_exit_code=code), []) == expected


def test_a_job_that_never_began_says_why() -> None:
    with pytest.raises(A2RError, match="job j on http://c: why"):
        follow(Server("", status=JobStatus.FAILED), [])


@pytest.mark.parametrize(("status", "stopped"), [(JobStatus.STOPPED, True), (JobStatus.SUCCEEDED, False)])
def test_a_signal_stops_the_job_unless_it_was_over(status: JobStatus, stopped: bool) -> None:  # noqa: FBT001
    server = Server("one", status=status)
    signals = [Stopped(signal.SIGINT)]

    def write(text: str) -> None:
        if signals and text == "one":
            raise signals.pop()

    job = submit.Job(server, "http://c", "j")
    if stopped:
        with pytest.raises(Stopped):
            submit.follow(job, write)
    else:
        assert submit.follow(job, write) == 0
    assert server.stopped == ["j"]


def test_a_signal_while_it_is_sent_leaves_no_job(tmp_path: Path) -> None:
    server = Server()
    server.get_address = lambda: "http://c"  # type: ignore[attr-defined]
    begun: list[str] = []

    def submit_job(submission_id: str, **_: Any) -> None:
        begun.append(submission_id)
        raise Stopped(signal.SIGTERM)

    server.submit_job = submit_job  # type: ignore[attr-defined]
    with pytest.raises(Stopped):
        submit.submit(server, submit.Submission(tmp_path / "c.yaml", Parcel(tmp_path, {})))
    assert server.stopped == begun != []


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (AuthenticationError("no token"), "admits only who has its token"),
        (ConnectionError("refused"), "no answer: is the cluster up"),
        (RuntimeError("Request failed\nTraceback"), r"http://c: Request failed$"),
    ],
)
def test_who_does_not_answer_is_named_with_the_remedy(error: Exception, message: str) -> None:
    server = Server("x", status=JobStatus.SUCCEEDED)
    server.get_job_info = lambda _name: raise_(error)  # type: ignore[method-assign]
    with pytest.raises(A2RError, match=message):
        follow(server, [])


def raise_(error: Exception) -> None:
    raise error


def test_an_address_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name in ("RAY_ADDRESS", "RAY_API_SERVER_ADDRESS")]:
        monkeypatch.delenv(name)
    with pytest.raises(ConfigError, match="--address: missing"):
        submit.connect(None)

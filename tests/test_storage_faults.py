"""Storage that fails, is full, refuses or tears: said with the remedy, and after it the same command continues."""

import json
import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import yaml
from tenacity import wait_none

from a2r_ray.config.schema import Config
from a2r_ray.errors import OutputError, Stopped, StorageError
from a2r_ray.runs import storage as module
from a2r_ray.runs import table
from a2r_ray.runs.done import done_keys
from a2r_ray.runs.folder import RunFolder
from a2r_ray.runs.receipt import account
from a2r_ray.runs.storage import Storage
from a2r_ray.runs.table import TableWriter
from tests.chaos import A2R
from tests.conftest import arrow
from tests.nodes import Nodes
from tests.runs.test_ledger import path, stored, write
from tests.runs.test_supersede import result
from tests.runs.test_table import row
from tests.s3_server import Fault, S3Server, s3_server

MB = 1 << 20


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        running.files.create_dir("bucket")
        yield running


@pytest.fixture
def remote(server: S3Server, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """A run folder of each test's own on object storage, where nothing is waited for between two tries."""
    monkeypatch.setattr(module._send.retry, "wait", wait_none())
    monkeypatch.setattr(module, "_persisting", lambda call: module._send.retry.copy().wraps(call))
    server.requests()
    yield Storage(server.uri(f"bucket/{request.node.originalname}"))
    server.fail()


def append(run: Storage, name: str, *rows: Any) -> None:
    writer = TableWriter(run, name, "w", delay_s=0.0)
    writer.wait(writer.append(arrow(*rows)))
    writer.close()


# Writing


def test_an_upload_that_is_refused_once_is_tried_again(remote: Storage, server: S3Server) -> None:
    server.fail(Fault(r"PUT .*/rejects/w-00000\.parquet", times=1))
    append(remote, "rejects", row(1))
    assert table.count(remote, "rejects") == 1
    assert [request[-4:] for request in server.requests() if request.startswith("PUT")].count(" 403") == 1


def test_an_upload_that_is_refused_for_good_is_an_error_with_its_name_and_the_remedy(
    remote: Storage, server: S3Server
) -> None:
    append(remote, "rejects", row(1))
    server.fail(Fault("PUT .*/rejects/"))
    with pytest.raises(StorageError) as caught:
        append(remote, "rejects", row(1), row(2))
    text = str(caught.value)
    assert text.startswith(f"{remote.shown}/rejects: cannot be written: ")
    assert "ACCESS_DENIED" in text
    assert text.endswith("(w-00000.parquet); free the space or restore the access, then run the same command again")
    assert caught.value.exit_code == 1
    assert table.count(remote, "rejects") == 1
    server.fail()
    append(remote, "rejects", row(1), row(2))
    assert table.count(remote, "rejects") == 2


def test_a_try_that_comes_too_late_writes_nothing(remote: Storage, server: S3Server) -> None:
    tries = []

    def may_write() -> None:
        tries.append(1)
        if len(tries) > 1:
            raise OutputError("another attempt has taken this folder over")

    server.fail(Fault("PUT .*/rejects/", times=1))
    writer = TableWriter(remote, "rejects", "w", may_write=may_write)
    with pytest.raises(OutputError, match=r"^another attempt has taken this folder over$"):
        writer.wait(writer.append(arrow(row(1))))
    assert table.files(remote, "rejects") == []


def test_a_bucket_that_is_not_there_is_said_at_once(server: S3Server, config: Config) -> None:
    server.requests()
    with pytest.raises(StorageError, match=r"^s3://no-bucket/run: cannot be written: .*NO_SUCH_BUCKET.*\(run\.json\)"):
        RunFolder.open(config.model_copy(update={"output": server.uri("no-bucket/run")}))
    assert sum(request.startswith("POST") for request in server.requests()) == 1


@pytest.mark.parametrize("times", [1, 1000])
def test_no_part_of_an_upload_that_failed_midway_is_ever_seen(times: int, remote: Storage, server: S3Server) -> None:
    remote.write("f", b"old")
    server.fail(Fault(r"PUT .*/f\?partNumber=2&", times=times))
    new = os.urandom(25 * MB)
    if times == 1:
        remote.write("f", new)
        assert remote.read("f") == new
    else:
        with pytest.raises(StorageError, match=r": cannot be written: .* \(f\); free the space"):
            remote.write("f", new)
        assert remote.read("f") == b"old"
    assert remote.entries() == ["f"]


def test_a_signal_between_an_uploads_opening_and_its_first_byte_completes_no_empty_file(
    remote: Storage, server: S3Server
) -> None:
    class Interrupted:
        """A file system at which a signal arrives as soon as a stream is open."""

        def open_output_stream(self, target: str) -> Any:
            stream = server.files.open_output_stream(target)
            signal.raise_signal(signal.SIGTERM)
            return stream

    def stop(signum: int, _: FrameType | None) -> None:
        raise Stopped(signum)

    remote.write("run.json", b"old")
    handled = signal.signal(signal.SIGTERM, stop)
    try:
        with pytest.raises(Stopped):
            module._upload(Interrupted(), f"{remote.open()[1]}/run.json", b"new", lambda: None)
    finally:
        signal.signal(signal.SIGTERM, handled)
    assert remote.read("run.json") == b"new"


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Has the system end each write at this place of its file, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_is_full_leaves_whole_files_and_is_an_error_for_all_who_wait(tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    writer = TableWriter(run, "rejects", "w", delay_s=0.0)
    writer.wait(writer.append(arrow(row(1))))
    large = replace(row(2), row=os.urandom(50_000).hex())
    with no_file_larger_than(10_000):
        ticket = writer.append(arrow(large))
        for _ in range(2):
            with pytest.raises(StorageError) as caught:
                writer.wait(ticket)
            assert str(caught.value).startswith(
                f"{tmp_path}/rejects: cannot be written: File too large (w-00000.parquet)"
            )
            assert caught.value.exit_code == 1
    assert [entry.name for entry in (tmp_path / "rejects").iterdir()] == ["w-00000.parquet"]
    assert table.count(run, "rejects") == 1


def test_what_a_killed_process_left_beside_run_json_goes(config: Config) -> None:
    RunFolder.open(config).finish("interrupted")
    for folder in ("", "paths", "superseded"):
        torn = Path(config.output) / folder / ".x.json.0abc.unfinished"
        torn.parent.mkdir(exist_ok=True)
        torn.write_text("{")
    RunFolder.open(config)
    assert list(Path(config.output).rglob("*.unfinished")) == []


# Reading


def test_a_file_is_whole_or_damaged_wherever_it_was_torn(tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    write(run, "a", [path(f"p{number}", 0) for number in range(50)])
    [file] = (tmp_path / "paths").iterdir()
    whole = file.read_bytes()
    for size in range(0, len(whole), 23):
        file.write_bytes(whole[:size])
        with pytest.raises(StorageError, match=rf"{file.name}: damaged: .*; move the file out of the folder and run"):
            table.count(run, "paths")


def test_bits_that_turned_are_never_read_as_other_rows(tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    write(run, "a", [path(f"p{number}", 0) for number in range(50)])
    [file] = (tmp_path / "paths").iterdir()
    whole, [rows] = file.read_bytes(), list(table.scan(run, "paths"))
    footer = int.from_bytes(whole[-8:-4], "little")
    damaged = 0
    for at in range(4, len(whole) - footer - 8, 11):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        read, told = attempted(lambda run: list(table.scan(run, "paths")), run)
        assert f"{file.name}: damaged: " in told if told else read == [rows]
        damaged += bool(told)
    assert damaged > 100


def attempted(read: Callable[[Storage], Any], run: Storage) -> tuple[Any, str]:
    """What it returns, or the message of the StorageError that it raises."""
    try:
        return read(run), ""
    except StorageError as error:
        return None, str(error)


READERS: list[Callable[[Storage], Any]] = [
    done_keys,
    lambda run: stored(run, "p1"),
    lambda run: account(run, None, "interrupted", 0),
]


@pytest.mark.parametrize("name", ["paths", "results", "rejects"])
def test_whoever_reads_a_damaged_file_names_it_and_the_remedy(config: Config, name: str, tmp_path: Path) -> None:
    run = Storage(str(tmp_path))
    records: dict[str, Any] = {"paths": path("p1", 0), "results": result(config, 1, 1), "rejects": row(1)}
    append(run, name, records[name])
    [file] = (tmp_path / name).iterdir()
    content = file.read_bytes()
    file.write_bytes(content[:4] + bytes(200) + content[204:])  # the footer is whole
    assert table.count(run, name) == 1
    messages = [told for read in READERS if (told := attempted(read, run)[1])]
    for told in messages:
        assert f"{name}/{file.name}: damaged: " in told
        assert told.endswith(
            "move the file out of the folder and run the same command again: what it held is made again"
        )
    assert len(messages) == {"paths": 2, "results": 2, "rejects": 1}[name]  # not all of them read every table


def test_a_file_that_cannot_be_reached_is_not_called_damaged(remote: Storage, server: S3Server) -> None:
    append(remote, "rejects", row(1))
    server.fail(Fault("(HEAD|GET) .*/rejects/w"))
    with pytest.raises(StorageError, match=r"rejects/w-00000\.parquet: cannot be read: .*ACCESS_DENIED.*; restore"):
        table.count(remote, "rejects")
    server.fail(Fault("GET .*prefix=[^&]*rejects"))
    with pytest.raises(StorageError, match=r"/rejects: cannot be read: .*ACCESS_DENIED.*; restore the access"):
        table.count(remote, "rejects")


# The command


def test_a_run_ends_with_the_reason_and_continues_after_the_remedy(
    document: dict[str, Any], tmp_path: Path, cluster: Nodes
) -> None:
    document["explorer"] |= {
        "simulated": {"latency_s": {"median": 0.15, "sigma": 0.5}},
        "engine_args": {"max_num_seqs": 4},
    }
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(document))
    command = [*A2R, "run", str(config), "--json"]
    run = Path(document["output"])
    paths, kept = run / "paths", run.with_name("kept")

    # Mid-run, the table's folder becomes one in which nobody may write, root included.
    used: dict[str, Any] = {"text": True, "env": cluster.environment}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, **used)
    deadline = time.monotonic() + 60
    while not list(paths.glob("*.parquet")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    paths.rename(kept)
    paths.symlink_to("/sys/kernel")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1, errors
    [first] = [line for line in errors.splitlines() if line.startswith("error: ")]
    assert first.startswith(f"error: {paths}: cannot be written: ")
    assert first.endswith("free the space or restore the access, then run the same command again")
    paths.unlink()
    kept.rename(paths)

    # Then a file is torn.
    [torn, *_] = sorted(paths.glob("*.parquet"))
    torn.write_bytes(torn.read_bytes()[:-100])
    done = subprocess.run(command, capture_output=True, timeout=60, check=False, **used)
    assert done.returncode == 1
    assert f"\nerror: {torn}: damaged: " in f"\n{done.stderr}"
    assert "move the file out of the folder and run the same command again" in done.stderr
    shutil.move(torn, tmp_path)

    done = subprocess.run(command, capture_output=True, timeout=120, check=False, **used)
    assert done.returncode == 0, done.stderr
    receipt = json.loads(done.stdout)
    assert receipt["balanced"]
    assert (receipt["ok"], receipt["outcome"]) == (20, "complete")
    record = json.loads((run / "run.json").read_text())
    assert [attempt["outcome"] for attempt in record["attempts"]] == ["failed", "failed", "complete"]

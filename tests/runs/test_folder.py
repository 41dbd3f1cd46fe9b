"""A run folder is continued by its own config, refused to any other, and never overwrites something else."""

import fcntl
import json
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from a2r_ray import prompts
from a2r_ray.config.loading import parse_config
from a2r_ray.config.schema import Config
from a2r_ray.errors import OutputError, Stopped
from a2r_ray.records import Reject, hash_of
from a2r_ray.runs import folder as folder_module
from a2r_ray.runs.folder import Given, RunFolder
from a2r_ray.runs.record import check_attempt, read_record
from a2r_ray.runs.status import status
from a2r_ray.runs.storage import Storage
from tests.conftest import problem
from tests.runs.test_ledger import path, write
from tests.runs.test_receipt import fill
from tests.runs.test_supersede import ids, put, result


def test_attempts_are_recorded(config: Config) -> None:
    RunFolder.open(config).finish("interrupted")
    RunFolder.open(config).finish("complete")
    record = read_record(Storage(config.output))
    assert [attempt["outcome"] for attempt in record["attempts"]] == ["interrupted", "complete"]
    assert record["explorer"] == config.explorer_fingerprint
    assert record["synthesizer"] == config.synthesizer_fingerprint
    assert record["simulated"] == ["explorer", "synthesizer"]
    assert record["versions"]["ray"]


def test_a_changed_input_is_refused_or_done_anew(config: Config) -> None:
    folder = RunFolder.open(config, Given(3, "v1", list))
    run = folder.storage
    put(run, "results", "w", [result(config, number, 4) for number in (1, 2, 3)])
    put(run, "paths", "w", [replace(path("p2", 0), problem_hash=hash_of(problem(2))), path("p1", 0)])
    put(run, "rejects", "w", [Reject(None, "f", 4, "input", "k", "e", "r")])
    folder.finish("complete")
    changed = [problem(1), problem(2, problem="another?"), problem(3, reference_answer="1")]
    given = Given(3, "v2", lambda: changed)
    with pytest.raises(
        OutputError, match="the question of 1: p2; the known answer, its kind or its choices, of 1: p3"
    ) as refused:
        RunFolder.open(config, given)
    assert "--changed redo" in str(refused.value)
    assert len(read_record(run)["attempts"]) == 1
    assert ids(run, "results") == ["p1", "p2", "p3"]
    for _ in range(2):  # what was interrupted before it was judged is done again
        folder = RunFolder.open(config, given, redo_changed=True)
        assert (ids(run, "results"), ids(run, "superseded")) == (["p1", "p3"], ["p2"])
        assert (ids(run, "paths"), ids(run, "superseded_paths")) == (["p1"], ["p2"])
        assert ids(run, "rejects") == []  # the reader makes them anew
        assert not folder.is_judged
        assert list(folder.to_judge) == ["p3"]
        folder.finish("interrupted")
    with pytest.raises(OutputError, match="the known answer, its kind or its choices, of 1: p3"):
        RunFolder.open(config, given)
    folder = RunFolder.open(config, given, redo_changed=True)
    assert folder.judge_again(lambda: 2) == 2
    folder.finish("interrupted")
    folder = RunFolder.open(config, Given(3, "v2", lambda: pytest.fail("it is read")))
    assert folder.is_judged
    folder.finish("interrupted")


def test_another_text_of_a_brought_path_is_refused_or_done_anew(config: Config) -> None:
    folder = RunFolder.open(config, Given(2, "v1", list))
    run = folder.storage
    write(run, "a", [path("p1", 0), path("p2", 0)])
    fill(run, config, [1, 2], rejected=0)
    folder.finish("complete")
    given = Given(2, "v2", lambda: [problem(1), problem(2)], lambda _: ["p2"])
    with pytest.raises(OutputError, match=r"a brought path \(its text, or that it is there\) of 1: p2"):
        RunFolder.open(config, given)
    RunFolder.open(config, given, redo_changed=True).finish("interrupted")
    assert (ids(run, "results"), ids(run, "paths")) == (["p1"], ["p1"])


def test_what_the_input_has_no_more_is_refused_or_taken_out(config: Config) -> None:
    folder = RunFolder.open(config, Given(2, "v1", list))
    run = folder.storage
    write(run, "a", [path("p1", 0), path("p2", 0)])
    fill(run, config, [1, 2], rejected=0)
    folder.finish("complete")
    given = Given(1, "v2", lambda: [problem(1)], lambda _: ["p2"])
    with pytest.raises(OutputError, match=r"answered: the row \(gone, or rejected now\) of 1: p2\n.*--changed redo"):
        RunFolder.open(config, given)
    RunFolder.open(config, given, redo_changed=True).finish("interrupted")
    assert (ids(run, "results"), ids(run, "superseded")) == (["p1"], ["p2"])


def test_an_input_that_was_only_touched_is_read_and_goes_on(config: Config) -> None:
    RunFolder.open(config, Given(1, "v1", list)).finish("interrupted")
    RunFolder.open(config, Given(1, "v2", lambda: [problem(1)])).finish("interrupted")
    assert read_record(Storage(config.output))["input_version"] == "v2"


def test_an_input_that_is_as_it_was_is_not_read(config: Config) -> None:
    RunFolder.open(config, Given(1, "v1", list)).finish("interrupted")
    RunFolder.open(config, Given(1, "v1", lambda: pytest.fail("it is read"))).finish("interrupted")


def test_what_a_signal_breaks_off_is_interrupted(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stopped, "asked", Stopped(signal.SIGINT))
    with pytest.raises(SystemError), RunFolder.open(config):
        raise SystemError("Ray's native code was broken off")
    assert read_record(Storage(config.output))["attempts"][-1]["outcome"] == "interrupted"


def test_a_folder_of_an_earlier_version_is_refused(config: Config) -> None:
    RunFolder.open(config).finish("complete")
    file = Path(config.output) / "run.json"
    record = json.loads(file.read_text())
    del record["judged_by"]
    file.write_text(json.dumps(record))
    for opens in (lambda: RunFolder.open(config), lambda: status(config.output)):
        with pytest.raises(
            OutputError, match=r"run\.json: it lacks judged_by: .* by an earlier version of a2r; restore"
        ):
            opens()


def test_a_folder_with_something_else_is_refused(config: Config) -> None:
    folder = Path(config.output)
    folder.mkdir()
    (folder / "thesis.doc").write_text("ten years of work")
    with pytest.raises(OutputError, match=r"holds something else \(thesis\.doc\)"):
        RunFolder.open(config)
    assert [entry.name for entry in folder.iterdir()] == ["thesis.doc"]


def test_another_config_is_refused_with_the_fields_that_differ(document: dict[str, Any]) -> None:
    RunFolder.open(parse_config(document)).finish("complete")
    document["synthesizer"]["model"] = "other"
    document["explorer"]["sampling"] = {"temperature": 1.0}
    with pytest.raises(OutputError) as caught:
        RunFolder.open(parse_config(document))
    text = str(caught.value)
    assert "synthesizer.model: 'sim-large' there, 'other' now" in text
    assert "explorer.sampling.temperature: 0.6 there, 1.0 now" in text
    assert "set `output` to a new folder" in text


def test_scheduling_may_change_between_attempts(document: dict[str, Any]) -> None:
    RunFolder.open(parse_config(document)).finish("complete")
    document["explorer"] |= {
        "engine_args": {"max_num_seqs": 3},
        "replicas": {"min": 1, "max": 9},
        "price": {"input": 1, "output": 2},
    }
    document |= {"schedule": "phased"}
    RunFolder.open(parse_config(document))


def test_an_unwritable_folder_is_said_at_the_start(document: dict[str, Any], tmp_path: Path) -> None:
    config = parse_config({**document, "output": str(tmp_path / "file" / "run")})
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        RunFolder.open(config)


def test_a_full_disk_is_said_at_the_start(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    usage = shutil.disk_usage("/")._replace(free=1 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(OutputError, match="only 1 MiB are free"):
        RunFolder.open(config)


def test_no_secret_is_written(document: dict[str, Any]) -> None:
    document["explorer"]["engine_args"] = {"hf_token": "hf_secret"}
    RunFolder.open(parse_config(document))
    assert "hf_secret" not in (Path(document["output"]) / "run.json").read_text()


def test_paths_and_limit_may_grow_and_not_shrink(document: dict[str, Any]) -> None:
    document["input"]["limit"] = 10
    RunFolder.open(parse_config(document)).finish("complete")
    document["explorer"]["paths"] = 8
    document["input"]["limit"] = 20
    RunFolder.open(parse_config(document)).finish("complete")
    document["explorer"]["paths"] = 4
    document["input"]["limit"] = 10
    with pytest.raises(OutputError) as caught:
        RunFolder.open(parse_config(document))
    assert "explorer.paths: 8 there, 4 now; it may grow, but not shrink" in str(caught.value)
    assert "input.limit: 20 there, 10 now" in str(caught.value)


def test_another_default_prompt_is_refused(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    RunFolder.open(config).finish("complete")
    monkeypatch.setattr(prompts, "EXPLORE", "Solve this: {problem}")
    with pytest.raises(OutputError, match=r"explorer\.prompt: its default is not that of version"):
        RunFolder.open(config)


def test_only_the_last_attempt_may_write(config: Config) -> None:
    first = RunFolder.open(config)
    check_attempt(first.storage, first.attempt)
    first.finish("interrupted")
    second = RunFolder.open(config)
    check_attempt(second.storage, second.attempt)
    with pytest.raises(OutputError, match="has taken this folder over"):
        check_attempt(first.storage, first.attempt)
    with pytest.raises(OutputError, match="has taken this folder over"):
        first.finish("failed")
    assert len(read_record(second.storage)["attempts"]) == 2


def test_a_folder_that_is_being_run_is_refused(config: Config) -> None:
    held = RunFolder.open(config)
    with pytest.raises(OutputError, match="another process is running it"):
        RunFolder.open(config)
    assert len(read_record(held.storage)["attempts"]) == 1
    held.finish("complete")
    RunFolder.open(config)


def test_what_a_killed_writer_left_is_removed(config: Config) -> None:
    RunFolder.open(config).finish("interrupted")
    torn = Path(config.output) / "paths" / ".w-00000.parquet.0abc.unfinished"
    torn.parent.mkdir()
    torn.write_bytes(b"PAR1 half")
    RunFolder.open(config)
    assert not torn.exists()


def test_what_is_no_run_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"no run\.json"):
        read_record(Storage(str(tmp_path)))
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(OutputError, match="not JSON"):
        read_record(Storage(str(tmp_path)))
    records: list[Any] = [None, [], "run", {}, {"config": {}, "attempts": []}, {"config": {}, "attempts": [3]}]
    for record in records:
        (tmp_path / "run.json").write_text(json.dumps(record))
        with pytest.raises(OutputError, match=r"run\.json: it lacks "):
            read_record(Storage(str(tmp_path)))


@pytest.mark.parametrize("holds", ["nothing", "no such folder", "something else", "another config"])
def test_a_folder_that_is_refused_is_left_as_it_was(document: dict[str, Any], tmp_path: Path, holds: str) -> None:
    folder = Path(document["output"]) / "deep" / "er"
    document["output"] = str(folder)
    if holds == "something else":
        folder.mkdir(parents=True)
        (folder / "notes.txt").write_text("mine")
    if holds == "another config":
        RunFolder.open(parse_config(document)).finish("complete")
        document["explorer"]["model"] = "other"
    before = {path: path.is_dir() or path.read_bytes() for path in tmp_path.rglob("*")}
    config = parse_config(document)
    if holds in ("nothing", "no such folder"):
        if holds == "nothing":
            folder.mkdir(parents=True)
            before = {path: path.is_dir() or path.read_bytes() for path in tmp_path.rglob("*")}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("a2r_ray.runs.folder._existing", refuse)
            with pytest.raises(OutputError):
                RunFolder.open(config)
    else:
        with pytest.raises(OutputError):
            RunFolder.open(config)
    assert {path: path.is_dir() or path.read_bytes() for path in tmp_path.rglob("*")} == before


def refuse(*_: Any) -> None:
    raise OutputError("refused")


def test_the_record_is_read_while_nobody_else_may_write_it(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    existing = folder_module._existing
    read: list[int] = []

    def watched(storage: Storage, given: dict[str, Any]) -> Any:
        with (Path(config.output) / ".lock").open("w") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        read.append(1)
        return existing(storage, given)

    monkeypatch.setattr(folder_module, "_existing", watched)
    RunFolder.open(config).finish("complete")
    assert read == [1]


def test_a_redo_that_is_broken_off_is_looked_at_again_whatever_the_input_s_version(config: Config) -> None:
    folder = RunFolder.open(config, Given(1, "v1", list))
    put(folder.storage, "results", "w", [result(config, 1, 1)])
    folder.finish("complete")
    other = Given(1, "v2", lambda: [problem(1, reference_answer="777")])
    RunFolder.open(config, other, redo_changed=True).finish("failed")  # before it has judged
    with pytest.raises(OutputError, match="the known answer, its kind or its choices, of 1: p1"):
        RunFolder.open(config, other)
    put(folder.storage, "results", "w", [replace(result(config, 1, 1), reference_answer="777")])  # or in its middle
    undone = Given(1, "v1", lambda: [problem(1)])
    with pytest.raises(OutputError, match="its choices, of 1: p1"):
        RunFolder.open(config, undone)
    folder = RunFolder.open(config, undone, redo_changed=True)
    assert list(folder.to_judge) == ["p1"]
    folder.judge_again(lambda: 1)
    folder.finish("complete")
    assert read_record(folder.storage)["input_version"] == "v1"


def test_an_attempt_that_is_killed_in_a_redo_is_told(config: Config) -> None:
    folder = RunFolder.open(config, Given(1, "v1", list))
    put(folder.storage, "results", "w", [result(config, 1, 1)])
    folder.finish("complete")
    other = Given(1, "v2", lambda: [problem(1, reference_answer="777")])
    killed = RunFolder.open(config, other, redo_changed=True)
    assert killed._lock is not None
    killed._lock.close()
    with pytest.raises(OutputError, match="broken off in the middle of a redo, which --changed redo finishes"):
        RunFolder.open(config, Given(1, "v3", lambda: [problem(1, reference_answer="778")]))


def test_a_redo_looks_for_changes_whatever_the_version(config: Config) -> None:
    folder = RunFolder.open(config, Given(1, "v1", list))
    write(folder.storage, "a", [path("p1", 0)])
    put(folder.storage, "results", "w", [result(config, 1, 1)])
    folder.finish("complete")
    given = Given(1, "v1", lambda: [problem(1, problem="another?")])
    RunFolder.open(config, given).finish("complete")
    RunFolder.open(config, given, redo_changed=True).finish("complete")
    assert ids(folder.storage, "results") == []


def test_an_input_that_changes_while_it_is_read_is_looked_at_the_next_time(config: Config) -> None:
    folder = RunFolder.open(config, Given(1, "v1", list))
    folder.forget_version("v1")
    assert folder.record["input_version"] == "v1"
    folder.forget_version("v2")
    put(folder.storage, "results", "w", [result(config, 1, 1)])
    folder.finish("complete")
    with pytest.raises(OutputError, match="the question of 1: p1"):
        RunFolder.open(config, Given(1, "v1", lambda: [problem(1, problem="another?")]))

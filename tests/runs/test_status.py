"""A run folder tells how far it is, whatever runs or does not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from a2r_ray.config.schema import Config
from a2r_ray.errors import OutputError
from a2r_ray.records import now, stamp
from a2r_ray.runs.folder import Given, RunFolder
from a2r_ray.runs.status import lines, status
from tests.runs.test_ledger import path, write
from tests.runs.test_receipt import fill
from tests.runs.test_supersede import result


def test_it_counts_what_is_stored_and_the_tokens_of_the_last_minute(config: Config) -> None:
    folder = RunFolder.open(config, Given(7, "", list))
    run = folder.storage
    old = [replace(path("p1", index), finished_at=stamp() - 5 * 60 * 1_000_000) for index in range(3)]
    write(run, "a", [*old, path("p2", 0), path("p2", 1)])
    fill(run, config, [1, 2], rejected=1)
    found = status(config.output)
    assert (found["outcome"], found["attempts"], found["rows"], found["ended"]) == ("running", 1, 7, None)
    assert (found["paths"], found["results"], found["rejects"]) == (5, 2, 1)
    assert found["routes"] == {"synthesized": 2}
    recent = [path("p2", 0).completion_tokens] * 2 + [
        result(config, number, 2).synthesizer_completion_tokens for number in (1, 2)
    ]
    assert 0 < found["tokens_per_s"] <= sum(recent)  # of the seconds since it began
    assert found["last_result"] > (now() - timedelta(minutes=1)).isoformat()
    assert found["simulated"] == ["explorer", "synthesizer"]
    shown = dict(line.split(maxsplit=1) for line in lines(found))
    assert (shown["routes"], shown["simulated"]) == ("2 synthesized", "explorer and synthesizer")
    assert "ended" not in shown
    assert "held" not in found
    folder.finish("interrupted")
    assert (status(config.output)["outcome"], status(config.output)["tokens_per_s"]) == ("interrupted", None)


def test_an_empty_run_has_no_last_result(config: Config) -> None:
    folder = RunFolder.open(config)
    found = status(config.output)
    assert (found["paths"], found["tokens_per_s"], found["last_result"]) == (0, 0.0, None)
    folder.finish("interrupted")


def test_a_run_that_ended_without_a_word_is_told_apart(config: Config) -> None:
    folder = RunFolder.open(config)
    assert "held" not in status(config.output)
    assert folder._lock is not None
    folder._lock.close()  # as where its process is killed
    found = status(config.output)
    assert found["outcome"] == "running"
    assert found["held"].startswith("by no process of this machine")
    assert found["tokens_per_s"] is None
    assert any(line.startswith("held ") for line in lines(found))
    RunFolder.open(config).finish("complete")
    assert "held" not in status(config.output)


def test_another_folder_is_no_run(tmp_path: object) -> None:
    with pytest.raises(OutputError, match="not a run folder"):
        status(str(tmp_path))

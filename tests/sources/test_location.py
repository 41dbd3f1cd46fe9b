"""What of a folder or a pattern is input: nothing that a run wrote, nor what a dataset says of itself."""

import os
from pathlib import Path

import pytest
from pyarrow import fs

from a2r_ray.answers.judging import Answers
from a2r_ray.config.enclosing import encloses
from a2r_ray.config.input import InputConfig
from a2r_ray.errors import InputError
from a2r_ray.records import Problem, Reject
from a2r_ray.sources import doubts, first_rows, open_source, read_problems
from a2r_ray.sources.file import find
from a2r_ray.sources.location import Location
from tests.sources.test_file import lines, put, table


def names(path: object) -> list[str]:
    return [Path(file.name).name for file in find(str(path))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Data, and beside it a run, what other tools leave, and a run deeper down."""
    put(tmp_path / "in" / "a.jsonl", lines("a"))
    put(tmp_path / "in" / "deep" / "b.parquet", table("b"))
    for run in ("run", "deep/run"):
        for name in ("run.json", "receipt.json", "results/0.parquet", "paths/0.parquet", "export.jsonl"):
            put(tmp_path / "in" / run / name)
    for name in (
        "dataset_info.json",
        "state.json",
        "deep/dataset_dict.json",
        "_SUCCESS",
        ".a.jsonl.crc",
        "a.jsonl.md5",
    ):
        put(tmp_path / "in" / name)
    return tmp_path / "in"


@pytest.mark.parametrize("path", ["{}", "{}/", "{}/**", "{}/*", "file://{}", "file://{}/**"])
def test_what_runs_and_tools_leave_is_no_input(folder: Path, path: str) -> None:
    expected = ["a.jsonl"] if path.endswith("/*") else ["a.jsonl", "b.parquet"]
    assert names(path.format(folder)) == expected


def test_what_is_left_out_is_told(folder: Path) -> None:
    for source in ("file", "paths"):
        given = {"source": source, "path": str(folder), "paths_column": "problem"}
        [told] = doubts(open_source(InputConfig.model_validate(given)), [], Answers())
        assert told == f"{folder}/deep/run, and 1 more: left out, as the folder of a run is no input"
    assert doubts(open_source(InputConfig(path=f"{folder}/a.jsonl")), [], Answers()) == []


def test_a_file_without_the_known_answers_of_the_others_is_told(tmp_path: Path) -> None:
    for name, column in (("a", "answer"), ("b", "anwser"), ("c", "result")):
        (tmp_path / f"{name}.csv").write_text(f"problem,{column}\nq{name},1\n")
    (tmp_path / "d.jsonl").write_text('{"problem": "d"}\n')
    [told] = doubts(open_source(InputConfig(path=str(tmp_path), answer_column="answer")), [], Answers())
    assert told == (
        f"{tmp_path}/b.csv, and 1 more: no column `answer` (input.answer_column), so nothing of it is scored"
    )
    assert doubts(open_source(InputConfig(path=str(tmp_path))), [], Answers()) == []


def test_what_is_named_is_read_whatever_it_is(folder: Path) -> None:
    assert names(folder / "state.json") == ["state.json"]
    assert names(folder / "run" / "results") == ["0.parquet"]
    assert names(folder / "run" / "paths" / "*.parquet") == ["0.parquet"]


@pytest.mark.parametrize("source", ["file", "huggingface"])
def test_the_folder_of_a_run_is_refused_with_the_remedy(folder: Path, source: str) -> None:
    with pytest.raises(InputError, match=r"it is the folder of a run .*set input\.source to `paths`"):
        open_source(InputConfig.model_validate({"source": source, "path": f"{folder}/run"}))


def test_a_dataset_with_the_folder_of_a_run_in_it_is_refused_with_the_remedy(folder: Path) -> None:
    (folder / "state.json").write_text("{}")
    with pytest.raises(InputError, match="cannot be loaded"):
        open_source(InputConfig(source="huggingface", path=str(folder)))
    (folder / "state.json").unlink()
    with pytest.raises(InputError, match=r"it holds the folder of a run, .*/deep/run: .*move it"):
        open_source(InputConfig(source="huggingface", path=str(folder)))


@pytest.mark.parametrize("pattern", ["*/*.json", "run/*", "run/**/*.parquet", "*/results/*"])
def test_a_pattern_that_matches_only_what_a_run_wrote_is_refused_with_the_remedy(folder: Path, pattern: str) -> None:
    with pytest.raises(
        InputError, match=r"the folders of runs are left out \(.*/run, …\).*set input\.source to `paths`"
    ):
        find(f"{folder}/{pattern}")


def test_what_is_no_pattern_is_an_input_error(folder: Path) -> None:
    assert not encloses(f"{folder}/**.jsonl", f"{folder}/run")
    with pytest.raises(InputError, match=r"cannot be opened: .*'\*\*'"):
        find(f"{folder}/**.jsonl")
    with pytest.raises(InputError, match="the pattern matches no file"):
        find(f"{folder}/a[.jsonl")


def test_a_saved_dataset_is_for_another_source(tmp_path: Path) -> None:
    put(tmp_path / "saved" / "data-00000-of-00001.arrow")
    put(tmp_path / "saved" / "state.json")
    with pytest.raises(InputError, match=r"set input\.source to `huggingface`"):
        find(str(tmp_path / "saved"))


@pytest.mark.parametrize("pattern", ["", "/*", "/**"])
def test_a_name_that_is_no_utf8_ends_nothing(tmp_path: Path, pattern: str) -> None:
    put(tmp_path / "a.jsonl", lines("a"))
    put(tmp_path / "z.jsonl", lines("z"))
    for name in (b"caf\xe9.jsonl", b"caf\xe9.txt"):
        with open(os.fsencode(tmp_path) + b"/" + name, "wb") as file:  # noqa: PTH123 (a Path has no bytes)
            file.write(lines("never"))
    source = open_source(InputConfig(path=f"{tmp_path}{pattern}"))
    records = list(read_problems(source))
    assert source.count() == 3
    assert [record.problem for record in records if isinstance(record, Problem)] == ["a", "z"]
    [bad] = [record for record in records if isinstance(record, Reject)]
    assert (bad.source, bad.line, bad.error_kind) == (f"{tmp_path}/caf\ufffd.jsonl", 1, "unreadable_file")
    assert "rename it" in bad.error
    assert bad.source.encode()


def test_a_folder_whose_name_is_no_utf8_ends_nothing(tmp_path: Path) -> None:
    put(tmp_path / "a.jsonl", lines("a"))
    deep = os.fsencode(tmp_path) + b"/d\xe9p"
    os.mkdir(deep)  # noqa: PTH102
    with open(deep + b"/b.jsonl", "wb") as file:  # noqa: PTH123
        file.write(lines("b"))
    kinds = [
        getattr(record, "error_kind", "") for record in read_problems(open_source(InputConfig(path=str(tmp_path))))
    ]
    assert kinds == ["", "unreadable_file"]


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    put(tmp_path / "data" / "a.jsonl", lines("a"))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "data")
    (tmp_path / "data" / "round").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "b.jsonl").symlink_to(tmp_path / "data" / "a.jsonl")
    assert names(tmp_path / "in") == ["b.jsonl", "a.jsonl"]
    assert names(tmp_path / "in" / "*.jsonl") == ["b.jsonl"]


def test_what_lies_far_away_is_found_by_the_same_rules(folder: Path) -> None:
    """As on object storage, which has no folders to walk through."""
    far = fs.SubTreeFileSystem(str(folder.parent), fs.LocalFileSystem())
    assert Location(far, "in", "far://").listing().files == ["in/a.jsonl", "in/a.jsonl.md5", "in/deep/b.parquet"]
    assert Location(far, "in/*.jsonl", "far://").listing().files == ["in/a.jsonl"]
    assert Location(far, "in/deep/**", "far://").listing().runs == ["in/deep/run"]
    assert Location(far, "in/run", "far://").listing().is_run
    assert Location(far, "in/nowhere/*", "far://").listing().files == []


# Keys in the names of folders ---------------------------------------------------------------------------------------


def rows(path: object, answer_column: str | None = None) -> list[tuple[str, str, str | None]]:
    config = InputConfig(path=str(path), answer_column=answer_column)
    first_rows(open_source(config), 1)
    records = read_problems(open_source(config))
    return [(r.problem, r.metadata, r.reference_answer) for r in records if isinstance(r, Problem)]


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """A dataset by language and day, in every format."""
    put(tmp_path / "lang=en" / "day=1" / "0.parquet", table("en"))
    put(tmp_path / "lang=de" / "day=a%2Fb" / "0.jsonl", lines("de"))
    put(tmp_path / "lang=fr" / "day=__HIVE_DEFAULT_PARTITION__" / "0.csv", b"problem\nfr\n")
    put(tmp_path / "lang=own" / "0.jsonl", b'{"problem": "own", "lang": "its own", "day": null}\n')
    return tmp_path


@pytest.mark.parametrize("path", ["{}", "{}/**", "file://{}", "file://{}/**"])
def test_keys_in_the_names_of_folders_are_columns(parts: Path, path: str) -> None:
    assert rows(path.format(parts)) == [
        ("de", '{"lang": "de", "day": "a/b"}', None),
        ("en", '{"lang": "en", "day": "1"}', None),
        ("fr", '{"lang": "fr", "day": null}', None),
        ("own", '{"lang": "its own", "day": null}', None),
    ]


def test_keys_may_be_configured_as_any_column(parts: Path) -> None:
    found = rows(parts, answer_column="lang")
    assert [answer for _, _, answer in found] == ["de", "en", "fr", "its own"]
    assert rows(parts / "lang=en", answer_column="lang") == [("en", '{"day": "1"}', "en")]
    assert rows(parts / "lang=*" / "*" / "*.parquet", answer_column="day") == [("en", '{"lang": "en"}', "1")]

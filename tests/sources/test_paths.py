"""Paths made elsewhere: of any tool's files, each path once and in its place; of a run folder, that run's problems."""

import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from a2r_ray.config.input import InputConfig
from a2r_ray.config.loading import parse_config
from a2r_ray.errors import InputError
from a2r_ray.method.sample import brought as a_brought_path
from a2r_ray.records import Problem, Reject
from a2r_ray.runs.record import new_record
from a2r_ray.runs.storage import Storage
from a2r_ray.sources import RawRow, first_rows, open_source, read_problems, read_rows
from a2r_ray.sources.paths import STORED, RunInput, brought_paths, changed_paths
from tests.runs.test_supersede import put as store


def config(path: object, **fields: Any) -> InputConfig:
    return InputConfig(**{"source": "paths", "path": str(path), "id_column": "id", **fields})


def put(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def row(name: str, paths: Any, **others: Any) -> dict[str, Any]:
    return {"id": name, "problem": f"q{name}", "paths": paths, **others}


def read(given: InputConfig) -> tuple[list[str], list[tuple[str, int, str]]]:
    """The id or error kind of each record, and the paths; that the count agrees is part of every test."""
    source = open_source(given)
    records = list(read_problems(source))
    assert source.count() == len(records)
    return [r.problem_id if isinstance(r, Problem) else _kind(r) for r in records], [
        path[:3] for path in brought_paths(source)
    ]


def _kind(record: object) -> str:
    assert isinstance(record, Reject), record
    assert record.stage == "input"
    return record.error_kind


# Files --------------------------------------------------------------------------------------------------------------


def test_a_row_per_problem(tmp_path: Path) -> None:
    path = put(tmp_path / "p.jsonl", row("a", ["x", "y"]), row("b", ["z"]))
    assert read(config(path)) == (["a", "b"], [("a", 0, "x"), ("a", 1, "y"), ("b", 0, "z")])


def test_a_row_per_path_the_rows_of_a_problem_anywhere(tmp_path: Path) -> None:
    path = put(tmp_path / "p.jsonl", row("a", "x"), row("b", "z"), row("a", "y"), row("a", "x"))
    assert read(config(path)) == (["a", "b"], [("a", 0, "x"), ("b", 0, "z"), ("a", 1, "y"), ("a", 2, "x")])


def test_both_kinds_mixed_and_across_files(tmp_path: Path) -> None:
    put(tmp_path / "1.jsonl", row("a", ["x", "y"]), row("b", "u"))
    put(tmp_path / "2.jsonl", row("b", ["v", ""]), row("a", "z"))
    paths = [("a", 0, "x"), ("a", 1, "y"), ("b", 0, "u"), ("b", 1, "v"), ("b", 2, ""), ("a", 2, "z")]
    assert read(config(tmp_path)) == (["a", "b"], paths)
    assert read(config(tmp_path / "*.jsonl")) == (["a", "b"], paths)


def test_csv_and_parquet_by_columns_of_any_name(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("n,q,solution\n1,one,x\n1,one,y\n2,two,\n")
    given = {"id_column": "n", "problem_column": "q", "paths_column": "solution"}
    assert read(config(tmp_path / "p.csv", **given)) == (["1", "missing_paths"], [("1", 0, "x"), ("1", 1, "y")])
    rows = {"n": [1, 2, 3], "q": ["one", "two", "three"], "solution": [["x", "y"], None, [None]]}
    parquet.write_table(pa.table(rows), tmp_path / "p.parquet")
    found = read(config(tmp_path / "p.parquet", **given))
    assert found == (["1", "missing_paths", "wrong_type"], [("1", 0, "x"), ("1", 1, "y")])


def test_without_an_id_column_a_problem_is_known_by_what_it_asks(tmp_path: Path) -> None:
    path = put(tmp_path / "p.jsonl", row("1", "x"), row("2", "z"), {**row("1", "y"), "id": "other"})
    ids, paths = read(config(path, id_column=None))
    assert len(ids) == 2
    assert paths == [(ids[0], 0, "x"), (ids[1], 0, "z"), (ids[0], 1, "y")]


def test_the_paths_are_no_metadata(tmp_path: Path) -> None:
    (problem,) = read_problems(open_source(config(put(tmp_path / "p.jsonl", row("a", ["x"], topic="sums")))))
    assert isinstance(problem, Problem)
    assert json.loads(problem.metadata) == {"topic": "sums"}


def test_an_id_with_another_problem_is_a_reject_that_brings_nothing(tmp_path: Path) -> None:
    path = put(tmp_path / "p.jsonl", row("a", "x"), row("a", "no", problem="other"), row("a", "y"))
    assert read(config(path)) == (["a", "duplicate_id"], [("a", 0, "x"), ("a", 1, "y")])


# Files that grow ------------------------------------------------------------------------------------------------


Stored = list[tuple[str, int, str]]


def brought(given: InputConfig, stored: Stored) -> Stored:
    """What a file brings beside what is stored."""
    return [path[:3] for path in brought_paths(open_source(given), batches(stored))]


def test_a_text_is_known_as_it_is_stored(tmp_path: Path) -> None:
    given = config(put(tmp_path / "p.jsonl", row("a", ["x", "y"])))
    stored = [path[:3] for path in brought_paths(open_source(given), (), str.upper)]
    assert stored == [("a", 0, "X"), ("a", 1, "Y")]
    assert list(brought_paths(open_source(given), batches(stored), str.upper)) == []


def test_a_stored_path_that_is_gone_or_has_another_text_is_a_change(tmp_path: Path) -> None:
    folder = Storage(str(tmp_path / "run"))

    def changed(*rows: dict[str, Any]) -> list[str]:
        return changed_paths(open_source(config(put(tmp_path / "p.jsonl", *rows))), None, folder)

    store(folder, "paths", "w", [a_brought_path(*each, "") for each in [("a", 0, "x"), ("a", 1, "y"), ("b", 0, "x")]])
    same = [row("b", "x", path_index=0), row("a", "y", path_index=1), row("a", "x", path_index=0)]
    assert changed(*same, row("a", "z", path_index=2)) == []
    assert changed(*same[:2], row("a", "z", path_index=0)) == ["a"]
    assert changed(row("a", ["z", "u"], path_index=[0, 1]), row("b", "v", path_index=0)) == ["a", "b"]
    assert changed(row("a", ["y", "x"], path_index=[0, 1]), same[0]) == []  # numbered anew
    assert changed(*same, row("a", "z")) == []  # one more
    assert changed(row("b", "x"), row("a", ["y", "x"])) == []  # in another order, without indices
    assert changed(row("b", "x"), row("a", ["y", "edited"])) == ["a"]
    assert changed(row("b", "x"), row("a", "x")) == ["a"]
    assert changed(row("a", ["x", "y"])) == ["b"]


def test_of_two_that_are_alike_one_may_go(tmp_path: Path) -> None:
    run = Storage(str(tmp_path / "run"))
    store(run, "paths", "w", [a_brought_path("a", index, "x", "") for index in (0, 1)])
    alike = open_source(config(put(tmp_path / "p.jsonl", row("a", ["x", "x"]))))
    one = open_source(config(put(tmp_path / "q.jsonl", row("a", "x"))))
    assert changed_paths(alike, None, run) == []
    assert changed_paths(one, None, run) == ["a"]


def test_nothing_else_has_paths_that_change(tmp_path: Path) -> None:
    given = config(put(tmp_path / "p.jsonl", row("a", "x"))).model_copy(update={"source": "file"})
    assert changed_paths(open_source(given), None, Storage(str(tmp_path / "run"))) == []


def batches(stored: Stored) -> list[pa.RecordBatch]:
    columns = {name: [path[at] for path in stored] for at, name in enumerate(STORED)}
    found: list[pa.RecordBatch] = pa.table(columns).to_batches() if stored else []
    return found


def per_path(*paths: tuple[str, str], **others: Any) -> list[dict[str, Any]]:
    return [row(name, text, **others) for name, text in paths]


FIRST = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "z")]
GROWN = [("b", "u"), ("a", "y"), ("a", "w"), ("b", "z"), ("a", "x"), ("a", "x"), ("b", "x"), ("c", "x")]


@pytest.mark.parametrize("lists", [False, True])
def test_a_file_may_grow_and_be_reordered(tmp_path: Path, *, lists: bool) -> None:
    def config_of(paths: list[tuple[str, str]]) -> InputConfig:
        texts: dict[str, list[str]] = {}
        for name, text in paths:
            texts.setdefault(name, []).append(text)
        rows = [row(name, each) for name, each in texts.items()] if lists else per_path(*paths)
        return config(put(tmp_path / "p.jsonl", *rows))

    stored = brought(config_of(FIRST), [])
    assert sorted(stored) == [("a", 0, "x"), ("a", 1, "y"), ("b", 0, "x"), ("b", 1, "z")]
    assert brought(config_of(FIRST[::-1]), stored) == []
    new = brought(config_of(GROWN), stored)
    assert sorted(new) == [("a", 2, "w"), ("a", 3, "x"), ("b", 2, "u"), ("c", 0, "x")]
    assert brought(config_of(GROWN), stored + new) == []
    assert brought(config_of(FIRST), stored + new) == []


def test_what_was_lost_comes_back_to_its_place(tmp_path: Path) -> None:
    given = config(put(tmp_path / "p.jsonl", *per_path(*GROWN)))
    stored = brought(given, [])
    for lost in range(len(stored)):
        assert brought(given, stored[:lost] + stored[lost + 1 :]) == [stored[lost]]


def test_a_file_may_say_which_path_of_its_problem_a_text_is(tmp_path: Path) -> None:
    rows = [row("a", "x", path_index=2), row("a", "y", path_index=0), row("b", ["u", "v"], path_index=[1, 0])]
    path = put(tmp_path / "p.jsonl", *rows, row("b", "w"))
    ids, paths = read(config(path))
    assert ids == ["a", "b"]
    assert sorted(paths) == [("a", 0, "y"), ("a", 2, "x"), ("b", 0, "v"), ("b", 1, "u"), ("b", 2, "w")]
    more = put(tmp_path / "p.jsonl", row("a", "z", path_index=1), *rows[::-1], row("a", "!", path_index=0))
    assert brought(config(more), paths) == [("a", 1, "z"), ("a", 3, "!")]
    [problem, *_] = read_problems(open_source(config(path)))
    assert isinstance(problem, Problem)
    assert problem.metadata == "{}"


def test_two_texts_for_one_index_are_two_paths(tmp_path: Path) -> None:
    rows = [row("a", text, path_index=index) for index, text in [(0, "x"), (1, "y"), (0, "z"), (1, "u")]]
    stored = brought(config(put(tmp_path / "p.jsonl", *rows)), [])
    assert stored == [("a", 0, "x"), ("a", 1, "y"), ("a", 2, "z"), ("a", 3, "u")]
    assert brought(config(put(tmp_path / "p.jsonl", *rows[::-1])), stored) == []


def test_an_index_in_a_csv_file(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("id,problem,paths,path_index\na,q,x,1\na,q,y,0\na,q,z,\n")
    assert read(config(tmp_path / "p.csv"))[1] == [("a", 1, "x"), ("a", 0, "y"), ("a", 2, "z")]


@pytest.mark.parametrize("index", [-1, 1.0, "one", True, 2**31, [0, 1]])
def test_an_index_that_is_none_is_a_reject(index: Any, tmp_path: Path) -> None:
    path = put(tmp_path / "p.jsonl", row("a", "x", path_index=index), row("a", "y"))
    assert read(config(path)) == (["wrong_type", "a"], [("a", 0, "y")])
    bad, _ = read_problems(open_source(config(path)))
    assert isinstance(bad, Reject)
    assert "column `path_index`" in bad.error


# What is no path ----------------------------------------------------------------------------------------------------

PATHS = "a path's text or a list of such"


@pytest.mark.parametrize(
    ("value", "kind", "error"),
    [
        (None, "missing_paths", f"column `paths`: found null, expected {PATHS}"),
        (float("nan"), "missing_paths", "column `paths`: found a number nan"),
        ([], "missing_paths", f"column `paths`: found a list [], expected {PATHS}"),
        (5, "wrong_type", f"column `paths`: found a number 5, expected {PATHS}"),
        ({"text": "x"}, "wrong_type", "column `paths`: found an object {'text': 'x'}"),
        (["x", None], "wrong_type", "column `paths`: found null, expected a path's text at place 2 of the list"),
        ([["x"]], "wrong_type", "column `paths`: found a list ['x'], expected a path's text at place 1 of the list"),
        ("\ud800", "invalid_utf8", "column `paths`: found half of a surrogate pair"),
        (["x", "\ud800"], "invalid_utf8", "column `paths`"),
    ],
)
def test_a_row_without_good_paths_is_a_reject_and_loses_no_other(
    value: Any, kind: str, error: str, tmp_path: Path
) -> None:
    path = put(tmp_path / "p.jsonl", row("a", value), row("b", "z"), row("a", "x"), row("b", value), row("a", "y"))
    assert read(config(path)) == ([kind, "b", "a", kind], [("b", 0, "z"), ("a", 0, "x"), ("a", 1, "y")])
    bad, *_ = read_problems(open_source(config(path)))
    assert isinstance(bad, Reject)
    assert (bad.problem_id, bad.line) == ("a", 1)
    assert error in bad.error
    assert bad.row


def test_a_row_that_lacks_the_column_is_told_its_columns(tmp_path: Path) -> None:
    bad, _ = read_problems(open_source(config(put(tmp_path / "p.jsonl", {"id": "a", "problem": "q"}, row("b", "x")))))
    assert isinstance(bad, Reject)
    assert bad.error == f"column `paths`: not found among the row's columns (`id`, `problem`), expected {PATHS}"


def test_a_damaged_line_loses_no_other(tmp_path: Path) -> None:
    path = put(tmp_path / "p.jsonl", row("a", "x"))
    path.write_text(path.read_text() + "{broken\n" + json.dumps(row("a", "y")) + "\n")
    assert read(config(path)) == (["a", "malformed_json"], [("a", 0, "x"), ("a", 1, "y")])


def test_a_column_that_the_file_is_known_to_lack_is_an_input_error(tmp_path: Path) -> None:
    sink = io.BytesIO()
    parquet.write_table(pa.table({"id": ["a"], "problem": ["q"], "text": ["x"]}), sink)
    (tmp_path / "p.parquet").write_bytes(sink.getvalue())
    with pytest.raises(InputError, match=r"p\.parquet lacks input\.paths_column `paths`; name one of .*`text`"):
        open_source(config(tmp_path / "p.parquet"))


def test_limit_counts_input_rows_for_problems_and_paths_alike(tmp_path: Path) -> None:
    path = put(tmp_path / "p.jsonl", row("a", "x"), row("a", "y"), row("b", "z"), row("a", "w"))
    assert read(config(path, limit=2)) == (["a"], [("a", 0, "x"), ("a", 1, "y")])
    assert read(config(path, limit=3)) == (["a", "b"], [("a", 0, "x"), ("a", 1, "y"), ("b", 0, "z")])


def test_the_first_rows_count_problems_not_paths(tmp_path: Path) -> None:
    path = put(tmp_path / "p.jsonl", *[row("a", f"x{i}") for i in range(9)], row("b", "z"))
    assert [record.problem_id for record in first_rows(open_source(config(path)), 2)] == ["a", "b"]


def test_every_row_can_be_told_what_it_was(tmp_path: Path) -> None:
    path = put(tmp_path / "p.jsonl", row("a", "x"), row("b", None), row("a", "y"))
    told = [(raw.line, type(record).__name__) for raw, record in read_rows(open_source(config(path)))]
    assert told == [(1, "Problem"), (2, "Reject"), (3, "Duplicate")]


def test_memory_holds_no_texts() -> None:
    class Many:
        config = InputConfig(source="paths", path="given", id_column="id")

        def rows(self) -> Iterator[RawRow]:
            long = "x" * 1000
            return (RawRow("given", i, row(str(i % 10_000), f"{long}{i}", problem=long)) for i in range(40_000))

        def count(self) -> int:
            return 10_000

        def version(self) -> str:
            return ""

    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    paths = brought_paths(Many())
    for _ in range(39_999):
        next(paths)
    per_problem = (tracemalloc.get_traced_memory()[0] - before) / 10_000
    tracemalloc.stop()
    assert per_problem < 300
    assert next(paths)[:2] == ("9999", 3)


# Run folders --------------------------------------------------------------------------------------------------------


def run(folder: Path, given: dict[str, Any]) -> Path:
    """A run folder whose run read what is given."""
    engine = {"engine": "simulated", "model": "sim"}
    roles = {"synthesizer" if given.get("source") == "paths" else "explorer": engine}
    made = parse_config({"input": given, "output": str(folder), **roles})
    folder.mkdir(parents=True)
    attempt = {"id": "a", "start": "", "end": "", "outcome": "complete"}
    (folder / "run.json").write_text(json.dumps({**new_record(made), "attempts": [attempt]}))
    return folder


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A run of three problems."""
    rows = [{"nr": f"p{i}", "question": f"q{i}"} for i in range(3)]
    path = str(put(tmp_path / "problems.jsonl", *rows))
    return run(tmp_path / "first", {"path": path, "id_column": "nr", "problem_column": "question"})


def ids(given: InputConfig) -> list[str | None]:
    return [record.problem_id for record in read_problems(open_source(given))]


def run_folder_of(given: InputConfig) -> Storage | None:
    source = open_source(given)
    return source.folder if isinstance(source, RunInput) else None


def test_the_problems_of_a_run_folder_are_those_of_its_input(first: Path) -> None:
    for path in (str(first), f"{first}/", first.as_uri()):
        given = InputConfig(source="paths", path=path)
        assert ids(given) == ["p0", "p1", "p2"]
        found = run_folder_of(given)
        assert found is not None
        assert found.read("run.json") == (first / "run.json").read_bytes()


def test_a_run_folder_in_the_home_folder(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(first.parent))
    found = run_folder_of(config("~/first"))
    assert found is not None
    assert found.uri == str(first)


def test_limit_replaces_that_of_the_run_where_there_is_one(tmp_path: Path, first: Path) -> None:
    limited = run(tmp_path / "second", {"source": "paths", "path": str(first), "limit": 1})
    assert ids(config(limited)) == ["p0"]
    assert ids(config(limited, limit=2)) == ["p0", "p1"]


def test_a_run_made_from_a_run_s_paths_leads_to_that_run(tmp_path: Path, first: Path) -> None:
    second = run(tmp_path / "second", {"source": "paths", "path": str(first)})
    third = run(tmp_path / "third", {"source": "paths", "path": str(second)})
    assert ids(config(third)) == ["p0", "p1", "p2"]
    found = run_folder_of(config(third))
    assert found is not None
    assert found.uri == str(first)


def test_a_run_made_from_files_of_paths_holds_the_paths_itself(tmp_path: Path) -> None:
    path = put(tmp_path / "p.jsonl", row("a", "x"), row("a", "y"), row("b", "z"))
    assert run_folder_of(config(path)) is None
    assert run_folder_of(config(tmp_path / "*.jsonl")) is None
    assert run_folder_of(config(tmp_path)) is None
    folder = run(tmp_path / "made", {"source": "paths", "path": str(path), "id_column": "id"})
    assert ids(config(folder)) == ["a", "b"]
    found = run_folder_of(config(folder))
    assert found is not None
    assert found.uri == str(folder)


def test_other_sources_have_no_run_folder(tmp_path: Path) -> None:
    assert run_folder_of(InputConfig(path=str(put(tmp_path / "p.jsonl", row("a", "x"))))) is None


def test_a_run_whose_input_is_gone_is_named_with_its_input_and_the_remedy(tmp_path: Path, first: Path) -> None:
    (tmp_path / "problems.jsonl").unlink()
    with pytest.raises(InputError) as error:
        open_source(config(first))
    message = str(error.value)
    assert message.startswith(f"{first}: the input of that run cannot be read: {tmp_path}/problems.jsonl: ")
    assert "restore it" in message
    assert "by problem_id" in message


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"config": {"input": {"path": "x", "colour": "red"}}}'])
def test_a_record_that_names_no_input_is_an_input_error(content: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(InputError, match=r"its run\.json does not say what the run's input was"):
        open_source(config(tmp_path))


def test_a_renamed_folder_that_names_itself_is_an_input_error(tmp_path: Path) -> None:
    run(tmp_path / "b", {"source": "paths", "path": str(tmp_path / "a")}).rename(tmp_path / "a")
    with pytest.raises(InputError, match="came from itself"):
        open_source(config(tmp_path / "a"))


def test_a_path_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file or folder"):
        open_source(config(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="cannot be opened"):
        open_source(config("nosuch://bucket/run"))

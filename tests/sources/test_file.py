"""Files: found by name, glob, folder or URI, through any compression; a damaged one spoils only itself."""

import bz2
import gzip
import io
import json
import lzma
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from a2r_ray.config.input import InputConfig
from a2r_ray.errors import InputError
from a2r_ray.records import Problem
from a2r_ray.sources import first_rows, open_source, read_problems
from a2r_ray.sources.file import find

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda content: content,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda content: pa.compress(content, "zstd", asbytes=True),
}


def lines(*names: str) -> bytes:
    return b"".join(json.dumps({"problem": name}).encode() + b"\n" for name in names)


def table(*names: str) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(pa.table({"problem": list(names)}), sink)
    return sink.getvalue()


def put(path: Path, content: bytes = b'{"problem": "x"}\n') -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def read(path: object) -> list[tuple[str, int, str]]:
    """Source, line and problem or error kind of each row; that the count agrees is part of every test."""
    config = InputConfig(path=str(path))
    source = open_source(config)
    records = list(read_problems(source))
    assert source.count() == len(records)
    shown = []
    for record in records:
        text = record.problem if isinstance(record, Problem) else getattr(record, "error_kind", "duplicate")
        shown.append((record.source, record.line, text))
    return shown


@pytest.mark.parametrize("compression", COMPRESS)
@pytest.mark.parametrize(
    ("extension", "content"),
    [
        (".jsonl", lines("a", "b")),
        (".ndjson", lines("a", "b")),
        (".json", lines("a", "b")),
        (".csv", b"problem\na\nb\n"),
        (".parquet", table("a", "b")),
        (".JSONL", lines("a", "b")),
    ],
)
def test_every_format_through_every_compression(
    extension: str, content: bytes, compression: str, tmp_path: Path
) -> None:
    path = put(tmp_path / f"some.data{extension}{compression}", COMPRESS[compression](content))
    first = 2 if extension == ".csv" else 1
    assert read(path) == [(str(path), first, "a"), (str(path), first + 1, "b")]


def test_a_gzip_of_several_parts_is_one_file(tmp_path: Path) -> None:
    path = put(tmp_path / "a.jsonl.gz", gzip.compress(lines("a")) + gzip.compress(lines("b")))
    assert [text for _, _, text in read(path)] == ["a", "b"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files that are input, and files that are not."""
    put(tmp_path / "in" / "b.jsonl", lines("b"))
    put(tmp_path / "in" / "a.parquet", table("a"))
    put(tmp_path / "in" / "sub" / "deep" / "c.csv.gz", gzip.compress(b"problem\nc\n"))
    for ignored in ("_SUCCESS", ".b.jsonl.crc", "_tmp/x.jsonl", ".git/x.jsonl", "README.md", ".hidden.jsonl"):
        put(tmp_path / "in" / ignored)
    return tmp_path / "in"


def names(path: object) -> list[str]:
    return [Path(file.name).name for file in find(str(path))]


def test_a_folder_is_its_readable_files_in_order(folder: Path) -> None:
    expected = [
        (str(folder / "a.parquet"), 1, "a"),
        (str(folder / "b.jsonl"), 1, "b"),
        (str(folder / "sub" / "deep" / "c.csv.gz"), 2, "c"),
    ]
    assert read(folder) == expected
    assert [row[2] for row in read(f"{folder}/")] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*", ["a.parquet", "b.jsonl"]),
        ("*.jsonl", ["b.jsonl"]),
        ("**", ["a.parquet", "b.jsonl", "c.csv.gz"]),
        ("**/*.csv*", ["c.csv.gz"]),
        ("*/*/c.*", ["c.csv.gz"]),
        ("[ab].*", ["a.parquet", "b.jsonl"]),
        ("?.jsonl", ["b.jsonl"]),
        ("_tmp/*.jsonl", ["x.jsonl"]),
    ],
)
def test_globs(pattern: str, found: list[str], folder: Path) -> None:
    assert names(folder / pattern) == found


def test_a_glob_may_spell_out_what_is_ignored_otherwise(folder: Path) -> None:
    put(folder / "_part_1.jsonl")
    put(folder / "_part" / "_x.jsonl")
    assert names(folder / "_part*") == ["_part_1.jsonl"]
    with pytest.raises(InputError):
        find(str(folder / "_pa*/*"))
    assert names(folder / "b*") == ["b.jsonl"]


def test_a_glob_takes_no_folder_for_a_file(folder: Path) -> None:
    put(folder / "out.parquet" / "part-0.parquet", table("p"))
    assert names(folder / "*.parquet") == ["a.parquet"]
    assert names(folder / "out.parquet") == ["part-0.parquet"]


def test_a_file_named_like_a_pattern_is_itself(tmp_path: Path) -> None:
    assert names(put(tmp_path / "data[1].jsonl")) == ["data[1].jsonl"]


def test_names_are_as_given(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    monkeypatch.setenv("HOME", str(folder))
    assert [file.name for file in find("in/b.jsonl")] == ["in/b.jsonl"]
    assert [file.name for file in find("./in/*.jsonl")] == ["./in/b.jsonl"]
    assert [file.name for file in find("in")][:2] == ["in/a.parquet", "in/b.jsonl"]
    assert [file.name for file in find("~/b.jsonl")] == [f"{folder}/b.jsonl"]


def test_a_file_has_one_name_in_every_copy_of_a_ray_job(tmp_path: Path) -> None:
    """A reject is known by file and line: a job that is submitted again would else write it again."""
    copies = [tmp_path / "runtime_resources" / "working_dir_files" / name for name in ("_ray_pkg_1", "_ray_pkg_2")]
    for copy in copies:
        (copy / "data").mkdir(parents=True)
        (copy / "data" / "a.jsonl").write_bytes(lines("a"))
    assert [file.name for copy in copies for file in find(f"{copy}/data/*.jsonl")] == ["data/a.jsonl", "data/a.jsonl"]


def test_uris(folder: Path) -> None:
    uri = f"file://{folder}"
    assert read(f"{uri}/b.jsonl") == [(f"{uri}/b.jsonl", 1, "b")]
    assert read(uri)[0][:2] == (f"{uri}/a.parquet", 1)
    assert [file.name for file in find(f"{uri}/**/*.csv.gz")] == [f"{uri}/sub/deep/c.csv.gz"]
    assert names(f"{uri}/*") == ["a.parquet", "b.jsonl"]


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("nowhere.jsonl", "there is no such file or folder"),
        ("nowhere/*.jsonl", "the pattern matches no file"),
        ("in/README.md", r"no file of a known extension \(.*README\.md"),
        ("in/READ*", "no file of a known extension"),
        ("empty", "there is no such file or folder, or nothing in it"),
    ],
)
def test_nothing_to_read_is_an_error_that_names_what_could_be(path: str, error: str, folder: Path) -> None:
    (folder.parent / "empty").mkdir()
    with pytest.raises(InputError, match=error) as raised:
        find(str(folder.parent / path))
    assert ".jsonl .ndjson .json .csv .parquet, each also with .gz .bz2 .xz .zst" in str(raised.value)


def test_errors_show_no_credentials() -> None:
    for path in ("s3x://key:secret@bucket/a.jsonl?secret=secret", "s3x://key:secret@bucket/*.jsonl"):
        with pytest.raises(InputError, match=r"s3x://bucket/.*\.jsonl: cannot be opened") as raised:
            find(path)
        assert "secret" not in str(raised.value)


def test_an_unknown_scheme_is_an_error() -> None:
    with pytest.raises(InputError, match=r"ftp://x/a\.jsonl: cannot be opened"):
        find("ftp://x/a.jsonl")


def test_a_damaged_file_spoils_only_itself(tmp_path: Path) -> None:
    whole = table("b")
    put(tmp_path / "a.jsonl", lines("a"))
    put(tmp_path / "b.parquet", whole[: len(whole) // 2])
    put(tmp_path / "c.csv.zst", b"no zstd")
    put(tmp_path / "d.json", b'[{"problem": "d"}]')
    put(tmp_path / "e.csv", b"problem,problem\n1,2\n")
    put(tmp_path / "f.parquet.gz", b"")
    put(tmp_path / "g.jsonl", lines("g"))
    found = [(Path(source).name, line, text) for source, line, text in read(tmp_path)]
    damaged = [(name, 1, "unreadable_file") for name in ("b.parquet", "c.csv.zst", "d.json", "e.csv", "f.parquet.gz")]
    assert found == [("a.jsonl", 1, "a"), *damaged, ("g.jsonl", 1, "g")]


@pytest.mark.parametrize("compression", [".gz", ".bz2", ".xz", ".zst"])
def test_rows_before_the_damage_are_kept(compression: str, tmp_path: Path) -> None:
    content = COMPRESS[compression](lines(*(str(i * i * 2654435761 % 2**32) for i in range(60_000))))
    rows = read(put(tmp_path / f"a.jsonl{compression}", content[: len(content) * 4 // 5]))
    assert len(rows) > 5_000
    assert [text for _, _, text in rows].count("unreadable_file") == 1
    assert rows[-1][1:] == (len(rows), "unreadable_file")


@pytest.mark.parametrize(
    ("compression", "damage"),
    [
        *((kind, lambda content: content[:-4]) for kind in (".gz", ".bz2", ".xz")),
        (".gz", lambda content: content + b"x"),
    ],
)
def test_so_are_those_of_a_small_file(compression: str, damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    content = COMPRESS[compression](lines("a", "b", "c"))
    rows = read(put(tmp_path / f"a.jsonl{compression}", damage(content)))
    assert [text for _, _, text in rows] == ["a", "b", "c", "unreadable_file"]


def test_a_damaged_page_inside_a_parquet_file(tmp_path: Path) -> None:
    content = bytearray(table(*(f"problem {i}" for i in range(1000))))
    content[10:400] = bytes(390)
    put(tmp_path / "b.parquet", bytes(content))
    put(tmp_path / "c.jsonl", lines("c"))
    config = InputConfig(path=str(tmp_path))
    rows = list(open_source(config).rows())
    assert [row.error_kind for row in rows] == ["unreadable_file", ""]


def test_only_unreadable_files_are_an_input_error(tmp_path: Path) -> None:
    path = put(tmp_path / "a.parquet", b"nothing")
    config = InputConfig(path=str(path))
    with pytest.raises(InputError, match=r"a\.parquet:1: unreadable_file: "):
        first_rows(open_source(config), 1)


@pytest.mark.parametrize(("name", "content"), [("a.parquet", table("x")), ("a.csv", b"problem\nx\n")])
def test_an_unknown_column_is_an_error_before_anything_is_read(name: str, content: bytes, tmp_path: Path) -> None:
    path = put(tmp_path / name, content)
    with pytest.raises(InputError, match=r"lacks input.problem_column `question`; name one of its columns: `problem`"):
        open_source(InputConfig(path=str(path), problem_column="question"))


def test_a_large_file_is_read_lazily_and_in_flat_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for i in range(200_000):
            file.write(b'{"problem": "%d %s"}\n' % (i, b"x" * 100))
    config = InputConfig(path=str(path))
    tracemalloc.start()
    started = time.perf_counter()
    rows = open_source(config).rows()
    assert next(rows).line == 1
    first = time.perf_counter() - started
    for _ in range(50_000):
        next(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert first < 0.2
    assert peak < 3_000_000


def test_how_fast_100_000_rows_become_problems(tmp_path: Path) -> None:
    rows = ({"id": f"p{i}", "problem": f"What is {i} + {i}? " * 5, "answer": 2 * i, "t": "x"} for i in range(100_000))
    path = put(tmp_path / "a.jsonl", b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    config = InputConfig(path=str(path), id_column="id", answer_column="answer")
    started = time.perf_counter()
    assert sum(isinstance(record, Problem) for record in read_problems(open_source(config))) == 100_000
    print(f"100,000 rows became problems in {time.perf_counter() - started:.2f} s")  # noqa: T201
    started = time.perf_counter()
    assert open_source(config).count() == 100_000
    print(f"and were counted in {time.perf_counter() - started:.2f} s")  # noqa: T201

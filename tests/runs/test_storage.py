"""A file is there whole or not at all, and what is said of a storage says nothing that is secret."""

from contextlib import suppress
from pathlib import Path

import pytest

from a2r_ray.errors import OutputError, Stopped, StorageError
from a2r_ray.runs.record import read_record
from a2r_ray.runs.storage import Storage, spooled


def test_write_read_replace(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path / "new" / "folder"))
    storage.write("a/b.json", b"1")
    storage.write("a/b.json", b"22")
    assert storage.read("a/b.json") == b"22"
    assert storage.entries("a") == ["b.json"]
    assert storage.read("a/none.json") is None
    assert storage.entries("nowhere") == []


@pytest.mark.parametrize("reason", [OSError(28, "No space left on device"), Stopped(15)])
def test_a_write_that_is_cut_short_leaves_what_was_there(
    reason: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = Storage(str(tmp_path))
    storage.write("f", b"old")

    def fsync(*_: object) -> None:
        raise reason

    monkeypatch.setattr("os.fsync", fsync)
    with pytest.raises((StorageError, Stopped)):
        storage.write("f", b"new")
    assert storage.read("f") == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["f"]


def test_what_cannot_be_read_or_listed_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match=r"folder: cannot be read: .*; restore the access"):
        Storage(str(tmp_path)).read("folder")
    with pytest.raises(StorageError, match="file: cannot be read: "):
        Storage(str(tmp_path)).entries("file")


def test_an_unknown_scheme_is_named() -> None:
    with pytest.raises(OutputError, match="ftp://x"):
        Storage("ftp://x/y").open()


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("s3://", r"s3://: it names no bucket; write as in s3://bucket/folder"),
        ("s3:///x", "Missing bucket name"),
        ("", "it is empty"),
        (" ", "it is empty"),
        ("a\0b", "a zero byte"),
        ("caf\udce9", "not UTF-8"),
    ],
)
def test_what_is_no_name_of_a_folder_is_refused(uri: str, message: str) -> None:
    with pytest.raises(OutputError, match=message) as error:
        Storage(uri).read("run.json")
    assert str(error.value).encode()


def test_the_root_is_shown_as_such() -> None:
    with pytest.raises(OutputError, match=r"^/: not a run folder"):
        read_record(Storage("/"))
    assert "etc" in Storage("/").entries()


def test_file_uris_are_local(tmp_path: Path) -> None:
    storage = Storage(f"file://{tmp_path}")
    storage.write("f", b"x")
    assert storage.local == tmp_path
    assert Storage("s3://bucket/run").local is None
    assert (tmp_path / "f").read_bytes() == b"x"


def test_a_uri_is_shown_without_its_options_and_credentials() -> None:
    storage = Storage("s3://key:secret@bucket/run/?scheme=http&endpoint_override=127.0.0.1:9")
    assert storage.shown == "s3://bucket/run"
    assert storage.join("paths/w.parquet") == "s3://bucket/run/paths/w.parquet"
    _, path = storage.open()
    assert path == "bucket/run"
    with pytest.raises(OutputError) as caught:
        Storage("s3://key:secret@bucket/run?colour=red").open()
    assert str(caught.value).startswith("s3://bucket/run: cannot be opened: ")
    assert "colour" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert Storage("runs/demo").join("run.json") == "runs/demo/run.json"


@pytest.mark.parametrize("content", [b"", b"x" * 10_000_000])
def test_a_spooled_file_appears_at_the_end(content: bytes, tmp_path: Path) -> None:
    target = tmp_path / "new" / "f"
    with spooled(str(target)) as file:
        file.write(content)
        assert not target.exists()
    assert target.read_bytes() == content
    _fail_midway(target)
    assert target.read_bytes() == content
    assert [entry.name for entry in target.parent.iterdir()] == ["f"]


def _fail_midway(target: Path) -> None:
    with suppress(ValueError), spooled(f"file://{target}") as file:
        file.write(b"half")
        raise ValueError

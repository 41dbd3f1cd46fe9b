"""A file is there whole or not at all."""

from pathlib import Path

import pytest

from a2r_ray.errors import OutputError
from a2r_ray.runs.storage import Storage


def test_write_read_replace_delete(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path / "new" / "folder"))
    storage.write("a/b.json", b"1")
    storage.write("a/b.json", b"22")
    assert storage.read("a/b.json") == b"22"
    assert storage.entries("a") == ["b.json"]
    storage.delete("a/b.json")
    assert storage.read("a/b.json") is None
    assert storage.entries("nowhere") == []


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage(str(tmp_path))
    storage.write("f", b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        storage.write("f", b"new")
    assert storage.read("f") == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["f"]


def test_an_unknown_scheme_is_named() -> None:
    with pytest.raises(OutputError, match="ftp://x"):
        Storage("ftp://x/y").open()


def test_file_uris_are_local(tmp_path: Path) -> None:
    storage = Storage(f"file://{tmp_path}")
    storage.write("f", b"x")
    assert storage.is_local
    assert (tmp_path / "f").read_bytes() == b"x"

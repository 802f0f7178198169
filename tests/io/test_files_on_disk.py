"""Files are read with limits, and written completely or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scheduler.errors import FormatError
from scheduler.io import atomic, files
from scheduler.io.atomic import write_bytes, write_text
from scheduler.io.files import instance_name, read_text


def code_of(path: Path | str) -> str:
    with pytest.raises(FormatError) as caught:
        read_text(path)
    (defect,) = caught.value.defects
    assert defect.where == "file" or defect.where.startswith("line ")
    return defect.code


def test_what_can_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "latin").write_bytes("Stück".encode("latin-1"))
    (tmp_path / "utf16").write_bytes("{}".encode("utf-16"))
    (tmp_path / "blank").write_text(" \n\t\n")
    (tmp_path / "large").write_text("0123456789")
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(files, "MAX_BYTES", 9)
    assert code_of(tmp_path / "nowhere" / "x.json") == "E101"
    assert code_of(tmp_path) == "E102"
    assert code_of(tmp_path / "pipe") == "E103"
    assert code_of("nul\0character") == "E103"
    assert code_of(tmp_path / "large") == "E104"
    assert code_of(tmp_path / "blank") == "E105"
    assert code_of(tmp_path / "latin") == "E106"
    assert code_of(tmp_path / "utf16") == "E106"


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xef\xbb\xbf{}")
    assert read_text(tmp_path / "x") == "{}"


def test_instances_are_named_after_their_files() -> None:
    assert instance_name("folder/ft06.fjs") == "ft06"
    assert instance_name("folder/ \x07.fjs") == "instance"
    assert len(instance_name("a" * 300)) == 100


def test_a_file_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("old")
    path.chmod(0o640)
    write_text(path, "Stück")
    assert path.read_bytes() == "Stück".encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "target")
    write_bytes(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "target").read_bytes() == b"new"


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
def test_a_failure_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "x.json"
    path.write_text("old")
    monkeypatch.setattr(atomic.os, step, fail)
    with pytest.raises(FormatError, match=r"E132 at file: the file can't be written \(No space left on device\)"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupt_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "x.json"
    path.write_text("old")
    monkeypatch.setattr(atomic.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_folders_that_do_not_exist_are_not_made(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="E132"):
        write_text(tmp_path / "nowhere" / "x.json", "new")
    with pytest.raises(FormatError, match="E132"):
        write_text(tmp_path, "new")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_regular_file_is_written_directly() -> None:
    write_text("/dev/null", "gone")
    assert not Path("/dev/null").is_file()
    reader, writer = os.pipe()
    write_text(f"/dev/fd/{writer}", "through the pipe")
    os.close(writer)
    with os.fdopen(reader) as pipe:
        assert pipe.read() == "through the pipe"

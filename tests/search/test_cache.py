"""Compiled code finds a place: numba's own, or a private folder where those can't be written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scheduler.search import cache


def test_numba_keeps_its_own_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(cache.VARIABLE, raising=False)
    monkeypatch.setattr(cache, "is_writable", lambda folder: folder == cache.PACKAGE)
    cache.ensure_cache_folder()
    assert cache.VARIABLE not in os.environ


def test_a_folder_that_the_user_names_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, "mine")
    monkeypatch.setattr(cache, "is_writable", lambda folder: False)
    cache.ensure_cache_folder()
    assert os.environ[cache.VARIABLE] == "mine"


def test_without_any_place_there_is_a_private_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import numba

    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setenv(cache.VARIABLE, "")
    monkeypatch.setattr(cache, "is_writable", lambda folder: False)
    monkeypatch.setattr(cache.tempfile, "gettempdir", lambda: str(tmp_path))
    cache.ensure_cache_folder()
    folder = Path(os.environ[cache.VARIABLE])
    assert folder.parent == tmp_path
    assert str(folder) == numba.config.CACHE_DIR
    assert folder.stat().st_mode & 0o077 == 0
    assert cache.temporary_folder(tmp_path) == folder


def test_a_folder_that_others_can_write_is_not_taken(tmp_path: Path) -> None:
    planted = tmp_path / f"scheduler-numba-{os.getuid()}"
    planted.mkdir()
    planted.chmod(0o777)
    folder = cache.temporary_folder(tmp_path)
    assert folder != planted
    assert folder.stat().st_mode & 0o077 == 0


def test_a_folder_that_does_not_exist_yet_is_writable_if_it_can_be_made(tmp_path: Path) -> None:
    assert cache.is_writable(tmp_path / "a" / "b")


def test_the_search_compiles_where_nothing_but_the_temporary_folder_can_be_written(tmp_path: Path) -> None:
    program = (
        "import os\n"
        "writable = os.access\n"
        "os.access = lambda path, mode: str(path).startswith(os.environ['TMPDIR']) and writable(path, mode)\n"
        "import scheduler.search.tabu.moves as moves\n"
        "print(moves.take_out.stats.cache_path)\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path), cache.VARIABLE: ""}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(tmp_path))

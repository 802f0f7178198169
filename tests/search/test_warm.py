"""The cache of compiled code is emptied when it is older than the sources."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from scheduler.search import compiling
from scheduler.search.decode import warm as decode
from scheduler.search.tabu import warm


def test_compiled_code_of_earlier_sources_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = SimpleNamespace(signatures=[], stats=SimpleNamespace(cache_path=str(tmp_path)))
    monkeypatch.setattr(compiling, "_compiled", lambda package, kernel: compiled)
    old, new, foreign = (tmp_path / f"{name}-1.py311.1.nbc" for name in ("walk.run", "carried.run_carried", "other.f"))
    for file in (old, new, foreign):
        file.write_bytes(b"")
    for file in (old, foreign):
        os.utime(file, (0, 0))
    assert not warm.is_compiled("walk.run")
    assert warm.is_compiled("carried.run_carried")
    assert sorted(tmp_path.iterdir()) == sorted([new, foreign])


def test_every_module_with_compiled_functions_is_a_source() -> None:
    folder = Path(str(decode.__file__)).parent
    compiled = {file.stem for file in folder.glob("*.py") if "njit(" in file.read_text() or file.stem == "cells"}
    assert compiled == set(decode.SOURCES)

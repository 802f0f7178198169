"""The cache of compiled code is emptied when it is older than the sources, and filled by one process at a time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from scheduler.search.blocking import warm as blocking
from scheduler.search.compiling import Kernels
from scheduler.search.cyclic import warm as cyclic
from scheduler.search.decode import warm as decode
from scheduler.search.tabu import warm as tabu

INSTANCES = Path(__file__).parents[2] / "instances"


def test_compiled_code_of_earlier_sources_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = SimpleNamespace(signatures=[], stats=SimpleNamespace(cache_path=str(tmp_path)))
    monkeypatch.setattr(Kernels, "_compiled", lambda self, kernel: compiled)
    old, new, foreign = (tmp_path / f"{name}-1.py311.1.nbc" for name in ("walk.run", "carried.run_carried", "other.f"))
    for file in (old, new, foreign):
        file.write_bytes(b"")
    for file in (old, foreign):
        os.utime(file, (0, 0))
    assert not tabu.KERNELS.are_cached("walk.run")
    assert tabu.KERNELS.are_cached("carried.run_carried")
    assert sorted(tmp_path.iterdir()) == sorted([new, foreign])


@pytest.mark.parametrize("warm", [blocking, cyclic, decode, tabu])
def test_every_module_with_compiled_functions_is_a_source(warm: ModuleType) -> None:
    folder, sources = Path(str(warm.__file__)).parent, set(warm.KERNELS.sources)
    is_compiled = re.compile(r"^@(njit|inner|uncounted|entry)", re.MULTILINE)
    assert {file.stem for file in folder.glob("*.py") if is_compiled.search(file.read_text())} <= sources
    assert all((folder / f"{name}.py").exists() for name in sources)


def test_one_process_at_a_time_compiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")
    folder = tmp_path / "cache"
    compiled = SimpleNamespace(stats=SimpleNamespace(cache_path=str(folder)))
    monkeypatch.setattr(Kernels, "_compiled", lambda self, kernel: compiled)

    def is_free() -> bool:
        with (folder / "compiling.lock").open() as file, suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    free: list[bool] = []
    cyclic.KERNELS.compile_alone(lambda: free.append(is_free()))
    assert (free, is_free()) == ([False], True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("search", "instance", "objective"),
    [
        ("cyclic", "cyclic_cell_tiny.json", "cycle_time"),
        ("cyclic", "cyclic_cell_tiny.json", "makespan"),
        ("decode", "charging_hall.json", "makespan"),
        ("tabu", "la01.json", "weighted_tardiness > makespan"),
    ],
)
def test_nothing_is_left_to_compile(search: str, instance: str, objective: str, tmp_path: Path) -> None:
    surroundings = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}

    def run(*arguments: str) -> set[Path]:
        subprocess.run([sys.executable, "-m", *arguments], env=surroundings, check=True, capture_output=True)
        return set((tmp_path / "cache").rglob("*.nbc"))

    compiled = run(f"scheduler.search.{search}.warm")
    solving = ("solve", str(INSTANCES / instance), "--objective", objective, "--time-limit", "6", "--workers", "2")
    later = run("scheduler", *solving, "-o", str(tmp_path / "schedule.json"))
    assert compiled
    assert later == compiled

"""Compile once per machine: in a process of its own, so that nobody waits for it.

Compiling takes some tens of seconds of one core. A first `solve` starts a module as a program and goes on with CP-SAT;
the compiled code lands in numba's cache, for this run if it lasts and for all later ones.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from time import monotonic, sleep
from typing import Any

_compilers: dict[str, subprocess.Popen[bytes]] = {}
"""The compiling processes of this one by module, kept so that they are not reported as lost."""


def is_cached(package: str, kernel: str, sources: Iterable[str]) -> bool:
    """Return whether the cache holds ``module.function`` of a package, the last to be compiled of its kind.

    `sources` are the modules with compiled functions.
    """
    compiled = _compiled(package, kernel)
    if compiled.signatures:
        return True
    forget_stale(package, kernel, sources)
    return any(Path(compiled.stats.cache_path).glob(f"{kernel}-*.nbc"))


def forget_stale(package: str, kernel: str, sources: Iterable[str]) -> None:
    """Take out of the cache what is older than the newest of the sources: it is of an earlier version.

    numba looks at the source of a function, but not at the sources of those in other files that are compiled into it.
    """
    folder, names = Path(str(import_module(package).__file__)).parent, frozenset(sources)
    newest = max((folder / f"{name}.py").stat().st_mtime for name in names)
    for file in Path(_compiled(package, kernel).stats.cache_path).glob("*.nb[ci]"):
        with suppress(FileNotFoundError):  # another process forgets it too
            if file.name.split(".")[0] in names and file.stat().st_mtime < newest:
                file.unlink()


def _compiled(package: str, kernel: str) -> Any:
    module, function = kernel.split(".")
    return getattr(import_module(f"{package}.{module}"), function)


def compile_in_process(module: str, kernel: str, is_compiled: Callable[[], bool]) -> Callable[[float], bool]:
    """Run a module as a program that compiles, unless it runs; return a function that waits for it so many seconds.

    The function returns whether the kernel is there, or the process has ended, well or not: then the search can be
    started here.
    """
    if module not in _compilers:
        command = [sys.executable, "-m", module, kernel]
        nothing = subprocess.DEVNULL
        _compilers[module] = subprocess.Popen(
            command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
        )

    def ended(seconds: float) -> bool:
        deadline = monotonic() + seconds
        while True:
            if _compilers[module].poll() is not None or is_compiled():
                return True
            if monotonic() >= deadline:
                return False
            sleep(0.05)

    return ended

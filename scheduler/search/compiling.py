"""Compile once per machine: in a process of its own, so that nobody waits for it.

Compiling takes some tens of seconds of one core. A first `solve` starts a module as a program and goes on with CP-SAT;
the compiled code lands in numba's cache, for this run if it lasts and for all later ones. Several runs at once start
several such processes; one of them compiles, and the others wait for what it leaves in the cache.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from time import monotonic, sleep
from typing import Any

_compilers: dict[str, subprocess.Popen[bytes]] = {}
"""The compiling processes of this one by module, kept so that they are not reported as lost."""


@dataclass(frozen=True)
class Kernels:
    """The compiled functions of one search.

    Attributes
    ----------
    package
        Its package, whose module ``warm`` compiles all of them when it is run as a program.
    sources
        Its modules with compiled functions, and with what is compiled into them.
    last
        ``module.function`` that is compiled last; of a search with several walks, that of one.
    """

    package: str
    sources: tuple[str, ...]
    last: str = "walk.walk"

    def are_cached(self, kernel: str) -> bool:
        """Return whether the cache holds a kernel, ``module.function``, the last to be compiled of its kind."""
        compiled = self._compiled(kernel)
        if compiled.signatures:
            return True
        self.forget_stale()
        return any(Path(compiled.stats.cache_path).glob(f"{kernel}-*.nbc"))

    def is_loaded(self, kernel: str) -> bool:
        """Return whether this process has the machine code of a kernel already."""
        return bool(self._compiled(kernel).signatures)

    def forget_stale(self) -> None:
        """Take out of the cache what is older than the newest of the sources: it is of an earlier version.

        numba looks at the source of a function, but not at the sources of those in other files that are compiled into
        it.
        """
        folder, names = Path(str(import_module(self.package).__file__)).parent, frozenset(self.sources)
        newest = max((folder / f"{name}.py").stat().st_mtime for name in names)
        for file in Path(self._compiled(self.last).stats.cache_path).glob("*.nb[ci]"):
            with suppress(FileNotFoundError):  # another process forgets it too
                if file.name.split(".")[0] in names and file.stat().st_mtime < newest:
                    file.unlink()

    def compile_alone(self, compile_here: Callable[[], None]) -> None:
        """Compile in this process, once no other one does; what that has left in the cache is only loaded."""
        with _alone_in(Path(self._compiled(self.last).stats.cache_path)):
            compile_here()

    def compile_elsewhere(self, kernel: str) -> Callable[[float], bool]:
        """Start a process that compiles, unless one runs; return a function that waits for it so many seconds.

        The function returns whether the kernel is there, or the process has ended, well or not: then the search can be
        started here.
        """
        module = f"{self.package}.warm"
        if module not in _compilers:
            command = [sys.executable, "-m", module, kernel]
            nothing = subprocess.DEVNULL
            _compilers[module] = subprocess.Popen(
                command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
            )

        def ended(seconds: float) -> bool:
            deadline = monotonic() + seconds
            while True:
                if _compilers[module].poll() is not None or self.are_cached(kernel):
                    return True
                if monotonic() >= deadline:
                    return False
                sleep(0.05)

        return ended

    def _compiled(self, kernel: str) -> Any:
        module, function = kernel.split(".")
        return getattr(import_module(f"{self.package}.{module}"), function)


def is_compiling() -> bool:
    """Return whether a process that this one has started still compiles."""
    return any(process.poll() is None for process in _compilers.values())


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process is in the block for this folder; the lock of one that is killed is gone with it."""
    try:
        import fcntl
    except ImportError:  # Windows: they compile beside one another
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "compiling.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

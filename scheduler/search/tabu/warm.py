"""Compile once per machine: in a process of its own, so that nobody waits for it.

Compiling takes some ten seconds of one core. A first `solve` starts this module as a program and goes on with CP-SAT;
the compiled code lands in numba's cache, for this run if it lasts and for all later ones.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from time import monotonic, sleep

_compilers: list[subprocess.Popen[bytes]] = []
"""The compiling process of this one, kept so that it is not reported as lost."""


def is_compiled() -> bool:
    """Return whether the cache holds the search (or this process has begun to compile it itself)."""
    from scheduler.search.tabu.walk import run

    if run.signatures:
        return True
    folder = str(run.stats.cache_path)
    return os.path.isdir(folder) and any(n.startswith("walk.run-") and n.endswith(".nbc") for n in os.listdir(folder))


def compile_elsewhere() -> Callable[[float], bool]:
    """Start a process that compiles, unless one runs; return a function that waits for it so many seconds.

    The function returns whether the process has ended, well or not: then the search can be started here.
    """
    if not _compilers:
        command = [sys.executable, "-m", "scheduler.search.tabu.warm"]
        nothing = subprocess.DEVNULL
        _compilers.append(
            subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)
        )

    def ended(seconds: float) -> bool:
        deadline = monotonic() + seconds
        while _compilers[0].poll() is None and monotonic() < deadline:
            sleep(min(0.05, seconds))
        return _compilers[0].poll() is not None

    return ended


def compile_here() -> None:
    """Run every compiled function once, on an instance of two jobs."""
    from scheduler.domain import Facility, Instance, Job, Machine, Mode, Objective, Operation
    from scheduler.domain.jobs import chain
    from scheduler.search.construct import construct
    from scheduler.search.tabu.engine import TabuSearch

    operations = tuple(Operation(str(n), (Mode("M", 1 + n), Mode("N", 2))) for n in range(3))
    jobs = tuple(Job(name, operations, chain(tuple(o.id for o in operations))) for name in "ABCD")
    instance = Instance("warm", (Facility("F"),), (Machine("M", "F"), Machine("N", "F")), jobs)
    start = construct(instance, Objective.parse("makespan"), time_limit=0.01)
    if start is not None:
        TabuSearch(instance, start, 0, lambda makespan: None).rehearse()


if __name__ == "__main__":
    compile_here()

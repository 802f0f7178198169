"""Compile once per machine: in a process of its own, so that nobody waits for it.

Compiling takes some ten seconds of one core. A first `solve` starts this module as a program and goes on with CP-SAT;
the compiled code lands in numba's cache, for this run if it lasts and for all later ones.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import monotonic, sleep
from typing import Any

SOURCES = (
    "arrays",
    "build",
    "candidates",
    "carried",
    "carry",
    "critical",
    "job_tails",
    "moves",
    "regular",
    "timing",
    "walk",
)
"""Modules with compiled functions."""
_compilers: list[subprocess.Popen[bytes]] = []
"""The compiling process of this one, kept so that it is not reported as lost."""


def is_compiled(kernel: str) -> bool:
    """Return whether the cache holds a walk, the last to be compiled of its kind: ``"walk.run"``, for example.

    A cache that is older than the sources is of an earlier version.
    """
    module, function = kernel.split(".")
    compiled: Any = getattr(import_module(f"scheduler.search.tabu.{module}"), function)
    if compiled.signatures:
        return True
    cache = Path(compiled.stats.cache_path)
    newest = max(Path(__file__).with_name(f"{name}.py").stat().st_mtime for name in SOURCES)
    return any(file.stat().st_mtime >= newest for file in cache.glob(f"{kernel}-*.nbc"))


def compile_elsewhere(kernel: str) -> Callable[[float], bool]:
    """Start a process that compiles, unless one runs; return a function that waits for it so many seconds.

    The function returns whether the kernel is there, or the process has ended, well or not: then the search can be
    started here.
    """
    if not _compilers:
        command = [sys.executable, "-m", "scheduler.search.tabu.warm", kernel]
        nothing = subprocess.DEVNULL
        _compilers.append(
            subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)
        )

    def ended(seconds: float) -> bool:
        deadline = monotonic() + seconds
        while True:
            if _compilers[0].poll() is not None or is_compiled(kernel):
                return True
            if monotonic() >= deadline:
                return False
            sleep(0.05)

    return ended


def compile_here(first: str = "") -> None:
    """Run every compiled function once, on an instance of a few jobs; those of the walk `first` before the others."""
    from dataclasses import replace

    from scheduler.domain import Facility, Fleet, Instance, Job, Machine, Mode, Objective, Operation, Vehicle
    from scheduler.domain.jobs import chain
    from scheduler.search.construct import construct
    from scheduler.search.tabu.engine import TabuSearch
    from scheduler.search.tabu.weights import weigh

    operations = tuple(Operation(str(n), (Mode("M", 1 + n), Mode("N", 2))) for n in range(3))
    jobs = tuple(Job(name, operations, chain(tuple(o.id for o in operations))) for name in "ABCD")
    instance = Instance("warm", (Facility("F"),), (Machine("M", "F"), Machine("N", "F")), jobs)
    fleet = Fleet("V", "F", (Vehicle("V1", "M"),), {"M": {"N": 1}, "N": {"M": 1}})
    makespan, flow_time = Objective.parse("makespan"), Objective.parse("flow_time")
    carried = replace(instance, fleets=(fleet,))
    searches = []
    for case, objective in ((instance, makespan), (instance, flow_time), (carried, makespan)):
        start, weights = construct(case, objective, time_limit=0.01), weigh(case, objective)
        if start is not None and weights is not None:
            searches.append(TabuSearch(case, weights, start, 0, lambda value: None))
    for search in sorted(searches, key=lambda search: search.kernel != first):
        search.rehearse()


if __name__ == "__main__":
    compile_here(*sys.argv[1:2])

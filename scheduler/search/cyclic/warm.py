"""Compile the cyclic search once per machine; see `scheduler.search.compiling`."""

from __future__ import annotations

from collections.abc import Callable

from scheduler.search.compiling import compile_in_process, forget_stale, is_cached

PACKAGE = "scheduler.search.cyclic"
KERNEL = "walk.walk"
"""The function that is compiled last."""
SOURCES = ("costs", "insertion", "timing", "using", "walk")
"""Modules with compiled functions."""


def is_compiled() -> bool:
    """Return whether the cache holds the search."""
    return is_cached(PACKAGE, KERNEL, SOURCES)


def compile_elsewhere() -> Callable[[float], bool]:
    """Start a process that compiles, unless one runs; see `scheduler.search.compiling.compile_in_process`."""
    return compile_in_process(f"{PACKAGE}.warm", KERNEL, is_compiled)


def compile_here() -> None:
    """Run every compiled function once, on an instance of two jobs."""
    from scheduler.domain import Facility, Instance, Job, Machine, Mode, Objective, Operation
    from scheduler.domain.cycle import Cycle, unrolled
    from scheduler.domain.jobs import chain
    from scheduler.search.construct import construct
    from scheduler.search.cyclic.engine import CyclicSearch

    forget_stale(PACKAGE, KERNEL, SOURCES)
    operations = tuple(Operation(str(n), (Mode("M", 1 + n), Mode("N", 2))) for n in range(2))
    jobs = tuple(Job(name, operations, chain(tuple(o.id for o in operations))) for name in "AB")
    machines = (Machine("M", "F"), Machine("N", "F"))
    instance = unrolled(Instance("warm", (Facility("F"),), machines, jobs), Cycle(3))
    start = construct(instance, Objective.parse("cycle_time"), time_limit=0.01)
    assert start is not None
    CyclicSearch(instance, start, 0, lambda value: None).rehearse()


if __name__ == "__main__":
    compile_here()

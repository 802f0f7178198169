"""Compile the factory search once per machine; see `scheduler.search.compiling`."""

from __future__ import annotations

from collections.abc import Callable

from scheduler.search.compiling import compile_in_process, is_cached

PACKAGE = "scheduler.search.decode"
KERNEL = "walk.walk"
"""The function that is compiled last."""
SOURCES = (
    "calendars",
    "carriers",
    "carry",
    "cells",
    "changes",
    "charging",
    "decode",
    "departures",
    "greedy",
    "layout",
    "leaving",
    "machines",
    "nearing",
    "place",
    "stations",
    "tending",
    "trace",
    "trips",
    "value",
    "visits",
    "walk",
)
"""Modules with compiled functions, and what is compiled into them."""


def is_compiled() -> bool:
    """Return whether the cache holds the search."""
    return is_cached(PACKAGE, KERNEL, SOURCES)


def compile_elsewhere() -> Callable[[float], bool]:
    """Start a process that compiles, unless one runs; see `scheduler.search.compiling.compile_in_process`."""
    return compile_in_process(f"{PACKAGE}.warm", KERNEL, is_compiled)


def compile_here() -> None:
    """Run every compiled function once, on an instance of a few jobs."""
    from scheduler.domain import Facility, Instance, Job, Machine, Mode, Objective, Operation
    from scheduler.domain.jobs import chain
    from scheduler.search.decode.engine import FactorySearch

    operations = tuple(Operation(str(n), (Mode("M", 1 + n), Mode("N", 2))) for n in range(3))
    jobs = tuple(Job(name, operations, chain(tuple(o.id for o in operations))) for name in "ABCD")
    instance = Instance("warm", (Facility("F"),), (Machine("M", "F"), Machine("N", "F")), jobs)
    search = FactorySearch.of(instance, Objective.parse("makespan"), 0, lambda value: None)
    assert search is not None
    search.rehearse()


if __name__ == "__main__":
    compile_here()

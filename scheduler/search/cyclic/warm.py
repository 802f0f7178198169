"""Compile the cyclic search once per machine; see `scheduler.search.compiling`."""

from __future__ import annotations

from scheduler.search.compiling import Kernels

KERNELS = Kernels(
    "scheduler.search.cyclic",
    (
        "costs",
        "drawing",
        "insertion",
        "last",
        "loads",
        "moving",
        "path",
        "rows",
        "shared",
        "shorter",
        "span",
        "steps",
        "timing",
        "tracing",
        "using",
        "walk",
        "windows",
    ),
)


def compile_here() -> None:
    """Run every compiled function once, on an instance of two jobs."""
    from scheduler.domain import Facility, Instance, Job, Machine, Mode, Objective, Operation
    from scheduler.domain.cycle import Cycle, unrolled
    from scheduler.domain.jobs import chain
    from scheduler.search.construct import construct
    from scheduler.search.cyclic.engine import CyclicSearch
    from scheduler.search.cyclic.goal import Goal

    operations = tuple(Operation(str(n), (Mode("M", 1 + n), Mode("N", 2))) for n in range(2))
    jobs = tuple(Job(name, operations, chain(tuple(o.id for o in operations))) for name in "AB")
    machines = (Machine("M", "F"), Machine("N", "F"))
    instance = unrolled(Instance("warm", (Facility("F"),), machines, jobs), Cycle(3))
    start = construct(instance, Objective.parse("cycle_time"), time_limit=0.01)
    assert start is not None
    goal = Goal(2, 1)  # with a span there is more to compile
    CyclicSearch(instance, start, 0, lambda value: None, goal).rehearse()


if __name__ == "__main__":
    KERNELS.compile_alone(compile_here)

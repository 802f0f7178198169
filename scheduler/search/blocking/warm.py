"""Compile the blocking search once per machine; see `scheduler.search.compiling`."""

from __future__ import annotations

from scheduler.search.compiling import Kernels

KERNELS = Kernels("scheduler.search.blocking", ("closure", "sequences", "timing", "walk"))


def compile_here() -> None:
    """Run every compiled function once, on an instance of two jobs."""
    from scheduler.domain import Facility, Instance, Job, Machine, Mode, Objective, Operation
    from scheduler.domain.jobs import chain
    from scheduler.search.blocking.engine import BlockingSearch
    from scheduler.search.construct import construct

    operations = tuple(Operation(str(n), (Mode("M", 1 + n), Mode("N", 2))) for n in range(2))
    jobs = tuple(Job(name, operations, chain(tuple(o.id for o in operations))) for name in "AB")
    machines = (Machine("M", "F", output_buffer=0), Machine("N", "F", output_buffer=0))
    instance = Instance("warm", (Facility("F"),), machines, jobs)
    start = construct(instance, Objective.parse("makespan"), time_limit=0.01)
    assert start is not None
    BlockingSearch(instance, start, 0, lambda value: None).rehearse()


if __name__ == "__main__":
    KERNELS.compile_alone(compile_here)

"""Compile the tabu search once per machine; see `scheduler.search.compiling`."""

from __future__ import annotations

import sys

from scheduler.search.compiling import Kernels

KERNELS = Kernels(
    "scheduler.search.tabu",
    (
        "arrays",
        "beam",
        "build",
        "calendars",
        "candidates",
        "carried",
        "carry",
        "critical",
        "held",
        "job_tails",
        "moves",
        "nearing",
        "regular",
        "reinserting",
        "settle",
        "timing",
        "walk",
    ),
    "walk.run",
)


def compile_here(first: str = "") -> None:
    """Run every compiled function once, on an instance of a few jobs; those of the walk `first` before the others."""
    from dataclasses import replace

    from scheduler.domain import Execution, Facility, Fleet, Instance, Job, Machine, Mode, Objective, Operation, Vehicle
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
    known = construct(instance, makespan, time_limit=0.01)
    again = instance if known is None else replace(instance, execution=Execution(1, known))
    for case, objective in ((again, makespan), (instance, makespan), (instance, flow_time), (carried, makespan)):
        start, weights = construct(case, objective, time_limit=0.01), weigh(case, objective)
        if start is not None and weights is not None:
            searches.append(TabuSearch(case, weights, start, 0, lambda value: None))
    for search in sorted(searches, key=lambda search: search.kernel != first):
        search.rehearse()


if __name__ == "__main__":
    KERNELS.compile_alone(lambda: compile_here(*sys.argv[1:2]))

"""Compile the factory search once per machine; see `scheduler.search.compiling`."""

from __future__ import annotations

from scheduler.search.compiling import Kernels

KERNELS = Kernels(
    "scheduler.search.decode",
    (
        "boarding",
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
        "levels",
        "machines",
        "nearing",
        "orders",
        "parked_charging",
        "parking",
        "place",
        "stations",
        "stretches",
        "tending",
        "trace",
        "trips",
        "value",
        "visits",
        "walk",
    ),
)


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
    KERNELS.compile_alone(compile_here)

"""Identical machines are found, used in one order, and no optimum is lost; impossible modes are left out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cpsat.fixing import fixed_status
from helpers import assert_valid, down, factory, job, machine, mode, op

from scheduler.cpsat.context import ModelContext
from scheduler.cpsat.solve import build, improve
from scheduler.cpsat.symmetry import identical_machines, post_order
from scheduler.domain import Execution, Fleet, Instance, Objective, Schedule, ScheduledOperation, Status, Stop, Vehicle


def parallel_shop(num_machines: int = 3, durations: tuple[int, ...] = (5, 4, 3, 3, 3)) -> Instance:
    """Jobs of one operation each, on any of some identical machines."""
    names = [f"M{number}" for number in range(1, num_machines + 1)]
    jobs = [job(f"J{n}", op("1", *(mode(name, time) for name in names))) for n, time in enumerate(durations, 1)]
    return factory(*(machine(name) for name in names), *jobs)


def solved(instance: Instance, start: Schedule | None) -> tuple[Status, Schedule | None]:
    outcome = improve(
        instance,
        Objective.parse("makespan"),
        start=start,
        time_limit=10,
        workers=1,
        seed=0,
        on_progress=lambda value, bound: None,
        stop=Stop(),
    )
    return outcome.status, outcome.schedule


def on(*machines: str) -> Schedule:
    """J1 ... J5 of the parallel shop on these machines, each after those before it."""
    free: dict[str, int] = {}
    operations = []
    for number, (name, time) in enumerate(zip(machines, (5, 4, 3, 3, 3), strict=True), 1):
        start = free.get(name, 0)
        free[name] = start + time
        operations.append(ScheduledOperation(f"J{number}", "1", int(name[1:]) - 1, name, start, start + time))
    return Schedule(tuple(operations))


def test_identical_machines_are_a_group() -> None:
    assert identical_machines(parallel_shop()) == (("M1", "M2", "M3"),)


@pytest.mark.parametrize(
    "other",
    [
        machine("M3", calendar=down((2, 4))),
        machine("M3", capacity=2),
    ],
)
def test_a_machine_that_differs_is_in_no_group(other: object) -> None:
    shop = parallel_shop()
    assert identical_machines(replace(shop, machines=(*shop.machines[:2], other))) == (("M1", "M2"),)


def test_an_operation_that_one_machine_does_faster_tells_them_apart() -> None:
    shop = factory(machine("M1"), machine("M2"), job("J", op("1", mode("M1", 3), mode("M2", 2))))
    assert identical_machines(shop) == ()


def test_machines_without_work_are_in_no_group() -> None:
    assert (
        identical_machines(factory(machine("M1"), machine("M2"), machine("M3"), job("J", op("1", mode("M1", 3))))) == ()
    )


def test_vehicles_and_a_past_tell_machines_apart() -> None:
    shop = parallel_shop()
    fleet = Fleet("V", "F", (Vehicle("V1", "M1"),), {"M1": {"M2": 1}, "M2": {"M1": 1}})
    assert identical_machines(replace(shop, fleets=(fleet,))) == ()
    assert identical_machines(replace(shop, execution=Execution(0, Schedule(())))) == ()


def ordered_status(instance: Instance, start: Schedule, wanted: Schedule) -> Status:
    """Return whether the model, with machines in the order of one schedule, allows another."""
    from cpsat.fixing import solve

    ctx = build(instance)
    post_order(ctx, start)
    for operation in wanted.operations:
        ctx.model.add(ctx.modes(operation.key)[operation.mode] == 1)
        ctx.model.add(ctx.start(operation.key) == operation.start)
    return solve(ctx)[0]


def test_of_all_permutations_of_machines_one_is_left() -> None:
    shop = parallel_shop()
    known = on("M2", "M1", "M2", "M3", "M1")
    assert fixed_status(shop, known) is Status.FEASIBLE
    same_but_for_names = on("M1", "M2", "M1", "M3", "M2")
    assert ordered_status(shop, known, known) is Status.FEASIBLE
    assert ordered_status(shop, known, same_but_for_names) is Status.INFEASIBLE
    assert ordered_status(shop, same_but_for_names, same_but_for_names) is Status.FEASIBLE


def test_the_optimum_stays_whatever_the_start() -> None:
    # Of the three 3s at most two share a machine without 5 and 4 within 6 ticks; the third goes with 4: 7.
    shop = parallel_shop()
    for start in (None, on("M3", "M3", "M3", "M3", "M3"), on("M2", "M1", "M2", "M3", "M1")):
        status, schedule = solved(shop, start)
        assert status is Status.OPTIMAL
        assert schedule is not None
        assert_valid(shop, schedule)
        assert schedule.makespan == 7


def test_a_mode_that_is_too_long_for_the_known_makespan_is_left_out() -> None:
    jobs = [job(name, op("1", mode("M1", 2), mode("M2", 9)), op("2", mode("M1", 1), mode("M2", 2))) for name in "AB"]
    shop = factory(machine("M1"), machine("M2"), *jobs)
    ctx = ModelContext(shop, {"A": 9, "B": 10})
    assert ctx.impossible == {(("A", "1"), 1)}  # 9 and 1 more are 10
    assert [key for key, _ in ctx.operations_on("M2")] == [("A", "2"), ("B", "1"), ("B", "2")]


def test_impossible_modes_cost_no_optimum() -> None:
    # One machine alone takes 4 + 2 = 6; with the second operation of one job on M2: 2 + 2 + 1 = 5, nothing is shorter:
    # both first operations on M1 end at 4, and one tick more is needed.
    jobs = [job(name, op("1", mode("M1", 2), mode("M2", 9)), op("2", mode("M1", 1), mode("M2", 2))) for name in "AB"]
    shop = factory(machine("M1"), machine("M2"), *jobs)
    status, start = solved(shop, None)
    assert status is Status.OPTIMAL
    assert start is not None
    assert start.makespan == 5
    assert solved(shop, start) == (Status.OPTIMAL, start)

"""What a subproblem keeps of a schedule, and what it frees."""

from __future__ import annotations

import pytest
from cpsat.fixing import solve
from helpers import assert_valid, at, constructed, factory, job, machine, mode, op, schedule, simple_job
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from strategies import events, instances

from scheduler.cpsat.extract import extract
from scheduler.cpsat.kept import Kept
from scheduler.cpsat.solve import build
from scheduler.cpsat.subproblem import Subproblem, subproblem
from scheduler.domain import Instance, OperationKey, Schedule, Status
from scheduler.rescheduling import repair

quick = settings(
    derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def kept(sub: Subproblem) -> Kept:
    return Kept(sub.instance, sub.schedule, sub.free)


def assert_holds_its_schedule(instance: Instance, known: Schedule, free: frozenset[OperationKey]) -> None:
    """The schedule that is kept is a solution, and any other solution is a right schedule of the whole instance."""
    sub = subproblem(instance, known, free)
    ctx = build(sub.instance, kept=kept(sub))
    ctx.hint(sub.schedule)
    assert solve(ctx, fix_variables_to_their_hinted_value=True)[0] is Status.FEASIBLE
    ctx.model.clear_hints()
    status, solver = solve(ctx, random_seed=len(free))
    assert status is Status.FEASIBLE
    assert_valid(instance, sub.restore(extract(ctx, solver.value)))


# --- by hand -------------------------------------------------------------------------------------------------------


def earliest_ends(instance: Instance, known: Schedule, *free: OperationKey) -> Schedule:
    """Return the schedule of the subproblem with the least sum of ends."""
    sub = subproblem(instance, known, free)
    ctx = build(sub.instance, kept=kept(sub))
    ctx.model.minimize(sum(ctx.end(key) for key in instance.operation_by_key))
    status, solver = solve(ctx)
    assert status is Status.FEASIBLE
    return sub.restore(extract(ctx, solver.value))


def test_kept_operations_keep_mode_and_order_but_not_their_times() -> None:
    # A (5) before B (1) on M costs more than B before A, and N would do A in 1: neither is allowed; only the idle
    # time of 2 before A is lost.
    instance = factory(
        machine("M"), machine("N"), job("A", op("1", mode("M", 5), mode("N", 1))), simple_job("B", ("M", 1))
    )
    known = schedule(at("A.1", "M", 2, 7), at("B.1", "M", 7, 8))
    found = earliest_ends(instance, known)
    assert [(o.job, o.mode, o.start, o.end) for o in found.operations] == [("A", 0, 0, 5), ("B", 0, 5, 6)]


def test_a_free_operation_changes_machine_and_one_that_is_kept_does_not() -> None:
    # Either of A and B would take 1 on N instead of 5 on M; mode 1 of the whole instance is N.
    jobs = [job(name, op("1", mode("M", 5), mode("N", 1))) for name in "AB"]
    instance = factory(machine("M"), machine("N"), *jobs)
    known = schedule(at("A.1", "M", 0, 5), at("B.1", "M", 5, 10))
    found = earliest_ends(instance, known, ("B", "1"))
    assert [(o.job, o.mode, o.machine, o.start) for o in found.operations] == [("A", 0, "M", 0), ("B", 1, "N", 0)]


def test_a_free_operation_goes_between_two_that_are_kept() -> None:
    # The shortest first is best: C (2), B (3), A (3). But A stays before B, and C is released at 3: A, C, B.
    jobs = simple_job("A", ("M", 3)), simple_job("B", ("M", 3)), simple_job("C", ("M", 2), release_date=3)
    known = schedule(at("A.1", "M", 0, 3), at("B.1", "M", 3, 6), at("C.1", "M", 6, 8))
    found = earliest_ends(factory(machine("M"), *jobs), known, ("C", "1"))
    assert [(o.job, o.start) for o in found.operations] == [("A", 0), ("B", 5), ("C", 3)]


def test_places_of_a_machine_are_handed_on() -> None:
    # Two places: A and B begin, C follows the one that ends first. C (2) stays behind A or B though it could be first.
    instance = factory(
        machine("M", capacity=2), *(simple_job(name, ("M", time)) for name, time in (("A", 3), ("B", 4), ("C", 2)))
    )
    known = schedule(at("A.1", "M", 0, 3), at("B.1", "M", 0, 4), at("C.1", "M", 3, 5))
    assert earliest_ends(instance, known).by_operation["C", "1"].start == 3
    assert earliest_ends(instance, known, ("A", "1")).by_operation["C", "1"].start == 0


@pytest.mark.parametrize("free_job", ["J1", "J2", "J3", "J4", "J5"])
def test_every_part_of_the_complete_factory_can_be_freed(
    complete_instance: Instance, complete_schedule: Schedule, free_job: str
) -> None:
    free = frozenset(key for key in complete_instance.operation_by_key if key[0] == free_job)
    assert_holds_its_schedule(complete_instance, complete_schedule, free)


def test_nothing_of_the_complete_factory_need_be_free(complete_instance: Instance, complete_schedule: Schedule) -> None:
    assert_holds_its_schedule(complete_instance, complete_schedule, frozenset())


# --- at random -----------------------------------------------------------------------------------------------------


def some_of(data: st.DataObject, known: Schedule) -> frozenset[OperationKey]:
    return data.draw(st.frozensets(st.sampled_from([o.key for o in known.operations])))


@settings(quick, max_examples=80)
@given(st.data())
def test_subproblems_hold_the_schedule_they_come_from(data: st.DataObject) -> None:
    instance = data.draw(instances(max_operations=6))
    known = constructed(instance)
    assume(known is not None)
    assert_holds_its_schedule(instance, known, some_of(data, known))


@settings(quick, max_examples=30)
@given(st.data())
def test_subproblems_of_repairs_hold_the_schedule_they_come_from(data: st.DataObject) -> None:
    instance = data.draw(instances(max_operations=6))
    baseline = constructed(instance)
    assume(baseline is not None)
    repaired = repair(instance, baseline, data.draw(events(instance, baseline)), policy="right-shift")
    known = repaired.result.schedule
    assume(known is not None)
    assert_holds_its_schedule(repaired.instance, known, some_of(data, known))

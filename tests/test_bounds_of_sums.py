"""Lower bounds of tardiness and flow times: by hand, and never above what a schedule has."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import at, constructed, down, executed, factory, machine, mode, op, schedule, shifts, simple_job
from helpers import job as job_of
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import events, instances

from scheduler.bounds.alone import alone
from scheduler.bounds.pools import Clock, Pool, Work
from scheduler.bounds.sums import SUMS, sum_bounds
from scheduler.domain import Instance
from scheduler.rescheduling import repair
from scheduler.terms import value_terms

DAY = shifts(24, (0, 8))
"""Eight hours of work a day."""


def test_a_job_alone_waits_for_the_shift_that_has_room_for_it() -> None:
    # turn [0, 5); mill takes 4 and begins at 24, when the next shift does: 8 - 5 < 4. With pauses: [5, 8) and [24, 25).
    instance = factory(machine("lathe"), machine("mill", calendar=DAY), simple_job("A", ("lathe", 5), ("mill", 4)))
    least = alone(instance, 100)
    assert least.starts == {("A", "1"): 0, ("A", "2"): 24}
    assert least.completions == {"A": 28}
    pausing = replace(instance.jobs[0].operations[1], interruptible=True)
    job = replace(instance.jobs[0], operations=(instance.jobs[0].operations[0], pausing))
    assert alone(replace(instance, jobs=(job,)), 100).completions == {"A": 25}


def test_a_job_alone_takes_the_mode_that_ends_first() -> None:
    fast, slow = mode("mill", 4), mode("lathe", 6)
    job = job_of("A", op("cut", mode("saw", 6)), op("mill", fast, slow))
    instance = factory(machine("saw"), machine("lathe"), machine("mill", calendar=DAY), job)
    least = alone(instance, 100)
    assert (least.starts["A", "mill"], least.completions["A"]) == (6, 12)


def test_what_has_started_stays_and_nothing_else_starts_before_now() -> None:
    instance = factory(machine("M"), simple_job("A", ("M", 5), ("M", 2)), simple_job("B", ("M", 3)))
    plan = schedule(at("A.1", "M", 0, 5), at("A.2", "M", 5, 7), at("B.1", "M", 7, 10))
    least = alone(executed(instance, plan, 2), 100)
    assert least.begun == {("A", "1")}
    assert least.starts == {("A", "1"): 0, ("A", "2"): 5, ("B", "1"): 2}
    assert least.completions == {"A": 7, "B": 5}


def test_a_clock_adds_up_what_machines_can_do() -> None:
    # One works on [0, 8), [24, 32) ..., the other always but on [4, 6).
    clock = Clock([machine("A", calendar=DAY), machine("B", calendar=down((4, 6)))], 48)
    assert [clock.done_by(t) for t in (0, 4, 6, 8, 24, 25)] == [0, 8, 10, 14, 30, 32]
    assert [clock.instant(done) for done in (0, 8, 9, 10, 14, 15, 30, 31, 33)] == [0, 4, 5, 6, 8, 9, 24, 25, 26]
    assert all(
        clock.done_by(clock.instant(done)) >= done > clock.done_by(clock.instant(done) - 1) for done in range(1, 90)
    )


def test_the_shortest_first_and_the_most_urgent_first() -> None:
    # A [0, 1), B [1, 3), then A [3, 6); the due date of A comes first: A [0, 4), B [4, 6).
    works = (Work("A", 0, 4, 1), Work("B", 1, 2, 5))
    pool = Pool(Clock([machine("M")], 10), works)
    assert pool.completions(frozenset("AB")) == [3, 6]
    assert pool.completions(frozenset("A")) == [4]
    assert pool.lateness({"A": 5, "B": 20}) == 0
    assert pool.lateness({"A": 0, "B": 0}) == 8
    assert pool.lateness({}) < 0


def test_together_jobs_are_later_than_alone() -> None:
    # Three jobs of 4, all due at 5: one after the other they are 0, 3 and 7 late; the heaviest goes first.
    jobs = (simple_job(name, ("M", 4), due_date=5, weight=weight) for name, weight in (("A", 1), ("B", 2), ("C", 5)))
    least = sum_bounds(factory(machine("M"), *jobs))
    assert least["total_tardiness"] == 10
    assert least["weighted_tardiness"] == 1 * 7 + 2 * 3
    assert least["maximum_tardiness"] == 7
    assert least["flow_time"] == 4 + 8 + 12


def test_machines_share_what_may_be_done_on_either() -> None:
    # Four jobs of 4 on two machines, 16 ticks of work by two: the first is done at 2, as if both worked on it.
    jobs = (job_of(name, op("cut", mode("M", 4), mode("N", 4)), due_date=4) for name in "ABCD")
    least = sum_bounds(factory(machine("M"), machine("N"), *jobs))
    assert least["total_tardiness"] == 0 + 0 + 2 + 4
    assert least["flow_time"] == max(4 * 4, 2 + 4 + 6 + 8)


@pytest.mark.parametrize("name", SUMS)
def test_a_bound_is_the_same_whatever_else_is_asked_for(name: str) -> None:
    jobs = (simple_job(name, ("M", 4), due_date=5, weight=weight) for name, weight in (("A", 1), ("B", 2), ("C", 5)))
    plan = schedule(at("A.1", "M", 0, 4), at("B.1", "M", 4, 8), at("C.1", "M", 8, 12))
    instance = executed(factory(machine("M", calendar=down((5, 9))), *jobs), plan, 1)
    assert sum_bounds(instance, [name]) == {name: sum_bounds(instance)[name]}


@settings(max_examples=60, deadline=None)
@given(instances(max_operations=8), st.sampled_from(["weighted_tardiness", "flow_time", "makespan"]))
def test_no_bound_exceeds_what_a_schedule_has(instance: Instance, objective: str) -> None:
    plan = constructed(instance, objective)
    assume(plan is not None)
    assert plan is not None
    values = value_terms(instance, plan)
    assert all(least <= values[name] for name, least in sum_bounds(instance).items())


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_bound_exceeds_what_a_repaired_schedule_has(data: st.DataObject) -> None:
    instance = data.draw(instances(max_operations=6))
    plan = constructed(instance, "makespan")
    assume(plan is not None)
    assert plan is not None
    found = repair(instance, plan, data.draw(events(instance, plan)), policy="right-shift", time_limit=5, workers=1)
    assume(found.schedule is not None and not found.is_degraded)
    assert found.schedule is not None
    values = value_terms(found.instance, found.schedule)
    assert all(least <= values[name] for name, least in sum_bounds(found.instance).items())


@pytest.mark.parametrize(("until", "deviation"), [(5, 0), (9, 4)])
def test_what_can_not_start_in_time_deviates(until: int, deviation: int) -> None:
    # From 1 to 5 there is no room for the 5 ticks of B.
    broken = machine("M", calendar=down((5, until)))
    instance = factory(broken, simple_job("A", ("M", 5)), simple_job("B", ("M", 5)))
    least = sum_bounds(executed(instance, schedule(at("A.1", "M", 0, 5), at("B.1", "M", 5, 10)), 1))
    assert least["start_deviation"] == deviation
    assert least["promised_tardiness"] == deviation

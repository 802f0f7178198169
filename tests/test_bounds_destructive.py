"""The bound that tries makespans: exact where it can be seen by hand, never above the optimum."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from helpers import distances, down, factory, job, machine, mode, op, shifts, simple_job
from oracle import TooHardError, optimum
from strategies import random_fleet_instance, random_instance, random_mover_instance

from scheduler.bounds import makespan_bound
from scheduler.bounds.destructive import destructive_bound
from scheduler.bounds.working_time import WorkingTime
from scheduler.domain import (
    Calendar,
    Fleet,
    Instance,
    Job,
    OperatorPool,
    Precedence,
    Robot,
    RobotCell,
    Vehicle,
)
from scheduler.domain.calendar import earliest_start, end_of_work, working_time

DAY = shifts(100, (0, 20))
"""Works 20 of 100 ticks."""
MOST_NODES = 100
"""Nodes of the search for an optimum, so that a test takes seconds."""


@pytest.mark.parametrize("pauses", [False, True])
@pytest.mark.parametrize("calendar", [Calendar(), down((0, 2), (5, 6), (9, 14)), shifts(10, (0, 3), (4, 8))])
def test_working_time_is_that_of_the_calendar(calendar: Calendar, pauses: bool) -> None:
    times, blocked = WorkingTime(calendar, 60), calendar.blocked(60)

    def end_from(start: int, work: int) -> int | None:
        """Return the end of work that starts then, None if it can't."""
        if earliest_start(blocked, start, work, pauses) != start:
            return None
        return end_of_work(blocked, start, work)

    for instant in range(40):
        assert times.before(instant) == working_time(blocked, 0, instant)
        for work in range(4):
            start = earliest_start(blocked, instant, work, pauses)
            assert times.earliest(instant, work, pauses) == (start, end_of_work(blocked, start, work))
            ends = [(s, e) for s in range(instant + 1) if (e := end_from(s, work)) is not None and e <= instant]
            latest = times.latest(instant, work, pauses)
            assert (latest == ends[-1]) if ends else (latest[0] < 0)


def test_what_misses_its_shift_is_done_in_the_next_one() -> None:
    # Ready at 18, 5 long, in a shift that ends at 20: [100, 105), and 7 more.
    late = simple_job("A", ("M", 5), ("N", 7), release_date=18)
    instance = factory(machine("M", calendar=DAY), machine("N"), late)
    assert makespan_bound(instance) == 112
    # If it may pause: [18, 20) and [100, 103).
    may_pause = job("A", op("1", mode("M", 5), interruptible=True), op("2", mode("N", 7)), release_date=18)
    assert makespan_bound(replace(instance, jobs=(may_pause,))) == 110
    # A machine that always works, 30 long: [18, 48), and 7 more.
    other = job("A", op("1", mode("M", 5), mode("N", 30)), op("2", mode("N", 7)), release_date=18)
    assert makespan_bound(replace(instance, jobs=(other,))) == 55


def test_what_does_not_fit_into_a_shift_goes_on_in_the_next_one() -> None:
    # Three times 8 on a machine that works 20 a day: one of them in [100, 108), and 4 more.
    jobs = [simple_job(name, ("M", 8), (f"N{name}", 4)) for name in "ABC"]
    instance = factory(machine("M", calendar=DAY), *(machine(f"N{name}") for name in "ABC"), *jobs)
    # Any of the three that ends after 20 ends at 108 or later, and 24 do not fit into the first day.
    assert makespan_bound(instance) == 112
    assert optimum(instance, "makespan") == (112,)
    # What may pause leaves only 4 for the next day.
    pausing = tuple(
        replace(j, operations=(replace(j.operations[0], interruptible=True), *j.operations[1:])) for j in jobs
    )
    assert makespan_bound(replace(instance, jobs=pausing)) == 108


def test_machines_that_share_operations_are_counted_together() -> None:
    # Six times 8 do not fit into the 40 that two machines work on the first day; one of them ends at 108 or later.
    jobs = [job(str(k), op("1", mode("M", 8), mode("N", 8))) for k in range(6)]
    instance = factory(machine("M", calendar=DAY), machine("N", calendar=DAY), *jobs)
    assert makespan_bound(instance) == 108


def test_a_fleet_has_a_time_for_every_transport() -> None:
    # From the dock to each machine: 1 + 9 + 1. Four of them on one vehicle, the empty way back not counted: 44, and 5.
    fleet = Fleet(
        "T",
        "F",
        (Vehicle("V", "dock"),),
        travel=distances("dock M0 M1 M2 M3", 9),
        pick_up_time=1,
        drop_time=1,
    )
    plain = factory(*(machine(f"M{k}") for k in range(4)), *(simple_job(str(k), (f"M{k}", 5)) for k in range(4)), fleet)
    instance = replace(plain, facilities=tuple(replace(f, station="dock") for f in plain.facilities))
    assert makespan_bound(instance) == 49
    two = replace(fleet, vehicles=(Vehicle("V", "dock"), Vehicle("W", "dock")))
    assert makespan_bound(replace(instance, fleets=(two,))) == 27
    roomy = replace(fleet, vehicles=(Vehicle("V", "dock", capacity=2),))
    assert makespan_bound(replace(instance, fleets=(roomy,))) == 27


def test_a_robot_tends_and_carries() -> None:
    # Two parts: in for 1 + 3 + 1 each, out for as long, and the robot stands at the station for 6 with each: 32.
    cell = RobotCell(
        "C", "F", (Robot("R", "IN"),), "IN", "OUT", travel=distances("IN OUT M N", 3), load_time=1, unload_time=1
    )
    jobs = [job(name, op("1", replace(mode(place, 6), tended=True))) for name, place in (("A", "M"), ("B", "N"))]
    instance = factory(machine("M", cell="C"), machine("N", cell="C"), *jobs, cell)
    assert makespan_bound(instance) == 32
    two = replace(cell, robots=(Robot("R", "IN"), Robot("S", "IN")))
    assert makespan_bound(replace(instance, cells=(two,))) == 16


def test_operators_are_held_for_as_long_as_operations_last() -> None:
    # Each of four machines needs two of three people for 6: 4 * 2 * 6 / 3 = 16.
    jobs = [job(str(k), op("1", mode(f"M{k}", 6, crew=2))) for k in range(4)]
    instance = factory(*(machine(f"M{k}") for k in range(4)), *jobs, OperatorPool("crew", 3))
    assert makespan_bound(instance) == 16


def test_a_mode_that_comes_too_late_makes_no_others_possible() -> None:
    # Within 30 ticks A.1 is on M, so that A.2 begins at 12: [12, 17), then 13 more. On N it would end at 103.
    first = op("1", mode("M", 12), mode("N", 3))
    instance = factory(
        machine("M"),
        machine("N", calendar=shifts(100, (0, 2), (50, 100))),
        machine("P"),
        machine("Q", calendar=DAY),
        job("A", first, op("2", mode("Q", 5)), op("3", mode("P", 13))),
    )
    assert makespan_bound(instance) == 30


def test_where_nothing_is_possible_the_bound_says_nothing() -> None:
    no_lane = factory(machine("M"), machine("N", "G"), simple_job("A", ("M", 3), ("N", 4)))
    assert destructive_bound(no_lane, 7) == 7


def _drawn(seed: int) -> Instance:
    """Return a small instance, every third one with fleets, every third one with robots that do much."""
    make = (random_instance, random_fleet_instance, random_mover_instance)[seed % 3]
    instance = make(seed, 3, without=("plans",))
    if seed % 4 == 0:
        rng = Random(seed)
        day = shifts(12, (0, rng.randint(4, 8)))
        instance = replace(instance, machines=tuple(replace(m, calendar=day) for m in instance.machines))
    return instance


def _is_never_above(seeds: range) -> int:
    """Hold the bound against the optimum; return how often it was above what it began with."""
    num_better = 0
    for seed in seeds:
        instance = _drawn(seed)
        try:
            best = optimum(instance, "makespan", max_nodes=MOST_NODES)
        except TooHardError:
            continue
        if best is not None:
            bound = destructive_bound(instance, 0)
            assert bound <= best[0], seed
            num_better += bound == best[0] > 0
    return num_better


def test_no_bound_exceeds_the_optimum() -> None:
    assert _is_never_above(range(40)) > 10


@pytest.mark.slow
def test_no_bound_exceeds_the_optimum_of_many() -> None:
    assert _is_never_above(range(40, 600)) > 100


def test_lags_count_from_end_to_start() -> None:
    # A.1 [0, 5), a lag of 10 in which the part is carried, A.2 [15, 20) ends with its shift.
    links = (Precedence("1", "2", min_lag=10),)
    lagged = Job("A", (op("1", mode("M", 5)), op("2", mode("N", 5))), links)
    instance = factory(machine("M"), machine("N", calendar=DAY), lagged)
    assert makespan_bound(instance) == 20
    assert makespan_bound(replace(instance, jobs=(replace(lagged, release_date=1),))) == 105

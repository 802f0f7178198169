"""Jobs whose parts block plain machines, inserted at the earliest."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from time import perf_counter

import pytest
from helpers import assert_valid, factory, job, machine, mode, op, random_job_shop, simple_job

from scheduler.domain import Execution, Instance, Objective, Schedule
from scheduler.io.layout import with_blocking
from scheduler.portfolio import solve
from scheduler.search.board import Board
from scheduler.search.chains import place_chain
from scheduler.search.construct import construct
from scheduler.search.problem import Problem
from scheduler.search.units import Plans

MAKESPAN = Objective.parse("makespan")


def inserted(instance: Instance) -> Schedule:
    """Insert the jobs in file order."""
    problem = Problem(instance)
    board, plans = Board(problem), Plans(problem)
    for data in problem.jobs:
        (unit,) = plans.units(data, 0)
        assert unit.plan.is_chain
        assert place_chain(board, unit.plan, unit.operations)
    return board.schedule()


def starts(schedule: Schedule, job_id: str) -> list[int]:
    return [o.start for o in schedule.operations if o.job == job_id]


@pytest.mark.parametrize(("swap", "expected"), [(True, [0, 3]), (False, [5, 8])])
def test_parts_hand_over_in_a_circle_only_with_swap(swap: bool, expected: list[int]) -> None:
    jobs = simple_job("J1", ("A", 3), ("B", 2)), simple_job("J2", ("B", 3), ("A", 2))
    schedule = inserted(factory(*(machine(name, output_buffer=0, swap=swap) for name in "AB"), *jobs))
    assert starts(schedule, "J1") == [0, 3]
    assert starts(schedule, "J2") == expected


def test_a_way_that_begins_late_may_be_the_only_one() -> None:
    # J3 could be on A from 0 to 2, but would have to leave it at 2 and B is taken until 9: it goes on A after J2.
    jobs = (
        simple_job("J1", ("B", 9)),
        simple_job("J2", ("A", 3), release_date=2),
        simple_job("J3", ("A", 2), ("B", 1)),
    )
    schedule = inserted(factory(*(machine(name, output_buffer=0) for name in "AB"), *jobs))
    assert starts(schedule, "J3") == [5, 9]
    assert_valid(factory(*(machine(name, output_buffer=0) for name in "AB"), *jobs), schedule)


def test_an_operation_on_the_same_machine_stays_in_its_gap() -> None:
    jobs = simple_job("J1", ("A", 4), release_date=5), simple_job("J2", ("A", 3), ("A", 3))
    schedule = inserted(factory(machine("A", output_buffer=0), *jobs))
    assert starts(schedule, "J2") == [9, 12]


def test_lags_and_modes() -> None:
    late = simple_job("J1", ("A", 4))
    lag = replace(simple_job("J2", ("A", 1), ("B", 1)).precedences[0], min_lag=6)
    choice = job("J2", op("1", mode("A", 3), mode("C", 5)), op("2", mode("B", 2)), links=(lag,))
    schedule = inserted(factory(*(machine(name, output_buffer=0) for name in "ABC"), late, choice))
    assert starts(schedule, "J2") == [0, 11]  # on C until 5, and 6 ticks more


@pytest.mark.parametrize("seed", range(20))
def test_the_last_job_ends_as_early_as_it_can(seed: int) -> None:
    """The others pinned as they are, CP-SAT finds nothing earlier (with swaps, where nothing is cautious)."""
    random = Random(seed)
    names = "ABC"
    jobs = [
        simple_job(f"J{k}", *((random.choice(names), random.randint(1, 3)) for _ in range(random.randint(2, 4))))
        for k in range(5)
    ]
    jobs[-1] = replace(jobs[-1], due_date=0)
    instance = factory(*(machine(name, output_buffer=0) for name in names), *jobs)
    schedule = inserted(instance)
    assert_valid(instance, schedule)
    pins = tuple(o for o in schedule.operations if o.job != "J4")
    pinned = replace(instance, execution=Execution(0, schedule, pins=pins))
    best = solve(pinned, objective="total_tardiness", time_limit=20, workers=1)
    assert best.values == (schedule.completions["J4"],)


@pytest.mark.parametrize("swap", [True, False])
def test_two_thousand_operations_in_a_second(swap: bool) -> None:
    instance = with_blocking(random_job_shop(100, 20, 1), swap)
    began_at = perf_counter()
    schedule = construct(instance, MAKESPAN, time_limit=0.0)
    assert perf_counter() - began_at < 5.0  # a quarter of a second on an idle machine
    assert schedule is not None
    assert_valid(instance, schedule)


@pytest.mark.parametrize("swap", [True, False])
def test_every_pass_is_right(swap: bool) -> None:
    for seed in range(5):
        instance = with_blocking(random_job_shop(6, 4, seed), swap)
        schedule = construct(instance, MAKESPAN, time_limit=0.1, seed=seed)
        assert schedule is not None
        assert_valid(instance, schedule)

"""The walk goes on after something has happened: what is left of an instance, settling, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from helpers import assert_valid
from strategies import random_events, random_instance

from benchmarks.size import flexible_job_shop
from scheduler.domain import Facility, Instance, Job, Machine, Mode, Objective, Operation, Schedule, Status
from scheduler.domain.derive import complete
from scheduler.domain.events import MachineBreakdown
from scheduler.domain.jobs import chain
from scheduler.errors import EventError
from scheduler.portfolio import solve
from scheduler.rescheduling import repair
from scheduler.search.construct import construct
from scheduler.search.tabu.arrays import END, JOB, START, Solution, why_unsupported
from scheduler.search.tabu.calendars import pulled, pushed, worked
from scheduler.search.tabu.engine import TabuSearch
from scheduler.search.tabu.returning import Returning
from scheduler.search.tabu.space import RestSpace, space_of
from scheduler.search.tabu.timing import time_all
from scheduler.search.tabu.weights import Weights, weigh
from scheduler.terms import value_terms

OTHERS = (
    *("lags", "deadlines", "capacity", "operators", "cells", "blocking", "buffers", "swaps", "lanes", "fleets"),
    *("timetables", "docks", "dwell", "reach", "tending", "transit", "hubs", "plans"),
)
"""What the walk does not speak."""


def cases(seeds: range, size: int, objective: str | None = None) -> Iterator[tuple[Instance, Schedule, Weights]]:
    """Yield random instances to which something has happened, with their right shift."""
    for seed in seeds:
        instance = random_instance(seed, size, without=OTHERS)
        first = construct(instance, Objective.parse(instance.objective), time_limit=0.0, seed=seed)
        if first is None:
            continue
        try:
            found = repair(instance, first, random_events(seed, instance, first), policy="right-shift", workers=1)
        except EventError:
            continue
        weights = weigh(found.instance, Objective.parse(objective or instance.objective))
        if found.result.schedule is None or why_unsupported(found.instance) is not None or weights is None:
            continue
        yield found.instance, found.result.schedule, weights


def test_many_cases_are_spoken() -> None:
    found = list(cases(range(60), 8))
    assert len(found) >= 20
    assert any(machine.setups is not None for instance, _, _ in found for machine in instance.machines)
    assert any(not machine.calendar.always_works for instance, _, _ in found for machine in instance.machines)


@pytest.mark.parametrize("objective", [None, "makespan", "weighted_tardiness", "flow_time", "promised_tardiness"])
def test_the_orders_of_a_right_shift_are_timed_and_settled(objective: str | None) -> None:
    for instance, shifted, weights in cases(range(100, 125), 9, objective):
        space = space_of(instance, weights, shifted)
        assert isinstance(space, RestSpace)
        solution = space.solution(shifted)
        assert solution is not None
        problem = space.problem
        time_all(problem.ops, problem.links, problem.machines, problem.times, solution.state)
        early = weights_of(instance, space, solution.state[END], weights)
        moved = np.abs(solution.state[START]).sum()
        settled = space.schedule(solution)
        space.settled(solution)
        assert moved <= np.abs(solution.state[START]).sum()  # never earlier than the earliest
        assert_valid(instance, settled)
        assert weights.value(instance, settled) == early <= weights.value(instance, shifted)


@pytest.mark.parametrize(
    "objective", ["makespan", "weighted_tardiness > makespan", "flow_time", "promised_tardiness + 0.5*makespan"]
)
@pytest.mark.parametrize("share", [Fraction(0), Fraction(1, 10)])
def test_annealing_keeps_what_is_allowed_and_every_rule(share: Fraction, objective: str) -> None:
    goal, nearer = Objective.parse(objective), 0
    for instance, shifted, weights in cases(range(100, 125), 9, objective):
        space = space_of(instance, weights, shifted)
        assert isinstance(space, RestSpace)
        solution, terms = space.solution(shifted), value_terms(instance, shifted)
        assert solution is not None
        problem = space.problem
        time_all(problem.ops, problem.links, problem.machines, problem.times, solution.state)
        before = space.settled(Solution(solution.state.copy(), solution.ends))
        allowed = tuple((1 + share) * value for value in goal.value(terms))
        most = weights.most(allowed)
        space.allow(most)
        distance, found = space.annealed(solution, most, 0, 300, 3.0, 0.1, np.zeros(1, np.int64))
        assert distance <= before
        schedule = space.schedule(found)
        assert_valid(instance, schedule)
        values = goal.value(value_terms(instance, schedule))
        assert all(value <= limit for value, limit in zip(values, allowed, strict=True))
        nearer += distance < before
    assert nearer >= 1


def test_a_job_that_comes_to_a_machine_twice_stays_in_order() -> None:
    first, second = (Operation(id, (Mode("M", 3), Mode("N", 4))) for id in "ab")
    jobs = tuple(Job(name, (first, second), chain(("a", "b"))) for name in "ABCDE")
    whole = Instance("twice", (Facility("F"),), (Machine("M", "F"), Machine("N", "F")), jobs)
    plan = construct(whole, Objective.parse("makespan"), time_limit=0.0)
    assert plan is not None
    found = repair(whole, plan, [MachineBreakdown(id="E", at=2, machine="M", until=9)], policy="right-shift", workers=1)
    shifted, weights = found.result.schedule, weigh(found.instance, Objective.parse("makespan"))
    assert shifted is not None
    assert weights is not None
    space = space_of(found.instance, weights, shifted)
    assert isinstance(space, RestSpace)
    for seed in range(20):
        solution = space.solution(shifted)
        assert solution is not None
        time_all(*space.problem[:2], *space.problem[3:], solution.state)
        most = weights.most([Fraction(2 * shifted.makespan)])
        _, nearest = space.annealed(solution, most, seed, 200, 10.0, 5.0, np.zeros(1, np.int64))
        assert_valid(found.instance, space.schedule(nearest))
        assert_valid(found.instance, space.schedule(solution))  # where the annealing ended


def weights_of(instance: Instance, space: RestSpace, ends: np.ndarray, weights: Weights) -> int:
    """Return the value of ends in the arrays."""
    jobs = space.problem.ops[JOB, :-1]
    completions = np.zeros(len(instance.jobs), np.int64)
    np.maximum.at(completions, jobs, ends)
    if weights.is_makespan:
        return int(completions.max())
    due, late, flow, promised, broken = weights.jobs
    tardy = np.maximum(completions - due[:-1], 0)
    total = (late[:-1] * tardy + flow[:-1] * completions).sum()
    total += (broken[:-1] * np.maximum(completions - promised[:-1], 0)).sum()
    return int(total + late[-1] * tardy.max() + flow[-1] * completions.max())


def test_the_walk_and_cpsat_agree_on_small_cases() -> None:
    reached = tried = 0
    for instance, shifted, weights in cases(range(200, 240), 5, "makespan"):
        search = TabuSearch(instance, weights, shifted, 0, lambda value: None)
        search.advance(3_000)
        best = search.best() or shifted
        assert_valid(instance, best)
        proved = solve(instance, objective="makespan", start=shifted, time_limit=30, workers=1)
        assert proved.status is Status.OPTIMAL
        assert best.makespan >= proved.values[0]
        reached += best.makespan == proved.values[0]
        tried += 1
    assert tried >= 10
    assert reached >= 0.8 * tried


@pytest.mark.parametrize("spare", [0, 20])
def test_the_way_back_keeps_the_value_that_is_allowed_and_comes_nearer(spare: int) -> None:
    whole = flexible_job_shop(80, 5, 8, seed=3)
    first = construct(whole, Objective.parse("makespan"), time_limit=0.0)
    assert first is not None
    broken = MachineBreakdown(id="E", at=60, machine=whole.machines[0].id, until=160)
    found = repair(whole, first, [broken], policy="right-shift", workers=1)
    instance, shifted = found.instance, found.result.schedule
    weights = weigh(instance, Objective.parse("makespan"))
    assert shifted is not None
    assert weights is not None
    search = TabuSearch(instance, weights, shifted, 0, lambda value: None)
    search.advance(5_000)
    assert search.value < shifted.makespan
    told: list[int] = []
    allowed = search.value + spare
    returning = Returning(search, [Fraction(allowed)], told.append)
    before = returning.value
    returning.advance(10_000)
    schedule = returning.best()
    assert schedule is not None
    assert_valid(instance, schedule)
    assert schedule.makespan <= allowed
    assert told == sorted(told, reverse=True)
    assert told[-1] == returning.value < before


def test_what_one_search_has_lowered_serves_another_with_other_weights() -> None:
    for instance, shifted, weights in cases(range(300, 330), 9, "makespan"):
        before = TabuSearch(instance, weights, shifted, 0, lambda value: None)
        before.advance(200)
        other = weigh(instance, Objective.parse("flow_time"))
        assert other is not None
        search = TabuSearch(instance, other, shifted, 0, lambda value: None, before=before)
        assert search.problem is before.problem
        search.advance(200)
        best = search.best() or shifted
        assert_valid(instance, best)
        assert other.value(instance, best) == search.value
        assert weights.value(instance, before.best() or shifted) == before.value


def test_a_repair_uses_it() -> None:
    instance, shifted, _ = next(iter(cases(range(100, 150), 9, "makespan")))
    found = solve(instance, objective="makespan", start=shifted, time_limit=2, workers=2)
    assert found.schedule is not None
    assert_valid(instance, found.schedule)
    assert found.schedule == complete(instance, found.schedule.operations)
    assert value_terms(instance, found.schedule)["makespan"] <= shifted.makespan


@pytest.mark.parametrize("pauses", [0, 1])
def test_pulled_is_the_last_start_that_is_not_pushed_beyond_the_end(pauses: int) -> None:
    times = np.array([3, 5, 9, 10, 14, 20], np.int64)
    machines = np.array([[-1, -1], [0, 0], [0, 0], [0, 6], [0, 0], [6, 6], [1, 1]], np.int64)

    def end_of(ready: int, time: int, setup: int) -> int:
        start = pushed(machines, times, 0, ready, setup, 1 if pauses else time)
        left, clock = time, start
        while left > 0:  # tick by tick
            left -= not any(a <= clock < b for a, b in ((3, 5), (9, 10), (14, 20)))
            clock += 1
        return clock

    for setup in (0, 1, 2):
        for time in (1, 2, 3):
            for end in range(12, 26):
                last = pulled(machines, times, 0, end, time, setup, pauses)
                ways = [s for s in range(26) if end_of(s, time, setup) <= end]
                assert last == max(s for s in ways if pushed(machines, times, 0, s, setup, 1 if pauses else time) == s)


@pytest.mark.parametrize("pauses", [0, 1])
def test_on_a_slow_machine_work_is_pushed_and_pulled_tick_by_tick(pauses: int) -> None:
    # Downtimes, then stretches in which a tick is worth 1 or 3 halves of a tick of work.
    downs, slow = ((3, 5), (9, 10), (14, 20)), ((2, 7, 1), (11, 13, 3), (18, 22, 1))
    times = np.array([x for row in (*downs, *slow) for x in row], np.int64)
    machines = np.array([[-1, -1], [0, 0], [0, 0], [0, 6], [0, 0], [6, 15], [2, 2]], np.int64)
    down = {tick for a, b in downs for tick in range(a, b)}

    def end_of(start: int, time: int) -> int:
        left, clock = 2 * time, start
        while left > 0:
            worth = next((worth for a, b, worth in slow if a <= clock < b), 2)
            left -= 0 if pauses and clock in down else worth
            clock += 1
        return clock

    for setup in (0, 1, 2):
        for time in (1, 2, 3):
            fits = [s for s in range(50) if down.isdisjoint(range(s - setup, s + 1 if pauses else end_of(s, time)))]
            for ready in range(26):
                start = next(s for s in fits if s >= ready)
                assert worked(machines, times, 0, ready, setup, time, pauses) == (start, end_of(start, time))
            for end in range(min(end_of(s, time) for s in fits), 40):
                last = max(s for s in fits if end_of(s, time) <= end)
                assert pulled(machines, times, 0, end, time, setup, pauses) == last

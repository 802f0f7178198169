"""The compiled search: its timing is exact, its schedules keep every rule, and it finds known optima."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import assert_valid, down, factory, job, machine, mode, op, random_job_shop, shifts, simple_job
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import instances

import scheduler
from scheduler.domain import Instance, Objective, Precedence, SetupMatrix
from scheduler.domain.horizon import horizon
from scheduler.search.construct import construct
from scheduler.search.tabu.arrays import (
    BEFORE,
    END,
    FLOW,
    JOB,
    ORDER,
    START,
    TAIL,
    TIME,
    Problem,
    Solution,
    lower,
    new_solution,
    raise_solution,
    to_schedule,
    why_unsupported,
)
from scheduler.search.tabu.build import blend, greedy
from scheduler.search.tabu.engine import TabuSearch
from scheduler.search.tabu.settings import Settings
from scheduler.search.tabu.timing import makespan, time_all
from scheduler.search.tabu.walker import Walker
from scheduler.search.tabu.weights import Weights, weigh

MAKESPAN = Objective.parse("makespan")


def just_the_makespan(problem: Problem) -> Weights:
    jobs = np.zeros((5, problem.ops[JOB].max() + 2), np.int64)
    jobs[FLOW, -1] = 1
    return Weights(jobs, unit=1, offset=0)


def walk(
    problem: Problem,
    start: Solution,
    *,
    weights: Weights | None = None,
    seed: int = 0,
    iterations: int = 500,
    target: int = 0,
) -> tuple[int, int, Solution]:
    best = new_solution(problem)
    walker = Walker(problem, weights or just_the_makespan(problem), Settings(tenure=0.5))
    value, done = walker.run(start, best, seed, iterations, target, np.zeros(1, np.int64))
    return value, done, best


def lowered(instance: Instance) -> tuple[Problem, Solution]:
    schedule = construct(instance, MAKESPAN, time_limit=0.0)
    assert schedule is not None
    problem = lower(instance, 4 * horizon(instance))
    return problem, raise_solution(instance, schedule, problem)


def every_feature() -> Instance:
    """Setups with an initial family, shifts, a downtime, pauses, lags, an assembly, alternatives, releases."""
    matrix = SetupMatrix({"a": {"b": 3}, "b": {"a": 2}}, initial="b")
    jobs = [
        job(
            f"J{n}",
            op("1", mode("M1", 3 + n % 3, "ab"[n % 2]), mode("M2", 4)),
            op("2", mode("M2", 2 + n % 2), interruptible=True),
            op("3", mode("M1", 2, "ab"[n // 2 % 2]), mode("M3", 5)),
            links=(Precedence("1", "3", min_lag=n % 3), Precedence("2", "3")),
            release_date=n,
        )
        for n in range(8)
    ]
    return factory(
        machine("M1", setups=matrix, calendar=down((9, 12))),
        machine("M2", calendar=shifts(20, (0, 14))),
        machine("M3"),
        *jobs,
    )


def assert_timed_exactly(problem: Problem, solution: Solution) -> None:
    """What the walk updated step by step is what timing from scratch gives."""
    again = Solution(solution.state.copy(), solution.ends.copy())
    assert time_all(*problem_timing(problem), again.state) >= 0
    for row in (START, END, TAIL):
        assert (again.state[row] == solution.state[row]).all()
    position = np.empty(again.state.shape[1], np.int64)
    position[solution.state[ORDER]] = np.arange(position.size)
    for o, a in enumerate(solution.state[BEFORE]):
        assert a < 0 or position[a] < position[o]


def problem_timing(problem: Problem) -> tuple[np.ndarray, ...]:
    return problem.ops, problem.links, problem.machines, problem.times


@pytest.mark.parametrize("seed", range(5))
def test_walk_keeps_exact_times_and_every_rule(seed: int) -> None:
    instance = every_feature()
    problem, start = lowered(instance)
    value, _, best = walk(problem, start, seed=seed)
    assert_timed_exactly(problem, best)
    schedule = to_schedule(instance, problem, best)
    assert_valid(instance, schedule)
    assert schedule.makespan == value


def test_current_solution_is_timed_exactly_too() -> None:
    problem, start = lowered(every_feature())
    walk(problem, start, iterations=137)
    assert_timed_exactly(problem, start)


@settings(max_examples=40, deadline=None)
@given(instances(max_operations=5, without=("fleets",)))
def test_random_instances_give_valid_schedules(instance: Instance) -> None:
    if why_unsupported(instance) is not None:
        return
    problem, start = lowered(instance)
    value, _, best = walk(problem, start, iterations=60)
    schedule = to_schedule(instance, problem, best)
    assert_valid(instance, schedule)
    assert schedule.makespan == value


@given(st.integers(0, 2**30))
@settings(max_examples=10, deadline=None)
def test_greedy_and_blended_solutions_are_valid(seed: int) -> None:
    instance = every_feature()
    problem, one = lowered(instance)
    other, between = new_solution(problem), new_solution(problem)
    remaining = problem.ops[0, :-1] * 1.0
    greedy(*problem, *other, remaining, 0.5, 0.3, seed)
    assert time_all(*problem_timing(problem), one.state) > 0
    assert time_all(*problem_timing(problem), other.state) > 0
    blend(problem.alts, one.state, other.state, *between, 0.5, seed)
    assert time_all(*problem_timing(problem), between.state) > 0
    for solution in (other, between):
        assert_valid(instance, to_schedule(instance, problem, solution))


def test_same_seed_same_walk() -> None:
    instance = every_feature()
    problem, _ = lowered(instance)
    ends = []
    for _ in range(2):
        _, start = lowered(instance)
        ends.append(walk(problem, start, seed=3)[2].state[END].tolist())
    assert ends[0] == ends[1]


def test_walk_stops_at_its_target() -> None:
    # One machine: every order is optimal, so there is nothing to do.
    instance = factory(machine("M"), simple_job("A", ("M", 3)), simple_job("B", ("M", 4)))
    problem, start = lowered(instance)
    value, iterations, _ = walk(problem, start, target=7)
    assert (value, iterations) == (7, 0)


def test_finds_the_optimum_of_ft06() -> None:
    instance = scheduler.load("instances/ft06.json")
    problem, start = lowered(instance)
    value, _, best = walk(problem, start, iterations=20_000, target=55)
    assert value == 55
    assert makespan(problem.ops, best.state) == 55
    assert (best.state[END] == best.state[START] + best.state[TIME]).all()


def test_engine_reports_better_makespans_and_ends_at_the_bound() -> None:
    instance = scheduler.load("instances/la01.json")
    start = construct(instance, MAKESPAN, time_limit=0.01)
    assert start is not None
    found: list[int] = []
    weights = weigh(instance, MAKESPAN)
    assert weights is not None
    search = TabuSearch(instance, weights, start, 0, found.append)
    search.aim(666)
    search.start(2)
    search.wait(60.0)
    search.finish()
    best = search.best() or start
    assert best.makespan == 666
    assert found == sorted(found, reverse=True)
    assert_valid(instance, best)


@pytest.mark.parametrize(
    ("why", "instance"),
    [
        ("capacity", factory(machine("M", capacity=2), simple_job("A", ("M", 3)))),
        ("deadlines", factory(machine("M"), simple_job("A", ("M", 3), deadline=9))),
        (
            "maximum lags",
            factory(
                machine("M"),
                job("A", op("1", mode("M", 1)), op("2", mode("M", 1)), links=(Precedence("1", "2", 0, 0),)),
            ),
        ),
        ("plans", factory(machine("M"), simple_job("A", ("M", 3), plans=(("1",),)))),
    ],
)
def test_what_it_does_not_speak_is_named(why: str, instance: Instance) -> None:
    assert why_unsupported(instance) == why


def test_same_seed_same_search() -> None:
    instance = random_job_shop(20, 10, seed=0)
    start = construct(instance, MAKESPAN, time_limit=0.0)
    weights = weigh(instance, MAKESPAN)
    assert start is not None and weights is not None
    ways: list[list[int]] = [[], [], []]
    for way, seed in zip(ways, (5, 5, 6), strict=True):
        search = TabuSearch(instance, weights, start, seed, way.append)
        for _ in range(4):
            search.advance(5_000)
    assert ways[0] == ways[1]
    assert ways[0] != ways[2]


def test_every_setting_keeps_every_rule() -> None:
    instance = every_feature()
    start = construct(instance, MAKESPAN, time_limit=0.0)
    weights = weigh(instance, MAKESPAN)
    assert start is not None and weights is not None
    variants = [Settings(neighbourhood=name) for name in ("N5", "N6", "N7")]
    variants += [Settings(starts="random"), Settings(relinking=False), Settings(reactive=False), Settings(elite=2)]
    reached = []
    for variant in variants:
        search = TabuSearch(instance, weights, start, 1, lambda value: None, variant)
        search.advance(20_000)
        best = search.best() or start
        assert_valid(instance, best)
        reached.append(best.makespan)
    assert max(reached) <= start.makespan

"""The compiled search with transports: exact timing, valid schedules, known optima, moves that can be taken back."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from helpers import assert_valid, distances, factory, job, machine, mode, op, simple_job
from hypothesis import given, settings
from oracle import TooHardError, optimum
from strategies import instances

import scheduler
from benchmarks.sequences import play, read_sequences
from scheduler.domain import Facility, Fleet, Instance, Objective, Vehicle
from scheduler.search.construct import construct
from scheduler.search.tabu.arrays import (
    ALT,
    ALTS_AT,
    BEFORE,
    END,
    FAMILY,
    LEAVES,
    MACHINE,
    START,
    TAIL,
    TIME,
    new_solution,
    why_unsupported,
)
from scheduler.search.tabu.candidates import elsewhere
from scheduler.search.tabu.carry import settle
from scheduler.search.tabu.critical import TABU, Move, any_last, critical_path
from scheduler.search.tabu.engine import TabuSearch
from scheduler.search.tabu.settings import DEFAULT
from scheduler.search.tabu.space import CarriedSpace
from scheduler.search.tabu.timing import time_all
from scheduler.search.tabu.transports import Carried, carried_schedule, raise_carried
from scheduler.search.tabu.walker import Walker
from scheduler.search.tabu.weights import weigh

MAKESPAN = Objective.parse("makespan")


def plant(seed: int, num_jobs: int = 6, num_machines: int = 4, num_vehicles: int = 2, **facility: object) -> Instance:
    """Jobs of three operations with one to three alternatives; travel times of 1 to 6, neither symmetric nor metric."""
    random = Random(seed)
    machines = [f"M{number}" for number in range(1, num_machines + 1)]
    places = ["DOCK", *machines]
    travel = {a: {b: random.randint(1, 6) for b in places if b != a} for a in places}
    vehicles = tuple(Vehicle(f"V{number}", random.choice(places)) for number in range(1, num_vehicles + 1))
    jobs = []
    for number in range(1, num_jobs + 1):
        steps = []
        for step in range(1, 4):
            able = random.sample(machines, random.randint(1, 3))
            steps.append(op(str(step), *(mode(name, random.randint(1, 9)) for name in able)))
        jobs.append(job(f"J{number}", *steps, release_date=random.randint(0, 5)))
    return factory(
        Facility("F", "DOCK", **facility),
        Fleet("AGV", "F", vehicles, travel, 1, 2),
        *(machine(name) for name in machines),
        *jobs,
    )


def walked(instance: Instance, seed: int, iterations: int = 300) -> tuple[int, Carried, object]:
    space = CarriedSpace(instance)
    weights = weigh(instance, MAKESPAN)
    assert weights is not None
    start = space.greedy(np.ones(space.problem.ops.shape[1] - 1), 0.5, 0.3, seed)
    best = new_solution(space.problem)
    walker = Walker(space.problem, weights, DEFAULT)
    value, _ = walker.run(start, best, seed, iterations, 0, np.zeros(1, np.int64))
    assert_settled(space.problem, start.state, start.ends)
    assert_settled(space.problem, best.state, best.ends)
    return value, space.problem, best


def assert_settled(problem: Carried, state: np.ndarray, ends: np.ndarray) -> None:
    """What the walk updated step by step is what placing and timing from scratch give."""
    again, again_ends = state.copy(), ends.copy()
    settle(problem.machines, problem.times, problem.transports, problem.station, again, again_ends, problem.alts)
    assert time_all(problem.ops, problem.links, problem.machines, problem.times, again) >= 0
    for row in (ALT, MACHINE, TIME, FAMILY, LEAVES, BEFORE, START, END, TAIL):
        assert (again[row] == state[row]).all(), row
    assert (again_ends == ends).all()


@pytest.mark.parametrize("returns_jobs", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_walk_keeps_exact_times_and_every_rule(seed: int, returns_jobs: bool) -> None:
    instance = plant(seed, returns_jobs=returns_jobs)
    value, problem, best = walked(instance, seed)
    schedule = carried_schedule(instance, problem, best)
    assert_valid(instance, schedule)
    assert schedule.makespan == value


@settings(max_examples=60, deadline=None)
@given(instances(max_operations=6, without=("cells", "lanes", "plans", "operators", "capacity", "deadlines")))
def test_random_instances_give_valid_schedules(instance: Instance) -> None:
    if not instance.fleets or why_unsupported(instance) is not None:
        return
    value, problem, best = walked(instance, 1, 60)
    schedule = carried_schedule(instance, problem, best)
    assert_valid(instance, schedule)
    assert schedule.makespan == value
    try:
        least = optimum(replace(instance, objective="makespan"))
    except TooHardError:
        return
    assert least is not None
    assert value >= least[0]


def test_constructed_schedules_are_understood() -> None:
    instance = plant(5, returns_jobs=True)
    schedule = construct(instance, MAKESPAN, time_limit=0.0)
    assert schedule is not None
    space = CarriedSpace(instance)
    solution = raise_carried(instance, schedule, space.problem)
    problem = space.problem
    settle(problem.machines, problem.times, problem.transports, problem.station, *solution, problem.alts)
    value = time_all(problem.ops, problem.links, problem.machines, problem.times, solution.state)
    assert 0 < value <= schedule.makespan
    assert_valid(instance, space.schedule(solution))


@pytest.mark.parametrize("seed", range(3))
def test_blended_solutions_are_valid(seed: int) -> None:
    instance = plant(seed)
    space = CarriedSpace(instance)
    _, problem, one = walked(instance, seed, 50)
    _, _, other = walked(instance, seed + 10, 50)
    between = space.blend(one, other, 0.5, seed)
    assert time_all(problem.ops, problem.links, problem.machines, problem.times, between.state) > 0
    assert_settled(problem, between.state, between.ends)
    assert_valid(instance, space.schedule(between))


def test_an_operation_that_no_critical_path_meets_may_save_a_transport() -> None:
    # All places are 5 apart. V brings J1 to M1 (by 5), works there until 7, and takes it on to M2 (by 12); then it
    # fetches J2 from the dock (17) and brings it to M3 (22), which works until 52. The second operation of J1 is not on
    # that way. Where it stays on M1, V is at the dock by 10 and J2 on M3 by 15: 45.
    instance = factory(
        Facility("F", "DOCK"),
        Fleet("AGV", "F", (Vehicle("V1", "DOCK"),), distances("DOCK M1 M2 M3", 5)),
        *(machine(name) for name in ("M1", "M2", "M3")),
        job("J1", op("1", mode("M1", 2)), op("2", mode("M2", 1), mode("M1", 1))),
        job("J2", op("1", mode("M3", 30))),
    )
    schedule = play(instance, read_sequences("M1 1\nM2 2\nM3 3\nV1 T1 T2 T3"))
    problem = CarriedSpace(instance).problem
    state, ends = raise_carried(instance, schedule, problem)
    settle(problem.machines, problem.times, problem.transports, problem.station, state, ends, problem.alts)
    assert time_all(problem.ops, problem.links, problem.machines, problem.times, state) == 52
    path, found = np.zeros(state.shape[1], np.int64), np.zeros(3, np.int64)
    last = any_last(problem.ops, state, 52)
    count = critical_path(problem.ops, problem.links, problem.machines, problem.times, state, path, last)
    assert 1 not in path[:count]
    nothing = Move(-1, -1, -1, -1, 1 << 60)
    memory = (np.zeros(TABU, np.int64), path, count, np.zeros(2, np.int64), found, nothing, nothing, 1, 52)
    chosen, _ = elsewhere(*problem, state, ends, *memory)
    assert (chosen.u, chosen.v, chosen.value) == (1, problem.ops[ALTS_AT, 1] + 1, 45)
    # And the best is to begin with J2, on M3 from 5 to 35; J1 is on M1 from 15 to 18.
    assert walked(instance, 0, 50)[0] == 35


def test_two_jobs_that_share_a_vehicle() -> None:
    # Both jobs are at the dock and go to their machine, 5 away, with the one vehicle: it brings the first at 5, is
    # back at 10, brings the second at 15. The longer job goes first: max(5 + 9, 15 + 2) = 17; the other way round
    # max(5 + 2, 15 + 9) = 24.
    fleet = Fleet(
        "AGV",
        "F",
        (Vehicle("V", "DOCK"),),
        {a: {b: 5 for b in ["DOCK", "M1", "M2"] if b != a} for a in ["DOCK", "M1", "M2"]},
    )
    instance = factory(
        Facility("F", "DOCK"),
        fleet,
        machine("M1"),
        machine("M2"),
        simple_job("J1", ("M1", 2)),
        simple_job("J2", ("M2", 9)),
    )
    result = scheduler.solve(instance, time_limit=5, workers=1)
    assert result.schedule is not None
    assert (result.schedule.makespan, result.status.value) == (17, "optimal")


def test_same_seed_same_way() -> None:
    instance = plant(3, num_jobs=10)
    weights, start = weigh(instance, MAKESPAN), construct(instance, MAKESPAN, time_limit=0.0)
    assert weights is not None
    assert start is not None
    ways: list[list[int]] = []
    for _ in range(2):
        way: list[int] = []
        TabuSearch(instance, weights, start, 7, way.append).advance(2_000)
        ways.append(way)
    assert ways[0] == ways[1]
    assert ways[0]

"""The factory search: every schedule it claims passes the checker, with the value it claims."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fleet_cases import fleet_instance
from helpers import Enough, assert_valid, distances, factory, job, machine, mode, op, simple_job
from random_networks import Features, random_network
from strategies import random_instance
from test_construct_repair import disturbed

import scheduler
from scheduler import Status, Stop
from scheduler.domain import (
    Battery,
    Calendar,
    ChargeStep,
    Fleet,
    Instance,
    Objective,
    Robot,
    RobotCell,
    Schedule,
    Shift,
    ShiftPattern,
    Shortage,
    Vehicle,
)
from scheduler.generate import generate
from scheduler.search.decode.engine import FactorySearch
from scheduler.search.decode.goal import set_goal
from scheduler.search.decode.imitation import imitations
from scheduler.search.decode.latest import guess_latest
from scheduler.search.decode.layout import NEVER
from scheduler.search.decode.lower import lower
from scheduler.search.decode.memory import Array, Memory
from scheduler.search.decode.solution import Solution, blank, to_schedule
from scheduler.search.decode.spoken import why_unsupported
from scheduler.search.decode.walk import HEAT
from scheduler.search.decode.walks import Walks, longer
from scheduler.search.decode.warm import compile_here
from scheduler.terms import value_terms

OBJECTIVES = (
    "weighted_tardiness > makespan",
    "flow_time > setup_time",
    "transfer_count + 0.5*makespan",
    "number_tardy > maximum_tardiness > makespan",
    "total_tardiness > setup_time",
    "start_deviation + 2*reassignments + 3*sequence_changes > makespan",
    "transfer_cost + 2*transfer_co2 > makespan",
    "promised_tardiness + 0.5*makespan",
    "0.5*makespan + flow_time <= 90 > start_deviation + reassignments",
)
SMALL = (
    ("transfer_tiny", 23),
    ("timetable_tiny", 27),
    ("docks_tiny", 16),
    ("fleet_tiny", 23),
    ("hoist_tiny", 31),
    ("blocking_tiny", 10),
    ("buffer_tiny", 17),
    ("mixed_fleet_tiny", 20),
    ("shuttle_tiny", 12),
    ("returning_tiny", 17),
    ("shared_charger_tiny", 16),
    ("parking_tiny", 15),
    ("crowded_tugs_tiny", 11),
    ("two_robots_tiny", 16),
    ("kacem_4x5", 11),
    ("transit_tiny", 19),
    ("hub_tiny", 16),
    ("splits_tiny", 17),
    ("dual_gripper_tiny", 20),
    ("chained_cells_tiny", 94),
)
"""Shipped instances and their proved optima."""


def decoded(instance: Instance, objective: Objective, seed: int) -> tuple[Schedule, int] | None:
    """Return a schedule from a random greedy order, checked, and its value; None if that led into a dead end."""
    if why_unsupported(instance) is not None:
        return None
    latest = guess_latest(instance)
    goal = set_goal(instance, objective, latest)
    lowered = lower(instance, latest, goal.stay > 0) if goal is not None else None
    if goal is None or lowered is None:
        return None
    rng = np.random.default_rng(seed)
    memory = Memory(lowered, goal)
    solution = blank(lowered, rng)
    ranks = rng.permutation(len(lowered.units)).astype(np.int64)
    if not memory.greedy(solution, ranks, (0.0, 0.5, -1.0)[seed % 3], 0.0):
        return None
    value = memory.decode(solution)
    if value >= goal.overrun:
        return None
    schedule = to_schedule(lowered, memory.state)
    assert_valid(instance, schedule)
    tiers = objective.value(value_terms(instance, schedule))
    assert goal.first_tier(value) == tiers[0] * objective.tiers[0].scale, f"seed {seed}"
    return schedule, value


def searched(instance: Instance, objective: str, seed: int = 0, iterations: int = 3000) -> Schedule:
    """Return the checked schedule of a search in this thread."""
    values: list[int] = []
    search = FactorySearch.of(instance, Objective.parse(objective), seed, values.append)
    assert search is not None
    search.advance(iterations)
    schedule = search.best()
    assert schedule is not None
    assert_valid(instance, schedule)
    assert values == sorted(values, reverse=True)
    first = Objective.parse(objective).value(value_terms(instance, schedule))[0]
    assert first * Objective.parse(objective).tiers[0].scale == search.goal.first_tier(values[-1])
    return schedule


@pytest.mark.parametrize("first", range(0, 300, 100))
def test_random_networks(first: int) -> None:
    found = 0
    for seed in range(first, first + 100):
        instance = random_network(seed, Features(max_lags=0.3 if seed % 3 == 0 else 0.0))
        found += decoded(instance, Objective.parse(OBJECTIVES[seed % len(OBJECTIVES)]), seed) is not None
    assert found >= 90


@pytest.mark.parametrize("first", range(0, 300, 100))
def test_random_instances_with_fleets(first: int) -> None:
    found = 0
    for seed in range(first, first + 100):
        objective = Objective.parse(OBJECTIVES[seed % len(OBJECTIVES)])
        found += decoded(fleet_instance(seed, 3 + seed % 6), objective, seed) is not None
        found += decoded(random_instance(seed, 3 + seed % 6), objective, seed) is not None
    assert found >= 120


@pytest.mark.parametrize(
    "features", [Features(), Features(facilities=1, cells=1, blocking=1.0, setups=0.0)], ids=["all", "cell"]
)
def test_after_an_event(features: Features) -> None:
    found = tried = 0
    for seed in range(100):
        instance = disturbed(seed, features)
        if instance is not None:
            tried += 1
            objective = Objective.parse(OBJECTIVES[seed % len(OBJECTIVES)])
            found += decoded(instance, objective, seed) is not None
    assert found > 0.8 * tried


def test_operators_who_are_away() -> None:
    """In the file, and by an event."""
    found = 0
    for seed in range(40):
        instance = random_network(seed, Features(operators=1.0))
        if not instance.operators:
            continue
        pool = instance.operators[0]
        away = (Shortage(seed % 7, 9 + seed % 11, pool.capacity), Shortage(4, 40))
        instance = replace(instance, operators=(replace(pool, shortages=away), *instance.operators[1:]))
        found += decoded(instance, Objective.parse("makespan"), seed) is not None
    assert found >= 20


def test_walks_through_networks() -> None:
    for seed in range(25):
        searched(random_network(seed), OBJECTIVES[seed % len(OBJECTIVES)], seed, 400)


def test_a_walk_leaves_the_state_that_its_solution_decodes_to() -> None:
    """What changes of no consequence leave out, and what is taken back, does not add up to another schedule."""
    shares = np.array([1.0, 0.9, 0.7, 0.2, 0.1])
    for seed in range(12):
        for objective in ("makespan", "weighted_tardiness > makespan"):
            search = FactorySearch.of(random_network(seed), Objective.parse(objective), seed, lambda value: None)
            assert search is not None
            start = search.stepper(0).greedy()
            assert start is not None
            memory = Memory(search.lowered, search.goal)
            assert memory.enter(start[1], 20)
            for part in range(5):
                memory.walk(shares, 10 * seed + part, 30, 0, part % 2 == 0, np.zeros(1, np.int64))
                walked, value = to_schedule(search.lowered, memory.state), memory.value
                assert memory.decode(memory.current) == value
                assert to_schedule(search.lowered, memory.state) == walked
                memory.resume()


def test_a_schedule_comes_back_none_worse() -> None:
    for seed in range(30):
        instance, objective = random_network(seed), Objective.parse("makespan")
        first = decoded(instance, objective, seed)
        assert first is not None
        lowered, goal = lower(instance, guess_latest(instance)), set_goal(instance, objective, guess_latest(instance))
        assert lowered is not None
        assert goal is not None
        solution = next(imitations(lowered, first[0]), None)
        assert solution is not None
        again = Memory(lowered, goal).decode(solution)
        assert again < NEVER


@pytest.mark.parametrize("objective", ["setup_time <= 58 > makespan", "makespan <= 900 > setup_time <= 7 > makespan"])
def test_an_aspiration_may_be_above_all_that_there_is(objective: str) -> None:
    # Two jobs of 3 ticks, on one machine or side by side.
    both = (mode("M1", 3), mode("M2", 3))
    instance = factory(machine("M1"), machine("M2"), job("J1", op("1", *both)), job("J2", op("1", *both)))
    search = FactorySearch.of(instance, Objective.parse(objective), 0, lambda value: None)
    assert search is not None
    search.advance(200)
    found = search.best()
    assert found is not None
    assert found.makespan == 3


def test_one_thread_and_a_seed_take_the_same_way() -> None:
    instance = scheduler.load("instances/two_facilities.json")
    one, two = (searched(instance, instance.objective, seed=3, iterations=500) for _ in range(2))
    assert one == two


@pytest.mark.parametrize(("name", "optimum"), SMALL)
def test_small_instances_are_solved(name: str, optimum: int) -> None:
    instance = scheduler.load(f"instances/{name}.json")
    assert searched(instance, "makespan", iterations=20_000).makespan == optimum


def test_nothing_moves_after_the_latest_instant() -> None:
    # The robot works 4 ticks of 8, and the part is in its grip for 5: a schedule would lie where no shift is known.
    shifts = Calendar(pattern=ShiftPattern(8, (Shift(0, 4),)))
    cell = RobotCell("C", "F", (Robot("R", "in", shifts),), "in", "out", distances("in out S", 3), 1, 1)
    instance = factory(machine("S", cell="C"), cell, simple_job("A", ("S", 3)))
    assert why_unsupported(instance) is None
    assert decoded(instance, Objective.parse("makespan"), 0) is None


def test_deadlines_come_first() -> None:
    # B has to be first on M, though it is the longer one: B ends at 5, A at 8.
    instance = factory(
        machine("M"), simple_job("A", ("M", 3)), simple_job("B", ("M", 5), deadline=5), objective="flow_time"
    )
    assert searched(instance, "flow_time").completions == {"A": 8, "B": 5}


def test_plans_are_chosen() -> None:
    # The plan with the short operation is the better one, 2 after 3 by the other job.
    instance = factory(
        machine("M"),
        job("A", op("long", mode("M", 9)), op("short", mode("M", 2)), plans=(("long",), ("short",))),
        simple_job("B", ("M", 3)),
    )
    assert searched(instance, "makespan").makespan == 5


def test_what_is_not_spoken_is_named() -> None:
    plain = factory(machine("M"), simple_job("A", ("M", 3)))
    assert why_unsupported(plain) is None
    battery = Battery(10, tuple(ChargeStep(level, rate) for level, rate in ((2, 99991), (10, 99989))), 10)
    fleet = Fleet("A", "F", (Vehicle("V", "M", battery=battery),), distances("M S", 1))
    assert why_unsupported(replace(plain, fleets=(fleet,))) == "charge rates with a large common multiple"


def test_solve_goes_by_the_factory_search() -> None:
    compile_here()
    instance = scheduler.load("instances/two_facilities.json")
    enough = Enough(5, lambda point: point.engine == "factory" and point.bound is not None)
    result = scheduler.solve(instance, time_limit=30, workers=2, stop=enough, on_progress=enough.hear)
    assert result.status is Status.FEASIBLE
    assert any(point.engine == "factory" for point in result.history)
    assert all(point.bound is not None for point in result.history)


def test_a_first_schedule_does_not_wait_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    instance = generate(jobs=10, operations=50, seed=1)
    tried: list[float] = []
    greedy = Memory.greedy

    def counted(self: Memory, solution: Solution, ranks: Array, window: float, thrift: float) -> bool:
        tried.append(window)
        return greedy(self, solution, ranks, window, thrift)

    monkeypatch.setattr(Memory, "greedy", counted)
    for seconds, number in ((0.0, 1), (600.0, 3 * 6)):  # three windows, six rules where there are due dates
        search = FactorySearch.of(instance, Objective.parse("makespan"), 0, lambda value: None)
        assert search is not None
        found = search.first(seconds)
        assert found is not None
        assert_valid(instance, found)
        assert len(tried) == number
        tried.clear()


def test_later_tiers_are_searched_once_the_first_is_proved() -> None:
    """No job can be late, which 0 proves at once; the walk still makes the second tier smaller."""
    compile_here()
    instance = generate(jobs=20, operations=100, machines=12, facilities=1, cells=1, seed=1)
    jobs = tuple(replace(job, due_date=10**6) for job in instance.jobs)
    instance = replace(instance, jobs=jobs)
    objective = Objective.parse("weighted_tardiness > makespan")
    search = FactorySearch.of(instance, objective, 0, lambda value: None)
    assert search is not None
    first = search.first()
    assert first is not None
    enough = Stop()

    def look(schedule: Schedule) -> None:
        if schedule.makespan < first.makespan:
            enough.request()

    result = scheduler.solve(instance, objective=objective, time_limit=600, workers=2, stop=enough, on_schedule=look)
    assert result.values[0] == 0
    assert result.values[1] < first.makespan


def test_walks_grow_as_restarts_do() -> None:
    """Half of the walks are short; before the first one of a length come as many of every shorter one as make it up."""
    found = [longer(number) for number in range(1, 32)]
    assert found[:15] == [0, 0, 1, 0, 0, 1, 2, 0, 0, 1, 0, 0, 1, 2, 3]
    assert found[15:30] == found[:15]
    assert found[30] == 4
    assert [found.count(level) for level in range(5)] == [16, 8, 4, 2, 1]


@pytest.mark.parametrize(("objective", "anneals"), [("makespan", True), ("flow_time", False)])
def test_long_walks_for_the_makespan_anneal(objective: str, anneals: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """They begin with the best of all, and cool down to half of their temperature or somewhat less."""
    compile_here()
    monkeypatch.setattr("scheduler.search.decode.walks.CHUNK_WORK", 50_000)
    instance = generate(jobs=12, operations=60, machines=8, facilities=1, cells=1, seed=3)
    search = FactorySearch.of(instance, Objective.parse(objective), 0, lambda value: None)
    assert search is not None
    walks = Walks(search, 0)
    heats: list[list[int]] = [[]]
    for _ in range(100):
        best, begins = search.value, not walks._is_walking
        walks.step()
        if begins:
            heats.append([])
            assert walks._length == 0 or walks.judge.best_value <= best
        heats[-1].append(int(walks._memory._scalars[HEAT]))
    annealed = [found for found in heats[1:-1] if found and found[0] > 0]
    assert bool(annealed) == anneals
    assert any(not any(found) for found in heats if found)  # late acceptance between them
    for found in annealed:
        assert found == sorted(found, reverse=True)
        assert 0.4 * found[0] < found[-1] < 0.7 * found[0]


def test_what_is_given_after_an_annealing_is_walked_by_late_acceptance() -> None:
    """The walk from there does not go on with what was left of the other: a cold temperature, and an end at once."""
    compile_here()
    instance = generate(jobs=12, operations=60, machines=8, facilities=1, cells=1, seed=3)
    search = FactorySearch.of(instance, Objective.parse("makespan"), 0, lambda value: None)
    assert search is not None
    walks = Walks(search, 0)
    walks.step()
    while walks._is_walking or not walks._length:
        walks.step()
    best = search.best()
    assert best is not None
    search.give(best)
    walks.step()
    assert walks._length == 0
    assert walks._memory._scalars[HEAT] == 0

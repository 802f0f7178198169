"""The bound of the cycle time: what the literature and hand calculation say of cells, and never above the least."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, permutations
from random import Random

import numpy as np
import pytest
from cyclic_cases import cell, crowded, cyclic, held, one_long_job, robotic_cell, with_grippers
from helpers import distances, factory, machine, simple_job
from oracle import TooHardError
from oracle_cycle import best_cycle, least_makespan
from test_cycles import least_one_unit_cycle, random_cyclic

from scheduler.bounds import cycle_bound, makespan_bound
from scheduler.bounds.circuits import least_circuit, least_circuits
from scheduler.domain import Facility, Fleet, Instance, Objective, OperatorPool, Robot, SetupMatrix, Status, Vehicle
from scheduler.domain.cycle import part_set
from scheduler.portfolio import solve
from scheduler.search.construct import construct
from scheduler.search.cyclic.engine import CyclicSearch
from scheduler.search.cyclic.spoken import why_unsupported

GOAL = Objective.parse("cycle_time")


@pytest.mark.parametrize("num", range(1, 7))
def test_circuits_are_those_of_trying_all(num: int) -> None:
    rng = np.random.default_rng(num)
    for _ in range(5):
        costs = rng.integers(0, 20, (num, num))
        assigned = [sum(costs[a, b] for a, b in enumerate(order)) for order in permutations(range(num))]
        assert least_circuits(costs) == min(assigned)
        tours = [(0, *order, 0) for order in permutations(range(1, num))]
        assert least_circuit(costs) == min(sum(costs[a, b] for a, b in pairwise(t)) for t in tours)


def test_one_circuit_of_many_costs_no_less_than_several() -> None:
    # Two groups of ten that are 5 apart from each other: two circuits of 10, one of 8 + 2 + 2 * 5 + 8.
    groups = np.arange(20) // 10
    costs = np.where(groups[:, None] == groups, 1, 5)
    np.fill_diagonal(costs, 0)
    assert least_circuits(costs) == 0
    assert least_circuit(costs) == 20


@pytest.mark.parametrize(("a", "b", "move", "handling"), [(3, 4, 1, 1), (20, 1, 2, 1), (5, 30, 1, 2), (2, 1, 3, 1)])
def test_the_bound_of_two_stations_is_the_least_cycle_time(a: int, b: int, move: int, handling: int) -> None:
    # Sethi et al. (1992) for one gripper; with two, the longest work with its handling, or six visits on a round trip.
    instance = robotic_cell((a, b), move, handling, 4)
    one_by_one = 6 * move + 6 * handling + a + b
    in_turn = max(8 * move + 6 * handling, max(a, b) + 4 * move + 4 * handling)
    assert cycle_bound(instance) == min(one_by_one, in_turn)
    assert cycle_bound(with_grippers(instance, 2)) == max(max(a, b) + 2 * handling, 6 * (handling + move))


@pytest.mark.parametrize("seed", range(12))
def test_the_bound_of_three_stations_is_the_best_of_six_cycles(seed: int) -> None:
    random = Random(seed)
    times, move, handling = tuple(random.randint(1, 25) for _ in range(3)), random.randint(1, 3), random.randint(1, 2)
    assert cycle_bound(robotic_cell(times, move, handling, 5)) == least_one_unit_cycle(times, move, handling)


@pytest.mark.parametrize("num", [4, 9, 11])
def test_rows_of_stations(num: int) -> None:
    # 2 (m + 1) (d + h) with two grippers; with one, m d more at the least, as the work of 10 is longer than a way of 1.
    row = robotic_cell((10,) * num, 1, 1, num + 3)
    assert cycle_bound(with_grippers(row, 2)) == 4 * (num + 1)
    assert cycle_bound(row) >= 4 * (num + 1) + num


def test_two_robots_share_what_there_is() -> None:
    # Three moves of 3 and the way back of 3 are 12 for two robots. A station is taken for its work and two handlings.
    row = robotic_cell((20, 1), 1, 1, 4)
    both = replace(row, cells=(replace(row.cells[0], robots=(Robot("R", "IN"), Robot("Q", "IN"))),))
    assert cycle_bound(both) == 22
    assert cycle_bound(replace(both, jobs=robotic_cell((3, 1), 1, 1, 4).jobs)) == 6


def test_ways_are_shared_out_among_vehicles() -> None:
    # A job goes 5 there, 5 back, from dock to machine and back: 2 vehicles share 10 + no empty travel.
    fleet = Fleet("AGV", "F", (Vehicle("V", "D"), Vehicle("W", "D")), distances("D M", 5))
    hall = factory(
        Facility("F", "D", returns_jobs=True), machine("M"), fleet, *(simple_job(n, ("M", 1)) for n in "ABC")
    )
    assert cycle_bound(cyclic(hall, 9)) == 15


def test_setups_operators_and_sets() -> None:
    setups = SetupMatrix({"a": {"b": 4}, "b": {"a": 5}})
    jobs = [simple_job(family, ("M", 3)) for family in "ab"]
    jobs = [
        replace(j, operations=(replace(o, modes=(replace(o.modes[0], setup_family=j.id, operators={"crew": 2}),)),))
        for j in jobs
        for o in j.operations
    ]
    shop = factory(machine("M", setups=setups), *jobs)
    assert cycle_bound(cyclic(replace(shop, operators=(OperatorPool("crew", 9),)), 3)) == 3 + 4 + 3 + 5
    free = replace(shop, machines=(machine("M", capacity=2),), operators=(OperatorPool("crew", 2),))
    assert cycle_bound(cyclic(free, 9)) == 6  # both need the crew of two
    long = factory(machine("M"), machine("N"), simple_job("P", ("M", 5), ("N", 7)))
    assert cycle_bound(cyclic(long, 9)) == 7
    assert cycle_bound(cyclic(long, 2)) == 12  # one set at a time


@pytest.mark.parametrize("seed", range(60))
def test_never_above_the_least_cycle_time_of_brute_force(seed: int) -> None:
    instance = random_cyclic(seed)
    try:
        least, _, _ = best_cycle(instance, max_nodes=2000)
    except TooHardError:
        return
    assert 0 < cycle_bound(instance) <= least


@pytest.mark.parametrize("seed", range(30))
def test_the_bound_of_the_makespan_is_never_above_that_of_brute_force(seed: int) -> None:
    instance = random_cyclic(seed)
    try:
        least = least_makespan(instance, max_nodes=2000)
    except TooHardError:
        return
    assert makespan_bound(part_set(instance)) < makespan_bound(instance) <= least


def test_the_last_set_begins_so_many_cycles_after_the_first() -> None:
    part = simple_job("P", ("M1", 3), ("M2", 1), ("M1", 1))
    assert makespan_bound(cyclic(factory(machine("M1"), machine("M2"), part), 3)) == 2 * (3 + 1) + (3 + 1 + 1)


def anything(seed: int) -> Instance:
    """Return a cell, a hall, or what several parts share, with one gripper or two."""
    kind = (cell, crowded, held, one_long_job)[seed % 4]
    instance = kind(seed // 4)
    return with_grippers(instance, 2) if seed % 3 == 0 else instance


@pytest.mark.slow
def test_never_above_what_the_planner_finds() -> None:
    # Near to it as well: what is found is no more than a third longer in the mean.
    excess = []
    for seed in range(60):
        instance = anything(seed)
        bound = cycle_bound(instance)
        result = solve(instance, objective="cycle_time", time_limit=4, workers=2)
        assert bound <= result.values[0]
        excess.append(result.values[0] / bound - 1)
    assert sum(excess) / len(excess) < 0.34


def test_a_cell_whose_bound_is_met_is_proved_at_once() -> None:
    # Far too large a model for CP-SAT to prove in a second, were it not for the bound.
    instance = with_grippers(robotic_cell((10, 10, 10, 10), 1, 1, 7), 2)
    result = solve(instance, objective="cycle_time", time_limit=20, workers=2)
    assert (result.status, result.values, result.bounds) == (Status.OPTIMAL, (20,), (20,))


@pytest.mark.parametrize("seed", range(24))
def test_never_above_what_is_found(seed: int) -> None:
    instance = anything(seed)
    if why_unsupported(instance, GOAL) is not None:
        return
    start = construct(instance, GOAL, time_limit=0.0)
    assert start is not None
    search = CyclicSearch(instance, start, 0, lambda value: None)
    search.advance(50)
    assert 0 < cycle_bound(instance) <= search.value

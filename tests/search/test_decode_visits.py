"""The factory search with robots and vehicles that hold several parts: pick-ups and drops on the way of others."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from helpers import assert_valid, at, factory, machine, schedule, simple_job, transport
from strategies import random_mover_instance
from test_decode import OBJECTIVES, decoded, searched

from scheduler.domain import (
    Execution,
    Facility,
    Fleet,
    Instance,
    Job,
    Objective,
    Schedule,
    Vehicle,
)
from scheduler.search.construct import construct
from scheduler.search.decode.goal import set_goal
from scheduler.search.decode.imitation import imitations
from scheduler.search.decode.latest import guess_latest
from scheduler.search.decode.lower import lower
from scheduler.search.decode.memory import Memory
from scheduler.search.decode.solution import to_schedule

MAKESPAN = Objective.parse("makespan")
TRAVEL = {"dock": {"M": 10, "N": 10}, "M": {"dock": 10, "N": 1}, "N": {"dock": 10, "M": 1}}


def hall(*jobs: Job, capacity: int = 2) -> Instance:
    """Return two neighbouring machines far from the dock, from where one vehicle brings the jobs."""
    fleet = Fleet("A", "F", (Vehicle("V", "dock", capacity=capacity),), TRAVEL, pick_up_time=1, drop_time=1)
    return factory(Facility("F", station="dock"), machine("M"), machine("N"), fleet, *jobs)


def test_a_vehicle_takes_two_jobs_at_the_dock() -> None:
    # 2 pick-ups, 10 on the way, a drop, 1 to the neighbour, a drop, 1 at work; with one place 12 + 10 + 12 + 1.
    jobs = simple_job("A", ("M", 1)), simple_job("B", ("N", 1))
    assert searched(hall(*jobs), "makespan", iterations=500).makespan == 16
    assert searched(hall(*jobs, capacity=1), "makespan", iterations=500).makespan == 35


def test_three_jobs_need_two_ways_with_two_places() -> None:
    # 3 pick-ups, 3 drops, there, back and there again, and 1 at work behind the last drop: A and C go together.
    jobs = simple_job("A", ("M", 1)), simple_job("B", ("N", 1)), simple_job("C", ("M", 1))
    assert searched(hall(*jobs), "makespan", iterations=2000).makespan == 37


def test_a_schedule_with_two_jobs_on_a_vehicle_comes_back() -> None:
    instance = hall(simple_job("A", ("M", 1)), simple_job("B", ("N", 1)))
    best = searched(instance, "makespan", iterations=500)
    lowered, goal = lower(instance, guess_latest(instance)), set_goal(instance, MAKESPAN, guess_latest(instance))
    assert lowered is not None
    assert goal is not None
    solution, memory = next(imitations(lowered, best), None), Memory(lowered, goal)
    assert solution is not None
    memory.decode(solution)
    assert to_schedule(lowered, memory.state) == best


def on_board() -> Instance:
    """Return the hall at 5, with A, which goes to N, and B, which is put down before it, on the vehicle; C waits."""
    jobs = simple_job("A", ("N", 1)), simple_job("B", ("M", 1)), simple_job("C", ("M", 1))
    moves = transport("A >1", "dock>N", "V", 0, 15), transport("B >1", "dock>M", "V", 1, 13)
    baseline = schedule(*moves, at("A.1", "N", 15, 16), at("B.1", "M", 13, 14))
    return replace(hall(*jobs), execution=Execution(5, baseline, moves=moves))


def test_parts_on_board_are_put_down_first() -> None:
    # The vehicle is free at 15, at N: it is back at 25, and C there at 37.
    instance = on_board()
    for found in (construct(instance, MAKESPAN, time_limit=0.0), searched(instance, "makespan", iterations=100)):
        assert isinstance(found, Schedule)
        assert_valid(instance, found)
        assert found.completions == {"A": 16, "B": 14, "C": 38}


def test_random_instances() -> None:
    found = several = 0
    for seed in range(1, 100, 2):
        instance = random_mover_instance(seed, 3 + seed % 6)
        several += any(carrier.capacity > 1 for carrier in instance.carrier_by_id.values())
        found += decoded(instance, Objective.parse(OBJECTIVES[seed % len(OBJECTIVES)]), seed) is not None
    assert found >= 30
    assert several >= 25


def test_walks_with_several_grippers() -> None:
    overlapping = 0
    for seed in range(1, 25, 2):
        instance = random_mover_instance(seed, 6)
        if decoded(instance, MAKESPAN, seed) is not None:
            result = searched(instance, OBJECTIVES[seed % len(OBJECTIVES)], seed, 300)
            for carrier in instance.carrier_by_id:
                loaded = [move for move in result.by_mover.get(carrier, ()) if move.job is not None]
                overlapping += any(a.end > b.start for a, b in pairwise(loaded))
    assert overlapping >= 1

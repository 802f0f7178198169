"""The factory search in limited parking, with vehicles for several jobs: visits, and stays between stretches."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from cpsat.proving import shortest
from helpers import assert_valid, factory, machine, simple_job
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_parking import least_makespan
from parked_cases import random_parked
from parking_task_cases import random_task_instance
from strategies import random_events
from test_decode import OBJECTIVES, decoded, searched

from scheduler.domain import Facility, Fleet, Instance, Objective, Schedule, Status, Vehicle
from scheduler.domain.events import Revision, revise
from scheduler.io.validate import defects

MAKESPAN = Objective.parse("makespan")
TRAVEL = {
    "dock": {"M": 10, "N": 10, "bay": 1},
    "M": {"dock": 10, "N": 1, "bay": 11},
    "N": {"dock": 10, "M": 1, "bay": 11},
    "bay": {"dock": 1, "M": 11, "N": 11},
}


def hall(*goals: str, starts: tuple[str, str] = ("dock", "dock"), **parking: int) -> Instance:
    """Vehicles for two jobs bring them from the dock to two neighbouring machines that work on all side by side."""
    carts = tuple(Vehicle(f"V{number}", start, capacity=2) for number, start in enumerate(starts, start=1))
    fleet = Fleet("A", "F", carts, TRAVEL, pick_up_time=1, drop_time=1, parking=parking)
    jobs = (simple_job(f"J{number}", (goal, 1)) for number, goal in enumerate(goals, start=1))
    made = (machine(name, capacity=len(goals)) for name in ("M", "N"))
    return factory(Facility("F", station="dock"), *made, fleet, *jobs)


def together(found: Schedule) -> int:
    """Return how often a vehicle has a job on board when it picks up another one."""
    loaded = [[move for move in moves if move.job is not None] for moves in found.by_mover.values()]
    return sum(before.end > after.start for moves in loaded for before, after in pairwise(moves))


def test_a_vehicle_puts_down_two_jobs_when_another_one_has_put_down_two() -> None:
    # Each takes two jobs, since a second tour would end at 33 or later: so the first drop is at 12, after two pick-ups
    # and the way. With room for one vehicle at M the four drops follow each other: 16, and 1 at work. At 14 the first
    # vehicle makes room.
    found = searched(hall("M", "M", "M", "M", M=1), "makespan", iterations=500)
    assert found.makespan == 17
    assert together(found) == 2
    assert [move.start for move in found.moves if move.job is None] == [14]
    assert searched(hall("M", "M", "M", "M"), "makespan", iterations=500).makespan == 15


def test_vehicles_keep_out_of_the_way_of_one_another() -> None:
    # One takes both jobs for M, the other one those for N: 2 pick-ups, 10 on the way, 2 drops, and 1 at work.
    found = searched(hall("M", "N", "M", "N", M=1, N=1), "makespan", iterations=500)
    assert found.makespan == 15
    assert together(found) == 2


def test_a_vehicle_that_takes_up_a_second_job_keeps_its_place() -> None:
    # V2 is at the dock at 1, and V1 there until it has its two jobs at 2: so V2 leaves with the other two at 4. It puts
    # both down at M, from 14 to 16. With room for two it leaves at 3.
    goals, starts = ("M", "N", "M", "N"), ("dock", "bay")
    found = searched(hall(*goals, starts=starts, dock=1), "makespan", iterations=500)
    assert found.makespan == 17
    assert together(found) == 2
    assert searched(hall(*goals, starts=starts, dock=2), "makespan", iterations=500).makespan == 16


def tight(seed: int) -> Instance | None:
    """Return a random crowded fleet, maybe with little room at the dock too; None if the seed gives no valid one."""
    draw = Random(seed)
    if seed % 2:
        instance = random_task_instance(seed, jobs=4, capacity=draw.randint(2, 3), has_battery=draw.random() < 0.5)
    else:
        instance = random_parked(seed, draw.choice(("capacity", "both")), jobs=4)
    (fleet,) = instance.fleets
    parking = {**fleet.parking, "DOCK": draw.randint(1, 2)} if draw.random() < 0.7 else fleet.parking
    handling = {"pick_up_time": draw.randint(0, 2), "drop_time": draw.randint(0, 2)}
    found = replace(instance, fleets=(replace(fleet, parking=parking, **handling),))
    return None if defects(found) else found


def test_every_decoded_schedule_is_right_before_and_after_an_event() -> None:
    num = several = after = 0
    for seed in range(60):
        instance = tight(seed)
        found = decoded(instance, Objective.parse(OBJECTIVES[seed % len(OBJECTIVES)]), seed) if instance else None
        if instance is None or found is None:
            continue
        num, several = num + 1, several + (together(found[0]) > 0)
        events = random_events(seed, instance, found[0], size=1 + seed % 2)
        revised = revise(instance, Revision(max(event.at for event in events), 0, events, found[0]))
        after += decoded(revised, MAKESPAN, seed) is not None
    assert num >= 25
    assert several >= 5
    assert after >= 20


@given(st.integers(0, 10**6), st.integers(0, 8))
@settings(max_examples=60, deadline=None)
def test_whatever_is_drawn_is_right(seed: int, draw: int) -> None:
    instance = tight(seed)
    if instance is not None:
        decoded(instance, Objective.parse(OBJECTIVES[draw]), draw)


@pytest.mark.parametrize("seed", (1, 2, 3, 4, 6, 7))
def test_the_search_finds_what_the_oracle_does(seed: int) -> None:
    instance = random_task_instance(seed, capacity=2, has_battery=False)
    found = searched(instance, "makespan", iterations=500)
    assert least_makespan(instance, found.makespan) == found.makespan


def test_on_crowded_fleets_the_search_is_near_the_optimum() -> None:
    # With one job at a time it would be 40 % above it.
    found = best = 0
    for seed in range(8):
        instance = random_task_instance(seed, jobs=3, capacity=2, has_battery=False)
        schedule = searched(instance, "makespan", iterations=2000)
        proof = shortest(instance, schedule)
        assert proof.status is Status.OPTIMAL
        assert proof.schedule is not None
        assert_valid(instance, proof.schedule)
        assert proof.schedule.makespan <= schedule.makespan
        found, best = found + schedule.makespan, best + proof.schedule.makespan
    assert found <= 1.01 * best

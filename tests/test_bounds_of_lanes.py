"""The bound from what has to cross a lane: exact where it can be seen by hand, never above the optimum."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random

import pytest
from helpers import down, factory, machine, shifts, simple_job
from oracle import optimum

from scheduler.bounds import makespan_bound
from scheduler.bounds.lanes import Crossing, Packing, crossings_bound, departures, lane_bound
from scheduler.domain import Calendar, Instance, Lane
from scheduler.domain.horizon import heads, tails

LANE = Lane("L", "F", "G", transit_time=10, vehicles=2, units_per_vehicle=2, return_time=10)


def test_vehicles_take_turns() -> None:
    # Two vehicles, each back 20 after its departure.
    assert departures(LANE, 3, 5) == [3, 3, 23, 23, 43]
    assert departures(LANE, 3, 0) == []


def test_departures_keep_their_headway() -> None:
    assert departures(replace(LANE, headway=7), 0, 5) == [0, 7, 20, 27, 40]


def test_departures_lie_in_working_time() -> None:
    # Trips of 10 fit into [0, 25) and [40, 65), and so on: the second of a vehicle does not depart at 20.
    assert departures(replace(LANE, calendar=shifts(40, (0, 25))), 0, 5) == [0, 0, 40, 40, 80]
    assert departures(replace(LANE, calendar=down((5, 12))), 0, 3) == [12, 12, 32]
    no_time = replace(LANE, transit_time=0, return_time=0, calendar=down((5, 12)))
    assert departures(no_time, 6, 3) == [6, 6, 6]  # a downtime does not overlap a trip of no time
    too_short = replace(LANE, calendar=shifts(40, (0, 9)))
    assert departures(too_short, 0, 3) == []
    assert crossings_bound(too_short, [Crossing(0, 3, 1)]) == 0


def test_work_by_head_and_tail() -> None:
    # 5 units are 3 trips, the last departs at 20: 20 + 10 + 1. The two with tail 30 could go first: 0 + 10 + 30.
    all_at_once = [Crossing(0, 3, 1), Crossing(0, 2, 25)]
    assert crossings_bound(LANE, all_at_once) == 35
    assert crossings_bound(LANE, [Crossing(0, 3, 6), Crossing(0, 2, 7)]) == 36
    # What is ready at 50 only: 50 + 10 + 4.
    assert crossings_bound(LANE, [*all_at_once, Crossing(50, 1, 4)]) == 64


def test_parts_of_two_thirds_of_a_vehicle_need_a_trip_each() -> None:
    # 6 units would be 2 trips of 3, but no two of the parts share one: the third departs at 20, 20 + 10 + 4.
    lane = replace(LANE, units_per_vehicle=3)
    assert crossings_bound(lane, 3 * [Crossing(0, 2, 4)]) == 34
    # A part of 1 goes with any of them; in loads they all go on two trips.
    assert crossings_bound(lane, [Crossing(0, 1, 4), *2 * [Crossing(0, 2, 4)]]) == 14
    assert crossings_bound(lane, 3 * [Crossing(0, 2, 4, splits=True)]) == 14


@cache
def fewest_trips(capacity: int, sizes: tuple[int, ...], rooms: tuple[int, ...] = ()) -> int:
    """Return into how few trips parts go, by trying every trip for each; `rooms` are what begun ones have left."""
    if not sizes:
        return len(rooms)
    first, *rest = sizes
    joined = [(*rooms[:k], room - first, *rooms[k + 1 :]) for k, room in enumerate(rooms) if room >= first]
    tries = [tuple(sorted(found)) for found in (*joined, (*rooms, capacity - first))]
    return min(fewest_trips(capacity, tuple(rest), found) for found in tries)


@pytest.mark.parametrize("capacity", [1, 3, 4, 7, 10])
def test_no_packing_counts_too_many_trips(capacity: int) -> None:
    rng, num_exact, num_above = Random(capacity), 0, 0
    for _ in range(60):
        # Mostly more than half a trip: where parts are small, the units alone say how many trips they need.
        least = [1 + capacity // 2 if rng.random() < 0.6 else 1 for _ in range(rng.randint(1, 9))]
        parts = [(rng.randint(min(low, capacity), capacity), rng.random() < 0.1) for low in least]
        packing, pieces = Packing(capacity, [units for units, _ in parts]), list[int]()
        for units, splits in parts:
            packing.add(units, splits)
            pieces += units * [1] if splits else [units]
            best, by_units = fewest_trips(capacity, tuple(sorted(pieces, reverse=True))), -(-sum(pieces) // capacity)
            assert by_units <= packing.num_trips <= best
            num_exact += packing.num_trips == best
            num_above += packing.num_trips > by_units
    assert num_exact >= 200
    assert num_above > 0 or capacity == 1  # a trip of one unit holds one part, whatever is counted


def crossing_jobs(num: int) -> Instance:
    """Each job: 1 on a machine of its own in F, over the lane, 2 on one of its own in G."""
    jobs = [replace(simple_job(f"{k}", (f"M{k}", 1), (f"N{k}", 2)), units=1) for k in range(num)]
    machines = [machine(f"{kind}{k}", facility=site) for kind, site in ("MF", "NG") for k in range(num)]
    return factory(replace(LANE, units_per_vehicle=1), *machines, *jobs)


def test_the_bound_of_a_lane_is_its_optimum() -> None:
    # 3 units in vehicles for one: 3 trips, at 1, 1 and 21; the last arrives at 31, and 2 more. A job alone takes 13.
    instance = crossing_jobs(3)
    assert lane_bound(instance, heads(instance), tails(instance)) == makespan_bound(instance) == 33
    assert optimum(instance, "makespan") == (33,)


def test_a_second_lane_or_a_choice_of_sites_leaves_no_bound() -> None:
    instance = crossing_jobs(5)
    second = replace(instance, lanes=(*instance.lanes, replace(LANE, id="K")))
    assert lane_bound(second, heads(second), tails(second)) == 0
    at_home = replace(instance, machines=tuple(replace(m, facility="F") for m in instance.machines), lanes=())
    assert lane_bound(at_home, heads(at_home), tails(at_home)) == 0


@pytest.mark.parametrize("seed", range(12))
def test_no_bound_of_a_lane_exceeds_the_optimum(seed: int) -> None:
    rng = Random(seed)
    lane = Lane(
        "L",
        "F",
        "G",
        transit_time=rng.randint(0, 4),
        vehicles=rng.randint(1, 2),
        units_per_vehicle=rng.randint(2, 3),
        return_time=rng.randint(0, 4),
        load_time=rng.randint(0, 1),
        headway=rng.choice((0, 0, 3)),
        calendar=rng.choice((shifts(12, (0, 8)), down((3, 6)), Calendar())),
    )
    jobs = [
        replace(
            simple_job(f"{k}", (f"M{k % 2}", rng.randint(1, 4)), (f"N{k}", rng.randint(1, 9))),
            release_date=rng.randint(0, 4),
            units=rng.randint(1, 2),
        )
        for k in range(3)
    ]
    machines = [machine(f"{kind}{k}", facility=site) for kind, site in ("MF", "NG") for k in range(3)]
    instance = factory(lane, *machines, *jobs)
    best = optimum(instance, "makespan")
    assert best is not None
    assert 0 < lane_bound(instance, heads(instance), tails(instance)) <= makespan_bound(instance) <= best[0]

"""Checker, model, construction and files agree about transit times that depend on the departure."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cpsat.fixing import fixed_status, hint_status
from helpers import assert_valid, at, constructed, down, factory, flagged, machine, schedule, simple_job, transfer
from oracle import optimum

from scheduler.domain import (
    Calendar,
    Execution,
    Instance,
    Lane,
    Schedule,
    Shift,
    ShiftPattern,
    Status,
    TransitTimes,
    TransitWindow,
)
from scheduler.io import native
from scheduler.portfolio import solve
from scheduler.search.decode.spoken import why_unsupported
from scheduler.search.downtimes import Downtimes
from scheduler.search.movers import LaneTimeline

RUSH = TransitTimes(20, (TransitWindow(2, 7, 9),))
"""Trips of 1 + 3 + 1 ticks, but of 1 + 9 + 1 if they depart in [2, 7), [22, 27) ..."""


def shop(*ready: int, **fields: object) -> Instance:
    """Jobs J1, J2, ... are ready for the truck after so many ticks."""
    lane = Lane("L", "F", "G", transit_time=3, load_time=1, unload_time=1, units_per_vehicle=2, transit_times=RUSH)
    machines = [machine(f"M{n}") for n in range(1, len(ready) + 1)]
    jobs = [simple_job(f"J{n}", (f"M{n}", time), ("N", 1)) for n, time in enumerate(ready, start=1)]
    return factory(*machines, machine("N", "G", capacity=9), replace(lane, **fields), *jobs)


def trips(instance: Instance, *trips: tuple[int, int]) -> Schedule:
    """Job Jn departs and arrives at the n-th pair of instants."""
    parts = []
    for number, (start, end) in enumerate(trips, start=1):
        ready = instance.job_by_id[f"J{number}"].operations[0].modes[0].duration
        parts += [at(f"J{number}.1", f"M{number}", 0, ready), transfer(f"J{number} 1>2", "F>G", "L#1", start, end)]
        parts.append(at(f"J{number}.2", "N", end, end + 1))
    return schedule(*parts, *([at("K.1", "K", 0, 50)] if "K" in instance.job_by_id else []))


@pytest.mark.parametrize(("start", "end"), [(1, 6), (2, 13), (6, 17), (7, 12), (21, 26), (22, 33), (26, 37), (27, 32)])
def test_the_departure_decides(start: int, end: int) -> None:
    # A job of 50 ticks makes room for late trips.
    instance = factory(*shop(1).machines, machine("K"), *shop(1).lanes, *shop(1).jobs, simple_job("K", ("K", 50)))
    assert_valid(instance, trips(instance, (start, end)))
    assert fixed_status(instance, trips(instance, (start, end))) is Status.FEASIBLE
    assert hint_status(instance, trips(instance, (start, end))) is Status.FEASIBLE
    for wrong in (end - 1, end + 1, start + 5 if end - start == 11 else start + 11):
        found = flagged(instance, trips(instance, (start, wrong)))
        assert found == [("moves", "J1 on L#1", abs(wrong - end))]
        assert fixed_status(instance, trips(instance, (start, wrong))) is Status.INFEASIBLE


def test_a_part_waits_for_the_end_of_the_rush_hour() -> None:
    # J1 is ready at 2, J2 at 8. Alone J1 departs at 7, arrives at 12; both together arrive at 13.
    assert solve(shop(2), time_limit=30, workers=1).values == (13,)
    assert solve(shop(2, 8), time_limit=30, workers=1).values == (14,) == optimum(shop(2, 8))
    # There and back at once: the truck is at the origin again at 2 + 11 + 1 = 14, or at 7 + 5 + 1 = 13.
    assert solve(shop(2, 8, units_per_vehicle=1, return_time=1), time_limit=30, workers=1).values == (19,)


def test_the_calendar_holds_for_the_real_length() -> None:
    # A downtime from 11 to 12 leaves no room for [2, 13) nor for [7, 12).
    instance = shop(2, calendar=down((11, 12)))
    assert solve(instance, time_limit=30, workers=1).values == (18,) == optimum(instance)
    assert flagged(instance, trips(instance, (7, 12))) == [("transfers", "L#1", 1)]


@pytest.mark.parametrize("ready", [(2,), (1, 2), (2, 8), (3, 4, 21, 23), (6, 7, 8, 9, 22)])
def test_construction_takes_the_trip_that_arrives_first(ready: tuple[int, ...]) -> None:
    for fields in ({}, {"vehicles": 2, "headway": 3}, {"calendar": down((10, 13))}, {"return_time": 6}):
        instance = shop(*ready, **fields)
        found = constructed(instance, "makespan")
        assert found is not None
        assert_valid(instance, found)
        assert hint_status(instance, found) is Status.FEASIBLE
    assert constructed(shop(2), "makespan").makespan == 13


def test_a_trip_that_was_held_up_stays_as_it_is() -> None:
    # It departed at 2 for 11 ticks and stands still from 5 to 8.
    held = transfer("J1 1>2", "F>G", "L#1", 2, 16)
    before = trips(shop(2), (2, 13))
    stopped = shop(2, calendar=down((5, 8)))
    instance = replace(stopped, execution=Execution(8, before, moves=(held,)))
    result = solve(instance, time_limit=30, workers=1)
    assert result.values == (17,)
    assert held in result.schedule.moves


def test_file_and_compiled_search() -> None:
    instance = shop(1)
    assert native.read(native.write(instance), "shop") == instance
    assert why_unsupported(instance) is None


def test_a_transit_time_at_which_the_lane_never_works_is_never_taken() -> None:
    # The lane works in [0, 4) of each 8 ticks; the fast transit is in [4, 8) only.
    fast = TransitTimes(8, (TransitWindow(4, 8, 1),))
    calendar = Calendar(pattern=ShiftPattern(8, (Shift(0, 4),)))
    lane = Lane("L", "F", "G", transit_time=3, vehicles=1, units_per_vehicle=1, calendar=calendar, transit_times=fast)
    trip = LaneTimeline(lane, Downtimes(calendar)).opening(1, 1, 0)
    assert (trip.departure, trip.is_new) == (1, True)
    assert LaneTimeline(lane, Downtimes(calendar)).opening(2, 1, 0).departure == 8

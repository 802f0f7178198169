"""Right shift keeps the timetable, the headway and the docks of lanes, and waits for the end of a rush hour."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import assert_valid, at, factory, machine, simple_job, transfer
from repair_cases import revised

from scheduler.domain import Facility, Instance, Lane, Schedule, Timetable, TransitTimes, TransitWindow
from scheduler.domain.derive import complete
from scheduler.domain.events import LaneCapacityChange, OperationDelayed
from scheduler.rescheduling.right_shift import shift

LANE = Lane("L", "F", "G", transit_time=3, load_time=2, unload_time=1, vehicles=2)


def shop(lane: Lane = LANE, docks: int | None = None) -> Instance:
    """J1 and J2 are ready at 2 and 7 and go to G, each in a vehicle of its own."""
    stages = machine("A1", "F"), machine("A2", "F"), machine("B1", "G"), machine("B2", "G")
    jobs = simple_job("J1", ("A1", 2), ("B1", 1)), simple_job("J2", ("A2", 7), ("B2", 1))
    return factory(Facility("F", docks=docks), Facility("G"), *stages, lane, *jobs)


def plan(instance: Instance, first: int, second: int) -> Schedule:
    """J1 departs at `first`, J2 at `second`."""
    operations = (
        *(at("J1.1", "A1", 0, 2), at("J1.2", "B1", first + 6, first + 7)),
        *(at("J2.1", "A2", 0, 7), at("J2.2", "B2", second + 6, second + 7)),
    )
    trips = (
        transfer("J1 1>2", "F>G", "L#1", first, first + 6),
        transfer("J2 1>2", "F>G", "L#2", second, second + 6),
    )
    return complete(instance, operations, trips)


@pytest.mark.parametrize(
    ("instance", "departures"),
    [
        # J1 is ready at 6 instead of 2, and J2 as planned, at 7.
        (shop(), (6, 7)),
        (shop(replace(LANE, timetable=Timetable((2, 7), period=10))), (7, 7)),
        (shop(replace(LANE, headway=4)), (6, 10)),
        # Departing at 6, J1 would arrive at 17; at 7 it arrives at 13.
        (shop(replace(LANE, transit_times=TransitTimes(20, (TransitWindow(3, 7, 8),)))), (7, 7)),
        (shop(replace(LANE, transit_times=TransitTimes(20, (TransitWindow(3, 7, 4),)))), (6, 7)),
        (shop(docks=1), (6, 8)),
        (shop(docks=2), (6, 7)),
    ],
    ids=["free", "timetable", "headway", "rush hour", "no use to wait", "one dock", "two docks"],
)
def test_a_late_part(instance: Instance, departures: tuple[int, int]) -> None:
    baseline = plan(instance, 2, 7)
    assert_valid(instance, baseline)
    after = revised(instance, baseline, 1, OperationDelayed("E", 1, "J1", "1", delay=4))
    result = shift(after, baseline)
    assert result.schedule is not None, result.reason
    assert_valid(after, result.schedule)
    assert tuple(move.start for move in result.schedule.moves if move.job) == departures


def test_a_part_that_is_in_the_way_takes_the_next_trip() -> None:
    # J1 stands on A1, which has no buffer, until it is on L#2, which is gone. Behind everything else it would wait for
    # J2, and J2 for A1. So it takes L#1 first, at 3, and J2 when that has come back, 9 + 3.
    stages = machine("A1", "F", output_buffer=0), machine("B1", "G"), machine("B2", "G")
    jobs = simple_job("J1", ("A1", 2), ("B1", 1)), simple_job("J2", ("A1", 1), ("B2", 1))
    lane = replace(LANE, return_time=3)
    instance = factory(Facility("F"), Facility("G"), *stages, lane, *jobs)
    operations = (
        *(at("J1.1", "A1", 0, 2), at("J1.2", "B1", 9, 10)),
        *(at("J2.1", "A1", 5, 6), at("J2.2", "B2", 12, 13)),
    )
    trips = transfer("J1 1>2", "F>G", "L#2", 3, 9), transfer("J2 1>2", "F>G", "L#1", 6, 12)
    baseline = complete(instance, operations, trips)
    assert_valid(instance, baseline)
    after = revised(instance, baseline, 2, LaneCapacityChange("E", 2, "L", vehicles=1))
    result = shift(after, baseline)
    assert result.schedule is not None, result.reason
    assert_valid(after, result.schedule)
    assert [(m.job, m.mover, m.start) for m in result.schedule.moves if m.job] == [("J1", "L#1", 3), ("J2", "L#1", 12)]


def test_after_the_last_departure_nothing_goes() -> None:
    instance = shop(replace(LANE, timetable=Timetable((2, 7), period=10, until=7)))
    baseline = plan(instance, 2, 7)
    after = revised(instance, baseline, 1, OperationDelayed("E", 1, "J2", "1", delay=4))
    result = shift(after, baseline)
    assert result.schedule is None
    assert result.reason.startswith("right shift is impossible")

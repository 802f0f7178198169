"""Trips of lane vehicles: shared, not overloaded, back before they depart again."""

from __future__ import annotations

from dataclasses import replace

from helpers import assert_valid, at, down, empty, executed, factory, flagged, machine, schedule, simple_job, transfer

from scheduler.domain import Instance, Lane, Schedule, Timetable


def shop(*units: int, **fields: object) -> Instance:
    """Jobs J1, J2, ... of these units go from M1 (no time, any number) to N1 in the other facility.

    A trip lasts 1 + 3 + 1 and the return 4: a vehicle is back 9 after its departure.
    """
    lane = Lane("L", "F", "G", transit_time=3, load_time=1, unload_time=1, return_time=4, units_per_vehicle=2)
    jobs = (simple_job(f"J{n}", ("M1", 0), ("N1", 1), units=u) for n, u in enumerate(units, start=1))
    stages = machine("M1", capacity=9), machine("N1", "G", capacity=9)
    return factory(*stages, replace(lane, **fields), *jobs)


def trips(*departures: tuple[int, str], returns: tuple[tuple[int, str], ...] = ()) -> Schedule:
    """Job Jn departs at the n-th instant with the vehicle; the returns begin at the given instants."""
    parts = []
    for number, (start, vehicle) in enumerate(departures, start=1):
        job = f"J{number}"
        parts += [at(f"{job}.1", "M1", 0, 0), transfer(f"{job} 1>2", "F>G", vehicle, start, start + 5)]
        parts.append(at(f"{job}.2", "N1", start + 5, start + 6))
    return schedule(*parts, *(empty("G>F", vehicle, start, start + 4) for start, vehicle in returns))


ONE, TWO = "L#1", "L#2"


def test_one_trip():
    assert_valid(shop(1), trips((0, ONE), returns=((5, ONE),)))


def test_jobs_share_a_trip():
    assert_valid(shop(1, 1), trips((0, ONE), (0, ONE), returns=((5, ONE),)))


def test_overloaded_trip():
    # 1 + 2 units, room for 2.
    assert flagged(shop(1, 2), trips((0, ONE), (0, ONE), returns=((5, ONE),))) == [("transfers", "L#1", 1)]


def test_every_part_of_a_job_counts_its_units():
    # J1 goes in two parts, each of one unit, with J2 of one unit: 3 on a trip for 2.
    instance = shop(1, 1)
    second_part = transfer("J1 1>2", "F>G", ONE, 0, 5)
    twice = trips((0, ONE), (0, ONE), returns=((5, ONE),))
    found = flagged(instance, schedule(*twice.operations, *twice.moves, second_part))
    assert ("transfers", "L#1", 1) in found


def test_next_trip_after_the_return():
    # Back at 9.
    assert_valid(shop(1, 1), trips((0, ONE), (9, ONE), returns=((5, ONE), (14, ONE))))
    found = flagged(shop(1, 1), trips((0, ONE), (7, ONE), returns=((5, ONE), (12, ONE))))
    # Departs 2 too early, while the listed return lasts until 9.
    assert found == [("transfers", "L#1", 2), ("transfers", "L#1", 2)]


def test_almost_the_same_start_is_another_trip():
    # At 1 the vehicle is away until 9; two returns of which the first would begin before it has arrived.
    found = flagged(shop(1, 1), trips((0, ONE), (1, ONE), returns=((5, ONE), (6, ONE))))
    assert ("transfers", "L#1", 8) in found


def test_every_vehicle_by_itself():
    assert_valid(shop(1, 1, vehicles=2), trips((0, ONE), (3, TWO), returns=((5, ONE), (8, TWO))))


def test_departure_before_tick_0():
    early = trips((-2, ONE), returns=((3, ONE),))
    assert ("transfers", "L#1", 2) in flagged(shop(1), early)


def test_trip_in_a_downtime_of_the_lane():
    # [4, 7) holds the last tick of the trip; the return, in [5, 9), does not care.
    trip = trips((0, ONE), returns=((5, ONE),))
    assert flagged(shop(1, calendar=down((4, 7))), trip) == [("transfers", "L#1", 1)]
    assert_valid(shop(1, calendar=down((5, 7))), trip)


def test_trip_that_has_happened_may_overlap_a_downtime():
    instance = shop(1, calendar=down((2, 4)))
    parts = at("J1.1", "M1", 0, 0), at("J1.2", "N1", 7, 8), empty("G>F", ONE, 7, 11)
    longer = schedule(*parts, transfer("J1 1>2", "F>G", ONE, 0, 7))
    assert_valid(executed(instance, longer, now=3), longer)
    assert flagged(instance, longer) == [("moves", "J1 on L#1", 2), ("transfers", "L#1", 2)]


def test_return_missing():
    assert flagged(shop(1), trips((0, ONE))) == [("transfers", "L#1", 4)]


def test_no_return_time_no_return():
    assert_valid(shop(1, 1, return_time=0), trips((0, ONE), (5, ONE)))
    listed = trips((0, ONE), returns=((5, ONE),))
    assert flagged(shop(1, return_time=0), listed) == [("transfers", "L#1", 1)]


def test_return_may_wait():
    # The next departure is at 12: the return [8, 12) is as right as [5, 9).
    assert_valid(shop(1, 1), trips((0, ONE), (12, ONE), returns=((8, ONE), (17, ONE))))


def test_return_before_the_arrival():
    assert flagged(shop(1), trips((0, ONE), returns=((3, ONE),))) == [("transfers", "L#1", 2)]


def test_return_of_wrong_way_or_length():
    trip = trips((0, ONE))
    for wrong in (empty("F>G", ONE, 5, 9), empty("G>F", ONE, 5, 8)):
        assert flagged(shop(1), schedule(*trip.operations, *trip.moves, wrong)) == [("transfers", "L#1", 1)]


def test_superfluous_returns():
    # A second one after the trip, and one of a vehicle that makes no trip.
    assert flagged(shop(1), trips((0, ONE), returns=((5, ONE), (9, ONE)))) == [("transfers", "L#1", 1)]
    idle = trips((0, ONE), returns=((5, ONE), (0, TWO)))
    assert flagged(shop(1, vehicles=2), idle) == [("transfers", "L#2", 1)]


# --- headway and timetable -----------------------------------------------------------------------------------------


def test_departures_of_a_lane_are_a_headway_apart():
    two = shop(1, 1, vehicles=2, headway=4)
    assert_valid(two, trips((0, ONE), (4, TWO), returns=((5, ONE), (9, TWO))))
    assert flagged(two, trips((0, ONE), (3, TWO), returns=((5, ONE), (8, TWO)))) == [("transfers", "L", 1)]
    # Two vehicles at one time are two departures, two jobs on one vehicle are one.
    assert flagged(two, trips((0, ONE), (0, TWO), returns=((5, ONE), (5, TWO)))) == [("transfers", "L", 4)]
    assert_valid(two, trips((0, ONE), (0, ONE), returns=((5, ONE),)))


def test_departures_in_the_timetable():
    daily = shop(1, timetable=Timetable((2, 6), period=8, until=14))  # 2, 6, 10, 14
    for start in (2, 6, 10, 14):
        assert_valid(daily, trips((start, ONE), returns=((start + 5, ONE),)))
    for start, wait in ((0, 2), (3, 3), (7, 3), (11, 3), (15, 1), (18, 1)):
        found = flagged(daily, trips((start, ONE), returns=((start + 5, ONE),)))
        assert found == [("transfers", ONE, wait)], start


def test_a_timetable_that_does_not_repeat():
    once = shop(1, timetable=Timetable((2, 6)))
    assert_valid(once, trips((6, ONE), returns=((11, ONE),)))
    assert flagged(once, trips((4, ONE), returns=((9, ONE),))) == [("transfers", ONE, 2)]
    assert flagged(once, trips((10, ONE), returns=((15, ONE),))) == [("transfers", ONE, 1)]


def test_what_has_departed_is_not_asked_for_the_timetable():
    instance, plan = shop(1, timetable=Timetable((2,))), trips((3, ONE), returns=((8, ONE),))
    assert_valid(executed(instance, plan, 5), plan)

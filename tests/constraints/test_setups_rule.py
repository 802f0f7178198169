"""Setups between families: long enough, outside downtimes, and listed exactly."""

from __future__ import annotations

from helpers import (
    assert_valid,
    at,
    carry,
    distances,
    down,
    empty,
    factory,
    flagged,
    job,
    machine,
    mode,
    op,
    schedule,
    setup,
)

from scheduler.domain import Calendar, Instance, Robot, RobotCell, SetupMatrix

TIMES = {"red": {"blue": 4}, "blue": {"red": 1}}


def shop(*families: str | None, initial: str | None = None, calendar: Calendar | None = None) -> Instance:
    """M1 paints jobs J1, J2, ... of these families, 2 ticks each; red to blue takes 4, blue to red 1."""
    jobs = (job(f"J{n}", op("1", mode("M1", 2, family))) for n, family in enumerate(families, start=1))
    return factory(machine("M1", setups=SetupMatrix(TIMES, initial), calendar=calendar or Calendar()), *jobs)


def test_setup_between_families():
    pair = at("J1.1", "M1", 0, 2), at("J2.1", "M1", 6, 8)
    assert_valid(shop("red", "blue"), schedule(*pair, setup("J2.1", "M1", "red>blue", 2, 6)))


def test_too_little_time_for_the_setup():
    # Needs 4 between 2 and 5, has 3.
    close = schedule(at("J1.1", "M1", 0, 2), at("J2.1", "M1", 5, 7), setup("J2.1", "M1", "red>blue", 1, 5))
    assert flagged(shop("red", "blue"), close) == [("setups", "J2.1 on M1", 1)]


def test_no_time_at_all_is_counted_from_the_end_of_the_occupation():
    # Both at once: `capacity` flags the overlap of 2, `setups` that 4 are needed between 2 and 0: 6 too few.
    both = schedule(at("J1.1", "M1", 0, 2), at("J2.1", "M1", 0, 2), setup("J2.1", "M1", "red>blue", -4, 0))
    assert flagged(shop("red", "blue"), both) == [("capacity", "J2.1 on M1", 2), ("setups", "J2.1 on M1", 6)]


def test_no_setup_within_a_family_or_without_one():
    # red, red: same family. Then an operation without family, after which nothing is known: no setup either.
    row = (at(f"J{n}.1", "M1", 2 * n - 2, 2 * n) for n in range(1, 5))
    assert_valid(shop("red", "red", None, "blue"), schedule(*row))


def test_setup_from_the_initial_family():
    instance = shop("red", initial="blue")
    assert_valid(instance, schedule(at("J1.1", "M1", 1, 3), setup("J1.1", "M1", "blue>red", 0, 1)))
    # At 0 there is no time before tick 0.
    at_once = schedule(at("J1.1", "M1", 0, 2), setup("J1.1", "M1", "blue>red", -1, 0))
    assert flagged(instance, at_once) == [("setups", "J1.1 on M1", 1)]
    assert_valid(shop("red", initial="red"), schedule(at("J1.1", "M1", 0, 2)))


def test_setup_in_a_downtime():
    # Downtime [4, 6): the setup [2, 6) is 2 in it. It is not split; [6, 10) is the first window after the downtime.
    instance = shop("red", "blue", calendar=down((4, 6)))
    inside = schedule(at("J1.1", "M1", 0, 2), at("J2.1", "M1", 6, 8), setup("J2.1", "M1", "red>blue", 2, 6))
    assert flagged(instance, inside) == [("setups", "J2.1 on M1", 2)]
    after = schedule(at("J1.1", "M1", 0, 2), at("J2.1", "M1", 10, 12), setup("J2.1", "M1", "red>blue", 6, 10))
    assert_valid(instance, after)


def test_listed_setups_are_exactly_those_needed():
    instance = shop("red", "blue", "blue")
    row = at("J1.1", "M1", 0, 2), at("J2.1", "M1", 7, 9), at("J3.1", "M1", 9, 11)
    right = setup("J2.1", "M1", "red>blue", 3, 7)
    assert_valid(instance, schedule(*row, right))
    # Missing: 4 ticks of setup.
    assert flagged(instance, schedule(*row)) == [("setups", "J2.1 on M1", 4)]
    # Twice: the second is superfluous.
    assert flagged(instance, schedule(*row, right, right)) == [("setups", "J2.1 on M1", 4)]
    # For an operation of the family that the machine is in.
    extra = setup("J3.1", "M1", "blue>red", 8, 9)
    assert flagged(instance, schedule(*row, right, extra)) == [("setups", "J3.1 on M1", 1)]
    # On a machine and for an operation that don't exist.
    unknown = setup("J9.1", "M9", "red>blue", 3, 7)
    assert flagged(instance, schedule(*row, right, unknown)) == [("setups", "J9.1 on M9", 4)]


def test_listed_setup_with_wrong_times_or_families():
    instance = shop("red", "blue")
    pair = at("J1.1", "M1", 0, 2), at("J2.1", "M1", 7, 9)
    # It ends when the operation begins, at 7, not at 6: both ends are off by one.
    early = setup("J2.1", "M1", "red>blue", 2, 6)
    assert flagged(instance, schedule(*pair, early)) == [("setups", "J2.1 on M1", 2)]
    short = setup("J2.1", "M1", "red>blue", 5, 7)
    assert flagged(instance, schedule(*pair, short)) == [("setups", "J2.1 on M1", 2)]
    families = setup("J2.1", "M1", "blue>red", 3, 7)
    assert flagged(instance, schedule(*pair, families)) == [("setups", "J2.1 on M1", 1)]


def test_setup_where_the_instance_has_none():
    # No machine has a setup matrix; the schedule invents a setup all the same.
    plain = factory(machine("M1"), job("J1", op("1", mode("M1", 2))))
    invented = schedule(at("J1.1", "M1", 3, 5), setup("J1.1", "M1", "red>blue", 0, 3))
    assert flagged(plain, invented) == [("setups", "J1.1 on M1", 3)]


def test_setup_ends_when_loading_begins_on_a_station_without_input_buffer():
    # Robot moves last 1 + 2 + 1. J1 works [4, 6), is fetched at 6 and off the station at 7. Then 4 ticks of setup, so
    # loading of J2 can begin at 11: it arrives at 12.
    cell = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances("IN OUT M1", 2), 1, 1)
    station = machine("M1", cell="C", input_buffer=0, output_buffer=0, setups=SetupMatrix(TIMES))
    jobs = (job(j, op("1", mode("M1", 2, family))) for j, family in (("J1", "red"), ("J2", "blue")))
    instance = factory(station, cell, *jobs)
    j1 = at("J1.1", "M1", 4, 6), carry("J1 >1", "IN>M1", "R", 0, 4), carry("J1 1>", "M1>OUT", "R", 6, 10)
    j2 = (
        *(at("J2.1", "M1", 16, 18), carry("J2 >1", "IN>M1", "R", 12, 16), carry("J2 1>", "M1>OUT", "R", 18, 22)),
        empty("OUT>IN", "R", 10, 12),
    )
    assert_valid(instance, schedule(*j1, *j2, setup("J2.1", "M1", "red>blue", 11, 15)))
    # Listed up to the start of work, 16, instead of loading, 15: off by one at both ends.
    listed_late = schedule(*j1, *j2, setup("J2.1", "M1", "red>blue", 12, 16))
    assert flagged(instance, listed_late) == [("setups", "J2.1 on M1", 2)]


def test_setup_waits_for_the_unloading_of_a_blocking_station():
    # J1 is ready at 6 but fetched at 12 and off the station at 13, so J2, loaded from 15 on, leaves 2 ticks of the 4.
    cell = RobotCell("C", "F", (Robot("R1", "IN"), Robot("R2", "IN")), "IN", "OUT", distances("IN OUT M1", 2), 1, 1)
    station = machine("M1", cell="C", input_buffer=0, output_buffer=0, setups=SetupMatrix(TIMES))
    jobs = (job(j, op("1", mode("M1", 2, family))) for j, family in (("J1", "red"), ("J2", "blue")))
    j1 = at("J1.1", "M1", 4, 6), carry("J1 >1", "IN>M1", "R1", 0, 4), carry("J1 1>", "M1>OUT", "R1", 12, 16)
    j2 = at("J2.1", "M1", 16, 18), carry("J2 >1", "IN>M1", "R2", 12, 16), carry("J2 1>", "M1>OUT", "R2", 18, 22)
    listed = setup("J2.1", "M1", "red>blue", 11, 15)
    assert flagged(factory(station, cell, *jobs), schedule(*j1, *j2, listed)) == [("setups", "J2.1 on M1", 2)]

"""Downtimes and shifts: what may be in them and what may not."""

from __future__ import annotations

from helpers import (
    assert_valid,
    at,
    carry,
    distances,
    down,
    factory,
    flagged,
    job,
    machine,
    mode,
    op,
    schedule,
    shifts,
    simple_job,
)

from scheduler.domain import Calendar, Downtime, Instance, Robot, RobotCell, Shift, ShiftPattern


def shop(calendar: Calendar, duration: int, interruptible: bool = False) -> Instance:
    return factory(
        machine("M1", calendar=calendar), job("J1", op("1", mode("M1", duration), interruptible=interruptible))
    )


def test_operation_between_two_downtimes():
    instance = shop(down((0, 2), (5, 8)), 3)
    assert_valid(instance, schedule(at("J1.1", "M1", 2, 5)))
    assert_valid(instance, schedule(at("J1.1", "M1", 8, 11)))


def test_operation_in_downtimes():
    # [1, 4) meets [0, 2) by 1; [4, 7) meets [5, 8) by 2; an operation across [5, 8) holds all 3 of it.
    assert flagged(shop(down((0, 2), (5, 8)), 3), schedule(at("J1.1", "M1", 1, 4))) == [("calendars", "J1.1 on M1", 1)]
    assert flagged(shop(down((0, 2), (5, 8)), 3), schedule(at("J1.1", "M1", 4, 7))) == [("calendars", "J1.1 on M1", 2)]
    assert flagged(shop(down((5, 8)), 6), schedule(at("J1.1", "M1", 4, 10))) == [("calendars", "J1.1 on M1", 3)]


def test_overlapping_downtimes_count_once():
    # [3, 6) and [4, 8) are one window [3, 8); [2, 9) holds 5 of it.
    assert flagged(shop(down((3, 6), (4, 8)), 7), schedule(at("J1.1", "M1", 2, 9))) == [("calendars", "J1.1 on M1", 5)]


def test_interruptible_operation_over_a_downtime():
    instance = shop(down((5, 8)), 3, interruptible=True)
    assert_valid(instance, schedule(at("J1.1", "M1", 4, 10)))


def test_interruptible_operation_neither_starts_nor_ends_in_a_downtime():
    instance = shop(down((5, 8)), 3, interruptible=True)
    # From 6 on: works [8, 11), the length is right, but the first tick does not work.
    assert flagged(instance, schedule(at("J1.1", "M1", 6, 11))) == [("calendars", "J1.1 on M1", 1)]
    # Works [2, 5) and "ends" at 7: the ticks 5 and 6 add no work.
    assert flagged(instance, schedule(at("J1.1", "M1", 2, 7))) == [("calendars", "J1.1 on M1", 1)]


def test_operation_without_length_may_be_at_any_time():
    assert_valid(shop(down((5, 8)), 0), schedule(at("J1.1", "M1", 6, 6)))
    assert_valid(shop(down((5, 8)), 0, interruptible=True), schedule(at("J1.1", "M1", 6, 6)))


def test_shifts():
    # Works [6, 14) of each 24: the second day is [30, 38).
    instance = shop(shifts(24, (6, 14)), 3)
    assert_valid(instance, schedule(at("J1.1", "M1", 35, 38)))
    assert flagged(instance, schedule(at("J1.1", "M1", 36, 39))) == [("calendars", "J1.1 on M1", 1)]
    assert flagged(instance, schedule(at("J1.1", "M1", 24, 27))) == [("calendars", "J1.1 on M1", 3)]


def test_shift_to_the_end_of_the_period_goes_on_in_the_next():
    # Works [16, 24) and [0, 4) of each 24, hence [16, 28) without pause.
    assert_valid(shop(shifts(24, (0, 4), (16, 24)), 12), schedule(at("J1.1", "M1", 16, 28)))


def test_downtime_on_top_of_shifts():
    # On shift [6, 14), down [12, 20): of [10, 16) the ticks 12 to 15 are without work, and 14, 15 count once.
    calendar = Calendar((Downtime(12, 20),), ShiftPattern(24, (Shift(6, 14),)))
    assert flagged(shop(calendar, 6), schedule(at("J1.1", "M1", 10, 16))) == [("calendars", "J1.1 on M1", 4)]
    # Interruptible: 2 ticks in [10, 12) and, off shift and down until 30, one more in [30, 31).
    assert_valid(shop(calendar, 3, interruptible=True), schedule(at("J1.1", "M1", 10, 31)))


def test_loading_waiting_and_unloading_in_a_downtime():
    # Station S is down in [0, 5) and [8, 13): the part is loaded at 3 to 4 and waits; it is unloaded at 9 to 10.
    cell = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances("IN OUT S", 2), 1, 1)
    station = machine("S", cell="C", input_buffer=0, output_buffer=0, calendar=down((0, 5), (8, 13)))
    moves = carry("J1 >1", "IN>S", "R", 0, 4), carry("J1 1>", "S>OUT", "R", 9, 13)
    assert_valid(factory(station, cell, simple_job("J1", ("S", 3))), schedule(at("J1.1", "S", 5, 8), *moves))

"""An operation runs in one of its modes, on its machine, for its duration of working time."""

from __future__ import annotations

from helpers import assert_valid, at, down, factory, flagged, job, machine, mode, op, schedule, shifts

SHOP = factory(machine("M1"), machine("M2"), machine("M3"), job("J1", op("1", mode("M1", 3), mode("M2", 5))))


def test_each_mode():
    assert_valid(SHOP, schedule(at("J1.1", "M1", 0, 3)))
    assert_valid(SHOP, schedule(at("J1.1", "M2", 0, 5, mode=1)))


def test_too_short_and_too_long():
    assert flagged(SHOP, schedule(at("J1.1", "M1", 0, 2))) == [("modes", "J1.1 on M1", 1)]
    assert flagged(SHOP, schedule(at("J1.1", "M2", 0, 9, mode=1))) == [("modes", "J1.1 on M2", 4)]


def test_end_before_start():
    # Lasts -2 and needs 3.
    assert flagged(SHOP, schedule(at("J1.1", "M1", 5, 3))) == [("modes", "J1.1 on M1", 5)]


def test_machine_of_another_mode():
    # Mode 0 runs on M1; the length is right.
    assert flagged(SHOP, schedule(at("J1.1", "M2", 0, 3))) == [("modes", "J1.1 on M2", 1)]


def test_unknown_mode():
    assert flagged(SHOP, schedule(at("J1.1", "M1", 0, 3, mode=2))) == [("modes", "J1.1 on M1", 1)]
    assert flagged(SHOP, schedule(at("J1.1", "M1", 0, 3, mode=-1))) == [("modes", "J1.1 on M1", 1)]


def test_unknown_machine_is_not_the_machine_of_the_mode_either():
    assert flagged(SHOP, schedule(at("J1.1", "M9", 0, 3))) == [("modes", "J1.1 on M9", 1), ("modes", "J1.1 on M9", 1)]


PAUSING = factory(machine("M1", calendar=down((4, 6), (8, 9))), job("J1", op("1", mode("M1", 5), interruptible=True)))


def test_interruptible_operation_is_measured_in_working_time():
    # Starts at 3: works 3, pauses 4-5, works 6 and 7, pauses 8, works 9 and 10: ends at 11.
    assert_valid(PAUSING, schedule(at("J1.1", "M1", 3, 11)))
    assert flagged(PAUSING, schedule(at("J1.1", "M1", 3, 10))) == [("modes", "J1.1 on M1", 1)]
    assert flagged(PAUSING, schedule(at("J1.1", "M1", 3, 14))) == [("modes", "J1.1 on M1", 3)]


def test_downtime_outside_the_operation_does_not_count():
    assert_valid(PAUSING, schedule(at("J1.1", "M1", 9, 14)))


def test_operation_that_is_not_interruptible_has_its_length_though_it_overlaps_a_downtime():
    # [3, 8) is 5 long: right for `modes`; its 2 ticks of downtime are flagged by `calendars`.
    shop = factory(machine("M1", calendar=down((4, 6))), job("J1", op("1", mode("M1", 5))))
    assert flagged(shop, schedule(at("J1.1", "M1", 3, 8))) == [("calendars", "J1.1 on M1", 2)]


def test_shift_pattern_far_from_tick_0():
    # Shifts [0, 4) and [6, 9) of each 10. From 1000000002 on: 2 + 3 + 4 working ticks until 1000000014.
    far = 1_000_000_000
    shop = factory(
        machine("M1", calendar=shifts(10, (0, 4), (6, 9))), job("J1", op("1", mode("M1", 9), interruptible=True))
    )
    assert_valid(shop, schedule(at("J1.1", "M1", far + 2, far + 14)))
    assert flagged(shop, schedule(at("J1.1", "M1", far + 2, far + 13))) == [("modes", "J1.1 on M1", 1)]

"""Release dates of operations and arrivals, deadlines of operations and moves."""

from __future__ import annotations

from helpers import assert_valid, at, carry, distances, factory, flagged, machine, schedule, simple_job

from scheduler.domain import Robot, RobotCell

SHOP = factory(machine("M1"), simple_job("J1", ("M1", 3), release_date=5, deadline=9))


def test_inside_the_window():
    assert_valid(SHOP, schedule(at("J1.1", "M1", 5, 8)))
    assert_valid(SHOP, schedule(at("J1.1", "M1", 6, 9)))


def test_before_the_release_date():
    assert flagged(SHOP, schedule(at("J1.1", "M1", 3, 6))) == [("time_windows", "J1.1 on M1", 2)]


def test_after_the_deadline():
    assert flagged(SHOP, schedule(at("J1.1", "M1", 10, 13))) == [("time_windows", "J1", 4)]


def test_negative_start_without_release_date():
    shop = factory(machine("M1"), simple_job("J1", ("M1", 3)))
    assert flagged(shop, schedule(at("J1.1", "M1", -2, 1))) == [("time_windows", "J1.1 on M1", 2)]


# A cell whose robot moves last 1 + 2 + 1; station S has unlimited buffers.
CELL = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances("IN OUT S", 2), 1, 1)
CELL_SHOP = factory(machine("S", cell="C"), CELL, simple_job("J1", ("S", 3), release_date=5, deadline=16))


def test_arrival_before_the_release_date():
    # The pick-up at 4 is one too early although the operation starts long after 5.
    on_time = schedule(at("J1.1", "S", 9, 12), carry("J1 >1", "IN>S", "R", 5, 9), carry("J1 1>", "S>OUT", "R", 12, 16))
    assert_valid(CELL_SHOP, on_time)
    early = schedule(at("J1.1", "S", 9, 12), carry("J1 >1", "IN>S", "R", 4, 8), carry("J1 1>", "S>OUT", "R", 12, 16))
    assert flagged(CELL_SHOP, early) == [("time_windows", "J1 on R", 1)]


def test_the_way_out_counts_for_the_deadline():
    # The operation ends at 12 as before; the part reaches OUT at 17, one after the deadline.
    late = schedule(at("J1.1", "S", 9, 12), carry("J1 >1", "IN>S", "R", 5, 9), carry("J1 1>", "S>OUT", "R", 13, 17))
    assert flagged(CELL_SHOP, late) == [("time_windows", "J1", 1)]

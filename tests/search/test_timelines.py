"""Gaps: where an occupation, a robot move or a trip fits in."""

from __future__ import annotations

from helpers import distances, down, shifts

from scheduler.domain import Calendar, Lane, Robot, RobotCell, SetupMatrix
from scheduler.search.downtimes import NEVER, Downtimes
from scheduler.search.movers import CarrierTimeline, LaneTimeline
from scheduler.search.timelines import MachineTimeline, Profile, SharedTimeline


def test_downtimes_of_a_pattern_are_unrolled_as_far_as_needed() -> None:
    downtimes = Downtimes(shifts(10, (0, 6)))
    assert downtimes.start(1004, 3) == 1010
    assert downtimes.end(1004, 3, True) == 1011
    assert downtimes.free(1000, 1006)
    assert not downtimes.free(1000, 1007)


def test_what_is_longer_than_every_shift_never_fits() -> None:
    assert Downtimes(shifts(10, (0, 6))).start(0, 7) == NEVER
    assert Downtimes(Calendar()).start(3, 7) == 3


def test_a_machine_gap() -> None:
    timeline = MachineTimeline(None, None)
    timeline.reserve(2, 5, None, 1)
    timeline.reserve(9, 12, None, 2)
    assert timeline.opening(0, 2, None, 3) == 0
    assert timeline.opening(0, 3, None, 3) == 5
    assert timeline.opening(3, 5, None, 3) == 12
    assert timeline.limit(5, None) == 9
    # A part that has to stay until 10 can't be in the gap before 9.
    assert timeline.beyond(9, 10) == 12
    timeline.release(2, 5, 1)
    assert timeline.opening(0, 9, None, 3) == 0


def test_a_machine_gap_with_setups_to_both_neighbours() -> None:
    matrix = SetupMatrix({"a": {"b": 2}, "b": {"a": 3}}, initial="a")
    timeline = MachineTimeline(matrix, None)
    timeline.reserve(10, 12, "a", 1)
    # a -> b takes [0, 2), then b runs, b -> a takes [7, 10).
    assert timeline.opening(0, 5, "b", 2) == 2
    assert timeline.limit(2, "b") == 7
    assert timeline.opening(0, 6, "b", 2) == 14


def test_a_setup_keeps_out_of_downtimes_and_of_the_past() -> None:
    matrix = SetupMatrix({"a": {"b": 4}}, initial="a")
    assert MachineTimeline(matrix, Downtimes(down((3, 5)))).opening(0, 1, "b", 1) == 9
    timeline = MachineTimeline(matrix, None, now=20)
    assert timeline.opening(20, 1, "b", 1) == 24
    timeline.begun = {(1, "a", "b"): 18}
    assert timeline.opening(20, 1, "b", 1) == 22


def test_the_capacity_of_a_profile() -> None:
    profile = Profile(3)
    profile.add(2, 6, 2)
    profile.add(4, 8, 1)
    assert profile.opening(0, 2, 2) == 0
    assert profile.opening(0, 3, 2) == 6
    assert profile.opening(0, 9, 1) == 6
    assert profile.limit(0, 1) == 4
    profile.add(4, 8, -1)
    assert profile.opening(0, 9, 1) == 0


def test_an_oven_that_is_free_again_before_it_is_full() -> None:
    oven = SharedTimeline(2)
    oven.reserve(0, 4, None, 1)
    oven.reserve(2, 6, None, 2)
    oven.reserve(8, 9, None, 3)
    assert oven.opening(0, 3, None, 4) == 4
    assert oven.limit(0, None) == 2
    assert oven.beyond(2, 20) == 4


def test_a_robot_travels_before_and_after_a_move() -> None:
    cell = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances("IN OUT S1 S2", 2), 1, 1)
    robot = CarrierTimeline(cell.robots[0], cell, None)
    robot.reserve(10, 14, "S1", "S2")
    # From IN it takes the part at 0, puts it down on S2 at 4 and is at S1 at 6.
    assert robot.opening(0, "IN", "S2", 4) == 0
    # Starting at 5 it would be back at S1 only at 5 + 4 + 2 = 11; after the move it is at OUT at 16.
    assert robot.opening(5, "OUT", "S2", 4) == 16
    assert robot.opening(3, "OUT", "S1", 4) == 3
    assert robot.approach(16, "OUT") == 2


def test_trips() -> None:
    # A trip lasts 3, and the vehicle is back after 5.
    timeline = LaneTimeline(Lane("L", "A", "B", transit_time=3, return_time=2, units_per_vehicle=3), None)
    assert timeline.opening(4, 2, 0) == (4, True, 0)
    timeline.reserve(0, 4, 9, 2)
    assert timeline.opening(1, 1, 0) == (4, False, 0)
    assert timeline.opening(1, 2, 0) == (9, True, 0)
    assert timeline.opening(5, 1, 0) == (9, True, 0)
    timeline.reserve(0, 4, 9, 1)
    assert timeline.opening(4, 1, 0) == (9, True, 0)
    timeline.release(0, 4, 1)
    timeline.release(0, 4, 2)
    assert timeline.opening(4, 3, 0) == (4, True, 0)
    assert timeline.opening(4, 4, 0)[0] == NEVER


def test_patience_for_a_trip_that_departs_anyway() -> None:
    timeline = LaneTimeline(Lane("L", "A", "B", transit_time=3, vehicles=2, units_per_vehicle=2), None)
    timeline.reserve(0, 10, 13, 1)
    assert timeline.opening(6, 1, 3) == (6, True, 0)
    assert timeline.opening(6, 1, 4) == (10, False, 0)

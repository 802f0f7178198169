"""Right shift where robots tend and vehicles hold several parts: downtimes of the carrier, however many of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import assert_valid, distances, factory, machine, simple_job

from scheduler.domain import (
    Calendar,
    Downtime,
    Execution,
    Facility,
    Fleet,
    Instance,
    Job,
    Mode,
    Objective,
    Operation,
    Robot,
    RobotCell,
    Schedule,
    Shift,
    ShiftPattern,
    Vehicle,
)
from scheduler.rescheduling.right_shift import shift
from scheduler.search.construct import construct

OFTEN_DOWN = Calendar(tuple(Downtime(at, at + 1) for at in range(4, 400, 4)))
"""Never up for more than 3 ticks between 4 and 397."""


def tended(duration: int, calendar: Calendar) -> Instance:
    """Return a cell whose robot tends the only operation; its ways take a tick."""
    robot = Robot("R", "in", calendar)
    cell = RobotCell("C", "F", (robot,), "in", "out", distances("in out S", 1), 0, 0)
    return factory(machine("S", cell="C"), cell, Job("A", (Operation("1", (Mode("S", duration, tended=True),)),)))


def placed(instance: Instance) -> Schedule:
    """Return the right shift of nothing, with the job that is new."""
    begun = replace(instance, execution=Execution(0, Schedule(())))
    result = shift(begun, Schedule(()))
    assert result.schedule is not None, result.reason
    assert_valid(begun, result.schedule)
    return result.schedule


def test_tending_waits_for_the_end_of_many_downtimes() -> None:
    # 5 ticks don't fit between two downtimes; the last one ends at 397.
    assert placed(tended(5, OFTEN_DOWN)).operations[0].start == 397


def test_tending_fits_between_two_downtimes() -> None:
    # The part is there at 1, 3 ticks are left before the first downtime.
    assert placed(tended(3, OFTEN_DOWN)).operations[0].start == 1


@pytest.mark.parametrize(("duration", "start"), [(3, 2), (4, None)])
def test_construction_knows_whether_shifts_of_machine_and_robot_have_enough_in_common(
    duration: int, start: int | None
) -> None:
    # The robot works during [0, 5), the machine during [2, 7), both every 8 ticks: 3 ticks are in common.
    robot = tended(duration, Calendar(pattern=ShiftPattern(8, (Shift(0, 5),))))
    stage = machine("S", cell="C", calendar=Calendar(pattern=ShiftPattern(8, (Shift(2, 7),))))
    found = construct(replace(robot, machines=(stage,)), Objective.parse("makespan"), time_limit=0.0)
    assert (None if found is None else found.operations[0].start) == start


def test_construction_waits_for_the_end_of_many_downtimes() -> None:
    found = construct(tended(5, OFTEN_DOWN), Objective.parse("makespan"), time_limit=0.0)
    assert found is not None
    assert found.operations[0].start == 397


def test_tending_for_longer_than_any_shift_finds_no_time() -> None:
    instance = tended(6, Calendar(pattern=ShiftPattern(8, (Shift(2, 7),))))
    result = shift(replace(instance, execution=Execution(0, Schedule(()))), Schedule(()))
    assert result.schedule is None
    assert "operation 1 of job A on S finds no time before" in result.reason


def test_a_vehicle_for_two_jobs_waits_for_the_end_of_many_downtimes() -> None:
    vehicle = Vehicle("V", "dock", OFTEN_DOWN, capacity=2)
    fleet = Fleet("A", "F", (vehicle,), distances("dock M", 5))
    hall = Facility("F", station="dock")
    assert placed(factory(hall, machine("M"), simple_job("A", ("M", 1)), fleet)).operations[0].start == 402

"""Tiny factories with their baselines, shared by the tests of events, right shift and repair."""

from __future__ import annotations

import pytest
from helpers import assert_valid, at, carry, distances, factory, flagged, job, machine, mode, op, schedule, simple_job

from scheduler.domain import Instance, Robot, RobotCell, Schedule
from scheduler.domain.derive import complete
from scheduler.domain.events import Event, Revision, revise
from scheduler.domain.events.undo import with_waits
from scheduler.domain.happened import execution_of
from scheduler.errors import EventError
from scheduler.rescheduling.right_shift import right_shift, shift, waits_of


def flow_shop(**fields: object) -> Instance:
    """Two jobs, first on M1, then on M2; J2.2 may also be done on M3."""
    return factory(
        machine("M1"),
        machine("M2"),
        machine("M3"),
        simple_job("J1", ("M1", 3), ("M2", 4)),
        job("J2", op("1", mode("M1", 2)), op("2", mode("M2", 3), mode("M3", 5))),
        **fields,
    )


def flow_shop_baseline() -> Schedule:
    """M1: J1 [0, 3), J2 [3, 5). M2: J1 [3, 7), J2 [7, 10)."""
    return schedule(at("J1.1", "M1", 0, 3), at("J1.2", "M2", 3, 7), at("J2.1", "M1", 3, 5), at("J2.2", "M2", 7, 10))


def robot_cell() -> Instance:
    """A cell with one robot and two blocking stations; every robot move lasts 1 + 2 + 1 = 4 ticks."""
    cell = RobotCell(
        "C", "F", (Robot("R1", "IN"),), "IN", "OUT", distances("IN OUT S1 S2", 2), load_time=1, unload_time=1
    )
    return factory(
        machine("S1", cell="C", input_buffer=0, output_buffer=0),
        machine("S2", cell="C", input_buffer=0, output_buffer=0),
        cell,
        simple_job("J1", ("S1", 5), ("S2", 6)),
        simple_job("J2", ("S1", 3)),
    )


def robot_cell_baseline() -> Schedule:
    """The part of J1 goes IN > S1 > S2 > OUT; the part of J2 comes to S1 when S1 is free: IN > S1 > OUT."""
    return complete(
        robot_cell(),
        (at("J1.1", "S1", 4, 9), at("J1.2", "S2", 13, 19), at("J2.1", "S1", 19, 22)),
        (
            carry("J1 >1", "IN>S1", "R1", 0, 4),
            carry("J1 1>2", "S1>S2", "R1", 9, 13),  # leaves S1 at 10, takes S2 at 12
            carry("J2 >1", "IN>S1", "R1", 15, 19),  # the robot is at IN again at 15
            carry("J1 2>", "S2>OUT", "R1", 21, 25),  # from S1 (19) back to S2 (21)
            carry("J2 1>", "S1>OUT", "R1", 27, 31),
        ),
    )


def with_waiting_carriers(instance: Instance, baseline: Schedule) -> Instance:
    """Return the instance in which robots and vehicles under way wait in front of machines not ready for their part."""
    return with_waits(instance, waits_of(instance, baseline))


def revised(instance: Instance, baseline: Schedule, now: int, *events: Event) -> Instance:
    """Return the instance after the events, without frozen horizon."""
    return revise(instance, Revision(now, 0, events, baseline))


def times(result: Schedule | None) -> dict[str, tuple[int, int]]:
    """Return start and end of each operation by name (``J1.2``)."""
    assert result is not None
    return {f"{o.job}.{o.operation}": (o.start, o.end) for o in result.operations}


def robot_times(result: Schedule | None) -> list[tuple[str, str, int, int]]:
    """Return the loaded moves in order: job, way, start, end."""
    assert result is not None
    return [(m.job, f"{m.origin}>{m.destination}", m.start, m.end) for m in result.moves if m.job is not None]


def repaired(instance: Instance, baseline: Schedule, now: int, *events: Event) -> tuple[Instance, Schedule]:
    """Return the instance after the events and the right shift, which is right for it."""
    after = revised(instance, baseline, now, *events)
    if right_shift(after, execution_of(after).baseline) is None:
        after = with_waiting_carriers(after, execution_of(after).baseline)
    found = right_shift(after, execution_of(after).baseline)
    assert found is not None
    assert flagged(after, found) == []
    return after, found


def refused(instance: Instance, baseline: Schedule, now: int, *events: Event) -> list[str]:
    """Return the defects of events, each as code, member of the event, cause and fix."""
    with pytest.raises(EventError) as caught:
        revised(instance, baseline, now, *events)
    return [f"{d.code} {d.where.partition('].')[2]}: {d.cause}; {d.fix}" for d in caught.value.defects]


def shifted(instance: Instance, baseline: Schedule, now: int, *events: Event) -> Schedule:
    """Revise and shift; the baseline and the result have to pass the checker."""
    assert_valid(instance, baseline)
    after = revised(instance, baseline, now, *events)
    result = shift(after, baseline)
    assert result.schedule is not None, result.reason
    assert_valid(after, result.schedule)
    return result.schedule

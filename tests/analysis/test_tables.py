"""Frames of a schedule: columns, types, figures argued by hand.

One station without output buffer beside a saw with setups, both in one facility:
job X is cut 3-13 after a setup 0-3, carried 13-17, welded 17-27 and unloaded at 29 (it waits for the robot until 28);
job Y has no due date and is not scheduled.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import pandas as pd
import pytest
from helpers import distances, down, factory, machine, simple_job

from scheduler.analysis import (
    charges_frame,
    history_frame,
    jobs_frame,
    machines_frame,
    movers_frame,
    moves_frame,
    occupations,
    operations_frame,
    setups_frame,
)
from scheduler.domain import (
    Calendar,
    Charge,
    Downtime,
    Facility,
    Fleet,
    Instance,
    Job,
    Lane,
    Machine,
    Mode,
    Move,
    Objective,
    Operation,
    Progress,
    Result,
    Robot,
    RobotCell,
    Schedule,
    ScheduledOperation,
    SetupMatrix,
    Status,
    Vehicle,
)
from scheduler.domain.derive import complete
from scheduler.domain.jobs import chain
from scheduler.search.construct import construct

PLACES = ("in", "out", "S")
INSTANCE = Instance(
    name="small",
    facilities=(Facility("A"),),
    machines=(
        Machine("saw", "A", setups=SetupMatrix({"red": {"blue": 3}}, initial="red")),
        Machine("S", "A", cell="cell", output_buffer=0),
    ),
    jobs=(
        Job(
            "X",
            (Operation("cut", (Mode("saw", 10, "blue"),)), Operation("weld", (Mode("S", 10),))),
            chain(("cut", "weld")),
            release_date=1,
            due_date=30,
            weight=2,
        ),
        Job("Y", (Operation("cut", (Mode("saw", 5),)),), deadline=99),
    ),
    cells=(
        RobotCell(
            "cell", "A", (Robot("r", "in"),), "in", "out", {p: {q: 2 for q in PLACES if p != q} for p in PLACES}, 1, 1
        ),
    ),
)
SCHEDULE = complete(
    INSTANCE,
    [ScheduledOperation("X", "cut", 0, "saw", 3, 13), ScheduledOperation("X", "weld", 0, "S", 17, 27)],
    [
        Move("X", "in", "S", "r", "robot_move", 13, 17, "cut", "weld"),
        Move("X", "S", "out", "r", "robot_move", 28, 32, "weld", None),
    ],
)
DATED = replace(INSTANCE, time_origin=datetime(2026, 3, 2, 6, tzinfo=UTC))


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    """Return the rows of these columns, with None for what is absent."""
    part = frame[list(columns)].astype(object)
    return list(part.where(part.notna(), None).itertuples(index=False, name=None))


def test_operations() -> None:
    frame = operations_frame(INSTANCE, SCHEDULE)
    assert rows(frame, "job", "operation", "mode", "machine", "facility", "cell", "start", "end") == [
        ("X", "cut", 0, "saw", "A", None, 3, 13),
        ("X", "weld", 0, "S", "A", "cell", 17, 27),
    ]
    # Unloading takes 1 tick from 28.
    assert rows(frame, "working_time", "occupied_from", "occupied_until") == [(10, 3, 13), (10, 17, 29)]
    assert frame.dtypes.astype(str).to_dict() == {
        "job": "string",
        "operation": "string",
        "mode": "int64",
        "machine": "string",
        "facility": "string",
        "cell": "string",
        "start": "int64",
        "end": "int64",
        "working_time": "int64",
        "occupied_from": "int64",
        "occupied_until": "int64",
    }


def test_moves_and_setups() -> None:
    moves = moves_frame(INSTANCE, SCHEDULE)
    assert rows(moves, "job", "kind", "mover", "origin", "destination", "predecessor", "successor", "start", "end") == [
        ("X", "robot_move", "r", "in", "S", "cut", "weld", 13, 17),
        ("X", "robot_move", "r", "S", "out", "weld", None, 28, 32),
    ]
    setups = setups_frame(INSTANCE, SCHEDULE)
    assert rows(setups, "machine", "job", "operation", "from_family", "to_family", "start", "end") == [
        ("saw", "X", "cut", "red", "blue", 0, 3)
    ]


def test_jobs() -> None:
    frame = jobs_frame(INSTANCE, SCHEDULE)
    # X is complete when it has left the cell, at 32: 2 after its due date, 31 after its release. Y is not scheduled.
    columns = ("job", "weight", "release_date", "due_date", "deadline", "start", "completion", "tardiness", "flow_time")
    assert rows(frame, *columns) == [
        ("X", 2, 1, 30, None, 3, 32, 2, 31),
        ("Y", 1, 0, None, 99, None, None, None, None),
    ]
    assert str(frame["due_date"].dtype) == "Int64"
    assert frame["tardiness"].sum() == 2


def test_machines() -> None:
    frame = machines_frame(INSTANCE, SCHEDULE)
    # Makespan 32: 10 of 32 ticks are 31.25 %. The station is held for 2 ticks beyond its work.
    assert rows(frame, "machine", "operations", "busy", "setup", "blocked", "down", "utilisation") == [
        ("saw", 1, 10, 3, 0, 0, 31.25),
        ("S", 1, 10, 0, 2, 0, 31.25),
    ]


def test_movers() -> None:
    # Makespan 32: the robot carries X for 4 + 4 ticks, a quarter of the time, and no way to a pick-up is empty.
    assert rows(movers_frame(INSTANCE, SCHEDULE), "mover", "group", "moves", "loaded", "empty", "down") == [
        ("r", "cell", 2, 8, 0, 0)
    ]
    assert rows(movers_frame(INSTANCE, SCHEDULE), "utilisation") == [(25.0,)]


def test_movers_that_are_down_go_empty_or_carry_two_jobs() -> None:
    # V carries one job from 0 to 2, is back by 4, and carries the other until 6; it is down from 8 on. M1 works from 2
    # to 5 and from 6 to 9, the makespan: 6 of 8 ticks.
    jobs = simple_job("J1", ("M1", 3)), simple_job("J2", ("M1", 3))
    fleet = Fleet("AGV", "F", (Vehicle("V", "DOCK", down((8, 20))),), distances("DOCK M1", 2))
    instance = factory(Facility("F", "DOCK"), machine("M1"), fleet, *jobs)
    schedule = construct(instance, Objective.parse("makespan"), time_limit=0.0)
    assert schedule is not None
    columns = ("mover", "moves", "loaded", "empty", "down", "utilisation")
    assert rows(movers_frame(instance, schedule), *columns) == [("V", 2, 4, 2, 1, 75.0)]
    # Two jobs on one trip of 5 ticks; the vehicle is back at 8, after the makespan of 5.
    lane = Lane("L", "A", "B", transit_time=5, units_per_vehicle=2, return_time=3)
    trip = [Move(name, "A", "B", "L#1", "transfer", 0, 5, None, "1") for name in ("J1", "J2")]
    back = Move(None, "B", "A", "L#1", "empty_move", 5, 8)
    network = factory(Facility("A"), Facility("B"), machine("M1", "A"), lane, *jobs)
    assert rows(movers_frame(network, Schedule((), (*trip, back))), *columns) == [("L#1", 2, 5, 0, 0, 100.0)]


def test_down_machines_and_pauses() -> None:
    # The saw is down 5-9 and from 24 on; the interruptible cut pauses, so it ends at 17. Makespan 17.
    calendar = Calendar((Downtime(5, 9), Downtime(24, 99)))
    cut = replace(INSTANCE.jobs[0].operations[0], interruptible=True)
    instance = replace(
        INSTANCE,
        machines=(replace(INSTANCE.machines[0], calendar=calendar, capacity=2, setups=None), INSTANCE.machines[1]),
        jobs=(replace(INSTANCE.jobs[0], operations=(cut,), precedences=()),),
    )
    schedule = complete(instance, [ScheduledOperation("X", "cut", 0, "saw", 3, 17)])
    [saw, _] = rows(machines_frame(instance, schedule), "busy", "down", "utilisation")
    # 10 of 2 * (17 - 4) ticks.
    assert saw[:2] == (10, 4)
    assert saw[2] == pytest.approx(100 * 10 / 26)


def test_parts_that_stay_for_the_next_operation_hold_the_machine() -> None:
    # Two welds of one job on a station without output buffer: the part stays from 27 to 40.
    again = Operation("again", (Mode("S", 5),))
    job = replace(
        INSTANCE.jobs[0],
        operations=(*INSTANCE.jobs[0].operations, again),
        precedences=chain(("cut", "weld", "again")),
    )
    instance = replace(INSTANCE, jobs=(job,))
    operations = [*SCHEDULE.operations, ScheduledOperation("X", "again", 0, "S", 40, 45)]
    schedule = complete(instance, operations, [m for m in SCHEDULE.moves if m.start == 13])
    held = occupations(instance, schedule)
    assert (held["X", "weld"].start, held["X", "weld"].end) == (17, 40)
    assert (held["X", "again"].start, held["X", "again"].end) == (40, 45)


def test_parts_hold_a_station_without_input_buffer_from_loading() -> None:
    station = replace(INSTANCE.machines[1], input_buffer=0)
    instance = replace(INSTANCE, machines=(INSTANCE.machines[0], station))
    # Loading takes the last tick of the move that ends at 17.
    assert occupations(instance, SCHEDULE)["X", "weld"].start == 16


def test_dates_stand_beside_instants_when_there_is_an_origin() -> None:
    frame = operations_frame(DATED, SCHEDULE)
    assert list(frame.columns[6:10]) == ["start", "start_date", "end", "end_date"]
    assert frame["end_date"][0] == pd.Timestamp("2026-03-02T06:13:00Z")
    jobs = jobs_frame(DATED, SCHEDULE)
    assert jobs["due_date_date"][0] == pd.Timestamp("2026-03-02T06:30:00Z")
    assert jobs["completion_date"].isna().tolist() == [False, True]


def test_units_without_length_have_no_dates() -> None:
    frame = operations_frame(replace(DATED, time_unit="takt"), SCHEDULE)
    assert not any(name.endswith("_date") for name in frame.columns)


def test_empty_schedules_keep_their_columns_and_types() -> None:
    empty = complete(DATED, [])
    for build in (operations_frame, moves_frame, setups_frame):
        full, frame = build(DATED, SCHEDULE), build(DATED, empty)
        assert len(frame) == 0
        assert frame.dtypes.astype(str).to_dict() == full.dtypes.astype(str).to_dict()


def test_charges() -> None:
    plan = Schedule((), charges=(Charge("v", "plug", 5, 9, 10, 18),))
    frame = charges_frame(INSTANCE, plan)
    assert rows(frame, "vehicle", "charger", "start", "end", "from_level", "to_level") == [("v", "plug", 5, 9, 10, 18)]
    assert charges_frame(INSTANCE, SCHEDULE).dtypes.astype(str).to_dict() == frame.dtypes.astype(str).to_dict()


def test_history() -> None:
    points = (
        Progress(0.5, Fraction(71), None, "construct"),
        Progress(1.5, Fraction(65, 2), Fraction(30), "cpsat"),
    )
    frame = history_frame(Result(Status.FEASIBLE, Objective.parse("makespan"), history=points))
    assert rows(frame, "seconds", "value", "bound", "engine") == [
        (0.5, 71.0, None, "construct"),
        (1.5, 32.5, 30.0, "cpsat"),
    ]
    assert len(history_frame(Result(Status.UNKNOWN, Objective.parse("makespan")))) == 0

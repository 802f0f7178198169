"""What is wrong with facilities, machines, cells, lanes and operators: code, place, words, a factory with no more."""

from __future__ import annotations

from dataclasses import replace

from defect_cases import (
    J1,
    M1,
    RUSH,
    RUSH_HOUR,
    STATION,
    cell,
    reached,
    two_sites,
)
from helpers import distances, down, factory, machine, mode, op, shifts, simple_job

from scheduler.domain import (
    Calendar,
    Facility,
    Instance,
    Job,
    Lane,
    OperatorPool,
    Robot,
    SetupMatrix,
    ShiftPattern,
    Shortage,
    Timetable,
    TransitTimes,
    TransitWindow,
)

RESOURCES: list[tuple[str, str, str, Instance]] = [
    ("E301", "$.machines[1].id", '"M1" stands at $.machines[0].id', factory(M1, M1, J1)),
    ("E301", "$.operators[1].id", '"P"', factory(M1, OperatorPool("P"), OperatorPool("P"), J1)),
    (
        "E301",
        "$.cells[0].robots[1].id",
        '"R"',
        factory(STATION, cell(robots=(Robot("R", "IN"), Robot("R", "S"))), J1, M1),
    ),
    (
        "E301",
        "$.cells[0].robots[0].id",
        'robot "L#2" is named like a vehicle of a lane',
        replace(
            factory(STATION, cell(robots=(Robot("L#2", "IN"),)), Lane("L", "F", "G", 5, vehicles=2), M1, J1),
            facilities=(Facility("F"), Facility("G")),
        ),
    ),
    (
        "E302",
        "$.machines[0].facility",
        'did you mean "north"?',
        replace(two_sites(simple_job("J1", ("M2", 3))), machines=(machine("M1", "noth"), machine("M2", "south"))),
    ),
    (
        "E302",
        "$.machines[0].cell",
        'cell "D" does not exist; there is no cell here',
        factory(machine("M1", cell="D"), J1),
    ),
    (
        "E302",
        "$.cells[0].robots[0].start",
        'place "X" does not exist; known places: IN, OUT, S',
        factory(STATION, cell(robots=(Robot("R", "X"),)), M1, J1),
    ),
    (
        "E302",
        "$.cells[0].travel.IN.Q",
        'place "Q"',
        factory(STATION, cell(travel={**distances("IN OUT S", 2), "IN": {"OUT": 1, "S": 1, "Q": 1}}), M1, J1),
    ),
    ("E302", "$.lanes[0].destination", 'facility "east"', two_sites(Lane("L", "north", "east", 5), J1)),
    (
        "E303",
        "$.machines[0].facility",
        '"S" is in "south", its cell in "north"',
        replace(
            two_sites(simple_job("J1", ("M1", 3)), cell(facility="north")),
            machines=(replace(STATION, facility="south"), machine("M1", "north")),
        ),
    ),
    (
        "E304",
        "$.cells[0].output_station",
        'place "M1" is named like a machine',
        factory(STATION, cell(output_station="M1", travel=distances("IN M1 S", 2)), M1, J1),
    ),
    (
        "E305",
        "$.cells[0].travel.S",
        'from "S" to "IN", "OUT" is missing',
        factory(STATION, cell(travel={p: row for p, row in distances("IN OUT S", 2).items() if p != "S"}), M1, J1),
    ),
    (
        "E306",
        "$.lanes[0].destination",
        'lane "L" goes from "north" to itself',
        two_sites(Lane("L", "north", "north", 5), J1),
    ),
    (
        "E307",
        "$.machines[0].setups",
        "has setups and capacity 2",
        factory(machine("M1", capacity=2, setups=SetupMatrix({"a": {"b": 1}})), J1),
    ),
    (
        "E308",
        "$.machines[0].input_buffer",
        "nothing is brought to machine",
        factory(machine("M1", input_buffer=2), J1),
    ),
    (
        "E308",
        "$.machines[0].output_buffer",
        "has 2 places after it, and setups",
        factory(machine("M1", output_buffer=2, setups=SetupMatrix({"a": {"b": 1}})), J1),
    ),
    (
        "E308",
        "$.machines[0].output_buffer",
        "has 1 places after it, and forbids swaps",
        factory(machine("M1", output_buffer=1, swap=False), J1),
    ),
    (
        "E308",
        "$.cells[0].input_places",
        'no vehicle brings parts to "IN"',
        factory(STATION, cell(input_places=1), M1, J1),
    ),
    (
        "E330",
        "$.machines[0].swap",
        "forbids swaps and has capacity 2",
        factory(machine("M1", capacity=2, output_buffer=0, swap=False), J1),
    ),
    (
        "E309",
        "$.machines[0].calendar.downtimes[1]",
        "begins at 7 and ends at 7",
        factory(machine("M1", calendar=down((1, 2), (7, 7))), J1),
    ),
    (
        "E309",
        "$.cells[0].robots[0].calendar.downtimes[0]",
        "begins at 9",
        factory(STATION, cell(robots=(Robot("R", "IN", down((9, 8))),)), M1, J1),
    ),
    (
        "E310",
        "$.machines[0].calendar.shifts.working[0]",
        "from 20 to 30 does not lie in the period of 24",
        factory(machine("M1", calendar=shifts(24, (20, 30))), J1),
    ),
    (
        "E310",
        "$.machines[0].calendar.shifts.working",
        "never works",
        factory(machine("M1", calendar=Calendar(pattern=ShiftPattern(24, ()))), Job("J1", (op("1", mode("M1", 0)),))),
    ),
    (
        "E351",
        "$.cells[0].robots[0].start",
        'robot "R" stands at "IN", which it does not reach',
        reached(("S", "OUT"), ("IN", "OUT", "S")),
    ),
    (
        "E340",
        "$.lanes[0].timetable.departures[1]",
        "the departure at 4 is listed after the one at 8",
        two_sites(J1, Lane("L", "north", "south", 5, timetable=Timetable((8, 4)))),
    ),
    (
        "E340",
        "$.lanes[0].timetable.departures",
        "do not lie in one period of 4",
        two_sites(J1, Lane("L", "north", "south", 5, timetable=Timetable((4, 8), 4))),
    ),
    (
        "E340",
        "$.lanes[0].timetable.until",
        "ends at 3, before its first departure at 4",
        two_sites(J1, Lane("L", "north", "south", 5, timetable=Timetable((4,), 4, 3))),
    ),
    (
        "E340",
        "$.lanes[0].timetable.departures",
        "no trip ever departs",
        two_sites(J1, Lane("L", "north", "south", 5, timetable=Timetable(()))),
    ),
    (
        "E341",
        "$.lanes[0].timetable",
        "no trip of 5 ticks fits into the calendar",
        two_sites(J1, Lane("L", "north", "south", 5, calendar=shifts(12, (0, 8)), timetable=Timetable((4,), 12))),
    ),
    (
        "E341",
        "$.lanes[0].timetable.period",
        "repeat together only after very many departures",
        two_sites(J1, Lane("L", "north", "south", 5, calendar=shifts(99991, (0, 9999)), timetable=Timetable((4,), 7))),
    ),
    (
        "E343",
        "$.facilities[0].hub",
        'no lane goes to the hub "north"',
        replace(
            two_sites(J1, Lane("L", "north", "south", 5)), facilities=(Facility("north", hub=True), Facility("south"))
        ),
    ),
    (
        "E341",
        "$.lanes[0].transit_times",
        "no trip of 5 or 9 ticks fits into the calendar",
        two_sites(J1, Lane("L", "north", "south", 5, calendar=shifts(12, (0, 4)), transit_times=RUSH_HOUR)),
    ),
    (
        "E342",
        "$.lanes[0].transit_times.windows[0]",
        "the window from 4 to 13 does not lie in the period of 12",
        two_sites(J1, Lane("L", "north", "south", 5, transit_times=TransitTimes(12, (TransitWindow(4, 13, 9),)))),
    ),
    (
        "E342",
        "$.lanes[0].transit_times.windows[1]",
        "begins at 5, before the one listed before it ends at 6",
        two_sites(
            J1,
            Lane("L", "north", "south", 5, transit_times=replace(RUSH_HOUR, windows=(RUSH, TransitWindow(5, 7, 3)))),
        ),
    ),
    (
        "E204",
        "$.lanes[0].vehicles",
        "5000 is out of range",
        two_sites(Lane("L", "north", "south", 5, vehicles=5000), J1),
    ),
    (
        "E322",
        "$.cells[0]",
        "there are 1002 places",
        factory(*(machine(f"S{n}", cell="C") for n in range(1000)), cell(), M1, J1),
    ),
    (
        "E324",
        "$.machines[0].calendar.shifts.period",
        "repeats",
        factory(
            machine("M1", calendar=shifts(2, (0, 1))),
            replace(J1, operations=(op("1", mode("M1", 10**9), interruptible=True),)),
        ),
    ),
    (
        "E309",
        "$.operators[0].shortages[1]",
        "begins at 9",
        factory(OperatorPool("P", 2, (Shortage(1, 2), Shortage(9, 9))), M1, J1),
    ),
    (
        "E370",
        "$.operators[0].shortages[0].count",
        "3 are missing of 2",
        factory(OperatorPool("P", 2, (Shortage(1, 2, 3),)), M1, J1),
    ),
]

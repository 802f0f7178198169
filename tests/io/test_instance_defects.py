"""Every rule of validation: what breaks it, what it says, and what it lets pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from helpers import complete_instance, distances, down, factory, job, machine, mode, op, shifts, simple_job
from parking_cases import V1, V2, oven

from scheduler.domain import (
    Battery,
    Calendar,
    Charger,
    ChargeStep,
    Downtime,
    Facility,
    Fleet,
    Instance,
    Job,
    Lane,
    Mode,
    OperatorPool,
    Precedence,
    Robot,
    RobotCell,
    SetupMatrix,
    ShiftPattern,
    Shortage,
    Timetable,
    TransitTimes,
    TransitWindow,
    Vehicle,
)
from scheduler.errors import Defect, InstanceError
from scheduler.io import validate
from scheduler.io.limits import MAX_DEFECTS, MAX_TICK
from scheduler.io.validate import defects, require_valid

RUSH = TransitWindow(4, 6, 9)
RUSH_HOUR = TransitTimes(12, (RUSH,))


def only(instance: Instance) -> Defect:
    (defect,) = defects(instance)
    return defect


def two_sites(*parts: object) -> Instance:
    """M1 in north, M2 in south, and these parts."""
    sites = (Facility("north"), Facility("south"))
    return replace(factory(machine("M1", "north"), machine("M2", "south"), *parts), facilities=sites)


def cell(**fields: object) -> RobotCell:
    """Cell C in facility F with station S, robot R, input IN and output OUT."""
    default = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances("IN OUT S", 2))
    return replace(default, **fields)


def reached(first: tuple[str, ...], second: tuple[str, ...], start: str = "IN") -> Instance:
    """A cell with one station and two robots that go to these places."""
    robots = Robot("R", "IN", reach=first), Robot("Q", start, reach=second)
    travel = distances("IN OUT S", 1)
    return factory(machine("S", cell="C"), RobotCell("C", "F", robots, "IN", "OUT", travel), simple_job("J1", ("S", 3)))


def carts(places: str = "M1 M2 dock", id: str = "carts", **fields: object) -> Fleet:
    """A fleet of one vehicle V in facility F."""
    return replace(Fleet(id, "F", (Vehicle("V", places.split()[0]),), distances(places, 2)), **fields)


ROUGH = (ChargeStep(5, 9973), ChargeStep(10, 9967))


def electric(chargers: tuple[Charger, ...] = (Charger("plug", "M1"),), **battery: object) -> Instance:
    """A cart carries job J1 in 2 ticks from M1, where it charges, to M2."""
    default = Battery(10, (ChargeStep(10, 1),), 10, 4)
    vehicle = Vehicle("V", "M1", battery=replace(default, **battery))
    fleet = carts("M1 M2", vehicles=(vehicle,), chargers=chargers)
    return factory(fleet, machine("M1"), machine("M2"), simple_job("J1", ("M1", 3), ("M2", 3)))


def at_dock(instance: Instance, **fields: object) -> Instance:
    """The facility F has the load/unload station dock."""
    return replace(instance, facilities=(Facility("F", "dock", **fields),))


def test_a_factory_with_every_feature_is_valid() -> None:
    instance = complete_instance()
    assert defects(instance) == ()
    assert require_valid(instance, "x.json") is instance


def test_defects_are_raised_with_their_source() -> None:
    with pytest.raises(InstanceError, match=r"^x\.json: 1 defect in the instance\n  E301 at ") as caught:
        require_valid(factory(machine("M1"), machine("M1"), simple_job("J1", ("M1", 1))), "x.json")
    assert caught.value.source == "x.json"


M1, M2, J1 = machine("M1"), machine("M2"), simple_job("J1", ("M1", 3))
STATION = machine("S", cell="C", input_buffer=0, output_buffer=0)

V3 = Vehicle("V3", "BAY")
BAYS = ("DOCK", "OVEN", "BAY")
BATTERY = Battery(10, (ChargeStep(10, 1),), 10)
TABLE: list[tuple[str, str, str, Instance]] = [
    ("E301", "$.machines[1].id", '"M1" stands at $.machines[0].id', factory(M1, M1, J1)),
    ("E301", "$.operators[1].id", '"P"', factory(M1, OperatorPool("P"), OperatorPool("P"), J1)),
    (
        "E301",
        "$.jobs[0].operations[1].id",
        '"1"',
        factory(M1, job("J1", op("1", mode("M1", 1)), op("1", mode("M1", 2)))),
    ),
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
        "E302",
        "$.jobs[0].operations[0].modes[0].machine",
        'did you mean "M1"?',
        factory(M1, simple_job("J1", ("M_1", 3))),
    ),
    (
        "E302",
        "$.jobs[0].operations[0].modes[0].operators.crew",
        "there is no operator pool",
        factory(M1, job("J1", op("1", mode("M1", 3, crew=1)))),
    ),
    (
        "E302",
        "$.jobs[0].operations[0].modes[0].setup_family",
        'setup family "gren" does not exist; did you mean "green"?',
        factory(machine("M1", setups=SetupMatrix({"red": {"green": 5}})), job("J1", op("1", mode("M1", 3, "gren")))),
    ),
    (
        "E302",
        "$.jobs[0].precedences[0].successor",
        'operation "2"',
        factory(M1, job("J1", op("1", mode("M1", 3)), links=(Precedence("1", "2"),))),
    ),
    (
        "E302",
        "$.jobs[0].plans[0][1]",
        'operation "2"',
        factory(M1, replace(J1, plans=(("1", "2"),), precedences=(Precedence("1", "2"),))),
    ),
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
    ("E311", "$.jobs[0].operations", "has no operation", factory(M1, Job("J1", ()))),
    ("E311", "$.jobs[0].operations[0].modes", "has no mode", factory(M1, job("J1", op("1")))),
    (
        "E312",
        "$.jobs[0].operations[0].modes[2]",
        'the mode on "M1" in 3 ticks is listed already',
        factory(M1, job("J1", op("1", mode("M1", 3), mode("M1", 4), mode("M1", 3)))),
    ),
    (
        "E313",
        "$.jobs[0].operations[0].modes[0].operators.crew",
        'needs 3 operators of pool "crew", which has 2',
        factory(M1, OperatorPool("crew", 2), job("J1", op("1", mode("M1", 3, crew=3)))),
    ),
    (
        "E351",
        "$.cells[0].robots[0].start",
        'robot "R" stands at "IN", which it does not reach',
        reached(("S", "OUT"), ("IN", "OUT", "S")),
    ),
    (
        "E352",
        "$.jobs[0].operations[0].modes[0].machine",
        'no robot brings parts to "S"',
        reached(("IN", "OUT"), ("OUT", "S"), "OUT"),
    ),
    (
        "E353",
        "$.jobs[0].operations[0].modes[0].tended",
        '"M1" is in no robot cell',
        factory(M1, job("J1", op("1", Mode("M1", 3, tended=True)))),
    ),
    (
        "E350",
        "$.jobs[0].operations[0].modes[0].max_dwell",
        'no robot or vehicle fetches parts from "M1"',
        factory(M1, job("J1", op("1", Mode("M1", 3, max_dwell=4)))),
    ),
    (
        "E314",
        "$.jobs[0].operations[0].modes[0].duration",
        "9 ticks fit into no shift",
        factory(machine("M1", calendar=shifts(24, (0, 8))), simple_job("J1", ("M1", 9))),
    ),
    (
        "E325",
        "$.jobs[0].operations[0].modes[0].duration",
        '"M1" is set up from one operation to the next',
        factory(machine("M1", setups=SetupMatrix({"a": {}})), simple_job("J1", ("M1", 0))),
    ),
    (
        "E315",
        "$.jobs[0].precedences[1]",
        '"1" before "2" is listed already',
        factory(
            M1,
            job(
                "J1",
                op("1", mode("M1", 3)),
                op("2", mode("M1", 3)),
                links=(Precedence("1", "2"), Precedence("1", "2", 5)),
            ),
        ),
    ),
    (
        "E316",
        "$.jobs[0].precedences[0]",
        "min_lag 6 is larger than max_lag 5",
        factory(M1, job("J1", op("1", mode("M1", 3)), op("2", mode("M1", 3)), links=(Precedence("1", "2", 6, 5),))),
    ),
    (
        "E317",
        "$.jobs[0].precedences",
        "in a circle: 1 -> 1",
        factory(M1, job("J1", op("1", mode("M1", 3)), links=(Precedence("1", "1"),))),
    ),
    (
        "E318",
        "$.jobs[0].operations[1]",
        'no lane from "north" to "south"',
        two_sites(simple_job("J1", ("M1", 3), ("M2", 4)), Lane("L", "south", "north", 5)),
    ),
    (
        "E318",
        "$.jobs[0].precedences[0]",
        'no lane from "south" to "north"',
        two_sites(job("J1", op("1", mode("M1", 1)), op("2", mode("M2", 1)), links=(Precedence("2", "1"),))),
    ),
    (
        "E319",
        "$.jobs[0].operations[1]",
        "4 units go between",
        two_sites(
            replace(simple_job("J1", ("M1", 3), ("M2", 4)), units=4),
            Lane("L", "north", "south", 5, units_per_vehicle=3),
        ),
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
        "E344",
        "$.jobs[0].units",
        "101 units go in more than 100 loads where a vehicle carries 1",
        two_sites(replace(J1, units=101, splits=True), Lane("L", "north", "south", 5)),
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
        "E320",
        "$.jobs[0].deadline",
        "the deadline 4 lies before the release date 5",
        factory(M1, replace(J1, release_date=5, deadline=4)),
    ),
    ("E321", "$.jobs[0].plans[0]", "lists no operation", factory(M1, replace(J1, plans=((),)))),
    (
        "E321",
        "$.jobs[0].plans[0]",
        'lists operation "1" twice',
        factory(M1, replace(J1, plans=(("1", "1"),))),
    ),
    (
        "E321",
        "$.jobs[0].plans[1]",
        "the same operations as plan 0",
        factory(M1, replace(simple_job("J1", ("M1", 3), ("M1", 4)), plans=(("1", "2"), ("2", "1")))),
    ),
    ("E323", "$.objective", "unknown objective term 'profit'", factory(M1, J1, objective="profit")),
    (
        "E204",
        "$.jobs[0].operations[0].modes[0].duration",
        "-1 is out of range",
        factory(M1, simple_job("J1", ("M1", -1))),
    ),
    (
        "E204",
        "$.jobs[0].release_date",
        f"{2 * MAX_TICK} is out of range",
        factory(M1, replace(J1, release_date=2 * MAX_TICK)),
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
        "$",
        "doing everything one after the other takes",
        factory(M1, simple_job("J1", *(("M1", MAX_TICK),) * 40)),
    ),
    (
        "E324",
        "$.jobs",
        "weighted completion times",
        factory(M1, replace(simple_job("J1", ("M1", MAX_TICK)), weight=100_000)),
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
        "E324",
        "$.time_origin",
        "beyond the year 9999",
        factory(M1, simple_job("J1", ("M1", 10**8)), time_unit="day", time_origin=datetime(2026, 1, 5)),
    ),
    (
        "E301",
        "$.fleets[0].id",
        '"C" stands at $.cells[0].id',
        factory(STATION, cell(), carts("M1 M2", "C"), M1, M2, J1),
    ),
    (
        "E301",
        "$.fleets[0].vehicles[0].id",
        '"R" stands at $.cells[0].robots[0].id',
        factory(STATION, cell(), carts("M1 M2", vehicles=(Vehicle("R", "M1"),)), M1, M2, J1),
    ),
    (
        "E301",
        "$.fleets[0].vehicles[0].id",
        'vehicle "L#1" is named like a vehicle of a lane',
        replace(
            factory(carts("M1 M2", vehicles=(Vehicle("L#1", "M1"),)), Lane("L", "F", "G", 5), M1, M2, J1),
            facilities=(Facility("F"), Facility("G")),
        ),
    ),
    ("E302", "$.fleets[0].facility", 'facility "G"', factory(carts("park", facility="G"), M1, J1)),
    (
        "E302",
        "$.jobs[0].carriers[0]",
        'did you mean "carts"?',
        factory(carts(), M1, M2, replace(J1, carriers=("cart",))),
    ),
    (
        "E304",
        "$.facilities[0].station",
        '"dock" is named like a machine',
        at_dock(factory(carts(), machine("dock"), M1, J1)),
    ),
    (
        "E305",
        "$.fleets[0].travel.M1",
        'from "M1" to "dock" is missing',
        factory(carts(travel={**distances("M1 M2 dock", 2), "M1": {"M2": 1}}), M1, M2, J1),
    ),
    (
        "E309",
        "$.fleets[0].vehicles[0].calendar.downtimes[0]",
        "begins at 9",
        factory(carts(vehicles=(Vehicle("V", "M1", down((9, 8))),)), M1, M2, J1),
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
    ("E326", "$.fleets[0].travel.S", 'is a station of cell "C"', factory(STATION, cell(), carts("M1 S"), M1, J1)),
    (
        "E326",
        "$.fleets[0].travel.M2",
        'machine "M2" is in "south", the fleet in "north"',
        two_sites(carts("M1 M2", facility="north"), simple_job("J1", ("M1", 3))),
    ),
    (
        "E327",
        "$.facilities[0].returns_jobs",
        "has no load/unload station",
        replace(factory(M1, J1), facilities=(Facility("F", None, True),)),
    ),
    ("E327", "$.facilities[0].station", 'goes to "dock"', at_dock(factory(carts("M1 M2"), M1, M2, J1))),
    (
        "E328",
        "$.jobs[0].carriers",
        'goes from "M1" to "M2"',
        factory(
            carts(),
            carts("M1 park", "trucks", vehicles=(Vehicle("W", "M1"),)),
            M1,
            M2,
            simple_job("J1", ("M1", 3), ("M2", 3), carriers=("trucks",)),
        ),
    ),
    (
        "E328",
        "$.jobs[0].carriers",
        'goes from "dock" to "M1"',
        at_dock(
            factory(
                carts(),
                carts("M1 park", "trucks", vehicles=(Vehicle("W", "M1"),)),
                M1,
                M2,
                replace(J1, carriers=("trucks",)),
            )
        ),
    ),
    (
        "E329",
        "$.fleets[0].vehicles[0].start",
        'fleet "carts" does not go to "dok"; did you mean "dock"?',
        factory(carts(vehicles=(Vehicle("V", "dok"),)), M1, M2, J1),
    ),
    ("E334", "$.fleets[0].battery", "minimum 4, initial 3, capacity 10 are out of order", electric(initial=3)),
    ("E334", "$.fleets[0].battery.curve", "up to 5, 5, do not rise up to", electric(curve=(ChargeStep(5, 1),) * 2)),
    ("E331", "$.fleets[0].chargers", 'fleet "carts" has batteries, but no charger', electric(chargers=())),
    ("E332", "$.fleets[0].battery.curve", "is 99400891, more than", electric(curve=ROUGH)),
    ("E333", "$.jobs[0]", 'takes job "J1" from "M1" to "M2", with the way from a charger', electric(drain_loaded=4)),
    ("E336", "$.fleets[0].parking.OVN", 'fleet "AGV" does not go to "OVN"', oven(parking={"OVN": 1})),
    ("E337", "$.fleets[0].vehicles[1].capacity", "carries 2 jobs", oven(V1, replace(V2, capacity=2))),
    (
        "E337",
        "$.fleets[0].vehicles[1]",
        "has a battery",
        oven(V1, replace(V2, battery=BATTERY), chargers=(Charger("plug", "BAY"),)),
    ),
    ("E338", "$.fleets[0].travel.DOCK.OVEN", "takes no time", oven(travel={"DOCK": {"OVEN": 0}, "OVEN": {"DOCK": 1}})),
    ("E339", "$.fleets[0].parking.DOCK", "2 vehicles start", oven(parking={"DOCK": 1})),
    ("E339", "$.fleets[0].parking", "2 vehicles, but room for 1", oven(V1, V3, parking=dict.fromkeys(BAYS, 1))),
    ("E339", "$.fleets[0].parking", "vehicles go back", oven(V1, replace(V2, start="OVEN"), returns=True)),
    ("E204", "$.fleets[0].drop_time", "-1 is out of range", factory(carts(drop_time=-1), M1, M2, J1)),
    (
        "E204",
        "$.fleets[0].travel.M1.M2",
        "-2 is out of range",
        factory(carts("M1 M2", travel={"M1": {"M2": -2}, "M2": {"M1": 1}}), M1, M2, J1),
    ),
    (
        "E322",
        "$.fleets[0]",
        "there are 1001 vehicles, more than 1000",
        factory(carts(vehicles=tuple(Vehicle(f"V{n}", "M1") for n in range(1001))), M1, M2, J1),
    ),
]


@pytest.mark.parametrize(("code", "where", "phrase", "instance"), TABLE, ids=[f"{row[0]} {row[1]}" for row in TABLE])
def test_one_defect(code: str, where: str, phrase: str, instance: Instance) -> None:
    defect = only(instance)
    assert (defect.code, defect.where) == (code, where)
    assert phrase in str(defect)


VALID: list[tuple[str, Instance]] = [
    (
        "a shift may go over the end of the period",
        factory(machine("M1", calendar=shifts(24, (0, 6), (20, 24))), simple_job("J1", ("M1", 10))),
    ),
    (
        "shifts without gap never end",
        factory(machine("M1", calendar=shifts(24, (0, 8), (8, 24))), simple_job("J1", ("M1", 100))),
    ),
    (
        "an interruptible operation may be long",
        factory(machine("M1", calendar=shifts(24, (0, 8))), job("J1", op("1", mode("M1", 30), interruptible=True))),
    ),
    (
        "a family with an empty row is known",
        factory(machine("M1", setups=SetupMatrix({"plain": {}})), job("J1", op("1", mode("M1", 3, "plain")))),
    ),
    ("families mean nothing on machines without setups", factory(M1, job("J1", op("1", mode("M1", 3, "red"))))),
    (
        "one pair of modes is enough",
        two_sites(job("J1", op("1", mode("M1", 3)), op("2", mode("M2", 3), mode("M1", 9)))),
    ),
    (
        "the roomiest lane counts",
        two_sites(
            replace(simple_job("J1", ("M1", 3), ("M2", 4)), units=4),
            Lane("L", "north", "south", 5),
            Lane("K", "north", "south", 9, units_per_vehicle=4),
        ),
    ),
    (
        "input and output may be one place",
        factory(STATION, cell(output_station="IN", travel=distances("IN S", 2)), M1, J1),
    ),
    ("due dates may lie in the past", factory(M1, replace(J1, due_date=-5))),
    ("operations may take no time", factory(M1, simple_job("J1", ("M1", 0)))),
    (
        "operations may be in no plan",
        factory(
            M1,
            job("J1", op("1", mode("M1", 1)), op("2", mode("M1", 1)), links=(), plans=(("1",),)),
        ),
    ),
]


@pytest.mark.parametrize(("instance"), [row[1] for row in VALID], ids=[row[0] for row in VALID])
def test_what_passes(instance: Instance) -> None:
    assert defects(instance) == ()


@pytest.mark.parametrize(
    "instance",
    [
        # A fleet may go to parking places, leave out machines, and have times on the diagonal.
        factory(carts("M1 park", travel={p: {q: 1 for q in ("M1", "park")} for p in ("M1", "park")}), M1, M2, J1),
        at_dock(factory(carts(), M1, M2, J1), returns_jobs=True),
        # Cells are served at their input and output stations.
        factory(STATION, cell(), carts("M1 IN OUT"), M1, simple_job("J1", ("M1", 3), ("S", 2), carriers=("carts",))),
        # Nobody has to carry what stays on its machine, or goes where no fleet goes.
        factory(carts("M1 park"), M1, M2, simple_job("J1", ("M1", 3), ("M1", 3), ("M2", 3), carriers=("carts",))),
    ],
)
def test_fleets_that_pass(instance: Instance) -> None:
    assert defects(instance) == ()


def test_plans_that_contradict_one_another_are_a_circle_of_plans() -> None:
    # As the reader of a file without precedences makes it: 1 before 2 in one plan, 2 before 1 in the other.
    circle = replace(
        job(
            "J1",
            *(op(name, mode("M1", 1)) for name in "123"),
            links=(Precedence("1", "2"), Precedence("2", "1"), Precedence("1", "3")),
        ),
        plans=(("1", "2"), ("2", "1", "3")),
    )
    assert [(d.code, d.where) for d in defects(factory(M1, circle))] == [("E317", "$.jobs[0].plans")]


def test_a_circle_is_named_from_its_first_operation() -> None:
    # 4 waits for the circle 3 -> 2 -> 5 -> 3, but is not in it; nor is 1, for which it waits.
    links = tuple(Precedence(*pair) for pair in ("12", "32", "25", "53", "54"))
    instance = factory(M1, job("J1", *(op(name, mode("M1", 1)) for name in "12345"), links=links))
    assert only(instance).cause == 'the precedences of job "J1" go in a circle: 2 -> 5 -> 3 -> 2'


def test_ten_thousand_operations_in_a_circle() -> None:
    names = [str(n) for n in range(10_000)]
    links = tuple(Precedence(a, b) for a, b in zip(names, (*names[1:], "0"), strict=True))
    instance = factory(M1, job("J1", *(op(name, mode("M1", 1)) for name in names), links=links))
    assert only(instance).code == "E317"


def test_no_more_defects_than_anyone_would_read() -> None:
    found = defects(factory(*(M1 for _ in range(3 * MAX_DEFECTS)), J1))
    assert len(found) == MAX_DEFECTS + 1
    assert found[-1].code == "E199"


def test_rules_do_not_stumble_over_each_other() -> None:
    # Everything refers to something that does not exist, and all ids are the same.
    lost = Instance(
        name="lost",
        facilities=(Facility("F"), Facility("F")),
        machines=(machine("x", "G", cell="D"), machine("x", "G", calendar=Calendar((Downtime(5, 1),)))),
        jobs=tuple(
            replace(
                job("J", op("1", mode("q", 1, "f", p=2)), op("1"), links=(Precedence("8", "9"), Precedence("9", "8"))),
                plans=((), ("7", "7")),
                units=5,
                carriers=("carts", "nobody"),
            )
            for _ in range(2)
        ),
        cells=(cell(id="E", facility="H", travel={}),),
        fleets=(carts("x y", facility="K", vehicles=(Vehicle("R", "z"), Vehicle("R", "x"))),),
        lanes=(Lane("L", "A", "A", 1),),
        objective="",
    )
    codes = {defect.code for defect in defects(lost)}
    assert codes >= {"E301", "E302", "E305", "E306", "E309", "E311", "E321", "E323"}


@pytest.mark.parametrize("rule", [*validate.LIMITS, *validate.RULES], ids=lambda rule: rule.__name__)
def test_every_rule_breaks_in_the_table(rule: Callable[[Instance], object]) -> None:
    broken = [instance for _, _, _, instance in TABLE if any(rule(instance))]  # type: ignore[call-overload]
    assert broken

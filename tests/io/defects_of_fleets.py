"""What is wrong with fleets, batteries and parking, and who is carried: code, place, words, a factory with no more."""

from __future__ import annotations

from dataclasses import replace

from defect_cases import (
    BAYS,
    J1,
    M1,
    M2,
    ROUGH,
    STATION,
    V3,
    at_dock,
    carts,
    cell,
    electric,
    two_sites,
)
from helpers import distances, down, factory, machine, simple_job
from parking_cases import V1, V2, oven

from scheduler.domain import (
    Charger,
    ChargeStep,
    Facility,
    Instance,
    Lane,
    Vehicle,
)

FLEETS: list[tuple[str, str, str, Instance]] = [
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
    ("E338", "$.fleets[0].travel.DOCK.OVEN", "takes no time", oven(travel={"DOCK": {"OVEN": 0}, "OVEN": {"DOCK": 1}})),
    ("E339", "$.fleets[0].parking.DOCK", "2 vehicles start", oven(parking={"DOCK": 1})),
    ("E339", "$.fleets[0].parking", "2 vehicles, but room for 1", oven(V1, V3, parking=dict.fromkeys(BAYS, 1))),
    (
        "E339",  # with room for one who charges at the bay
        "$.fleets[0].parking",
        "3 vehicles, but room for 2",
        oven(
            V1, V3, replace(V3, id="V4"), parking={"DOCK": 2, "OVEN": 1, "BAY": 2}, chargers=(Charger("plug", "BAY"),)
        ),
    ),
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

"""Small factories, and parts of them, that the tables of defects are made of."""

from __future__ import annotations

from dataclasses import replace

from helpers import distances, factory, machine, simple_job

from scheduler.domain import (
    Battery,
    Charger,
    ChargeStep,
    Facility,
    Fleet,
    Instance,
    Robot,
    RobotCell,
    TransitTimes,
    TransitWindow,
    Vehicle,
)

RUSH = TransitWindow(4, 6, 9)
RUSH_HOUR = TransitTimes(12, (RUSH,))


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


M1, M2, J1 = machine("M1"), machine("M2"), simple_job("J1", ("M1", 3))
STATION = machine("S", cell="C", input_buffer=0, output_buffer=0)

V3 = Vehicle("V3", "BAY")
BAYS = ("DOCK", "OVEN", "BAY")
BATTERY = Battery(10, (ChargeStep(10, 1),), 10)

"""Hand-made factories with fleets, shared by the tests of construction and right shift."""

from __future__ import annotations

from dataclasses import replace

from helpers import assert_valid, distances, down, factory, machine, simple_job
from strategies import random_fleet_instance

from scheduler.domain import Facility, Fleet, Instance, Lane, Objective, Robot, RobotCell, Schedule, Vehicle
from scheduler.search.construct import construct


def two_machines(*starts: str, returns_jobs: bool = False, **fleet: object) -> Instance:
    """Two jobs from the dock over M1 to M2 with vehicles at these places; all places are 2 apart."""
    vehicles = tuple(Vehicle(f"V{number}", start) for number, start in enumerate(starts, start=1))
    return factory(
        Facility("F", "DOCK", returns_jobs),
        machine("M1"),
        machine("M2"),
        Fleet("AGV", "F", vehicles, distances("DOCK M1 M2", 2), **fleet),
        simple_job("J1", ("M1", 3), ("M2", 4)),
        simple_job("J2", ("M1", 3), ("M2", 4)),
    )


def with_downtime(instance: Instance, vehicle: str, *windows: tuple[int, int]) -> Instance:
    """Return the instance with a vehicle that is down then."""
    fleets = tuple(
        replace(f, vehicles=tuple(replace(v, calendar=down(*windows)) if v.id == vehicle else v for v in f.vehicles))
        for f in instance.fleets
    )
    return replace(instance, fleets=fleets)


def network(**fields: object) -> Instance:
    """A machine and its dock in A, a lane, and in B a dock and a robot cell whose ends the fleet of B serves."""
    cell = RobotCell("C", "B", (Robot("R1", "IN"),), "IN", "OUT", distances("IN OUT S1 S2", 1), load_time=1)
    return factory(
        Facility("A", "DOCK-A", returns_jobs=True),
        Facility("B", "DOCK-B", returns_jobs=True),
        machine("M1", "A"),
        machine("M2", "B"),
        machine("S1", "B", cell="C", input_buffer=0, output_buffer=0),
        machine("S2", "B", cell="C", input_buffer=0, output_buffer=0),
        cell,
        Lane("L", "A", "B", transit_time=5, units_per_vehicle=2, return_time=5),
        Fleet("FA", "A", (Vehicle("VA", "M1"),), distances("DOCK-A M1", 2), 1, 1),
        Fleet("FB", "B", (Vehicle("VB", "IN"),), distances("DOCK-B IN OUT M2", 2), 1, 1, returns=True),
        simple_job("J1", ("M1", 3), ("S1", 4), ("M2", 2)),
        simple_job("J2", ("M1", 3), ("S1", 2), ("S2", 3)),
        **fields,
    )


def built(instance: Instance) -> Schedule:
    schedule = construct(instance, Objective.parse("makespan"), time_limit=0.0)
    assert schedule is not None
    assert_valid(instance, schedule)
    return schedule


def loaded(schedule: Schedule, mover: str) -> list[tuple[str | None, str, int, int]]:
    return [(m.job, f"{m.origin}>{m.destination}", m.start, m.end) for m in schedule.by_mover.get(mover, ()) if m.job]


def fleet_instance(seed: int, size: int, *without: str) -> Instance:
    """Return the random instance of a seed, with fleets."""
    return random_fleet_instance(seed, size, without=without)

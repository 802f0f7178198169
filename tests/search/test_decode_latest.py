"""The instant after which the factory search places nothing: travel counts as much as work."""

from __future__ import annotations

import pytest
from helpers import distances, factory, machine, simple_job

from scheduler.domain import (
    Battery,
    Charger,
    ChargeStep,
    Facility,
    Fleet,
    Instance,
    Objective,
    Robot,
    RobotCell,
    Vehicle,
)
from scheduler.search.decode.engine import FactorySearch
from scheduler.search.decode.latest import guess_latest

JOBS = tuple(simple_job(f"J{number}", ("M1", 1), ("M2", 1)) for number in range(40))


def with_vehicle(battery: Battery | None) -> Instance:
    chargers = () if battery is None else (Charger("C", "M1"),)
    vehicle = Vehicle("V", "DOCK", battery=battery)
    fleet = Fleet("AGV", "F", (vehicle,), distances("DOCK M1 M2", 50), 2, 3, chargers=chargers)
    return factory(Facility("F", "DOCK"), machine("M1"), machine("M2"), fleet, *JOBS)


def with_robot() -> Instance:
    cell = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances("IN M1 M2 OUT", 50), 2, 3)
    return factory(cell, machine("M1", cell="C"), machine("M2", cell="C"), *JOBS)


@pytest.mark.parametrize(
    "instance",
    [with_vehicle(None), with_vehicle(Battery(400, (ChargeStep(400, 1),), 400, 0, 1, 1, 0)), with_robot()],
    ids=("vehicle", "battery", "robot"),
)
def test_one_carrier_makes_every_move(instance: Instance) -> None:
    # 80 moves of 55 ticks by vehicle, 120 by robot, where the work of all machines is 80 ticks.
    search = FactorySearch.of(instance, Objective.parse("makespan"), 0, lambda value: None)
    assert search is not None
    found = search.first()
    assert found is not None
    assert 80 * 55 <= found.makespan <= guess_latest(instance)

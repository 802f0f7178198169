"""Right shift with limited places for vehicles that have batteries, or carry several jobs at a time."""

from __future__ import annotations

from random import Random

import pytest
from helpers import assert_valid, at, distances, empty, factory, machine, schedule, simple_job, transport
from search.parked_cases import KINDS, random_parked
from test_parking_tasks import PLUG, V1, V2, VAN, plugged, van

from benchmarks.drawing import random_event
from scheduler.domain import Facility, Fleet, Instance, Objective, Schedule, Vehicle
from scheduler.domain.events import Revision, VehicleDown, revise
from scheduler.domain.happened import execution_of
from scheduler.errors import EventError
from scheduler.rescheduling.right_shift import shift
from scheduler.search.construct import construct

MAKESPAN = Objective.parse("makespan")
FIXED = "which stays at"
"""What a shift says that would have to move what is under way."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(0, 24, 2))
def test_what_happens_is_answered(kind: str, seed: int) -> None:
    instance = random_parked(seed, kind)
    baseline = construct(instance, MAKESPAN, time_limit=0.0)
    assert baseline is not None
    for number in range(4):
        assert_shifted(happened(Random(10 * seed + number), instance, baseline))


@pytest.mark.parametrize("seed", range(40))
def test_a_stretch_goes_on_whatever_happens(seed: int) -> None:
    # V2 comes to M1 in the instant in which V1 goes on from there, with another job on board.
    assert_shifted(happened(Random(seed), VAN, van(2 + seed % 3)))


@pytest.mark.parametrize("seed", range(20))
def test_charges_at_one_plug_go_on_whatever_happens(seed: int) -> None:
    assert_shifted(happened(Random(seed), PLUG, plugged(*V1, *V2)))


def test_who_comes_next_waits_until_the_vehicle_has_gone_on() -> None:
    # V1, at M1 during [4, 5), is broken down until 6, and goes on at 7.
    broken = revise(VAN, Revision(3, 0, (VehicleDown(id="E", at=3, vehicle="V1", until=5),), van(4)))
    found = shift(broken, execution_of(broken).baseline).schedule
    assert found is not None
    assert_valid(broken, found)
    by_job = {move.job: move for move in found.moves if move.job is not None}
    assert (by_job["J1"].end, by_job["J2"].end, by_job["J3"].start) == (7, 10, 4)


def test_who_is_under_way_keeps_its_turn_where_it_comes_late() -> None:
    # V1 was to be at M1 during [4, 5), V2 from 7 on. Broken down until 8, V1 comes there at 10 and goes on at 11.
    fleet = Fleet(
        *("AGV", "F", (Vehicle("V1", "DOCK"), Vehicle("V2", "DOCK")), distances("DOCK M1", 3), 1, 1), parking={"M1": 1}
    )
    instance = factory(Facility("F", "DOCK"), machine("M1"), fleet, *(simple_job(j, ("M1", 1)) for j in ("J1", "J2")))
    moves = (
        transport("J1 >1", "DOCK>M1", "V1", 0, 5),
        empty("M1>DOCK", "V1", 5, 8),
        transport("J2 >1", "DOCK>M1", "V2", 3, 8),
    )
    plan = schedule(at("J1.1", "M1", 5, 6), at("J2.1", "M1", 8, 9), *moves)
    assert_valid(instance, plan)
    broken = revise(instance, Revision(2, 0, (VehicleDown(id="E", at=2, vehicle="V1", until=8),), plan))
    found = shift(broken, execution_of(broken).baseline).schedule
    assert found is not None
    assert_valid(broken, found)
    assert {m.mover: (m.start, m.end) for m in found.moves if m.job is not None} == {"V1": (0, 11), "V2": (7, 12)}


def test_vehicles_that_come_in_another_order_make_room_for_one_another() -> None:
    # V2 was to stay at M1 for J1, which V1 brings there; broken down, V1 comes behind it.
    fleet = Fleet(
        *("AGV", "F", (Vehicle("V1", "DOCK"), Vehicle("V2", "DOCK")), distances("DOCK M1 M2", 2), 1, 1),
        parking={"M1": 1},
    )
    jobs = simple_job("J1", ("M1", 3), ("M2", 1)), simple_job("J2", ("M1", 1))
    instance = factory(Facility("F", "DOCK"), machine("M1", capacity=2), machine("M2"), fleet, *jobs)
    moves = (
        transport("J1 >1", "DOCK>M1", "V1", 0, 4),
        transport("J2 >1", "DOCK>M1", "V2", 1, 5),
        empty("M1>DOCK", "V1", 4, 6),
        transport("J1 1>2", "M1>M2", "V2", 7, 11),
    )
    plan = schedule(at("J1.1", "M1", 4, 7), at("J1.2", "M2", 11, 12), at("J2.1", "M1", 5, 6), *moves)
    assert_valid(instance, plan)
    broken = revise(instance, Revision(2, 0, (VehicleDown(id="E", at=2, vehicle="V1", until=8),), plan))
    found = shift(broken, execution_of(broken).baseline).schedule
    assert found is not None
    assert_valid(broken, found)
    by_mover = {(move.mover, move.job): (move.start, move.end) for move in found.moves if move.job is not None}
    assert by_mover == {("V1", "J1"): (0, 10), ("V2", "J2"): (1, 5), ("V2", "J1"): (13, 17)}


def assert_shifted(revised: Instance) -> None:
    """There is a shift that passes the checker, or something under way is in its way."""
    found = shift(revised, execution_of(revised).baseline)
    if found.placed is None:
        assert FIXED in found.reason
    else:
        assert_valid(revised, found.placed)


def happened(draw: Random, instance: Instance, baseline: Schedule) -> Instance:
    """Return the instance after a random event of any kind at a random instant of the baseline."""
    now = draw.randrange(max(1, baseline.makespan))
    standing = revise(instance, Revision(now, 0, (), baseline))
    while True:
        event = random_event(draw, standing, "E", ())
        try:
            return revise(instance, Revision(now, 0, (event,), baseline))
        except EventError:
            continue

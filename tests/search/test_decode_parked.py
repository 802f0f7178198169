"""The factory search in limited parking, with vehicles that charge or are for several jobs: charges are tasks too."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cpsat.proving import shortest
from helpers import assert_valid, distances, factory, machine, simple_job
from hypothesis import given, settings
from hypothesis import strategies as st
from parked_cases import KINDS, random_parked
from strategies import random_events
from test_decode import OBJECTIVES, decoded, searched

from scheduler.domain import Battery, Charger, ChargeStep, Facility, Fleet, Instance, Objective, Status, Vehicle
from scheduler.domain.events import Revision, revise
from scheduler.search.construct import construct

MAKESPAN = Objective.parse("makespan")
# All places are 2 apart, taking up and putting down takes 1; a transport takes 4 ticks and 12 units, an empty move 2.
BATTERY = Battery(20, (ChargeStep(20, 4),), 20, 2, drain_loaded=3, drain_empty=1)


def shop(initial: int = 20, *, jobs: int = 4, starts: tuple[str, str] = ("DOCK", "DOCK"), **parking: int) -> Instance:
    """Jobs go to M, by two vehicles with batteries; at the plug two can charge."""
    battery = replace(BATTERY, initial=initial)
    vehicles = tuple(Vehicle(f"V{n}", start, battery=battery) for n, start in enumerate(starts, start=1))
    chargers = (Charger("C", "PLUG", 2),)
    fleet = Fleet("AGV", "F", vehicles, distances("DOCK M PLUG", 2), 1, 1, chargers=chargers, parking=parking)
    work = (simple_job(f"J{number}", ("M", 3)) for number in range(1, jobs + 1))
    return factory(Facility("F", "DOCK"), machine("M", capacity=4), fleet, *work)


def test_a_vehicle_comes_to_the_charger_when_another_one_has_left() -> None:
    # After 0 to 4 both have 8, and 2 less at the plug; they need 12 for another job, 2 for the way and 2 at the end: so
    # they charge 10 in 3 ticks, 6 to 9, and are at the dock at 11. With room for one at the plug V2 charges from 9 on.
    assert searched(shop(), "makespan", iterations=500).makespan == 18
    found = searched(shop(PLUG=1), "makespan", iterations=500)
    assert found.makespan == 21
    assert sorted((charge.start, charge.end) for charge in found.charges)[1][0] >= 9


def test_a_vehicle_that_can_not_leave_must_not_be_in_the_way() -> None:
    # V1 stands at M, with too little to go anywhere, and V2 has to put its job down there.
    instance = shop(3, starts=("M", "PLUG"), jobs=1, M=1, PLUG=1)
    assert decoded(instance, MAKESPAN, 0) is None
    assert searched(replace(instance, fleets=(replace(instance.fleets[0], parking={"PLUG": 1}),)), "makespan")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(40))
def test_every_decoded_schedule_keeps_limits_and_levels(kind: str, seed: int) -> None:
    instance = random_parked(seed, kind, jobs=4)
    found = [decoded(instance, Objective.parse(OBJECTIVES[(seed + n) % len(OBJECTIVES)]), n) for n in range(3)]
    # With odd seeds a full battery need not be enough for a job.
    assert None not in found or (seed % 2 == 1 and kind != "capacity")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(40))
def test_after_an_event_what_has_begun_goes_on(kind: str, seed: int) -> None:
    instance = random_parked(seed, kind, jobs=4)
    plan = decoded(instance, MAKESPAN, seed)
    if plan is not None:
        events = random_events(seed, instance, plan[0], size=1 + seed % 2)
        revised = revise(instance, Revision(max(event.at for event in events), 0, events, plan[0]))
        found = [decoded(revised, Objective.parse(OBJECTIVES[(seed + n) % len(OBJECTIVES)]), n) for n in range(2)]
        assert found != [None, None] or kind != "capacity"


@given(st.integers(0, 10**6), st.sampled_from(KINDS), st.integers(0, 8))
@settings(max_examples=60, deadline=None)
def test_whatever_is_drawn_is_right(seed: int, kind: str, draw: int) -> None:
    instance = random_parked(seed, kind, jobs=3)
    found = decoded(instance, Objective.parse(OBJECTIVES[draw]), draw)
    assert found is not None or seed % 2 == 1


@pytest.mark.parametrize(("kind", "reached"), [("battery", 8), ("capacity", 6), ("both", 5)])
def test_the_optimum_is_reached_in_most_cases(kind: str, reached: int) -> None:
    best = 0
    for seed in range(20, 36, 2):
        instance = random_parked(seed, kind, jobs=2)
        found = searched(instance, "makespan", iterations=1000)
        proof = shortest(instance, found)
        assert proof.status is Status.OPTIMAL
        assert proof.schedule is not None
        assert_valid(instance, proof.schedule)
        best += proof.schedule.makespan == found.makespan
    assert best >= reached


@pytest.mark.parametrize("kind", KINDS)
def test_the_search_is_better_than_construction(kind: str) -> None:
    better = 0
    for seed in range(0, 20, 2):
        instance = random_parked(seed, kind, jobs=4)
        built, found = construct(instance, MAKESPAN, time_limit=0.0), searched(instance, "makespan", iterations=400)
        assert built is not None
        assert found.makespan <= built.makespan
        better += found.makespan < built.makespan
    assert better >= 3

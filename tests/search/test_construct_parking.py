"""Construction with limited places for vehicles that have batteries, or carry several jobs at a time."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from charging_cases import BATTERY
from helpers import assert_valid, distances, factory, machine, simple_job
from parked_cases import KINDS, random_parked
from strategies import random_events

from scheduler.domain import Charger, Facility, Fleet, Instance, Objective, Vehicle
from scheduler.domain.events import revise
from scheduler.domain.events.revision import Revision
from scheduler.search.construct import construct
from scheduler.search.dispatch import dispatch
from scheduler.search.problem import Problem
from scheduler.search.rules import rules
from scheduler.search.units import Plans

MAKESPAN = Objective.parse("makespan")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(0, 24, 2))
def test_every_pass_finds_a_schedule(kind: str, seed: int) -> None:
    instance = random_parked(seed, kind)
    problem = Problem(instance)
    for rule in list(rules(problem, MAKESPAN))[:3]:
        board = dispatch(problem, Plans(problem), rule, Random(seed))
        assert board is not None
        assert_valid(instance, board.schedule())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(1, 24, 2))
def test_what_is_found_with_small_batteries_is_valid(kind: str, seed: int) -> None:
    built = construct(instance := random_parked(seed, kind), MAKESPAN, time_limit=0.0)
    if kind == "capacity":
        assert built is not None
    if built is not None:
        assert_valid(instance, built)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(12))
def test_what_has_begun_goes_on(kind: str, seed: int) -> None:
    instance = random_parked(seed, kind)
    baseline = construct(instance, MAKESPAN, time_limit=0.0)
    assert baseline is not None
    events = random_events(seed, instance, baseline, size=1)
    revised = revise(instance, Revision(max(event.at for event in events), 0, events, baseline))
    built = construct(revised, MAKESPAN, time_limit=0.0)
    if built is not None:
        assert_valid(revised, built)


def hall(places: int = 1, **parking: int) -> Instance:
    """Four jobs to an oven by two vehicles, which have to charge after each; all places are 2 apart."""
    battery = replace(BATTERY, drain_loaded=3, drain_empty=1, minimum=0)
    carts = Vehicle("V1", "DOCK", battery=battery), Vehicle("V2", "DOCK", battery=battery)
    fleet = Fleet(
        "AGV",
        "F",
        carts,
        distances("DOCK OVEN PLUG", 2),
        1,
        1,
        chargers=(Charger("C", "PLUG", places),),
        parking=parking,
    )
    jobs = [simple_job(f"J{number}", ("OVEN", 1)) for number in range(1, 5)]
    return factory(Facility("F", "DOCK"), machine("OVEN", capacity=2), fleet, *jobs)


def test_a_vehicle_waits_elsewhere_until_another_has_charged() -> None:
    found = {}
    for room in (1, 2):
        built = construct(instance := hall(2, OVEN=1, PLUG=room), MAKESPAN, time_limit=0.0)
        assert built is not None
        assert_valid(instance, built)
        stays = sorted((charge.start, charge.end) for charge in built.charges)
        found[room] = any(after[0] < before[1] for before, after in pairwise(stays))
    assert found == {1: False, 2: True}

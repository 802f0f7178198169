"""The factory search on lanes: over hubs, in loads, and after some of them have departed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import assert_valid, at, executed, factory, machine, schedule, simple_job, transfer
from strategies import random_events, random_instance
from test_decode import OBJECTIVES, decoded, searched

from scheduler.domain import Facility, Instance, Lane, Move, Objective
from scheduler.domain.events import Revision, revise
from scheduler.search.construct import construct
from scheduler.terms import value_terms

TO_HUB = Lane("AH", "A", "H", transit_time=2, vehicles=2)
FROM_HUB = Lane("HC", "H", "C", transit_time=4, units_per_vehicle=2)
DIRECT = Lane("AC", "A", "C", transit_time=8)
TRUCK = Lane("L", "A", "C", transit_time=3, vehicles=2, units_per_vehicle=2, return_time=1)


def shop(*jobs: tuple[int, int], lanes: tuple[Lane, ...]) -> Instance:
    """Jobs J1, J2, ... are ready in A after so many ticks, have so many units, and one tick of work in C."""
    machines = [machine(f"M{n}", "A") for n in range(1, len(jobs) + 1)]
    many = [
        simple_job(f"J{n}", (f"M{n}", ready), ("N", 1), units=units, splits=units > 2)
        for n, (ready, units) in enumerate(jobs, start=1)
    ]
    instance = factory(*machines, machine("N", "C", capacity=9), *lanes, *many)
    return replace(instance, facilities=(Facility("A"), Facility("H", hub=True), Facility("C")))


def loads(instance: Instance) -> list[tuple[str, int, int, int | None]]:
    """Return vehicle, start, number and units of every load in the best schedule that is found."""
    found = searched(instance, "makespan", iterations=200)
    return [(m.mover, m.start, m.load, m.units) for m in found.moves if m.job is not None]


def test_the_way_that_arrives_first() -> None:
    # Over the hub a job is there 2 + 4 ticks after it is ready, with the direct lane after 8.
    instance = shop((1, 1), lanes=(TO_HUB, FROM_HUB, DIRECT))
    assert searched(instance, "makespan", iterations=100).makespan == 8
    quick = shop((1, 1), lanes=(TO_HUB, FROM_HUB, replace(DIRECT, transit_time=5)))
    assert [m.destination for m in searched(quick, "makespan", iterations=100).moves] == ["C"]
    # The vehicle from the hub is away for 8 ticks with J1 and J2; J3 is there sooner directly, at 9.
    instance = shop((1, 1), (1, 1), (1, 1), lanes=(TO_HUB, replace(FROM_HUB, return_time=4), DIRECT))
    assert searched(instance, "makespan", iterations=300).makespan == 10


def test_there_are_several_hubs() -> None:
    # Over K it is there 1 + 1 ticks after it is ready.
    quick = Lane("AK", "A", "K", transit_time=1), Lane("KC", "K", "C", transit_time=1)
    instance = shop((1, 1), lanes=(TO_HUB, FROM_HUB, DIRECT, *quick))
    for hubs in (("H", "K"), ("K", "H")):
        hubs_first = replace(
            instance, facilities=(*(Facility(h, hub=True) for h in hubs), Facility("A"), Facility("C"))
        )
        assert searched(hubs_first, "makespan", iterations=100).makespan == 4


def test_a_way_with_too_small_vehicles_is_none() -> None:
    instance = shop((1, 2), lanes=(replace(TO_HUB, units_per_vehicle=2), FROM_HUB, replace(DIRECT, transit_time=1)))
    assert searched(instance, "makespan", iterations=100).makespan == 8


@pytest.mark.parametrize("now", [2, 4])
def test_a_job_on_its_way_to_the_hub_goes_on_from_there(now: int) -> None:
    # The direct lane would be there sooner, if there were a way back.
    instance = shop((1, 1), lanes=(TO_HUB, FROM_HUB, replace(DIRECT, transit_time=1)))
    way = transfer("J1 1>2", "A>H", "AH#1", 1, 3), transfer("J1 1>2", "H>C", "HC#1", 5, 9)
    after = executed(instance, schedule(at("J1.1", "M1", 0, 1), at("J1.2", "N", 9, 10), *way), now)
    assert searched(after, "makespan", iterations=100).makespan == max(now, 3) + 5


def test_loads_go_on_trips_of_their_own() -> None:
    # Loads of 2, 2 and 1 on two trucks that are back after 4 ticks; J2 goes with the last one.
    assert loads(shop((1, 5), lanes=(TRUCK,))) == [("L#1", 1, 0, 2), ("L#2", 1, 1, 2), ("L#1", 5, 2, 1)]
    found = searched(shop((1, 5), (4, 1), lanes=(TRUCK,)), "transfer_count > makespan", iterations=300)
    assert found.makespan == 9
    assert len({(m.mover, m.start) for m in found.moves if m.job is not None}) == 3


def test_what_trips_cost_and_emit() -> None:
    # Three trips cost 10 each and carry 6 units for 2 each, J2 on a trip with the last load; each emits 7.
    dear = replace(TRUCK, trip_cost=10, unit_cost=2, trip_co2=7)
    found = searched(shop((1, 5), (4, 1), lanes=(dear,)), "transfer_cost > makespan", iterations=300)
    terms = value_terms(shop((1, 5), (4, 1), lanes=(dear,)), found)
    assert (terms["transfer_cost"], terms["transfer_co2"]) == (3 * 10 + 6 * 2, 3 * 7)


def test_loads_go_over_a_hub() -> None:
    # Two trucks bring 1 unit each to the hub, three times: the last is there at 3 + 2 + 2 = 7. On go 2, 2 and 1.
    instance = shop((3, 5), lanes=(TO_HUB, replace(FROM_HUB, vehicles=2, return_time=4)))
    found = searched(instance, "makespan", iterations=100)
    assert [(m.start, m.units) for m in found.moves if m.origin == "A"] == [(3, 1), (3, 1), (5, 1), (5, 1), (7, 1)]
    assert [(m.start, m.units) for m in found.moves if m.origin == "H" and m.job] == [(9, 2), (9, 2), (17, 1)]


def test_only_what_is_left_goes_after_a_load_has_departed() -> None:
    instance = shop((1, 5), lanes=(TRUCK,))
    gone = [
        replace(transfer("J1 1>2", "A>C", f"L#{n}", start, start + 3), load=k, units=u)
        for n, start, k, u in (
            (1, 1, 2, 1),
            (2, 3, 0, 2),
            (1, 5, 1, 2),
        )
    ]
    returns = [Move(None, "C", "A", move.mover, "empty_move", move.end, move.end + 1) for move in gone]
    baseline = schedule(at("J1.1", "M1", 0, 1), at("J1.2", "N", 8, 9), *gone, *returns)
    assert_valid(instance, baseline)
    assert loads(executed(instance, baseline, 2)) == [("L#1", 1, 2, 1), ("L#2", 2, 0, 2), ("L#1", 5, 1, 2)]
    assert loads(executed(instance, baseline, 4))[2:] == [("L#1", 5, 1, 2)]
    assert loads(executed(instance, baseline, 6))[2:] == [("L#1", 5, 1, 2)]


def test_after_an_event() -> None:
    found = 0
    for seed in range(60):
        instance = random_instance(seed, 3 + seed % 6, without=("tending", "dwell", "deadlines", "cells", "plans"))
        has_loads = any(job.splits for job in instance.jobs)
        baseline = construct(instance, Objective.parse("makespan"), time_limit=0.0)
        if baseline is None or baseline.makespan < 2 or not (has_loads or any(f.hub for f in instance.facilities)):
            continue
        events = random_events(seed, instance, baseline)
        after = revise(instance, Revision(events[0].at, events[0].at, events, baseline))
        objective = OBJECTIVES[seed % len(OBJECTIVES)]
        if decoded(after, Objective.parse(objective), seed) is not None:
            found += 1
    assert found > 0


def test_parts_in_counted_buffers_hold_their_places_after_an_event() -> None:
    instance = random_instance(81, 4, without=("tending", "dwell", "deadlines"))
    baseline = construct(instance, Objective.parse("makespan"), time_limit=0.0)
    assert baseline is not None
    events = random_events(81, instance, baseline, size=2)
    after = revise(instance, Revision(events[0].at, events[0].at, events, baseline))
    found = construct(after, Objective.parse("makespan"), time_limit=0.0)
    assert found is not None
    assert_valid(after, found)
    assert decoded(after, Objective.parse(OBJECTIVES[0]), 81) is not None

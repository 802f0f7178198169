"""The factory search in limited parking: stays at pick-ups and drops, and gaps in which another move is put."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers import assert_valid, empty
from parking_cases import V1, V2, oven, random_parking_instance
from strategies import random_events
from test_decode import OBJECTIVES, decoded, searched

from scheduler import solve
from scheduler.domain import Instance, Objective, Schedule, Status, Vehicle
from scheduler.domain.events import Revision, revise
from scheduler.io import read
from scheduler.io.validate import defects
from scheduler.rescheduling.right_shift import shift
from scheduler.search.construct import construct
from scheduler.search.decode.goal import set_goal
from scheduler.search.decode.imitation import imitations
from scheduler.search.decode.latest import guess_latest
from scheduler.search.decode.lower import lower
from scheduler.search.decode.memory import Memory
from scheduler.search.decode.solution import to_schedule

INSTANCES = Path(__file__).parents[2] / "instances"
MAKESPAN = Objective.parse("makespan")
RANDOM = [seed for seed in range(40) if not defects(random_parking_instance(seed, jobs=4))]


def crowded() -> Instance:
    """Return the shipped factory with a fleet, with room for one vehicle at each machine."""
    instance = read(INSTANCES / "fleet.json")
    parking = {machine.id: 1 for machine in instance.machines}
    return replace(instance, fleets=tuple(replace(fleet, parking=parking) for fleet in instance.fleets))


def test_the_second_vehicle_comes_when_the_first_one_has_put_down_its_part() -> None:
    # J1 is put down during [3, 4), and J2 from 4 on: a tick later than with room for both.
    found = searched(oven(), "makespan", iterations=200)
    assert found.makespan == 8
    assert sorted((move.start, move.end) for move in found.moves if move.job is not None) == [(0, 4), (1, 5)]
    assert searched(oven(parking={"OVEN": 2}), "makespan", iterations=200).makespan == 7


def test_an_idle_vehicle_leaves_its_limited_start() -> None:
    # The tour of V1 alone ends at 10; V2 comes to the dock at 2 and puts down at 5.
    found = searched(oven(V1, Vehicle("V2", "OVEN")), "makespan", iterations=200)
    assert found.makespan == 9
    assert empty("OVEN>DOCK", "V2", 0, 2) in found.moves


@pytest.mark.parametrize("seed", RANDOM)
def test_every_decoded_schedule_keeps_the_limits(seed: int) -> None:
    instance = random_parking_instance(seed, jobs=4, returns_jobs=seed % 2 == 0)
    for draw in range(4):
        assert decoded(instance, Objective.parse(OBJECTIVES[(seed + draw) % len(OBJECTIVES)]), draw) is not None


@pytest.mark.parametrize("seed", RANDOM[:12])
def test_the_search_is_no_worse_than_construction_and_no_better_than_the_optimum(seed: int) -> None:
    instance = random_parking_instance(seed, jobs=3, returns_jobs=seed % 2 == 0)
    found, built = searched(instance, "makespan", iterations=300), construct(instance, MAKESPAN, time_limit=0.0)
    best = solve(instance, time_limit=60, workers=1)
    assert built is not None
    assert best.values[0] <= found.makespan <= built.makespan


@pytest.mark.parametrize("seed", RANDOM)
def test_after_an_event_the_search_goes_on_from_where_vehicles_are(seed: int) -> None:
    instance = random_parking_instance(seed, jobs=4, returns_jobs=seed % 2 == 0)
    plan = construct(instance, MAKESPAN, time_limit=0.0)
    assert plan is not None
    events = random_events(seed, instance, plan, size=1 + seed % 2)
    revised = revise(instance, Revision(max(event.at for event in events), 0, events, plan))
    shifted = shift(revised, plan).schedule
    for draw in range(4):
        found = decoded(revised, Objective.parse(OBJECTIVES[(seed + draw) % len(OBJECTIVES)]), draw)
        assert found is not None or shifted is None


@pytest.mark.parametrize("seed", RANDOM[:8])
def test_after_an_event_the_search_finds_nothing_better_than_the_optimum(seed: int) -> None:
    instance = random_parking_instance(seed, jobs=3)
    plan = construct(instance, MAKESPAN, time_limit=0.0)
    assert plan is not None
    events = random_events(seed, instance, plan, size=1)
    revised = revise(instance, Revision(max(event.at for event in events), 0, events, plan))
    best = solve(revised, time_limit=60, workers=1)
    if best.status is Status.OPTIMAL:
        found = searched(revised, "makespan", iterations=300)
        assert best.values[0] <= found.makespan


def with_bay(seed: int, jobs: int) -> Instance | None:
    """Return a random factory far from the dock, with room for one vehicle at the bay; None if it has none."""
    instance = random_parking_instance(seed, jobs=jobs, returns_jobs=True)
    (fleet,) = instance.fleets
    travel = {p: {q: t + 4 * ("DOCK" in (p, q)) for q, t in row.items()} for p, row in fleet.travel.items()}
    vehicles = tuple(replace(vehicle, start="DOCK") for vehicle in fleet.vehicles)
    fleet = replace(fleet, travel=travel, vehicles=vehicles, parking={**fleet.parking, "BAY": 1})
    found = replace(instance, fleets=(fleet,))
    return found if "BAY" in fleet.travel and not defects(found) else None


def stops(found: Schedule) -> int:
    """Return how many empty moves lead to the bay."""
    return sum(move.job is None and move.destination == "BAY" for move in found.moves)


def test_vehicles_wait_at_a_limited_bay() -> None:
    # See instances/README.md: without the bay it would be 16.
    found = searched(read(INSTANCES / "parking_tiny.json"), "makespan", iterations=500)
    assert found.makespan == 15
    assert any(move.job is None and move.destination == "bay" for move in found.moves)


def test_decoded_stops_keep_the_limits() -> None:
    num = stopped = 0
    for seed in range(60):
        instance = with_bay(seed, jobs=5)
        for draw in range(3) if instance is not None else ():
            found = decoded(instance, Objective.parse(OBJECTIVES[(seed + draw) % len(OBJECTIVES)]), seed + draw)
            assert found is not None
            num, stopped = num + 1, stopped + (stops(found[0]) > 0)
    assert num >= 90
    assert stopped >= 20


def test_after_an_event_vehicles_make_stops() -> None:
    num = stopped = 0
    for seed in range(60):
        instance = with_bay(seed, jobs=5)
        plan = None if instance is None else decoded(instance, MAKESPAN, seed)
        if instance is None or plan is None:
            continue
        events = random_events(seed, instance, plan[0], size=1 + seed % 2)
        revised = revise(instance, Revision(max(event.at for event in events), 0, events, plan[0]))
        for draw in range(2):
            found = decoded(revised, Objective.parse(OBJECTIVES[(seed + draw) % len(OBJECTIVES)]), draw)
            num, stopped = num + (found is not None), stopped + (found is not None and stops(found[0]) > 0)
    assert num >= 60
    assert stopped >= 10


def test_with_a_bay_the_optimum_is_reached_in_most_cases() -> None:
    num = reached = 0
    for seed in range(14):
        instance = with_bay(seed, jobs=2)
        if instance is not None:
            best = solve(instance, time_limit=60, workers=1)
            assert best.status is Status.OPTIMAL
            found = searched(instance, "makespan", seed, iterations=500)
            assert found.makespan >= best.values[0]
            num, reached = num + 1, reached + (found.makespan == best.values[0])
    assert num >= 8
    assert reached >= num - 1


def test_a_large_factory_is_planned_better_than_by_construction() -> None:
    instance = crowded()
    built = construct(instance, MAKESPAN, time_limit=0.0)
    assert built is not None
    found = searched(instance, "makespan", iterations=20_000)
    assert_valid(instance, found)
    assert found.makespan < built.makespan


def test_schedules_of_construction_come_back() -> None:
    instance = oven(V1, V2)
    built = construct(instance, MAKESPAN, time_limit=0.0)
    lowered, goal = lower(instance, guess_latest(instance)), set_goal(instance, MAKESPAN, guess_latest(instance))
    assert built is not None
    assert lowered is not None
    assert goal is not None
    solution, memory = next(imitations(lowered, built)), Memory(lowered, goal)
    memory.decode(solution)
    assert to_schedule(lowered, memory.state).makespan == built.makespan

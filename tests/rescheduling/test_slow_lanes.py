"""Slow lanes: trips that depart before a known end of the slowdown take longer, those from then on do not."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from cpsat.fixing import fixed_status, hint_status
from helpers import assert_valid, at, constructed, factory, flagged, machine, schedule, simple_job, transfer
from oracle import TooHardError, optimum
from repair_cases import revised
from strategies import random_mover_instance

from scheduler.domain import (
    Execution,
    Instance,
    Lane,
    Objective,
    Schedule,
    Slowdown,
    Status,
    TransitTimes,
    TransitWindow,
)
from scheduler.domain.events import Retraction, Revision, RouteSlow, revise
from scheduler.domain.happened import execution_of
from scheduler.portfolio import solve
from scheduler.rescheduling.right_shift import right_shift
from scheduler.search.decode.engine import FactorySearch
from scheduler.search.decode.spoken import why_unsupported

MAKESPAN = Objective.parse("makespan")
LANE = Lane("L", "F", "G", transit_time=4, vehicles=2)


def shop(lane: Lane = LANE) -> Instance:
    """J1 and J2 are ready at 3 and 9 and go to G, each in a vehicle of its own; 4 ticks."""
    stages = machine("A1", "F"), machine("A2", "F"), machine("B1", "G"), machine("B2", "G")
    jobs = simple_job("J1", ("A1", 3), ("B1", 1)), simple_job("J2", ("A2", 9), ("B2", 1))
    return factory(*stages, lane, *jobs)


def plan(first: tuple[int, int], second: tuple[int, int]) -> Schedule:
    """J1 and J2 depart and arrive at these ticks."""
    trips = transfer("J1 1>2", "F>G", "L#1", *first), transfer("J2 1>2", "F>G", "L#2", *second)
    first_job = at("J1.1", "A1", 0, 3), at("J1.2", "B1", first[1], first[1] + 1)
    second_job = at("J2.1", "A2", 0, 9), at("J2.2", "B2", second[1], second[1] + 1)
    return schedule(*first_job, *second_job, *trips)


def engines(instance: Instance, baseline: Schedule) -> list[Schedule]:
    """Return what right shift, construction and factory search make of it."""
    found = [right_shift(instance, baseline), constructed(instance, "makespan")]
    if why_unsupported(instance) is None:
        search = FactorySearch.of(instance, MAKESPAN, 0, lambda *_: None)
        found.append(None if search is None else search.first())
    return [schedule for schedule in found if schedule is not None]


@pytest.mark.parametrize(
    ("until", "first", "second"),
    [
        (None, (3, 11), (9, 17)),
        # J2 sets out when the lane is fast again; J1 waits for that only if it gets there earlier so.
        (9, (3, 11), (9, 13)),
        (10, (3, 11), (10, 14)),
        (6, (6, 10), (9, 13)),
        (20, (3, 11), (9, 17)),
    ],
)
def test_trips_from_the_end_of_a_slowdown_on_are_fast(
    until: int | None, first: tuple[int, int], second: tuple[int, int]
) -> None:
    after = revised(shop(), plan((3, 7), (9, 13)), 2, RouteSlow("E", 2, "L", 50, until=until))
    found = engines(after, plan((3, 7), (9, 13)))
    assert len(found) == 3
    assert found[0] == plan(first, second)
    for result in found:
        assert_valid(after, result)
        assert hint_status(after, result) is fixed_status(after, result) is Status.FEASIBLE
        assert result.makespan == plan(first, second).makespan
    assert solve(after, time_limit=20, workers=1).values == (plan(first, second).makespan,)


@pytest.mark.parametrize(("first", "second"), [((3, 7), (9, 13)), ((3, 11), (9, 17)), ((8, 12), (9, 13))])
def test_the_departure_decides(first: tuple[int, int], second: tuple[int, int]) -> None:
    after = revised(shop(), plan((3, 7), (9, 13)), 2, RouteSlow("E", 2, "L", 50, until=9))
    wrong = [
        ("moves", f"{job} on {mover}", abs(end - start - right))
        for job, mover, (start, end) in (("J1", "L#1", first), ("J2", "L#2", second))
        if end - start != (right := 8 if start < 9 else 4)
    ]
    assert flagged(after, plan(first, second)) == wrong != []
    assert fixed_status(after, plan(first, second)) is Status.INFEASIBLE


def test_a_slowdown_is_ended_earlier_or_at_its_tick() -> None:
    baseline = plan((3, 7), (9, 13))
    slow = revised(shop(), baseline, 2, RouteSlow("E", 2, "L", 50, until=20), RouteSlow("F", 2, "L", 80, until=8))
    assert slow.lanes[0].trip_times == (4, 8, 10)
    shifted = right_shift(slow, baseline)
    assert shifted == plan((3, 13), (9, 17))
    retracted = revise(slow, Revision(5, 0, (Retraction("R", 5, supersedes="E"),), shifted))
    assert retracted.lanes[0].trip_times == (4, 5)
    assert execution_of(retracted).moves == (transfer("J1 1>2", "F>G", "L#1", 3, 13),)  # under way: as it was planned
    again = right_shift(retracted, execution_of(retracted).baseline)
    assert again is not None
    assert [(m.start, m.end) for m in again.moves] == [(3, 13), (9, 13)]
    over = revise(slow, Revision(20, 0, (), shifted))
    assert over.lanes[0].trip_times == (4,)
    assert not over.lanes[0].varies


def test_random_slow_lanes_are_proved_optimal() -> None:
    # Where nothing has happened yet, the oracle knows slow lanes too.
    proved = 0
    for seed in range(20):
        random = Random(seed)
        instance = random_mover_instance(seed, 3, without=("deadlines",))
        if not instance.lanes:
            continue
        slow = tuple(Slowdown(0, None, random.choice([30, 60, 150]), random.choice([2, 5, 9])) for _ in range(2))
        lanes = tuple(replace(lane, slowdowns=slow[: random.randint(1, 2)]) for lane in instance.lanes)
        slowed = replace(instance, lanes=lanes, objective="makespan")
        try:
            best = optimum(slowed, "makespan", max_nodes=3_000)
        except (TooHardError, ValueError):
            continue
        result = solve(slowed, time_limit=20, workers=1)
        assert (best is None) == (result.schedule is None), seed
        if best is not None:
            assert (result.terms["makespan"], result.status) == (best[0], Status.OPTIMAL), seed
            proved += 1
    assert proved > 2


def test_engines_keep_to_slow_lanes() -> None:
    seen = 0
    for seed in range(10):
        random, instance = Random(seed), random_mover_instance(seed, 4 + seed % 4, without=("deadlines",))
        if not instance.lanes:
            continue
        if seed % 3 == 0:
            rush = TransitTimes(7, (TransitWindow(1, 4, 6),))
            instance = replace(instance, lanes=tuple(replace(lane, transit_times=rush) for lane in instance.lanes))
        nothing = Schedule(())
        baseline = right_shift(replace(instance, execution=Execution(0, nothing)), nothing)
        for number in range(3 if baseline is not None else 0):
            now = number * 4 + random.randint(1, 4)
            lane, until = random.choice(instance.lanes).id, now + random.randint(1, 12)
            event = RouteSlow(f"E{number}", now, lane, random.choice([30, 60, 150]), until)
            instance = revise(instance, Revision(now, 0, (event,), baseline))
            found = engines(instance, execution_of(instance).baseline)
            assert [flagged(instance, schedule) for schedule in found] == [[]] * len(found), seed
            assert all(fixed_status(instance, schedule) is Status.FEASIBLE for schedule in found), seed
            baseline = right_shift(instance, execution_of(instance).baseline)
            seen += len(found)
            if baseline is None:
                break
    assert seen > 10

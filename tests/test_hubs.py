"""Checker, model, oracle, construction, right shift and repair agree about ways over a hub."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cpsat.fixing import fixed_status, hint_status
from helpers import assert_valid, at, constructed, executed, factory, flagged, machine, schedule, simple_job, transfer
from oracle import optimum
from rescheduling.repair_cases import revised

from scheduler.domain import Facility, Instance, Lane, Move, Schedule, Status
from scheduler.domain.events import OperationDelayed, RushOrder
from scheduler.domain.routing import routes
from scheduler.io import native, validate
from scheduler.portfolio import solve
from scheduler.rescheduling import repair
from scheduler.rescheduling.right_shift import shift
from scheduler.search.decode.spoken import why_unsupported

TO_HUB = Lane("AH", "A", "H", transit_time=2, vehicles=2)
FROM_HUB = Lane("HC", "H", "C", transit_time=3, units_per_vehicle=2, unload_time=1)
DIRECT = Lane("AC", "A", "C", transit_time=8)


def shop(*ready: int, lanes: tuple[Lane, ...] = (TO_HUB, FROM_HUB, DIRECT), **fields: object) -> Instance:
    """Jobs J1, J2, ... are ready in A after so many ticks, and have one tick of work in C.

    Over the hub they are under way for 2 and for 3 + 1 ticks, directly for 8.
    """
    machines = [machine(f"M{n}", "A") for n in range(1, len(ready) + 1)]
    jobs = [simple_job(f"J{n}", (f"M{n}", time), ("N", 1)) for n, time in enumerate(ready, start=1)]
    instance = factory(*machines, machine("N", "C", capacity=9), *lanes, *jobs)
    return replace(instance, facilities=(Facility("A"), Facility("H", hub=True, **fields), Facility("C")))


def plan(instance: Instance, *ways: tuple[Move, ...]) -> Schedule:
    """Job Jn goes on the n-th way."""
    parts: list[object] = []
    for number, moves in enumerate(ways, start=1):
        ready = instance.job_by_id[f"J{number}"].operations[0].modes[0].duration
        arrived_at = max(move.end for move in moves)
        parts += [at(f"J{number}.1", f"M{number}", 0, ready), at(f"J{number}.2", "N", arrived_at, arrived_at + 1)]
        parts += moves
    return schedule(*parts)


def over_hub(job: str, vehicle: str, first: int, second: int) -> tuple[Move, ...]:
    there = transfer(f"{job} 1>2", "A>H", vehicle, first, first + 2)
    return there, transfer(f"{job} 1>2", "H>C", "HC#1", second, second + 4)


def direct(job: str, start: int) -> tuple[Move, ...]:
    return (transfer(f"{job} 1>2", "A>C", "AC#1", start, start + 8),)


def test_routes() -> None:
    instance = shop(1)
    ends = instance.machine_by_id["M1"], instance.machine_by_id["N"]
    found = [[(leg.slot, leg.origin, leg.destination, leg.groups) for leg in legs] for legs in routes(instance, *ends)]
    assert found == [
        [("transfer", "A", "C", ("AC",))],
        [("transfer", "A", "H", ("AH",)), ("onward", "H", "C", ("HC",))],
    ]
    no_hub = replace(instance, facilities=(Facility("A"), Facility("H"), Facility("C")))
    assert len(routes(no_hub, *ends)) == 1
    assert routes(replace(no_hub, lanes=(TO_HUB, FROM_HUB)), *ends) == ()


def test_either_way_is_right() -> None:
    instance = shop(1, 1)
    both = plan(instance, direct("J1", 1), over_hub("J2", "AH#1", 1, 3))
    assert_valid(instance, both)
    assert hint_status(instance, both) is Status.FEASIBLE
    assert fixed_status(instance, both) is Status.FEASIBLE
    waits = plan(instance, over_hub("J1", "AH#1", 1, 5), over_hub("J2", "AH#2", 3, 5))
    assert_valid(instance, waits)
    assert hint_status(instance, waits) is Status.FEASIBLE


def test_wrong_ways() -> None:
    instance = shop(1)
    early = plan(instance, over_hub("J1", "AH#1", 1, 2))
    assert flagged(instance, early) == [("moves", "J1 on HC#1", 1)]
    half = plan(instance, over_hub("J1", "AH#1", 1, 3)[:1])
    assert ("moves", "J1.1 -> 2", 1) in flagged(instance, half)
    assert ("moves", "J1.1 -> 2", 1) in flagged(instance, plan(instance, over_hub("J1", "AH#1", 1, 3)[1:]))
    twice = plan(instance, (*over_hub("J1", "AH#1", 1, 3), *direct("J1", 1)))
    assert flagged(instance, twice) == [("moves", "J1 on AC#1", 1)]
    no_hub = replace(instance, facilities=(Facility("A"), Facility("H"), Facility("C")))
    assert flagged(no_hub, plan(instance, over_hub("J1", "AH#1", 1, 3)))


def test_jobs_meet_at_the_hub() -> None:
    # J1 can be at the hub at 3, J2 at 5: on one trip they arrive at 9. J1 alone would be there at 9 directly, too.
    instance = shop(1, 3, lanes=(replace(TO_HUB, units_per_vehicle=2), FROM_HUB, DIRECT))
    assert solve(instance, objective="makespan > transfer_count", time_limit=30, workers=1).values == (10, 2)
    slow = shop(1, 3, lanes=(TO_HUB, FROM_HUB, replace(DIRECT, transit_time=9)))
    assert solve(slow, objective="makespan > transfer_count", time_limit=30, workers=1).values == (10, 3)
    assert optimum(slow, "makespan > transfer_count") == (10, 3)


def test_the_direct_lane_is_taken_where_it_is_quicker() -> None:
    quick = shop(1, lanes=(TO_HUB, FROM_HUB, replace(DIRECT, transit_time=5)))
    result = solve(quick, time_limit=30, workers=1)
    assert result.values == (7,) == optimum(quick)
    found = constructed(quick, "makespan")
    assert found is not None
    assert [(m.origin, m.destination) for m in found.moves] == [("A", "C")]


def test_too_small_a_vehicle_on_one_of_the_ways() -> None:
    large = shop(1)
    jobs = (replace(large.jobs[0], units=2),)
    # Neither the direct lane nor that to the hub has room for 2 units.
    assert [defect.code for defect in validate.defects(replace(large, jobs=jobs))] == ["E319"]
    roomy = replace(large, jobs=jobs, lanes=(replace(TO_HUB, units_per_vehicle=2), FROM_HUB, DIRECT))
    assert validate.defects(roomy) == ()
    assert solve(roomy, time_limit=30, workers=1).values == (8,) == optimum(roomy)
    assert constructed(roomy, "makespan").makespan == 8


def test_docks_of_the_hub() -> None:
    # Trips to the hub are unloaded for 3 ticks, at the only dock one after the other: until 1 + 2 + 3 = 6 and 9.
    lanes = (replace(TO_HUB, unload_time=3), replace(FROM_HUB, load_time=1))
    instance = shop(1, 1, lanes=lanes, docks=1)
    assert solve(instance, time_limit=30, workers=1).values == (15,) == optimum(instance)
    apart = [transfer(f"J{n} 1>2", "A>H", f"AH#{n}", start, start + 5) for n, start in ((1, 1), (2, 3))]
    on = [transfer(f"J{n} 1>2", "H>C", "HC#1", 9, 14) for n in (1, 2)]
    moves = [(there, onward) for there, onward in zip(apart, on, strict=True)]
    assert ("docks", "H", 1) in flagged(instance, plan(instance, *moves))


def test_a_hub_without_lanes() -> None:
    instance = shop(1, lanes=(TO_HUB, DIRECT))
    assert [(d.code, d.where) for d in validate.defects(instance)] == [("E343", "$.facilities[1].hub")]


@pytest.mark.parametrize("ready", [(1,), (1, 1), (1, 3, 3, 4), (2, 2, 2, 2, 2)])
def test_construction(ready: tuple[int, ...]) -> None:
    for lanes in ((TO_HUB, FROM_HUB, DIRECT), (TO_HUB, FROM_HUB)):
        instance = shop(*ready, lanes=lanes)
        found = constructed(instance, "makespan")
        assert found is not None
        assert_valid(instance, found)
        assert hint_status(instance, found) is Status.FEASIBLE


def test_right_shift_keeps_the_way() -> None:
    # J1 is late by 4 and reaches the hub at 7; J2 waits for it, since they share the trip.
    instance = shop(1, 3)
    baseline = plan(instance, over_hub("J1", "AH#1", 1, 5), over_hub("J2", "AH#2", 3, 5))
    after = revised(instance, baseline, 0, OperationDelayed("E", 0, "J1", "1", delay=4))
    result = shift(after, baseline)
    assert result.schedule is not None, result.reason
    assert_valid(after, result.schedule)
    assert [(m.mover, m.start) for m in result.schedule.moves] == [
        ("AH#2", 3),
        ("AH#1", 5),
        ("HC#1", 7),
        ("HC#1", 7),
    ]


@pytest.mark.parametrize("now", [2, 4])
def test_a_job_on_its_way_to_the_hub_goes_on_from_there(now: int) -> None:
    instance = shop(1)
    baseline = plan(instance, over_hub("J1", "AH#1", 1, 5))
    at_hub = executed(instance, baseline, now)
    result = solve(at_hub, time_limit=30, workers=1)
    assert_valid(at_hub, result.schedule)
    assert result.values == (max(now, 3) + 5,)
    found = constructed(at_hub, "makespan")
    assert found is not None
    assert_valid(at_hub, found)
    assert hint_status(at_hub, found) is Status.FEASIBLE


@pytest.mark.parametrize("policy", ["right-shift", "reoptimise"])
def test_a_new_job_goes_over_the_hub(policy: str) -> None:
    instance = shop(1, lanes=(TO_HUB, FROM_HUB))
    baseline = plan(instance, over_hub("J1", "AH#1", 1, 3))
    order = RushOrder("E", 2, simple_job("J2", ("M1", 1), ("N", 1), release_date=2))
    outcome = repair(instance, baseline, (order,), policy=policy, time_limit=10, workers=1)
    assert outcome.result.schedule is not None
    assert_valid(outcome.instance, outcome.result.schedule)
    assert len([move for move in outcome.result.schedule.moves if move.job == "J2"]) == 2


def test_file_and_compiled_search() -> None:
    instance = shop(1)
    assert native.read(native.write(instance), "shop") == instance
    assert why_unsupported(instance) is None

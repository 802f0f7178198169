"""Checker, model, oracle, construction, right shift and repair agree about jobs that go over lanes in loads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cpsat.fixing import fixed_status, hint_status
from helpers import assert_valid, at, constructed, executed, factory, flagged, machine, schedule, simple_job, transfer
from oracle import optimum
from rescheduling.repair_cases import revised

from scheduler.analysis import moves_frame
from scheduler.domain import Execution, Facility, Instance, Lane, Move, Schedule, Status
from scheduler.domain.events import LaneCapacityChange, OperationDelayed, RushOrder
from scheduler.domain.routing import in_loads, routes
from scheduler.errors import EventError
from scheduler.io import native, validate
from scheduler.io.schedule_file import read_schedule, write_schedule
from scheduler.portfolio import solve
from scheduler.rescheduling import repair
from scheduler.rescheduling.right_shift import shift
from scheduler.search.decode.spoken import why_unsupported
from scheduler.terms import value_terms

TRUCK = Lane("L", "A", "C", transit_time=3, vehicles=2, units_per_vehicle=2, return_time=1, unit_cost=3)


def shop(*units: int, lanes: tuple[Lane, ...] = (TRUCK,), **fields: object) -> Instance:
    """Jobs J1, J2, ... of so many units are ready in A at 1, go to C, and have one tick of work there. They split."""
    machines = [machine(f"M{n}", "A", **fields) for n in range(1, len(units) + 1)]
    jobs = [
        simple_job(f"J{n}", (f"M{n}", 1), ("N", 1), units=number, splits=True)
        for n, number in enumerate(units, start=1)
    ]
    return factory(*machines, machine("N", "C", capacity=9), *lanes, *jobs)


def load(number: int, units: int, vehicle: str, start: int) -> Move:
    return replace(transfer("J1 1>2", "A>C", vehicle, start, start + 3), load=number, units=units)


def plan(*loads: Move, start: int) -> Schedule:
    """J1 goes in these loads, and starts in C then."""
    return schedule(at("J1.1", "M1", 0, 1), at("J1.2", "N", start, start + 1), *loads, *returns(*loads))


def returns(*loads: Move) -> list[Move]:
    trips = {(m.mover, m.end) for m in loads}
    return [Move(None, "C", "A", mover, "empty_move", end, end + 1) for mover, end in sorted(trips)]


def test_loads_of_a_leg() -> None:
    small = replace(TRUCK, id="S", units_per_vehicle=3)
    large = replace(TRUCK, id="B", units_per_vehicle=9)
    for units, sizes in ((3, [None]), (4, [3, 1]), (9, [3, 3, 3])):
        instance = shop(units, lanes=(small, large))
        (legs,) = routes(instance, instance.machine_by_id["M1"], instance.machine_by_id["N"])
        assert [leg.units for leg in in_loads(instance, legs, instance.jobs[0], "1", "2")] == sizes
        whole = replace(instance.jobs[0], splits=False)
        assert in_loads(instance, legs, whole, "1", "2") == legs


def test_two_trucks_at_once() -> None:
    instance = shop(3)
    right = plan(load(0, 2, "L#1", 1), load(1, 1, "L#2", 2), start=5)
    assert_valid(instance, right)
    assert hint_status(instance, right) is Status.FEASIBLE
    assert fixed_status(instance, right) is Status.FEASIBLE
    assert value_terms(instance, right)["transfer_cost"] == 9
    assert solve(instance, time_limit=30, workers=1).values == (5,) == optimum(instance)


def test_the_next_operation_waits_for_the_last_load() -> None:
    early = plan(load(0, 2, "L#1", 1), load(1, 1, "L#2", 2), start=4)
    assert flagged(shop(3), early) == [("moves", "J1.2 on N", 1)]


def test_loads_are_as_few_as_can_be() -> None:
    instance = shop(3)
    missing = plan(load(0, 2, "L#1", 1), start=4)
    assert flagged(instance, missing) == [("moves", "J1.1 -> 2", 1)]
    three = plan(*(load(n, 1, f"L#{1 + n % 2}", 1 + 4 * (n // 2)) for n in range(3)), start=8)
    assert ("moves", "J1.1 -> 2", 1) in flagged(instance, three)
    whole = plan(replace(load(0, 3, "L#1", 1), units=None), start=4)
    assert ("transfers", "L#1", 1) in flagged(instance, whole)


def test_loads_share_trips_with_other_jobs() -> None:
    # 3 + 3 units for trucks of 2: three trips, of which the third is back at 1 + 4 = 5 and arrives at 8.
    instance = shop(3, 3)
    result = solve(instance, objective="makespan > transfer_count", time_limit=30, workers=1)
    assert result.values == (9, 3) == optimum(instance, "makespan > transfer_count")
    alone = shop(3, 3, lanes=(replace(TRUCK, vehicles=4),))
    result = solve(alone, objective="makespan > transfer_count", time_limit=30, workers=1)
    assert result.values == (5, 3) == optimum(alone, "makespan > transfer_count")


def test_a_job_that_does_not_split_is_too_large() -> None:
    instance = shop(3)
    whole = replace(instance, jobs=(replace(instance.jobs[0], splits=False),))
    assert [defect.code for defect in validate.defects(whole)] == ["E319"]
    assert validate.defects(instance) == ()


def test_the_machine_is_held_until_the_last_load_is_taken_up() -> None:
    # M1 has no room behind it. One truck takes up the loads at 1 and 1 + 4 = 5, so that J2 begins at 5.
    instance = shop(3, lanes=(replace(TRUCK, vehicles=1),), output_buffer=0)
    second = simple_job("J2", ("M1", 2))
    both = replace(instance, jobs=(*instance.jobs, second))
    right = plan(load(0, 2, "L#1", 1), load(1, 1, "L#1", 5), start=8)
    good = schedule(*right.operations, at("J2.1", "M1", 5, 7), *right.moves)
    assert_valid(both, good)
    assert hint_status(both, good) is Status.FEASIBLE
    bad = schedule(*right.operations, at("J2.1", "M1", 4, 6), *right.moves)
    assert flagged(both, bad) == [("capacity", "J2.1 on M1", 1)]


def test_over_a_hub() -> None:
    # Both vans are at the hub at 1 + 2 = 3, the truck for 5 goes on at once.
    lanes = (Lane("AH", "A", "H", 2, vehicles=2, units_per_vehicle=2), Lane("HC", "H", "C", 3, units_per_vehicle=5))
    instance = replace(shop(3, lanes=lanes), facilities=(Facility("A"), Facility("H", hub=True), Facility("C")))
    assert solve(instance, time_limit=30, workers=1).values == (7,) == optimum(instance)
    found = constructed(instance, "makespan")
    assert found is not None
    assert_valid(instance, found)
    assert found.makespan == 7


@pytest.mark.parametrize("units", [(3,), (5, 1), (2, 3, 4), (7, 7)])
def test_construction(units: tuple[int, ...]) -> None:
    for fields in ({}, {"vehicles": 1}, {"headway": 2}, {"unload_time": 1}):
        instance = shop(*units, lanes=(replace(TRUCK, **fields),))
        found = constructed(instance, "makespan")
        assert found is not None
        assert_valid(instance, found)
        assert hint_status(instance, found) is Status.FEASIBLE


def test_right_shift_keeps_the_trips() -> None:
    baseline = plan(load(0, 2, "L#1", 1), load(1, 1, "L#2", 2), start=5)
    after = revised(shop(3), baseline, 0, OperationDelayed("E", 0, "J1", "1", delay=4))
    result = shift(after, baseline)
    assert result.schedule is not None, result.reason
    assert_valid(after, result.schedule)
    assert [(m.mover, m.start, m.load) for m in result.schedule.moves if m.job] == [("L#1", 5, 0), ("L#2", 5, 1)]


@pytest.mark.parametrize("number", [0, 1])
def test_a_load_under_way_and_one_that_waits(number: int) -> None:
    # One load is under way at 2, the other waits for the truck.
    baseline = plan(load(number, 2 - number, "L#1", 1), load(1 - number, 1 + number, "L#1", 5), start=8)
    instance = executed(shop(3, lanes=(replace(TRUCK, vehicles=1),)), baseline, 2)
    result = solve(instance, time_limit=30, workers=1)
    assert result.values == (9,)
    found = constructed(instance, "makespan")
    for each in (result.schedule, found):
        assert_valid(instance, each)
        assert hint_status(instance, each) is Status.FEASIBLE


@pytest.mark.parametrize("units", [1, 2, 3, 4])
def test_vehicles_of_another_size(units: int) -> None:
    """What has departed stays as it is, the rest goes in the loads that vehicles of today need."""
    baseline = plan(load(0, 2, "L#1", 1), load(1, 2, "L#1", 5), start=8)
    before = shop(4, lanes=(replace(TRUCK, vehicles=1),))
    sizes = {0: {1: [1] * 4, 2: [2, 2], 3: [3, 1], 4: [None]}, 2: {1: None, 2: [2, 2], 3: [2, 2], 4: [2, 2]}}
    for now, by_size in sizes.items():
        event = LaneCapacityChange("E", now, "L", units_per_vehicle=units)
        if by_size[units] is None:
            with pytest.raises(EventError, match="a trip has carried 2 units"):
                revised(before, baseline, now, event)
            continue
        if (now, units) == (0, 2):
            continue  # nothing changes
        after = revised(before, baseline, now, event)
        shifted = shift(after, baseline)
        assert shifted.schedule is not None, shifted.reason
        found = constructed(after, "makespan")
        solved = solve(after, time_limit=30, workers=1)
        for each in (shifted.schedule, found, solved.schedule):
            assert_valid(after, each)
            assert [m.units for m in sorted(each.moves, key=lambda m: m.load) if m.job] == by_size[units]
            assert hint_status(after, each) is Status.FEASIBLE


def test_a_load_under_way_and_smaller_vehicles() -> None:
    # The smaller of two loads has departed; the truck now carries 3 instead of 4: 3 and 1 are left.
    before = shop(5, lanes=(replace(TRUCK, vehicles=1, units_per_vehicle=4),))
    baseline = plan(load(1, 1, "L#1", 1), load(0, 4, "L#1", 5), start=8)
    after = revised(before, baseline, 2, LaneCapacityChange("E", 2, "L", units_per_vehicle=3))
    shifted = shift(after, baseline).schedule
    for each in (shifted, constructed(after, "makespan")):
        assert_valid(after, each)
        assert [(m.load, m.units) for m in each.moves if m.job] == [(1, 1), (0, 3), (2, 1)]
        assert hint_status(after, each) is Status.FEASIBLE


def test_a_load_under_way_and_one_that_loses_its_vehicle() -> None:
    # The second truck is taken away at 2, before it departs at 3: its load goes when the first is back, at 5.
    baseline = plan(load(0, 2, "L#1", 1), load(1, 1, "L#2", 3), start=6)
    after = revised(shop(3), baseline, 2, LaneCapacityChange("E", 2, "L", vehicles=1))
    shifted = shift(after, baseline).schedule
    assert_valid(after, shifted)
    assert [(m.mover, m.start, m.load) for m in shifted.moves if m.job] == [("L#1", 1, 0), ("L#1", 5, 1)]
    assert [row.units for row in moves_frame(after, shifted).itertuples() if row.kind == "transfer"] == [2, 1]


def test_trips_that_take_no_time() -> None:
    # One vehicle, no return: three loads need three departures.
    instance = shop(5, lanes=(Lane("L", "A", "C", transit_time=0, units_per_vehicle=2),))
    assert solve(instance, time_limit=30, workers=1).values == (4,) == optimum(instance)
    empty = Schedule(())
    after = replace(instance, execution=Execution(0, empty))
    assert_valid(instance, shift(after, empty).schedule)
    assert shift(after, empty).schedule.makespan == 4


@pytest.mark.parametrize("policy", ["right-shift", "reoptimise"])
def test_a_new_job_goes_in_loads(policy: str) -> None:
    baseline = plan(load(0, 2, "L#1", 1), load(1, 1, "L#2", 1), start=4)
    job = simple_job("J2", ("M1", 1), ("N", 1), release_date=2, units=4, splits=True)
    outcome = repair(shop(3), baseline, (RushOrder("E", 2, job),), policy=policy, time_limit=10, workers=1)
    assert outcome.result.schedule is not None
    assert_valid(outcome.instance, outcome.result.schedule)
    assert [move.units for move in outcome.result.schedule.moves if move.job == "J2"] == [2, 2]


def test_files_and_compiled_search(tmp_path: Path) -> None:
    instance = shop(3)
    result = solve(instance, time_limit=30, workers=1)
    write_schedule(tmp_path / "plan.json", instance, result)
    assert read_schedule(tmp_path / "plan.json", instance).schedule == result.schedule
    assert native.read(native.write(instance), "shop") == instance
    assert why_unsupported(instance) is None

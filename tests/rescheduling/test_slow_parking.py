"""Slow ways with a known end in limited parking: empty moves are as fast as when they begin, and vehicles may wait."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cpsat.fixing import fixed_status, hint_status
from cpsat.proving import shortest
from helpers import assert_valid, flagged
from oracle_parking import least_makespan
from parking_cases import V1, oven, random_parking_instance
from parking_task_cases import random_task_instance
from repair_cases import repaired
from slow_ways_cases import cases, decoded

from scheduler.domain import Instance, Objective, Schedule, Slowdown, Status
from scheduler.domain.events import RouteSlow
from scheduler.domain.happened import execution_of
from scheduler.io.validate import defects
from scheduler.search.construct import construct

MAKESPAN = Objective.parse("makespan")


def slow_until(instance: Instance, *untils: int, speed: int = 50) -> Instance:
    """Return the instance in which ways are slow from the beginning, until each of the ticks."""
    slow = tuple(Slowdown(0, None, speed, until) for until in untils)
    return replace(instance, fleets=tuple(replace(fleet, slowdowns=slow) for fleet in instance.fleets))


def moves_of(schedule: Schedule, vehicle: str) -> list[tuple[str | None, int, int]]:
    return [(move.job, move.start, move.end) for move in schedule.by_mover[vehicle]]


def test_a_vehicle_waits_at_a_limited_place_for_faster_ways() -> None:
    # J1 [0, 6), 1 + 4 + 1. From the oven to the dock it would be at 10 at once; it leaves at 7 and is there at 9, so
    # that J2 is in the oven at 13, for 3 ticks.
    instance = slow_until(oven(V1), 7)
    best = shortest(instance)
    assert (best.status, best.schedule.makespan) == (Status.OPTIMAL, 16)
    for found in (best.schedule, construct(instance, MAKESPAN, time_limit=0.0), decoded(instance)):
        assert found is not None
        assert_valid(instance, found)
        assert [(move.start, move.end) for move in found.moves] == [(0, 6), (7, 9), (9, 13)]
    assert least_makespan(instance, 16) == 16


def test_empty_moves_are_as_fast_as_when_they_begin() -> None:
    # V1 leaves the oven at 6, when ways are fast again, so that V2 can put J2 down from 6 on.
    instance = slow_until(oven(), 6)
    best = shortest(instance)
    assert (best.status, best.schedule.makespan) == (Status.OPTIMAL, 10)
    assert least_makespan(instance, 10) == 10
    for found in (best.schedule, construct(instance, MAKESPAN, time_limit=0.0), decoded(instance)):
        assert found is not None
        assert_valid(instance, found)
        assert found.makespan == 10
    first = next(name for name in ("V1", "V2") if ("J1", 0, 6) in moves_of(best.schedule, name))
    leaves = next(move for move in best.schedule.by_mover[first] if move.job is None and move.start >= 6)
    assert leaves.end - leaves.start == 2

    def left(start: int, end: int) -> list[tuple[str, str, int]]:
        moves = tuple(replace(m, start=start, end=end) if m is leaves else m for m in best.schedule.moves)
        return flagged(instance, replace(best.schedule, moves=moves))

    assert left(6, 8) == []
    assert left(6, 10) == [("parking", f"vehicle {first}", 2)]
    assert left(7, 9) == [("parking", "OVEN of fleet AGV", 1)]
    # A tick earlier the model has no place for J2 either.
    operations = tuple(
        replace(o, start=o.start - 1, end=o.end - 1) if o.end == 10 else o for o in best.schedule.operations
    )
    moves = tuple(replace(m, start=m.start - 1, end=m.end - 1) if m.end == 7 else m for m in best.schedule.moves)
    earlier = replace(best.schedule, operations=operations, moves=moves)
    assert fixed_status(instance, earlier) is Status.INFEASIBLE
    assert ("parking", "OVEN of fleet AGV", 1) in flagged(instance, earlier)


def test_a_right_shift_counts_on_the_end() -> None:
    # At 1 J1 is on its way, until 4. The way back to the dock, from 4 on, would be over at 8; it begins at 5.
    plan = construct(oven(V1), MAKESPAN, time_limit=0.0)
    assert plan is not None
    after, result = repaired(oven(V1), plan, 1, RouteSlow("E", 1, "AGV", 50, until=5))
    assert after.fleets[0].slowdowns == (Slowdown(1, None, 50, 5),)
    assert moves_of(result, "V1") == [("J1", 0, 4), (None, 5, 7), ("J2", 7, 11)]
    assert hint_status(after, result) is fixed_status(after, result) is Status.FEASIBLE
    for_ever, slow = repaired(oven(V1), plan, 1, RouteSlow("E", 1, "AGV", 50))
    assert moves_of(slow, "V1") == [("J1", 0, 4), (None, 4, 8), ("J2", 8, 14)]
    assert hint_status(for_ever, slow) is Status.FEASIBLE


# --- random ----------------------------------------------------------------------------------------------------------

QUICK = [(seed, 1) for seed in (0, 1, 2, 4, 5, 7, 11, 12, 13, 15)] + [(seed, 2) for seed in (1, 2, 4, 6, 8)]
"""Seeds and capacities that the oracle solves in an instant."""
SLOW = [pytest.param(seed, capacity, marks=pytest.mark.slow) for seed in range(16, 40) for capacity in (1, 2)]


@pytest.mark.parametrize(("seed", "capacity"), [*QUICK, *SLOW])
def test_the_model_and_the_world_in_ticks_agree(seed: int, capacity: int) -> None:
    instance = random_task_instance(seed, capacity=capacity, has_battery=False)
    if defects(instance):
        return
    untils = (5 + seed % 9, 11 + seed % 9)[: 1 + seed % 2]
    instance = slow_until(instance, *untils, speed=(40, 50, 70)[seed % 3])
    best = shortest(instance)
    assert best.status is Status.OPTIMAL
    assert_valid(instance, best.schedule)
    assert hint_status(instance, best.schedule) is Status.FEASIBLE
    assert least_makespan(instance, best.schedule.makespan) == best.schedule.makespan


def assert_all_engines(first: int, last: int) -> int:
    """Let ways become slow and other things happen; return how many schedules of the factory search there were."""
    seen = 0
    for seed in range(first, last):
        instance = random_parking_instance(seed, jobs=2 + seed % 2)
        if seed % 2:
            instance = random_task_instance(seed, jobs=3, capacity=1 + seed % 4 // 2, has_battery=False)
        if defects(instance):
            continue
        for after, shifted in cases(instance, construct(instance, MAKESPAN, time_limit=0.0), seed):
            assert flagged(after, shifted) == [], seed
            assert hint_status(after, shifted) is Status.FEASIBLE, seed
            for found in (construct(after, MAKESPAN, time_limit=0.0), decoded(after)):
                if found is not None:
                    assert flagged(after, found) == [], (seed, execution_of(after).now)
                    assert fixed_status(after, found) is Status.FEASIBLE, seed
                    seen += 1
    return seen


def test_engines_keep_to_slow_ways_in_limited_parking() -> None:
    assert assert_all_engines(0, 12) > 40


@pytest.mark.slow
def test_engines_keep_to_slow_ways_in_limited_parking_at_length() -> None:
    assert assert_all_engines(12, 120) > 400

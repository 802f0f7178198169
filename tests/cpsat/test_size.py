"""Estimates of how long a model takes to build: what is known beforehand is never too much."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.factories import GENERATED
from scheduler.cpsat.size import build_seconds, least_seconds
from scheduler.cpsat.subproblem import subproblem
from scheduler.domain import Instance, Objective
from scheduler.generate import Recipe, generate
from scheduler.search.construct import construct


def network(name: str) -> Instance:
    return generate(Recipe(**GENERATED[name]))


@pytest.mark.parametrize("name", ["g50", "h50", "l50", "t50", "d50", "v50", "s50", "m50"])
def test_a_part_takes_at_least_what_its_schedule_says(name: str) -> None:
    instance = network(name)
    schedule = construct(instance, Objective.parse("makespan"), time_limit=0.0)
    assert schedule is not None
    least = least_seconds(instance, schedule)
    assert least > 0
    for free in ([], list(instance.operation_by_key)[:5], list(instance.operation_by_key)):
        part = subproblem(instance, schedule, free)
        assert least <= build_seconds(part.instance) <= build_seconds(instance)


def test_transfers_of_a_vehicle_that_was_taken_away_do_not_count() -> None:
    """As after an event that leaves a lane fewer vehicles, while the plan in force still has the trips of all."""
    instance = network("l50")
    schedule = construct(instance, Objective.parse("makespan"), time_limit=0.0)
    assert schedule is not None
    busy = {move.mover for move in schedule.moves}
    lane = next(lane for lane in instance.lanes if lane.vehicle_ids[-1] in busy)
    fewer = replace(lane, vehicles=lane.vehicles - 1)
    smaller = replace(instance, lanes=tuple(fewer if old is lane else old for old in instance.lanes))
    assert 0 < least_seconds(smaller, schedule) < least_seconds(instance, schedule)


@pytest.mark.parametrize("name", ["g50", "t50", "m50"])
def test_counting_ends_where_it_is_too_much(name: str) -> None:
    instance = network(name)
    seconds = build_seconds(instance)
    assert build_seconds(instance, seconds) == seconds
    assert seconds / 3 < build_seconds(instance, seconds / 3) < seconds


def test_of_a_lane_only_pairs_that_one_trip_can_take_count() -> None:
    def seconds(units: int, most: int) -> float:
        instance = network("l50")
        jobs = tuple(replace(job, units=units, splits=False) for job in instance.jobs)
        lanes = tuple(replace(lane, units_per_vehicle=most) for lane in instance.lanes)
        return build_seconds(replace(instance, jobs=jobs, lanes=lanes))

    assert seconds(3, 4) == seconds(3, 5) < seconds(3, 6) == seconds(2, 4)

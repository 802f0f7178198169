"""What the cyclic search finds, with its schedule checked; against CP-SAT."""

from __future__ import annotations

import numpy as np
from helpers import assert_valid

from scheduler.domain import (
    Instance,
    Objective,
    Status,
)
from scheduler.domain.cycle import cycle_time
from scheduler.io.validate import require_valid
from scheduler.portfolio import solve
from scheduler.search.construct import construct
from scheduler.search.cyclic.engine import CyclicSearch
from scheduler.search.cyclic.facts import empty_plan
from scheduler.search.cyclic.lower import lower
from scheduler.search.cyclic.schedules import to_plan, to_schedule
from scheduler.search.cyclic.spoken import why_unsupported
from scheduler.search.cyclic.walk import walk

GOAL = Objective.parse("cycle_time")
GOING = np.zeros(1, np.int64)
"""Nobody wishes to stop."""


def constructed(instance: Instance, seed: int = 0):
    schedule = construct(instance, GOAL, time_limit=0.0, seed=seed)
    assert schedule is not None
    return schedule


def put_in(facts, plan, uses, room, weights, number: int, cycle: int, ticks: int, seed: int) -> set[int] | None:
    """Put one job into a plan; return which jobs had to go for it, None if there is no place for it."""
    waiting = np.zeros(len(weights) + 1, np.int64)
    waiting[0] = number
    lasts = np.full(len(weights), ticks)
    left, _ = walk(facts, plan, uses, room, weights.copy(), waiting, 1, lasts, cycle, 1, seed, GOING, empty_plan(facts))
    ejected = set(waiting[:left].tolist())
    return None if number in ejected else ejected


def searched(instance: Instance, insertions: int, seed: int = 0) -> int:
    """Return the cycle time that the search finds, having checked its schedule."""
    assert why_unsupported(instance, GOAL) is None
    start = constructed(instance)
    values: list[int] = []
    search = CyclicSearch(instance, start, seed, values.append)
    search.advance(insertions)
    assert values == sorted(set(values), reverse=True)
    found = search.best()
    if found is None:
        assert search.value == cycle_time(instance, start)
        return search.value
    assert_valid(instance, found)
    assert cycle_time(instance, found) == search.value == values[-1]
    return search.value


def assert_plans_are_kept(instance: Instance, insertions: int, seconds: float = 30) -> int | None:
    """Return by how much the search ends above the least cycle time, None if that is not proved in so many seconds.

    What it reads of the best schedule and writes again has to be the same.
    """
    require_valid(instance, "plans")
    best = solve(instance, objective="cycle_time", time_limit=seconds, workers=1)
    lowered = lower(instance)
    cycle, plan = to_plan(lowered, best.schedule)
    again = to_schedule(lowered, plan, cycle)
    assert_valid(instance, again)
    assert {o.key for o in again.operations} == {o.key for o in best.schedule.operations}
    found = searched(instance, insertions)
    assert found >= best.bounds[0]
    return found - cycle if best.status is Status.OPTIMAL else None

"""Slow ways on random small instances: all engines keep to them, and CP-SAT proves what the oracle finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from charging_cases import random_plant
from cpsat.fixing import fixed_status, hint_status
from helpers import assert_valid, flagged
from oracle import TooHardError, optimum
from slow_ways_cases import MAKESPAN, Case, cases
from strategies import random_fleet_instance, random_mover_instance

from scheduler.domain import Execution, Instance, Schedule, Slowdown, Status
from scheduler.portfolio import solve
from scheduler.rescheduling.right_shift import right_shift
from scheduler.search.construct import construct
from scheduler.search.decode.engine import FactorySearch
from scheduler.search.decode.spoken import why_unsupported


def random_case(seed: int) -> Iterator[Case]:
    if seed % 3 == 2:
        instance = random_plant(seed)
        return cases(instance, construct(instance, MAKESPAN, time_limit=0.0), seed)
    make = (random_fleet_instance, random_mover_instance)[seed % 3]
    instance = make(seed, 3 + seed % 5, without=("deadlines",))
    nothing = Schedule(())
    return cases(instance, right_shift(replace(instance, execution=Execution(0, nothing)), nothing), seed)


def assert_all_engines(first: int, last: int) -> int:
    """Check right shifts, constructions and decoded schedules, and that the model has what the checker passes.

    The model may lack some where a vehicle with a battery was on its way when that became slow: it counts a little more
    drain than there is.
    """
    seen = 0
    for seed in range(first, last):
        for after, shifted in random_case(seed):
            seen += any(group.slowdowns for group in after.group_by_id.values())
            found = [shifted, construct(after, MAKESPAN, time_limit=0.0)]
            if why_unsupported(after) is None:
                search = FactorySearch.of(after, MAKESPAN, seed, lambda *_: None)
                found.append(None if search is None else search.first())
            assert [flagged(after, schedule) for schedule in found if schedule is not None] == [[]] * (
                len(found) - found.count(None)
            ), seed
            if not after.battery_by_vehicle:
                assert hint_status(after, shifted) is Status.FEASIBLE, seed
                assert all(fixed_status(after, s) is Status.FEASIBLE for s in found[1:] if s is not None), seed
    return seen


def test_engines_keep_to_slow_ways() -> None:
    assert assert_all_engines(0, 12) > 10


@pytest.mark.slow
def test_engines_keep_to_slow_ways_at_length() -> None:
    assert assert_all_engines(12, 300) > 100


def is_proved_optimal(instance: Instance, slow: tuple[Slowdown, ...], seed: int) -> bool:
    """Return whether CP-SAT proves what the oracle finds with these slow ways; False where nothing can be compared."""
    slowed = replace(
        instance,
        cells=tuple(replace(cell, slowdowns=slow) for cell in instance.cells),
        fleets=tuple(replace(fleet, slowdowns=slow) for fleet in instance.fleets),
        objective="makespan",
    )
    if not slowed.group_by_id:
        return False
    try:
        best = optimum(slowed, "makespan", max_nodes=3_000)
    except (TooHardError, ValueError):
        return False
    result = solve(slowed, time_limit=20, workers=1)
    assert (best is None) == (result.schedule is None), seed
    if best is None:
        return False
    assert result.schedule is not None
    assert_valid(slowed, result.schedule)
    assert (result.terms["makespan"], result.status) == (best[0], Status.OPTIMAL), seed
    return True


@pytest.mark.parametrize("first", [0, *(pytest.param(first, marks=pytest.mark.slow) for first in range(20, 80, 20))])
def test_slow_ways_from_the_start_are_proved_optimal(first: int) -> None:
    # Where nothing has happened yet, the oracle knows slow ways too.
    proved = 0
    for seed in range(first, first + 20):
        instance = (random_fleet_instance if seed % 2 else random_mover_instance)(seed, 3, without=("deadlines",))
        slow = tuple(Slowdown(0, None, 40 + 10 * (seed % 5)) for _ in range(1 + seed % 2))
        proved += is_proved_optimal(instance, slow, seed)
    assert proved > 2


@pytest.mark.parametrize(
    ("first", "end"), [(1, 41), *(pytest.param(first, first + 60, marks=pytest.mark.slow) for first in (41, 101))]
)
def test_several_parts_on_ways_that_are_to_be_faster_are_proved_optimal(first: int, end: int) -> None:
    # With odd seeds all carriers hold two parts; of some stretches of seeds few are small enough for the oracle.
    proved = 0
    for seed in range(first, end, 2):
        instance = random_mover_instance(seed, 3, without=("deadlines",))
        slow = tuple(Slowdown(0, None, 40 + 10 * (seed % 5), 6 + 5 * number) for number in range(1 + seed % 2))
        proved += is_proved_optimal(instance, slow, seed)
    assert proved > 2

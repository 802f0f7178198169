"""Slow ways with a known end for vehicles with batteries: they may wait for faster ways, which drain less."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from charging_cases import least_makespan, random_errand, random_plant
from cpsat.fixing import fixed_status, hint_status
from cpsat.proving import shortest
from helpers import assert_valid, flagged
from oracle_parking import least_makespan as least_in_ticks
from parking_task_cases import random_task_instance
from repair_cases import repaired, revised
from slow_ways_cases import battery_cart, cases, decoded
from test_slow_parking import slow_until

from scheduler.constraints.facts import tasks
from scheduler.constraints.stops import stretches_of
from scheduler.constraints.travel import travel_time
from scheduler.domain import Battery, Charger, ChargeStep, Instance, Objective, Schedule, Slowdown, Status
from scheduler.domain.events import RouteSlow
from scheduler.domain.happened import execution_of
from scheduler.io.validate import defects
from scheduler.search.construct import construct

MAKESPAN = Objective.parse("makespan")


def engines(instance: Instance) -> Iterator[Schedule | None]:
    """Yield what construction and factory search find."""
    yield construct(instance, MAKESPAN, time_limit=0.0)
    yield decoded(instance)


# --- by hand -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "times"),
    [
        # 8 units to M1, slowly; then the ways are fast, and 4 are left for the way to M2.
        (12, [(0, 8), (8, 12)]),
        # It waits until 6, since 8 and 4 would be one too many.
        (11, [(6, 10), (10, 14)]),
        (8, [(6, 10), (10, 14)]),
        (7, None),
    ],
)
def test_a_vehicle_waits_for_ways_that_drain_less(level: int, times: list[tuple[int, int]] | None) -> None:
    instance = slow_until(battery_cart(level), 6)
    found = [shortest(instance).schedule, *engines(instance)]
    for schedule in found:
        assert (schedule is None) == (times is None)
        if schedule is not None:
            assert_valid(instance, schedule)
            assert [(move.start, move.end) for move in schedule.moves] == times
            assert hint_status(instance, schedule) is Status.FEASIBLE
    for_ever = slow_until(battery_cart(15))
    for_ever = replace(for_ever, fleets=(replace(for_ever.fleets[0], slowdowns=(Slowdown(0, None, 50),)),))
    assert [shortest(for_ever).schedule, *engines(for_ever)] == [None, None, None]


def test_a_way_that_begins_before_the_end_is_slow_and_drains_so() -> None:
    instance = slow_until(battery_cart(12), 6)
    best = shortest(instance).schedule
    assert best is not None
    early, loaded = best.moves
    earlier = replace(best, moves=(replace(early, start=0, end=4), loaded))
    assert ("movers", "vehicle V", 4) in flagged(instance, earlier)
    # One that sets out a tick before the end is slow, one that sets out then is not.
    late = replace(best, moves=(replace(early, start=5, end=9), loaded))
    assert ("movers", "vehicle V", 4) in flagged(instance, late)


def test_a_vehicle_goes_to_its_charger_when_that_takes_less() -> None:
    # 6 units are left, 2 of which are the minimum: 4 are enough for the way to the charger from 9 on. With 8 more, in 2
    # ticks, it gets to M1 at 19 and to M2 at 23.
    cart = battery_cart(6).fleets[0]
    battery = Battery(20, (ChargeStep(20, 4),), 6, 2, drain_loaded=1, drain_empty=1)
    travel = {p: {q: 4 for q in ("P", "M1", "M2", "PLUG") if q != p} for p in ("P", "M1", "M2", "PLUG")}
    vehicles = (replace(cart.vehicles[0], battery=battery),)
    fleet = replace(cart, vehicles=vehicles, travel=travel, chargers=(Charger("C", "PLUG"),))
    instance = slow_until(replace(battery_cart(6), fleets=(fleet,)), 9)
    for found in (shortest(instance).schedule, *engines(instance)):
        assert found is not None
        assert_valid(instance, found)
        (charge,) = found.charges
        assert (charge.start, charge.from_level) == (13, 2)
        assert found.makespan == 25 + charge.end - charge.start - 2
    assert shortest(instance).schedule.makespan == 25


def test_a_right_shift_counts_on_the_end() -> None:
    # At 2 the cart is on its way to M1, [0, 4); J1 goes on to M2 at 4, slowly, or from 7 on.
    instance = battery_cart(20)
    plan = construct(instance, MAKESPAN, time_limit=0.0)
    assert plan is not None
    after, result = repaired(instance, plan, 2, RouteSlow("E", 2, "carts", 25, until=7))
    assert after.fleets[0].slowdowns == (Slowdown(2, None, 25, 7),)
    assert [(move.job, move.start, move.end) for move in result.moves] == [(None, 0, 4), ("J1", 7, 11)]
    assert hint_status(after, result) is fixed_status(after, result) is Status.FEASIBLE
    for_ever = revised(instance, plan, 2, RouteSlow("F", 2, "carts", 25))
    assert shortest(for_ever).schedule.makespan == 4 + 16 + 2


def test_a_job_that_waits_on_board_for_faster_ways_is_not_under_way_for_longer() -> None:
    # With room for two the cart lifts J1 at 8 and waits with it until 10; slowly it would be at M2 at 16.
    cart = battery_cart(20).fleets[0]
    fleet = replace(cart, vehicles=(replace(cart.vehicles[0], capacity=2),))
    instance = slow_until(replace(battery_cart(20), fleets=(fleet,)), 10)
    best = shortest(instance).schedule
    assert best is not None
    assert best.makespan == 16
    move = next(move for move in best.moves if move.job is not None)
    (stretch,) = stretches_of(fleet, fleet.vehicles[0], tasks(instance, best, "V"))
    assert stretch.busy == travel_time(fleet, fleet.vehicles[0], "M1", "M2", 10) == 4
    assert (move.end, stretch.busy) == (14, 4)
    assert_valid(instance, best)


# --- random ----------------------------------------------------------------------------------------------------------


def slow_errand(seed: int, capacity: int) -> Instance:
    """Return a `random_errand` whose ways are slow until a tick or two."""
    random = Random(seed)
    speeds = [random.choice((30, 50, 70)) for _ in range(1 + (seed % 4 == 0))]
    slow = tuple(Slowdown(0, None, speed, random.choice((4, 8, 12, 18))) for speed in speeds)
    instance = random_errand(seed, capacity)
    return replace(instance, fleets=tuple(replace(fleet, slowdowns=slow) for fleet in instance.fleets))


def long(seeds: range) -> Iterator[object]:
    return (pytest.param(seed, marks=pytest.mark.slow) for seed in seeds)


@pytest.mark.parametrize("capacity", [1, 2])
@pytest.mark.parametrize("seed", [*range(6), *long(range(6, 100))])
def test_everything_tried_out_is_no_better(seed: int, capacity: int) -> None:
    instance = slow_errand(seed, capacity)
    best, found = least_makespan(instance), shortest(instance)
    assert found.status is (Status.INFEASIBLE if best is None else Status.OPTIMAL)
    if best is not None:
        assert found.schedule is not None
        assert_valid(instance, found.schedule)
        assert hint_status(instance, found.schedule) is Status.FEASIBLE
        assert found.schedule.makespan == best
    for schedule in engines(instance):
        if schedule is not None:
            assert flagged(instance, schedule) == []
            assert fixed_status(instance, schedule) is Status.FEASIBLE


@pytest.mark.parametrize(
    ("seed", "capacity"),
    [(0, 1), (8, 2), *(pytest.param(*case, marks=pytest.mark.slow) for case in ((3, 1), (6, 1), (0, 2)))],
)
def test_the_model_and_the_world_in_ticks_agree_in_limited_parking(seed: int, capacity: int) -> None:
    instance = random_task_instance(seed, capacity=capacity)
    if defects(instance):
        return
    untils = (5 + seed % 9, 11 + seed % 9)[: 1 + seed % 2]
    instance = slow_until(instance, *untils, speed=(40, 50, 70)[seed % 3])
    best = shortest(instance)
    if best.status is Status.INFEASIBLE:
        assert least_in_ticks(instance, 18) is None
        return
    assert best.status is Status.OPTIMAL
    assert_valid(instance, best.schedule)
    assert hint_status(instance, best.schedule) is Status.FEASIBLE
    assert least_in_ticks(instance, best.schedule.makespan) == best.schedule.makespan


def assert_all_engines(instance: Instance, seed: int) -> int:
    """Let ways become slow and other things happen; return how many schedules were looked at.

    Where travel drains less than waiting, the model counts a little more than a way under way drains.
    """
    seen = 0
    for after, shifted in cases(instance, construct(instance, MAKESPAN, time_limit=0.0), seed):
        at = seed, execution_of(after).now
        is_exact = all(b.drain_empty >= b.drain_idle for b in after.battery_by_vehicle.values())
        assert not is_exact or hint_status(after, shifted) is Status.FEASIBLE, at
        for found in (shifted, *engines(after)):
            if found is not None:
                assert flagged(after, found) == [], at
                assert not is_exact or fixed_status(after, found) is Status.FEASIBLE, at
                seen += 1
    return seen


@pytest.mark.parametrize("seed", [*range(4), *long(range(4, 60))])
@pytest.mark.parametrize("kind", ["one job", "two jobs", "limited"])
def test_engines_keep_to_slow_ways(seed: int, kind: str) -> None:
    if kind == "limited":
        instance = random_task_instance(seed, jobs=3, capacity=1 + seed % 4 // 2)
    else:
        instance = random_plant(seed, capacity=1 if kind == "one job" else 2)
    if not defects(instance):
        assert_all_engines(instance, seed)

"""Slow ways and the carriers under way: the past took as long as it took, for clocks and for batteries."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cpsat.fixing import fixed_status, hint_status
from helpers import assert_valid, constructed, distances, empty, flagged, transport
from repair_cases import repaired, revised
from slow_ways_cases import MAKESPAN, battery_cart, carts, decoded

from scheduler.cpsat.solve import improve
from scheduler.domain import Battery, Charger, ChargeStep, Status, Stop
from scheduler.domain.events import OperationDelayed, Revision, RouteSlow, revise
from scheduler.rescheduling.right_shift import right_shift
from scheduler.search.construct import construct


@pytest.mark.parametrize(
    ("now", "moves"),
    [
        # At 7 the cart is on its way to M2, [4, 8); it is at M1 again 8 ticks later.
        (7, [("J1", 4, 8), (None, 8, 16), ("J2", 16, 24)]),
        # At 9 it has been on its way to M1 since 8: it gets there at 12, as it was to.
        (9, [("J1", 4, 8), (None, 8, 12), ("J2", 12, 20)]),
    ],
)
def test_travel_under_way_is_as_fast_as_it_began(now: int, moves: list[tuple[str | None, int, int]]) -> None:
    baseline = constructed(carts(), "makespan")
    assert baseline is not None
    after, result = repaired(carts(), baseline, now, RouteSlow("E", now, "carts", 50))
    assert [(m.job, m.start, m.end) for m in result.moves][1:] == moves
    rebuilt = constructed(after, "makespan")
    assert rebuilt is not None
    assert rebuilt.makespan == result.makespan
    assert hint_status(after, result) is fixed_status(after, result) is Status.FEASIBLE


def test_a_vehicle_under_way_goes_on_and_waits_where_it_is_wanted() -> None:
    # Under way from P to M1 since 0 when ways take 8 ticks, from 2 on; J1 is ready at M1 at 14 instead of 4. The cart
    # is there at 4, for 4 units, and takes J1 to M2 for 8. From 6 on the way to M1 would take 8 units too.
    events = (RouteSlow("E", 2, "carts", 50), OperationDelayed("F", 2, "J1", "1", delay=10))
    plan = construct(battery_cart(12), MAKESPAN, time_limit=0.0)
    assert plan is not None
    after, result = repaired(battery_cart(12), plan, 2, *events)
    assert [(m.job, m.start, m.end) for m in result.moves] == [(None, 0, 4), ("J1", 14, 22)]
    assert hint_status(after, result) is fixed_status(after, result) is Status.FEASIBLE
    best = improve(
        after, MAKESPAN, start=None, time_limit=60.0, workers=1, seed=0, on_progress=lambda *_: None, stop=Stop()
    )
    assert best.status is Status.OPTIMAL
    assert best.schedule == result
    # The past stays as it is: at 15 there are 8 units left for the way to M2, at any later instant too.
    later = revise(after, Revision(15, 0, (), result))
    assert right_shift(later, result) == result
    assert hint_status(later, result) is Status.FEASIBLE


def test_construction_and_factory_search_count_a_way_under_way_as_the_schedule_does() -> None:
    # 12 units are enough only if the way to M1 takes 4 of them; 11 are not.
    events = (RouteSlow("E", 2, "carts", 50), OperationDelayed("F", 2, "J1", "1", delay=10))
    plan = construct(battery_cart(12), MAKESPAN, time_limit=0.0)
    assert plan is not None
    after, result = repaired(battery_cart(12), plan, 2, *events)
    assert construct(after, MAKESPAN, time_limit=0.0) == result
    assert decoded(after) == result
    # The same once it has been there for long.
    later = revise(after, Revision(8, 0, (), result))
    assert construct(later, MAKESPAN, time_limit=0.0) == result
    assert decoded(later) == result
    short = revised(battery_cart(11), replace(plan, operations=plan.operations), 2, *events)
    assert construct(short, MAKESPAN, time_limit=0.0) is None
    assert decoded(short) is None


def test_a_vehicle_under_way_to_its_charger_gets_there() -> None:
    # From 2 on the way from P to the charger, [0, 4), would take 8 units of the 10, and 3 have to be left. Then it
    # charges 14 units: 8 to M1, 8 to M2, which leaves 4.
    instance = battery_cart(10)
    battery = Battery(20, (ChargeStep(20, 14),), 10, 3, drain_loaded=1, drain_empty=1)
    vehicle = replace(instance.fleets[0].vehicles[0], battery=battery)
    fleet = replace(
        instance.fleets[0],
        vehicles=(vehicle,),
        travel=distances("P M1 M2 PLUG", 4),
        chargers=(Charger("C", "PLUG"),),
    )
    instance = replace(instance, fleets=(fleet,))
    plan = construct(instance, MAKESPAN, time_limit=0.0)
    assert plan is not None
    assert [(charge.start, charge.from_level) for charge in plan.charges] == [(4, 6)]
    after = revised(instance, plan, 2, RouteSlow("E", 2, "carts", 50))
    for found in (construct(after, MAKESPAN, time_limit=0.0), decoded(after)):
        assert found is not None
        assert_valid(after, found)
        assert [(charge.start, charge.from_level) for charge in found.charges] == [(4, 6)]
        assert [(m.job, m.start) for m in found.moves] == [(None, 0), (None, 5), ("J1", 13)]
        assert fixed_status(after, found) is Status.FEASIBLE


def test_a_battery_that_is_too_small_even_for_the_way_under_way() -> None:
    events = (RouteSlow("E", 2, "carts", 50), OperationDelayed("F", 2, "J1", "1", delay=10))
    plan = construct(battery_cart(11), MAKESPAN, time_limit=0.0)
    assert plan is not None
    after = revised(battery_cart(11), plan, 2, *events)
    assert right_shift(after, plan) is None
    best = improve(
        after, MAKESPAN, start=None, time_limit=60.0, workers=1, seed=0, on_progress=lambda *_: None, stop=Stop()
    )
    assert best.status is Status.INFEASIBLE


def test_a_vehicle_whose_battery_waiting_drains_more_sets_out_later() -> None:
    # Under way for 4 ticks it would wait for 10; from 6 on it is under way for 8, which costs nothing.
    instance = battery_cart(40, drain_empty=0, drain_idle=1)
    plan = construct(instance, MAKESPAN, time_limit=0.0)
    assert plan is not None
    events = (RouteSlow("E", 2, "carts", 50), OperationDelayed("F", 2, "J1", "1", delay=10))
    _, result = repaired(instance, plan, 2, *events)
    assert [(m.job, m.start, m.end) for m in result.moves] == [(None, 6, 14), ("J1", 14, 22)]


def test_the_checker_judges_each_travel_by_what_was_in_force() -> None:
    baseline = constructed(carts(), "makespan")
    assert baseline is not None
    after, result = repaired(carts(), baseline, 7, RouteSlow("E", 7, "carts", 50))
    loaded = [m for m in result.moves if m.job is not None]

    def with_second(start: int, end: int, *way: tuple[int, int]) -> list[tuple[str, str, int]]:
        moves = [m for m in result.moves if m.end <= 8]
        moves += [empty("M2>M1", "V", *times) for times in way]
        moves.append(replace(loaded[1], start=start, end=end))
        shift = end - loaded[1].end
        operations = tuple(
            replace(o, start=o.start + shift, end=o.end + shift) if o.key == ("J2", "2") else o
            for o in result.operations
        )
        return flagged(after, replace(result, operations=operations, moves=tuple(moves)))

    assert with_second(16, 24, (8, 16)) == []
    assert with_second(16, 20, (8, 16)) == [("moves", "J2 on V", 4)]  # as long as it usually is
    assert with_second(16, 24, (8, 12)) == [("movers", "vehicle V", 4)]  # an empty move as it usually is
    assert ("movers", "vehicle V", 1) in with_second(15, 23, (7, 15))  # not there yet
    assert loaded[0] == transport("J1 1>2", "M1>M2", "V", 4, 8)

"""The model of batteries: optima by hand and by trying everything out, complete hints, neighbourhoods."""

from __future__ import annotations

from dataclasses import replace

import pytest
from charging_cases import BATTERY, least_makespan, plant, random_errand, random_plant
from cpsat import fixing
from cpsat.fixing import fixed_status, hint_status
from helpers import Enough, assert_valid, simple_job

from scheduler.cpsat.kept import Kept
from scheduler.cpsat.solve import Outcome, build, improve
from scheduler.cpsat.subproblem import subproblem
from scheduler.domain import Battery, ChargeStep, Instance, Objective, Schedule, Status, Stop
from scheduler.domain.events import BatteryLow, ChargerDown, Revision, RouteSlow, VehicleDown, revise
from scheduler.domain.happened import execution_of
from scheduler.io import validate
from scheduler.portfolio import solve
from scheduler.rescheduling.right_shift import right_shift
from scheduler.search.construct import construct
from scheduler.search.decode.engine import FactorySearch
from scheduler.search.decode.spoken import why_unsupported as why_not_spoken
from scheduler.search.tabu.arrays import why_unsupported

MAKESPAN = Objective.parse("makespan")


def solved(instance: Instance, start: Schedule | None = None, workers: int = 1) -> Outcome:
    """Solve by the model alone."""
    return improve(
        instance,
        MAKESPAN,
        start=start,
        time_limit=30,
        workers=workers,
        seed=0,
        on_progress=lambda value, bound: None,
        stop=Stop(),
    )


def assert_everything_tried_out_is_no_better(seed: int, capacity: int = 1) -> None:
    instance = random_errand(seed, capacity)
    found = solved(instance)
    best = least_makespan(instance)
    assert found.status is (Status.INFEASIBLE if best is None else Status.OPTIMAL)
    if found.schedule is not None:
        assert_valid(instance, found.schedule)
        assert found.schedule.makespan == best


def assert_engines_agree(seed: int, capacity: int = 1) -> None:
    instance = random_plant(seed, capacity=capacity)
    if validate.defects(instance):
        return
    constructed = construct(instance, MAKESPAN, time_limit=0.05)
    result = solved(instance, constructed, workers=2)
    assert result.status in (Status.OPTIMAL, Status.INFEASIBLE)
    if constructed is not None:
        assert_valid(instance, constructed)
        assert hint_status(instance, constructed) is Status.FEASIBLE
        assert result.schedule is not None
        assert result.schedule.makespan <= constructed.makespan
    if result.schedule is not None:
        assert_valid(instance, result.schedule)


@pytest.mark.parametrize("seed", range(24))
def test_everything_tried_out_is_no_better(seed: int) -> None:
    assert_everything_tried_out_is_no_better(seed)


@pytest.mark.parametrize("seed", range(24))
def test_everything_tried_out_is_no_better_with_two_jobs_on_board(seed: int) -> None:
    assert_everything_tried_out_is_no_better(seed, 2)


def test_two_jobs_on_board_are_often_better_than_one() -> None:
    better = sum(least_makespan(random_errand(seed, 2)) != least_makespan(random_errand(seed)) for seed in range(24))
    assert better >= 6


@pytest.mark.parametrize("seed", [seed for seed in range(0, 30, 3) if seed != 18])
def test_engines_agree_with_two_jobs_on_board(seed: int) -> None:
    assert_engines_agree(seed, 2)


@pytest.mark.parametrize("seed", [seed for seed in range(30) if seed not in (7, 18)])  # those take seconds to prove
def test_engines_agree(seed: int) -> None:
    assert_engines_agree(seed)


@pytest.mark.slow
def test_everything_tried_out_on_many_instances() -> None:
    for seed in range(1000):
        assert_everything_tried_out_is_no_better(seed, 1 + seed % 2)


@pytest.mark.slow
def test_engines_agree_on_many_instances() -> None:
    for seed in range(300):
        assert_engines_agree(seed)


def test_no_charger_is_needed_after_the_last_move() -> None:
    # J1 is brought during [0, 5), for 2 * 5 of the 12 units: 2 are left at M1, just the minimum, and the charger is 3
    # away. J1 is done at 5 + 3 = 8, which nothing beats. With a unit less V1 has to charge first:
    # 12 units at the dock are 15 at the charger, where it is at 3 with 8: for 2 ticks. Back at 8, J1 is done at 16.
    for initial, least in ((12, 8), (11, 16)):
        instance = replace(plant(replace(BATTERY, initial=initial), jobs=0), jobs=(simple_job("J1", ("M1", 3)),))
        result = solve(instance, objective=MAKESPAN, time_limit=30, workers=1)
        assert result.status is Status.OPTIMAL
        assert result.schedule is not None
        assert result.schedule.makespan == least


def test_optimum_has_a_complete_hint() -> None:
    for vehicles in (1, 2):
        instance = plant(vehicles=vehicles, jobs=2)
        result = solve(instance, time_limit=30, workers=2)
        assert result.schedule is not None
        assert result.status is Status.OPTIMAL
        assert_valid(instance, result.schedule)
        assert hint_status(instance, result.schedule) is Status.FEASIBLE


def test_measured_levels_have_complete_hints() -> None:
    found = 0
    for seed in range(12):
        instance = random_plant(seed, 3)
        before = None if validate.defects(instance) else construct(instance, MAKESPAN, time_limit=0.0)
        if before is None or not before.charges:
            continue
        now = before.charges[0].start + 1
        event = BatteryLow("e", now, before.charges[0].vehicle, 6 + seed)
        after = revise(instance, Revision(now, 0, (event,), before))
        shifted = right_shift(after, execution_of(after).baseline)
        if shifted is not None:
            found += 1
            assert hint_status(after, shifted) is Status.FEASIBLE
    assert found >= 6


def test_every_engine_charges_from_levels_below_zero_where_that_is_conceded() -> None:
    made, below = 0, 0
    for seed in (*range(6), *range(10, 16)):
        instance = random_plant(seed, 2)
        (fleet,) = instance.fleets
        low = (
            replace(v, battery=replace(v.battery, minimum=-12, initial=seed % 4)) for v in fleet.vehicles if v.battery
        )
        instance = replace(instance, fleets=(replace(fleet, vehicles=tuple(low)),))
        found = [construct(instance, MAKESPAN, time_limit=0.0), solved(instance).schedule]
        if why_not_spoken(instance) is None:
            search = FactorySearch.of(instance, MAKESPAN, seed, lambda *_: None)
            found.append(None if search is None else search.first())
        for schedule in found:
            if schedule is not None:
                assert_valid(instance, schedule)
                assert fixed_status(instance, schedule) is Status.FEASIBLE, seed
                made += 1
                below += any(charge.from_level < 0 for charge in schedule.charges)
    assert made > 20
    assert below > 10


@pytest.mark.parametrize("seed", [4, 7, 9])
def test_ways_that_were_under_way_when_others_became_slow_have_complete_hints(seed: int) -> None:
    # They take, and drain, what they did when they began, to a charger as to a pick-up, standing or not.
    instance, found = random_plant(seed, 2), 0
    before = construct(instance, MAKESPAN, time_limit=0.0)
    assert before is not None
    for now in (move.start + 1 for move in before.moves if move.job is None):
        after = revise(instance, Revision(now, 0, (RouteSlow("e", now, "AGV", 60),), before))
        shifted = right_shift(after, execution_of(after).baseline)
        if shifted is not None:
            found += 1
            assert_valid(after, shifted)
            assert hint_status(after, shifted) is Status.FEASIBLE
    assert found >= 4


@pytest.mark.parametrize("seed", [5, 8, 20, 26, 47])
def test_repairs_with_several_jobs_on_board_have_complete_hints(seed: int) -> None:
    instance, found = random_plant(seed, 3, capacity=2), 0
    before = solved(instance, construct(instance, MAKESPAN, time_limit=0.05), workers=2).schedule
    assert before is not None
    vehicle, charger = instance.fleets[0].vehicles[0].id, instance.fleets[0].chargers[0].id
    for now in range(2, before.makespan, 5):
        events = (
            BatteryLow("e", now, vehicle, instance.battery_by_vehicle[vehicle].capacity // 2),
            VehicleDown("e", now, vehicle, now + 4),
            ChargerDown("e", now, charger, now + 6),
            RouteSlow("e", now, "AGV", 60),
        )
        after = revise(instance, Revision(now, 0, (events[now // 5 % 4],), before))
        shifted = right_shift(after, execution_of(after).baseline)
        if shifted is not None:
            found += 1
            assert_valid(after, shifted)
            assert hint_status(after, shifted) is Status.FEASIBLE
        constructed = construct(after, MAKESPAN, time_limit=0.0)
        if constructed is not None:
            assert_valid(after, constructed)
    assert found >= 3


def test_a_battery_that_is_large_enough_costs_nothing() -> None:
    large = plant(Battery(1000, (ChargeStep(1000, 1),), 1000, 0, 2, 1, 1))
    without = plant(None)
    assert solved(large).schedule.makespan == solved(without).schedule.makespan


def test_without_batteries_the_model_is_as_it_was() -> None:
    ctx = build(plant(None))
    names = [variable.name for variable in ctx.model.proto.variables]
    assert not any(name.startswith(("direct", "charge", "free_at", "plugged")) for name in names)
    assert ctx.carriers.turns == {}


def test_the_compiled_search_leaves_batteries_to_the_others() -> None:
    assert why_unsupported(plant()) == "batteries"
    assert why_unsupported(plant(None)) is None


@pytest.mark.parametrize("size", [0, 3, 14])
def test_neighbourhoods_hold_the_schedule_that_they_come_from(size: int) -> None:
    instance = plant(jobs=7, vehicles=2)
    schedule = construct(instance, MAKESPAN, time_limit=0.0)
    assert schedule is not None
    sub = subproblem(instance, schedule, [o.key for o in schedule.operations[:size]])
    ctx = build(sub.instance, kept=Kept(sub.instance, sub.schedule, sub.free))
    ctx.hint(sub.schedule)
    assert sub.schedule.charges == schedule.charges
    assert fixing.solve(ctx, fix_variables_to_their_hinted_value=True)[0] is Status.FEASIBLE


def test_neighbourhoods_hold_a_schedule_with_two_jobs_on_board() -> None:
    # Between a pick-up and the one before it there is no gap for a charge then.
    instance = random_plant(5, 3, capacity=2)
    schedule = solved(instance, workers=2).schedule
    assert schedule is not None
    carried = [move for move in schedule.moves if move.job is not None]
    assert any(a.mover == b.mover and a.start < b.start < a.end for a in carried for b in carried)
    for size in (0, 1, 3):
        sub = subproblem(instance, schedule, [o.key for o in schedule.operations[:size]])
        ctx = build(sub.instance, kept=Kept(sub.instance, sub.schedule, sub.free))
        ctx.hint(sub.schedule)
        assert fixing.solve(ctx, fix_variables_to_their_hinted_value=True)[0] is Status.FEASIBLE


def test_polishing_keeps_charges_right() -> None:
    instance = plant(jobs=5, vehicles=2)
    enough = Enough(2, lambda point: point.engine == "polish")
    result = solve(instance, time_limit=2, workers=2, stop=enough, on_progress=enough.hear)
    assert result.schedule is not None
    assert result.schedule.charges != ()
    assert_valid(instance, result.schedule)


def test_only_vehicles_that_return_have_a_gap_behind_their_last_move() -> None:
    # Variables of a gap that no constraint mentions could have any value, and be read as a charge.
    for returns in (False, True):
        ctx = build(plant(jobs=1, returns=returns))
        names = [variable.name for variable in ctx.model.proto.variables]
        assert any("V1:return" in name for name in names) == returns
        assert (ctx.carriers.gap("V1", None) is not None) == returns
        assert len(ctx.model.proto.variables) == len(names)

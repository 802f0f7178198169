"""Right shift and repair with batteries: charges keep their order, last longer where a delay drains, come and go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from charging_cases import BATTERY, plant, random_plant
from helpers import assert_valid, at, executed, simple_job, transport
from strategies import random_events

import scheduler
from scheduler.domain import (
    Charge,
    Charger,
    ChargeStep,
    Correction,
    Instance,
    Mode,
    Objective,
    Operation,
    Schedule,
    Status,
)
from scheduler.domain.batteries import levels
from scheduler.domain.events import (
    BatteryLow,
    ChargerDown,
    ClockTick,
    Event,
    JobCancelled,
    MachineBreakdown,
    OperationDelayed,
    Pin,
    Retraction,
    Revision,
    Rework,
    RouteSlow,
    RushOrder,
    revise,
)
from scheduler.errors import EventError
from scheduler.io import validate
from scheduler.rescheduling import Repair, repair
from scheduler.rescheduling.draft import Draft
from scheduler.rescheduling.loose import without
from scheduler.rescheduling.right_shift import shift
from scheduler.search.construct import construct

MAKESPAN = Objective.parse("makespan")


def constructed(instance: Instance) -> Schedule | None:
    return construct(instance, MAKESPAN, time_limit=0.0)


def shifted(instance: Instance, baseline: Schedule, *happened: Event) -> Repair:
    outcome = repair(instance, baseline, happened, policy="right-shift", time_limit=5)
    assert outcome.result.schedule is not None
    assert_valid(outcome.instance, outcome.result.schedule)
    return outcome


@pytest.fixture(scope="module")
def baseline() -> Schedule:
    schedule = constructed(plant())
    assert schedule is not None
    assert len(schedule.charges) >= 3
    return schedule


def test_what_has_happened_stays(baseline: Schedule) -> None:
    second = baseline.charges[1]
    now = second.start + 1
    outcome = shifted(plant(), baseline, MachineBreakdown("e", now, "M2", now + 5, "resume"))
    assert outcome.instance.execution is not None
    assert outcome.instance.execution.charges == baseline.charges[:2]
    assert outcome.result.schedule is not None
    assert outcome.result.schedule.charges[:2] == baseline.charges[:2]
    assert len(outcome.result.schedule.charges) == len(baseline.charges)


@pytest.mark.parametrize(("delay", "charge"), [(9, (8, 11)), (14, (8, 12)), (20, (8, 15))])
def test_a_charge_lasts_longer_where_the_vehicle_waits_longer(delay: int, charge: tuple[int, int]) -> None:
    # J1 is brought during [0, 5): of 14 units 9 are left, 6 at the charger at 8, 17 when it leaves at 11. It goes back
    # and carries J1 on: 3 + 5. J1 is done at 8, with the delay at 17: it waits for 3 ticks, and 6 are left. Done at 22,
    # it would wait for 8: one unit is lacking. Done at 28, it would wait for 14; even full (at 13) 12 are 2 too many.
    battery = replace(BATTERY, initial=14, drain_loaded=1, drain_idle=1, curve=(BATTERY.curve[0], ChargeStep(20, 2)))
    instance = plant(battery, jobs=1)
    before = constructed(instance)
    assert before is not None
    assert [(c.start, c.end, c.from_level, c.to_level) for c in before.charges] == [(8, 11, 6, 17)]
    after = shifted(instance, before, OperationDelayed("e", 6, "J1", "1", delay=delay)).result.schedule
    assert after is not None
    assert [(c.start, c.end) for c in after.charges] == [charge]


def test_a_rush_order_is_carried_after_another_charge(baseline: Schedule) -> None:
    rush = RushOrder("e", 10, simple_job("J9", ("M2", 2), ("M1", 2), release_date=10))
    after = shifted(plant(), baseline, rush).result.schedule
    assert after is not None
    assert len(after.charges) > len(baseline.charges)


def test_a_charge_before_nothing_is_left_out(baseline: Schedule) -> None:
    last = max(baseline.completions, key=lambda job: baseline.completions[job])
    after = shifted(plant(), baseline, JobCancelled("e", 1, last)).result.schedule
    assert after is not None
    assert len(after.charges) < len(baseline.charges)


def test_a_delay_moves_charges_to_the_right(baseline: Schedule) -> None:
    first = min(baseline.operations, key=lambda o: o.start)
    delay = OperationDelayed("e", first.start, first.job, first.operation, delay=40)
    after = shifted(plant(), baseline, delay).result.schedule
    assert after is not None
    assert [c.charger for c in after.charges] == [c.charger for c in baseline.charges]
    assert after.makespan >= baseline.makespan


def test_a_charger_that_is_down_cuts_the_charge_under_way() -> None:
    # J1 is brought during [0, 5): 20 - 2 * 5 = 10 units are left, 7 at the charger at 8. It is down during [9, 12): the
    # vehicle has charged for a tick of 4 units.
    before = constructed(plant(jobs=1))
    assert before is not None
    (charge,) = before.charges
    assert (charge.start, charge.from_level) == (8, 7)
    outcome = shifted(plant(jobs=1), before, ChargerDown("e", 9, "C", 12))
    assert outcome.result.schedule is not None
    first, *more = outcome.result.schedule.charges
    assert first == Charge("V1", "C", 8, 9, 7, 11)
    assert all(later.start >= 12 for later in more)
    # Of two places one goes: whoever charges keeps the other.
    two = plant(jobs=1, places=2)
    outcome = shifted(two, before, ChargerDown("e", 9, "C", 12, 1))
    assert outcome.result.schedule is not None
    assert outcome.result.schedule.charges == before.charges


def test_a_level_that_is_lower_than_planned() -> None:
    # J1 is brought during [0, 5): 20 - 2 * 5 = 10 units are left. At 5 only 6 are: 3 at the charger at 8, above the
    # minimum of 2. With 4 it would have 1 there: it can't go anywhere any more.
    before = constructed(plant(jobs=1))
    assert before is not None
    outcome = shifted(plant(jobs=1), before, BatteryLow("e", 5, "V1", 6))
    assert outcome.result.schedule is not None
    (charge,) = outcome.result.schedule.charges
    assert (charge.start, charge.from_level) == (8, 3)
    assert outcome.instance.battery_by_vehicle["V1"].corrections == (Correction(5, -4),)
    stranded = repair(plant(jobs=1), before, [BatteryLow("e", 5, "V1", 4)], time_limit=5)
    assert (stranded.result.status, stranded.result.schedule) == (Status.INFEASIBLE, None)
    assert "battery of V1" in stranded.result.reason
    # Another vehicle takes over.
    two = plant(jobs=1, vehicles=2)
    taken_over = repair(two, before, [BatteryLow("e", 5, "V1", 4)], time_limit=2, workers=1)
    assert taken_over.result.schedule is not None
    assert_valid(taken_over.instance, taken_over.result.schedule)


def test_a_level_that_is_measured_while_charging() -> None:
    # After a tick at the charger 7 + 4 = 11 are counted, but 2 are found: 14 units take 3.5 of the 4 ticks that are
    # left, and the rest is too short for one more.
    before = constructed(plant(jobs=1))
    assert before is not None
    after = revise(plant(jobs=1), Revision(9, 0, (BatteryLow("e", 9, "V1", 2),), before))
    assert after.execution is not None
    assert after.execution.charges == (Charge("V1", "C", 8, 13, 7, 16),)
    back = revise(after, Revision(9, 0, (Retraction("r", 9, supersedes="e"),), after.execution.baseline))
    assert back.battery_by_vehicle["V1"].corrections == ()


def test_charges_wait_for_the_charger(baseline: Schedule) -> None:
    charge = baseline.charges[1]
    down = ChargerDown("e", charge.start - 1, "C", charge.start + 4)
    outcome = shifted(plant(), baseline, down)
    assert outcome.result.schedule is not None
    assert outcome.result.schedule.charges[1].start == charge.start + 4
    assert outcome.report is not None
    assert outcome.report.cascade_text.startswith("e -> charge of V1: 4 later (places of C)")


@pytest.mark.parametrize("now", [6, 7])
def test_a_charge_that_is_not_reached_takes_place_elsewhere(now: int) -> None:
    # J1 is brought during [0, 5): 20 - 2 * 5 = 10 units are left, and the vehicle is on its way to C, where it would
    # wait until 15, with 7 - 7 units. It goes on from M1 to D, 4 away, and leaves there as full as it was to leave C.
    instance = plant(replace(BATTERY, drain_idle=1), jobs=1)
    fleet = instance.fleets[0]
    travel = {**fleet.travel, "M1": {**fleet.travel["M1"], "DOCK": 4}}
    chargers = (Charger("C", "PLUG"), Charger("D", "DOCK"))
    instance = replace(instance, fleets=(replace(fleet, travel=travel, chargers=chargers),))
    before = constructed(instance)
    assert before is not None
    assert before.charges == (Charge("V1", "C", 8, 13, 7, 18),)
    after = shifted(instance, before, ChargerDown("e", now, "C", 15)).result.schedule
    level = 10 - (now - 5) - 4
    assert after.charges == (Charge("V1", "D", now + 4, now + 9, level, 18),)


def test_slow_ways_bring_charges_forward_and_elsewhere() -> None:
    # On ways that take more than twice as long vehicles wait for one another at the chargers, and drain meanwhile.
    instance = scheduler.load(Path(__file__).parents[2] / "instances" / "charging_hall.json")
    before = constructed(instance)
    assert before is not None
    for now, speed in ((12, 40), (40, 40), (61, 60), (96, 40), (117, 40), (145, 40)):
        after = revise(instance, Revision(now, 0, (RouteSlow("e", now, "amrs", speed),), before))
        found = shift(after, before)
        assert found.schedule is not None, (now, found.reason)
        assert_valid(after, found.schedule)


def test_no_more_places_are_down_than_there_are(baseline: Schedule) -> None:
    with pytest.raises(EventError, match="2 places are down of 1"):
        repair(plant(), baseline, [ChargerDown("e", 3, "C", 9, 2)])


def test_work_that_is_planned_anew_takes_its_charge_along() -> None:
    """Two charges, each before one move: once the first move is gone, nothing lies between them, and one is enough."""
    instance = executed(plant(jobs=2), Schedule(()), 0)
    first, second = Charge("V1", "C", 0, 2), Charge("V1", "C", 20, 22)
    moves = transport("J1 >1", "DOCK>M1", "V1", 10, 12), transport("J2 >1", "DOCK>M1", "V1", 30, 32)
    draft = Draft((at("J1.1", "M1", 15, 18), at("J2.1", "M1", 35, 38)), moves, charges=(first, second))
    assert without(instance, draft, frozenset()).charges == (first, second)
    assert without(instance, draft, frozenset({("J1", "1")})).charges == (first,)
    assert without(instance, draft, frozenset({("J2", "1")})).charges == (first,)


def plans(first: int, last: int) -> Iterator[tuple[int, Instance, Schedule, int]]:
    """Yield random plants, with their schedule and an instant in it."""
    for seed in range(first, last):
        instance = random_plant(seed, jobs=2 + seed % 3)
        before = None if validate.defects(instance) else constructed(instance)
        for quarter in range(4 if before is not None else 0):
            assert before is not None
            yield seed, instance, before, quarter * before.makespan // 4


@pytest.mark.parametrize("first", [158, *(pytest.param(first, marks=pytest.mark.slow) for first in range(0, 160, 20))])
def test_nothing_moves_where_nothing_happens(first: int) -> None:
    # The charge before the return stays: in its place others would last longer, and delay jobs.
    seen = 0
    for seed, instance, before, now in plans(first, first + 20):
        after = revise(instance, Revision(now, 0, (ClockTick("e", now),), before))
        found = shift(after, before).placed
        assert found is not None, seed
        assert (found.operations, found.charges) == (before.operations, before.charges), seed
        seen += 1
    assert seen > 20


@pytest.mark.parametrize("seed", [4, 20])
def test_a_charge_before_a_way_that_a_rework_takes_away_goes_with_it(seed: int) -> None:
    instance, seen = random_plant(seed, jobs=4), 0
    before = constructed(instance)
    assert before is not None
    for done in before.operations:
        fix = Operation("fix", (Mode("M1", 2),))
        try:
            event = Rework("e", done.end, done.job, done.operation, (fix,))
            after = revise(instance, Revision(done.end, 0, (event,), before))
        except EventError:
            continue  # the part is on its way already
        found = shift(after, before).placed
        if found is not None:
            seen += 1
            assert_valid(after, found)
    assert seen >= 3


def test_a_charge_before_the_return_goes_with_the_last_move() -> None:
    instance = random_plant(158, jobs=2)
    before = constructed(instance)
    assert before is not None
    vehicle = before.charges[-1].vehicle
    loaded = [move for move in before.by_mover[vehicle] if move.job is not None]
    assert before.charges[-1].start > loaded[-1].start
    draft = Draft(before.operations, tuple(loaded), charges=before.charges)
    after = revise(instance, Revision(0, 0, (ClockTick("e", 0),), before))
    assert before.charges[-1] in without(after, draft, frozenset()).charges
    last = (loaded[-1].job or "", loaded[-1].successor or "")
    assert before.charges[-1] not in without(after, draft, frozenset({last})).charges


@pytest.mark.parametrize("first", [0, 158, *(pytest.param(n, marks=pytest.mark.slow) for n in range(20, 140, 20))])
def test_new_jobs_delay_no_others_by_their_charges(first: int) -> None:
    seen = 0
    for seed, instance, before, now in plans(first, first + 20):
        new = replace(instance.jobs[seed % len(instance.jobs)], id="new", release_date=now)
        after = revise(instance, Revision(now, 0, (RushOrder("e", now, new),), before))
        found = shift(after, before).placed
        if found is None:
            continue
        assert_valid(after, found)
        if all(_gets_to_a_charger(instance, before, vehicle) for vehicle in instance.battery_by_vehicle):
            assert [o for o in found.operations if o.job != "new"] == list(before.operations), seed
            seen += len(found.charges) > len(before.charges)
    assert seen > 5


def _gets_to_a_charger(instance: Instance, schedule: Schedule, vehicle: str) -> bool:
    """Return whether a vehicle gets to a charger behind its last move, and waits for nobody there.

    Else it has to charge more before that.
    """
    battery, fleet = instance.battery_by_vehicle[vehicle], instance.fleet_by_vehicle[vehicle]
    if any(charger.places < len(fleet.vehicles) for charger in fleet.chargers):
        return False
    moves, charges = schedule.by_mover.get(vehicle, ()), schedule.by_vehicle.get(vehicle, ())
    place, level = instance.carrier_by_id[vehicle].start, battery.initial
    for item, _, after in levels(instance, vehicle, moves, charges):
        place = item.destination if not isinstance(item, Charge) else instance.charger_by_id[item.charger].place
        level = after
    way = min(fleet.travel_time(place, charger.place) for charger in fleet.chargers)
    return level - battery.drain_empty * way >= battery.minimum


@pytest.mark.parametrize("policy", ["right-shift", "reoptimise"])
def test_random_repairs_are_right(policy: str) -> None:
    repaired = 0
    for seed in range(40 if policy == "right-shift" else 8):
        instance = random_plant(seed, jobs=2 + seed % 2)
        before = None if validate.defects(instance) else constructed(instance)
        if before is None:
            continue
        happened = random_events(seed, instance, before, size=1 + seed % 3)
        outcome = repair(instance, before, happened, policy=policy, time_limit=0.5, workers=1)
        if outcome.result.schedule is not None:
            repaired += 1
            assert_valid(outcome.instance, outcome.result.schedule)
    assert repaired > (30 if policy == "right-shift" else 5)


@pytest.mark.parametrize("seed", [4, 9, 11, 18])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_new_job_that_needs_a_charge_moves_nothing_pinned(seed: int) -> None:
    # With the new job behind it, the vehicle would charge earlier, and bring what is pinned later.
    instance = random_plant(seed, jobs=3)
    before = constructed(instance)
    assert before is not None
    now = before.makespan // 4
    last = max(before.operations, key=lambda o: o.start)
    new = replace(instance.jobs[seed % 3], id="new", release_date=now)
    happened = (Pin("e1", now, last.job, last.operation), RushOrder("e2", now, new))
    outcome = repair(instance, before, happened, policy="right-shift", time_limit=0.5, workers=1)
    assert outcome.schedule is not None
    if outcome.degraded is None:
        assert outcome.schedule.by_operation[last.key].start == last.start

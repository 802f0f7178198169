"""Events that are retracted long after they have been answered: what has happened because of them stays."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from charging_cases import plant, random_plant
from helpers import assert_valid

from scheduler import load
from scheduler.domain import Correction, Instance, Objective, Schedule
from scheduler.domain.batteries import level_after, level_at
from scheduler.domain.events import BatteryLow, Event, JobCancelled, Retraction, Rework
from scheduler.domain.jobs import Mode, Operation
from scheduler.rescheduling import Repair, repair
from scheduler.search.construct import construct

INSTANCES = Path(__file__).parents[2] / "instances"


def constructed(instance: Instance) -> Schedule:
    schedule = construct(instance, Objective.parse("makespan"), time_limit=0.0)
    assert schedule is not None
    return schedule


def charging_plant(random: Random) -> tuple[Instance, Schedule]:
    """Return a random fleet that charges."""
    while True:
        instance = random_plant(random.randrange(1000), jobs=random.randint(3, 5), capacity=random.choice((1, 1, 2)))
        schedule = construct(instance, Objective.parse("makespan"), time_limit=0.0)
        if schedule is not None and schedule.charges:
            return instance, schedule


def shifted(instance: Instance, schedule: Schedule, event: Event) -> tuple[Repair, Schedule]:
    found = repair(instance, schedule, [event], policy="right-shift", time_limit=5)
    assert found.policy in ("right-shift", "absorb")
    assert found.result.schedule is not None
    assert_valid(found.instance, found.result.schedule)
    return found, found.result.schedule


def level_of(found: Repair, at: int) -> int:
    schedule = found.result.schedule
    assert schedule is not None
    return level_at(found.instance, "V1", schedule.by_mover["V1"], schedule.charges, at)


def test_a_measurement_that_was_wrong_before_a_charge_is_made_up_for_behind_it() -> None:
    # J1 is brought during [0, 5), which leaves 10 units. At 5 only 6 are found, so that 3 are left at the charger at 8.
    # As planned there would have been 7: what the same ticks would have led to from there is the level from now on.
    low, planned = shifted(plant(jobs=1), constructed(plant(jobs=1)), BatteryLow("e", 5, "V1", 6))
    (charge,) = planned.charges
    assert (charge.start, charge.from_level) == (8, 3)
    battery, now = low.instance.battery_by_vehicle["V1"], charge.end
    more = level_after(battery, 7, charge.end - 8) - charge.to_level
    assert more > 0
    back, schedule = shifted(low.instance, planned, Retraction("r", now, supersedes="e"))
    assert back.instance.battery_by_vehicle["V1"].corrections == (Correction(5, -4), Correction(now, more))
    assert schedule.charges == planned.charges
    assert level_of(back, now) == level_of(low, now) + more


def test_a_measurement_that_was_wrong_in_a_charge_under_way_is_made_up_for_in_it() -> None:
    low, planned = shifted(plant(jobs=1), constructed(plant(jobs=1)), BatteryLow("e", 5, "V1", 6))
    # After one of its ticks: 3 + 4 units, 7 + 4 as planned.
    back, schedule = shifted(low.instance, planned, Retraction("r", 9, supersedes="e"))
    assert back.instance.battery_by_vehicle["V1"].corrections == (Correction(5, -4), Correction(9, 4))
    (was,), (charge,) = planned.charges, schedule.charges
    assert (charge.from_level, level_of(back, 9)) == (3, 11)
    battery = back.instance.battery_by_vehicle["V1"]
    assert charge.to_level == level_after(battery, 11, charge.end - 9) > was.to_level


def test_a_measurement_that_was_wrong_is_forgotten_where_nothing_was_charged() -> None:
    low, planned = shifted(plant(jobs=1), constructed(plant(jobs=1)), BatteryLow("e", 5, "V1", 6))
    back, schedule = shifted(low.instance, planned, Retraction("r", 7, supersedes="e"))
    assert back.instance.battery_by_vehicle["V1"].corrections == ()
    assert [charge.from_level for charge in schedule.charges] == [7]


@pytest.mark.parametrize("seed", range(24))
def test_measurements_of_random_fleets_are_retracted(seed: int) -> None:
    random = Random(seed)
    instance, schedule = charging_plant(random)
    vehicle = random.choice(sorted({charge.vehicle for charge in schedule.charges}))
    at = random.randint(1, schedule.makespan // 2)
    battery = instance.battery_by_vehicle[vehicle]
    low = BatteryLow("e", at, vehicle, random.randint(battery.minimum, battery.capacity))
    found = repair(instance, schedule, [low], policy="right-shift", time_limit=5)
    assert found.schedule is not None
    if found.is_degraded:
        return  # it is stranded
    now = random.randint(at, found.schedule.makespan)
    back, after = shifted(found.instance, found.schedule, Retraction("r", now, supersedes="e"))
    past = [charge for charge in found.schedule.charges if charge.end <= now]
    assert past == [charge for charge in after.charges if charge.end <= now]
    assert level_at(back.instance, vehicle, after.by_mover.get(vehicle, ()), after.charges, now) >= 0


def test_a_part_goes_on_without_the_rework_that_is_not_needed_any_more() -> None:
    # J1 is done on M1 at 8. Its rework on M2 has a transport of its own, and nobody brings it on from M1 without it.
    instance = plant(None, jobs=2)
    planned = constructed(instance)
    first = planned.by_operation["J1", "1"]
    fix = Operation("fix", (Mode("M2", 20),))
    longer, schedule = shifted(instance, planned, Rework("e", first.end, "J1", "1", (fix,)))
    way = [(m.predecessor, m.successor) for m in schedule.moves if m.job == "J1" and m.predecessor is not None]
    assert way == [("1", "fix")]
    _, after = shifted(longer.instance, schedule, Retraction("r", first.end, supersedes="e"))
    assert ("J1", "fix") not in after.by_operation
    assert [(m.predecessor, m.successor) for m in after.moves if m.job == "J1"] == [(None, "1"), ("1", "2")]
    assert after.makespan < schedule.makespan


@pytest.mark.parametrize(("now", "operations"), [(2, {"1", "2"}), (7, {"1"})])
def test_a_cancelled_part_that_has_left_its_machine_does_not_come_back(now: int, operations: set[str]) -> None:
    # Plates are on the press during [0, 3) and go on to the drill without a buffer. Cancelled, they leave at 3; at 7
    # rods are on the drill, and could never swap with plates that were still on the press.
    instance = load(INSTANCES / "blocking_tiny.json")
    cancelled, planned = shifted(instance, constructed(instance), JobCancelled("e", 2, "plates"))
    assert [o.operation for o in planned.operations if o.job == "plates"] == ["1"]
    _, schedule = shifted(cancelled.instance, planned, Retraction("r", now, supersedes="e"))
    assert {o.operation for o in schedule.operations if o.job == "plates"} == operations

"""Vehicles that are too low for anything: which they are, which jobs need them, and that no schedule is overlooked."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from charging_cases import BATTERY, plant, random_plant
from helpers import simple_job

from scheduler.cpsat.solve import improve
from scheduler.domain import Instance, Objective, Status, Stop
from scheduler.domain.events import BatteryLow, Revision, revise
from scheduler.io import validate
from scheduler.rescheduling import repair
from scheduler.rescheduling.concessions import without_lost
from scheduler.rescheduling.stranded import left_behind, reachable, stranded
from scheduler.search.construct import construct

MAKESPAN = Objective.parse("makespan")


def measured(instance: Instance, level: int, now: int = 5) -> Instance:
    """Return the instance after a measurement; V1 has brought J1 to M1, 3 away from the charger, during [0, 5)."""
    before = construct(instance, MAKESPAN, time_limit=0.0)
    assert before is not None
    return revise(instance, Revision(now, now, (BatteryLow("e", now, "V1", level),), before))


def test_a_vehicle_is_stranded_if_it_gets_to_no_charger_and_makes_no_transport() -> None:
    # The charger takes 3 of the units above the minimum of 2, a transport 2 * (1 + 3 + 1).
    assert stranded(measured(plant(jobs=1), 5)) == frozenset()
    assert stranded(measured(plant(jobs=1), 4)) == {"V1"}
    assert reachable(measured(plant(jobs=1), 4)) == {"V1": 1}
    assert reachable(measured(plant(jobs=1), 2)) == {}
    # Where carrying costs nothing, it might go along with a job to a place that is nearer to the charger.
    assert stranded(measured(plant(replace(BATTERY, drain_loaded=0), jobs=1), 4)) == frozenset()


def test_a_vehicle_under_way_is_nearer_than_it_seems() -> None:
    # It set out to the charger at 5; at 7, with a unit to go, 3 are enough.
    assert stranded(measured(plant(jobs=1), 3, now=7)) == frozenset()


def test_a_job_needs_a_stranded_vehicle() -> None:
    # J1 has to go on to M2, and only V1 goes there.
    assert left_behind(measured(plant(jobs=1), 4)) == {"V1"}
    assert left_behind(measured(plant(jobs=1, vehicles=2), 4)) == frozenset()
    # It is brought to its only machine, and stays there.
    at_home = replace(plant(jobs=1), jobs=(simple_job("J1", ("M1", 3)),))
    assert left_behind(measured(at_home, 2)) == frozenset()


def test_no_schedule_is_sought_that_keeps_the_minimum() -> None:
    lost = without_lost(measured(plant(jobs=1), 4))
    assert lost.battery_by_vehicle["V1"].minimum == 1
    instance = plant(jobs=1)
    before = construct(instance, MAKESPAN, time_limit=0.0)
    assert before is not None
    found = repair(instance, before, [BatteryLow("e", 5, "V1", 4)], time_limit=60, workers=1)
    assert found.result.status is Status.INFEASIBLE
    assert found.result.reason.startswith(
        "limits are broken for good by what has happened; right shift is impossible: "
    )
    assert [v.amount for v in found.broken] == [1]


def test_who_is_left_behind_really_is() -> None:
    """Where a job needs a stranded vehicle, it is proved that there is no schedule."""
    told = 0
    for seed in range(60):
        instance = random_plant(seed, 2)
        before = None if validate.defects(instance) else construct(instance, MAKESPAN, time_limit=0.0)
        made = [move for move in before.moves if move.job is not None and move.mover == "V0"] if before else []
        if before is None or not made:
            continue
        random = Random(seed)
        move = random.choice(made)
        now = random.randint(max(1, move.start), move.end)
        level = random.randint(0, min(24, instance.battery_by_vehicle["V0"].minimum + 8))
        after = revise(instance, Revision(now, now, (BatteryLow("e", now, "V0", level),), before))
        if left_behind(after):
            told += 1
            found = improve(
                after,
                MAKESPAN,
                start=None,
                time_limit=30,
                workers=1,
                seed=0,
                on_progress=lambda value, bound: None,
                stop=Stop(),
            )
            assert found.status is Status.INFEASIBLE, f"seed {seed}"
    assert told >= 5

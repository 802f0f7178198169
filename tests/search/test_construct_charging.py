"""Construction with batteries: charges where the level would not be enough, and where they cost nothing."""

from __future__ import annotations

from dataclasses import replace

from charging_cases import BATTERY, plant, random_plant
from fleet_cases import built
from helpers import assert_valid, simple_job

from scheduler.domain import Charge, ChargeStep, Objective
from scheduler.io import validate
from scheduler.search.construct import construct


def test_a_charge_where_the_level_is_not_enough() -> None:
    # 2 * 5 of 20 for the first transport. The next one takes as much, and 3 there and 3 to the charger: 16 of the 10
    # that are left, with a minimum of 2. So the vehicle goes to the charger first and charges up to the knee at least.
    instance = plant(jobs=1)
    schedule = built(instance)
    (charge,) = schedule.charges
    assert (charge.start, charge.from_level) == (8, 7)
    assert charge.to_level >= BATTERY.curve[0].up_to


def test_no_charge_where_none_is_needed() -> None:
    assert built(plant(replace(BATTERY, capacity=99, initial=99, curve=(ChargeStep(99, 1),)), jobs=2)).charges == ()


def test_charges_while_a_job_is_not_ready() -> None:
    # The only job comes at 100: until then the vehicle charges, without that it would stand and drain.
    low = replace(BATTERY, initial=5, drain_idle=1)
    instance = replace(plant(low, jobs=0), jobs=(simple_job("J1", ("M1", 3), release_date=100),))
    schedule = built(instance)
    assert schedule.charges == (Charge("V1", "C", 3, 97, 2, 20),)
    assert schedule.makespan == 108


def test_the_last_move_may_end_away_from_every_charger() -> None:
    # 2 * 5 of 12 units, and the charger is 3 away from M1: nobody gets there with the minimum of 2, but nobody has to.
    small = replace(BATTERY, capacity=12, initial=12, curve=(ChargeStep(12, 4),))
    instance = replace(plant(small, jobs=0), jobs=(simple_job("J1", ("M1", 3)),))
    assert not validate.defects(instance)
    assert built(instance).makespan == 8
    # V1 brings J1, V2 J2; if there are two jobs and one vehicle, the second is left behind.
    jobs = tuple(simple_job(f"J{n}", (f"M{n}", 3)) for n in (1, 2))
    assert built(replace(plant(small, jobs=0, vehicles=2), jobs=jobs)).makespan == 8
    assert construct(replace(plant(small, jobs=0), jobs=jobs), Objective.parse("makespan"), time_limit=0.1) is None
    # Back home it is 3 more.
    home = replace(plant(small, jobs=0, returns=True), jobs=jobs[:1])
    assert construct(home, Objective.parse("makespan"), time_limit=0.1) is None


def test_vehicles_wait_for_the_charger() -> None:
    one, two = (built(plant(jobs=4, vehicles=2, places=places)) for places in (1, 2))
    assert two.makespan < one.makespan


def test_a_charge_on_the_way_home() -> None:
    # 10 - 3 - 3 = 4 to and from M1: enough. With a level of 13 in the beginning 3 are left at M1, and the way is 3.
    last = replace(BATTERY, initial=15)
    schedule = built(plant(last, jobs=1, returns=True))
    assert schedule.moves[-1].destination == "DOCK"


def test_random_plants_are_right() -> None:
    found = 0
    for seed in range(60):
        instance = random_plant(seed, jobs=4)
        if validate.defects(instance):
            continue
        schedule = construct(instance, Objective.parse("makespan"), time_limit=0.0)
        if schedule is not None:
            found += 1
            assert_valid(instance, schedule)
    assert found > 40

"""What has to be charged takes time: exact where it can be seen by hand, never above the optimum."""

from __future__ import annotations

from dataclasses import replace

import pytest
from charging_cases import BATTERY, least_makespan, plant, random_errand

from scheduler.bounds import makespan_bound
from scheduler.bounds.charging import least_charging
from scheduler.domain import Battery, ChargeStep, Correction, Instance

SLOW = Battery(20, (ChargeStep(20, 1),), 20, 2, drain_loaded=2, drain_empty=1)
"""One unit a tick, and two for each tick of a transport."""


def without_batteries(instance: Instance) -> Instance:
    fleets = (
        replace(fleet, vehicles=tuple(replace(vehicle, battery=None) for vehicle in fleet.vehicles))
        for fleet in instance.fleets
    )
    return replace(instance, fleets=tuple(fleets))


def test_what_is_drained_beyond_the_first_level_is_charged() -> None:
    # 10 ticks loaded drain 20 of 18 above the minimum; 30 ticks 60, so 42 are missing, at 4 a tick at the most.
    fleet = plant().fleets[0]
    assert [least_charging(fleet, loaded) for loaded in (0, 9, 10, 30)] == [0, 0, 1, 11]


def test_two_vehicles_begin_with_twice_as_much_and_the_least_drain_counts() -> None:
    thrifty = replace(BATTERY, drain_loaded=1)
    fleet = plant(vehicles=2).fleets[0]
    one, other = fleet.vehicles
    assert least_charging(fleet, 30) == 6  # 60 - 36 at 4 a tick
    assert least_charging(replace(fleet, vehicles=(one, replace(other, battery=thrifty))), 60) == 6  # 60 - 36


@pytest.mark.parametrize(
    "changes", [{"battery": None}, {"capacity": 2}, {"battery": replace(BATTERY, corrections=(Correction(0, 5),))}]
)
def test_who_need_not_charge_for_each_transport_has_no_bound(changes: dict[str, object]) -> None:
    fleet = plant(vehicles=2).fleets[0]
    vehicles = (fleet.vehicles[0], replace(fleet.vehicles[1], **changes))
    assert least_charging(replace(fleet, vehicles=vehicles), 1000) == 0


def test_a_fleet_without_chargers_has_no_bound() -> None:
    assert least_charging(replace(plant().fleets[0], chargers=()), 1000) == 0


def test_the_only_vehicle_carries_and_charges() -> None:
    # Six jobs, each 5 to M1 and 5 to M2: 60 ticks loaded, which drain 120, 102 of them from the charger.
    instance = plant(SLOW, jobs=6)
    assert makespan_bound(instance) >= 60 + 102
    assert makespan_bound(without_batteries(instance)) < 100


def test_a_charger_with_one_place_serves_one_vehicle_at_a_time() -> None:
    # Three vehicles have 54 above the minimum for 120 to be drained.
    alone, together = plant(SLOW, jobs=6, vehicles=3), plant(SLOW, jobs=6, vehicles=3, places=3)
    assert makespan_bound(alone) == 120 - 54
    assert makespan_bound(together) == max(-(-(60 + 66) // 3), makespan_bound(without_batteries(together)))


def draws(number: int) -> int:
    """Compare bound and optimum of so many random errands; return how often batteries raise the bound."""
    raised = 0
    for seed in range(number):
        instance = random_errand(seed)
        fleet = instance.fleets[0]
        hungry = tuple(
            replace(v, battery=v.battery and replace(v.battery, drain_loaded=3 * v.battery.drain_loaded))
            for v in fleet.vehicles
        )
        for case in (instance, replace(instance, fleets=(replace(fleet, vehicles=hungry),))):
            least = least_makespan(case)
            bound = makespan_bound(case)
            if least is not None:
                assert bound <= least, seed
                raised += bound > makespan_bound(without_batteries(case))
    return raised


def test_no_bound_exceeds_the_optimum() -> None:
    assert draws(40) > 0


@pytest.mark.slow
def test_no_bound_exceeds_the_optimum_of_many() -> None:
    assert draws(400) > 5

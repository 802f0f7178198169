"""The bound of the cycle time from lanes: hand-proved where it binds, never above the least cycle time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cyclic_cases import cyclic, in_several_loads, over_a_hub, over_lanes
from cyclic_searched import constructed
from helpers import assert_valid, factory, job, machine, mode, op, simple_job

from scheduler.bounds import cycle_bound
from scheduler.bounds.lanes_in_cycles import lanes_of_cycle_bound
from scheduler.domain import Facility, Instance, Lane, SetupMatrix, Status
from scheduler.domain.cycle import part_set
from scheduler.portfolio import solve

LANE = Lane("L", "F", "G", 5, return_time=5)


def ferried(num: int, *lanes: Lane, units: int = 1, splits: bool = False, docks: int | None = None) -> Instance:
    """Return so many jobs that are 1 on a machine of their own in F, and then in G; H is a hub."""
    machines = [machine(f"{end}{n}", end) for end in "FG" for n in range(num)]
    parts = (simple_job(f"P{n}", (f"F{n}", 1), (f"G{n}", 1)) for n in range(num))
    jobs = (replace(part, units=units, splits=splits) for part in parts)
    instance = cyclic(factory(Facility("F", docks=docks), Facility("G"), *machines, *lanes, *jobs), 4)
    return replace(instance, facilities=(*instance.facilities, Facility("H", hub=True)))


@pytest.mark.parametrize(
    ("instance", "least"),
    [
        # A vehicle is away for 5 + 5: once for each part, every other time, or for two at a time.
        (ferried(3, LANE), 30),
        (ferried(3, replace(LANE, vehicles=2)), 15),
        (ferried(3, replace(LANE, units_per_vehicle=2)), 20),
        # 6 units would fill two trips of 3, but no two parts of 2 go with each other.
        (ferried(3, replace(LANE, units_per_vehicle=3), units=2), 30),
        # Twelve loads of 2 or less.
        (ferried(1, replace(LANE, transit_time=3, return_time=2, units_per_vehicle=2), units=23, splits=True), 60),
        # A headway between any two of them.
        (ferried(3, replace(LANE, vehicles=9, headway=7)), 21),
        # 10 for each part directly, 6 over the hub by its longer lane: one in 10 and two in 12.
        (ferried(3, LANE, Lane("M", "F", "H", 2, return_time=2), Lane("N", "H", "G", 3, return_time=3)), 12),
        # Of two lanes of 10 and 4 each makes so many trips as it can: one and two in 10.
        (ferried(3, LANE, replace(LANE, id="K", transit_time=2, return_time=2)), 10),
        # At the one dock three trips are loaded for 4 each.
        (ferried(3, replace(LANE, vehicles=9, load_time=4), docks=1), 12),
    ],
)
def test_lanes_that_are_always_busy(instance: Instance, least: int) -> None:
    assert lanes_of_cycle_bound(part_set(instance)) == cycle_bound(instance) == least
    result = solve(instance, objective="cycle_time", time_limit=60, workers=1)
    assert_valid(instance, result.schedule)
    assert (result.status, result.values) == (Status.OPTIMAL, (least,))


def test_what_may_stay_needs_no_lane() -> None:
    machines = machine("F0", "F"), machine("F1", "F"), machine("G0", "G")
    part = job("P", op("0", mode("F0", 1)), op("1", mode("F1", 9), mode("G0", 1)))
    instance = cyclic(factory(Facility("F"), Facility("G"), *machines, LANE, part), 4)
    assert lanes_of_cycle_bound(part_set(instance)) == 0


def test_setups_change_nothing_about_lanes() -> None:
    instance = ferried(3, LANE)
    matrix = SetupMatrix({"A": {"B": 1}, "B": {"A": 1}})
    with_setups = replace(instance, machines=tuple(replace(m, setups=matrix) for m in instance.machines))
    assert lanes_of_cycle_bound(part_set(with_setups)) == 30


@pytest.mark.parametrize(("num", "seconds"), [(2, 1), pytest.param(30, 10, marks=pytest.mark.slow)])
def test_never_above_the_least_cycle_time(num: int, seconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [make(seed) for seed in range(100, 100 + num) for make in (over_lanes, over_a_hub, in_several_loads)]
    bounds = [lanes_of_cycle_bound(part_set(instance)) for instance in cases]
    monkeypatch.setattr("scheduler.bounds.cycle.lanes_of_cycle_bound", lambda instance: 0)
    binds = 0
    for instance, bound in zip(cases, bounds, strict=True):
        start = constructed(instance)  # so that there is a schedule however slow the machine is
        result = solve(instance, objective="cycle_time", start=start, time_limit=seconds, workers=1)
        assert_valid(instance, result.schedule)
        assert bound <= result.values[0]  # of a valid schedule, proved to be the least or not
        binds += cycle_bound(instance) < bound == result.values[0]
    assert binds > 0

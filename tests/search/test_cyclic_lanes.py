"""Lanes in the cyclic search: trips, headway, docks, networks, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cyclic_cases import (
    by_several_lanes,
    cyclic,
    in_several_loads,
    over_a_hub,
    over_lanes,
)
from cyclic_searched import GOAL, assert_plans_are_kept, constructed, searched
from helpers import distances, factory, machine, simple_job
from test_cycles import least_cycle_time

from scheduler.domain import (
    Facility,
    Fleet,
    Instance,
    Lane,
    Robot,
    RobotCell,
    Timetable,
    Vehicle,
)
from scheduler.domain.cycle import cycle_time
from scheduler.generate import generate
from scheduler.io.validate import require_valid
from scheduler.search.cyclic.lower import lower
from scheduler.search.cyclic.spoken import why_unsupported


def ferry(*lanes: Lane, docks: int | None = None) -> Instance:
    """Return two jobs that are 1 in F, and then 1 in G or, if a lane leads there, in H."""
    ends = ["G", "H" if any(lane.destination == "H" for lane in lanes) else "G"]
    machines = [machine(f"{name}{n}", name) for n, name in enumerate(["F", "F", *ends])]
    jobs = [simple_job(f"P{n}", (f"F{n}", 1), (f"{end}{n + 2}", 1)) for n, end in enumerate(ends)]
    sites = [Facility("F", docks=docks), *(Facility(end) for end in dict.fromkeys(ends))]
    return cyclic(factory(*sites, *machines, *lanes, *jobs), 4)


@pytest.mark.parametrize(
    ("lane", "least"),
    [
        # The vehicle is away for 3 + 3: with both jobs on one trip, or once for each.
        (Lane("L", "F", "G", 3, units_per_vehicle=2, return_time=3), 6),
        (Lane("L", "F", "G", 3, units_per_vehicle=1, return_time=3), 12),
        # Two vehicles take turns; then trips are a headway apart, of which there are one or two in a cycle.
        (Lane("L", "F", "G", 3, units_per_vehicle=1, return_time=3, vehicles=2), 6),
        (Lane("L", "F", "G", 3, units_per_vehicle=2, return_time=3, vehicles=2, headway=5), 5),
        (Lane("L", "F", "G", 3, units_per_vehicle=1, return_time=3, vehicles=4, headway=5), 10),
    ],
)
def test_trips_over_a_lane(lane: Lane, least: int) -> None:
    instance = ferry(lane)
    require_valid(instance, "ferry")
    assert searched(instance, 300) == least_cycle_time(instance) == least


@pytest.mark.parametrize(("docks", "least"), [(None, 4), (1, 6)])
def test_lanes_share_docks(docks: int | None, least: int) -> None:
    # Each vehicle is away for 3 + 1; at one dock they load for 3 each, one after the other.
    lanes = [Lane(f"L{end}", "F", end, 1, load_time=3) for end in "GH"]
    instance = ferry(*lanes, docks=docks)
    assert searched(instance, 300) == least_cycle_time(instance) == least


def test_parts_of_two_sets_are_on_one_trip() -> None:
    # P0 is 1 on F2 and P1 is 5, one of each in 6 ticks. The vehicle takes 7, so that both go on one trip; P0 may wait
    # for P1 of the same set or, by one cycle, of the one before.
    instance = over_lanes(36)
    assert searched(instance, 500, seed=1) == least_cycle_time(instance) == 8


@pytest.mark.parametrize("seed", range(8))
def test_lanes_with_return_headway_and_docks(seed: int) -> None:
    assert assert_plans_are_kept(over_lanes(seed), 300) == 0


@pytest.mark.parametrize(("units", "vehicles", "least"), [(5, 1, 15), (5, 2, 8), (23, 1, 60), (23, 4, 15)])
def test_a_job_goes_in_several_loads(units: int, vehicles: int, least: int) -> None:
    # 5 units in loads of 2, 2 and 1: three trips for each set, or twelve; a vehicle is away for 3 + 2 on each.
    lane = Lane("L", "F", "G", 3, units_per_vehicle=2, return_time=2, vehicles=vehicles)
    job = replace(simple_job("P", ("F0", 1), ("G0", 1)), units=units, splits=True)
    machines = [machine("F0", "F", output_buffer=0), machine("G0", "G")]
    instance = cyclic(factory(Facility("F"), Facility("G"), *machines, lane, job), 4)
    require_valid(instance, "loads")
    assert searched(instance, 300) == least == -(-5 * -(-units // 2) // vehicles)
    if units == 5:
        assert least_cycle_time(instance) == least


def test_a_machine_is_held_until_the_last_load_is_taken_up() -> None:
    # F0 is taken for 4 of work, until the second vehicle departs, after the headway, and for a tick of loading.
    lane = Lane("L", "F", "G", 3, units_per_vehicle=1, vehicles=4, load_time=1, headway=1)
    job = replace(simple_job("P", ("F0", 4), ("G0", 1)), units=2, splits=True)
    machines = [machine("F0", "F", output_buffer=0), machine("G0", "G")]
    instance = cyclic(factory(Facility("F"), Facility("G"), *machines, lane, job), 4)
    assert searched(instance, 300) == least_cycle_time(instance) == 6


@pytest.mark.parametrize("seed", range(8))
def test_networks_with_jobs_in_several_loads(seed: int) -> None:
    assert assert_plans_are_kept(in_several_loads(seed), 400, seconds=300) == 0


def loaded(units: int, work: int, repetitions: int, *lanes: Lane) -> Instance:
    """Return a job that is on F0 for some work, and there until it has departed, and after these lanes 1 on G0."""
    part = replace(simple_job("P", ("F0", work), ("G0", 1)), units=units, splits=True)
    machines = [machine("F0", "F", output_buffer=0), machine("G0", "G")]
    return cyclic(factory(Facility("F"), Facility("G"), *machines, *lanes, part), repetitions)


SHORT = Lane("L", "F", "G", 3, units_per_vehicle=2, return_time=2)


@pytest.mark.parametrize(
    ("units", "lane", "least"),
    [
        # Vehicles are away for 5 each: one load each, or two.
        (4, replace(SHORT, id="K"), 5),
        (8, replace(SHORT, id="K"), 10),
        # A vehicle that is away for 10 takes one of three loads.
        (6, replace(SHORT, id="K", transit_time=5, return_time=5), 10),
        # One that is away for 8 takes a load of 2 and one of 1 at once, beside one of 2.
        (5, replace(SHORT, id="K", transit_time=5, return_time=3, units_per_vehicle=3), 8),
    ],
)
def test_loads_of_a_job_over_several_lanes(units: int, lane: Lane, least: int) -> None:
    instance = loaded(units, 1, 4, SHORT, lane)
    require_valid(instance, "loads")
    assert searched(instance, 300) == least_cycle_time(instance) == least


def test_a_machine_is_held_until_the_last_load_is_taken_up_over_another_lane() -> None:
    # Vehicles are away for 6, so there is a load for each. Both begin to load when F0 has worked for 4, the second
    # takes 3 for that.
    quick = replace(SHORT, transit_time=2, load_time=1, return_time=3)
    instance = loaded(4, 4, 4, quick, replace(quick, id="K", load_time=3, return_time=1))
    assert searched(instance, 300) == least_cycle_time(instance) == 7


def test_a_part_goes_on_when_its_last_load_has_arrived() -> None:
    # One set at a time: 1 on F0, 5 for the load on the long way, 1 on G0. Two on the short way take 5 + 3 + 2.
    instance = loaded(4, 1, 2, SHORT, replace(SHORT, id="K", transit_time=5, return_time=1))
    assert searched(instance, 300) == least_cycle_time(instance) == 7


@pytest.mark.parametrize("seed", [1, 3, 4, 5, 7, 10, 13, 15, 16, 17, 20, 28, 31, 39])
def test_networks_with_jobs_in_several_loads_over_several_lanes(seed: int) -> None:
    instance = by_several_lanes(seed)
    require_valid(instance, "lanes")
    assert assert_plans_are_kept(instance, 400, seconds=300) == 0


@pytest.mark.slow
def test_nearly_all_cycle_times_with_loads_over_several_lanes_are_those_of_cpsat() -> None:
    excess = [assert_plans_are_kept(by_several_lanes(seed), 1000, seconds=10) for seed in range(48, 100)]
    proved = [one for one in excess if one is not None]
    assert len(proved) >= 40
    assert proved.count(0) >= 0.95 * len(proved)


def test_parts_go_directly_or_over_a_hub() -> None:
    # The vehicle from F to G is away for 5 + 5, those over the hub for 2 + 2 and 3 + 3. Of three parts k go directly:
    # max(10 k, 6 (3 - k)) is least for one, 12.
    lanes = (Lane("L", "F", "G", 5, return_time=5), Lane("M", "F", "H", 2, return_time=2))
    lanes = (*lanes, Lane("N", "H", "G", 3, return_time=3))
    machines = [machine(f"{end}{n}", end) for end in "FG" for n in range(3)]
    jobs = [simple_job(f"P{n}", (f"F{n}", 1), (f"G{n}", 1)) for n in range(3)]
    instance = cyclic(factory(Facility("F"), Facility("G"), *machines, *lanes, *jobs), 4)
    instance = replace(instance, facilities=(*instance.facilities, Facility("H", hub=True)))
    require_valid(instance, "hub")
    assert searched(instance, 400) == least_cycle_time(instance) == 12


@pytest.mark.parametrize("seed", range(6))
def test_networks_with_a_hub(seed: int) -> None:
    assert assert_plans_are_kept(over_a_hub(seed), 400, seconds=300) == 0


@pytest.mark.slow
def test_nearly_all_cycle_times_with_hubs_are_those_of_cpsat() -> None:
    excess = [assert_plans_are_kept(over_a_hub(seed), 1000) for seed in range(6, 40)]
    proved = [one for one in excess if one is not None]
    assert len(proved) >= 30
    assert proved.count(0) >= 0.95 * len(proved)


@pytest.mark.slow
def test_nearly_all_cycle_times_with_lanes_are_those_of_cpsat() -> None:
    excess = [assert_plans_are_kept(over_lanes(seed), 3000) for seed in range(8, 160)]
    assert len(excess) - excess.count(None) >= 140
    assert excess.count(0) >= 0.95 * (len(excess) - excess.count(None))


def test_the_longest_way() -> None:
    # Out of a cell, to the dock, over a lane, to another cell and into it: nine legs, as robots and vehicles hold two
    # parts. The lane is the bottleneck: its vehicle is away for 5 + 5 with every part.
    sites = [Facility(name, f"{name}-dock") for name in "FG"]
    parts = []
    for name in "FG":
        places = distances(f"{name}-in {name}-S {name}-out", 1)
        robot = Robot(f"{name}-R", f"{name}-in", grippers=2)
        parts.append(RobotCell(f"{name}-C", name, (robot,), f"{name}-in", f"{name}-out", places, 1, 1))
        cart = Vehicle(f"{name}-V", f"{name}-dock", capacity=2)
        stops = distances(f"{name}-dock {name}-in {name}-out", 1)
        parts.append(Fleet(f"{name}-cars", name, (cart,), stops, pick_up_time=1, drop_time=1))
        parts.append(machine(f"{name}-S", name, cell=f"{name}-C", input_buffer=0, output_buffer=0))
    lane = Lane("L", "F", "G", 5, units_per_vehicle=2, return_time=5)
    instance = cyclic(factory(*sites, *parts, lane, simple_job("P", ("F-S", 6), ("G-S", 3))), 6)
    require_valid(instance, "long")
    lowered = lower(instance)
    assert int(np.diff(lowered.facts.legs_at).max()) == 9
    assert searched(instance, 300) == 10


def test_networks_with_cells_fleets_and_lanes() -> None:
    instance = generate(
        facilities=3, vehicles=2, fleet=2, jobs=12, operations=50, machines=18, cells=3, blocking=1, dwell=0.2, docks=1,
        shifts=0, capacity=0, operators=0, assembly=0, repetitions=4, seed=0, durations=(5, 30),
    )  # fmt: skip
    assert searched(instance, 200) < 0.6 * cycle_time(instance, constructed(instance))


def test_a_network_with_a_hub_and_cells() -> None:
    instance = generate(
        facilities=3, hubs=1, vehicles=2, fleet=2, jobs=12, operations=50, machines=18, cells=3, blocking=1, docks=1,
        shifts=0, capacity=0, operators=0, assembly=0, repetitions=4, seed=0, durations=(5, 30),
    )  # fmt: skip
    assert any(hub for ways in lower(instance).choices for way in ways for _, hub in way.over)
    assert searched(instance, 200) < 0.8 * cycle_time(instance, constructed(instance))


def test_lanes_that_it_does_not_speak_are_refused_by_name() -> None:
    lane = Lane("L", "F", "G", 3, units_per_vehicle=2)
    instance = ferry(lane)
    large = replace(instance, jobs=tuple(replace(job, units=3, splits=True) for job in instance.jobs))
    assert why_unsupported(large, GOAL) is None
    twice = replace(large, lanes=(*large.lanes, replace(lane, id="K")))
    assert why_unsupported(twice, GOAL) is None
    at_once = replace(instance, lanes=(replace(lane, transit_time=0),))
    assert why_unsupported(at_once, GOAL) is None
    timed = replace(instance, lanes=(replace(lane, timetable=Timetable((0,), period=6)),))
    assert why_unsupported(timed, GOAL) == "timetable of Lane"

"""Operations and moves that take no time in the cyclic search: what happens in one instant, and when a set is over."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cyclic_cases import cyclic
from cyclic_graph_cases import in_no_time
from cyclic_searched import GOAL, assert_plans_are_kept, searched
from helpers import distances, factory, machine, simple_job
from oracle import TooHardError
from oracle_cycle import best_cycle
from test_cycles import least_cycle_time, random_cyclic

from scheduler.domain import Facility, Fleet, Lane, Operation, Vehicle
from scheduler.domain.cycle import part_set
from scheduler.io.validate import require_valid
from scheduler.search.cyclic.spoken import why_unsupported


def test_parts_pass_a_machine_in_one_instant() -> None:
    # M2 works 3 for each of two jobs, before and after which they pass M1 in no time. M1 works 4 on a third job.
    jobs = (simple_job(name, ("M1", 0), ("M2", 3), ("M1", 0)) for name in "AB")
    instance = cyclic(factory(machine("M1"), machine("M2"), *jobs, simple_job("C", ("M1", 4))), 4)
    require_valid(instance, "passed")
    assert searched(instance, 200) == least_cycle_time(instance) == 6


def test_ways_that_take_no_time() -> None:
    # The vehicle is where it is wanted at once: M1 works 3, M2 works 2.
    fleet = Fleet("cars", "F", (Vehicle("V", "M1"),), distances("M1 M2", 1))
    fleet = replace(fleet, travel={a: dict.fromkeys(row, 0) for a, row in fleet.travel.items()})
    machines = (machine(name, input_buffer=0, output_buffer=0) for name in ("M1", "M2"))
    instance = cyclic(factory(*machines, fleet, simple_job("P", ("M1", 3), ("M2", 2))), 4)
    assert searched(instance, 200) == least_cycle_time(instance) == 3


@pytest.mark.parametrize(("units", "least"), [(2, 1), (1, 2)])
def test_trips_that_take_no_time(units: int, least: int) -> None:
    # Both jobs depart at a tick, on one trip or on two of the one vehicle, each at a tick of its own.
    machines = [machine(f"{end}{n}", end) for end in "FG" for n in range(2)]
    jobs = [simple_job(f"P{n}", (f"F{n}", 1), (f"G{n}", 1)) for n in range(2)]
    lane = Lane("L", "F", "G", 0, units_per_vehicle=units)
    instance = cyclic(factory(Facility("F"), Facility("G"), *machines, lane, *jobs), 4)
    require_valid(instance, "at once")
    assert searched(instance, 200) == least_cycle_time(instance) == least


def test_a_set_is_not_over_at_the_start_of_what_takes_no_time() -> None:
    # One set at a time: 3 + 2 on M1, and a tick for what happens at the end of that.
    instance = cyclic(factory(machine("M1"), machine("M2"), simple_job("P", ("M1", 3), ("M1", 2), ("M2", 0))), 2)
    assert searched(instance, 200) == least_cycle_time(instance) == 6


def test_no_shorter_cycle_than_that_of_brute_force() -> None:
    compared = 0
    for seed in range(20):
        instance = random_cyclic(seed)
        one_set = part_set(instance)
        if any(m.setups for m in one_set.machines):
            continue

        def quick(o: Operation) -> Operation:
            return replace(o, modes=tuple(replace(m, duration=0) for m in o.modes))

        jobs = tuple(replace(j, operations=(*j.operations[:-1], quick(j.operations[-1]))) for j in one_set.jobs)
        instance = cyclic(replace(one_set, jobs=jobs), 2)
        try:
            least, _, _ = best_cycle(instance, max_nodes=1000)
        except TooHardError:
            continue
        assert why_unsupported(instance, GOAL) is None
        assert searched(instance, 200) == max(1, least)
        compared += 1
    assert compared >= 5


@pytest.mark.parametrize("seed", [1, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14, 16, 17, 18, 22, 23])
def test_what_takes_no_time(seed: int) -> None:
    instance = in_no_time(seed)
    require_valid(instance, "quick")
    assert assert_plans_are_kept(instance, 400, seconds=300) == 0


@pytest.mark.slow
def test_nearly_all_cycle_times_of_what_takes_no_time_are_those_of_cpsat() -> None:
    excess = [assert_plans_are_kept(in_no_time(seed), 1000) for seed in range(40, 100)]
    proved = [one for one in excess if one is not None]
    assert len(proved) >= 50
    assert proved.count(0) >= 0.95 * len(proved)

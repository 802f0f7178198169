"""Lags on ways with moves in the cyclic search: where parts wait, how long at the most, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cyclic_cases import cyclic
from cyclic_graph_cases import hurried, lagging
from cyclic_searched import GOAL, assert_plans_are_kept, searched
from helpers import distances, factory, job, machine, mode, op
from test_cycles import least_cycle_time

from scheduler.domain import Fleet, Instance, Precedence, Vehicle
from scheduler.io.validate import require_valid
from scheduler.search.construct import construct
from scheduler.search.cyclic.engine import least_ticks
from scheduler.search.cyclic.lower import lower
from scheduler.search.cyclic.room import NEVER
from scheduler.search.cyclic.rows import least_in_time
from scheduler.search.cyclic.spoken import why_unsupported


def cooling(repetitions: int = 4, **of_machine: object) -> Instance:
    """Return a job that cools for 20 between machines that are 2 + 1 apart for the vehicle."""
    fleet = Fleet("cars", "F", (Vehicle("V", "M1"),), distances("M1 M2", 2), drop_time=1)
    part = job("P", op("1", mode("M1", 3)), op("2", mode("M2", 4)), links=(Precedence("1", "2", min_lag=20),))
    return cyclic(factory(machine("M1", **of_machine), machine("M2"), fleet, part), repetitions)


def test_a_part_waits_for_what_its_way_leaves_of_a_lag() -> None:
    instance = cooling()
    facts = lower(instance).facts
    assert facts.least_wait.tolist() == [0, 17, 0]
    assert least_ticks(facts).tolist() == [3 + 20 + 4]


@pytest.mark.parametrize(("repetitions", "least"), [(2, 27), (3, 14), (7, 5)])
def test_a_lag_takes_no_time_of_machines(repetitions: int, least: int) -> None:
    # A set lasts 3 + 20 + 4, and one set less than there are repetitions is there at a time; the vehicle is away for 5.
    instance = cooling(repetitions)
    require_valid(instance, "cooling")
    assert searched(instance, 300) == least
    if repetitions < 7:
        assert least_cycle_time(instance) == least


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6, 7, 8, 10, 13, 15, 19, 21, 22, 23])
def test_least_lags_on_ways_with_moves(seed: int) -> None:
    instance = lagging(seed)
    require_valid(instance, "lagging")
    assert assert_plans_are_kept(instance, 400, seconds=300) == 0


def hasty(most: int | None) -> Instance:
    """Return two jobs over two machines, with two vehicles that need 2 for the way between, and so long at the most."""
    vehicles = tuple(Vehicle(f"V{n}", "M1") for n in range(2))
    link = Precedence("1", "2", max_lag=most)
    jobs = (
        job(f"P{n}", op("1", mode("M1", first)), op("2", mode("M2", second)), links=(link,))
        for n, (first, second) in enumerate(((8, 1), (2, 9)))
    )
    return cyclic(factory(machine("M1"), machine("M2"), Fleet("cars", "F", vehicles, distances("M1 M2", 2)), *jobs), 4)


@pytest.mark.parametrize(("most", "least"), [(None, 10), (3, 10), (2, 11)])
def test_a_part_that_may_not_wait(most: int | None, least: int) -> None:
    # Without waits P1 starts 8 or later after P0, or M1 is taken, and P0 3 after P1, or it comes to M2 before that is
    # free: 11. With a tick of waiting before M2 that is 2, and each machine works for 10.
    instance = hasty(most)
    require_valid(instance, "hasty")
    assert searched(instance, 300) == least_cycle_time(instance) == least


@pytest.mark.parametrize("seed", [0, 3, 4, 5, 6, 11, 12, 19, 21, 27, 33, 36, 41])
def test_most_lags_on_ways_with_moves(seed: int) -> None:
    instance = hurried(seed)
    require_valid(instance, "hurried")
    assert assert_plans_are_kept(instance, 400, seconds=300) == 0


@pytest.mark.slow
def test_nearly_all_cycle_times_with_most_lags_are_those_of_cpsat() -> None:
    cases = [case for case in map(hurried, range(45, 85)) if construct(case, GOAL, time_limit=0.0) is not None]
    assert len(cases) >= 35
    excess = [assert_plans_are_kept(case, 1000, seconds=5) for case in cases]
    proved = [one for one in excess if one is not None]
    assert len(proved) >= 30
    assert proved.count(0) >= 0.95 * len(proved)


def test_the_cheapest_of_what_is_not_due_too_early() -> None:
    random = np.random.default_rng(0)
    ticks, most = 60, 9
    cost, due, found, at = (np.zeros(ticks, np.int32) for _ in range(4))
    for left in range(5):
        cost[:] = np.where(random.integers(4, size=ticks) == 0, NEVER, random.integers(5, size=ticks))
        due[:] = np.arange(ticks) + random.integers(most + 1, size=ticks)
        least_in_time.py_func(cost, due, left, most, ticks, found, at)
        for t in range(ticks):
            able = [before for before in range(t + 1) if due[before] >= t + left and cost[before] < NEVER]
            best = min((cost[before] for before in able), default=NEVER)
            assert found[t] == best
            assert at[t] == max((before for before in able if cost[before] == best), default=-1)


def test_lags_that_it_does_not_speak_are_refused_by_name() -> None:
    assert why_unsupported(cooling(), GOAL) is None
    reason = "lags longer than the way from where parts don't wait beside their machine"
    assert why_unsupported(cooling(output_buffer=0), GOAL) == reason
    instance = cooling()
    jobs = tuple(replace(j, precedences=(Precedence("1", "2", min_lag=3),)) for j in instance.jobs)
    machines = tuple(replace(m, output_buffer=0) for m in instance.machines)
    assert why_unsupported(replace(instance, jobs=jobs, machines=machines), GOAL) is None

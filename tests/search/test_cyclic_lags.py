"""Least lags on ways with moves in the cyclic search: where parts wait, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cyclic_cases import cyclic, lagging
from cyclic_searched import GOAL, assert_plans_are_kept, searched
from helpers import distances, factory, job, machine, mode, op
from test_cycles import least_cycle_time

from scheduler.domain import Fleet, Instance, Precedence, Vehicle
from scheduler.io.validate import require_valid
from scheduler.search.cyclic.engine import least_ticks
from scheduler.search.cyclic.lower import lower
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


def test_lags_that_it_does_not_speak_are_refused_by_name() -> None:
    assert why_unsupported(cooling(), GOAL) is None
    reason = "lags longer than the way from where parts don't wait beside their machine"
    assert why_unsupported(cooling(output_buffer=0), GOAL) == reason
    instance = cooling()
    limited = (Precedence("1", "2", min_lag=20, max_lag=30),)
    jobs = tuple(replace(j, precedences=limited) for j in instance.jobs)
    assert why_unsupported(replace(instance, jobs=jobs), GOAL) == "maximum lags on a way with moves"
    jobs = tuple(replace(j, precedences=(Precedence("1", "2", min_lag=3),)) for j in instance.jobs)
    machines = tuple(replace(m, output_buffer=0) for m in instance.machines)
    assert why_unsupported(replace(instance, jobs=jobs, machines=machines), GOAL) is None

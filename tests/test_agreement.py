"""The engines agree: on random small instances over all features, and with the oracle on the optimum.

The default run is small and always the same; ``pytest -m slow`` tries many more. A failure shows the instance: put
it into a test of the part that is wrong.
"""

from __future__ import annotations

import pytest
from helpers import assert_valid, constructed
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from oracle import TooHardError, best_schedule
from strategies import events, instances, random_events, random_instance

from scheduler.domain import Instance, Schedule, Status
from scheduler.domain.events import Event
from scheduler.io import validate
from scheduler.portfolio import solve
from scheduler.rescheduling import repair
from scheduler.terms import value_terms

ORACLE_NODES, MANY_NODES = 2_000, 8_000
SECONDS = 300.0
"""For proofs: far more than any of these instances takes, with a small share of a core, too."""
FEW_SECONDS = 0.5
"""Where any schedule will do."""

quick = settings(
    derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def assert_constructed_is_right(instance: Instance, passes: int) -> None:
    schedule = constructed(instance, passes=passes)
    if schedule is not None:
        assert_valid(instance, schedule)


def assert_optimum_is_found(instance: Instance, max_nodes: int = ORACLE_NODES, seconds: float = SECONDS) -> bool:
    """Compare with the oracle; return whether the instance is easy enough for it."""
    try:
        best = best_schedule(instance, max_nodes=max_nodes)
    except TooHardError:
        return False
    result = solve(instance, time_limit=seconds, workers=1)
    if best is None:
        assert (result.status, result.schedule) == (Status.INFEASIBLE, None)
        assert result.reason
        return True
    assert_valid(instance, best[1])
    assert result.schedule is not None
    assert_valid(instance, result.schedule)
    assert (result.status, result.values, result.bounds) == (Status.OPTIMAL, best[0], best[0])
    assert result.terms == value_terms(instance, result.schedule)
    return True


def assert_repaired_is_right(instance: Instance, baseline: Schedule, happened: tuple[Event, ...], policy: str) -> None:
    time_limit = SECONDS if policy == "reoptimise" else FEW_SECONDS
    outcome = repair(instance, baseline, happened, policy=policy, time_limit=time_limit, workers=1)
    schedule = outcome.result.schedule
    if schedule is not None:
        assert_valid(outcome.instance, schedule)
        assert outcome.result.terms == value_terms(outcome.instance, schedule)
    if policy == "reoptimise":
        assert outcome.result.status in (Status.OPTIMAL, Status.INFEASIBLE)


# --- the default run -----------------------------------------------------------------------------------------------


@settings(quick, max_examples=100)
@given(instances(max_operations=8))
def test_random_instances_are_valid(instance: Instance) -> None:
    assert validate.defects(instance) == ()


@settings(quick, max_examples=60)
@given(instances(max_operations=8))
def test_constructed_schedules_pass_the_checker(instance: Instance) -> None:
    assert_constructed_is_right(instance, passes=20)


@settings(quick, max_examples=120)
@given(instances(max_operations=5))
def test_solver_and_oracle_find_the_same_optimum(instance: Instance) -> None:
    assume(assert_optimum_is_found(instance))


@settings(quick, max_examples=40)
@given(st.data())
def test_right_shifted_schedules_pass_the_checker(data: st.DataObject) -> None:
    instance = data.draw(instances(max_operations=6))
    baseline = constructed(instance)
    assume(baseline is not None)
    assert_repaired_is_right(instance, baseline, data.draw(events(instance, baseline)), "right-shift")


@settings(quick, max_examples=25)
@given(st.data())
def test_reoptimised_schedules_pass_the_checker(data: st.DataObject) -> None:
    instance = data.draw(instances(max_operations=5))
    baseline = constructed(instance)
    assume(baseline is not None)
    assert_repaired_is_right(instance, baseline, data.draw(events(instance, baseline)), "reoptimise")


# --- many more -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 700, 100))
@pytest.mark.parametrize("size", [3, 4, 5])
def test_solver_and_oracle_on_many_instances(size: int, first: int) -> None:
    seeds = range(first, first + 100)
    compared = [assert_optimum_is_found(random_instance(seed, size), MANY_NODES) for seed in seeds]
    assert compared.count(True) >= 90


@pytest.mark.slow
@pytest.mark.parametrize("size", [6, 12, 25])
def test_construction_on_many_instances(size: int) -> None:
    for seed in range(300):
        assert_constructed_is_right(random_instance(seed, size), passes=200)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["right-shift", "reoptimise", "auto"])
def test_repair_on_many_instances(policy: str) -> None:
    for seed in range(300):
        instance = random_instance(seed, 6)
        baseline = constructed(instance)
        if baseline is not None:
            happened = random_events(seed, instance, baseline, size=1 + seed % 3)
            assert_repaired_is_right(instance, baseline, happened, policy)

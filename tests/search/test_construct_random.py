"""Random networks with every feature: whatever construction builds passes the checker."""

from __future__ import annotations

import pytest
from helpers import assert_valid, constructed
from random_networks import Features, random_network

from scheduler.domain import Instance, Objective, Schedule
from scheduler.io.validate import require_valid
from scheduler.search.construct import construct

MAKESPAN = Objective.parse("makespan")


def first_pass(instance: Instance, objective: Objective = MAKESPAN) -> Schedule | None:
    return construct(instance, objective, time_limit=0.0)


@pytest.mark.parametrize("start", range(0, 400, 50))
def test_every_network_gets_a_right_schedule(start: int) -> None:
    for seed in range(start, start + 50):
        instance = random_network(seed)
        require_valid(instance, instance.name)
        schedule = first_pass(instance)
        assert schedule is not None, f"seed {seed}"
        assert_valid(instance, schedule)


@pytest.mark.parametrize("seed", range(12))
def test_larger_networks(seed: int) -> None:
    instance = random_network(seed, Features(jobs=10))
    schedule = first_pass(instance)
    assert schedule is not None
    assert_valid(instance, schedule)


@pytest.mark.parametrize("seed", range(40))
def test_networks_full_of_cells_without_buffers(seed: int) -> None:
    features = Features(facilities=1, cells=1, jobs=8, blocking=1.0, capacity=0.0, plans=0.0)
    instance = random_network(seed, features)
    schedule = first_pass(instance)
    assert schedule is not None
    assert_valid(instance, schedule)


@pytest.mark.parametrize(
    "objective",
    ["weighted_tardiness > makespan", "flow_time", "transfer_count + 0.1*setup_time", "number_tardy > flow_time"],
)
def test_all_rules_and_noise(objective: str) -> None:
    # Many passes: every dispatching rule, then noise.
    for seed in range(6):
        instance = random_network(seed, Features(jobs=4, operations=4))
        schedule = constructed(instance, objective, passes=40, seed=seed)
        assert schedule is not None
        assert_valid(instance, schedule)


def test_with_maximum_lags_every_network_that_has_a_schedule_gets_one() -> None:
    # A lag may be shorter than the way of the part, for one: CP-SAT proves that the other 13 have no schedule.
    found = 0
    for seed in range(120):
        instance = random_network(seed, Features(max_lags=0.3))
        schedule = first_pass(instance)
        if schedule is not None:
            found += 1
            assert_valid(instance, schedule)
    assert found == 107

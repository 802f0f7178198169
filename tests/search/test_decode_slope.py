"""The slope of makespans: what it adds, which objectives have it, and that makespans alone are reported."""

from __future__ import annotations

import pytest
from random_networks import Features, random_network

from scheduler.domain import Instance, Objective
from scheduler.search.decode.engine import FactorySearch
from scheduler.search.decode.goal import set_goal
from scheduler.search.decode.latest import guess_latest
from scheduler.search.decode.memory import Memory
from scheduler.search.decode.slope import STEEP, is_makespan, sloped
from scheduler.terms import value_terms


def network() -> Instance:
    return random_network(3, Features())


@pytest.mark.parametrize("objective", ["makespan", "0.5*makespan"])
def test_the_slope_counts_what_is_complete_after_the_target(objective: str) -> None:
    search = FactorySearch.of(network(), Objective.parse(objective), 0, lambda value: None)
    assert search is not None
    search.advance(2000)
    best, found = search.best(), search.found
    assert best is not None and found is not None
    ends = best.completions.values()
    assert search.goal.first_tier(search.value) == best.makespan == max(ends)
    target = best.makespan // 2
    weight = search.goal.unit
    memory = Memory(search.lowered, sloped(search.goal, weight * target))
    late = sum(max(0, end - target) for end in ends)
    assert late > best.makespan - target  # not the last job alone
    assert memory.decode(found) == STEEP * best.makespan + late


@pytest.mark.parametrize(
    ("objective", "is_alone"),
    [
        ("makespan", True),
        ("0.5*makespan", True),
        ("makespan > flow_time", False),
        ("makespan + setup_time", False),
        ("makespan <= 90", False),
        ("maximum_tardiness", False),
    ],
)
def test_makespans_alone_have_a_slope(objective: str, is_alone: bool) -> None:
    instance = network()
    goal = set_goal(instance, Objective.parse(objective), guess_latest(instance))
    assert goal is not None
    assert is_makespan(goal) == is_alone


def test_every_value_that_is_reported_is_a_makespan() -> None:
    told: list[int] = []
    search = FactorySearch.of(network(), Objective.parse("makespan"), 1, told.append)
    assert search is not None
    search.advance(3000)
    best = search.best()
    assert best is not None
    assert told == sorted(told, reverse=True)
    assert told[-1] == search.value == value_terms(search.lowered.instance, best)["makespan"]

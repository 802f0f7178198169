"""The compiled search for tardiness and flow times: its values are those of the terms, and it finds known optima."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from helpers import assert_valid, factory, job, machine, mode, op, simple_job
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import instances
from test_tabu import every_feature

from scheduler.domain import Instance, Objective
from scheduler.domain.horizon import horizon
from scheduler.search.construct import construct
from scheduler.search.tabu.arrays import (
    END,
    SUCCS_AT,
    TIME,
    lower,
    new_solution,
    raise_solution,
    to_schedule,
    why_unsupported,
)
from scheduler.search.tabu.engine import TabuSearch
from scheduler.search.tabu.job_tails import NO_WAY, set_job_tails
from scheduler.search.tabu.settings import Settings
from scheduler.search.tabu.timing import time_all
from scheduler.search.tabu.walker import Walker
from scheduler.search.tabu.weights import Weights, weigh
from scheduler.terms import value_terms

TERMS = ("makespan", "flow_time", "total_tardiness", "weighted_tardiness", "maximum_tardiness")


def weights_of(instance: Instance, objective: str) -> Weights:
    weights = weigh(instance, Objective.parse(objective))
    assert weights is not None
    return weights


def three_jobs() -> Instance:
    """One machine; 3, 2 and 4 ticks of work, due at 9, 2 and 5, with weights 1, 4 and 2."""
    return factory(
        machine("M"),
        simple_job("A", ("M", 3), due_date=9, weight=1),
        simple_job("B", ("M", 2), due_date=2, weight=4),
        simple_job("C", ("M", 4), due_date=5, weight=2),
    )


def search(instance: Instance, objective: str, iterations: int = 2_000) -> dict[str, int]:
    parsed = Objective.parse(objective)
    start = construct(instance, parsed, time_limit=0.0)
    assert start is not None
    walk = TabuSearch(instance, weights_of(instance, objective), start, 0, lambda value: None)
    walk.advance(iterations)
    best = walk.best() or start
    assert_valid(instance, best)
    return value_terms(instance, best)


@pytest.mark.parametrize(
    ("objective", "value"),
    [
        # B C A ends at 2, 6, 9: C is 1 late, with weight 2. Nothing is better: C or B must wait.
        ("weighted_tardiness", 2),
        ("total_tardiness", 1),
        ("maximum_tardiness", 1),
        # Shortest first: 2 + 5 + 9.
        ("flow_time", 16),
    ],
)
def test_finds_hand_proved_optima(objective: str, value: int) -> None:
    assert search(three_jobs(), objective)[objective] == value


def test_later_tiers_break_ties() -> None:
    # Of the schedules with makespan 9, shortest first has the least flow time.
    terms = search(three_jobs(), "makespan > flow_time")
    assert (terms["makespan"], terms["flow_time"]) == (9, 16)


@settings(max_examples=60, deadline=None)
@given(instances(max_operations=5, without=("fleets",)), st.sampled_from(TERMS), st.sampled_from((None, *TERMS)))
def test_value_is_that_of_the_terms(instance: Instance, first: str, second: str | None) -> None:
    if why_unsupported(instance) is not None:
        return
    objective = Objective.parse(first if second is None else f"0.5*{first} > {second}")
    weights = weigh(instance, objective)
    start = construct(instance, objective, time_limit=0.0)
    assert weights is not None and start is not None
    problem = lower(instance, 4 * horizon(instance))
    found = new_solution(problem)
    walker = Walker(problem, weights, Settings())
    value, _ = walker.run(raise_solution(instance, start, problem), found, 1, 40, -(1 << 60), np.zeros(1, np.int64))
    schedule = to_schedule(instance, problem, found)
    assert_valid(instance, schedule)
    terms = value_terms(instance, schedule)
    assert value == weights.value(instance, schedule)
    tier = objective.tiers[0]
    assert Fraction(weights.first_tier(value), tier.scale) == tier.value(terms)
    assert value >= weights.least(objective.value(terms))


def test_tails_to_every_job_are_longest_ways() -> None:
    instance = every_feature()
    start = construct(instance, Objective.parse("flow_time"), time_limit=0.0)
    assert start is not None
    problem = lower(instance, 4 * horizon(instance))
    state, _ = raise_solution(instance, start, problem)
    assert time_all(problem.ops, problem.links, problem.machines, problem.times, state) > 0
    tails = np.zeros((state.shape[1], len(instance.jobs)), np.int64)
    set_job_tails(problem.ops, problem.links, problem.machines, problem.times, state, tails, state.shape[1] - 1)
    ends = np.array([start.completions[job.id] for job in instance.jobs])
    leads = tails > NO_WAY // 2
    # No way is longer than the schedule, and each job's last operation leads to its end at once.
    assert ((state[END][:, None] + tails)[leads] <= np.broadcast_to(ends, tails.shape)[leads]).all()
    for o, j in enumerate(j for j, item in enumerate(instance.jobs) for _ in item.operations):
        assert leads[o, j]
        if problem.ops[SUCCS_AT, o] == problem.ops[SUCCS_AT, o + 1]:
            assert tails[o, j] == 0
        else:
            assert tails[o, j] >= min(state[TIME])


def test_objectives_that_it_does_not_speak() -> None:
    instance = three_jobs()
    assert weigh(instance, Objective.parse("number_tardy")) is None
    assert weigh(instance, Objective.parse("makespan + setup_time")) is None
    # What comes after a tier that it does not speak is left to others.
    assert weights_of(instance, "makespan > setup_time > flow_time").is_makespan
    assert not weights_of(instance, "makespan > flow_time").is_makespan


def test_earlier_tiers_outweigh_later_ones() -> None:
    weights = weights_of(three_jobs(), "weighted_tardiness > flow_time")
    # The most that all flow times can come to is less than one unit of the first tier.
    assert weights.unit > 3 * horizon(three_jobs())
    assert weights.least([Fraction(2)]) == 2 * weights.unit
    assert weights.least([Fraction(2), Fraction(16)]) == 2 * weights.unit + 16
    assert weights.first_tier(2 * weights.unit + 16) == 2


def test_machine_changes_serve_due_dates() -> None:
    # Both jobs would like the quick machine; the one with the later due date can wait or take the slow one: 4 + 4 = 8.
    quick_or_slow = (mode("M", 4), mode("N", 7))
    instance = factory(
        machine("M"),
        machine("N"),
        job("A", op("1", *quick_or_slow), due_date=7),
        job("B", op("1", *quick_or_slow), due_date=4),
    )
    assert search(instance, "total_tardiness")["total_tardiness"] == 0

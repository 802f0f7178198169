"""Promised dates in the tabu search, and aspirations: values are those of the terms, and repairs keep promises."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from helpers import assert_valid
from test_tabu_remainder import cases

from benchmarks.size import flexible_job_shop
from scheduler.domain import Facility, Instance, Job, Machine, Mode, Objective, Operation
from scheduler.domain.events import MachineBreakdown
from scheduler.rescheduling import repair
from scheduler.search.construct import construct
from scheduler.search.tabu.engine import TabuSearch
from scheduler.search.tabu.settings import Settings
from scheduler.search.tabu.space import RestSpace, space_of
from scheduler.search.tabu.walker import Walker
from scheduler.search.tabu.weights import weigh
from scheduler.terms import value_terms

OBJECTIVES = (
    "promised_tardiness",
    "makespan > promised_tardiness",
    "0.5*promised_tardiness + weighted_tardiness > flow_time",
    "makespan <= 40 > promised_tardiness",
    "weighted_tardiness <= 7.5 > promised_tardiness + 0.25*makespan",
    "makespan <= 30 > flow_time <= 100",
)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_values_are_those_of_the_terms(objective: str) -> None:
    goal, broken, aspired = Objective.parse(objective), 0, 0
    for instance, shifted, weights in cases(range(200, 230), 9, objective):
        assert len(weights.tiers) == len(goal.tiers)
        space = space_of(instance, weights, shifted)
        assert isinstance(space, RestSpace)
        solution, found = space.solution(shifted), space.solution(shifted)
        assert solution is not None and found is not None
        walker = Walker(space.problem, weights, Settings())
        value, _ = walker.run(solution, found, 1, 40, -(1 << 60), np.zeros(1, np.int64))
        schedule = space.schedule(found)
        assert_valid(instance, schedule)
        values = goal.value(value_terms(instance, schedule))
        assert value == weights.value(instance, schedule)
        lifted = weights.levels.size > 0
        # What comes of the tiers is their value, aspirations included where the search knows them.
        if lifted or all(tier.aspiration == 0 for tier in goal.tiers):
            assert value + weights.offset == sum(
                int(of_tier * tier.scale) * unit for of_tier, (tier, unit) in zip(values, weights.tiers, strict=True)
            )
        assert weights.least(values) >= value
        broken += value_terms(instance, schedule)["promised_tardiness"] > 0
        aspired += lifted and values[0] == goal.tiers[0].aspiration
    assert broken >= 5
    assert aspired >= 5 or weights.levels.size == 0


def test_without_a_baseline_nothing_is_promised() -> None:
    whole = flexible_job_shop(20, 4, 3, seed=1)
    weights = weigh(whole, Objective.parse("promised_tardiness > makespan"))
    plan = construct(whole, Objective.parse("makespan"), time_limit=0.0)
    assert weights is not None and plan is not None
    assert weights.value(whole, plan) == plan.makespan


def test_aspirations_count_where_a_later_tier_gains_by_them() -> None:
    whole = flexible_job_shop(20, 4, 3, seed=1)

    def levels(objective: str) -> int:
        weights = weigh(whole, Objective.parse(objective))
        assert weights is not None
        return weights.levels.shape[1]

    assert levels("makespan <= 80 > flow_time") == 2
    assert levels("makespan <= 80 > flow_time <= 300") == 0
    assert levels("makespan > flow_time <= 300") == 0
    assert levels("makespan <= 80") == 0


def test_an_aspiration_above_all_that_there_is_leaves_the_first_tier_as_it_is() -> None:
    whole = flexible_job_shop(20, 4, 3, seed=1)
    plan = construct(whole, Objective.parse("makespan"), time_limit=0.0)
    weights = weigh(whole, Objective.parse("makespan > flow_time <= 1000000 > makespan"))
    assert plan is not None and weights is not None
    assert weights.first_tier(weights.value(whole, plan)) == plan.makespan


@pytest.mark.parametrize(
    ("objective", "values"), [("makespan > flow_time", (9, 15)), ("makespan <= 10 > flow_time", (10, 14))]
)
def test_the_search_uses_what_an_aspiration_leaves_it(objective: str, values: tuple[int, int]) -> None:
    # With B on N both end early, A at 6 and B at 9. With B on M before A, B ends at 4 and A at 10: less in sum.
    jobs = (
        Job("A", (Operation("1", (Mode("M", 6),)),)),
        Job("B", (Operation("1", (Mode("M", 4), Mode("N", 9))),)),
    )
    whole = Instance("aspiration", (Facility("F"),), (Machine("M", "F"), Machine("N", "F")), jobs)
    goal = Objective.parse(objective)
    start, weights = construct(whole, goal, time_limit=0.0), weigh(whole, goal)
    assert start is not None and weights is not None
    walk = TabuSearch(whole, weights, start, 0, lambda value: None)
    walk.advance(500)
    assert goal.value(value_terms(whole, walk.best() or start)) == values


def test_a_repair_breaks_fewer_promises_than_the_right_shift() -> None:
    whole, goal = flexible_job_shop(120, 8, 6, seed=3), Objective.parse("promised_tardiness > makespan")
    plan = construct(whole, Objective.parse("makespan"), time_limit=0.0)
    assert plan is not None
    event = MachineBreakdown(id="X", at=40, machine=whole.machines[0].id, until=160)
    shift = repair(whole, plan, [event], policy="right-shift", objective=goal, workers=1)
    shifted, weights = shift.result.schedule, weigh(shift.instance, goal)
    assert shifted is not None and weights is not None
    walk = TabuSearch(shift.instance, weights, shifted, 0, lambda value: None, Settings(starts="given"))
    walk.advance(2_000)
    found = walk.best()
    assert found is not None
    assert_valid(shift.instance, found)
    before, after = (goal.value(value_terms(shift.instance, schedule))[0] for schedule in (shifted, found))
    assert after < Fraction(1, 2) * before

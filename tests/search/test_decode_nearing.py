"""The factory search near a plan in force: aspirations, operations that are held, the way back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import factory, job, machine, mode, op, simple_job
from random_networks import Features
from test_construct_repair import disturbed
from test_decode import searched

from scheduler.domain import Instance, Objective, Schedule
from scheduler.domain.execution import Execution
from scheduler.domain.schedule import ScheduledOperation
from scheduler.search.decode.engine import FactorySearch
from scheduler.search.decode.goal import set_goal
from scheduler.search.decode.imitation import imitations
from scheduler.search.decode.latest import guess_latest
from scheduler.search.decode.lower import lower
from scheduler.search.decode.memory import Memory
from scheduler.search.decode.returning import CALLS
from scheduler.search.decode.solution import blank, to_schedule
from scheduler.search.decode.value import BEYOND
from scheduler.terms import value_terms


def planned(instance: Instance, *starts: tuple[str, str, int, int], now: int = 0) -> Instance:
    """Return the instance with a plan in force: job, machine, start and end of each first operation."""
    operations = []
    for name, on, start, end in starts:
        first = instance.job_by_id[name].operations[0]
        number = next(n for n, m in enumerate(first.modes) if m.machine == on)
        operations.append(ScheduledOperation(name, first.id, number, on, start, end))
    return replace(instance, execution=Execution(now, Schedule(tuple(operations))))


def crowded() -> Instance:
    """Three of 3 ticks planned on M, one of which may go to N; R of 4 has to be done on M by 4."""
    plain = factory(
        machine("M"),
        machine("N"),
        *(job(name, op("1", mode("M", 3), mode("N", 4))) for name in "ABC"),
        simple_job("R", ("M", 4), deadline=4),
    )
    return planned(plain, ("A", "M", 0, 3), ("B", "M", 3, 6), ("C", "M", 6, 9))


def test_what_is_good_enough_stays_where_it_was() -> None:
    """As early as possible B would start at 3, and R before or after it; R fits in between, and nothing moves."""
    plain = factory(machine("M"), simple_job("A", ("M", 3)), simple_job("B", ("M", 3)), simple_job("R", ("M", 2)))
    instance = planned(plain, ("A", "M", 0, 3), ("B", "M", 10, 13))
    schedule = searched(instance, "makespan <= 13 > start_deviation > flow_time")
    starts = {o.job: o.start for o in schedule.operations}
    assert starts == {"A": 0, "R": 3, "B": 10}


def test_no_more_moves_than_the_value_asks_for() -> None:
    """Two of the three can't stay on M: R takes [0, 4), so all ends by 10 only if one of 4 ticks goes to N."""
    instance = crowded()
    schedule = searched(instance, "makespan <= 10 > start_deviation + reassignments")
    terms = value_terms(instance, schedule)
    # A to N at 0 costs 1; then B on M at 4 and C at 7: 1 + 1 + 1.
    assert terms["makespan"] == 10
    assert terms["start_deviation"] + terms["reassignments"] == 3


def test_a_walk_from_the_plan_comes_down_to_the_value() -> None:
    """The other thread's first walk, alone: it knows nothing but the plan, which decodes to a makespan of 13."""
    instance, objective = crowded(), Objective.parse("makespan <= 10 > start_deviation + reassignments")
    search = FactorySearch.of(instance, objective, 0, lambda value: None)
    assert search is not None
    walks = search.stepper(1)
    for _ in range(CALLS):
        walks.step()
    schedule = search.best()
    assert schedule is not None
    assert objective.value(value_terms(instance, schedule)) == (10, 3)


@pytest.mark.parametrize("price", [1, 7])
def test_beyond_its_aspiration_a_unit_of_the_value_may_have_a_price(price: int) -> None:
    """All as planned, behind R: it ends at 13, three ticks too late, and three operations start four ticks later."""
    instance, objective = crowded(), Objective.parse("makespan <= 10 > start_deviation")
    goal, lowered = set_goal(instance, objective, latest := guess_latest(instance)), lower(instance, latest, True)
    assert goal is not None and lowered is not None
    assert instance.execution is not None
    goal.weights[-goal.num_tiers, BEYOND] = price
    for solution in imitations(lowered, instance.execution.baseline, is_old=True):
        solution.order[:] = [lowered.free[-1], *lowered.free[:-1]]
        assert Memory(lowered, goal).decode(solution) == 10 * goal.unit + 3 * price + 12


def test_values_with_aspirations_and_stability() -> None:
    """The value is that of all tiers as the domain counts them, decoded at once and after many changes."""
    objective = Objective.parse("makespan <= 60 > start_deviation + 2*reassignments")
    found = 0
    for seed in range(40):
        instance = disturbed(seed, Features())
        if instance is None:
            continue
        search = FactorySearch.of(instance, objective, seed, lambda value: None)
        if search is None:
            continue
        search.advance(300)
        schedule = search.best()
        if schedule is None:
            continue
        tiers = objective.value(value_terms(instance, schedule))
        assert divmod(search.value + search.goal.offset, search.goal.unit) == tiers
        found += 1
    assert found >= 20


def test_the_plan_in_force_comes_back() -> None:
    """Where nothing has happened that matters, the plan decodes to itself: whatever is early waits."""
    plain = factory(machine("M"), *(simple_job(name, ("M", 3)) for name in "ABC"))
    instance = planned(plain, ("B", "M", 2, 5), ("A", "M", 7, 10), ("C", "M", 20, 23))
    latest = guess_latest(instance)
    goal = set_goal(instance, Objective.parse("makespan <= 23 > start_deviation"), latest)
    assert goal is not None
    lowered = lower(instance, latest, holds=True)
    assert lowered is not None
    assert instance.execution is not None
    solution = next(imitations(lowered, instance.execution.baseline), None)
    assert solution is not None
    memory = Memory(lowered, goal)
    assert memory.decode(solution) == 23 * goal.unit
    assert to_schedule(lowered, memory.state).by_operation == instance.execution.baseline.by_operation


@pytest.mark.parametrize("is_old", [False, True])
def test_an_old_plan_leaves_open_what_it_does_not_have(is_old: bool) -> None:
    plain = factory(machine("M"), simple_job("A", ("M", 3)), simple_job("R", ("M", 2)))
    instance = planned(plain, ("A", "M", 4, 7))
    lowered = lower(instance, guess_latest(instance), holds=True)
    assert lowered is not None
    assert instance.execution is not None
    solution = next(imitations(lowered, instance.execution.baseline, is_old), None)
    assert (solution is not None) == is_old
    if solution is not None:
        assert solution.choice[: len(lowered.operations)].tolist() == [0, -1]
        assert solution.order.tolist() == [0, 1]
        assert blank(lowered).choice.tolist()[2:] == [1, 1]


def test_what_was_found_for_the_value_decodes_to_the_same_where_starts_count() -> None:
    found = 0
    for seed in range(40):
        instance = disturbed(seed, Features())
        if instance is None:
            continue
        valued = FactorySearch.of(instance, Objective.parse("makespan"), seed, lambda value: None)
        if valued is None:
            continue
        valued.advance(300)
        latest, best = guess_latest(instance), valued.best()
        goal, lowered = set_goal(instance, Objective.parse("start_deviation"), latest), lower(instance, latest, True)
        if best is None or goal is None or lowered is None:
            continue
        (solution,) = valued.found_for(lowered)
        memory = Memory(lowered, goal)
        assert memory.decode(solution) + goal.offset == value_terms(instance, best)["start_deviation"]
        assert to_schedule(lowered, memory.state) == best
        found += 1
    assert found >= 20

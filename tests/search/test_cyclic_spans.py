"""The cyclic search where the makespan counts: settling against every cycle time, its schedules against brute force."""

from __future__ import annotations

from fractions import Fraction

import pytest
from cyclic_cases import by_plans, cell, crowded, cyclic, held, one_long_job, over_lanes, several_carriers
from cyclic_graph_cases import assembled, parted, tiny_parted
from cyclic_searched import GOING, constructed
from helpers import Enough, assert_valid, factory, job, machine, mode, op, simple_job
from oracle import TooHardError
from oracle_cycle import best_cycle, least_makespan
from test_cycles import random_cyclic

from scheduler.domain import Instance, Objective, Stop
from scheduler.domain.cycle import cycle_time
from scheduler.portfolio import solve
from scheduler.portfolio.cycling import ALONE_WORK, Cycling
from scheduler.portfolio.run import Run
from scheduler.search.cyclic.drawing import graphs
from scheduler.search.cyclic.engine import CyclicSearch
from scheduler.search.cyclic.facts import empty_uses
from scheduler.search.cyclic.goal import SHORT_CYCLE_THEN_SPAN, Goal
from scheduler.search.cyclic.lower import lower
from scheduler.search.cyclic.schedules import to_plan, to_schedule
from scheduler.search.cyclic.span import ends_of, settle
from scheduler.search.cyclic.spoken import why_unsupported
from scheduler.search.cyclic.warm import compile_here
from scheduler.terms import value_terms

MAKESPAN = Objective.parse("makespan")


def patient() -> Instance:
    """Three sets of a part that comes back to its first machine.

    With the least cycle time, 4, it has to wait for three ticks there: 2 * 4 + 8 = 16. With 5 it need not wait at all:
    2 * 5 + 5 = 15, and less is out of reach with 5 or more, since the part takes 5.
    """
    return cyclic(factory(machine("M1"), machine("M2"), simple_job("P", ("M1", 3), ("M2", 1), ("M1", 1))), 3)


def searched(instance: Instance, insertions: int, goal: Goal | None = None) -> int:
    """Return the value that the search finds, the makespan if nothing else is said, having checked its schedule."""
    assert why_unsupported(instance, MAKESPAN) is None
    start, goal = constructed(instance), goal or Goal.of(instance, MAKESPAN.tiers[0])
    values: list[int] = []
    search = CyclicSearch(instance, start, 0, values.append, goal)
    search.advance(insertions)
    assert values == sorted(set(values), reverse=True)
    found = search.best() or start
    assert_valid(instance, found)
    assert search.value == goal.value_of(instance, found)
    return search.value


def test_the_bound_of_the_span_is_that_of_the_quickest_process_plan() -> None:
    # 6 on M2, or 6 on M1 and then 6 on M2: with the longer one the search would end at once.
    steps = op("1", mode("M1", 6)), op("2", mode("M2", 6))
    part = job("P", *steps, plans=(("1", "2"), ("2",)))
    instance = cyclic(factory(machine("M1"), machine("M2"), part), 3)
    search = CyclicSearch(instance, constructed(instance), 0, lambda value: None, Goal(1, 1), least_cycle=1)
    assert search.target == 1 + 6
    assert searched(instance, 100) == 3 * 6


def test_a_longer_cycle_may_be_over_sooner() -> None:
    instance = patient()
    assert least_makespan(instance) == 15
    assert searched(instance, 200) == 15
    result = solve(instance, objective="makespan", workers=1)
    assert (result.values, result.bounds, result.terms["cycle_time"]) == ((15,), (15,), 5)


@pytest.mark.parametrize(
    ("objective", "goal"),
    [
        ("cycle_time", Goal(1, 0, Fraction(1))),
        ("2.5*cycle_time", Goal(1, 0, Fraction(5, 2))),
        ("makespan", Goal(2, 1, Fraction(1))),
        ("4*makespan + 2*cycle_time > setup_time", Goal(5, 2, Fraction(2))),
    ],
)
def test_goals(objective: str, goal: Goal) -> None:
    instance, tier = patient(), Objective.parse(objective).tiers[0]
    assert Goal.of(instance, tier) == goal
    schedule = constructed(instance)
    terms = value_terms(instance, schedule)
    assert goal.value_of(instance, schedule) * goal.unit == tier.value(terms)
    span = terms["makespan"] - 2 * terms["cycle_time"]
    assert goal.value(terms["cycle_time"], span) == goal.value_of(instance, schedule)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("per_cycle", "per_span"), [(3, 1), (1, 4), (0, 1)])
def test_settling_takes_the_best_of_all_cycle_times(seed: int, per_cycle: int, per_span: int) -> None:
    instance = cell(seed)
    lowered = lower(instance)
    cycle, plan = to_plan(lowered, constructed(instance))
    facts, uses, graph = lowered.facts, empty_uses(lowered.facts), graphs(lowered.facts)
    num_jobs = len(plan.placed)
    given = max(ends_of(facts, plan, job)[1] for job in range(num_jobs))
    best, span = settle(facts, plan, uses, graph, 1, cycle, per_cycle, per_span, GOING)
    assert span == max(ends_of(facts, plan, job)[1] for job in range(num_jobs))
    assert min(ends_of(facts, plan, job)[0] for job in range(num_jobs)) == 0
    assert per_cycle * best + per_span * span <= per_cycle * cycle + per_span * given
    schedule = to_schedule(lowered, plan, best)
    assert_valid(instance, schedule)
    assert cycle_time(instance, schedule) == best

    arcs = list(zip(*(array[: graph.size[0]].tolist() for array in graph[1:5]), strict=True))

    def span_of(cycle: int) -> int | None:
        """Return the span of these orders for a cycle time, None if they don't allow it."""
        times = [0] * len(graph.time)
        for _ in range(len(times) + 1):
            before = list(times)
            for tail, head, length, height in arcs:
                times[head] = max(times[head], times[tail] + length - height * cycle)
            if times == before:
                return times[len(plan.time) + 1] - times[len(plan.time)]
        return None

    cycles = range(1, 2 * cycle + 1) if per_cycle > 0 else (cycle,)
    values = [per_cycle * each + per_span * found for each in cycles if (found := span_of(each)) is not None]
    assert per_cycle * best + per_span * span == min(values)


@pytest.mark.parametrize(
    ("kind", "seed"), [*((random_cyclic, n) for n in range(30)), *((tiny_parted, n) for n in range(6))]
)
def test_no_shorter_makespan_than_that_of_brute_force(kind, seed: int) -> None:
    instance = kind(seed)
    if why_unsupported(instance, MAKESPAN) is not None:
        return
    try:
        least = least_makespan(instance)
    except TooHardError:
        return
    assert searched(instance, 2000) == least


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "kind", [assembled, by_plans, cell, crowded, held, one_long_job, over_lanes, parted, several_carriers]
)
def test_schedules_of_everything_that_it_speaks_are_valid(kind, seed: int) -> None:
    instance = kind(seed)
    if why_unsupported(instance, MAKESPAN) is None:
        assert searched(instance, 300) <= value_terms(instance, constructed(instance))["makespan"]


def test_both_may_count() -> None:
    # 2 * 4 + 8 + 9 * 4 = 52 with the least cycle, 2 * 5 + 5 + 9 * 5 = 60 with the next.
    instance = patient()
    assert searched(instance, 300, Goal.of(instance, Objective.parse("makespan + 9*cycle_time").tiers[0])) == 52


@pytest.mark.parametrize("seed", range(20))
def test_the_span_may_come_second(seed: int) -> None:
    instance = random_cyclic(seed)
    if why_unsupported(instance, MAKESPAN) is not None:
        return
    try:
        cycle, makespan, _ = best_cycle(instance)
    except TooHardError:
        return
    span = makespan - (instance.cycle.repetitions - 1) * cycle
    assert searched(instance, 2000, SHORT_CYCLE_THEN_SPAN) == SHORT_CYCLE_THEN_SPAN.value(cycle, span)


def test_sets_are_over_as_soon_as_the_cycle_time_allows() -> None:
    """Where the makespan is a later tier, a walk for it comes before CP-SAT has the rest of the time."""
    compile_here()
    objective = Objective.parse("cycle_time > makespan")
    instance = cell(2, num_parts=6)
    run = Run(instance, objective, 600.0, 1, 0, None, Stop())
    start = constructed(instance)
    run.offer(start, "construction")
    before = objective.value(run.best_terms)
    Cycling(run, CyclicSearch(instance, start, 0, lambda value: None))._compact()
    assert run.best is not None
    assert_valid(instance, run.best)
    assert objective.value(run.best_terms) < before
    search = CyclicSearch(instance, start, 0, lambda value: None, SHORT_CYCLE_THEN_SPAN)
    search.advance(ALONE_WORK)
    span = run.best_terms["makespan"] - 3 * run.best_terms["cycle_time"]
    assert search.value == SHORT_CYCLE_THEN_SPAN.value(run.best_terms["cycle_time"], span)


def test_short_cycles_are_over_as_soon_as_their_orders_allow() -> None:
    saved = []
    for seed in range(8):
        instance = cell(seed)
        search = CyclicSearch(instance, constructed(instance), seed, lambda value: None)
        search.advance(200)
        cycle, plan = search.known()
        plain, compact = to_schedule(search.lowered, plan, cycle), search.read((cycle, plan))
        assert_valid(instance, compact)
        assert cycle_time(instance, compact) == cycle
        saved.append(plain.makespan - compact.makespan)
    assert min(saved) >= 0
    assert max(saved) > 0


def test_every_other_thread_begins_anew_at_a_standstill() -> None:
    """It then comes to timetables of its own, and what it finds is nobody's loss."""
    instance = cell(0, num_parts=4)
    values: list[int] = []
    goal = Goal.of(instance, MAKESPAN.tiers[0])
    search = CyclicSearch(instance, constructed(instance), 0, values.append, goal)
    first, second = search.stepper(0), search.stepper(1)
    own: list[int] = []
    for _ in range(400):
        first.step()
        second.step()
        own += [second._own[0]] if second._own is not None else []
        if len(own) > 1 and own[-1] > own[-2]:
            break
    else:
        pytest.fail("begun anew once at the most")
    assert first._own is None
    assert min(own) < search.given_value, "nothing found since"
    assert min(own) >= search.value
    assert values == sorted(set(values), reverse=True)
    found = search.best()
    assert found is not None
    assert_valid(instance, found)
    assert goal.value_of(instance, found) == search.value


@pytest.mark.parametrize("workers", [1, 2])
def test_the_portfolio_takes_it(workers: int) -> None:
    compile_here()
    instance = cell(2, num_parts=6)
    start = constructed(instance)
    known = value_terms(instance, start)["makespan"]
    enough = Enough(1, lambda point: point.engine == "cyclic" and point.value < known and point.bound > 0)
    result = solve(instance, objective="makespan", time_limit=30, workers=workers, stop=enough, on_progress=enough.hear)
    assert_valid(instance, result.schedule)
    assert 0 < result.bounds[0] <= result.values[0] < known


def test_what_is_given_is_read_without_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process compiles, a better schedule of CP-SAT's comes back as it is."""
    instance = cell(3, num_parts=6)
    plan = constructed(instance)
    walked = CyclicSearch(instance, plan, 0, lambda value: None)
    walked.advance(400)
    better = walked.best()
    assert better is not None
    search = CyclicSearch(instance, plan, 0, lambda value: None)
    monkeypatch.setattr(CyclicSearch, "is_compiled", lambda self: False)
    monkeypatch.setattr("scheduler.search.cyclic.engine.settle", None)  # nobody may call it
    search.give(better)
    found = search.best()
    assert_valid(instance, found)
    assert cycle_time(instance, found) == cycle_time(instance, better) < cycle_time(instance, plan)

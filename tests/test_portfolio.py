"""`solve` from outside: outcome, limits, start schedules, stopping, reasons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from helpers import (
    Enough,
    at,
    down,
    factory,
    job,
    machine,
    mode,
    op,
    random_job_shop,
    schedule,
    shifts,
    simple_job,
)

import scheduler
from scheduler import Status, Stop
from scheduler.domain import (
    Facility,
    Fleet,
    Instance,
    Objective,
    Precedence,
    Progress,
    ScheduledOperation,
    SetupMatrix,
    Vehicle,
)
from scheduler.domain.derive import complete
from scheduler.portfolio.hybrid import Hybrid
from scheduler.portfolio.run import Run
from scheduler.search.construct import construct
from scheduler.search.decode.warm import compile_here as compile_factory_search
from scheduler.search.tabu.engine import TabuSearch
from scheduler.search.tabu.warm import compile_here
from scheduler.search.tabu.weights import weigh
from scheduler.terms import value_terms


@pytest.fixture
def two_jobs() -> Instance:
    """Both jobs need M for 3 and then N for 2: the second ends at 3 + 3 + 2 = 8 at the earliest."""
    return factory(
        machine("M"),
        machine("N"),
        simple_job("A", ("M", 3), ("N", 2), due_date=5, weight=2),
        simple_job("B", ("M", 3), ("N", 2), due_date=6),
    )


def test_optimum_is_proved_in_every_tier(two_jobs: Instance) -> None:
    # A first: A ends at 5 (on time), B at 8 (2 late). B first: 2 * 3 late. So 2, and then the makespan is 8.
    result = scheduler.solve(two_jobs, objective="weighted_tardiness > makespan", time_limit=10)
    assert result.status is Status.OPTIMAL
    assert result.values == result.bounds == (2, 8)
    assert result.gap == 0.0
    assert result.terms["number_tardy"] == 1
    assert result.schedule is not None
    assert scheduler.check(two_jobs, result.schedule) == ()


def test_fractional_weights_are_exact(two_jobs: Instance) -> None:
    result = scheduler.solve(two_jobs, objective="makespan + 0.1*flow_time", time_limit=10)
    assert result.values == (Fraction(8) + Fraction(13, 10),)
    assert result.lower_bound == result.values[0]


def test_history_only_gets_better(two_jobs: Instance) -> None:
    points: list[Progress] = []
    result = scheduler.solve(two_jobs, objective="makespan", time_limit=10, on_progress=points.append)
    assert tuple(points) == result.history
    values = [point.value for point in points if point.value is not None]
    assert values == sorted(values, reverse=True)
    assert points[-1].value == points[-1].bound == 8


def test_a_start_schedule_that_breaks_a_rule_is_passed_over(two_jobs: Instance) -> None:
    overlapping = schedule(at("A.1", "M", 0, 3), at("A.2", "N", 3, 5), at("B.1", "M", 1, 4), at("B.2", "N", 5, 7))
    result = scheduler.solve(two_jobs, objective="makespan", time_limit=10, start=overlapping)
    assert result.values == (8,)


def test_a_wish_to_stop_is_heard_and_the_first_schedule_kept(two_jobs: Instance) -> None:
    stop = Stop()
    stop.request()
    result = scheduler.solve(two_jobs, objective="weighted_tardiness", time_limit=60, stop=stop)
    assert result.status is Status.FEASIBLE
    assert result.schedule is not None


def test_a_first_schedule_that_takes_too_long_is_given_up(two_jobs: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.portfolio.patience.PATIENCE", 0.0)
    stop = Stop()
    stop.request()
    result = scheduler.solve(two_jobs, objective="weighted_tardiness", time_limit=60, stop=stop)
    assert (result.status, result.schedule) == (Status.UNKNOWN, None)
    assert result.reason == "the search was stopped before it had a schedule"
    late = scheduler.solve(two_jobs, objective="weighted_tardiness", time_limit=1e-9)
    assert (late.status, late.schedule) == (Status.UNKNOWN, None)
    assert late.reason.startswith("no schedule was found within the time limit")


def test_a_slow_first_pass_is_left_to_the_factory_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where that is compiled, and not by one worker, who must not look at the clock."""
    compile_factory_search()
    monkeypatch.setattr("scheduler.portfolio.patience.SLOW_PASS", 0.0)
    instance = random_job_shop(6, 4, seed=0)

    def first(workers: int) -> str:
        result = scheduler.solve(instance, objective="makespan", time_limit=1, workers=workers)
        assert result.schedule is not None
        return next(point.engine for point in result.history if point.value is not None)

    assert first(workers=2) == "factory"
    assert first(workers=1) == "construction"
    monkeypatch.setattr("scheduler.search.compiling.Kernels.are_cached", lambda self, kernel: False)
    assert first(workers=2) == "construction"


def test_construction_asks_whether_to_give_up_only_while_there_is_no_schedule(two_jobs: Instance) -> None:
    asked: list[int] = []

    def gives_up_after(number: int) -> Callable[[], bool]:
        asked.clear()
        return lambda: asked.append(0) or len(asked) > number

    objective = Objective.parse("makespan")
    assert construct(two_jobs, objective, time_limit=0.0, gives_up=gives_up_after(2)) is None
    assert construct(two_jobs, objective, time_limit=1.0, gives_up=gives_up_after(4)) is not None
    assert len(asked) == 4  # once for each operation of the first pass


def test_a_search_that_is_stopped_begins_no_thread() -> None:
    instance = random_job_shop(3, 3, seed=0)
    start = construct(instance, Objective.parse("makespan"), time_limit=0.0)
    weights = weigh(instance, Objective.parse("makespan"))
    assert start is not None
    assert weights is not None
    search = TabuSearch(instance, weights, start, 0, lambda value: None)
    search.stop()
    search.start(2)
    search.wait(60.0)
    assert (search.iterations, search.found) == (0, None)


def test_stop_calls_late_listeners_at_once_and_forgets_them_afterwards() -> None:
    stop, calls = Stop(), []
    with stop.calling(lambda: calls.append("early")):
        stop.request()
    with stop.calling(lambda: calls.append("late")):
        pass
    stop.request()
    assert calls == ["early", "late"]


@pytest.mark.parametrize(("argument", "value"), [("time_limit", 0.0), ("time_limit", -1.0), ("workers", 0)])
def test_senseless_limits_are_refused(two_jobs: Instance, argument: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{argument} must be"):
        scheduler.solve(two_jobs, **{argument: value})


def test_unknown_objective_is_refused(two_jobs: Instance) -> None:
    with pytest.raises(scheduler.ObjectiveError, match="known terms: makespan"):
        scheduler.solve(two_jobs, objective="lateness")


def test_no_jobs_is_solved() -> None:
    result = scheduler.solve(factory(machine("M")), time_limit=5)
    assert result.status is Status.OPTIMAL
    assert result.values == (0,)


def test_same_seed_same_schedule_with_one_worker() -> None:
    instance = scheduler.load("instances/ft06.json")
    one, two = (scheduler.solve(instance, time_limit=20, workers=1, seed=7) for _ in range(2))
    assert one.status is Status.OPTIMAL
    assert one.schedule == two.schedule


# --- reasons -----------------------------------------------------------------------------------------------------


def reason(instance: Instance) -> str:
    result = scheduler.solve(instance, time_limit=60)
    assert result.status is Status.INFEASIBLE
    assert result.schedule is None
    return result.reason


def test_a_job_that_is_too_long_for_its_deadline_is_named() -> None:
    long = simple_job("A", ("M", 3), ("N", 4), release_date=2, deadline=8)
    assert "job A can't meet its deadline 8" in reason(factory(machine("M"), machine("N"), long))


def test_a_smallest_set_of_deadlines_is_named() -> None:
    # A and B need M for 3 + 3 > 5 together; C has room.
    late = [simple_job(name, ("M", 3), deadline=5) for name in "AB"]
    free = simple_job("C", ("M", 1), deadline=90)
    text = reason(factory(machine("M"), *late, free))
    assert "A (deadline 5), B (deadline 5)" in text
    assert "C" not in text


def test_a_deadline_behind_a_downtime_is_named() -> None:
    blocked = factory(machine("M", calendar=down((1, 20))), simple_job("A", ("M", 3), deadline=10))
    assert "the deadline of job A (deadline 10) can't be met" in reason(blocked)


def test_a_setup_that_fits_into_no_shift_is_explained() -> None:
    # A setup of 4 and the operation of 3 after it, in one piece, are longer than the shift, in either order.
    changes = SetupMatrix({"a": {"b": 4}, "b": {"a": 4}})
    jobs = [job(family, op("1", mode("M", 3, family))) for family in "ab"]
    instance = factory(machine("M", setups=changes, calendar=shifts(10, (0, 6))), *jobs)
    assert reason(instance).endswith("look at: calendars, setups")


def test_no_wait_that_calendars_forbid_is_explained() -> None:
    # Operation 2 has to follow at once, but N works only before M can be done.
    waiting = job("A", op("1", mode("M", 3)), op("2", mode("N", 2)), links=(Precedence("1", "2", 0, 0),))
    instance = factory(machine("M"), machine("N", calendar=down((3, 100))), waiting)
    assert scheduler.solve(instance, time_limit=10).values == (102,)
    hurried = replace(instance, jobs=(replace(waiting, deadline=50),))
    assert "the deadline of job A (deadline 50) can't be met" in reason(hurried)


# --- the compiled search -----------------------------------------------------------------------------------------


def test_compiled_search_and_bounds_prove_a_wide_job_shop() -> None:
    # 12 jobs of 2 + 3 + 1 ticks on machines M, N, O in this order: N is busy for 36, from 2 on, and O follows for 1.
    jobs = [simple_job(f"J{n}", ("M", 2), ("N", 3), ("O", 1)) for n in range(12)]
    result = scheduler.solve(factory(machine("M"), machine("N"), machine("O"), *jobs), time_limit=20)
    assert result.status is Status.OPTIMAL
    assert result.values == result.bounds == (2 + 36 + 1,)


def test_later_tiers_are_improved_after_the_makespan_is_proved() -> None:
    # Makespan 6 in any order; flow time is least with the short job first: 2 + 6.
    instance = factory(machine("M"), simple_job("A", ("M", 4)), simple_job("B", ("M", 2)))
    result = scheduler.solve(instance, objective="makespan > flow_time", time_limit=600)
    assert result.status is Status.OPTIMAL
    assert result.values == (6, 8)


def test_what_is_zero_in_every_schedule_does_not_hide_the_rest() -> None:
    # Nothing is due, no machine is set up: the makespan alone is to be planned, by the search that is made for it.
    result = scheduler.solve(
        random_job_shop(10, 2, seed=3), objective="weighted_tardiness > makespan + setup_time", time_limit=20, seed=0
    )
    alone = scheduler.solve(random_job_shop(10, 2, seed=3), objective="makespan", time_limit=20, seed=0)
    assert (result.status, alone.status) == (Status.OPTIMAL, Status.OPTIMAL)
    assert result.values == result.bounds == (0, *(alone.values or ()))
    assert result.leading == 1
    assert result.history[-1].value == result.values[1]


@pytest.mark.parametrize("workers", [1, 2])
def test_the_walk_goes_on_with_the_makespan_when_nothing_is_late(workers: int) -> None:
    compile_here("regular.run_regular")
    shop = random_job_shop(40, 4, seed=1)
    shop = replace(shop, jobs=tuple(replace(job, due_date=10_000) for job in shop.jobs))
    result = scheduler.solve(shop, objective="weighted_tardiness > makespan", time_limit=10, workers=workers, seed=0)
    # The machine that has most to do is the bound, and it never waits.
    assert result.status is Status.OPTIMAL
    assert result.values == result.bounds
    assert result.values is not None and result.values[0] == 0 < result.values[1]


@pytest.mark.parametrize("workers", [1, 2])
def test_two_searches_share_sums_over_many_jobs(workers: int) -> None:
    compile_here("regular.run_regular")
    compile_factory_search()  # of the two the one that finds something in seconds
    shop = random_job_shop(80, 4, seed=1)
    constructed = construct(shop, Objective.parse("flow_time"), time_limit=0.0)
    assert constructed is not None
    first = value_terms(shop, constructed)["flow_time"]
    searches = {"tabu", "factory"}
    enough = Enough(3, lambda point: point.engine in searches and point.value is not None and point.value < first)
    result = scheduler.solve(
        shop, objective="flow_time", time_limit=60, workers=workers, seed=0, stop=enough, on_progress=enough.hear
    )
    assert result.values is not None
    assert result.values[0] < first
    assert searches & {point.engine for point in result.history}
    assert scheduler.check(shop, result.schedule) == ()


def overloaded_vehicle(jobs: int) -> Instance:
    """Jobs go a long way from machine to machine to work for a tick or two: all wait for the only vehicle."""
    draw, names = Random(1), [f"M{number}" for number in range(8)]
    work = [
        job(f"J{n}", *(op(str(k), *(mode(m, draw.randint(1, 2)) for m in draw.sample(names, 2))) for k in range(3)))
        for n in range(jobs)
    ]
    travel = {p: {q: draw.randint(10, 40) for q in ("DOCK", *names) if q != p} for p in ("DOCK", *names)}
    fleet = Fleet("AGV", "F", (Vehicle("V", "DOCK"),), travel)
    return factory(Facility("F", "DOCK"), *map(machine, names), fleet, *work)


def in_shifts(instance: Instance) -> Instance:
    calendar = shifts(1000, (0, 900))
    return replace(instance, machines=tuple(replace(m, calendar=calendar) for m in instance.machines))


def test_two_searches_share_what_waits_for_a_vehicle() -> None:
    compile_here("carried.run_carried")
    compile_factory_search()
    enough = Enough(1, lambda point: point.engine == "factory" and point.value is not None)
    instance = overloaded_vehicle(50)
    result = scheduler.solve(instance, time_limit=60, workers=2, stop=enough, on_progress=enough.hear)
    assert "factory" in {point.engine for point in result.history}
    assert scheduler.check(instance, result.schedule) == ()


@pytest.mark.parametrize(
    ("instance", "objective", "has_rival"),
    [
        (overloaded_vehicle(50), "makespan", True),
        (overloaded_vehicle(10), "makespan", False),
        (random_job_shop(30, 10, seed=0), "makespan", False),
        (random_job_shop(30, 10, seed=0), "flow_time", True),
        (in_shifts(random_job_shop(30, 10, seed=0)), "makespan", True),
    ],
    ids=("vehicle", "few", "machines", "sum", "shifts"),
)
def test_a_rival_where_the_walk_sees_only_a_part(instance: Instance, objective: str, has_rival: bool) -> None:
    run = Run(instance, Objective.parse(objective), 60.0, 2, 0, None, Stop())
    start = construct(instance, run.objective, time_limit=0.0)
    weights = weigh(instance, run.objective)
    assert start is not None
    assert weights is not None
    run.offer(start, "construction")
    assert Hybrid(run, weights)._has_rival() is has_rival


def test_two_searches_end_when_either_meets_the_bounds_of_all_tiers() -> None:
    # M has 7 ticks of work, nothing is late: a makespan of 7 is the least. The tabu search does not even begin.
    jobs = (simple_job("A", ("M", 3), due_date=50), simple_job("B", ("M", 4), due_date=50))
    shop, objective = factory(machine("M"), *jobs), Objective.parse("weighted_tardiness > makespan")
    run = Run(shop, objective, 60.0, 2, 0, None, Stop())
    late, tight = (
        complete(shop, (ScheduledOperation("A", "1", 0, "M", 0, 3), ScheduledOperation("B", "1", 0, "M", at, at + 4)))
        for at in (5, 3)
    )
    weights = weigh(shop, objective)
    assert weights is not None
    run.offer(late, "construction")
    hybrid = Hybrid(run, weights)
    hybrid._aim()
    assert not hybrid._has_ended()
    run.offer(tight, "factory")
    assert hybrid._has_ended()
    assert run.meets((Fraction(0), Fraction(7)))
    assert not run.meets((Fraction(0), None))


def test_one_worker_takes_the_same_way_through_both_engines() -> None:
    compile_here()  # the first run on a machine, which compiles meanwhile, goes by the clock
    instance = random_job_shop(20, 10, seed=0)
    ways = []
    for _ in range(2):
        way: list[tuple[Fraction | None, Fraction | None, str]] = []
        enough = Enough(30)

        def hear(point: Progress, way: list[Any] = way, enough: Enough = enough) -> None:
            if not enough.requested:  # how soon an engine hears of the wish depends on the clock
                way.append((point.value, point.bound, point.engine))
                enough.hear(point)

        scheduler.solve(
            instance, objective="flow_time", time_limit=600, workers=1, seed=3, stop=enough, on_progress=hear
        )
        ways.append(way)
    assert {engine for _, _, engine in ways[0]} >= {"tabu", "cp-sat"}
    assert ways[0] == ways[1]


def test_a_running_search_can_be_stopped() -> None:
    instance = random_job_shop(20, 10, seed=0)
    stop = Stop()

    def on_progress(point: Progress) -> None:
        if point.engine == "tabu":
            stop.request()

    result = scheduler.solve(
        instance, objective="flow_time", time_limit=600, workers=2, on_progress=on_progress, stop=stop
    )
    assert result.status is Status.FEASIBLE
    assert result.schedule is not None
    assert result.seconds < 600


# --- CP-SAT on parts ---------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_factories_with_lanes_are_polished(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no compiled search speaks is left to CP-SAT; where the factory search walks, too, it leaves little to it."""
    monkeypatch.setattr("scheduler.search.decode.spoken.why_unsupported", lambda instance: "not for this test")
    instance = scheduler.load("instances/two_facilities.json")
    result = scheduler.solve(instance, time_limit=20, workers=workers)
    assert result.schedule is not None
    assert scheduler.check(instance, result.schedule) == ()
    values = [point.value for point in result.history if point.value is not None]
    assert values[-1] < values[0]
    assert any(point.engine == "polish" for point in result.history)


def test_a_proof_of_the_only_tier_makes_the_answer_optimal() -> None:
    instance = factory(machine("M", capacity=2), *(simple_job(f"J{n}", ("M", 3)) for n in range(5)))
    run = Run(instance, Objective.parse("makespan"), 10.0, 2, 0, None, Stop())
    assert run.search(None)[0] is Status.OPTIMAL
    # Two at a time, 3 ticks each: 9, and nothing below it is enough for a proof.
    assert run.answer((Fraction(9),)) == (Status.OPTIMAL, (9,))
    assert run.answer((Fraction(8),)) == (Status.FEASIBLE, (8,))

"""`solve` from outside: outcome, limits, start schedules, stopping, reasons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest
from helpers import (
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
    Instance,
    Objective,
    Precedence,
    Progress,
    SetupMatrix,
)
from scheduler.search.construct import construct
from scheduler.search.decode.warm import compile_here as compile_factory_search
from scheduler.search.tabu.engine import TabuSearch
from scheduler.search.tabu.weights import weigh


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

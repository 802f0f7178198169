"""A model that nobody waits for any more is given up while it is built."""

from __future__ import annotations

from time import monotonic

import pytest
from helpers import Soon, at, factory, machine, schedule, simple_job
from ortools.sat.python import cp_model

from scheduler.cpsat.context import ModelContext
from scheduler.cpsat.polish import polish
from scheduler.cpsat.solve import build, improve, new_solver
from scheduler.domain import Instance, Objective, Schedule, Status, Stop
from scheduler.domain.stop import Stopped, Until
from scheduler.search.construct import construct


def shop() -> Instance:
    return factory(machine("M1"), machine("M2"), *(simple_job(f"J{n}", ("M1", 2), ("M2", 3)) for n in range(5)))


def test_building_ends_at_the_next_variable() -> None:
    whole = len(build(shop(), stop=Stop()).model.proto.variables)
    assert (
        len(build(shop(), stop=Soon(4)).model.proto.variables) == 6 < whole
    )  # a constant and the one that was in hand


def test_what_was_known_is_the_answer() -> None:
    outcome = improve(
        shop(),
        Objective.parse("makespan"),
        start=None,
        time_limit=60.0,
        workers=1,
        seed=0,
        on_progress=lambda value, bound: None,
        stop=Soon(4),
    )
    assert (outcome.status, outcome.schedule, outcome.bounds) == (Status.UNKNOWN, None, (None,))


def constructed() -> Schedule:
    schedule = construct(shop(), Objective.parse("makespan"), time_limit=0.0)
    assert schedule is not None
    return schedule


def test_a_wish_until_an_instant_is_that_of_another_or_of_the_clock() -> None:
    other = Stop()
    late, soon = Until(other, monotonic() + 3600), Until(other, monotonic())
    assert (late.requested, soon.requested, other.requested) == (False, True, False)
    other.request()
    assert late.requested


def test_building_ends_when_the_time_is_up() -> None:
    outcome = improve(
        shop(),
        Objective.parse("makespan"),
        start=(start := constructed()),
        time_limit=0.0,
        workers=1,
        seed=0,
        on_progress=lambda value, bound: None,
        stop=Stop(),
    )
    assert (outcome.status, outcome.schedule, outcome.bounds) == (Status.FEASIBLE, start, (None,))


def test_hints_end_when_the_time_is_up() -> None:
    ctx = build(shop())
    with pytest.raises(Stopped):
        ctx.hint(constructed(), Until(Stop(), monotonic()))


def test_polishing_ends_when_the_time_is_up() -> None:
    start = constructed()
    assert polish(shop(), Objective.parse("makespan"), start, seconds=0.0, seed=0, stop=Stop()) is start


def test_without_a_schedule_the_first_tier_has_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Later tiers have their share once there is a schedule; before that nothing is kept for them."""
    given: list[float] = []

    def noted(ctx: ModelContext, seconds: float, workers: int, seed: int) -> cp_model.CpSolver:
        given.append(seconds)
        return new_solver(ctx, seconds, workers, seed)

    monkeypatch.setattr("scheduler.cpsat.solve.new_solver", noted)
    instance = factory(machine("M"), simple_job("A", ("M", 3), due_date=1), simple_job("B", ("M", 4), due_date=2))
    objective = Objective.parse("total_tardiness > makespan")
    how = {"time_limit": 1000.0, "workers": 1, "seed": 0, "on_progress": lambda value, bound: None, "stop": Stop()}
    found = improve(instance, objective, start=None, **how)  # type: ignore[arg-type]
    assert found.status is Status.OPTIMAL
    assert [seconds > 900 for seconds in given] == [True, True]
    given.clear()
    start = schedule(at("A.1", "M", 4, 7), at("B.1", "M", 0, 4))
    again = improve(instance, objective, start=start, **how)  # type: ignore[arg-type]
    assert again.status is Status.OPTIMAL
    assert [seconds > 900 for seconds in given] == [False, True]

"""Which unit is next: the least rank among those that can start first, without a look at those that can't."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from helpers import factory, job, machine, mode, op, shifts, simple_job

from scheduler.domain import Instance, SetupMatrix
from scheduler.search.board import Board
from scheduler.search.dispatch import dispatch
from scheduler.search.insertion import Insertion
from scheduler.search.problem import Problem
from scheduler.search.queues import queue_for
from scheduler.search.rules import Priority, Rule, most_work
from scheduler.search.units import Plans, Unit

M1, M2 = machine("M1"), machine("M2")


def by_length(unit: Unit, instant: float) -> float:
    """Shortest operation first."""
    return unit.operations[0].least_duration


def by_id(unit: Unit, instant: float) -> float:
    """Job "1" before job "2"."""
    return float(unit.plan.job.domain.id)


def order(instance: Instance, priority: Priority, is_steady: bool = True) -> list[str]:
    """Return the order in which the first operations of all jobs are taken out and placed."""
    problem = Problem(instance)
    plans = Plans(problem)
    insertion = Insertion(Board(problem), Rule("rule", priority, is_steady=is_steady))
    queue = queue_for(insertion, insertion.placement.rule)
    queue.push(plans.units(job, 0)[0] for job in problem.jobs)
    found = []
    while (unit := queue.pop()) is not None:
        assert insertion.place(unit)
        found.append(unit.plan.job.domain.id)
    return found


def test_who_can_start_first_comes_first_whatever_the_rank() -> None:
    # At 0 only "3" is there; when M1 is idle at 5, "1" and "2" are, and "1" has the least rank.
    jobs = [simple_job(id, ("M1", 5), release_date=at) for id, at in (("2", 1), ("1", 4), ("3", 0))]
    assert order(factory(M1, *jobs), by_id) == ["3", "1", "2"]


def test_an_idle_machine_does_not_wait_for_a_busy_one() -> None:
    # "1" takes M1 for 9; "2" needs M1 too, "3" has M2 for itself.
    jobs = [simple_job("1", ("M1", 9)), simple_job("2", ("M1", 1)), simple_job("3", ("M2", 1))]
    assert order(factory(M1, M2, *jobs), by_id) == ["1", "3", "2"]


def test_an_operation_of_no_length_waits_for_no_machine() -> None:
    jobs = [simple_job("1", ("M1", 9)), simple_job("2", ("M1", 5)), simple_job("3", ("M1", 0))]
    assert order(factory(M1, *jobs), by_id) == ["1", "3", "2"]


def test_what_needs_no_setup_can_start_first() -> None:
    # When M1 is idle at 3, "2" needs a setup until 7; "3" does not.
    matrix = SetupMatrix({"a": {"b": 4}, "b": {"a": 4}}, initial="a")
    families = (("1", "a"), ("2", "b"), ("3", "a"))
    jobs = [job(id, op("1", mode("M1", 3, family))) for id, family in families]
    assert order(factory(machine("M1", setups=matrix), *jobs), by_id) == ["1", "3", "2"]


def test_a_start_that_is_never_possible_is_not_waited_for() -> None:
    # Setup and work need 5 + 3 ticks of a shift of 6 (a setup ends when work begins): each shift promises the next.
    matrix = SetupMatrix({"a": {"b": 5}}, initial="a")
    oven = machine("M1", setups=matrix, calendar=shifts(10, (0, 6)))
    problem = Problem(factory(oven, job("1", op("1", mode("M1", 3, "b")))))
    assert dispatch(problem, Plans(problem), Rule("by id", by_id), Random(0)) is None


def test_ranks_that_change_are_worked_out_once_an_instant() -> None:
    """At 3, when the first job is done, each other one is tried, but needs a setup: 29 ranks, not 29 + 28 + ..."""
    num_jobs, asked = 30, list[float]()

    def rank(unit: Unit, instant: float) -> float:
        asked.append(instant)
        return by_id(unit, instant)

    families = [str(number) for number in range(num_jobs)]
    matrix = SetupMatrix({a: {b: 4 for b in families if b != a} for a in families})
    jobs = [job(family, op("1", mode("M1", 3, family))) for family in families]
    assert order(factory(machine("M1", setups=matrix), *jobs), rank, is_steady=False) == families
    assert asked.count(3) == num_jobs - 1


def test_a_rank_that_changes_with_time_is_that_of_the_instant() -> None:
    def turning(unit: Unit, instant: float) -> float:
        return by_id(unit, instant) if instant < 3 else -by_id(unit, instant)

    jobs = [simple_job(id, ("M1", 3)) for id in ("1", "2", "3")]
    assert order(factory(M1, *jobs), turning, is_steady=False) == ["1", "3", "2"]


def test_units_that_can_start_together_come_in_the_order_of_arrival_if_their_ranks_are_equal() -> None:
    jobs = [simple_job(id, ("M1", 3)) for id in ("2", "3", "1")]
    assert order(factory(M1, *jobs), by_length) == ["2", "3", "1"]


def test_who_waits_in_line_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    def counted(insertion: Insertion, unit: Unit, floor: int = 0, peek: Callable[..., int] = Insertion.peek) -> int:
        nonlocal looks
        looks += 1
        return peek(insertion, unit, floor)

    monkeypatch.setattr(Insertion, "peek", counted)
    jobs = [simple_job(str(number), ("M1", 2)) for number in range(300)]
    assert order(factory(M1, *jobs), by_id) == [job.id for job in jobs]
    # One look on arrival and one when it is first in line (but for the first of all, as nothing has changed until
    # then); 300 * 299 / 2 if everyone were asked each time.
    assert looks == 300 + 299


def test_a_pass_that_is_over_is_given_up() -> None:
    problem = Problem(factory(M1, simple_job("1", ("M1", 3))))
    rule = Rule("most work", most_work)
    assert dispatch(problem, Plans(problem), rule, Random(0)) is not None
    assert dispatch(problem, Plans(problem), rule, Random(0), lambda: True) is None

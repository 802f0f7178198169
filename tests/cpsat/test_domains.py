"""Variables of what is not carried out never make a model infeasible."""

from __future__ import annotations

from dataclasses import replace

from cpsat.proving import shortest
from helpers import at, complete_instance, down, factory, job, machine, mode, op, schedule

import scheduler
from scheduler.cpsat.solve import improve
from scheduler.domain import Execution, Objective, Precedence, Schedule, ScheduledOperation, Status, Stop


def test_operation_of_an_unchosen_plan_may_be_released_after_the_known_makespan() -> None:
    # Released at 4; plan 2 takes 2 ticks, plan 1 takes 4. Operation 1 can't end by 6, the makespan of plan 2.
    planned = job("J", op("1", mode("M", 4)), op("2", mode("M", 2)), links=(), release_date=4, plans=(("2",), ("1",)))
    instance = replace(factory(machine("M"), planned), execution=Execution(1, Schedule(())))
    start = Schedule((ScheduledOperation("J", "2", 0, "M", 4, 6),))
    outcome = shortest(instance, start)
    assert outcome.status is Status.OPTIMAL
    assert outcome.schedule is not None
    assert outcome.schedule.makespan == 6


def test_precedences_of_a_plan_bind_only_in_it() -> None:
    # 1 -> 2 in the first plan (3 + 1); 2 alone in the second: 1 tick is enough.
    planned = job(
        "J",
        op("1", mode("M", 3)),
        op("2", mode("M", 1)),
        links=(Precedence("1", "2"),),
        plans=(("1", "2"), ("2",)),
    )
    outcome = improve(
        factory(machine("M"), planned),
        Objective.parse("makespan"),
        start=None,
        time_limit=10,
        workers=1,
        seed=0,
        on_progress=lambda value, bound: None,
        stop=Stop(),
    )
    assert outcome.schedule is not None
    assert outcome.schedule.makespan == 1


def test_an_interruptible_operation_of_no_length_takes_no_time() -> None:
    # Between 0 and 2 without waiting, operation 1 falls into the downtime [2, 6) of M1: at 5, when M3 begins to work.
    waiting = job(
        "J",
        op("0", mode("M2", 3)),
        op("1", mode("M1", 0), interruptible=True),
        op("2", mode("M3", 2)),
        links=(Precedence("0", "1", 0, 2), Precedence("1", "2", 0, 0)),
    )
    machines = machine("M1", calendar=down((2, 6))), machine("M2"), machine("M3", calendar=down((0, 5)))
    result = scheduler.solve(factory(*machines, waiting), time_limit=10)
    assert result.status is Status.OPTIMAL
    assert result.values == (7,)


def test_a_mode_that_is_longer_than_the_horizon() -> None:
    # J1 runs in its mode of 2 ticks; the other takes 50 and might pause, and nothing need be later than 2.
    running = job("J1", op("1", mode("M1", 2), mode("M2", 50), interruptible=True))
    baseline = schedule(at("J1.1", "M1", 0, 2))
    machines = machine("M1"), machine("M2", calendar=down((0, 1)))
    instance = replace(factory(*machines, running), execution=Execution(1, baseline))
    outcome = improve(
        instance,
        Objective.parse("makespan"),
        start=baseline,
        time_limit=10,
        workers=1,
        seed=0,
        on_progress=lambda value, bound: None,
        stop=Stop(),
    )
    assert outcome.status is Status.OPTIMAL


def test_a_job_due_before_its_release_is_infeasible_also_over_a_lane() -> None:
    # J4 is released at 10 and goes by lane: its transfer begins in [10, 4], as it were.
    *jobs, last = (j for j in complete_instance().jobs if j.id != "J5")
    outcome = improve(
        replace(complete_instance(), jobs=(*jobs, replace(last, deadline=4))),
        Objective.parse("makespan"),
        start=None,
        time_limit=10,
        workers=1,
        seed=0,
        on_progress=lambda value, bound: None,
        stop=Stop(),
    )
    assert outcome.status is Status.INFEASIBLE

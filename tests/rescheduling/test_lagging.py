"""Maximum lags that are broken for good: by arithmetic, and by the model."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from helpers import at, constructed, factory, job, machine, mode, op, schedule, shifts

from scheduler.domain import Instance, Operation, Precedence, Status
from scheduler.domain.events import MachineBreakdown, Revision, revise
from scheduler.portfolio import solve
from scheduler.rescheduling import repair
from scheduler.rescheduling.concessions import without_lags
from scheduler.rescheduling.lagging import least_lags


def shop(second: Operation, max_lag: int = 5, **fields: object) -> Instance:
    """J goes from A, in [0, 4), to B or elsewhere; K runs on C in [0, 12)."""
    lag = (Precedence("1", "2", max_lag=max_lag),)
    jobs = job("J", op("1", mode("A", 4)), second, links=lag), job("K", op("1", mode("C", 12)))
    return factory(machine("A"), machine("B", **fields), machine("C"), *jobs)


@pytest.mark.parametrize(
    ("second", "max_lag", "until", "lags"),
    [
        (op("2", mode("B", 3)), 5, 30, {("J", "1", "2"): 26}),
        (op("2", mode("B", 3)), 26, 30, {}),
        (op("2", mode("B", 3), mode("A", 6)), 5, 30, {}),  # A is free at 4
        (op("2", mode("B", 3), mode("C", 3)), 5, 30, {("J", "1", "2"): 8}),  # C is at work until 12
        (op("2", mode("B", 3), mode("C", 3)), 5, 8, {}),
    ],
)
def test_a_lag_that_no_machine_can_keep(second: Operation, max_lag: int, until: int, lags: object) -> None:
    instance = shop(second, max_lag)
    baseline = schedule(at("J.1", "A", 0, 4), at("J.2", "B", 4, 7), at("K.1", "C", 0, 12))
    revised = revise(instance, Revision(2, 0, (MachineBreakdown("E", 2, "B", until),), baseline))
    assert least_lags(revised) == lags


def test_a_lag_over_a_night_is_lost_as_the_shift_begins_too_late() -> None:
    instance = shop(op("2", mode("B", 3)), calendar=shifts(24, (0, 8)))
    baseline = schedule(at("J.1", "A", 0, 4), at("J.2", "B", 4, 7), at("K.1", "C", 0, 12))
    revised = revise(instance, Revision(2, 0, (MachineBreakdown("E", 2, "B", 7),), baseline))
    assert least_lags(revised) == {("J", "1", "2"): 20}


def test_the_reason_says_who_can_not_begin_in_time() -> None:
    instance = shop(op("2", mode("B", 3)))
    baseline = schedule(at("J.1", "A", 0, 4), at("J.2", "B", 4, 7), at("K.1", "C", 0, 12))
    found = repair(instance, baseline, [MachineBreakdown("E", 2, "B", 30)], policy="right-shift", workers=1)
    assert found.result.status is Status.INFEASIBLE
    assert "B can't begin with J.2 before 30, 26 after 4, 5 are allowed" in found.result.reason
    assert [(v.rule, v.amount) for v in found.broken] == [("precedence", 21)]


def test_what_is_broken_for_good_is_so_in_the_model_too() -> None:
    """Random shops with a breakdown: with one tick less than the least lag there is no schedule."""
    claims = 0
    for seed in range(16):
        revised = broken_shop(Random(seed))
        for (name, before, after), least in least_lags(revised).items():
            claims += 1
            free = tuple(without_lags(known) for known in revised.jobs)
            for limit, status in ((least - 1, Status.INFEASIBLE), (least + 60, Status.OPTIMAL)):
                tight = tuple(
                    replace(
                        known,
                        precedences=tuple(
                            replace(p, max_lag=limit) if (p.predecessor, p.successor) == (before, after) else p
                            for p in known.precedences
                        ),
                    )
                    if known.id == name
                    else known
                    for known in free
                )
                assert solve(replace(revised, jobs=tight), time_limit=10.0, workers=1).status is status, seed
    assert claims > 5


def broken_shop(random: Random) -> Instance:
    """Return a shop of three jobs with lags in which a machine breaks down while an operation runs."""
    jobs = []
    for number in range(3):
        operations = [op(str(k), mode(m, random.randint(2, 6))) for k, m in enumerate(random.sample("ABC", 3))]
        links = tuple(Precedence(str(k), str(k + 1), random.choice((0, 0, 2)), 7) for k in range(2))
        jobs.append(job(f"J{number}", *operations, links=links))
    instance = factory(*map(machine, "ABC"), *jobs)
    baseline = constructed(instance)
    assert baseline is not None
    running = random.choice([o for o in baseline.operations if o.operation != "2"])
    now = random.randint(running.start + 1, running.end)
    event = MachineBreakdown(
        "E", now, baseline.by_operation[running.job, str(int(running.operation) + 1)].machine, now + 25
    )
    return revise(instance, Revision(now, 0, (event,), baseline))

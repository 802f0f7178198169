"""What stability may cost: the nearest of the plans that are good enough."""

from __future__ import annotations

from fractions import Fraction

import pytest
from helpers import assert_valid

from benchmarks.size import flexible_job_shop
from scheduler.domain import Facility, Instance, Job, Machine, Mode, Objective, Operation, Schedule, Status
from scheduler.domain.derive import complete
from scheduler.domain.events import MachineBreakdown
from scheduler.domain.jobs import chain
from scheduler.domain.schedule import ScheduledOperation
from scheduler.errors import UncheckedScheduleError
from scheduler.rescheduling import repair
from scheduler.rescheduling.stability import ALLOWANCE, usual_allowance
from scheduler.search.construct import construct


def two_machines() -> tuple[Instance, Schedule]:
    """J1 to J3, each 10 on M or 11 on N; J1 and J2 on M, J3 on N."""
    modes = (Mode("M", 10), Mode("N", 11))
    jobs = tuple(Job(name, (Operation("o", modes),), chain(("o",))) for name in ("J1", "J2", "J3"))
    instance = Instance("two machines", (Facility("F"),), (Machine("M", "F"), Machine("N", "F")), jobs)
    plan = [("J1", 0, "M", 0, 10), ("J2", 0, "M", 10, 20), ("J3", 1, "N", 0, 11)]
    return instance, complete(
        instance, [ScheduledOperation(job, "o", mode, machine, start, end) for job, mode, machine, start, end in plan]
    )


@pytest.mark.parametrize("policy", ["auto", "reoptimise"])
@pytest.mark.parametrize(("allowance", "makespan"), [(0.0, 22), (0.18, 22), (0.19, 26)])
def test_the_nearest_plan_that_is_good_enough(policy: str, allowance: float, makespan: int) -> None:
    """M is down during [9, 15), so J1 ends at 16. J2 waits for it and ends at 26, or goes to N, behind J3, until 22.

    Going to N moves its start by 1, but a reassignment is worth two operations, at least 20: waiting costs 6. It is
    allowed from 26 / 22 - 1 = 18.2 % on.
    """
    instance, plan = two_machines()
    down = MachineBreakdown(id="E", at=9, machine="M", until=15, interrupted="resume")
    found = repair(instance, plan, [down], now=9, policy=policy, allowance=allowance, time_limit=20, workers=1)
    assert found.result.schedule is not None
    assert_valid(found.instance, found.result.schedule)
    assert found.result.schedule.makespan == makespan


def test_without_a_word_small_plans_give_nothing_away() -> None:
    small, large = (flexible_job_shop(n, 10, 10, seed=1) for n in (150, 300))
    plans = [construct(instance, Objective.parse("makespan"), time_limit=0.0) for instance in (small, large)]
    shares = []
    for instance, plan in zip((small, large), plans, strict=True):
        assert plan is not None
        event = MachineBreakdown(id="E", at=1, machine=instance.machines[0].id, until=30)
        found = repair(instance, plan, [event], policy="right-shift", workers=1)
        shares.append(usual_allowance(found.instance))
    assert shares == [Fraction(0), ALLOWANCE]


def test_a_proof_of_the_value_is_kept_when_change_is_proved_too() -> None:
    instance, plan = two_machines()
    down = MachineBreakdown(id="E", at=9, machine="M", until=15, interrupted="resume")
    found = repair(instance, plan, [down], now=9, allowance=0, time_limit=5, workers=1)
    assert found.result.status is Status.OPTIMAL
    assert found.result.bounds[0] == found.result.values[0]


@pytest.mark.parametrize("allowance", [-0.1, 11, float("nan")])
def test_an_allowance_that_is_no_share(allowance: float) -> None:
    instance, plan = two_machines()
    event = MachineBreakdown(id="E", at=9, machine="M", until=15)
    with pytest.raises(ValueError, match="allowance must be a share"):
        repair(instance, plan, [event], allowance=allowance)


def test_a_slip_of_an_engine_costs_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise UncheckedScheduleError("the schedule breaks 1 rule")

    monkeypatch.setattr("scheduler.portfolio.solve", broken)
    instance, plan = two_machines()
    event = MachineBreakdown(id="E", at=9, machine="M", until=15, interrupted="resume")
    with pytest.warns(RuntimeWarning, match="a search is passed over: the schedule breaks 1 rule"):
        found = repair(instance, plan, [event], policy="reoptimise", time_limit=2, workers=1)
    assert found.result.schedule is not None
    assert_valid(found.instance, found.result.schedule)

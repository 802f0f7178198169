"""What stability may cost: the nearest of the plans that are good enough, or what is worth its change."""

from __future__ import annotations

from dataclasses import replace
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
from scheduler.rescheduling.stability import ALLOWANCE, TAX, priced, usual_allowance, usual_tax, with_stability
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
    shares, taxes = [], []
    for instance, plan in zip((small, large), plans, strict=True):
        assert plan is not None
        event = MachineBreakdown(id="E", at=1, machine=instance.machines[0].id, until=30)
        found = repair(instance, plan, [event], policy="right-shift", workers=1)
        shares.append(usual_allowance(found.instance))
        taxes.append(usual_tax(found.instance))
    assert shares == [Fraction(0), ALLOWANCE]
    assert 0 < taxes[0] < taxes[1] == TAX  # one of 150 operations has begun


@pytest.mark.parametrize("policy", ["auto", "reoptimise"])
@pytest.mark.parametrize("is_walked", [True, False])
@pytest.mark.parametrize(("tax", "makespan"), [(0.0, 22), (0.1, 22), (0.2, 26)])
def test_a_change_that_has_to_be_worth_it(
    monkeypatch: pytest.MonkeyPatch, policy: str, is_walked: bool, tax: float, makespan: int
) -> None:
    """As above. N saves 4 ticks of makespan, worth 4 / tax ticks of deviation, as J2 alone is pending.

    Its start would move by 1 instead of 6. But another machine costs 2p, and that J2 does not follow J1 any more p,
    with p the median duration, 10 or 11: 25 or 28 in all. With a tax of 0.1 N is worth 40, with one of 0.2 only 20.
    """
    if not is_walked:
        monkeypatch.setattr("scheduler.search.tabu.arrays.why_unsupported", lambda *_: "for once")
    instance, plan = two_machines()
    down = MachineBreakdown(id="E", at=9, machine="M", until=15, interrupted="resume")
    found = repair(instance, plan, [down], now=9, policy=policy, tax=tax, time_limit=20, workers=1)
    assert found.result.schedule is not None
    assert_valid(found.instance, found.result.schedule)
    assert found.result.schedule.makespan == makespan


def test_a_right_shift_that_is_worth_more_is_good_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """As above, with the usual tax: a tenth of what N gains on 26 is no way back to 26, but 26 is worth more."""
    monkeypatch.setattr("scheduler.rescheduling.stability.NEVER_EXACT_IN_NETWORKS", (-1, 1))
    monkeypatch.setattr("scheduler.search.tabu.arrays.why_unsupported", lambda *_: "for once")
    instance, plan = two_machines()
    down = MachineBreakdown(id="E", at=9, machine="M", until=15, interrupted="resume")
    found = repair(instance, plan, [down], now=9, policy="reoptimise", time_limit=20, workers=1)
    assert found.result.schedule is not None
    assert found.result.schedule.makespan == 26


def test_the_price_of_a_value() -> None:
    """Three jobs of weights 1, 2, 3; the one of weight 3 has begun. Two operations are pending."""
    instance, plan = two_machines()
    jobs = tuple(replace(job, weight=weight) for job, weight in zip(instance.jobs, (2, 1, 3), strict=True))
    instance = replace(instance, jobs=jobs)
    plan = complete(
        instance, [replace(o, start=o.start + 20, end=o.end + 20) if o.job != "J3" else o for o in plan.operations]
    )
    down = MachineBreakdown(id="E", at=9, machine="M", until=15, interrupted="resume")
    revised = repair(instance, plan, [down], now=9, policy="right-shift", workers=1).instance
    objective = Objective.parse("weighted_tardiness > makespan")
    stability = with_stability(revised, objective).tiers[-1]
    deviation, moved = (dict(stability.weights)[name] for name in ("start_deviation", "reassignments"))
    assert deviation == 1
    tier = priced(revised, objective.tiers, stability, Fraction(1, 3))
    assert tier is not None
    # A unit of weighted tardiness costs 2 / (1/3 * 3) = 2, one of makespan 2 / (1/3) / 100 = 0.06; all of it times 17.
    assert dict(tier.weights) == {
        "start_deviation": 17,
        "reassignments": 17 * moved,
        "sequence_changes": 17 * moved / 2,
        "weighted_tardiness": 34,
        "makespan": 1,
    }
    assert priced(revised, objective.tiers, stability, Fraction(0)) is None
    assert priced(revised, Objective.parse("setup_time > makespan").tiers, stability, Fraction(1)) is None


def test_the_report_tells_what_was_given_up() -> None:
    instance, plan = two_machines()
    down = MachineBreakdown(id="E", at=9, machine="M", until=15, interrupted="resume")
    found = repair(instance, plan, [down], now=9, policy="reoptimise", tax=1, time_limit=20, workers=1)
    assert found.report is not None and found.report.trade is not None
    trade = found.report.trade
    assert (trade.tax, trade.value_before, trade.value) == (1.0, 22.0, 26.0)
    assert (trade.deviation_before, trade.deviation) == (1, 6)
    assert found.report.as_json()["trade"]["value"] == 26.0


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
    with pytest.raises(ValueError, match="tax must be a number of ticks"):
        repair(instance, plan, [event], tax=-1 if allowance == -0.1 else float("nan"))
    with pytest.raises(ValueError, match="two answers to one question"):
        repair(instance, plan, [event], allowance=0.1, tax=1)


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

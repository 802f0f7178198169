"""What each policy may change, on tiny factories by hand."""

from __future__ import annotations

from dataclasses import replace
from threading import Thread
from typing import Any

import pytest
from helpers import assert_valid, at, factory, job, machine, mode, op, schedule, simple_job
from repair_cases import flow_shop, flow_shop_baseline, revised, times

from scheduler.domain import Instance, Objective, Precedence, Schedule
from scheduler.domain.events import JobCancelled, MachineBreakdown, OperationDelayed, Revision, RushOrder, revise
from scheduler.rescheduling import Repair, repair
from scheduler.rescheduling.case import Case
from scheduler.rescheduling.policies.reroute import affected_operations
from scheduler.rescheduling.right_shift import Shift, shift
from scheduler.terms import value_terms

SECONDS = 60.0


def line() -> Instance:
    """Four jobs for M1 without any slack; B may also be done on M2, and C, though it gains nothing, on M3."""
    return factory(
        machine("M1"),
        machine("M2"),
        machine("M3"),
        simple_job("A", ("M1", 4)),
        job("B", op("1", mode("M1", 4), mode("M2", 4))),
        simple_job("D", ("M1", 4)),
        job("C", op("1", mode("M1", 4), mode("M3", 1))),
    )


def line_baseline() -> Schedule:
    """M1: A [0, 4), B [4, 8), D [8, 12), C [12, 16)."""
    return schedule(at("A.1", "M1", 0, 4), at("B.1", "M1", 4, 8), at("D.1", "M1", 8, 12), at("C.1", "M1", 12, 16))


def broken(policy: str, **options: object) -> Repair:
    """Break M1 down during [1, 5): A ends at 8, and with all orders kept C at 20."""
    event = MachineBreakdown("E", 1, "M1", 5)
    result = repair(line(), line_baseline(), [event], policy=policy, time_limit=SECONDS, workers=1, **options)
    if result.result.schedule is not None:
        assert_valid(result.instance, result.result.schedule)
    return result


def test_absorb_takes_what_moves_nothing() -> None:
    # J1.2 ends at 9 instead of 7, J2.2 (at 10) need not care: its baseline has the slack.
    baseline = schedule(*flow_shop_baseline().operations[:3], at("J2.2", "M2", 10, 13))
    result = repair(flow_shop(), baseline, [OperationDelayed("E", 4, "J1", "2", delay=2)], policy="absorb")
    assert (result.policy, times(result.result.schedule)["J1.2"]) == ("absorb", (3, 9))


def test_absorb_has_no_answer_where_something_moves() -> None:
    result = broken("absorb")
    assert (result.result.schedule, result.result.reason) == (
        None,
        "the events can't be absorbed: operation 1 of job B would start at another time, and 2 more change",
    )


def test_absorb_has_no_answer_where_something_came_or_went() -> None:
    rush = RushOrder("E", 1, simple_job("R", ("M3", 2), release_date=1))
    for event, words in (rush, "R would start"), (JobCancelled("E", 1, "J2"), "J2 is not wanted any more"):
        result = repair(flow_shop(), flow_shop_baseline(), [event], policy="absorb")
        assert result.result.schedule is None
        assert words in result.result.reason


def test_reroute_frees_what_is_delayed_and_no_more() -> None:
    # J2.2 is hit and goes to M3. (J1.2 was running.)
    event = MachineBreakdown("E", 4, "M2", 30)
    result = repair(flow_shop(), flow_shop_baseline(), [event], policy="reroute", time_limit=SECONDS, workers=1)
    assert (result.policy, result.result.values) == ("reroute", (33, 9))
    assert times(result.result.schedule)["J2.2"] == (7, 12)


def test_affected_is_what_the_right_shift_delays_in_the_order_of_its_starts() -> None:
    event = MachineBreakdown("E", 1, "M1", 5)
    after = revise(line(), Revision(1, 0, (event,), line_baseline()))
    case = Case(after, shift(after, line_baseline()), Objective.parse("makespan"), ends_at=0.0)
    assert affected_operations(case) == [("B", "1"), ("D", "1"), ("C", "1")]
    assert affected_operations(Case(after, Shift(None, None, "no"), case.objective, ends_at=0.0)) == []


def test_nothing_comes_in_after_the_end() -> None:
    event = MachineBreakdown("E", 1, "M1", 5)
    after = revise(line(), Revision(1, 0, (event,), line_baseline()))
    open_case, closed = (
        Case(after, shift(after, line_baseline()), Objective.parse("makespan"), ends_at=0.0) for _ in range(2)
    )
    closed.close()
    assert closed.shift.schedule is not None
    assert open_case.offer(closed.shift.schedule, "right-shift")
    assert not closed.offer(closed.shift.schedule, "right-shift")
    assert closed.best is None
    assert closed.check_seconds == 0.0  # it is not even checked: that would take time from what is published


def test_match_up_returns_to_the_old_plan() -> None:
    # B goes to M2; D and C start as planned. With C on M3 the makespan would be 13 - but reroute alone may do that.
    result = broken("match-up")
    assert result.policy == "match-up"
    assert times(result.result.schedule) == {"A.1": (0, 8), "B.1": (4, 8), "D.1": (8, 12), "C.1": (12, 16)}


def test_match_up_without_any_point_leaves_the_right_shift() -> None:
    baseline, event = flow_shop_baseline(), MachineBreakdown("E", 1, "M1", 6)
    result = repair(flow_shop(), baseline, [event], policy="match-up", time_limit=SECONDS, workers=1)
    assert result.policy == "right-shift"


@pytest.mark.parametrize("policy", ["reroute", "match-up", "right-shift", "auto", "reoptimise"])
def test_without_right_shift_there_is_an_answer(policy: str) -> None:
    # R has to be on M1 during [3, 5) to be in time; there is no gap for it.
    rush = RushOrder("E", 1, simple_job("R", ("M1", 2), release_date=1, deadline=6))
    result = repair(flow_shop(), flow_shop_baseline(), [rush], policy=policy, time_limit=SECONDS, workers=1)
    assert times(result.result.schedule)["R.1"] == (3, 5)


def test_every_improvement_is_handed_over_in_order() -> None:
    seen: list[Repair] = []
    result = broken("auto", on_improvement=seen.append)
    values = [repair.result.values for repair in seen]
    assert values[0] == (20, 12)
    assert values == sorted(values, reverse=True)
    assert (values[-1], seen[-1].policy) == (result.result.values, result.policy)
    assert all(repair.revisions == result.revisions and repair.report is None for repair in seen)
    for repair_ in seen:
        assert repair_.result.schedule is not None
        assert_valid(repair_.instance, repair_.result.schedule)


# --- degraded ----------------------------------------------------------------------------------------------------


def test_missed_deadlines_are_stated_with_the_least_violating_schedule() -> None:
    # M1 is down until 60 in the middle of J1.1, whose 2 ticks left end at 62. Best for J2: M1 [62, 64), M2 [64, 67).
    first, second = flow_shop().jobs
    instance = replace(flow_shop(), jobs=(first, replace(second, deadline=12)))
    event = MachineBreakdown("E", 1, "M1", 60)
    result = repair(instance, flow_shop_baseline(), [event], time_limit=SECONDS, workers=1)
    assert result.result.schedule is None
    assert result.degraded is not None
    assert result.is_degraded
    assert [(v.rule, v.amount) for v in result.degraded.broken] == [("time_windows", 55)]
    assert "J2" in str(result.degraded)


def test_a_pin_in_the_way_is_given_up_and_stated() -> None:
    # J1.2 has to start when J1.1 ends, which is running, but M2 is down then; it is frozen at 3.
    first, second = flow_shop().jobs
    instance = replace(flow_shop(), jobs=(replace(first, precedences=(Precedence("1", "2", 0, 0),)), second))
    event = MachineBreakdown("E", 1, "M2", 9)
    result = repair(instance, flow_shop_baseline(), [event], frozen_until=4, time_limit=SECONDS, workers=1)
    assert result.result.schedule is None
    assert result.degraded is not None
    # Without pins and maximum lags J1.2 starts at 9, 6 ticks late by both.
    assert times(result.degraded.schedule)["J1.2"] == (9, 13)
    assert {v.rule for v in result.degraded.broken} == {"precedence", "execution"}


def test_what_has_a_schedule_is_not_degraded() -> None:
    assert not broken("right-shift").is_degraded


# --- promised dates ----------------------------------------------------------------------------------------------


def test_promised_dates_are_kept_where_the_makespan_would_not() -> None:
    # A ends at 8 instead of 4 whatever happens. With the makespan alone nothing else counts up to 12; with promises
    # B goes to M2 at once and C to M3 or stays: only A is 4 later than promised.
    result = broken("reoptimise", objective="promised_tardiness > makespan")
    assert result.result.schedule is not None
    assert result.result.terms["promised_tardiness"] == 4
    assert result.result.values == (4, 12)
    assert str(result.result.objective) == "promised_tardiness > makespan"  # it speaks of stability: no tax is added


def test_without_execution_nothing_is_promised() -> None:
    assert value_terms(line(), line_baseline())["promised_tardiness"] == 0


def test_what_was_passed_over_is_told() -> None:
    # The baseline itself is offered, though M1 is down until 9: it begins too early, and nothing else is found.
    after = revised(flow_shop(), flow_shop_baseline(), 1, MachineBreakdown("E", 1, "M1", 9))
    case = Case(after, Shift(None, None), Objective.parse("makespan"), ends_at=0.0)
    with pytest.warns(RuntimeWarning, match="right-shift breaks"):
        assert not case.offer(flow_shop_baseline(), "right-shift")
    assert case.result().reason.startswith("no time is left to search; right-shift breaks")


def test_a_right_shift_needs_no_thread_unless_new_jobs_are_fitted_in(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []

    class Watched(Thread):
        def __init__(self, **how: Any) -> None:
            names.append(how["name"])
            super().__init__(**how)

    monkeypatch.setattr("scheduler.rescheduling.answer.Thread", Watched)
    late = OperationDelayed("E", 1, "J1", "1", delay=2)
    new = RushOrder("E", 1, simple_job("J3", ("M3", 1), release_date=1))
    for event, fits, expected in [(late, True, []), (new, False, []), (new, True, ["right-shift"])]:
        names.clear()
        found = repair(flow_shop(), flow_shop_baseline(), [event], policy="right-shift", workers=1, fits=fits)
        assert found.policy == "right-shift"
        assert found.schedule is not None
        assert_valid(found.instance, found.schedule)
        assert names == expected

"""Repair from end to end: groups of events, policies, the frozen horizon, and what is refused."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from threading import Event as Signal

import pytest
from helpers import assert_valid, at, carry, distances, factory, machine, schedule, simple_job
from repair_cases import flow_shop, flow_shop_baseline, robot_cell, robot_cell_baseline, times

from scheduler.domain import Downtime, Instance, Objective, Precedence, Progress, Robot, RobotCell, Schedule, Status
from scheduler.domain.derive import complete
from scheduler.domain.events import Event, JobCancelled, MachineBreakdown, MachineRestored, OperationDelayed, RushOrder
from scheduler.errors import EventError, ScheduleError
from scheduler.rescheduling import POLICIES, Repair, repair, repair_further
from scheduler.rescheduling.case import Case
from scheduler.rescheduling.safety_net import offer_shift
from scheduler.rescheduling.stability import with_stability
from scheduler.search.tabu.engine import TabuSearch

SECONDS = 60.0  # all cases below are solved to the optimum in a fraction of it


def repaired(
    *events: Event, instance: Instance | None = None, baseline: Schedule | None = None, **options: object
) -> Repair:
    """Repair the flow shop (or another instance); the result has to pass the checker."""
    result = repair(
        instance or flow_shop(),
        baseline or flow_shop_baseline(),
        events,
        **{"time_limit": SECONDS, "workers": 1, **options},
    )
    if result.result.schedule is not None:
        assert_valid(result.instance, result.result.schedule)
    return result


# --- policies ----------------------------------------------------------------------------------------------------


def test_right_shift_keeps_every_order() -> None:
    result = repaired(MachineBreakdown("E", 1, "M1", 6), policy="right-shift")
    assert times(result.result.schedule) == {"J1.1": (0, 8), "J1.2": (8, 12), "J2.1": (8, 10), "J2.2": (12, 15)}
    assert (result.policy, result.result.status) == ("right-shift", Status.FEASIBLE)
    # Makespan 15; J1.2, J2.1 and J2.2 start 5 later each.
    assert result.result.values == (15, 15)
    assert [point.engine for point in result.result.history] == ["right shift"]


def test_reoptimise_takes_another_machine_where_that_is_better() -> None:
    # M2 is down during [4, 30) in the middle of J1.2, which ends at 33: J2.2 would end at 36 after it, but can go to
    # M3 at its time. Tax: one reassignment (2 p) and one pair of neighbours apart (p), with p = 3 the median duration.
    result = repaired(MachineBreakdown("E", 4, "M2", 30), policy="reoptimise")
    assert result.result.schedule is not None
    assert result.result.schedule.by_operation["J2", "2"] == at("J2.2", "M3", 7, 12, mode=1)
    assert (result.policy, result.result.status) == ("reoptimise", Status.OPTIMAL)
    assert result.result.values == (33, 9)
    assert str(result.result.objective) == "makespan > start_deviation + 6*reassignments + 3*sequence_changes"


def test_cp_sat_has_the_time_in_which_the_walk_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TabuSearch, "is_compiled", lambda self: False)
    monkeypatch.setattr(TabuSearch, "compile_elsewhere", lambda self: lambda seconds: False)
    monkeypatch.setattr(TabuSearch, "start", lambda self, *_: pytest.fail("it is not compiled"))
    monkeypatch.setattr("scheduler.portfolio.run.SMALL", 0)  # no first go of CP-SAT alone
    result = repaired(MachineBreakdown("E", 4, "M2", 30), policy="reoptimise")
    assert (result.policy, result.result.status) == ("reoptimise", Status.OPTIMAL)
    assert result.result.values == (33, 9)


def test_auto_absorbs_what_moves_nothing() -> None:
    result = repaired(MachineBreakdown("E", 1, "M2", 3))
    assert result.result.schedule == flow_shop_baseline()
    assert (result.policy, [point.engine for point in result.result.history]) == ("absorb", ["absorb"])  # no search


def test_reoptimise_uses_what_a_cancellation_leaves_free() -> None:
    # Without J1.2 before it, J2.2 follows J2.1 at once: makespan 8 instead of 10.
    result = repaired(JobCancelled("E", 2, "J1"))
    assert times(result.result.schedule) == {"J1.1": (0, 3), "J2.1": (3, 5), "J2.2": (5, 8)}


def test_a_search_that_finds_nothing_better_leaves_the_right_shift() -> None:
    result = repaired(MachineBreakdown("E", 1, "M1", 6), policy="reoptimise")
    assert (result.policy, result.result.status) == ("right-shift", Status.OPTIMAL)
    assert result.result.values == (15, 15)


def test_without_right_shift_every_policy_searches() -> None:
    # R has to be on M1 during [3, 5) to be in time; there is no gap for it.
    rush = simple_job("R", ("M1", 2), release_date=1, deadline=6)
    result = repaired(RushOrder("E", 1, rush), policy="right-shift")
    assert result.policy == "reoptimise"
    assert times(result.result.schedule) == {
        "J1.1": (0, 3),
        "J1.2": (3, 7),
        "J2.1": (5, 7),
        "J2.2": (7, 10),
        "R.1": (3, 5),
    }


def test_a_rush_order_goes_into_a_gap() -> None:
    # M1 is free during [5, 9): after everything else R would start at 11.
    instance = replace(flow_shop(), jobs=(*flow_shop().jobs, simple_job("J3", ("M1", 2))))
    baseline = schedule(*flow_shop_baseline().operations, at("J3.1", "M1", 9, 11))
    rush = RushOrder("E", 1, simple_job("R", ("M1", 3), release_date=1))
    result = repaired(rush, instance=instance, baseline=baseline, policy="right-shift")
    assert result.policy == "right-shift"
    assert times(result.result.schedule) == times(baseline) | {"R.1": (5, 8)}


def test_no_schedule_is_an_outcome_with_a_reason() -> None:
    instance = flow_shop()
    instance = replace(instance, jobs=(instance.jobs[0], replace(instance.jobs[1], deadline=12)))
    result = repaired(MachineBreakdown("E", 1, "M1", 60), instance=instance)
    assert (result.result.status, result.result.schedule) == (Status.INFEASIBLE, None)
    assert result.report is not None  # of the degraded schedule
    assert "right shift is impossible: job J2 would be completed at 69, after its deadline 12" in result.result.reason


def test_nothing_left_is_a_schedule_too() -> None:
    result = repaired(JobCancelled("E", 0, "J1"), JobCancelled("F", 0, "J2"))
    assert result.result.schedule == Schedule(())


def test_a_policy_ends_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    # An engine that hears nothing: the right shift, offered before, is the answer; what comes later does not count.
    late = Signal()

    def stubborn(case: Case) -> None:
        offer_shift(case)
        late.wait(SECONDS)
        case.offer(flow_shop_baseline(), "too late")

    monkeypatch.setattr(sys.modules["scheduler.rescheduling.answer"], "POLICIES", {"auto": stubborn})
    result = repaired(MachineBreakdown("E", 1, "M1", 6), time_limit=0.3)
    late.set()
    assert (result.policy, result.result.values) == ("right-shift", (15, 15))


def test_the_right_shift_is_the_answer_even_where_no_time_was_left_to_offer_it() -> None:
    result = repaired(MachineBreakdown("E", 1, "M1", 6), time_limit=1e-6)
    assert (result.policy, result.result.values) == ("right-shift", (15, 15))


def test_construction_is_the_answer_where_there_is_no_right_shift_and_no_time() -> None:
    rush = simple_job("R", ("M1", 2), release_date=1, deadline=6)
    result = repaired(RushOrder("E", 1, rush), policy="auto", time_limit=1e-6)
    assert result.policy == "reoptimise"
    assert not result.is_degraded
    assert result.schedule is not None
    assert_valid(result.instance, result.schedule)


def test_a_repair_goes_on_from_its_right_shift_as_if_it_began_with_it() -> None:
    event = MachineBreakdown("E", 1, "M2", 30)
    first = repaired(event, policy="right-shift")
    whole = repaired(event, policy="reoptimise")
    further = repair_further(flow_shop(), first, policy="reoptimise", time_limit=SECONDS, workers=1)
    assert_valid(further.instance, further.result.schedule)
    assert further.result.values == whole.result.values
    assert (further.instance, further.revisions, further.baseline) == (first.instance, first.revisions, first.baseline)
    assert repair_further(flow_shop(), first, policy="right-shift", time_limit=SECONDS, workers=1) is first


def test_time_is_kept_for_the_report() -> None:
    """What a check took is kept for the report, which takes about as long."""
    first = repaired(MachineBreakdown("E", 1, "M1", 6), policy="right-shift")
    case = Case(first.instance, first.shift, first.result.objective, ends_at=1_000.0)
    before = case.due_at
    assert before < case.ends_at
    assert offer_shift(case)
    assert case.due_at < before


def test_what_a_policy_raises_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(case: Case) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sys.modules["scheduler.rescheduling.answer"], "POLICIES", {"auto": failing})
    with pytest.raises(ZeroDivisionError):
        repaired(MachineBreakdown("E", 1, "M1", 6))


def test_every_policy_has_a_description() -> None:
    assert list(POLICIES) == ["auto", "absorb", "right-shift", "reroute", "match-up", "reoptimise"]
    assert all(policy.__doc__ for policy in POLICIES.values())


# --- the past and the frozen horizon -----------------------------------------------------------------------------


def test_frozen_operations_stay_where_the_right_shift_puts_them() -> None:
    # J2.2 (at 7) is frozen: it does not go to M3, and waits for M2 until 33.
    result = repaired(MachineBreakdown("E", 4, "M2", 30), frozen_until=8)
    assert result.revisions[0].pins == (at("J2.2", "M2", 33, 36),)
    assert result.result.schedule is not None
    assert result.result.schedule.by_operation["J2", "2"] == at("J2.2", "M2", 33, 36)


def test_frozen_operations_are_placed_even_if_a_deadline_forbids_the_right_shift() -> None:
    # J2.1 is frozen and goes to 8; J2.2 is not, and is in time on M3 only.
    instance = flow_shop()
    instance = replace(instance, jobs=(instance.jobs[0], replace(instance.jobs[1], deadline=15)))
    longer = (MachineBreakdown("E", 1, "M1", 6), OperationDelayed("F", 1, "J1", "2", delay=1))
    result = repaired(*longer, instance=instance, frozen_until=4)
    assert result.revisions[0].pins == (at("J1.2", "M2", 8, 13), at("J2.1", "M1", 8, 10))
    assert result.result.schedule is not None
    assert result.result.schedule.by_operation["J2", "2"] == at("J2.2", "M3", 10, 15, mode=1)


def test_frozen_operations_that_can_not_move_stay() -> None:
    # J1.2 has to start when J1.1 ends, which is running, but M2 is down then: there is no schedule.
    (first, second) = flow_shop().jobs
    no_wait = replace(first, precedences=(Precedence("1", "2", 0, 0),))
    instance = replace(flow_shop(), jobs=(no_wait, second))
    result = repaired(MachineBreakdown("E", 1, "M2", 9), instance=instance, frozen_until=4)
    assert result.result.status is Status.INFEASIBLE
    assert result.revisions[0].pins == (at("J1.2", "M2", 3, 7), at("J2.1", "M1", 3, 5))


def test_a_robot_under_way_waits_for_a_broken_station() -> None:
    # S1 has no input buffer, but parts leave it at once. R1 is on the way with J2 when S1 breaks down under J1, whose
    # 2 ticks left are done in [17, 19). J2 is put down at 19 instead of 9: R1 waits 10 ticks.
    cell = RobotCell("C", "F", (Robot("R1", "IN"),), "IN", "OUT", distances("IN OUT S1", 2), load_time=1, unload_time=1)
    instance = factory(
        machine("S1", cell="C", input_buffer=0), cell, simple_job("J1", ("S1", 5)), simple_job("J2", ("S1", 3))
    )
    baseline = complete(
        instance,
        (at("J1.1", "S1", 4, 9), at("J2.1", "S1", 10, 13)),
        (
            carry("J1 >1", "IN>S1", "R1", 0, 4),
            carry("J2 >1", "IN>S1", "R1", 6, 10),
            carry("J1 1>", "S1>OUT", "R1", 10, 14),
            carry("J2 1>", "S1>OUT", "R1", 16, 20),
        ),
    )
    event = MachineBreakdown("E", 7, "S1", 17)
    result = repaired(event, instance=instance, baseline=baseline, policy="right-shift")
    assert times(result.result.schedule) == {"J1.1": (4, 19), "J2.1": (20, 23)}
    assert result.instance.carrier_by_id["R1"].calendar.downtimes == (Downtime(9, 19, "waits for S1"),)


# --- several instants --------------------------------------------------------------------------------------------


def test_instants_are_handled_one_after_the_other() -> None:
    # At 1 everything moves by 5 ticks (see above). At 9 J2.1 runs until 10; J2.2 is dropped, J1.2 stays.
    result = repaired(JobCancelled("B", 9, "J2"), MachineBreakdown("A", 1, "M1", 6), policy="right-shift")
    assert [revision.now for revision in result.revisions] == [1, 9]
    assert times(result.revisions[1].baseline) == {"J1.1": (0, 8), "J1.2": (8, 12), "J2.1": (8, 10), "J2.2": (12, 15)}
    assert times(result.result.schedule) == {"J1.1": (0, 8), "J1.2": (8, 12), "J2.1": (8, 10)}
    assert result.report is not None
    assert (result.report.operations_pending, result.report.total_deviation) == (2, 10)  # against the first baseline
    assert result.baseline == flow_shop_baseline()


def test_a_repair_can_be_repaired() -> None:
    first = repaired(MachineBreakdown("A", 1, "M1", 6, "repeat"), policy="right-shift")
    assert first.result.schedule is not None
    second = repaired(
        MachineBreakdown("B", 7, "M1", 10, "repeat"),
        instance=first.instance,
        baseline=first.result.schedule,
        policy="right-shift",
    )
    # J1.1 was lost at 1 and, started again at 6, at 7.
    assert times(second.result.schedule) == {"J1.1": (10, 13), "J1.2": (13, 17), "J2.1": (13, 15), "J2.2": (17, 20)}


def test_it_stops_where_there_is_no_schedule() -> None:
    result = repaired(MachineBreakdown("A", 1, "M1", 60), JobCancelled("B", 2, "J2"), policy="absorb")
    assert result.result.status is Status.UNKNOWN
    assert result.schedule is None
    assert [revision.now for revision in result.revisions] == [1]


def test_a_schedule_may_end_long_before_its_baseline() -> None:
    # The breakdown until 60 is over at 4: J1.1 [0, 6), J1.2 and J2.2 follow on M2, and J2.1 (at 62 in the baseline)
    # as late as they allow. Starts in the baseline are later than anything that CP-SAT has to look at.
    late = repaired(MachineBreakdown("A", 1, "M1", 60), policy="right-shift")
    again = repaired(MachineRestored("B", 4, "M1"), instance=late.instance, baseline=late.schedule)
    assert again.result.status is Status.OPTIMAL
    assert times(again.schedule) == {"J1.1": (0, 6), "J2.1": (8, 10), "J1.2": (6, 10), "J2.2": (10, 13)}


# --- objective, progress, arguments ------------------------------------------------------------------------------


def test_an_objective_that_speaks_of_stability_is_left_alone() -> None:
    objective = Objective.parse("number_tardy > makespan + 2*reassignments")
    assert with_stability(flow_shop(), objective) == objective


def test_the_weights_of_stability_follow_the_durations() -> None:
    # Ten times the durations: ten times the worth of a reassignment.
    jobs = (simple_job("J1", ("M1", 30), ("M2", 30)),)
    stable = with_stability(replace(flow_shop(), jobs=jobs), Objective.parse("makespan"))
    assert dict(stable.tiers[1].weights) == {
        "start_deviation": Fraction(1),
        "reassignments": Fraction(60),
        "sequence_changes": Fraction(30),
    }


def test_progress_begins_with_the_right_shift() -> None:
    seen: list[Progress] = []
    repaired(MachineBreakdown("E", 4, "M2", 30), on_progress=seen.append)
    assert (seen[0].engine, seen[0].value) == ("right shift", 36)
    assert seen[-1].value == 33
    assert [point.seconds for point in seen] == sorted(point.seconds for point in seen)


def test_a_baseline_that_breaks_a_rule_is_refused() -> None:
    wrong = schedule(*flow_shop_baseline().operations[:3], at("J2.2", "M2", 6, 9))
    with pytest.raises(ScheduleError, match=r"E606 at J2.2 on M2: capacity: takes the machine at 6"):
        repaired(MachineBreakdown("E", 1, "M1", 6), baseline=wrong)


def test_a_contradiction_is_refused_before_anything_is_repaired() -> None:
    with pytest.raises(EventError, match="there is no machine 'M9'"):
        repaired(MachineBreakdown("E", 1, "M9", 6))


def test_an_id_stands_for_one_event() -> None:
    with pytest.raises(EventError, match="two events have the id E"):
        repaired(MachineBreakdown("E", 1, "M1", 6), MachineBreakdown("E", 2, "M1", 6))


def test_a_defective_rush_order_is_refused_like_an_instance() -> None:
    circle = (Precedence("1", "2"), Precedence("2", "1"))
    rush = replace(simple_job("R", ("M1", 1), ("M2", 1), release_date=1), precedences=circle)
    with pytest.raises(EventError) as caught:
        repaired(RushOrder("E", 1, rush))
    (defect,) = caught.value.defects
    assert defect.where.startswith('$.events[?@.id=="E"].job.precedences')


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"policy": "hope"}, "unknown policy 'hope'; known policies: auto, absorb, right-shift"),
        ({"time_limit": 0.0}, "time_limit must be positive"),
        ({"workers": 0}, "workers must be at least 1"),
    ],
)
def test_arguments_have_to_make_sense(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        repaired(MachineBreakdown("E", 1, "M1", 6), **options)


def test_there_has_to_be_an_event() -> None:
    with pytest.raises(ValueError, match="there is no event to repair for"):
        repair(robot_cell(), robot_cell_baseline(), [])

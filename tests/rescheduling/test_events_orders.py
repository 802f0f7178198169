"""Events of jobs and of people who plan: what each does, and what contradicts it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import at, carry, factory, job, machine, mode, op, schedule, shifts, simple_job
from repair_cases import flow_shop, flow_shop_baseline, refused, repaired, revised, robot_cell, robot_cell_baseline

from scheduler import repair
from scheduler.domain import Instance, Lane
from scheduler.domain.events import (
    ClockTick,
    DueDateChange,
    Event,
    Forbid,
    MachineBreakdown,
    Pin,
    PriorityChange,
    QuantityChange,
    Retraction,
    Revision,
    Unpin,
    pinned,
    revise,
)
from scheduler.domain.happened import execution_of
from scheduler.errors import EventError
from scheduler.rescheduling.right_shift import right_shift


def durations(instance: Instance, job: str, operation: str) -> list[int]:
    return [mode.duration for mode in instance.operation_by_key[job, operation].modes]


# --- jobs --------------------------------------------------------------------------------------------------------


def test_another_quantity_scales_what_has_not_started() -> None:
    # J2.1 [3, 5) is running at 4; J2.2 takes 3 ticks on M2 for 2 pieces, 8 for 5, rounded up.
    after, result = repaired(flow_shop(), flow_shop_baseline(), 4, QuantityChange("E", 4, "J2", 2, 5))
    assert (durations(after, "J2", "1"), durations(after, "J2", "2")) == ([2], [8, 13])
    assert (result.by_operation["J2", "2"].start, result.by_operation["J2", "2"].end) == (7, 15)


@pytest.mark.parametrize(("quantity", "pauses", "end"), [(5, False, 13), (6, True, 11)])
def test_what_another_quantity_makes_longer_than_every_shift_pauses(quantity: int, pauses: bool, end: int) -> None:
    # M works during [0, 5) and [8, 13): 5 ticks fit into the second shift, 6 need 3 of each.
    instance = factory(machine("M", calendar=shifts(8, (0, 5))), simple_job("J1", ("M", 2)), simple_job("J2", ("M", 3)))
    baseline = schedule(at("J1.1", "M", 0, 2), at("J2.1", "M", 2, 5))
    after, result = repaired(instance, baseline, 1, QuantityChange("E", 1, "J2", 3, quantity))
    assert after.operation_by_key["J2", "1"].interruptible == pauses
    assert not after.operation_by_key["J1", "1"].interruptible
    assert result.by_operation["J2", "1"].end == end


def test_dates_and_weights_change() -> None:
    events = (DueDateChange("A", 4, "J2", 12, deadline=20), PriorityChange("B", 4, "J2", 7))
    after = revised(flow_shop(), flow_shop_baseline(), 4, *events)
    changed = after.job_by_id["J2"]
    assert (changed.due_date, changed.deadline, changed.weight) == (12, 20, 7)
    without = revise(after, Revision(5, 0, (DueDateChange("C", 5, "J2", None),), flow_shop_baseline()))
    assert (without.job_by_id["J2"].due_date, without.job_by_id["J2"].deadline) == (None, 20)
    back = revise(after, Revision(5, 0, (Retraction("C", 5, supersedes="A"),), flow_shop_baseline()))
    assert (back.job_by_id["J2"].due_date, back.job_by_id["J2"].weight) == (None, 7)


def test_a_size_that_no_lane_carries_is_refused() -> None:
    lane = Lane("L", "A", "B", transit_time=2)
    instance = factory(machine("A1", "A"), machine("B1", "B"), lane, job("J", op("1", mode("B1", 2))))
    instance = replace(instance, jobs=(job("J", op("1", mode("A1", 2)), op("2", mode("B1", 2))),))
    baseline = schedule(at("J.1", "A1", 0, 2), at("J.2", "B1", 4, 6), carry("J 1>2", "A>B", "L#1", 2, 4))
    baseline = replace(baseline, moves=tuple(replace(m, kind="transfer") for m in baseline.moves))
    with pytest.raises(EventError, match="E319"):
        repair(instance, baseline, [QuantityChange("E", 1, "J", 1, 1, units=2)])
    (defect,) = refused(instance, baseline, 3, QuantityChange("E", 3, "J", 1, 1, units=2))
    assert defect.startswith("E602 units: job J has been on a lane with 1 units; write 1")


# --- pins --------------------------------------------------------------------------------------------------------


def test_pinned_operations_keep_their_places() -> None:
    # At 1 J1.1 runs; a breakdown of M2 at [3, 9) would let J2.2 go to M3, and J2.1 stays anyway.
    events = (Pin("P", 1, "J2"), MachineBreakdown("B", 1, "M2", 9))
    found = repair(flow_shop(), flow_shop_baseline(), events, objective="makespan", time_limit=20, workers=1)
    assert pinned(found.instance) == {("J2", "1"), ("J2", "2")}
    assert [pin.machine for pin in execution_of(found.instance).pins] == ["M1", "M2"]
    free = repair(flow_shop(), flow_shop_baseline(), events[1:], objective="makespan", time_limit=20, workers=1)
    assert found.result.schedule is not None
    assert free.result.schedule is not None
    assert found.result.schedule.by_operation["J2", "2"].machine == "M2"
    assert free.result.schedule.by_operation["J2", "2"].machine == "M3"


def test_a_pin_ends_at_its_tick_or_when_it_is_taken_out() -> None:
    first = revised(flow_shop(), flow_shop_baseline(), 1, Pin("A", 1, "J2", "2", until=3), Pin("B", 1, "J2", "1"))
    assert pinned(first) == {("J2", "2"), ("J2", "1")}
    later = revise(first, Revision(3, 0, (), flow_shop_baseline()))
    assert pinned(later) == {("J2", "1")}
    free = revise(first, Revision(2, 0, (Unpin("C", 2, "J2"),), flow_shop_baseline()))
    assert pinned(free) == frozenset()
    one = revise(first, Revision(2, 0, (Unpin("C", 2, "J2", "1"),), flow_shop_baseline()))
    assert pinned(one) == {("J2", "2")}


# --- machines that are ruled out ---------------------------------------------------------------------------------


def test_a_machine_is_ruled_out() -> None:
    after, result = repaired(flow_shop(), flow_shop_baseline(), 1, Forbid("E", 1, "J2", "M2"))
    assert [m.machine for m in after.operation_by_key["J2", "2"].modes] == ["M3", "M3"]
    assert result.by_operation["J2", "2"].machine == "M3"


def test_a_machine_may_be_used_again() -> None:
    first, result = repaired(flow_shop(), flow_shop_baseline(), 1, Forbid("E", 1, "J2", "M2", until=3))
    second = revise(first, Revision(3, 0, (), result))
    assert second.job_by_id["J2"] == flow_shop().job_by_id["J2"]
    # The schedule in force keeps J2.2 on M3, in the mode that is on M3.
    assert execution_of(second).baseline.by_operation["J2", "2"].mode == 1
    again = right_shift(second, execution_of(second).baseline)
    assert again is not None
    assert again.by_operation["J2", "2"].machine == "M3"


def test_what_has_started_keeps_its_machine() -> None:
    (defect,) = refused(flow_shop(), flow_shop_baseline(), 8, Forbid("E", 8, "J2", "M2"))
    assert defect.startswith("E602 job: all operations of job J2 have started")


# --- the clock ---------------------------------------------------------------------------------------------------


def test_time_passes() -> None:
    after, result = repaired(flow_shop(), flow_shop_baseline(), 4, ClockTick("E", 4))
    assert (after.jobs, after.machines, result) == (flow_shop().jobs, flow_shop().machines, flow_shop_baseline())
    assert execution_of(after).now == 4


# --- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "defect"),
    [
        (QuantityChange("E", 4, "J9", 1, 2), "E601 job: there is no job 'J9'"),
        (DueDateChange("E", 4, "J9", 9), "E601 job: there is no job 'J9'"),
        (DueDateChange("E", 4, "J2", 9, deadline=4), "E603 deadline: deadline 4 is over: it is 4"),
        (PriorityChange("E", 4, "J9", 2), "E601 job: there is no job 'J9'"),
        (Pin("E", 4, "J9"), "E601 job: there is no job 'J9'"),
        (Pin("E", 4, "J2", "9"), "E601 operation: there is no operation '9'"),
        (Pin("E", 4, "J2", "1"), "E602 operation: operation 1 of job J2 has started"),
        (Pin("E", 4, "J1"), "E602 job: all operations of job J1 have started"),
        (Pin("E", 4, "J2", until=4), "E603 until: the downtime ends at 4, not after its begin at 4"),
        (Unpin("E", 4, "J2"), "E602 job: job J2 is not pinned"),
        (Unpin("E", 4, "J2", "2"), "E602 job: operation 2 of job J2 is not pinned"),
        (Forbid("E", 4, "J9", "M2"), "E601 job: there is no job 'J9'"),
        (Forbid("E", 4, "J2", "M9"), "E601 machine: there is no machine 'M9'"),
    ],
)
def test_contradictions(event: Event, defect: str) -> None:
    assert refused(flow_shop(), flow_shop_baseline(), 4, event)[0].startswith(defect)


def test_a_finished_job_does_not_change() -> None:
    (defect,) = refused(flow_shop(), flow_shop_baseline(), 10, PriorityChange("E", 10, "J1", 2))
    assert defect.startswith("E602 job: job J1 was finished at 7")


def test_the_only_machine_can_t_be_ruled_out_nor_one_to_which_the_part_is_on_its_way() -> None:
    (defect,) = refused(flow_shop(), flow_shop_baseline(), 1, Forbid("E", 1, "J1", "M2"))
    assert defect.startswith("E602 machine: operation 2 of job J1 can be done nowhere else")
    cell = robot_cell()
    either = job("J1", op("1", mode("S1", 5)), op("2", mode("S2", 6), mode("S1", 6)))
    cell = replace(cell, jobs=(either, cell.jobs[1]))
    (defect,) = refused(cell, robot_cell_baseline(), 11, Forbid("E", 11, "J1", "S2"))
    assert defect.startswith("E602 machine: the part of operation 2 of job J1 is on its way to S2")

"""Right shift on random small factories with every feature, at random moments, after random events."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from helpers import factory, flagged, machine
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from repair_cases import revised, with_waiting_carriers
from strategies import instances, random_instance

from scheduler.domain import (
    Calendar,
    Execution,
    Instance,
    Job,
    Mode,
    Operation,
    Schedule,
    ScheduledOperation,
    Shift,
    ShiftPattern,
)
from scheduler.domain.events import (
    Event,
    JobCancelled,
    MachineBreakdown,
    OperationDelayed,
    Revision,
    RobotDown,
    RushOrder,
    revise,
)
from scheduler.domain.happened import started
from scheduler.errors import EventError
from scheduler.rescheduling.right_shift import right_shift


def baseline_of(instance: Instance) -> Schedule | None:
    """Return a schedule: of nothing, shifted right to make room for all jobs, one after the other."""
    nothing = Schedule(())
    return right_shift(replace(instance, execution=Execution(0, nothing)), nothing)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Instance, Schedule, int]:
    """Draw an instance, a baseline and a moment."""
    instance = draw(instances(max_operations=7, without=("deadlines",)))
    baseline = baseline_of(instance)
    assume(baseline is not None)
    assert baseline is not None
    return instance, baseline, draw(st.integers(0, baseline.makespan + 1))


@st.composite
def events(draw: st.DrawFn, instance: Instance, now: int, name: str = "E") -> Event:
    """Draw an event; it may contradict what has happened."""
    kinds = [MachineBreakdown, OperationDelayed, RushOrder, JobCancelled]
    kind = draw(st.sampled_from([*kinds, RobotDown] if instance.cells else kinds))
    if kind is MachineBreakdown:
        broken = draw(st.sampled_from([m.id for m in instance.machines]))
        return MachineBreakdown(
            name, now, broken, now + draw(st.integers(1, 9)), draw(st.sampled_from(("resume", "repeat")))
        )
    if kind is RobotDown:
        return RobotDown(name, now, draw(st.sampled_from(list(instance.carrier_by_id))), now + draw(st.integers(1, 9)))
    job = draw(st.sampled_from(instance.jobs))
    if kind is OperationDelayed:
        operation = draw(st.sampled_from(job.operations))
        return OperationDelayed(name, now, job.id, operation.id, delay=draw(st.integers(-1, 5)))
    if kind is RushOrder:
        return RushOrder(name, now, replace(job, id=f"rush-{name}", release_date=now + draw(st.integers(0, 3))))
    return JobCancelled(name, now, job.id)


@given(cases())
@settings(max_examples=60, deadline=None)
def test_without_event_the_schedule_stays_as_it_is(case: tuple[Instance, Schedule, int]) -> None:
    instance, baseline, now = case
    assert flagged(instance, baseline) == []
    assert right_shift(revised(instance, baseline, now), baseline) == baseline


@given(cases(), st.data())
@settings(max_examples=150, deadline=None)
def test_a_shifted_schedule_is_right_and_only_later(case: tuple[Instance, Schedule, int], data: st.DataObject) -> None:
    instance, baseline, now = case
    try:
        after = revised(instance, baseline, now, data.draw(events(instance, now)))
    except EventError:
        assume(False)
    result = right_shift(after, baseline)
    assume(result is not None)  # a maximum lag behind running work
    assert result is not None
    assert flagged(after, result) == []
    if not has_lost_its_shift(after, baseline):
        assert_only_later(after, baseline, result)
        assert_orders_kept(after, baseline, result)
    # What is shifted has nothing to shift.
    assert right_shift(revise(after, Revision(now, 0, (), result)), result) == result


def has_lost_its_shift(after: Instance, baseline: Schedule) -> bool:
    """Return whether some work is longer than every shift of its machine by now: then it may go to another one."""
    begun = started(after)
    for operation in baseline.operations:
        if operation.key not in after.operation_by_key or operation.key in begun:
            continue
        longest = after.machine_by_id[operation.machine].calendar.longest
        known = after.operation_by_key[operation.key]
        if longest is not None and not known.interruptible and known.modes[operation.mode].duration > longest:
            return True
    return False


def test_work_that_is_longer_than_every_shift_by_now_goes_to_another_machine() -> None:
    calendar = Calendar(pattern=ShiftPattern(8, (Shift(0, 4),)))
    either = Operation("1", (Mode("M1", 4), Mode("M2", 6)))
    instance = factory(machine("M1", calendar=calendar), machine("M2"), Job("J", (either,)))
    baseline = Schedule((ScheduledOperation("J", "1", 0, "M1", 0, 4),))
    late = OperationDelayed("E", 0, "J", "1", delay=1)
    for happened, machine_then in (((), "M1"), ((late,), "M2")):
        after = revised(instance, baseline, 0, *happened)
        assert has_lost_its_shift(after, baseline) == (machine_then == "M2")
        result = right_shift(after, baseline)
        assert result is not None
        assert flagged(after, result) == []
        assert [o.machine for o in result.operations] == [machine_then]


def assert_only_later(after: Instance, baseline: Schedule, result: Schedule) -> None:
    begun = started(after)
    for operation in result.operations:
        was = baseline.by_operation.get(operation.key)
        if was is not None:
            assert (operation.mode, operation.machine) == (was.mode, was.machine)
            assert operation.start == was.start if was.key in begun else operation.start >= was.start


def assert_orders_kept(after: Instance, baseline: Schedule, result: Schedule) -> None:
    """Machines of capacity 1 and robots do the same things in the same order, as far as they are still to be done."""
    for name, sequence in baseline.by_machine.items():
        if after.machine_by_id[name].capacity == 1:
            left = [result.by_operation[o.key] for o in sequence if o.key in result.by_operation]
            assert all(a.end <= b.start for a, b in pairwise(left))
    for mover, moves in baseline.by_mover.items():
        ways = [(m.job, m.predecessor, m.successor, m.origin) for m in moves if m.job is not None]
        now = [
            (m.job, m.predecessor, m.successor, m.origin) for m in result.by_mover.get(mover, ()) if m.job is not None
        ]
        if mover in after.carrier_by_id:
            kept = [way for way in ways if way in now]
            assert kept == [way for way in now if way in ways]


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_event_after_event(first: int) -> None:
    # Three events, one after the other, each on the result of the one before.
    repaired = 0
    for seed in range(first, first + 100):
        instance = random_instance(seed, 8, without=("deadlines", "lags", "dwell"))
        schedule = baseline_of(instance)
        if schedule is None:
            continue
        for number in range(3):
            now = schedule.makespan * (number + 1) // 5
            machine = instance.machines[(seed + number) % len(instance.machines)].id
            interrupted = "resume" if (seed + number) % 2 else "repeat"
            event = MachineBreakdown(f"E{number}", now, machine, now + 5, interrupted)
            instance = revise(instance, Revision(now, 0, (event,), schedule))
            if right_shift(instance, schedule) is None:
                instance = with_waiting_carriers(instance, schedule)
            schedule = right_shift(instance, schedule)
            assert schedule is not None
            assert flagged(instance, schedule) == []
            repaired += 1
    assert repaired > 100

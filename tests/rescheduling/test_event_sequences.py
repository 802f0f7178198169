"""Properties of sequences of events: each counts once, what is taken back leaves no trace, the past never changes.

The classic bugs of others are impossible: finished work that is reopened, partially done work that is planned twice,
confirmed operations that are duplicated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import NamedTuple

import pytest
from helpers import flagged
from repair_cases import with_waiting_carriers
from strategies import random_fleet_instance, random_instance

from benchmarks.drawing import random_event
from scheduler.domain import Calendar, Execution, Instance, Schedule
from scheduler.domain.events import ClockTick, Event, OperationStatus, Retraction, Revision, revise
from scheduler.domain.happened import execution_of, first_starts, started
from scheduler.domain.state import state_of
from scheduler.errors import EventError
from scheduler.rescheduling.right_shift import right_shift


class Step(NamedTuple):
    """One event: the instance and schedule before and after it."""

    before: Instance
    baseline: Schedule
    event: Event
    after: Instance
    schedule: Schedule


def steps(seed: int, events: int = 5) -> Iterator[Step]:
    """Carry out the right shift of a random factory, with random events; ends where an order has no right shift."""
    random = Random(seed)
    instance = (random_fleet_instance if seed % 3 == 0 else random_instance)(seed, 3 + seed % 5, without=("deadlines",))
    baseline = right_shift(replace(instance, execution=Execution(0, Schedule(()))), Schedule(()))
    now, names = 0, list[str]()
    for number in range(events if baseline is not None else 0):
        assert baseline is not None
        now += random.randint(0, max(1, baseline.makespan // 4))
        event = _possible(random, instance, baseline, now, f"E{number}", names)
        after = revise(instance, Revision(now, 0, (event,), baseline))
        shifted = right_shift(after, execution_of(after).baseline)
        if shifted is None:
            after = with_waiting_carriers(after, execution_of(after).baseline)
            shifted = right_shift(after, execution_of(after).baseline)
        if shifted is None:
            return  # a maximum lag behind running work, orders that deadlock: a stated reason, not a wrong plan
        yield Step(instance, baseline, event, after, shifted)
        instance, baseline = after, shifted
        names.append(event.id)


def _possible(random: Random, instance: Instance, baseline: Schedule, now: int, name: str, earlier: list[str]) -> Event:
    """Return an event that contradicts nothing."""
    for _ in range(9):
        event = random_event(random, revise(instance, Revision(now, 0, (), baseline)), name, earlier)
        try:
            revise(instance, Revision(now, 0, (event,), baseline))
        except EventError:
            continue
        return event
    return ClockTick(name, now)


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_every_revision_has_a_right_plan_and_the_same_past(first: int) -> None:
    seen = Counter[str]()
    for seed in range(first, first + 20):
        for step in steps(seed):
            seen[step.event.type] += 1
            assert flagged(step.after, step.schedule) == []
            assert_past_kept(step)
            assert_each_once(step)
    assert len(seen) > 12


def assert_past_kept(step: Step) -> None:
    """What had happened by the event stands in the new schedule as it was, unless the event says it was otherwise."""
    now, corrected = execution_of(step.after).now, execution_of(step.after).baseline
    told = isinstance(step.event, OperationStatus)
    lost = first_starts(step.after)
    for was in step.baseline.operations:
        there = step.schedule.by_operation.get(was.key)
        if was.start < now and was.key not in lost and not (told and there is None):
            fact = corrected.by_operation[was.key]
            assert fact == was or step.event.type in ("operation_status", "early_completion", "machine_breakdown")
            assert there is not None
            assert (there.machine, there.mode, there.start) == (fact.machine, fact.mode, fact.start)
            assert there.end == fact.end or fact.end > now
    done = {move for move in step.baseline.moves if move.job is not None and move.end <= now}
    assert done <= set(step.schedule.moves)


def assert_each_once(step: Step) -> None:
    """No finished work is open again, no operation or move stands twice, all that is new starts now or later."""
    state = state_of(step.after)
    execution = execution_of(step.after)
    assert all(count == 1 for count in Counter(o.key for o in step.schedule.operations).values())
    ways = Counter(
        (m.job, m.predecessor, m.successor, m.origin, m.load) for m in step.schedule.moves if m.job is not None
    )
    assert all(count == 1 for count in ways.values())
    begun = started(step.after)
    for operation in step.schedule.operations:
        if state.operations[operation.key] == "pending":
            assert operation.start >= execution.now
        else:
            assert operation.start == begun[operation.key].start
    # What was completed before the event is, unless its work was lost by it.
    before = state_of(revise(step.before, Revision(execution.now, 0, (), step.baseline)))
    lost = {piece.key for piece in execution.aborted}
    for key, was in before.operations.items():
        if was == "completed" and key in state.operations and key not in lost:
            assert state.operations[key] == "completed" or step.event.type == "operation_status"


@pytest.mark.parametrize("first", range(0, 60, 30))
def test_an_event_that_comes_again_changes_nothing(first: int) -> None:
    for seed in range(first, first + 30):
        for step in steps(seed, 3):
            now = execution_of(step.after).now
            once = revise(step.after, Revision(now, 0, (), step.schedule))
            twice = revise(step.after, Revision(now, 0, (replace(step.event, received_at=now),), step.schedule))
            assert twice == once


@pytest.mark.parametrize("first", range(0, 60, 30))
def test_what_is_retracted_at_once_was_never_asserted(first: int) -> None:
    for seed in range(first, first + 30):
        for step in steps(seed, 3):
            now = execution_of(step.after).now
            both = (step.event, Retraction("R", now, supersedes=step.event.id))
            if isinstance(step.event, Retraction):
                continue
            nothing = revise(step.before, Revision(now, 0, (), step.baseline))
            retracted = revise(step.before, Revision(now, 0, both, step.baseline))
            assert without_log(retracted) == without_log(nothing)


def without_log(instance: Instance) -> Instance:
    return replace(instance, execution=replace(execution_of(instance), log=()))


@pytest.mark.parametrize("first", range(0, 60, 30))
def test_what_is_retracted_later_leaves_no_trace_in_the_future(first: int) -> None:
    for seed in range(first, first + 30):
        for step in steps(seed, 3):
            now = execution_of(step.after).now + 2
            if isinstance(step.event, Retraction) or step.event.type in ("machine_restored", "unpin"):
                continue
            retraction = Retraction("R", now, supersedes=step.event.id)
            try:
                retracted = revise(step.after, Revision(now, 0, (retraction,), step.schedule))
            except EventError:
                assert step.event.expires_at is not None  # it was over anyway
                continue
            never = revise(step.before, Revision(now, 0, (), step.baseline))
            for machine in never.machines:
                assert ahead(retracted.machine_by_id[machine.id].calendar, now) == ahead(machine.calendar, now)
            for pool in never.operators:
                left = retracted.pool_by_id[pool.id].shortages
                assert [s for s in left if s.end > now] == [s for s in pool.shortages if s.end > now]
            assert [replace(lane, calendar=Calendar()) for lane in retracted.lanes] == [
                replace(lane, calendar=Calendar()) for lane in never.lanes
            ]
            if step.event.type == "job_cancelled":
                continue  # it comes back as it was when it was cancelled, whatever has expired since
            pending = {key for key, state in state_of(retracted).operations.items() if state == "pending"}
            for key in pending & set(never.operation_by_key):
                lengths = {(m.machine, m.duration) for m in never.operation_by_key[key].modes}
                assert {(m.machine, m.duration) for m in retracted.operation_by_key[key].modes} <= lengths


def ahead(calendar: Calendar, now: int) -> list[tuple[int, int]]:
    """Return the windows without work from now on."""
    return [(max(d.start, now), d.end) for d in calendar.blocked(now + 99) if d.end > now]

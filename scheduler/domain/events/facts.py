"""Facts about operations that correct the schedule in force: when they really started and ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import ceil

from scheduler.domain.calendar import working_time
from scheduler.domain.events.base import Event
from scheduler.domain.happened import execution_of, started, with_durations, with_operation
from scheduler.domain.instance import Instance
from scheduler.domain.schedule import ScheduledOperation
from scheduler.errors import Defect


def contradicted(event: Event, instance: Instance, fact: ScheduledOperation) -> Iterator[Defect]:
    """Yield why an operation can't have started, or been done, as said: what else has happened says otherwise."""
    execution, begun = execution_of(instance), started(instance)
    was, words = execution.baseline.by_operation[fact.key], f"operation {fact.operation} of job {fact.job}"
    is_over = fact.end <= execution.now
    if fact.start >= execution.now:
        cause = f"{words} would start at {fact.start}, which is not before now, {execution.now}"
        yield event.defect("E603", "started_at", cause, f"write {execution.now - 1} or earlier")
        return
    if getattr(event, "state", "") == "finished" and not fact.start <= fact.end <= execution.now:
        cause = f"{words} would have been done during [{fact.start}, {fact.end}), and it is {execution.now}"
        yield event.defect("E603", "finished_at", cause, f"write {fact.start} to {execution.now}")
        return
    if was.key in begun and was.machine != fact.machine:
        yield event.defect("E602", "machine", f"{words} started on {was.machine}", f"write {was.machine}")
    job, machine = instance.job_by_id[fact.job], instance.machine_by_id[fact.machine]
    if fact.start < job.release_date:
        cause = f"job {fact.job} was released at {job.release_date}"
        yield event.defect("E602", "started_at", cause, f"write {job.release_date} or later")
    for precedence in job.precedences:
        before = execution.baseline.by_operation.get((fact.job, precedence.predecessor))
        after = begun.get((fact.job, precedence.successor))
        is_next = precedence.successor == fact.operation
        if (
            is_next
            and before is not None
            and not (before.key in begun and before.end + precedence.min_lag <= fact.start)
        ):
            earlier = f"operation {precedence.predecessor} of job {fact.job}"
            cause = f"{earlier} was not done by {fact.start - precedence.min_lag}"
            yield event.defect("E602", "started_at", cause, f"say first what became of {precedence.predecessor}")
        if precedence.predecessor == fact.operation and after is not None and after.start < fact.end:
            cause = f"operation {precedence.successor} has started at {after.start}"
            yield event.defect("E602", "finished_at", cause, f"say first when {precedence.successor} started")
    ways_in = [m for m in execution.baseline.moves if m.job == fact.job and m.successor == fact.operation]
    there = [m for m in execution.moves if m.job == fact.job and m.successor == fact.operation and m.end <= fact.start]
    if len(there) < len(ways_in):
        cause = f"its part was not at {fact.machine} by {fact.start}"
        yield event.defect("E602", "started_at", cause, "write a tick at which it was")
    leaving = [m.start for m in execution.moves if (m.job, m.predecessor) == fact.key]
    if leaving and min(leaving) < fact.end:
        cause = f"its part was fetched at {min(leaving)}"
        yield event.defect("E602", "finished_at", cause, f"write {min(leaving)} or earlier")
    end = fact.end if is_over else execution.now
    others = [
        o
        for o in begun.values()
        if o.machine == fact.machine and o.key != fact.key and o.start < end and fact.start < o.end
    ]
    if len(others) >= machine.capacity:
        cause = f"{fact.machine} was busy with operation {others[0].operation} of job {others[0].job} then"
        yield event.defect("E602", "started_at", cause, "say first what became of that operation")
    moved = fact.start != was.start or fact.mode != was.mode
    if instance.mode(fact.key, fact.mode).tended and moved:
        cause = f"a robot tends {words}, and the schedule in force says when it was there"
        yield event.defect("E607", "started_at", cause, f"write {was.start}" if was.key in begun else "wait")
    if machine.setups is not None and (fact.start != was.start or was.key not in begun):
        cause = f"{fact.machine} has setups, which the schedule in force has at their times"
        yield event.defect("E607", "started_at", cause, f"write {was.start}" if was.key in begun else "wait")
    for member, tick in (("started_at", fact.start), *((("finished_at", fact.end - 1),) if is_over else ())):
        if fact.end > fact.start and working_time(machine.calendar.blocked(tick + 1), tick, tick + 1) == 0:
            cause = f"{fact.machine} was down during [{tick}, {tick + 1})"
            yield event.defect("E602", member, cause, "write a tick at which it worked, or say that it is restored")


def with_fact(instance: Instance, fact: ScheduledOperation) -> Instance:
    """Return the instance in which an operation has started, or been done, like this.

    The schedule in force says so from now on. One that is done took as long as it worked.
    """
    execution = execution_of(instance)
    baseline = execution.baseline
    operations = tuple(fact if o.key == fact.key else o for o in baseline.operations)
    execution = replace(execution, baseline=replace(baseline, operations=operations))
    instance = replace(instance, execution=execution)
    blocked = instance.machine_by_id[fact.machine].calendar.blocked(fact.end)
    worked = working_time(blocked, fact.start, fact.end)
    operation = instance.operation_by_key[fact.key]
    if fact.end <= execution.now:
        modes = enumerate(operation.modes)
        done = ceil(instance.machine_by_id[fact.machine].tempo.worked(blocked, fact.start, fact.end))
        lengths = tuple(done if index == fact.mode else mode.duration for index, mode in modes)
        instance = with_durations(instance, {fact.key: lengths})
    if worked < fact.end - fact.start:
        operation = instance.operation_by_key[fact.key]
        instance = with_operation(instance, fact.job, replace(operation, interruptible=True))
    return instance

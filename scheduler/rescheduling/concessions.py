"""Hard limits that may be broken where nothing else helps: deadlines, pins, maximum lags. All else is physics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from scheduler.checker import check
from scheduler.constraints import Violation
from scheduler.domain import Instance, Job, OperationKey, Precedence, Schedule, ScheduledOperation
from scheduler.domain.happened import execution_of, started


def unlimited(instance: Instance) -> Instance:
    """Return the instance without any limit that may be broken: what it forbids can't be done at all."""
    jobs = tuple(without_lags(replace(job, deadline=None)) for job in instance.jobs)
    execution = instance.execution
    return replace(instance, jobs=jobs, execution=None if execution is None else replace(execution, pins=()))


def without_lags(job: Job) -> Job:
    """Return the job without maximum lags."""
    if all(p.max_lag is None for p in job.precedences):
        return job
    return replace(job, precedences=tuple(replace(p, max_lag=None) for p in job.precedences))


def conceded(instance: Instance, schedule: Schedule) -> Instance:
    """Return the instance in which every limit that the schedule breaks is where the schedule has it.

    A deadline is the completion there, a maximum lag the lag there; a pin that is not kept is none. So a schedule for
    it breaks the same limits as this one, none of them further, and no other.
    """
    jobs = tuple(_conceded(job, schedule) for job in instance.jobs)
    execution = instance.execution
    if execution is not None:
        pins = tuple(pin for pin in execution.pins if _is_kept(pin, schedule))
        execution = replace(execution, pins=pins)
    return replace(instance, jobs=jobs, execution=execution)


def _conceded(job: Job, schedule: Schedule) -> Job:
    completion = schedule.completions.get(job.id, 0)
    deadline = None if job.deadline is None else max(job.deadline, completion)
    precedences = []
    for p in job.precedences:
        lag = _lag(job, p, schedule.by_operation)
        is_broken = p.max_lag is not None and lag is not None and lag > p.max_lag
        precedences.append(replace(p, max_lag=lag) if is_broken else p)
    return replace(job, deadline=deadline, precedences=tuple(precedences))


def _lag(job: Job, precedence: Precedence, by_operation: Mapping[OperationKey, ScheduledOperation]) -> int | None:
    before = by_operation.get((job.id, precedence.predecessor))
    after = by_operation.get((job.id, precedence.successor))
    return None if before is None or after is None else after.start - before.end


def _is_kept(pin: ScheduledOperation, schedule: Schedule) -> bool:
    now = schedule.by_operation.get(pin.key)
    return now is not None and (now.mode, now.machine, now.start) == (pin.mode, pin.machine, pin.start)


def without_lost(instance: Instance) -> Instance:
    """Return the instance without the limits that are broken for good: whatever is done now, they can't be kept.

    A deadline that has passed before the job, as the baseline has it, is completed; a maximum lag that has passed since
    the end of the first of two operations before the second has started.
    """
    execution, begun = execution_of(instance), started(instance)
    now, baseline = execution.now, execution.baseline
    jobs = []
    for job in instance.jobs:
        deadline = job.deadline
        if deadline is not None and deadline < now and baseline.completions.get(job.id, 0) > deadline:
            deadline = None
        precedences = []
        for p in job.precedences:
            before, after = begun.get((job.id, p.predecessor)), begun.get((job.id, p.successor))
            if p.max_lag is not None and before is not None and before.end <= now:
                is_planned = after is not None or (job.id, p.successor) in baseline.by_operation
                if is_planned and (now if after is None else after.start) - before.end > p.max_lag:
                    p = replace(p, max_lag=None)
            precedences.append(p)
        kept = deadline == job.deadline and tuple(precedences) == job.precedences
        jobs.append(job if kept else replace(job, deadline=deadline, precedences=tuple(precedences)))
    if all(now_ is was for now_, was in zip(jobs, instance.jobs, strict=True)):
        return instance
    return replace(instance, jobs=tuple(jobs))


def intolerable(
    instance: Instance, schedule: Schedule, known: Sequence[Violation]
) -> tuple[tuple[Violation, ...], tuple[Violation, ...]]:
    """Return the violations that are not `known` or that nobody may concede, and known ones that there are not."""
    found = check(instance, schedule)
    if not found and not known:
        return (), ()
    physical = {(v.rule, v.where, v.detail) for v in check(unlimited(instance), schedule)}
    stated = {(v.rule, v.where, v.amount) for v in known}
    actual = {(v.rule, v.where, v.amount) for v in found}
    bad = (v for v in found if (v.rule, v.where, v.detail) in physical or (v.rule, v.where, v.amount) not in stated)
    return tuple(bad), tuple(v for v in known if (v.rule, v.where, v.amount) not in actual)

"""Maximum lags that can't be kept, whatever is done: no machine can begin with the second operation in time."""

from __future__ import annotations

from typing import TypeAlias

from scheduler.domain import Instance, Job, Precedence, ScheduledOperation
from scheduler.domain.calendar import earliest_start
from scheduler.domain.happened import execution_of, started
from scheduler.rescheduling.soaking import end_of

Way: TypeAlias = tuple[str, str, str]
"""Job, operation, successor."""


def least_lags(instance: Instance) -> dict[Way, int]:
    """Return how long after an operation its successor begins at the least, where that is more than the maximum lag.

    For an operation *o* that has begun, and a successor *s* that has not, with what runs on machine *m* (with room for
    one) until ``free(m)``::

        min over the modes of s of min {t >= max(now, end(o) + min_lag, free(m)): m can begin with s at t} - end(o)
    """
    begun, found = started(instance), dict[Way, int]()
    runs = {o.machine: end_of(instance, o) for o in begun.values() if o.end > execution_of(instance).now}
    pinned = {pin.key for pin in execution_of(instance).pins}
    for job in instance.jobs:
        for p in job.precedences if not job.plans else ():
            before = begun.get((job.id, p.predecessor))
            after = (job.id, p.successor)
            if p.max_lag is None or before is None or after in begun or after in pinned:
                continue
            least = _least(instance, job, p, before, runs)
            if least is not None and least > p.max_lag:
                found[job.id, p.predecessor, p.successor] = least
    return found


def words_of_lag(instance: Instance, way: Way, least: int) -> str:
    """Return why a successor begins too late, in a sentence."""
    job, before, after = way
    machines = " and ".join(sorted({mode.machine for mode in instance.operation_by_key[job, after].modes}))
    end = end_of(instance, started(instance)[job, before])
    (limit,) = (p.max_lag for p in instance.job_by_id[job].precedences if (p.predecessor, p.successor) == way[1:])
    return f"{machines} can't begin with {job}.{after} before {end + least}, {least} after {end}, {limit} are allowed"


def _least(
    instance: Instance, job: Job, precedence: Precedence, before: ScheduledOperation, runs: dict[str, int]
) -> int | None:
    """Return the least lag to a successor; None if it fits into no shift of any machine."""
    operation, end = job.operation(precedence.successor), end_of(instance, before)
    ready, instants = max(execution_of(instance).now, end + precedence.min_lag), []
    for mode in operation.modes:
        machine = instance.machine_by_id[mode.machine]
        start = max(ready, runs.get(machine.id, 0)) if machine.capacity == 1 else ready
        if machine.slowdowns:
            instants.append(start)
            continue
        period = 0 if machine.calendar.pattern is None else machine.calendar.pattern.period
        until = max(start, machine.calendar.settled) + 2 * period + mode.duration
        found = earliest_start(machine.calendar.blocked(until), start, mode.duration, operation.interruptible)
        if found + (1 if operation.interruptible else mode.duration) <= max(until, start + 1):
            instants.append(found)
    return min(instants, default=end) - end if instants else None

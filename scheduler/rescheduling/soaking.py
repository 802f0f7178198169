"""Parts on a machine that stay there for longer than they may, whatever is done: nobody can fetch them in time."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.domain import Instance, OperationKey, ScheduledOperation
from scheduler.domain.calendar import earliest_start
from scheduler.domain.happened import execution_of, started, taken_over
from scheduler.domain.routing import Leg, carriers, routes
from scheduler.rescheduling.stranded import possible_machines


def least_dwells(instance: Instance) -> dict[OperationKey, int]:
    """Return how long parts stay after their operation at the least, where that is longer than their maximum dwell.

    For an operation *o* that has begun, and whose part nobody has begun to fetch, with ``end(o)`` under the calendar of
    its machine and every carrier *c* that may make a first move of length ``p(c)`` to where the part goes next::

        min over c of min {t >= max(now, end(o), free(c)): c works in [t, t + p(c))} - end(o)

    where ``free(c)`` is the end of the last loaded move of *c* that has begun, if it holds one part at a time.
    """
    fetched = {(m.job, m.predecessor) for m in execution_of(instance).moves}
    over = {before for before, _ in taken_over(instance)}
    found = {}
    for key, operation in started(instance).items():
        limit = instance.mode(key, operation.mode).max_dwell
        if limit is None or key in fetched or key in over:
            continue
        end = end_of(instance, operation)
        legs = list(_first_legs(instance, operation))
        instants = [t for leg in legs for t in _instants(instance, leg, key[0], end)]
        if legs and instants and (least := min(instants) - end) > limit:
            found[key] = least
    return found


def words(instance: Instance, key: OperationKey, least: int) -> str:
    """Return why the part of an operation stays for too long, in a sentence."""
    operation = started(instance)[key]
    end = end_of(instance, operation)
    legs = _first_legs(instance, operation)
    able = sorted({c for leg in legs for c, _ in carriers(instance, leg, instance.job_by_id[key[0]])})
    limit = instance.mode(key, operation.mode).max_dwell
    who = " and ".join(able)
    may = f"{limit} are allowed"
    return f"{who} can't take job {key[0]} from {operation.machine} before {end + least}, {least} after {end}, {may}"


def end_of(instance: Instance, operation: ScheduledOperation) -> int:
    """Return when an operation that has begun ends, or has ended."""
    if operation.end <= execution_of(instance).now:
        return operation.end
    machine, work = instance.machine_by_id[operation.machine], instance.mode(operation.key, operation.mode).duration
    until = operation.end
    while True:
        until *= 2
        end = machine.tempo.end(machine.calendar.blocked(until), operation.start, work)
        if end <= until:
            return end


def _first_legs(instance: Instance, operation: ScheduledOperation) -> Iterator[Leg]:
    """Yield the moves that may be the first from the operation's machine; none where its part may go on without one."""
    job, machine = instance.job_by_id[operation.job], instance.machine_by_id[operation.machine]
    found = []
    for successor in [after for before, after, _ in job.links if before == operation.operation]:
        for destination in possible_machines(instance, job, successor):
            for legs in routes(instance, machine, destination):
                if not legs or (legs[0].origin != machine.id and machine.output_buffer != 0):
                    return
                found.append(legs[0])
    yield from dict.fromkeys(found)


def _instants(instance: Instance, leg: Leg, job: str, ready: int) -> Iterator[int]:
    """Yield when each carrier can begin the first move of a part that is ready then."""
    execution = execution_of(instance)
    for carrier_id, length in carriers(instance, leg, instance.job_by_id[job]):
        carrier = instance.carrier_by_id.get(carrier_id)
        if carrier is None:  # a lane, which this is not about
            yield max(execution.now, ready)
            continue
        begun = [m.end for m in execution.moves if m.mover == carrier_id]
        free_at = max(begun, default=0) if carrier.capacity == 1 else 0
        start = max(execution.now, ready, free_at)
        period = 0 if carrier.calendar.pattern is None else carrier.calendar.pattern.period
        until = max(start, carrier.calendar.settled) + 2 * period + length
        found = earliest_start(carrier.calendar.blocked(until), start, length, False)
        if found + length <= until:  # else it is longer than every shift
            yield found

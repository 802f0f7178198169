"""Who holds a machine when, and how the time of a machine is spent; no pandas here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scheduler.domain.calendar import Downtime, working_time
from scheduler.domain.derive import moves_into, occupied_from, pick_up_time
from scheduler.domain.instance import Instance
from scheduler.domain.schedule import OperationKey, Schedule, ScheduledOperation


@dataclass(frozen=True, slots=True)
class Occupation:
    """The part of an operation holds ``machine`` during ``[start, end)``: loading, processing, waiting, unloading."""

    machine: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Usage:
    """How a machine spends its time up to the makespan.

    Attributes
    ----------
    busy
        Ticks of processing, summed over its operations (pauses in downtimes not counted).
    setup
        Ticks of setup.
    blocked
        Ticks for which parts hold the machine before or after processing: loading, waiting, unloading.
    down
        Ticks in ``[0, makespan)`` in which the machine does not work.
    utilisation
        ``100 * busy / (capacity * (makespan - down))``, in percent; 0 when there is no working time.
    """

    busy: int
    setup: int
    blocked: int
    down: int
    utilisation: float


def occupations(instance: Instance, schedule: Schedule) -> dict[OperationKey, Occupation]:
    """Return the occupation of its machine by each operation, as docs/rules.md defines it."""
    arriving = moves_into(schedule)
    unloaded_at = _ends_of_unloading(instance, schedule)
    found: dict[OperationKey, Occupation] = {}
    for operation in schedule.operations:
        machine = instance.machine_by_id[operation.machine]
        moves_in = arriving.get(operation.key, ())
        until = operation.end
        if machine.cell is not None and machine.output_buffer == 0:
            until = max(until, unloaded_at.get(operation.key, until))
        found[operation.key] = Occupation(machine.id, occupied_from(instance, machine, operation, moves_in), until)
    return found


def _ends_of_unloading(instance: Instance, schedule: Schedule) -> dict[OperationKey, int]:
    """Return when the last part of each operation leaves its machine: by robot, or into the next operation there."""
    leaves: dict[OperationKey, int] = {}
    for move in schedule.moves:
        if move.job is None or move.predecessor is None:
            continue
        key = (move.job, move.predecessor)
        if (
            move.kind == "robot_move"
            and key in schedule.by_operation
            and schedule.by_operation[key].machine == move.origin
        ):
            leaves[key] = max(leaves.get(key, 0), move.start + pick_up_time(instance, move))
    for job in instance.jobs:
        for precedence in job.precedences:
            before = schedule.by_operation.get((job.id, precedence.predecessor))
            after = schedule.by_operation.get((job.id, precedence.successor))
            if before is not None and after is not None and before.machine == after.machine:
                leaves[before.key] = max(leaves.get(before.key, 0), after.start)
    return leaves


def is_interruptible(instance: Instance, operation: ScheduledOperation) -> bool:
    """Return whether the operation pauses in downtimes (False for one that the instance no longer has)."""
    known = instance.operation_by_key.get(operation.key)
    return known is not None and known.interruptible


def pieces(blocked: tuple[Downtime, ...], operation: ScheduledOperation) -> tuple[tuple[int, int], ...]:
    """Return the intervals in which an interruptible operation is worked on: ``[start, end)`` outside `blocked`."""
    found = []
    clock = operation.start
    for downtime in blocked:
        if downtime.end <= clock or downtime.start >= operation.end:
            continue
        if downtime.start > clock:
            found.append((clock, downtime.start))
        clock = downtime.end
    if clock < operation.end or not found:
        found.append((clock, operation.end))
    return tuple(found)


def machine_usage(instance: Instance, schedule: Schedule) -> Mapping[str, Usage]:
    """Return the usage of every machine up to the makespan."""
    makespan = schedule.makespan
    occupied = occupations(instance, schedule)
    setup = dict.fromkeys(instance.machine_by_id, 0)
    for done in schedule.setups:
        setup[done.machine] += done.end - done.start
    usage = {}
    for machine in instance.machines:
        windows = machine.calendar.blocked(makespan)
        down = makespan - working_time(windows, 0, makespan)
        busy = blocked = 0
        for operation in schedule.by_machine.get(machine.id, ()):
            length = operation.end - operation.start
            paused = is_interruptible(instance, operation)
            busy += working_time(windows, operation.start, operation.end) if paused else length
            held = occupied[operation.key]
            blocked += held.end - held.start - length
        available = machine.capacity * (makespan - down)
        utilisation = 100 * busy / available if available > 0 else 0.0
        usage[machine.id] = Usage(busy, setup[machine.id], blocked, down, utilisation)
    return usage

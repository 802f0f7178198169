"""Who holds a machine when, and how the time of a machine is spent; no pandas here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scheduler.domain.calendar import Downtime, working_time
from scheduler.domain.derive import brought_at, moves_into, occupied_from, occupied_until, taken_at
from scheduler.domain.happened import first_starts
from scheduler.domain.instance import Instance
from scheduler.domain.schedule import OperationKey, Schedule, ScheduledOperation


@dataclass(frozen=True, slots=True)
class Occupation:
    """The part of an operation holds ``machine`` during ``[start, end)``: loading, processing, waiting, unloading."""

    machine: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Wait:
    """The part of an operation takes a place before or after ``machine`` during ``[start, end)``."""

    machine: str
    side: Literal["before", "after"]
    key: OperationKey
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
    until = occupied_until(instance, schedule)
    found: dict[OperationKey, Occupation] = {}
    for operation in schedule.operations:
        machine = instance.machine_by_id[operation.machine]
        begin = occupied_from(instance, machine, operation, arriving.get(operation.key, ()))
        found[operation.key] = Occupation(machine.id, begin, until[operation.key])
    return found


def waits(instance: Instance, schedule: Schedule) -> tuple[Wait, ...]:
    """Return who takes a place in a counted buffer, and when, by start."""
    arriving, taken = moves_into(schedule), taken_at(instance, schedule)
    until, lost = occupied_until(instance, schedule), first_starts(instance)
    found: list[Wait] = []
    for operation in schedule.operations:
        machine, key = instance.machine_by_id[operation.machine], operation.key
        if machine.input_buffer:
            begin = brought_at(instance, operation, arriving.get(key, ()))
            found.append(Wait(machine.id, "before", key, begin, min(operation.start, lost.get(key, operation.start))))
        if machine.output_buffer:
            found.append(Wait(machine.id, "after", key, until[key], taken[key]))
    return tuple(sorted((w for w in found if w.start < w.end), key=lambda w: (w.start, w.end)))


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

"""The floor: carries a schedule out, tells what happens when it happens, and follows the repaired schedule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

from scheduler.constraints import Violation
from scheduler.domain import Instance, Objective, Schedule
from scheduler.domain.events import Event, MachineBreakdown, OperationDelayed
from scheduler.domain.schedule import OperationKey, ScheduledOperation
from scheduler.errors import EventError
from scheduler.rescheduling import repair
from scheduler.simulation.profiles import Fate
from scheduler.terms import value_terms


@dataclass(frozen=True)
class Replication:
    """One run of the floor.

    Attributes
    ----------
    value
        Of the first tier, as it came in the end.
    makespan
        As it came in the end.
    repairs
        How many there were.
    deviation, reassignments
        Of all repairs together, over the operations pending at each: ``|start - start before|`` in ticks, and machines.
    latencies
        Seconds of each repair, from the events to the checked schedule.
    unplanned
        Instants for whose events no schedule was found, or that came too late to matter; the old schedule went on.
    degraded
        Repairs after which the schedule broke a deadline, a pin, a maximum lag or dwell: the floor went on with it.
    """

    value: float
    makespan: int
    repairs: int
    deviation: int
    reassignments: int
    latencies: tuple[float, ...]
    unplanned: int
    degraded: int


def replicate(
    instance: Instance,
    schedule: Schedule,
    fate: Fate,
    policy: str,
    *,
    objective: Objective,
    deadline: float = 1.0,
    workers: int | None = None,
    seed: int = 0,
) -> Replication:
    """Carry the schedule out under a fate.

    A breakdown is known when it begins, with its end; the running operation goes on afterwards. An operation that takes
    less than planned is known when it ends, one that takes more in the last tick of its planned time.
    """
    failures = list(fate.failures)
    told: set[OperationKey] = set()
    now, deviation, reassignments, unplanned, degraded = 0, 0, 0, 0, 0
    broken: tuple[Violation, ...] = ()
    latencies: list[float] = []
    original = instance
    while True:
        deviations = dict(_deviations(original, schedule, fate, told, now))
        instants = [at for at, _ in deviations.values()]
        instants += [failures[0][1].start] if failures else []
        at = max(now, min(instants, default=schedule.makespan))
        if at >= schedule.makespan:
            break
        events: list[Event] = []
        while failures and failures[0][1].start <= at:
            machine, downtime = failures.pop(0)
            if downtime.end > at:
                events.append(MachineBreakdown(f"{machine}@{downtime.start}", at, machine, until=downtime.end))
        for key, (due, duration) in deviations.items():
            if due <= at:
                told.add(key)
                events.append(OperationDelayed(f"{key[0]}.{key[1]}", at, *key, new_duration=duration))
        now = at
        if not events:
            continue
        began_at = perf_counter()
        try:
            found = repair(
                instance,
                schedule,
                events,
                now=now,
                policy=policy,
                objective=objective,
                time_limit=deadline,
                workers=workers,
                seed=seed,
                broken=broken,
            )
        except EventError:
            unplanned += 1
            continue
        latencies.append(perf_counter() - began_at)
        if found.schedule is None or found.report is None:
            unplanned += 1
            continue
        instance, schedule, broken = found.instance, found.schedule, found.broken
        degraded += found.is_degraded
        deviation += found.report.total_deviation
        reassignments += found.report.reassignments
    value = float(objective.value(value_terms(instance, schedule))[0])
    return Replication(
        value, schedule.makespan, len(latencies), deviation, reassignments, tuple(latencies), unplanned, degraded
    )


def _deviations(
    instance: Instance, schedule: Schedule, fate: Fate, told: set[OperationKey], now: int
) -> Iterator[tuple[OperationKey, tuple[int, int]]]:
    """Yield the operations that will take another time than planned: when it becomes known, and how long they take."""
    for operation in schedule.operations:
        if operation.key in told or operation.end <= now:
            continue
        planned = instance.mode(operation.key, operation.mode).duration
        duration = fate.duration(operation.key, planned)
        known_at = _known_at(operation, duration - planned)
        if duration != planned and operation.start < known_at < operation.end:
            yield operation.key, (known_at, duration)


def _known_at(operation: ScheduledOperation, difference: int) -> int:
    return operation.end + difference if difference < 0 else operation.end - 1

"""What each job needs if it is alone: the earliest start of every operation, and the earliest completion.

Beside release dates, shortest durations, lags and ways this knows the calendars of machines, and what has happened: an
operation that has started stays as the baseline has it, and no other starts before `now`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scheduler.domain import Instance, Job, OperationKey, ScheduledOperation
from scheduler.domain.calendar import Downtime, earliest_start, end_of_work
from scheduler.domain.happened import started
from scheduler.domain.horizon import Ways, topological_order


@dataclass(frozen=True, slots=True)
class Alone:
    """Earliest starts of operations and earliest completions of jobs; those of jobs with plans are left open.

    ``begun`` are the operations that have started.
    """

    starts: Mapping[OperationKey, int]
    completions: Mapping[str, int]
    begun: frozenset[OperationKey]


def alone(instance: Instance, until: int) -> Alone:
    """Return what each job needs if it is alone; no schedule of the instance has anything earlier.

    Calendars are read up to the instant `until`; after it all machines work.
    """
    execution, windows, ways = instance.execution, _Windows(instance, until), Ways(instance)
    begun = started(instance) if execution is not None else {}
    now = execution.now if execution is not None else 0
    # A part that is on its way, or was taken over, needs less than a whole way.
    moved = {(move.job, move.predecessor, move.successor) for move in execution.moves} if execution is not None else ()
    lost = {piece.job for piece in execution.aborted} if execution is not None else ()

    def way(job: Job, predecessor: str | None, successor: str | None) -> int:
        is_shorter = job.id in lost or (job.id, predecessor, successor) in moved
        return 0 if is_shorter else ways.shortest(job, predecessor, successor)

    starts: dict[OperationKey, int] = {}
    completions = {job.id: job.release_date for job in instance.jobs}
    for job in instance.jobs:
        ends: dict[str, int] = {}
        for number in () if job.plans else topological_order(job):
            key = job.id, number
            if key in begun:
                starts[key], ends[number] = begun[key].start, windows.end(begun[key], now)
                continue
            before = [p for p in job.precedences if p.successor == number]
            ready = [ends[p.predecessor] + max(p.min_lag, way(job, p.predecessor, number)) for p in before]
            arrival = job.release_date + (0 if before else way(job, None, number))
            starts[key], ends[number] = windows.first(key, max(now, arrival, *ready))
        last = {o.id for o in job.operations} - {p.predecessor for p in job.precedences}
        for number, end in ends.items():
            leaves = end + way(job, number, None) if number in last else end
            completions[job.id] = max(completions[job.id], leaves)
    return Alone(starts, completions, frozenset(begun))


class _Windows:
    """When machines work, up to an instant."""

    def __init__(self, instance: Instance, until: int) -> None:
        self._instance = instance
        self._until = until
        self._blocked: dict[int, tuple[Downtime, ...]] = {}

    def first(self, key: OperationKey, ready: int) -> tuple[int, int]:
        """Return the earliest start and the earliest end of an operation that may start at an instant or later."""
        operation = self._instance.operation_by_key[key]
        starts, ends = [], []
        for mode in operation.modes:
            blocked = self._of(mode.machine)
            starts.append(earliest_start(blocked, ready, mode.duration, operation.interruptible))
            ends.append(end_of_work(blocked, starts[-1], mode.duration))
        return min(starts, default=ready), min(ends, default=ready)

    def end(self, begun: ScheduledOperation, now: int) -> int:
        """Return the earliest end of an operation that has started; what runs may take less than was planned."""
        duration = self._instance.operation_by_key[begun.key].modes[begun.mode].duration
        return min(begun.end, max(now, end_of_work(self._of(begun.machine), begun.start, duration)))

    def _of(self, machine: str) -> tuple[Downtime, ...]:
        calendar = self._instance.machine_by_id[machine].calendar
        if id(calendar) not in self._blocked:
            self._blocked[id(calendar)] = calendar.blocked(self._until)
        return self._blocked[id(calendar)]

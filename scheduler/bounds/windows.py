"""The windows that a limit on the makespan leaves to every operation, calendars and all.

With a limit *D* each mode of an operation has an earliest start, from what has to come before it at the least, and a
latest one, from what has to follow. Both respect the calendar of the machine: what misses the end of a shift begins in
the next one, and what has a long way behind it has to be done in the shift before the last. A mode whose latest start
is before its earliest is out, and with it what only that mode made possible.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from scheduler.bounds.working_time import WorkingTime
from scheduler.domain import Instance, Job, Operation
from scheduler.domain.horizon import topological_order
from scheduler.domain.routing import Leg, leg_time, routes


@dataclass(frozen=True, slots=True)
class Carry:
    """What a robot cell or fleet does on the way of a part: so long before it and after it, and so long itself."""

    group: str
    before: int
    time: int
    after: int


@dataclass(frozen=True, slots=True)
class Way:
    """The way of a part from machine to machine: how long it takes at the least, and who carries it."""

    time: int
    carries: tuple[Carry, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """What is left to the mode of that number on its machine: earliest start and end, latest start and end."""

    mode: int
    machine: str
    start: int
    end: int
    latest_start: int
    latest_end: int


NO_WAY = Way(0, ())
"""What is neither brought from nor taken to the outside."""
Times = dict[int, tuple[str, int, int]]
"""Machine, start and end by mode."""


@dataclass(frozen=True, slots=True)
class _Step:
    """An operation with those before and after it, each with the minimum lag."""

    operation: Operation
    before: tuple[tuple[str, int], ...]
    after: tuple[tuple[str, int], ...]


class Windows:
    """The windows of all modes, for one limit after the other; jobs with alternative plans have none.

    Parameters
    ----------
    instance
        The instance; what has happened to it is not looked at.
    """

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._ways: dict[tuple[str | None, str | None], Way | None] = {}
        self._until, self._times = 0, dict[str, WorkingTime]()
        self._steps = {job.id: _steps(job) for job in instance.jobs if not job.plans}

    def times(self, limit: int) -> dict[str, WorkingTime]:
        """Return the working time of each machine up to a limit at the least."""
        if limit >= self._until:
            self._until = 2 * (limit + 1)
            machines = self._instance.machines
            times = {c: WorkingTime(c, self._until) for c in {machine.calendar for machine in machines}}
            self._times = {machine.id: times[machine.calendar] for machine in machines}
        return self._times

    def of_job(self, job: Job, times: dict[str, WorkingTime], limit: int) -> dict[str, tuple[Window, ...]] | None:
        """Return the windows of the operations of a job; None if one of them has none: the limit is too low."""
        steps = self._steps.get(job.id, ())
        left: dict[str, Collection[int]] = {step.operation.id: range(len(step.operation.modes)) for step in steps}
        while True:
            early, late = dict[str, Times](), dict[str, Times]()
            for step in steps:
                early[step.operation.id] = self._early(job, step, left[step.operation.id], early, times)
            for step in reversed(steps):
                late[step.operation.id] = self._late(step, early[step.operation.id], late, times, limit)
            if not all(late.values()):
                return None
            if all(len(late[o]) == len(modes) for o, modes in left.items()):
                return {o: tuple(Window(k, *early[o][k], *late[o][k][1:]) for k in late[o]) for o in left}
            left = {o: tuple(found) for o, found in late.items()}

    def _early(
        self, job: Job, step: _Step, modes: Collection[int], early: dict[str, Times], times: dict[str, WorkingTime]
    ) -> Times:
        """Return the earliest start and end in each of some modes, as far as there is a way to it."""
        found: Times = {}
        for number in modes:
            mode = step.operation.modes[number]
            arrival = self.way(None, mode.machine) if not step.before else NO_WAY
            arrivals = [None if arrival is None else job.release_date + arrival.time]
            for other, lag in step.before:
                ways = ((end, self.way(machine, mode.machine)) for machine, _, end in early[other].values())
                arrivals.append(min((end + max(lag, way.time) for end, way in ways if way is not None), default=None))
            if None not in arrivals:
                ready = max(arrival for arrival in arrivals if arrival is not None)
                window = times[mode.machine].earliest(ready, mode.duration, step.operation.interruptible)
                found[number] = (mode.machine, *window)
        return found

    def _late(
        self, step: _Step, early: Times, late: dict[str, Times], times: dict[str, WorkingTime], limit: int
    ) -> Times:
        """Return the latest start and end in each mode that can start so early, as far as there is a way from it."""
        found: Times = {}
        for number, (machine, start, _) in early.items():
            departure = self.way(machine, None) if not step.after else NO_WAY
            due = [None if departure is None else limit - departure.time]
            for other, lag in step.after:
                ways = ((begin, self.way(machine, place)) for place, begin, _ in late[other].values())
                due.append(max((begin - max(lag, way.time) for begin, way in ways if way is not None), default=None))
            if None not in due:
                until = min(instant for instant in due if instant is not None)
                duration = step.operation.modes[number].duration
                window = times[machine].latest(until, duration, step.operation.interruptible)
                if window[0] >= start:
                    found[number] = (machine, *window)
        return found

    def way(self, origin: str | None, destination: str | None) -> Way | None:
        """Return the way from machine to machine (None: from or to the outside); None where there is none."""
        key = origin, destination
        if key not in self._ways:
            ends = (None if end is None else self._instance.machine_by_id[end] for end in key)
            self._ways[key] = _shortest(self._instance, routes(self._instance, *ends))
        return self._ways[key]


def _steps(job: Job) -> tuple[_Step, ...]:
    """Return the operations of a job in an order in which they can be done."""
    return tuple(
        _Step(
            job.operation(o),
            tuple((p.predecessor, p.min_lag) for p in job.precedences if p.successor == o),
            tuple((p.successor, p.min_lag) for p in job.precedences if p.predecessor == o),
        )
        for o in topological_order(job)
    )


def _shortest(instance: Instance, found: tuple[tuple[Leg, ...], ...]) -> Way | None:
    """Return what several routes have in common, which differ in their transfers only."""
    if not found:
        return None
    times = [[leg_time(instance, leg) for leg in legs] for legs in found]
    carries: dict[str, Carry] = {}
    for legs, taken in zip(found, times, strict=True):
        for number, leg in enumerate(legs):
            if leg.kind != "transfer" and len(leg.groups) == 1:
                before, after = sum(taken[:number]), sum(taken[number + 1 :])
                known = carries.get(leg.groups[0])
                if known is not None:
                    before, after = min(known.before, before), min(known.after, after)
                carries[leg.groups[0]] = Carry(leg.groups[0], before, taken[number], after)
    return Way(min(map(sum, times)), tuple(carries.values()))

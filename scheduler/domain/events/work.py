"""Events of operations that are carried out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil
from typing import ClassVar, Literal

from scheduler.domain.events.base import Difference, Event, Tick
from scheduler.domain.events.facts import contradicted, with_fact
from scheduler.domain.happened import (
    execution_of,
    pausing_between_shifts,
    scrapped,
    started,
    taken_back,
    with_durations,
    with_job,
    work_done,
)
from scheduler.domain.instance import Instance
from scheduler.domain.jobs import Operation, chain
from scheduler.domain.schedule import ScheduledOperation
from scheduler.errors import Defect


@dataclass(frozen=True)
class OperationDelayed(Event):
    """A running or pending operation takes longer, or shorter, than planned.

    Its other modes change by the same number of ticks, to no less than 0.
    """

    type: ClassVar[str] = "operation_delayed"
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("delay", "new_duration"),)
    job: str
    """Its job."""
    operation: str
    """The operation, running or pending."""
    delay: Difference | None = None
    """Ticks that it takes longer (negative: shorter)."""
    new_duration: Tick | None = None
    """Working ticks that it takes from its start in the mode in which it is scheduled."""

    @property
    def frees(self) -> bool:
        """Whether it is not surely longer."""
        return self.delay is None or self.delay < 0

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an operation that is unknown, not scheduled or completed, and a duration that can't be."""
        if (self.delay is None) == (self.new_duration is None):
            yield self.defect("E603", "delay", "delay and new_duration are both given or both missing", "give one")
        found = list(_unscheduled(self, instance, self.job, self.operation))
        yield from found
        if found:
            return
        key, execution = (self.job, self.operation), execution_of(instance)
        scheduled = execution.baseline.by_operation[key]
        running = key in started(instance)
        if running and scheduled.end <= execution.now:
            cause = f"operation {self.operation} of job {self.job} was completed at {scheduled.end}"
            yield self.defect("E602", "operation", cause, "name an operation that is running or pending")
            return
        duration = instance.mode(key, scheduled.mode).duration + self._extra(instance, scheduled)
        done = work_done(instance, scheduled) if running else 0
        if duration < done:
            member = "delay" if self.new_duration is None else "new_duration"
            cause = f"a duration of {duration} is too short: {done} ticks are done"
            yield self.defect("E603", member, cause, f"write a duration of {done} or more")

    def change(self, instance: Instance) -> Instance:
        """Change the duration of every mode; a running operation that now meets a downtime pauses in it.

        So does one that fits into no shift any more.
        """
        key = (self.job, self.operation)
        extra = self._extra(instance, execution_of(instance).baseline.by_operation[key])
        modes = instance.operation_by_key[key].modes
        instance = with_durations(instance, {key: tuple(max(0, mode.duration + extra) for mode in modes)})
        return pausing_between_shifts(instance, [key])

    def _extra(self, instance: Instance, scheduled: ScheduledOperation) -> int:
        if self.new_duration is None:
            return self.delay or 0
        return self.new_duration - instance.mode(scheduled.key, scheduled.mode).duration


@dataclass(frozen=True)
class OperationStatus(Event):
    """What the shop floor says of an operation, against what the schedule in force takes to have happened.

    *Started*: it runs since ``started_at``. *Paused*: it stands still until ``until``, which counts as work: it takes
    that much longer. *Finished*: it was done from ``started_at`` to ``finished_at``. *Scrapped*: its part is lost; what
    has not begun of the job is dropped, and a new job ``remake``, if it is named, does all of it again.
    """

    type: ClassVar[str] = "operation_status"
    job: str
    """Its job."""
    operation: str
    """The operation."""
    state: Literal["started", "paused", "finished", "scrapped"]
    """What it is now."""
    started_at: Tick | None = None
    """Tick at which it started; absent: as in the schedule or, if it has not started there, ``at``."""
    finished_at: Tick | None = None
    """First tick after it, if it is finished; absent: ``at``."""
    until: Tick | None = None
    """First tick at which it goes on, if it is paused."""
    machine: str | None = None
    """Its machine; absent: the one of the schedule."""
    remake: str | None = None
    """Id of the job that makes a scrapped part anew; absent: none does."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an operation that is unknown or not scheduled, and what can't be at the same time."""
        found = list(_unscheduled(self, instance, self.job, self.operation))
        yield from found
        if found:
            return
        execution = execution_of(instance)
        was = execution.baseline.by_operation[self.job, self.operation]
        if self.machine is not None and self._mode(instance) is None:
            cause = f"operation {self.operation} of job {self.job} can't be done on {self.machine}"
            yield self.defect("E601", "machine", cause, f"write {was.machine}")
            return
        if self.state in ("started", "finished"):
            yield from contradicted(self, instance, self._fact(instance))
        if self.state == "paused":
            yield from self._not_running(instance, was)
            if self.until is None:
                yield self.defect("E603", "until", "a paused operation has no end of its pause", "estimate it")
            else:
                yield from self.empty(instance, self.until)
        if self.state == "scrapped":
            if was.key not in started(instance):
                cause = f"operation {self.operation} of job {self.job} has not started"
                yield self.defect("E602", "state", cause, "cancel the job instead")
            if self.remake is not None and self.remake in instance.job_by_id:
                cause = f"there is a job {self.remake} already"
                yield self.defect("E604", "remake", cause, "give the new job an id of its own")

    def change(self, instance: Instance) -> Instance:
        """Correct the schedule in force, or the operation."""
        key = (self.job, self.operation)
        if self.state in ("started", "finished"):
            return with_fact(instance, self._fact(instance))
        if self.state == "scrapped":
            return scrapped(instance, self.job, self.remake)
        was = execution_of(instance).baseline.by_operation[key]
        tempo, now = instance.machine_by_id[was.machine].tempo, execution_of(instance).now
        pause = ceil(tempo.worked((), now, self.until or now))
        modes = instance.operation_by_key[key].modes
        lengths = (mode.duration + (pause if index == was.mode else 0) for index, mode in enumerate(modes))
        return with_durations(instance, {key: tuple(lengths)})

    def _mode(self, instance: Instance) -> int | None:
        """Return the number of the mode: that of the schedule, or the first on the machine that is named."""
        was = execution_of(instance).baseline.by_operation[self.job, self.operation]
        if self.machine in (None, was.machine):
            return was.mode
        modes = instance.operation_by_key[self.job, self.operation].modes
        return next((index for index, mode in enumerate(modes) if mode.machine == self.machine), None)

    def _fact(self, instance: Instance) -> ScheduledOperation:
        """Return the operation as it really is, or was."""
        was = execution_of(instance).baseline.by_operation[self.job, self.operation]
        mode = self._mode(instance)
        assert mode is not None
        machine = instance.mode(was.key, mode).machine
        begun = was.key in started(instance)
        start = self.started_at if self.started_at is not None else was.start if begun else self.at
        if self.state == "finished":
            return replace(
                was,
                mode=mode,
                machine=machine,
                start=start,
                end=self.at if self.finished_at is None else self.finished_at,
            )
        length = instance.mode(was.key, mode).duration
        tempo = instance.machine_by_id[machine].tempo
        blocked = instance.machine_by_id[machine].calendar.blocked(tempo.end((), start, length) + 1)
        return replace(was, mode=mode, machine=machine, start=start, end=tempo.end(blocked, start, length))

    def _not_running(self, instance: Instance, was: ScheduledOperation) -> Iterator[Defect]:
        if was.key not in started(instance) or was.end <= execution_of(instance).now:
            cause = f"operation {self.operation} of job {self.job} is not running"
            yield self.defect("E602", "state", cause, "say first that it has started, and when")


@dataclass(frozen=True)
class EarlyCompletion(Event):
    """A running operation is done now, earlier than planned."""

    type: ClassVar[str] = "early_completion"
    job: str
    """Its job."""
    operation: str
    """The operation, running."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an operation that is unknown, not scheduled or not running."""
        found = list(_unscheduled(self, instance, self.job, self.operation))
        yield from found
        if found:
            return
        execution = execution_of(instance)
        was = execution.baseline.by_operation[self.job, self.operation]
        if was.key not in started(instance):
            cause = f"operation {self.operation} of job {self.job} has not started"
            yield self.defect("E602", "operation", cause, "report when it started, and that it is finished")
        elif was.end <= execution.now:
            cause = f"operation {self.operation} of job {self.job} was completed at {was.end}"
            yield self.defect("E602", "operation", cause, "name an operation that is running")
        else:
            yield from contradicted(self, instance, replace(was, end=execution.now))

    def change(self, instance: Instance) -> Instance:
        """End the operation now."""
        execution = execution_of(instance)
        was = execution.baseline.by_operation[self.job, self.operation]
        return with_fact(instance, replace(was, end=execution.now))


@dataclass(frozen=True)
class Rework(Event):
    """What an operation did is no good: it is done again, or the part is repaired on a route of its own.

    The part has to be where the operation left it. Without a route the operation is pending again, in a mode that its
    part can reach; its lost piece stays on record. With a route the new operations come between it and those that
    follow.
    """

    type: ClassVar[str] = "rework"
    job: str
    """Its job."""
    operation: str
    """The operation, completed or running."""
    route: tuple[Operation, ...] = ()
    """New operations, one after the other, with ids of their own; absent: the operation is done again."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an operation that has not started, a part that has gone on, and new operations that can't be."""
        found = list(_unscheduled(self, instance, self.job, self.operation))
        yield from found
        if found:
            return
        key, begun = (self.job, self.operation), started(instance)
        words = f"operation {self.operation} of job {self.job}"
        if key not in begun:
            yield self.defect("E602", "operation", f"{words} has not started", "name one that has")
        elif self.route and begun[key].end > execution_of(instance).now:
            yield self.defect("E602", "route", f"{words} is still running", "wait until it is completed")
        job = instance.job_by_id[self.job]
        gone = [move for move in execution_of(instance).moves if (move.job, move.predecessor) == key]
        next_ones = [p.successor for p in job.precedences if p.predecessor == self.operation]
        on = [successor for successor in next_ones if (self.job, successor) in begun]
        if gone or on:
            where = f"to {gone[0].destination}" if gone else f"to operation {on[0]}"
            cause = f"the part of {words} has gone on {where}"
            yield self.defect("E602", "operation", cause, "name the operation at which the part is")
        known = {operation.id for operation in job.operations}
        for number, operation in enumerate(self.route):
            if operation.id in known:
                cause = f"job {self.job} has an operation {operation.id} already"
                yield self.defect("E604", f"route[{number}].id", cause, "give each an id of its own")
            known.add(operation.id)
            for index, mode in enumerate(operation.modes):
                if mode.machine not in instance.machine_by_id:
                    place = f"route[{number}].modes[{index}].machine"
                    yield self.unknown(place, "machine", mode.machine, instance.machine_by_id)

    def change(self, instance: Instance) -> Instance:
        """Take the operation back, or insert the new ones behind it."""
        key = (self.job, self.operation)
        if not self.route:
            return taken_back(instance, started(instance)[key])
        job = instance.job_by_id[self.job]
        way = (self.operation, *(operation.id for operation in self.route))
        precedences = tuple(
            replace(p, predecessor=way[-1]) if p.predecessor == self.operation else p for p in job.precedences
        )
        plans = tuple((*plan, *way[1:]) if self.operation in plan else plan for plan in job.plans)
        operations = (*job.operations, *self.route)
        longer = replace(job, operations=operations, precedences=(*precedences, *chain(way)), plans=plans)
        return with_job(instance, longer)


def _unscheduled(event: Event, instance: Instance, job_id: str, operation_id: str) -> Iterator[Defect]:
    """Yield an operation that is unknown or not in the schedule in force."""
    if job_id not in instance.job_by_id:
        yield event.unknown("job", "job", job_id, instance.job_by_id)
        return
    key = (job_id, operation_id)
    if key not in instance.operation_by_key:
        known = [operation.id for operation in instance.job_by_id[job_id].operations]
        yield event.unknown("operation", "operation", operation_id, known)
    elif key not in execution_of(instance).baseline.by_operation:
        cause = f"operation {operation_id} of job {job_id} is not in the schedule in force"
        yield event.defect("E602", "operation", cause, "name a scheduled operation")

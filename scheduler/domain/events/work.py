"""Events of operations that are carried out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from scheduler.domain.calendar import working_time
from scheduler.domain.events.base import Difference, Event, Tick
from scheduler.domain.happened import execution_of, interruptible, started, with_operation
from scheduler.domain.instance import Instance
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

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an operation that is unknown, not scheduled or completed, and a duration that can't be."""
        if (self.delay is None) == (self.new_duration is None):
            yield self.defect("E603", "delay", "delay and new_duration are both given or both missing", "give one")
        if self.job not in instance.job_by_id:
            yield self.unknown("job", "job", self.job, instance.job_by_id)
            return
        key = (self.job, self.operation)
        if key not in instance.operation_by_key:
            known = [operation.id for operation in instance.job_by_id[self.job].operations]
            yield self.unknown("operation", "operation", self.operation, known)
            return
        execution = execution_of(instance)
        scheduled = execution.baseline.by_operation.get(key)
        if scheduled is None:
            cause = f"operation {self.operation} of job {self.job} is not in the schedule in force"
            yield self.defect("E602", "operation", cause, "name a scheduled operation")
            return
        running = key in started(instance)
        if running and scheduled.end <= execution.now:
            cause = f"operation {self.operation} of job {self.job} was completed at {scheduled.end}"
            yield self.defect("E602", "operation", cause, "name an operation that is running or pending")
            return
        duration = instance.mode(key, scheduled.mode).duration + self._extra(instance, scheduled)
        blocked = instance.machine_by_id[scheduled.machine].calendar.blocked(execution.now)
        done = working_time(blocked, scheduled.start, execution.now) if running else 0
        if duration < done:
            member = "delay" if self.new_duration is None else "new_duration"
            cause = f"a duration of {duration} is too short: {done} ticks are done"
            yield self.defect("E603", member, cause, f"write a duration of {done} or more")

    def change(self, instance: Instance) -> Instance:
        """Change the duration of every mode; a running operation that now meets a downtime pauses in it."""
        key = (self.job, self.operation)
        scheduled = execution_of(instance).baseline.by_operation[key]
        extra = self._extra(instance, scheduled)
        operation = instance.operation_by_key[key]
        modes = tuple(replace(mode, duration=max(0, mode.duration + extra)) for mode in operation.modes)
        instance = with_operation(instance, self.job, replace(operation, modes=modes))
        if key in started(instance):
            duration = modes[scheduled.mode].duration
            end = scheduled.start + duration
            blocked = instance.machine_by_id[scheduled.machine].calendar.blocked(end)
            if working_time(blocked, scheduled.start, end) < duration:
                return interruptible(instance, scheduled)
        return instance

    def _extra(self, instance: Instance, scheduled: ScheduledOperation) -> int:
        if self.new_duration is None:
            return self.delay or 0
        return self.new_duration - instance.mode(scheduled.key, scheduled.mode).duration

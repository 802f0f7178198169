"""Events of jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from scheduler.domain.events.base import Amount, Count, Difference, Event, Tick
from scheduler.domain.happened import (
    execution_of,
    pausing_between_shifts,
    started,
    with_durations,
    with_job,
    without_pending,
)
from scheduler.domain.instance import Instance
from scheduler.domain.jobs import Job
from scheduler.errors import Defect


@dataclass(frozen=True)
class RushOrder(Event):
    """A new job comes in."""

    type: ClassVar[str] = "rush_order"
    is_request: ClassVar[bool] = True
    job: Job
    """The job, as in an instance file; absent release_date: ``at``."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield a job id in use, a release date in the past, and unknown carriers, machines and operator pools."""
        if self.job.id in instance.job_by_id:
            cause = f"there is a job {self.job.id} already"
            yield self.defect("E604", "job.id", cause, "give the new job an id of its own")
        if self.job.release_date < self.at:
            cause = f"release_date {self.job.release_date} is before the event"
            yield self.defect("E603", "job.release_date", cause, f"write {self.at} or later")
        able = {**instance.fleet_by_id, **instance.carrier_by_id}
        for name in self.job.carriers:
            if name not in able:
                yield self.unknown("job.carriers", "fleet, vehicle or robot", name, able)
        for number, operation in enumerate(self.job.operations):
            for index, mode in enumerate(operation.modes):
                place = f"job.operations[{number}].modes[{index}]"
                if mode.machine not in instance.machine_by_id:
                    yield self.unknown(f"{place}.machine", "machine", mode.machine, instance.machine_by_id)
                for pool in mode.operators:
                    if pool not in instance.pool_by_id:
                        yield self.unknown(f"{place}.operators", "operator pool", pool, instance.pool_by_id)

    def change(self, instance: Instance) -> Instance:
        """Add the job, after all others."""
        return replace(instance, jobs=(*instance.jobs, self.job))


@dataclass(frozen=True)
class JobCancelled(Event):
    """A job is not wanted any more: what has not begun is dropped.

    Kept are the operations that have started, those to which the part is on its way in a loaded move, and what must
    precede them; after the last of them the part leaves, carried by anybody, without due date and deadline. A job of
    which nothing is kept disappears.
    """

    type: ClassVar[str] = "job_cancelled"
    job: str
    """The job."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield a job that is unknown or finished."""
        yield from _finished(self, instance, self.job)

    def change(self, instance: Instance) -> Instance:
        """Drop the operations that have not begun, or the whole job."""
        return without_pending(instance, self.job)


@dataclass(frozen=True)
class QuantityChange(Event):
    """More or fewer pieces of a job are wanted: what has not begun of it takes ``quantity / before`` times as long."""

    type: ClassVar[str] = "quantity_change"
    is_request: ClassVar[bool] = True
    job: str
    """The job."""
    before: Count
    """How many pieces were wanted."""
    quantity: Count
    """How many are wanted now."""
    units: Count | None = None
    """Its size in transport units now; absent: as before."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield a job that is unknown or finished, and a size that changes under way."""
        yield from _finished(self, instance, self.job)
        job = instance.job_by_id.get(self.job)
        if job is None or self.units is None or self.units == job.units:
            return
        if any(move.job == self.job and move.kind == "transfer" for move in execution_of(instance).moves):
            cause = f"job {self.job} has been on a lane with {job.units} units"
            yield self.defect("E602", "units", cause, f"write {job.units}")

    def change(self, instance: Instance) -> Instance:
        """Scale the durations of what has not begun, rounded up, and set the size.

        What fits into no shift any more pauses between shifts.
        """
        job, begun = instance.job_by_id[self.job], started(instance)
        durations = {
            (job.id, operation.id): tuple(-(-mode.duration * self.quantity // self.before) for mode in operation.modes)
            for operation in job.operations
            if (job.id, operation.id) not in begun
        }
        instance = pausing_between_shifts(with_durations(instance, durations), durations)
        job = instance.job_by_id[self.job]
        return with_job(instance, replace(job, units=job.units if self.units is None else self.units))


@dataclass(frozen=True)
class DueDateChange(Event):
    """A job is wanted at another time."""

    type: ClassVar[str] = "due_date_change"
    is_request: ClassVar[bool] = True
    job: str
    """The job."""
    due_date: Difference | None
    """Target for its completion; null: none."""
    deadline: Tick | None = None
    """Latest completion that is allowed; absent: as before."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield a job that is unknown or finished, and a deadline in the past."""
        yield from _finished(self, instance, self.job)
        now = execution_of(instance).now
        if self.deadline is not None and self.deadline <= now:
            cause = f"deadline {self.deadline} is over: it is {now}"
            yield self.defect("E603", "deadline", cause, f"write {now + 1} or later")

    def change(self, instance: Instance) -> Instance:
        """Set the dates."""
        job = instance.job_by_id[self.job]
        deadline = job.deadline if self.deadline is None else self.deadline
        return with_job(instance, replace(job, due_date=self.due_date, deadline=deadline))


@dataclass(frozen=True)
class PriorityChange(Event):
    """A job is more or less important than before."""

    type: ClassVar[str] = "priority_change"
    job: str
    """The job."""
    weight: Amount
    """Its importance in weighted tardiness."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield a job that is unknown or finished."""
        yield from _finished(self, instance, self.job)

    def change(self, instance: Instance) -> Instance:
        """Set the weight."""
        return with_job(instance, replace(instance.job_by_id[self.job], weight=self.weight))


def _finished(event: Event, instance: Instance, job_id: str) -> Iterator[Defect]:
    """Yield a job that is unknown or finished."""
    if job_id not in instance.job_by_id:
        yield event.unknown("job", "job", job_id, instance.job_by_id)
        return
    execution = execution_of(instance)
    completion = execution.baseline.completions.get(job_id)
    lost = any(o.job == job_id and o.key not in started(instance) for o in execution.baseline.operations)
    if completion is not None and completion <= execution.now and not lost:
        yield event.defect(
            "E602", "job", f"job {job_id} was finished at {completion}", "name a job that is not finished"
        )

"""Events of jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from scheduler.domain.events.base import Event
from scheduler.domain.happened import execution_of, started, without_pending
from scheduler.domain.instance import Instance
from scheduler.domain.jobs import Job
from scheduler.errors import Defect


@dataclass(frozen=True)
class RushOrder(Event):
    """A new job comes in."""

    type: ClassVar[str] = "rush_order"
    job: Job
    """The job, as in an instance file; absent release_date: ``at``."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield a job id in use, a release date in the past, and machines and operator pools that are unknown."""
        if self.job.id in instance.job_by_id:
            cause = f"there is a job {self.job.id} already"
            yield self.defect("E604", "job.id", cause, "give the new job an id of its own")
        if self.job.release_date < self.at:
            cause = f"release_date {self.job.release_date} is before the event"
            yield self.defect("E603", "job.release_date", cause, f"write {self.at} or later")
        for fleet in self.job.fleets:
            if fleet not in instance.fleet_by_id:
                yield self.unknown("job.fleets", "fleet", fleet, instance.fleet_by_id)
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
    precede them; after the last of them the part leaves, by any fleet, without due date and deadline. A job of which
    nothing is kept disappears.
    """

    type: ClassVar[str] = "job_cancelled"
    job: str
    """The job."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield a job that is unknown or finished."""
        if self.job not in instance.job_by_id:
            yield self.unknown("job", "job", self.job, instance.job_by_id)
            return
        execution = execution_of(instance)
        completion = execution.baseline.completions.get(self.job)
        lost = any(o.job == self.job and o.key not in started(instance) for o in execution.baseline.operations)
        if completion is not None and completion <= execution.now and not lost:
            cause = f"job {self.job} was finished at {completion}"
            yield self.defect("E602", "job", cause, "name a job that is not finished")

    def change(self, instance: Instance) -> Instance:
        """Drop the operations that have not begun, or the whole job."""
        return without_pending(instance, self.job)

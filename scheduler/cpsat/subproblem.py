"""An instance cut down to the choices that are free around a schedule: same rules, same model, far smaller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from scheduler.domain import Execution, Instance, Job, OperationKey, Schedule, ScheduledOperation


@dataclass(frozen=True, slots=True)
class Subproblem:
    """The instance in which kept operations have one mode, and the schedule in the modes of that instance.

    ``modes`` has, by operation, the numbers of its modes in the whole instance.
    """

    instance: Instance
    schedule: Schedule
    free: frozenset[OperationKey]
    modes: Mapping[OperationKey, tuple[int, ...]]

    def restore(self, schedule: Schedule) -> Schedule:
        """Return the schedule of the subproblem in the modes of the whole instance."""
        operations = tuple(replace(o, mode=self.modes[o.key][o.mode]) for o in schedule.operations)
        return replace(schedule, operations=operations)


def subproblem(instance: Instance, schedule: Schedule, free: Iterable[OperationKey]) -> Subproblem:
    """Return what remains to be decided when only these operations are free.

    A job with alternative plans is free as a whole or not at all: with one operation, all are.
    """
    chosen = set(free)
    for job in instance.jobs:
        keys = [(job.id, operation.id) for operation in job.operations]
        if job.plans and not chosen.isdisjoint(keys):
            chosen.update(keys)
    modes: dict[OperationKey, tuple[int, ...]] = {}
    for key, operation in instance.operation_by_key.items():
        scheduled = schedule.by_operation.get(key)
        kept = 0 if scheduled is None else scheduled.mode
        modes[key] = tuple(range(len(operation.modes))) if key in chosen else (kept,)
    jobs = tuple(_cut(job, schedule, chosen, modes) for job in instance.jobs)
    execution = None if instance.execution is None else _renumbered_execution(instance.execution, modes)
    return Subproblem(
        replace(instance, jobs=jobs, execution=execution),
        replace(schedule, operations=_renumbered(schedule.operations, modes)),
        frozenset(chosen),
        modes,
    )


def _cut(job: Job, schedule: Schedule, free: set[OperationKey], modes: Mapping[OperationKey, tuple[int, ...]]) -> Job:
    operations = tuple(
        o
        if len(o.modes) == len(modes[job.id, o.id])
        else replace(o, modes=tuple(o.modes[number] for number in modes[job.id, o.id]))
        for o in job.operations
    )
    plans = job.plans
    if plans and (job.id, job.operations[0].id) not in free:
        plans = (tuple(o.id for o in job.operations if (job.id, o.id) in schedule.by_operation),)
    return replace(job, operations=operations, plans=plans)


def _renumbered(
    operations: Iterable[ScheduledOperation], modes: Mapping[OperationKey, tuple[int, ...]]
) -> tuple[ScheduledOperation, ...]:
    """Return the operations with the numbers that their modes have left; one that lost its mode keeps the number.

    Only pending operations of a baseline can lose theirs, and nobody asks for their mode.
    """
    found = []
    for operation in operations:
        numbers = modes.get(operation.key, ())
        number = numbers.index(operation.mode) if operation.mode in numbers else operation.mode
        found.append(replace(operation, mode=number))
    return tuple(found)


def _renumbered_execution(execution: Execution, modes: Mapping[OperationKey, tuple[int, ...]]) -> Execution:
    baseline = execution.baseline
    return replace(
        execution,
        baseline=replace(baseline, operations=_renumbered(baseline.operations, modes)),
        pins=_renumbered(execution.pins, modes),
    )

"""Cyclic production: a part set that is made again and again, and the copies of it that a schedule shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scheduler.domain.instance import Instance
    from scheduler.domain.jobs import Job
    from scheduler.domain.schedule import OperationKey

FEWEST_REPETITIONS = 2
"""One set alone does not show when the next begins."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """The jobs of the instance are ``repetitions`` copies of a *minimal part set*, one copy every cycle time.

    The cycle time is decided by the schedule. At most ``repetitions - 1`` sets are in the factory at a time: with
    fewer copies a schedule would not show that it can go on for ever (`docs/rules.md`, Cycles).
    """

    repetitions: int


def copy_id(job_id: str, number: int) -> str:
    """Return the id of copy `number` (from 1 on) of a job of the part set: ``A#2``."""
    return f"{job_id}#{number}"


def unrolled(instance: Instance, cycle: Cycle) -> Instance:
    """Return the cyclic instance whose part set are the jobs of this one: set after set, each in file order."""
    numbers = range(1, cycle.repetitions + 1)
    jobs = tuple(replace(job, id=copy_id(job.id, number)) for number in numbers for job in instance.jobs)
    return replace(instance, jobs=jobs, cycle=cycle)


def sets_of(instance: Instance) -> tuple[tuple[Job, ...], ...]:
    """Return the jobs of a cyclic instance set by set (nothing without cycle)."""
    if instance.cycle is None:
        return ()
    size = len(instance.jobs) // max(1, instance.cycle.repetitions)
    return tuple(instance.jobs[at : at + size] for at in range(0, size * instance.cycle.repetitions, max(1, size)))


def part_set(instance: Instance) -> Instance:
    """Return the instance of one set of a cyclic instance alone, its jobs with their ids in the file."""
    first = sets_of(instance)[0]
    return replace(instance, jobs=tuple(replace(job, id=job.id.removesuffix("#1")) for job in first), cycle=None)


def with_copies(instance: Instance, keys: frozenset[OperationKey]) -> frozenset[OperationKey]:
    """Return the operations with those of the same job of the part set, in every set of a cyclic instance."""
    if instance.cycle is None:
        return keys
    jobs = {job.id: copies for copies in zip(*sets_of(instance), strict=True) for job in copies}
    return frozenset((copy.id, operation) for job, operation in keys for copy in jobs[job])

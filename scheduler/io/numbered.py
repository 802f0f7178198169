"""Instances from files of numbers: job 3 is named ``J3``, machine 5 ``M5``, the operations of a job ``1``, ``2`` ..."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from scheduler.domain import Facility, Instance, Job, Machine, Mode, Operation, Precedence
from scheduler.domain.jobs import chain
from scheduler.errors import Defect, FormatError
from scheduler.io.files import instance_name
from scheduler.io.json_text import json_path

FACILITY = "main"
"""The facility of instances that speak of none."""


def machine_id(number: int) -> str:
    """Return the id of a machine, numbered from 1."""
    return f"M{number}"


def job_id(number: int) -> str:
    """Return the id of a job, numbered from 1."""
    return f"J{number}"


def numbered_machines(count: int) -> tuple[Machine, ...]:
    """Return machines 1 to `count`."""
    return tuple(Machine(machine_id(number), FACILITY) for number in range(1, count + 1))


def numbered_operations(modes: Iterable[Sequence[Mode]]) -> tuple[Operation, ...]:
    """Return operations, numbered from 1, given the modes of each."""
    return tuple(Operation(str(number), tuple(ways)) for number, ways in enumerate(modes, start=1))


def numbered_job(number: int, modes: Iterable[Sequence[Mode]]) -> Job:
    """Return a job whose operations, given by their modes, are done one after the other."""
    operations = numbered_operations(modes)
    return Job(job_id(number), operations, default_precedences(operations, ()))


def plain_instance(source: str, num_machines: int, jobs: Iterable[Job], objective: str = "makespan") -> Instance:
    """Return an instance that is named after its file and has nothing but machines and jobs."""
    return Instance(
        name=instance_name(source),
        facilities=(Facility(FACILITY),),
        machines=numbered_machines(num_machines),
        jobs=tuple(jobs),
        objective=objective,
    )


def default_precedences(
    operations: tuple[Operation, ...], plans: tuple[tuple[str, ...], ...]
) -> tuple[Precedence, ...]:
    """Return the precedences of a job that states none: a chain in file order, with plans a chain along each plan."""
    sequences = plans or (tuple(operation.id for operation in operations),)
    return tuple(dict.fromkeys(precedence for sequence in sequences for precedence in chain(sequence)))


def require_plain(instance: Instance, format_name: str) -> None:
    """Make sure that a format which knows only machines, jobs and durations says all there is to say.

    Raises
    ------
    FormatError
        If it does not; with everything that would be lost.
    """
    fix = "write a .json file, or remove it"
    lost = tuple(
        Defect("E131", where, f"{format_name} can't express {what}", fix) for where, what in _beyond_plain(instance)
    )
    if lost:
        raise FormatError(instance.name, lost)


def _beyond_plain(instance: Instance) -> Iterator[tuple[str, str]]:
    """Yield the place and name of everything that is more than machines, jobs and durations."""
    if instance.execution is not None:
        yield "$", "an execution state"
    if instance.cycle is not None:
        yield "$.cycle", "cyclic production"
    if instance.objective != "makespan":
        yield "$.objective", f"the objective {instance.objective!r} (only makespan)"
    if len(instance.facilities) > 1:
        yield "$.facilities", "several facilities"
    if instance.cells:
        yield "$.cells", "robot cells"
    if instance.fleets:
        yield "$.fleets", "transport fleets"
    for i, machine in enumerate(instance.machines):
        if machine.setups is not None:
            yield json_path("machines", i, "setups"), "setups"
        if machine.capacity > 1:
            yield json_path("machines", i, "capacity"), f"a capacity of {machine.capacity}"
        for key, size in (("input_buffer", machine.input_buffer), ("output_buffer", machine.output_buffer)):
            if size is not None:
                yield json_path("machines", i, key), "buffers"
        if not machine.calendar.always_works:
            yield json_path("machines", i, "calendar"), "a calendar"
    for j, job in enumerate(instance.jobs):
        for key, value, default in (
            ("release_date", job.release_date, 0),
            ("due_date", job.due_date, None),
            ("deadline", job.deadline, None),
            ("weight", job.weight, 1),
            ("plans", job.plans, ()),
        ):
            if value != default:
                yield json_path("jobs", j, key), f"{key} of a job"
        if not job.plans and job.precedences != default_precedences(job.operations, ()):
            yield json_path("jobs", j, "precedences"), "precedences other than a chain in file order"
        for o, operation in enumerate(job.operations):
            if any(mode.operators for mode in operation.modes):
                yield json_path("jobs", j, "operations", o, "modes"), "operators"

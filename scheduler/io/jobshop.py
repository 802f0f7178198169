"""Job shop files: ``jobs machines``, then a row for each job with a pair ``machine time`` for each operation.

Machines are numbered from 0; machine 0 of the file is ``M1`` here. Every job has as many operations as there are
machines. This is the form of the job shop instances of the OR-Library (J. E. Beasley, J. Oper. Res. Soc. 41 (1990)).
"""

from __future__ import annotations

from scheduler.domain import Instance, Job, Mode
from scheduler.errors import Defect, FormatError
from scheduler.io.json_text import json_path
from scheduler.io.limits import MAX_JOBS, MAX_MACHINES
from scheduler.io.numbered import machine_id, numbered_job, plain_instance, require_plain
from scheduler.io.rows import Rows, are_integers, first_rows


def matches(text: str) -> bool:
    """Return whether the text looks like a job shop: two numbers, then mostly rows of two numbers per machine."""
    rows = first_rows(text)
    if len(rows) < 2 or len(rows[0]) != 2 or not are_integers(rows[0]):
        return False
    length = 2 * int(float(rows[0][1]))
    fitting = sum(len(row) == length for row in rows[1:])
    return 2 * fitting >= len(rows) - 1


def read(text: str, source: str) -> Instance:
    """Return the instance of a job shop file.

    Raises
    ------
    FormatError
        If the text is not one.
    """
    rows = Rows(text, source)
    row = rows.next("the first row")
    num_jobs = row.integer("the number of jobs", 1, MAX_JOBS)
    num_machines = row.integer("the number of machines", 1, MAX_MACHINES)
    row.end()
    jobs = [_job(rows, number, num_machines) for number in range(1, num_jobs + 1)]
    rows.end()
    return plain_instance(source, num_machines, jobs)


def write(instance: Instance) -> str:
    """Return the job shop text of an instance.

    Raises
    ------
    FormatError
        If the instance has anything that the format can't express.
    """
    require_plain(instance, "the job shop format")
    lost = []
    for j, job in enumerate(instance.jobs):
        if len(job.operations) != len(instance.machines):
            cause = f"job {job.id!r} has {len(job.operations)} operations, not one for each of the machines"
            lost.append(Defect("E131", json_path("jobs", j, "operations"), cause, "write an .fjs or .json file"))
        for o, operation in enumerate(job.operations):
            if len(operation.modes) != 1:
                where = json_path("jobs", j, "operations", o, "modes")
                cause = f"operation {operation.id!r} has {len(operation.modes)} modes, a job shop knows one"
                lost.append(Defect("E131", where, cause, "write an .fjs or .json file"))
    if lost:
        raise FormatError(instance.name, tuple(lost))
    number = {machine.id: index for index, machine in enumerate(instance.machines)}
    lines = [f"{len(instance.jobs)} {len(instance.machines)}"]
    for job in instance.jobs:
        modes = [operation.modes[0] for operation in job.operations]
        lines.append(" ".join(f"{number[mode.machine]} {mode.duration}" for mode in modes))
    return "\n".join(lines) + "\n"


def _job(rows: Rows, number: int, num_machines: int) -> Job:
    row = rows.next(f"job {number}")
    modes = []
    for operation in range(1, num_machines + 1):
        machine = row.integer(f"the machine of operation {operation}", 0, num_machines - 1)
        modes.append([Mode(machine_id(machine + 1), row.integer(f"the time of operation {operation}"))])
    row.end()
    return numbered_job(number, modes)

"""Job shops with weighted tardiness.

The first row is ``jobs machines`` and a third number, which is not read; then a row for each job: release date, due
date, weight, number of operations, and a pair ``machine time`` for each. Machines are numbered from 1. The objective
is the sum of weight times tardiness. Source of the benchmark: M. Singer, M. Pinedo, IIE Trans. 30 (1998).
"""

from __future__ import annotations

from dataclasses import replace

from scheduler.domain import Instance, Job, Mode
from scheduler.io.limits import MAX_COUNT, MAX_JOBS, MAX_MACHINES, MAX_OPERATIONS
from scheduler.io.numbered import machine_id, numbered_job, plain_instance
from scheduler.io.rows import Rows, are_integers, first_rows


def matches(text: str) -> bool:
    """Return whether the text looks like it: three numbers, then mostly rows whose fourth number says their length."""
    rows = first_rows(text)
    if len(rows) < 2 or len(rows[0]) != 3 or not are_integers(rows[0]):
        return False
    fitting = sum(
        len(row) > 4 and are_integers(row[3:4]) and len(row) == 4 + 2 * int(float(row[3])) for row in rows[1:]
    )
    return 2 * fitting >= len(rows) - 1


def read(text: str, source: str) -> Instance:
    """Return the instance of a file with release dates, due dates and weights.

    Raises
    ------
    FormatError
        If the text is not one.
    """
    rows = Rows(text, source)
    row = rows.next("the first row")
    num_jobs = row.integer("the number of jobs", 1, MAX_JOBS)
    num_machines = row.integer("the number of machines", 1, MAX_MACHINES)
    row.integer("the third number")
    row.end()
    jobs = [_job(rows, number, num_machines) for number in range(1, num_jobs + 1)]
    rows.end()
    return plain_instance(source, num_machines, jobs, objective="weighted_tardiness")


def _job(rows: Rows, number: int, num_machines: int) -> Job:
    row = rows.next(f"job {number}")
    release_date = row.integer("the release date")
    due_date = row.integer("the due date")
    weight = row.integer("the weight", 0, MAX_COUNT)
    modes = []
    for operation in range(1, row.integer("the number of operations", 1, MAX_OPERATIONS) + 1):
        machine = row.integer(f"the machine of operation {operation}", 1, num_machines)
        modes.append([Mode(machine_id(machine), row.integer(f"the time of operation {operation}"))])
    row.end()
    return replace(numbered_job(number, modes), release_date=release_date, due_date=due_date, weight=weight)

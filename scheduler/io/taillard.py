"""Job shops in two blocks: all times, then all machines (numbered from 1), a row for each job.

The first row is ``jobs machines ...`` (what follows, seeds and bounds, is not read), maybe under a line of column
names; the blocks stand under the headings ``Times`` and ``Machines``. Source: E. Taillard, Eur. J. Oper. Res. 64
(1993).
"""

from __future__ import annotations

from scheduler.domain import Instance, Mode
from scheduler.io.limits import MAX_JOBS, MAX_MACHINES
from scheduler.io.numbered import machine_id, numbered_job, plain_instance
from scheduler.io.rows import Rows, are_integers, first_rows, is_heading


def matches(text: str) -> bool:
    """Return whether the heading ``Times`` stands near the top."""
    return any(is_heading(row, "Times") for row in first_rows(text)[:4])


def read(text: str, source: str) -> Instance:
    """Return the instance of a file with one job shop in two blocks.

    Raises
    ------
    FormatError
        If the text is not one.
    """
    rows = Rows(text, source)
    row = rows.next("the first row")
    if not are_integers(row.tokens[:1]):
        row = rows.next("the number of jobs and machines")
    num_jobs = row.integer("the number of jobs", 1, MAX_JOBS)
    num_machines = row.integer("the number of machines", 1, MAX_MACHINES)
    rows.heading("Times")
    times = rows.block("a time", num_jobs, num_machines)
    rows.heading("Machines")
    machines = rows.block("a machine", num_jobs, num_machines, 1, num_machines)
    rows.end()
    jobs = [
        numbered_job(number, [[Mode(machine_id(machine), time)] for machine, time in zip(*rows_of_job, strict=True)])
        for number, rows_of_job in enumerate(zip(machines, times, strict=True), start=1)
    ]
    return plain_instance(source, num_machines, jobs)

"""Job shops with total tardiness.

The first row is ``machines jobs``. Under the heading ``Processing times`` stands a row for each job, the times in the
order of the machines; under ``Routes of jobs`` its machines, numbered from 1, in the order of its operations; under
``Due dates`` its due date. What follows a complete route is not read: a published file (gta41) has stray numbers
there. The objective is the sum of all tardiness. Source of the benchmark: B. de Athayde Prata,
V. Fernandez-Viagas and others, job shop instances with due dates.
"""

from __future__ import annotations

from dataclasses import replace

from scheduler.domain import Instance, Mode
from scheduler.io.limits import MAX_JOBS, MAX_MACHINES
from scheduler.io.numbered import machine_id, numbered_job, plain_instance
from scheduler.io.rows import Rows, first_rows, is_heading


def matches(text: str) -> bool:
    """Return whether the second row is the heading ``Processing times``."""
    return any(is_heading(row, "Processing times") for row in first_rows(text)[:2])


def read(text: str, source: str) -> Instance:
    """Return the instance of a file with times, routes and due dates.

    Raises
    ------
    FormatError
        If the text is not one.
    """
    rows = Rows(text, source)
    row = rows.next("the first row")
    num_machines = row.integer("the number of machines", 1, MAX_MACHINES)
    num_jobs = row.integer("the number of jobs", 1, MAX_JOBS)
    row.end()
    rows.heading("Processing times")
    times = rows.block("a time", num_jobs, num_machines)
    rows.heading("Routes of jobs")
    routes = [_route(rows, number, num_machines) for number in range(1, num_jobs + 1)]
    rows.heading("Due dates")
    due_dates = [due_date for (due_date,) in rows.block("the due date", num_jobs, 1)]
    rows.end()
    jobs = []
    for j, (route, due_date) in enumerate(zip(routes, due_dates, strict=True)):
        modes = [[Mode(machine_id(machine), times[j][machine - 1])] for machine in route]
        jobs.append(replace(numbered_job(j + 1, modes), due_date=due_date))
    return plain_instance(source, num_machines, jobs, objective="total_tardiness")


def _route(rows: Rows, number: int, num_machines: int) -> list[int]:
    row = rows.next(f"the route of job {number}")
    route = row.integers(num_machines, "a machine", 1, num_machines)
    if len(set(route)) < num_machines:
        row.end()
    return route

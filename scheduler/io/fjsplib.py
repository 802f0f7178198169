"""FJSPLIB files (``.fjs``): the flexible job shop, and the extensions of it that are in use.

The first row is ``jobs machines [flexibility]``; then a row for each job: the number of its operations, and for each
of them the number of its modes and that many pairs ``machine time``. Machines are numbered from 1; published files in
which they are numbered from 0 are recognised by having a machine 0, and no machine of the highest number. Extensions:

* *setups*: after the jobs, for every machine a square matrix of setup times, between operations (all of them, job by
  job) or between jobs;
* *plans*: each job row begins with the number of its alternative process plans, and is followed by a row for each:
  the number of operations and the operations, numbered from 0;
* *workers*: the first row is ``jobs machines workers [flexibility]``, and each operation has, for each machine, the
  number of its workers and pairs ``worker time``: it takes both for the time.

Sources: P. Brandimarte, Ann. Oper. Res. 41 (1993), for the plain format; P. Fattahi, M. Saidi Mehrabad, F. Jolai,
J. Intell. Manuf. 18 (2007), for its first setup instances; D. Hutter et al., arXiv:2501.16159 (2025), for workers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from scheduler.domain import Instance, Job, Machine, Mode, Operation, OperatorPool, SetupMatrix
from scheduler.errors import FormatError
from scheduler.io.limits import MAX_JOBS, MAX_MACHINES, MAX_OPERATIONS
from scheduler.io.numbered import (
    default_precedences,
    job_id,
    machine_id,
    numbered_job,
    numbered_operations,
    plain_instance,
    require_plain,
)
from scheduler.io.rows import Row, Rows, are_integers, first_rows


def matches(text: str) -> bool:
    """Return whether the text looks like FJSPLIB: two to four numbers, then a longer row of numbers."""
    rows = first_rows(text)
    if len(rows) < 2 or not 2 <= len(rows[0]) <= 4 or len(rows[1]) < 4:
        return False
    return all(map(_is_number, rows[0])) and are_integers(rows[1][:4])


def read(text: str, source: str) -> Instance:
    """Return the instance of an FJSPLIB file, plain or extended; which one it is shows in the numbers.

    Raises
    ------
    FormatError
        If the numbers fit none of them: where the reading that got farthest failed.
    """
    refusals: list[tuple[int, FormatError]] = []
    for read_variant in VARIANTS:
        rows = Rows(text, source)
        try:
            return read_variant(rows)
        except FormatError as refusal:
            refusals.append((rows.line, refusal))
    # max() takes the first of equals: in doubt the plain format.
    raise max(refusals, key=lambda pair: pair[0])[1]


def write(instance: Instance) -> str:
    """Return the FJSPLIB text of a flexible job shop.

    Raises
    ------
    FormatError
        If the instance has anything that the format can't express.
    """
    require_plain(instance, "FJSPLIB")
    number = {machine.id: str(index) for index, machine in enumerate(instance.machines, start=1)}
    flexibility = instance.num_modes / max(1, instance.num_operations)
    lines = [f"{len(instance.jobs)} {len(instance.machines)} {flexibility:.2f}"]
    for job in instance.jobs:
        words = [str(len(job.operations))]
        for operation in job.operations:
            words.append(str(len(operation.modes)))
            words.extend(word for mode in operation.modes for word in (number[mode.machine], str(mode.duration)))
        lines.append(" ".join(words))
    return "\n".join(lines) + "\n"


def _header(rows: Rows, sizes: tuple[tuple[str, int], ...]) -> list[int]:
    """Read the first row: these numbers and, maybe, the flexibility, which says nothing new."""
    row = rows.next("the first row")
    found = [row.integer(what, 1, most) for what, most in sizes]
    if row.left == 1 and _is_number(row.tokens[-1]):
        row.position += 1
    row.end()
    return found


def _is_number(token: str) -> bool:
    return token.replace(".", "", 1).isdecimal()


_JOBS = ("the number of jobs", MAX_JOBS)
_MACHINES = ("the number of machines", MAX_MACHINES)
_WORKERS = ("the number of workers", MAX_MACHINES)


def _read_plain(rows: Rows, first_machine: int = 1) -> Instance:
    num_jobs, num_machines = _header(rows, (_JOBS, _MACHINES))
    jobs = []
    for number in range(1, num_jobs + 1):
        row = rows.next(f"job {number}")
        jobs.append(numbered_job(number, _operations(row, num_machines, first_machine)))
        row.end()
    instance = plain_instance(rows.source, num_machines, jobs)
    return _with_setups(instance, rows) if rows.left else instance


def _read_plain_from_zero(rows: Rows) -> Instance:
    return _read_plain(rows, first_machine=0)


def _operations(row: Row, num_machines: int, first_machine: int = 1) -> list[list[Mode]]:
    """Read the rest of a job: the modes of each operation."""
    num_operations = row.integer("the number of operations", 1, MAX_OPERATIONS)
    return [_modes(row, number, num_machines, first_machine) for number in range(1, num_operations + 1)]


def _modes(row: Row, number: int, num_machines: int, first_machine: int) -> list[Mode]:
    modes = []
    for _ in range(row.integer(f"the number of modes of operation {number}", 1)):
        machine = row.integer(f"the machine of operation {number}", first_machine, num_machines - 1 + first_machine)
        time = row.integer(f"the time of operation {number}")
        modes.append(Mode(machine_id(machine + 1 - first_machine), time))
    return modes


# Setups: after the jobs come the matrices, machine by machine.


def _with_setups(instance: Instance, rows: Rows) -> Instance:
    num_machines, num_jobs, num_operations = len(instance.machines), len(instance.jobs), instance.num_operations
    size = rows.left // num_machines
    if rows.left % num_machines or size not in (num_jobs, num_operations):
        cause = (
            f"after the last job {rows.left} rows are left; setup matrices of {num_machines} machines "
            f"would have {num_machines * num_operations} (by operation) or {num_machines * num_jobs} (by job)"
        )
        raise rows.error("E124", cause, "check the number of jobs in the first row")
    by_operation = size == num_operations
    jobs = tuple(_with_families(job, by_operation) for job in instance.jobs)
    families = _families(jobs, by_operation)
    return replace(
        instance,
        jobs=jobs,
        machines=tuple(_with_matrix(machine, rows, families, jobs) for machine in instance.machines),
    )


def _with_families(job: Job, by_operation: bool) -> Job:
    operations = []
    for operation in job.operations:
        family = f"{job.id}.{operation.id}" if by_operation else job.id
        modes = tuple(replace(mode, setup_family=family) for mode in operation.modes)
        operations.append(replace(operation, modes=modes))
    return replace(job, operations=tuple(operations))


def _families(jobs: tuple[Job, ...], by_operation: bool) -> list[str]:
    """Return the setup families in the order of rows and columns of the matrices."""
    if not by_operation:
        return [job.id for job in jobs]
    return [f"{job.id}.{operation.id}" for job in jobs for operation in job.operations]


def _with_matrix(machine: Machine, rows: Rows, families: list[str], jobs: tuple[Job, ...]) -> Machine:
    """Read the setup matrix of the machine; keep what can happen there: the rest holds huge placeholders."""
    uses: dict[str, int] = {}
    for operation in (operation for job in jobs for operation in job.operations):
        for family in {mode.setup_family for mode in operation.modes if mode.machine == machine.id}:
            uses[family or ""] = uses.get(family or "", 0) + 1
    times: dict[str, dict[str, int]] = {}
    for before in families:
        row = rows.next(f"the setup times of machine {machine.id}")
        values = row.integers(len(families), "a setup time")
        row.end()
        if before in uses:
            times[before] = {
                after: time
                for after, time in zip(families, values, strict=True)
                if time > 0 and after in uses and (after != before or uses[after] > 1)
            }
    return replace(machine, setups=SetupMatrix(times)) if any(times.values()) else machine


# Plans: each job has a choice of lists of operations.


def _read_plans(rows: Rows) -> Instance:
    num_jobs, num_machines = _header(rows, (_JOBS, _MACHINES))
    jobs = []
    for number in range(1, num_jobs + 1):
        row = rows.next(f"job {number}")
        num_plans = row.integer("the number of plans", 1, MAX_OPERATIONS)
        operations = numbered_operations(_operations(row, num_machines))
        row.end()
        # A plan that is listed twice is no other plan.
        plans = tuple(dict.fromkeys(_plan(rows, number, operations) for _ in range(num_plans)))
        jobs.append(Job(job_id(number), operations, default_precedences(operations, plans), plans=plans))
    rows.end()
    return plain_instance(rows.source, num_machines, jobs)


def _plan(rows: Rows, number: int, operations: tuple[Operation, ...]) -> tuple[str, ...]:
    row = rows.next(f"a plan of job {number}")
    size = row.integer("the number of operations of the plan", 1, len(operations))
    plan = tuple(operations[index].id for index in row.integers(size, "an operation", 0, len(operations) - 1))
    row.end()
    return plan


# Workers: each mode takes a machine and a person.


def _read_workers(rows: Rows) -> Instance:
    num_jobs, num_machines, num_workers = _header(rows, (_JOBS, _MACHINES, _WORKERS))
    jobs = []
    for number in range(1, num_jobs + 1):
        row = rows.next(f"job {number}")
        num_operations = row.integer("the number of operations", 1, MAX_OPERATIONS)
        modes = [_worker_modes(row, operation, num_machines, num_workers) for operation in range(1, num_operations + 1)]
        row.end()
        jobs.append(numbered_job(number, modes))
    rows.end()
    workers = tuple(OperatorPool(_worker_id(worker)) for worker in range(1, num_workers + 1))
    return replace(plain_instance(rows.source, num_machines, jobs), operators=workers)


def _worker_modes(row: Row, number: int, num_machines: int, num_workers: int) -> list[Mode]:
    modes = []
    for _ in range(row.integer(f"the number of machines of operation {number}", 1, num_machines)):
        machine = machine_id(row.integer(f"the machine of operation {number}", 1, num_machines))
        for _ in range(row.integer(f"the number of workers of operation {number}", 1, num_workers)):
            worker = _worker_id(row.integer(f"the worker of operation {number}", 1, num_workers))
            time = row.integer(f"the time of operation {number}")
            modes.append(Mode(machine, time, operators={worker: 1}))
    return modes


def _worker_id(number: int) -> str:
    return f"W{number}"


VARIANTS: tuple[Callable[[Rows], Instance], ...] = (
    _read_plain,
    _read_plans,
    _read_workers,
    _read_plain_from_zero,
)
"""The ways to read a file, tried in this order; each fits only if it uses up every number."""

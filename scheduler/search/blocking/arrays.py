"""Lowering: jobs that go from machine to machine as integer arrays, the contract of the compiled search.

Time is made of *instants*, numbered along each job: an operation starts, and releases its machine. Where a machine has
no output buffer, the instant in which an operation releases it is the one in which the next of its job starts. The last
instant of a job is its completion. So every arc between two jobs has length 0 (it leads from a
release to the next start on the machine), and the lengths lie between the instants of one job.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from scheduler.domain import Instance, Job, Schedule, ScheduledOperation
from scheduler.domain.derive import complete
from scheduler.search.tabu.arrays import Ints, row_items, row_starts
from scheduler.search.tabu.arrays import why_unsupported as why_too_much

# Rows of `Solution.ops`: one column per operation.
STARTS, RELEASES, JOB, ALT, MACHINE, BEFORE, AFTER, RANK = range(8)
# Rows of `Solution.instants`: one column per instant, and one more that belongs to no job.
OWNER, STARTING, RELEASING, LENGTH = range(4)
# Rows of `Solution.ends`: one column per machine.
FIRST, LAST = range(2)
# Rows of `Problem.jobs`: one column per job, and one more to end the last one.
OPS_AT, INSTANTS_AT, RELEASE = range(3)
# Rows of `Problem.alts`: one column per alternative.
ON, TAKES, BLOCKS = range(3)
# Rows of `Problem.choices`: one column per operation, and one more.
ALTS_AT, END, NEXT_START, LAG = range(4)


class Problem(NamedTuple):
    """What does not change during a search.

    Attributes
    ----------
    jobs
        By job: its first operation, its first instant, its release date.
    choices
        By operation: where its alternatives begin in `alts`, the instant of its end where the machine has a buffer, the
        instant in which the next operation of its job starts (of the last one: its end), the lag before that.
    alts
        By alternative (mode): machine, duration, whether the machine has no output buffer.
    num_machines
        Machines.
    has_swaps
        Whether parts may exchange their machines in one instant.
    """

    jobs: Ints
    choices: Ints
    alts: Ints
    num_machines: int
    has_swaps: bool


class Solution(NamedTuple):
    """Alternatives and sequences.

    Attributes
    ----------
    ops
        By operation: the instants in which it starts and releases its machine, its job; alternative, machine,
        neighbours on the machine (-1: none), and a number that grows along the machine's sequence.
    instants
        By instant: its job, the operation that starts, the operation that releases its machine (-1: none), the least
        time to the next instant of the job.
    ends
        By machine: first and last operation of its sequence (-1: none).
    """

    ops: Ints
    instants: Ints
    ends: Ints

    def copy(self) -> Solution:
        """Return the same solution in arrays of its own."""
        return Solution(self.ops.copy(), self.instants.copy(), self.ends.copy())


def why_unsupported(instance: Instance) -> str | None:
    """Return what keeps an instance from this search, None if nothing does."""
    blocking = [machine for machine in instance.machines if machine.output_buffer == 0]
    if not blocking:
        return "no machine without output buffer"
    if len({machine.swap for machine in blocking}) > 1:
        return "swaps on some machines only"
    buffered = tuple(replace(m, output_buffer=None, swap=True) if m in blocking else m for m in instance.machines)
    reason = why_too_much(replace(instance, machines=buffered))
    if reason is not None:
        return reason
    if instance.fleets:
        return "moves"
    for machine in instance.machines:
        if machine.setups is not None:
            return "setups"
        if machine.slowdowns:
            return "slow machines"
        if not machine.calendar.always_works:
            return "calendars"
    if any(_chain(job) is None for job in instance.jobs):
        return "graphs of operations"
    return None


def _chain(job: Job) -> tuple[int, ...] | None:
    """Return the lags between operations that follow one another in the order of the file, None if they do not."""
    lags = {(p.predecessor, p.successor): p.min_lag for p in job.precedences}
    steps = [(a.id, b.id) for a, b in pairwise(job.operations)]
    return tuple(lags[step] for step in steps) if set(steps) == set(lags) else None


def lower(instance: Instance) -> tuple[Problem, Solution]:
    """Return the arrays of an instance that `why_unsupported` has nothing against, and an empty solution."""
    numbers = {machine.id: number for number, machine in enumerate(instance.machines)}
    without = [machine.output_buffer == 0 for machine in instance.machines]
    operations = list(instance.operation_by_key.values())
    alternatives = [
        [(numbers[m.machine], m.duration, int(without[numbers[m.machine]])) for m in operation.modes]
        for operation in operations
    ]
    jobs = np.zeros((3, len(instance.jobs) + 1), np.int64)
    choices = np.zeros((4, len(operations) + 1), np.int64)
    choices[ALTS_AT] = row_starts(alternatives, 0)
    ops = np.full((8, len(operations)), -1, np.int64)
    owners: list[int] = []
    starting: list[int] = []
    o = 0
    for number, job in enumerate(instance.jobs):
        jobs[:, number] = o, len(owners), job.release_date
        lags = _chain(job) or ()
        for position in range(len(job.operations)):
            ops[STARTS, o], ops[JOB, o] = len(owners), number
            owners.append(number)
            starting.append(o)
            is_last = position == len(job.operations) - 1
            if is_last or not all(blocks for _, _, blocks in alternatives[o]):
                choices[END, o] = len(owners)
                owners.append(number)
                starting.append(-1)
            choices[NEXT_START, o] = len(owners) - 1 if is_last else len(owners)
            choices[LAG, o] = 0 if is_last else lags[position]
            o += 1
    jobs[:2, -1] = o, len(owners)
    instants = np.full((4, len(owners) + 1), -1, np.int64)
    instants[OWNER, :-1], instants[STARTING, :-1], instants[LENGTH] = owners, starting, 0
    has_swaps = any(m.swap for m in instance.machines if m.output_buffer == 0)
    problem = Problem(jobs, choices, row_items(alternatives, 3), len(numbers), has_swaps)
    return problem, Solution(ops, instants, np.full((2, len(numbers)), -1, np.int64))


def raise_solution(instance: Instance, schedule: Schedule, problem: Problem, empty: Solution) -> Solution:
    """Return the solution with the modes and machine sequences of a schedule."""
    from scheduler.search.blocking.sequences import put_after, take

    solution = empty.copy()
    ops, instants, ends = solution
    keys = {key: number for number, key in enumerate(instance.operation_by_key)}
    # Parts that change places in one instant are in the order of their ends on each machine.
    for scheduled in sorted(schedule.operations, key=lambda s: (s.start, s.end)):
        o = keys[scheduled.key]
        take(problem.choices, problem.alts, ops, instants, o, int(problem.choices[ALTS_AT, o]) + scheduled.mode)
        put_after(ops, ends, o, int(ends[LAST, ops[MACHINE, o]]))
    return solution


def to_schedule(instance: Instance, problem: Problem, solution: Solution, heads: Ints) -> Schedule:
    """Return the schedule of a solution whose instants are at `heads`."""
    return complete(instance, _scheduled(instance, problem, solution.ops, heads))


def _scheduled(instance: Instance, problem: Problem, ops: Ints, heads: Ints) -> Iterable[ScheduledOperation]:
    for o, (key, operation) in enumerate(instance.operation_by_key.items()):
        mode = operation.modes[int(ops[ALT, o] - problem.choices[ALTS_AT, o])]
        start = int(heads[ops[STARTS, o]])
        number = int(ops[ALT, o] - problem.choices[ALTS_AT, o])
        yield ScheduledOperation(*key, number, mode.machine, start, start + mode.duration)

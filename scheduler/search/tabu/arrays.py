"""Lowering: the disjunctive core of an instance as integer arrays, the contract of the compiled engine.

Operations, machines, jobs and alternatives (modes) are numbered in file order. Lists of lists are in compressed form:
the items of row *i* are ``values[ptr[i]:ptr[i + 1]]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from scheduler.domain import Instance, Machine, OperationKey, Schedule, ScheduledOperation
from scheduler.domain.derive import complete
from scheduler.domain.happened import execution_of, started

if TYPE_CHECKING:
    from scheduler.search.tabu.transports import Carried

Ints: TypeAlias = NDArray[np.int64]
Reals: TypeAlias = NDArray[np.float64]

ix = np.uintp
"""An index that is never negative: compiled code then does not test whether it counts from the end (half the time)."""


LATEST = 1 << 60
"""Later than any instant of a schedule."""
# Rows of `Problem.ops`: one column per operation, and one more to end the last list.
PREDS_AT, SUCCS_AT, ALTS_AT, RELEASE, PAUSES, SINKS, JOB = range(7)
# Rows of `Problem.machines`: one column per machine, and one more.
SETUPS_AT, FAMILIES, INITIAL, DOWNTIMES_AT, FREE, SLOW_AT, USUAL = range(7)
# Rows of the weights of an objective: one column per job, and one more for all jobs together.
DUE, LATE, FLOW, PROMISED, BROKEN = range(5)
# Rows of its levels: one column per tier.
UNIT, ENOUGH = range(2)
# Rows of a state: one column per operation.
ALT, MACHINE, TIME, FAMILY, BEFORE, AFTER, READY, START, END, REST, TAIL, ORDER, PLACE, DEGREE, BUFFER, LEAVES = range(
    16
)
# Rows of the ends of the sequences: one column per machine.
FIRST, LAST = range(2)


class Problem(NamedTuple):
    """What does not change during a search.

    Compiled functions take the arrays that they need one by one: with tuples of arrays as arguments the walk was a
    fifth slower, since a compiled function that takes them apart counts references.

    Attributes
    ----------
    ops
        By operation: where its predecessors and successors begin in `links` and its alternatives in `alts`, release
        date, whether it pauses in downtimes, its job. Row SINKS lists the operations without successors, then -1.
    links
        Row 0: the operation at the other end of a precedence; row 1: its minimum lag.
    alts
        By alternative (mode): machine, duration, setup family (row of the machine's table; 0: none).
    machines
        By machine: where its setup table begins in `times` (-1: no setups), the table's side, the family that the
        machine starts in, where its downtimes begin in `times`, when it is free for the first time (the end of a
        downtime that begins with the plan, where nothing of no length is done), where the stretches begin in `times` in
        which it is slow, and what a tick is worth outside them. In the last column SETUPS_AT is -1 if no machine has
        setups, downtimes or stretches.
    times
        Setup tables row by row, then downtimes as ``start, end, start, end ...``, then stretches as ``start, end, worth
        of a tick ...``.
    """

    ops: Ints
    links: Ints
    alts: Ints
    machines: Ints
    times: Ints


class Solution(NamedTuple):
    """A solution with its timing.

    Attributes
    ----------
    state
        By operation: the alternative chosen, with its machine, time and family; the neighbours on the machine (-1:
        none); when its job lets it start, its earliest start and end; what its job still needs after it, and the tail:
        the longest way from its end to the end of the schedule; the place-th operation of a topological order, and
        its inverse; room to work in.
    ends
        By machine: first and last operation of its sequence (-1: none).
    """

    state: Ints
    ends: Ints


def why_unsupported(instance: Instance) -> str | None:
    """Return what of the instance the compiled search does not speak yet, None if it speaks it all."""
    if instance.cells or len({machine.facility for machine in instance.machines}) > 1:
        return "moves"
    if instance.fleets and (reason := _why_not_carried(instance)) is not None:
        return reason
    if instance.execution is not None and (reason := _why_not_continued(instance)) is not None:
        return reason
    if instance.cycle is not None:
        return "cycles"
    if instance.operators:
        return "operators"
    if any(mode.max_dwell is not None for o in instance.operation_by_key.values() for mode in o.modes):
        return "maximum dwell"
    for machine in instance.machines:
        if machine.capacity > 1:
            return "capacity"
        if (machine.input_buffer, machine.output_buffer) != (None, None):
            return "machines without buffers"
    for job in instance.jobs:
        if job.plans:
            return "plans"
        if job.deadline is not None:
            return "deadlines"
        if any(p.max_lag is not None or p.min_lag < 0 for p in job.precedences):
            return "maximum lags"
    return None


def _why_not_carried(instance: Instance) -> str | None:
    """Return what of the fleets of an instance the compiled search does not speak yet."""
    if instance.battery_by_vehicle:
        return "batteries"
    if any(fleet.limited for fleet in instance.fleets):
        return "limited parking"
    if len({fleet.places for fleet in instance.fleets}) > 1:
        return "fleets with different places"
    if any(machine.slowdowns for machine in instance.machines):
        return "slow machines with fleets"
    if any(vehicle.capacity > 1 for fleet in instance.fleets for vehicle in fleet.vehicles):
        return "vehicles for several jobs"
    if any(not vehicle.calendar.always_works for fleet in instance.fleets for vehicle in fleet.vehicles):
        return "calendars of vehicles"
    return None


def _why_not_continued(instance: Instance) -> str | None:
    """Return why the compiled search can't go on from what has happened to an instance, None if it can."""
    execution, begun = execution_of(instance), started(instance)
    if instance.fleets:
        return "execution with fleets"
    fixed = begun.keys() | {pin.key for pin in execution.pins}
    pending = {key: operation for key, operation in instance.operation_by_key.items() if key not in fixed}
    if any(mode.duration == 0 for operation in pending.values() for mode in operation.modes):
        return "operations of no length after something has happened"
    if len(fixed) > len(begun):
        if any(machine.setups is not None for machine in instance.machines):
            return "pins on machines with setups"
        if any(operation.interruptible for operation in pending.values()):
            return "pins among operations that pause"
        for job in instance.jobs:
            if any((job.id, p.predecessor) in pending and (job.id, p.successor) in fixed for p in job.precedences):
                return "pins behind operations that are free"
    return None


def lower(instance: Instance, horizon: int, releases: Mapping[OperationKey, int] | None = None) -> Problem:
    """Return the arrays of an instance that `why_unsupported` has nothing against; downtimes up to `horizon`.

    Operations are released with their jobs, or by `releases`.
    """
    keys = {key: number for number, key in enumerate(instance.operation_by_key)}
    numbers = {machine.id: number for number, machine in enumerate(instance.machines)}
    before: list[list[tuple[int, int]]] = [[] for _ in keys]
    after: list[list[tuple[int, int]]] = [[] for _ in keys]
    for job in instance.jobs:
        for p in job.precedences:
            a, b = keys[job.id, p.predecessor], keys[job.id, p.successor]
            before[b].append((a, p.min_lag))
            after[a].append((b, p.min_lag))
    machines, times, families = _machines(instance, horizon, skips_first=releases is not None)
    alternatives = [
        [(numbers[m.machine], m.duration, families[numbers[m.machine]].get(m.setup_family, 0)) for m in operation.modes]
        for operation in instance.operation_by_key.values()
    ]
    ops = np.zeros((7, len(keys) + 1), np.int64)
    ops[PREDS_AT] = row_starts(before, 0)
    ops[SUCCS_AT] = row_starts(after, ops[PREDS_AT, -1])
    ops[ALTS_AT] = row_starts(alternatives, 0)
    ops[PAUSES, :-1] = [operation.interruptible for operation in instance.operation_by_key.values()]
    ops[RELEASE, :-1] = (
        [job.release_date for job in instance.jobs for _ in job.operations]
        if releases is None
        else [releases[key] for key in keys]
    )
    ops[JOB, :-1] = [number for number, job in enumerate(instance.jobs) for _ in job.operations]
    sinks = [number for number, rows in enumerate(after) if not rows]
    ops[SINKS] = -1
    ops[SINKS, : len(sinks)] = sinks
    return Problem(ops, row_items(before + after, 2), row_items(alternatives, 3), machines, times)


def _machines(instance: Instance, horizon: int, skips_first: bool) -> tuple[Ints, Ints, list[dict[str | None, int]]]:
    """Return `Problem.machines` and `Problem.times`, and by machine the number of each family."""
    families = [_families(machine) for machine in instance.machines]
    machines = np.zeros((7, len(families) + 1), np.int64)
    machines[SETUPS_AT] = -1
    times: list[int] = []
    for m, (machine, names) in enumerate(zip(instance.machines, families, strict=True)):
        machines[FAMILIES, m] = len(names)
        if machine.setups is not None:
            machines[SETUPS_AT, m] = len(times)
            machines[INITIAL, m] = names[machine.setups.initial]
            times.extend(machine.setups.time(f, g) for f in names for g in names)
    for m, machine in enumerate(instance.machines):
        machines[DOWNTIMES_AT, m] = len(times)
        for downtime in machine.calendar.blocked(horizon):
            if skips_first and downtime.start <= 0:
                machines[FREE, m] = downtime.end
                continue
            times.extend((downtime.start, downtime.end))
    machines[DOWNTIMES_AT, -1] = len(times)
    for m, machine in enumerate(instance.machines):
        machines[SLOW_AT, m], machines[USUAL, m] = len(times), machine.tempo.usual
        for begin, end, worth in machine.tempo.stretches:
            times.extend((begin, LATEST if end is None else end, worth))
    machines[SLOW_AT, -1] = len(times)
    machines[SETUPS_AT, -1] = 0 if times else -1
    return machines, np.array(times or [0], np.int64), families


def new_solution(problem: Problem | Carried) -> Solution:
    """Return a solution with nothing in it."""
    state = np.zeros((16, problem.ops.shape[1] - 1), np.int64)
    return Solution(state, np.full((2, problem.machines.shape[1] - 1), -1, np.int64))


def raise_solution(instance: Instance, schedule: Schedule, problem: Problem) -> Solution:
    """Return the solution with the modes and machine sequences of a schedule (not timed yet)."""
    solution = new_solution(problem)
    state, ends = solution
    state[BEFORE:READY] = -1
    keys = {key: number for number, key in enumerate(instance.operation_by_key)}
    for key, scheduled in schedule.by_operation.items():
        o = keys[key]
        alt = problem.ops[ALTS_AT, o] + scheduled.mode
        state[ALT, o] = alt
        state[MACHINE : FAMILY + 1, o] = problem.alts[:, alt]
        state[LEAVES, o] = state[FAMILY, o]
    for m, machine in enumerate(instance.machines):
        sequence = [keys[scheduled.key] for scheduled in schedule.by_machine.get(machine.id, ())]
        for a, b in pairwise(sequence):
            state[AFTER, a], state[BEFORE, b] = b, a
        if sequence:
            ends[FIRST, m], ends[LAST, m] = sequence[0], sequence[-1]
    return solution


def to_schedule(instance: Instance, problem: Problem, solution: Solution) -> Schedule:
    """Return a timed solution as a schedule."""
    return complete(instance, _scheduled(instance, problem, solution.state))


def _scheduled(instance: Instance, problem: Problem, state: Ints) -> Iterable[ScheduledOperation]:
    for o, (key, operation) in enumerate(instance.operation_by_key.items()):
        mode = int(state[ALT, o] - problem.ops[ALTS_AT, o])
        yield ScheduledOperation(*key, mode, operation.modes[mode].machine, int(state[START, o]), int(state[END, o]))


def _families(machine: Machine) -> dict[str | None, int]:
    """Return the rows of the machine's setup table; row 0 is for operations without family."""
    names: dict[str | None, int] = {None: 0}
    if machine.setups is not None:
        others = (name for row in machine.setups.times.values() for name in row)
        for name in (machine.setups.initial, *machine.setups.times, *others):
            names.setdefault(name, len(names))
    return names


def row_starts(rows: Sequence[Sequence[object]], first: int) -> Ints:
    """Return where each row begins, and where the last one ends, when the rows are written one after the other."""
    return first + np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)


def row_items(rows: Iterable[Sequence[tuple[int, ...]]], width: int) -> Ints:
    """Return all items as columns, in C order."""
    items = [item for row in rows for item in row]
    return np.ascontiguousarray(np.array(items or [(0,) * width], np.int64).T)

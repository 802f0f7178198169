"""Lowering: the disjunctive core of an instance as integer arrays, the contract of the compiled engine.

Operations, machines, jobs and alternatives (modes) are numbered in file order. Lists of lists are in compressed form:
the items of row *i* are ``values[ptr[i]:ptr[i + 1]]``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from scheduler.domain import Instance, Machine, Schedule, ScheduledOperation
from scheduler.domain.derive import complete

Ints: TypeAlias = NDArray[np.int64]

FAR = 1 << 50
"""A time after everything."""


class Problem(NamedTuple):
    """What does not change during a search.

    ``pred_*`` and ``succ_*`` are the precedences with their minimum lags; ``alt_*`` the modes of each operation with
    machine, duration and setup family (row of the machine's table, 0 for none). ``setup_at[m]`` is where the setup
    table of machine *m* begins (-1 without setups) and ``num_families[m]`` its side; ``initial[m]`` the family that it
    starts in. ``down_*`` are the downtimes of each machine. ``release`` bounds starts from below, ``tail`` is what
    remains to be waited after the end of each operation.
    """

    pred_ptr: Ints
    pred: Ints
    pred_lag: Ints
    succ_ptr: Ints
    succ: Ints
    succ_lag: Ints
    alt_ptr: Ints
    alt_machine: Ints
    alt_time: Ints
    alt_family: Ints
    setup_at: Ints
    num_families: Ints
    initial: Ints
    setup_times: Ints
    down_ptr: Ints
    down_start: Ints
    down_end: Ints
    pauses: Ints
    release: Ints
    sinks: Ints
    job: Ints
    due: Ints
    weight: Ints


class State(NamedTuple):
    """A solution and its timing.

    ``alt`` is the chosen alternative of each operation (with its machine, time and family unpacked), ``before`` and
    ``after`` its neighbours on the machine (-1: none), ``first`` and ``last`` the ends of each machine's sequence.
    ``start`` and ``end`` are the earliest times, ``tail`` the longest way from the end of an operation to the end of
    the schedule; ``order`` is a topological order of all operations and ``place`` its inverse.
    """

    alt: Ints
    machine: Ints
    time: Ints
    family: Ints
    before: Ints
    after: Ints
    first: Ints
    last: Ints
    start: Ints
    end: Ints
    tail: Ints
    order: Ints
    place: Ints
    degree: Ints
    buffer: Ints


def why_unsupported(instance: Instance) -> str | None:
    """Return what of the instance the compiled search does not speak yet, None if it speaks it all."""
    if instance.cells or len({machine.facility for machine in instance.machines}) > 1:
        return "moves"
    if instance.execution is not None:
        return "execution"
    if instance.operators:
        return "operators"
    for machine in instance.machines:
        if machine.capacity > 1:
            return "capacity"
    for job in instance.jobs:
        if job.plans:
            return "plans"
        if job.deadline is not None:
            return "deadlines"
        if any(p.max_lag is not None or p.min_lag < 0 for p in job.precedences):
            return "maximum lags"
    return None


def lower(instance: Instance, horizon: int) -> Problem:
    """Return the arrays of an instance that `why_unsupported` has nothing against."""
    keys = {key: number for number, key in enumerate(instance.operation_by_key)}
    machines = {machine.id: number for number, machine in enumerate(instance.machines)}
    before: list[list[tuple[int, int]]] = [[] for _ in keys]
    after: list[list[tuple[int, int]]] = [[] for _ in keys]
    for job in instance.jobs:
        for p in job.precedences:
            a, b = keys[job.id, p.predecessor], keys[job.id, p.successor]
            before[b].append((a, p.min_lag))
            after[a].append((b, p.min_lag))
    families = [_families(machine) for machine in instance.machines]
    tables: list[int] = []
    setup_at = []
    for machine, names in zip(instance.machines, families, strict=True):
        setup_at.append(len(tables) if machine.setups is not None else -1)
        if machine.setups is not None:
            tables.extend(machine.setups.time(f, g) for f in names for g in names)
    alternatives = [
        [
            (machines[m.machine], m.duration, families[machines[m.machine]].get(m.setup_family, 0))
            for m in operation.modes
        ]
        for operation in instance.operation_by_key.values()
    ]
    downtimes = [[(d.start, d.end) for d in machine.calendar.blocked(horizon)] for machine in instance.machines]
    jobs = [job for job in instance.jobs for _ in job.operations]
    numbers = {job.id: number for number, job in enumerate(instance.jobs)}
    pred_ptr, pred, pred_lag = _rows(before, 2)
    succ_ptr, succ, succ_lag = _rows(after, 2)
    alt_ptr, alt_machine, alt_time, alt_family = _rows(alternatives, 3)
    down_ptr, down_start, down_end = _rows(downtimes, 2)
    return Problem(
        pred_ptr,
        pred,
        pred_lag,
        succ_ptr,
        succ,
        succ_lag,
        alt_ptr,
        alt_machine,
        alt_time,
        alt_family,
        _array(setup_at),
        _array(len(names) for names in families),
        _array(0 if m.setups is None else names[m.setups.initial] for m, names in zip(instance.machines, families)),
        _array(tables),
        down_ptr,
        down_start,
        down_end,
        _array(int(operation.interruptible) for operation in instance.operation_by_key.values()),
        _array(job.release_date for job in jobs),
        _array(number for number, rows in enumerate(after) if not rows),
        _array(numbers[job.id] for job in jobs),
        _array(FAR if job.due_date is None else job.due_date for job in instance.jobs),
        _array(job.weight for job in instance.jobs),
    )


def new_state(problem: Problem) -> State:
    """Return a state with nothing in it."""
    operations, machines = problem.release.size, problem.setup_at.size
    sizes = [operations] * 6 + [machines] * 2 + [operations] * 7
    return State(*(np.zeros(size, np.int64) for size in sizes))


def raise_state(instance: Instance, schedule: Schedule, problem: Problem) -> State:
    """Return the state with the modes and machine sequences of a schedule (not timed yet)."""
    state = new_state(problem)
    keys = {key: number for number, key in enumerate(instance.operation_by_key)}
    machines = {machine.id: number for number, machine in enumerate(instance.machines)}
    for column in (state.before, state.after, state.first, state.last):
        column[:] = -1
    for key, scheduled in schedule.by_operation.items():
        o = keys[key]
        alt = problem.alt_ptr[o] + scheduled.mode
        state.alt[o] = alt
        state.machine[o], state.time[o] = problem.alt_machine[alt], problem.alt_time[alt]
        state.family[o] = problem.alt_family[alt]
    for machine, scheduled_operations in schedule.by_machine.items():
        m = machines[machine]
        previous = -1
        for scheduled in scheduled_operations:
            o = keys[scheduled.key]
            state.before[o] = previous
            if previous >= 0:
                state.after[previous] = o
            else:
                state.first[m] = o
            previous = o
        state.last[m] = previous
    return state


def to_schedule(instance: Instance, problem: Problem, state: State) -> Schedule:
    """Return a timed state as a schedule."""
    return complete(instance, _scheduled(instance, problem, state))


def _scheduled(instance: Instance, problem: Problem, state: State) -> Iterable[ScheduledOperation]:
    for o, (key, operation) in enumerate(instance.operation_by_key.items()):
        mode = int(state.alt[o] - problem.alt_ptr[o])
        yield ScheduledOperation(*key, mode, operation.modes[mode].machine, int(state.start[o]), int(state.end[o]))


def _families(machine: Machine) -> dict[str | None, int]:
    """Return the rows of the machine's setup table; row 0 is for operations without family."""
    names: dict[str | None, int] = {None: 0}
    if machine.setups is not None:
        others = (name for row in machine.setups.times.values() for name in row)
        for name in (machine.setups.initial, *machine.setups.times, *others):
            names.setdefault(name, len(names))
    return names


def _rows(rows: list[list[tuple[int, ...]]], width: int) -> tuple[Ints, ...]:
    ptr = np.zeros(len(rows) + 1, np.int64)
    ptr[1:] = np.cumsum([len(row) for row in rows])
    return (ptr, *(_array(item[column] for row in rows for item in row) for column in range(width)))


def _array(values: Iterable[int]) -> Ints:
    return np.fromiter(values, np.int64)

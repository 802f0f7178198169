"""The load bound: flexible work shared out among machines as evenly as can be, as a linear program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, inf
from time import monotonic

import numpy as np
from ortools.linear_solver import pywraplp

from scheduler.bounds import priced_bound
from scheduler.domain import Instance, OperationKey
from scheduler.domain.horizon import heads, tails

MAX_MODES = 50_000
"""Modes beyond which the program takes longer than it is worth."""
MAX_HEADS = 256
"""Heads of a machine that are tried in one search for a broken line."""
MAX_ROUNDS = 8
"""Solutions of the program that are searched for broken lines."""
TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Line:
    """Work of a machine that has to fit between a head and a tail.

    ``capacity * (makespan - head - tail) >= sum of duration`` over those ``(operation, mode)`` that are done there.
    """

    machine: str
    head: int
    tail: int
    work: tuple[tuple[OperationKey, int], ...]


@dataclass(frozen=True, slots=True)
class _Work:
    """What can be done on a machine, the longest tails first."""

    machine: str
    capacity: int
    items: Sequence[tuple[OperationKey, int]]
    heads: np.ndarray
    tails: np.ndarray
    durations: np.ndarray


def load_bound(instance: Instance, seconds: float = inf) -> int:
    """Return a lower bound of the makespan from the load of the machines; see `load_lines` and `priced_bound`."""
    return load_lines(instance, seconds)[0] or priced_bound(instance)


def load_lines(instance: Instance, seconds: float = inf) -> tuple[int, tuple[Line, ...]]:
    """Return a lower bound of the makespan, and the lines that make it so high: what is known after so many seconds.

    Minimise C such that every operation is split among its modes, ``sum_k x_ok = 1``, and on each machine m, for any
    head h and tail t, the operations with no smaller head and no shorter tail fit between the two::

        h + sum duration_ok x_ok / capacity_m + t <= C

    The lines are added as they are broken. Where no operation has a choice this is the bound of one machine with heads
    and tails without the order (Carlier 1982). Operations of jobs with alternative plans are left out. The line of a
    machine that stays empty is harmless: head and tail are at most those of some operation that is done elsewhere.
    """
    deadline = monotonic() + seconds
    works = _works(instance) if instance.num_modes <= MAX_MODES else []
    if not works:
        return 0, ()
    solver = pywraplp.Solver.CreateSolver("GLOP")
    makespan = solver.NumVar(0.0, solver.infinity(), "makespan")
    shares: dict[tuple[OperationKey, int], pywraplp.Variable] = {}
    by_operation: dict[OperationKey, list[pywraplp.Variable]] = {}
    for work in works:
        for item in work.items:
            shares[item] = solver.NumVar(0.0, 1.0, "")
            by_operation.setdefault(item[0], []).append(shares[item])
    for split in by_operation.values():
        row = solver.Constraint(1.0, 1.0)
        for share in split:
            row.SetCoefficient(share, 1.0)
    solver.Minimize(makespan)
    lines: list[Line] = []
    new = [_line(work, int(work.heads.min()), int(work.tails.min())) for work in works]
    value = 0.0
    for _ in range(MAX_ROUNDS):
        for line in new:
            capacity = instance.machine_by_id[line.machine].capacity
            row = solver.Constraint(-solver.infinity(), -float(capacity * (line.head + line.tail)))
            row.SetCoefficient(makespan, -float(capacity))
            for item in line.work:
                row.SetCoefficient(shares[item], float(instance.least(instance.mode(*item))))
        lines += new
        if seconds < inf:
            left = deadline - monotonic()
            if left <= 0:
                break  # the program would not even be handed over in a moment
            solver.SetTimeLimit(max(1, int(1000 * left)))
        if solver.Solve() != pywraplp.Solver.OPTIMAL:
            break
        value = float(solver.Objective().Value())
        new = []
        for work in works:
            done = np.array([shares[item].solution_value() for item in work.items])
            new.extend(_broken(work, done, value))
        if not new:
            break
    return ceil(value - TOLERANCE * max(1.0, value)), tuple(lines)


def _works(instance: Instance) -> list[_Work]:
    earliest, left = heads(instance), tails(instance)
    planned = {job.id for job in instance.jobs if job.plans}
    found: dict[str, list[tuple[int, int, int, OperationKey, int]]] = {}
    for key, operation in instance.operation_by_key.items():
        if key[0] in planned:
            continue
        tail = left[key] - min(map(instance.least, operation.modes))
        for number, mode in enumerate(operation.modes):
            found.setdefault(mode.machine, []).append((-tail, earliest[key], instance.least(mode), key, number))
    works = []
    for machine, rows in found.items():
        rows.sort()
        works.append(
            _Work(
                machine,
                instance.machine_by_id[machine].capacity,
                [(key, number) for *_, key, number in rows],
                np.array([head for _, head, *_ in rows]),
                np.array([-tail for tail, *_ in rows]),
                np.array([duration for _, _, duration, *_ in rows]),
            )
        )
    return works


def _broken(work: _Work, done: np.ndarray, makespan: float) -> Iterator[Line]:
    """Yield the line that is broken most by these shares of the operations on the machine."""
    candidates = np.unique(work.heads)
    candidates = candidates[:: -(-candidates.size // MAX_HEADS)]
    inside = work.heads[None, :] >= candidates[:, None]
    load = np.cumsum(inside * (work.durations * done), axis=1) / work.capacity
    ends = np.where(inside, candidates[:, None] + load + work.tails[None, :], 0)
    row, column = np.unravel_index(int(np.argmax(ends)), ends.shape)
    if ends[row, column] > makespan + max(0.5, TOLERANCE * makespan):
        yield _line(work, int(candidates[row]), int(work.tails[column]))


def _line(work: _Work, head: int, tail: int) -> Line:
    rows = zip(work.items, work.heads, work.tails, strict=True)
    return Line(work.machine, head, tail, tuple(item for item, h, t in rows if h >= head and t >= tail))

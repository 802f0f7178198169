"""The load bound: flexible work shared out among machines as evenly as can be, as a linear program."""

from __future__ import annotations

from math import ceil

from ortools.linear_solver import pywraplp

from scheduler.domain import Instance
from scheduler.domain.horizon import heads, tails

MAX_MODES = 50_000
"""Modes beyond which the program takes longer than it is worth."""


def load_bound(instance: Instance) -> int:
    """Return a lower bound of the makespan from the load of the machines.

    Minimise C such that every operation is split among its modes, ``sum_k x_ok = 1``, and the work of each machine m
    fits between its earliest head and its shortest tail: ``head_m + sum duration_ok x_ok / capacity_m + tail_m <= C``.
    Operations of jobs with alternative plans are left out. The row of a machine that stays empty is harmless: head and
    tail are at most those of some operation that is done elsewhere.
    """
    planned = {job.id for job in instance.jobs if job.plans}
    operations = {key: o for key, o in instance.operation_by_key.items() if key[0] not in planned}
    if not operations or sum(len(o.modes) for o in operations.values()) > MAX_MODES:
        return 0
    earliest, left = heads(instance), tails(instance)
    solver = pywraplp.Solver.CreateSolver("GLOP")
    makespan = solver.NumVar(0.0, solver.infinity(), "makespan")
    loads: dict[str, list[tuple[int, pywraplp.Variable]]] = {}
    head: dict[str, int] = {}
    tail: dict[str, int] = {}
    for key, operation in operations.items():
        shortest = min(mode.duration for mode in operation.modes)
        shares = []
        for mode in operation.modes:
            share = solver.NumVar(0.0, 1.0, "")
            shares.append(share)
            loads.setdefault(mode.machine, []).append((mode.duration, share))
            head[mode.machine] = min(head.get(mode.machine, earliest[key]), earliest[key])
            tail[mode.machine] = min(tail.get(mode.machine, left[key] - shortest), left[key] - shortest)
        solver.Add(sum(shares) == 1)
    for machine, load in loads.items():
        capacity = instance.machine_by_id[machine].capacity
        spare = capacity * (makespan - head[machine] - tail[machine])
        solver.Add(sum(duration * share for duration, share in load) <= spare)
    solver.Minimize(makespan)
    if solver.Solve() != pywraplp.Solver.OPTIMAL:
        return 0
    value = solver.Objective().Value()
    return ceil(float(value) - 1e-6 * max(1.0, float(value)))

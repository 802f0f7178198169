"""Other solvers for the plain flexible job shop: a textbook CP-SAT model, and PyJobShop.

Objectives: makespan, total and weighted tardiness. Each gets the whole time limit for its search; building the model is
not deducted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import chain
from math import ceil
from typing import TYPE_CHECKING

from scheduler.domain import Instance, Job, Schedule, ScheduledOperation
from scheduler.domain.calendar import Calendar
from scheduler.domain.derive import complete

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel, IntVar

OBJECTIVES = ("makespan", "total_tardiness", "weighted_tardiness")


@dataclass(frozen=True)
class Answer:
    """What a solver returned; `history` has the seconds and value of each better schedule, if the solver tells."""

    status: str
    schedule: Schedule | None
    value: int | None
    bound: int | None
    history: tuple[tuple[float, int], ...] = ()


class Unsupported(Exception):
    """The instance has more than a plain flexible job shop, or the objective is none of `OBJECTIVES`."""


def cpsat(instance: Instance, objective: str, time_limit: float, workers: int, seed: int) -> Answer:
    """Minimise the objective with the model of every textbook.

    An optional interval for each mode, exactly one of an operation's present; no overlap on a machine; precedences;
    makespan or tardiness not below what every end demands; horizon: sum of the longest durations. No hint, no redundant
    constraint.
    """
    from ortools.sat.python import cp_model

    began_at = time.perf_counter()
    require_plain(instance, objective)
    model = cp_model.CpModel()
    operations = instance.operation_by_key
    horizon = sum(max(mode.duration for mode in operation.modes) for operation in operations.values())
    starts, ends, presences = {}, {}, {}
    on_machine: dict[str, list[cp_model.IntervalVar]] = {machine.id: [] for machine in instance.machines}
    for key, operation in operations.items():
        starts[key] = model.new_int_var(0, horizon, f"start {key}")
        ends[key] = model.new_int_var(0, horizon, f"end {key}")
        presences[key] = [model.new_bool_var(f"{key} on {mode.machine}") for mode in operation.modes]
        for mode, presence in zip(operation.modes, presences[key], strict=True):
            interval = model.new_optional_interval_var(
                starts[key], mode.duration, ends[key], presence, f"{key} on {mode.machine}"
            )
            on_machine[mode.machine].append(interval)
        model.add_exactly_one(presences[key])
    for intervals in on_machine.values():
        model.add_no_overlap(intervals)
    for job in instance.jobs:
        for link in job.precedences:
            model.add(starts[job.id, link.successor] >= ends[job.id, link.predecessor])
    _minimise(model, instance, objective, ends, horizon)

    history: list[tuple[float, int]] = []

    class Recorder(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            history.append((time.perf_counter() - began_at, round(self.objective_value)))

    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = time_limit
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = seed
    status = solver.status_name(solver.solve(model, Recorder())).lower()
    if status not in ("optimal", "feasible"):
        return Answer(status, None, None, _whole(solver.best_objective_bound))
    choices = {key: [solver.boolean_value(p) for p in presences[key]].index(True) for key in operations}
    schedule = _schedule(instance, choices, {key: solver.value(start) for key, start in starts.items()})
    value, bound = round(solver.objective_value), _whole(solver.best_objective_bound)
    return Answer(status, schedule, value, bound, tuple(history))


def _minimise(
    model: CpModel, instance: Instance, objective: str, ends: dict[tuple[str, str], IntVar], horizon: int
) -> None:
    if objective == "makespan":
        makespan = model.new_int_var(0, horizon, "makespan")
        for end in ends.values():
            model.add(makespan >= end)
        model.minimize(makespan)
        return
    costs = []
    for job in instance.jobs:
        if job.due_date is not None:
            tardiness = model.new_int_var(0, horizon, f"tardiness of {job.id}")
            for operation in job.operations:
                model.add(tardiness >= ends[job.id, operation.id] - job.due_date)
            costs.append(_cost(job, objective) * tardiness)
    model.minimize(sum(costs))


def pyjobshop(instance: Instance, objective: str, time_limit: float, workers: int, seed: int) -> Answer:
    """Minimise the objective with PyJobShop's model and its default solver."""
    from pyjobshop import Model  # type: ignore[import-untyped,import-not-found,unused-ignore]

    require_plain(instance, objective)
    model = Model()
    machines = {machine.id: model.add_machine(name=machine.id) for machine in instance.machines}
    tasks, first_modes, num_modes = {}, {}, 0
    for job in instance.jobs:
        their_job = model.add_job(weight=_cost(job, objective), due_date=job.due_date, name=job.id)
        for operation in job.operations:
            tasks[job.id, operation.id] = task = model.add_task(their_job)
            first_modes[job.id, operation.id] = num_modes
            num_modes += len(operation.modes)
            for mode in operation.modes:
                model.add_mode(task, machines[mode.machine], mode.duration)
        for link in job.precedences:
            model.add_end_before_start(tasks[job.id, link.predecessor], tasks[job.id, link.successor])
    if objective != "makespan":
        model.set_objective(weight_total_tardiness=1)
    result = model.solve(time_limit=time_limit, display=False, num_workers=workers, random_seed=seed)
    status = {"Optimal": "optimal", "Feasible": "feasible", "Infeasible": "infeasible"}.get(result.status, "unknown")
    if status not in ("optimal", "feasible"):
        return Answer(status, None, None, None)
    found = dict(zip(tasks, result.best.tasks, strict=True))
    choices = {key: task.mode - first_modes[key] for key, task in found.items()}
    schedule = _schedule(instance, choices, {key: task.start for key, task in found.items()})
    return Answer(status, schedule, round(result.objective), _whole(result.lower_bound))


def _cost(job: Job, objective: str) -> int:
    """Return what a tick of tardiness costs."""
    return job.weight if objective == "weighted_tardiness" else 1


def require_plain(instance: Instance, objective: str) -> None:
    """Raise `Unsupported` where the instance has a rule beyond modes, precedences and one operation at a time."""
    if objective not in OBJECTIVES:
        raise Unsupported(f"objective {objective}")
    plant = [
        (instance.cells or instance.fleets or len({machine.facility for machine in instance.machines}) > 1, "moves"),
        (instance.operators, "operators"),
        (instance.execution is not None, "execution"),
        (any(machine.capacity > 1 for machine in instance.machines), "capacities"),
        (any(machine.setups is not None for machine in instance.machines), "setups"),
        (any(machine.calendar != Calendar() for machine in instance.machines), "calendars"),
    ]
    links = [link for job in instance.jobs for link in job.precedences]
    jobs = [
        (any(job.release_date for job in instance.jobs), "release dates"),
        (any(job.deadline is not None for job in instance.jobs), "deadlines"),
        (any(job.plans for job in instance.jobs), "plans"),
        (any(link.min_lag or link.max_lag is not None for link in links), "lags"),
    ]
    features = [feature for has_it, feature in chain(plant, jobs) if has_it]
    if features:
        raise Unsupported(f"no plain flexible job shop: {', '.join(features)}")


def _schedule(instance: Instance, choices: dict[tuple[str, str], int], starts: dict[tuple[str, str], int]) -> Schedule:
    """Return the schedule with these modes and starts."""
    scheduled = []
    for key, choice in choices.items():
        mode = instance.mode(key, choice)
        scheduled.append(ScheduledOperation(*key, choice, mode.machine, starts[key], starts[key] + mode.duration))
    return complete(instance, scheduled)


def _whole(bound: float) -> int:
    """Return the least whole number that the bound allows."""
    return ceil(bound - 1e-6)

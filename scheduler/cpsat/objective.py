"""Objective terms as CP-SAT expressions: one function per term, the counterpart of `scheduler.terms`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from scheduler.bounds import simple_bound
from scheduler.cpsat.context import ModelContext
from scheduler.cpsat.load import load_lines
from scheduler.domain import Job, OperationKey, ScheduledOperation, Tier

Expr = Any


def tier_expression(ctx: ModelContext, tier: Tier, built: dict[str, Expr]) -> Expr:
    """Return ``scale * sum_k weight_k * term_k`` with integer coefficients; `built` keeps terms already modelled."""
    total: Expr = 0
    for name, weight in tier.weights:
        if name not in built:
            built[name] = EXPRESSIONS[name](ctx)
        total = total + int(weight * tier.scale) * built[name]
    return total


def _makespan(ctx: ModelContext) -> Expr:
    makespan = ctx.new_int(0, ctx.horizon, "makespan", lambda view: view.schedule.makespan)
    for job in ctx.instance.jobs:
        for end, *literals in ctx.last_ends(job):
            ctx.enforce(ctx.model.add(makespan >= end), *literals)
    if ctx.has_loads:
        _post_loads(ctx, makespan)
    return makespan


def _post_loads(ctx: ModelContext, makespan: Expr) -> None:
    """Post that everything a machine or carrier does fits between its earliest head and shortest tail.

    Redundant, ``makespan >= min head + sum time * literal + min tail``, yet it lifts the bound of flexible
    instances far (by half on the large ones of Dauzere-Peres and Paulli). Setups and empty moves count too.
    """
    earliest, left = ctx.heads, ctx.tails
    for machine in ctx.instance.machines:
        work = ctx.operations_on(machine.id)
        if not work:
            continue
        head = min(earliest[key] for key, _ in work)
        shortest = {key: min(map(ctx.instance.least, ctx.instance.operation_by_key[key].modes)) for key, _ in work}
        tail = min(left[key] - time for key, time in shortest.items())
        load = sum(ctx.lengths.least(key, mode) * ctx.modes(key)[mode] for key, mode in work)
        if machine.capacity > 1:
            ctx.model.add(machine.capacity * (makespan - head - tail) >= load)
        else:
            # The setup for the first operation may be done before its head: it is left out by keeping only the tail.
            setups = ctx.loads.get(machine.id, [])
            before = 0 if setups else head
            ctx.model.add(makespan - before - tail >= load + sum(time * literal for time, literal in setups))
    if ctx.kept is None:
        # Subproblems are solved sooner than these lines are found.
        bound, lines = load_lines(ctx.instance, ctx.load_seconds)
        ctx.loads_bind = bound > simple_bound(ctx.instance)
        for line in lines:
            capacity = ctx.instance.machine_by_id[line.machine].capacity
            load = sum(ctx.lengths.least(key, mode) * ctx.modes(key)[mode] for key, mode in line.work)
            ctx.model.add(capacity * (makespan - line.head - line.tail) >= load)
    for carrier in ctx.instance.carrier_by_id:
        if carrier in ctx.loads:
            ctx.model.add(makespan >= sum(time * literal for time, literal in ctx.loads[carrier]))
    for fleet in ctx.instance.fleets:
        if fleet.id in ctx.loads:
            busy = sum(time * literal for time, literal in ctx.loads[fleet.id])
            ctx.model.add(len(fleet.vehicles) * makespan >= busy)


def _due_jobs(ctx: ModelContext) -> list[tuple[Job, int]]:
    return [(job, job.due_date) for job in ctx.instance.jobs if job.due_date is not None]


def _tardiness(ctx: ModelContext, job: Job, due_date: int) -> Expr:
    key = f"tardiness[{job.id}]"
    if key not in ctx.memo:
        latest = max(0, ctx.latest_completion(job.id) - due_date)
        tardiness = ctx.new_int(0, latest, key, lambda view: max(0, view.completion(job.id) - due_date))
        ctx.model.add(tardiness >= ctx.completion(job) - due_date)
        ctx.memo[key] = tardiness
    return ctx.memo[key]


def _total_tardiness(ctx: ModelContext) -> Expr:
    return sum(_tardiness(ctx, job, due) for job, due in _due_jobs(ctx))


def _weighted_tardiness(ctx: ModelContext) -> Expr:
    return sum(job.weight * _tardiness(ctx, job, due) for job, due in _due_jobs(ctx))


def _maximum_tardiness(ctx: ModelContext) -> Expr:
    jobs = _due_jobs(ctx)
    maximum = ctx.new_int(
        0,
        ctx.horizon,
        "maximum_tardiness",
        lambda view: max((max(0, view.completion(job.id) - due) for job, due in jobs), default=0),
    )
    for job, due in jobs:
        ctx.model.add(maximum >= ctx.completion(job) - due)
    return maximum


def _number_tardy(ctx: ModelContext) -> Expr:
    tardy = []
    for job, due in _due_jobs(ctx):
        late = ctx.new_bool(f"late[{job.id}]", lambda view, job=job, due=due: view.completion(job.id) > due)
        ctx.model.add(ctx.completion(job) <= due).only_enforce_if(late.negated())
        tardy.append(late)
    return sum(tardy)


def _flow_time(ctx: ModelContext) -> Expr:
    return sum(ctx.completion(job) - job.release_date for job in ctx.instance.jobs)


def _cycle_time(ctx: ModelContext) -> Expr:
    return 0 if ctx.instance.cycle is None else ctx.cycle_time


def _setup_time(ctx: ModelContext) -> Expr:
    return sum(length * arc for arc, length in ctx.setup_arcs)


def _transfer_count(ctx: ModelContext) -> Expr:
    return sum(trip.leader for trips in ctx.trips.values() for trip in trips)


def _transfer_cost(ctx: ModelContext) -> Expr:
    lanes = ctx.instance.lane_by_id
    trips = [(lanes[lane], trip) for lane, trips in ctx.trips.items() for trip in trips]
    return sum(
        lane.trip_cost * trip.leader + lane.unit_cost * trip.option.units * trip.option.literal for lane, trip in trips
    )


def _transfer_co2(ctx: ModelContext) -> Expr:
    lanes = ctx.instance.lane_by_id
    return sum(lanes[lane].trip_co2 * trip.leader for lane, trips in ctx.trips.items() for trip in trips)


def _pending(ctx: ModelContext) -> list[ScheduledOperation]:
    """Return the baseline operations that were pending at `now` and are still to be done."""
    execution = ctx.instance.execution
    if execution is None:
        return []
    known = ctx.instance.operation_by_key
    return [o for o in execution.baseline.operations if o.start >= execution.now and o.key in known]


def _start_deviation(ctx: ModelContext) -> Expr:
    deviations = []
    for old in _pending(ctx):
        key = old.key
        deviation = ctx.new_int(
            0,
            max(ctx.horizon, old.start),  # a baseline may end long after what is of interest now
            f"deviation[{key[0]}.{key[1]}]",
            lambda view, key=key, old=old: abs(view.start(key, old.start) - old.start),
        )
        ctx.enforce(ctx.model.add(deviation >= ctx.start(key) - old.start), ctx.present(key))
        ctx.enforce(ctx.model.add(deviation >= old.start - ctx.start(key)), ctx.present(key))
        deviations.append(deviation)
    return sum(deviations)


def _reassignments(ctx: ModelContext) -> Expr:
    return sum(ctx.present(old.key) - _on(ctx, old.key, old.machine) for old in _pending(ctx))


def _on(ctx: ModelContext, key: OperationKey, machine: str) -> Expr:
    """Return 1 if the operation is done on the machine, else 0."""
    modes = ctx.instance.operation_by_key[key].modes
    return sum(literal for mode, literal in zip(modes, ctx.modes(key), strict=True) if mode.machine == machine)


def _sequence_changes(ctx: ModelContext) -> Expr:
    execution = ctx.instance.execution
    if execution is None:
        return 0
    known = ctx.instance.operation_by_key
    changes = []
    for machine, operations in execution.baseline.by_machine.items():
        for a, b in pairwise(operations):
            if a.key not in known or b.key not in known or b.start < execution.now:
                continue
            changed = ctx.new_bool(
                f"swapped[{a.job}.{a.operation},{b.job}.{b.operation}]",
                lambda view, a=a.key, b=b.key, machine=machine: not _in_order(view.sequence(machine), a, b),
            )
            kept = changed.negated()
            ctx.model.add(ctx.start(b.key) >= ctx.start(a.key)).only_enforce_if(kept)
            for key in (a.key, b.key):
                ctx.model.add(_on(ctx, key, machine) == 1).only_enforce_if(kept)
            changes.append(changed)
    return sum(changes)


def _in_order(sequence: list[OperationKey], a: OperationKey, b: OperationKey) -> bool:
    return a in sequence and b in sequence and sequence.index(a) < sequence.index(b)


def _promised_tardiness(ctx: ModelContext) -> Expr:
    """Press a variable for each job of the baseline down to how much later than there it is completed."""
    if ctx.instance.execution is None:
        return 0
    late = []
    for job_id, promised in ctx.instance.execution.baseline.completions.items():
        if job_id not in ctx.instance.job_by_id:
            continue
        tardiness = ctx.new_int(
            0,
            max(0, ctx.latest_completion(job_id) - promised),
            f"promised_tardiness[{job_id}]",
            lambda view, job_id=job_id, promised=promised: max(0, view.completion(job_id) - promised),
        )
        ctx.model.add(tardiness >= ctx.completion(ctx.instance.job_by_id[job_id]) - promised)
        late.append(tardiness)
    return sum(late)


EXPRESSIONS: Mapping[str, Callable[[ModelContext], Expr]] = {
    "makespan": _makespan,
    "total_tardiness": _total_tardiness,
    "weighted_tardiness": _weighted_tardiness,
    "maximum_tardiness": _maximum_tardiness,
    "number_tardy": _number_tardy,
    "flow_time": _flow_time,
    "cycle_time": _cycle_time,
    "setup_time": _setup_time,
    "transfer_count": _transfer_count,
    "transfer_cost": _transfer_cost,
    "transfer_co2": _transfer_co2,
    "start_deviation": _start_deviation,
    "reassignments": _reassignments,
    "sequence_changes": _sequence_changes,
    "promised_tardiness": _promised_tardiness,
}
"""The model face of every term in `scheduler.domain.objective.TERM_NAMES`."""

"""Hard limits that may be broken where nothing else helps. All else is physics.

They are deadlines, pins, maximum lags, the maximum dwell of parts, the minimum level of batteries, and the end of
shifts of robots, vehicles and lanes for which slow ways have made a move longer than every shift. A part that stays in
its bath for too long may be spoiled, but it is there, and something has to become of it. A vehicle below its minimum
wears its battery out, but it gets to a charger. An empty one goes nowhere by itself: a level below 0 says how much
charge it lacks, which somebody has to bring to it, or by how far it has to be towed. That is conceded last. A move that
runs beyond a shift needs somebody to stay, see `scheduler.rescheduling.overtime`.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from scheduler.checker import check
from scheduler.constraints import Violation, batteries, dwell
from scheduler.constraints.facts import place
from scheduler.domain import Instance, Job, OperationKey, Precedence, Schedule, ScheduledOperation
from scheduler.domain.happened import begun, execution_of, started
from scheduler.domain.horizon import horizon
from scheduler.rescheduling.lagging import least_lags
from scheduler.rescheduling.overtime import as_worked, may_need_overtime, need_overtime, with_overtime, without_shifts
from scheduler.rescheduling.soaking import least_dwells
from scheduler.rescheduling.stranded import at_chargers, left_behind

LONG_DWELL = 2**40
"""A dwell that nothing exceeds; work still begins when the part is put down."""


def unlimited(instance: Instance) -> Instance:
    """Return the instance without any limit that may be broken: what it forbids can't be done at all."""
    jobs = tuple(without_dwell(without_lags(replace(job, deadline=None))) for job in instance.jobs)
    execution = instance.execution
    instance = with_minimums(instance, dict.fromkeys(instance.battery_by_vehicle, lowest_with_help(instance)))
    instance = without_shifts(instance, may_need_overtime(instance))
    return replace(instance, jobs=jobs, execution=None if execution is None else replace(execution, pins=()))


def with_minimums(instance: Instance, levels: Mapping[str, int]) -> Instance:
    """Return the instance in which these vehicles have other minimum levels, none of them higher than before."""
    if not levels:
        return instance
    fleets = []
    for fleet in instance.fleets:
        vehicles = []
        for vehicle in fleet.vehicles:
            battery = vehicle.battery
            if battery is not None and vehicle.id in levels:
                least = min(battery.minimum, levels[vehicle.id])
                vehicle = replace(vehicle, battery=replace(battery, minimum=least))
            vehicles.append(vehicle)
        fleets.append(replace(fleet, vehicles=tuple(vehicles)))
    return replace(instance, fleets=tuple(fleets))


def lowest_with_help(instance: Instance) -> int:
    """Return a level that no vehicle comes to, also if none stops as its battery is empty.

    All that is left ends within twice the horizon, and a level falls by no more than the greatest drain in a tick.
    """
    drains = (max(b.drain_loaded, b.drain_empty, b.drain_idle) for b in instance.battery_by_vehicle.values())
    return -2 * horizon(instance) * max(drains) if instance.battery_by_vehicle else 0


def without_lags(job: Job, only: Container[str] | None = None) -> Job:
    """Return the job without maximum lags (default: behind all operations)."""

    def is_free(precedence: Precedence) -> bool:
        return precedence.max_lag is None or (only is not None and precedence.predecessor not in only)

    if all(is_free(p) for p in job.precedences):
        return job
    return replace(job, precedences=tuple(p if is_free(p) else replace(p, max_lag=None) for p in job.precedences))


def without_dwell(job: Job, limit: int | None = None, only: Container[str] | None = None) -> Job:
    """Return the job with another maximum dwell (default: none) in every mode (default: of all operations) with one."""
    operations = []
    for operation in job.operations:
        if (only is None or operation.id in only) and any(mode.max_dwell is not None for mode in operation.modes):
            modes = (mode if mode.max_dwell is None else replace(mode, max_dwell=limit) for mode in operation.modes)
            operation = replace(operation, modes=tuple(modes))
        operations.append(operation)
    same = all(new is old for new, old in zip(operations, job.operations, strict=True))
    return job if same else replace(job, operations=tuple(operations))


def without_begun(instance: Instance) -> Instance:
    """Return the instance without the maximum lags and dwells of operations that have begun or await a part under way.

    All that is pending can wait until it keeps its own.
    """
    jobs = []
    for job in instance.jobs:
        there = begun(instance, job)
        if there:
            job = without_lags(without_dwell(job, LONG_DWELL, there), there)
        jobs.append(job)
    same = all(new is old for new, old in zip(jobs, instance.jobs, strict=True))
    return instance if same else replace(instance, jobs=tuple(jobs))


def conceded(instance: Instance, schedule: Schedule) -> Instance:
    """Return the instance in which every limit that the schedule breaks is where the schedule has it.

    A deadline is the completion there, a maximum lag or dwell is what it is there, the minimum of a battery the lowest
    level there; a pin that is not kept is where the operation is there; what runs beyond a shift may do so then. So a
    schedule for it breaks the same limits as this one, none of them further, and no other.
    """
    dwells = dwells_of(instance, schedule)
    jobs = tuple(_conceded(job, schedule, dwells) for job in instance.jobs)
    execution = instance.execution
    if execution is not None:
        there = schedule.by_operation
        pins = tuple(replace(there[pin.key], tended_by=pin.tended_by) for pin in execution.pins if pin.key in there)
        execution = replace(execution, pins=pins)
    instance = with_minimums(as_worked(instance, schedule), batteries.lowest_levels(instance, schedule))
    return replace(instance, jobs=jobs, execution=execution)


def dwells_of(instance: Instance, schedule: Schedule) -> dict[OperationKey, int | None]:
    """Return how long parts stay that stay for too long; None where no limit helps: work begins too late."""
    exceeded = _dwell_excess(instance, schedule)
    found: dict[OperationKey, int | None] = {}
    for key, excess in exceeded.items():
        limit = instance.mode(key, schedule.by_operation[key].mode).max_dwell
        found[key] = None if limit is None else limit + excess
    longer = replace(instance, jobs=tuple(_soaking(job, schedule, found) for job in instance.jobs))
    return {**found, **dict.fromkeys(_dwell_excess(longer, schedule) if found else ())}


def _dwell_excess(instance: Instance, schedule: Schedule) -> dict[OperationKey, int]:
    """Return by how much operations break the rule about dwell, at the most."""
    violations, found = list(dwell.violations(instance, schedule)), dict[OperationKey, int]()
    by_place = {place(operation): operation.key for operation in schedule.operations} if violations else {}
    for violation in violations:
        key = by_place[violation.where]
        found[key] = max(found.get(key, 0), violation.amount)
    return found


def _soaking(job: Job, schedule: Schedule, dwells: Mapping[OperationKey, int | None]) -> Job:
    """Return the job with these maximum dwells in the modes of a schedule."""
    if not any(key[0] == job.id for key in dwells):
        return job
    operations = []
    for operation in job.operations:
        key = (job.id, operation.id)
        if key in dwells:
            used = schedule.by_operation[key].mode
            modes = enumerate(operation.modes)
            longer = tuple(replace(mode, max_dwell=dwells[key]) if n == used else mode for n, mode in modes)
            operation = replace(operation, modes=longer)
        operations.append(operation)
    return replace(job, operations=tuple(operations))


def _conceded(job: Job, schedule: Schedule, dwells: Mapping[OperationKey, int | None]) -> Job:
    completion = schedule.completions.get(job.id, 0)
    deadline = None if job.deadline is None else max(job.deadline, completion)
    precedences = []
    for p in job.precedences:
        lag = _lag(job, p, schedule.by_operation)
        is_broken = p.max_lag is not None and lag is not None and lag > p.max_lag
        precedences.append(replace(p, max_lag=lag) if is_broken else p)
    return _soaking(replace(job, deadline=deadline, precedences=tuple(precedences)), schedule, dwells)


def _lag(job: Job, precedence: Precedence, by_operation: Mapping[OperationKey, ScheduledOperation]) -> int | None:
    before = by_operation.get((job.id, precedence.predecessor))
    after = by_operation.get((job.id, precedence.successor))
    return None if before is None or after is None else after.start - before.end


def without_lost(instance: Instance) -> Instance:
    """Return the instance without the limits that are broken for good: whatever is done now, they can't be kept.

    A deadline that has passed before the job, as the baseline has it, is completed; a maximum lag that has passed since
    the end of the first of two operations before the second has started, or will have
    (`scheduler.rescheduling.lagging`); a maximum dwell that the past has exceeded, or
    that a part will exceed as nobody can fetch it sooner (`scheduler.rescheduling.soaking`);
    the minimum of vehicles that neither get to a charger nor make any transport with it, where a job needs one of them.
    It is then what one has at a charger to which it goes at once, below 0 only if 0 does not help. And the end of
    shifts, where a part can't go its way without a move that is longer than all of them.
    """
    execution, kept_operations = execution_of(instance), started(instance)
    now, baseline = execution.now, execution.baseline
    past = Schedule(tuple(kept_operations.values()), execution.moves)
    spoilt = dict[OperationKey, int | None](dict.fromkeys(least_dwells(instance), LONG_DWELL))
    spoilt |= dict.fromkeys(_dwell_excess(instance, past))
    lagging = least_lags(instance)
    jobs = []
    for job in instance.jobs:
        deadline = job.deadline
        if deadline is not None and deadline < now and baseline.completions.get(job.id, 0) > deadline:
            deadline = None
        precedences = []
        for p in job.precedences:
            before, after = kept_operations.get((job.id, p.predecessor)), kept_operations.get((job.id, p.successor))
            if p.max_lag is not None and before is not None and before.end <= now:
                is_planned = after is not None or (job.id, p.successor) in baseline.by_operation
                if is_planned and (now if after is None else after.start) - before.end > p.max_lag:
                    p = replace(p, max_lag=None)
            if (job.id, p.predecessor, p.successor) in lagging:
                p = replace(p, max_lag=None)
            precedences.append(p)
        kept = deadline == job.deadline and tuple(precedences) == job.precedences
        job = job if kept else replace(job, deadline=deadline, precedences=tuple(precedences))
        jobs.append(_soaking(job, past, spoilt))
    if instance.battery_by_vehicle:
        there = at_chargers(instance)
        instance = with_minimums(instance, {vehicle: max(0, there[vehicle]) for vehicle in left_behind(instance)})
        instance = with_minimums(instance, {vehicle: there[vehicle] for vehicle in left_behind(instance)})
    instance = with_overtime(instance, need_overtime(instance))
    if all(now_ is was for now_, was in zip(jobs, instance.jobs, strict=True)):
        return instance
    return replace(instance, jobs=tuple(jobs))


def intolerable(
    instance: Instance, schedule: Schedule, known: Sequence[Violation]
) -> tuple[tuple[Violation, ...], tuple[Violation, ...]]:
    """Return the violations that are not `known` or that nobody may concede, and known ones that there are not."""
    found = check(instance, schedule)
    if not found and not known:
        return (), ()
    physical = check(unlimited(instance), schedule)
    stated = {(v.rule, v.where, v.amount) for v in known}
    actual = {(v.rule, v.where, v.amount) for v in found}
    bad = (v for v in found if v not in physical and (v.rule, v.where, v.amount) not in stated)
    return (*physical, *bad), tuple(v for v in known if (v.rule, v.where, v.amount) not in actual)

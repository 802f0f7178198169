"""Degrade honestly: where no schedule keeps every hard limit, the one that breaks them least, and which it breaks.

Limits that may be broken are deadlines, pins, maximum lags, dwells, the minimum levels of batteries and, where a move
is longer than every one, the ends of shifts (`scheduler.rescheduling.concessions`). The schedule is never passed off as
a right one: what it breaks goes with it wherever it goes, as the checker says it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from scheduler.checker import check
from scheduler.constraints import Violation, batteries
from scheduler.domain import Instance, Job, Objective, OperationKey, Schedule
from scheduler.domain.happened import execution_of, with_battery
from scheduler.rescheduling.case import SHORTEST, Case
from scheduler.rescheduling.concessions import (
    LONG_DWELL,
    conceded,
    dwells_of,
    lowest_with_help,
    with_minimums,
    without_begun,
    without_dwell,
    without_lags,
    without_lost,
)
from scheduler.rescheduling.lagging import Way, least_lags
from scheduler.rescheduling.overtime import may_need_overtime, narrowed, with_calendars_of, with_overtime
from scheduler.rescheduling.right_shift import shift
from scheduler.rescheduling.safety_net import constructed, patience
from scheduler.rescheduling.soaking import least_dwells
from scheduler.terms import value_terms

OBJECTIVE = Objective.parse("total_tardiness > start_deviation")
"""Of the search in which deadlines are due dates, the only ones."""

_MOMENT = 0.1
"""Seconds of processor time for one try to break a limit by less."""
_SEARCH_SHARE = 0.5
"""Part of the time left in which less lateness is searched; the rest is for the objective."""


@dataclass(frozen=True)
class Degraded:
    """A schedule that breaks hard limits, and every violation as the checker states it; the terms are its values."""

    schedule: Schedule
    broken: tuple[Violation, ...]
    terms: Mapping[str, int]

    @classmethod
    def of(cls, instance: Instance, schedule: Schedule) -> Degraded:
        """Return the schedule with what it breaks."""
        return cls(schedule, check(instance, schedule), value_terms(instance, schedule))

    @property
    def excess(self) -> int:
        """By how much limits are broken, in all."""
        return sum(violation.amount for violation in self.broken)

    def __str__(self) -> str:
        return "\n".join(str(violation) for violation in self.broken)


def degraded(case: Case, *, is_searched: bool = True) -> Degraded | None:
    """Return the least violating schedule of a case without any, None if not even the other limits suffice.

    What is broken for good is given up first, then deadlines: the right shift without them, else what construction
    finds, and in half of the time that is left a search for the least total lateness (only where there is no right
    shift, unless `is_searched`). Then vehicles that can't charge may run below their minimum as little as they have to,
    down to an empty battery. Where a pin or a maximum lag is in the way of every right shift, pins are given up too,
    then maximum lags: first those that the baseline breaks, as far as it does, then maximum dwells, and where moves are
    too long for them the ends of shifts. At last vehicles go on with an empty battery, which needs help. Of several
    schedules the one with the least total excess is taken, and its overtime, lags, dwells and levels are brought as
    near to their limits as right shifts can.

    Construction does not ask for the time, but for its `patience`: where nothing else is left, a plan that comes a
    little late is better than none.
    """
    baseline = execution_of(case.instance).baseline
    relaxations, is_over = list(_relaxations(case.instance)), patience()
    for number, (relaxed, lowest) in enumerate(relaxations, start=1):
        placed = shift(relaxed, baseline, lowest=lowest).placed
        if lowest is not None:
            levels = dict.fromkeys(relaxed.battery_by_vehicle, lowest)
            relaxed = with_minimums(relaxed, levels if placed is None else batteries.lowest_levels(relaxed, placed))
        if placed is not None and check(relaxed, placed):
            placed = None
        is_shifted = placed is not None
        if placed is None:
            placed = _constructed(case, relaxed, patience() if number == len(relaxations) else is_over)
        found = [] if placed is None else [placed]
        if not is_shifted or (is_searched and placed is not None and _is_late(case.instance, placed)):
            searched = _searched(case, relaxed, placed)
            found += [] if searched is None else [searched]
        candidates = [Degraded.of(case.instance, s) for s in found if s is placed or not check(relaxed, s)]
        if candidates:
            return _shortened(case, relaxed, min(candidates, key=lambda candidate: candidate.excess), is_over)
    return None


def _shortened(case: Case, relaxed: Instance, least: Degraded, is_over: Callable[[], bool]) -> Degraded:
    """Return the schedule in which one lag, dwell or level after the other is broken as little as right shifts can.

    First comes what runs beyond shifts, see `_on_shift`. A right shift starts everything as early as it can, so that a
    lag which nobody limits is as long as it comes. For each that is broken, the furthest first, the least limit with a
    right shift of no more excess in all is sought by bisection, from what is proved to be broken of it. Where orders
    lead to none, construction stands in for it, for a moment each time and until its patience `is_over`.
    """
    baseline, wanted = execution_of(case.instance).baseline, case.instance
    relaxed, least = _on_shift(case, relaxed, least, is_over)
    dwells, lags = least_dwells(wanted), least_lags(wanted)
    known = [(_proved(limit, dwells, lags), limit) for limit in _broken_limits(wanted, least.schedule)]
    for low, limit in sorted(known, key=lambda item: item[0] - item[1].excess):
        high = limit.excess  # high is possible, low is not known to be
        while low < high and case.left > SHORTEST:
            middle = (low + high) // 2
            given = limit.exceeded_by(conceded(wanted, least.schedule), middle)
            jobs = tuple(replace(job, deadline=relaxed.job_by_id[job.id].deadline) for job in given.jobs)
            trial = replace(relaxed, jobs=jobs, fleets=with_calendars_of(given, relaxed).fleets)
            placed = shift(trial, baseline).placed or _constructed(case, trial, patience(_MOMENT, is_over))
            found = None if placed is None or check(trial, placed) else Degraded.of(wanted, placed)
            if found is not None and found.excess < least.excess:
                least, high = found, middle
            else:
                low = middle + 1
    return least


def _proved(limit: _Lag | _Dwell | _Level, dwells: Mapping[OperationKey, int], lags: Mapping[Way, int]) -> int:
    """Return by how much a limit is broken whatever is done."""
    least = 0
    if isinstance(limit, _Dwell):
        least = dwells.get((limit.job, limit.operation), 0) - limit.allowed
    elif isinstance(limit, _Lag):
        least = lags.get((limit.job, limit.operation, limit.successor), 0) - limit.allowed
    return max(0, least)


def _on_shift(case: Case, relaxed: Instance, least: Degraded, is_over: Callable[[], bool]) -> tuple[Instance, Degraded]:
    """Return the schedule in which no more runs beyond shifts than has to, and the instance with as much overtime.

    Shifts are closed again one after the other where something runs beyond them that would fit into another.
    """
    baseline, found = execution_of(case.instance).baseline, (relaxed, least)
    current = least.schedule
    while case.left > SHORTEST and (trial := narrowed(case.instance, relaxed, current)) is not None:
        placed = shift(trial, baseline).placed or _constructed(case, trial, is_over)
        if placed is None or check(trial, placed):
            break
        relaxed, current = trial, placed
        candidate = Degraded.of(case.instance, placed)
        found = (trial, candidate) if candidate.excess < found[1].excess else found
    return found


@dataclass(frozen=True)
class _Lag:
    """A maximum lag of a precedence that a schedule breaks."""

    job: str
    operation: str
    successor: str
    allowed: int
    excess: int

    def exceeded_by(self, instance: Instance, excess: int) -> Instance:
        """Return the instance with this limit so much further."""
        job = instance.job_by_id[self.job]
        way, limit = (self.operation, self.successor), self.allowed + excess
        precedences = (replace(p, max_lag=limit) if (p.predecessor, p.successor) == way else p for p in job.precedences)
        return _with_job(instance, replace(job, precedences=tuple(precedences)))


@dataclass(frozen=True)
class _Dwell:
    """The maximum dwell of an operation, in the mode that it has in a schedule that breaks it."""

    job: str
    operation: str
    mode: int
    allowed: int
    excess: int

    def exceeded_by(self, instance: Instance, excess: int) -> Instance:
        """Return the instance with this limit so much further."""
        job = instance.job_by_id[self.job]
        operation, limit = job.operation(self.operation), self.allowed + excess
        modes = (replace(m, max_dwell=limit) if n == self.mode else m for n, m in enumerate(operation.modes))
        changed = replace(operation, modes=tuple(modes))
        operations = tuple(changed if o.id == operation.id else o for o in job.operations)
        return _with_job(instance, replace(job, operations=operations))


@dataclass(frozen=True)
class _Level:
    """The minimum level of a vehicle that runs below it in a schedule."""

    vehicle: str
    minimum: int
    excess: int

    def exceeded_by(self, instance: Instance, excess: int) -> Instance:
        """Return the instance with this limit so much lower."""
        battery = instance.battery_by_vehicle[self.vehicle]
        return with_battery(instance, self.vehicle, replace(battery, minimum=self.minimum - excess))


def _with_job(instance: Instance, job: Job) -> Instance:
    return replace(instance, jobs=tuple(job if known.id == job.id else known for known in instance.jobs))


def _broken_limits(instance: Instance, schedule: Schedule) -> Iterator[_Lag | _Dwell | _Level]:
    """Yield the maximum lags and dwells and the minimum levels that a schedule breaks."""
    there = schedule.by_operation
    for job in instance.jobs:
        for p in job.precedences:
            before, after = there.get((job.id, p.predecessor)), there.get((job.id, p.successor))
            if p.max_lag is not None and before and after and after.start - before.end > p.max_lag:
                yield _Lag(job.id, p.predecessor, p.successor, p.max_lag, after.start - before.end - p.max_lag)
    for key, dwell in dwells_of(instance, schedule).items():
        allowed = instance.mode(key, there[key].mode).max_dwell
        if dwell is not None and allowed is not None:
            yield _Dwell(*key, there[key].mode, allowed, dwell - allowed)
    for vehicle, level in batteries.lowest_levels(instance, schedule).items():
        minimum = instance.battery_by_vehicle[vehicle].minimum
        yield _Level(vehicle, minimum, minimum - level)


def _relaxations(instance: Instance) -> Iterator[tuple[Instance, int | None]]:
    """Yield the instance with ever fewer limits, with the level down to which vehicles may run below their minimum."""
    relaxed, lowest = without_lost(instance), None
    if relaxed is not instance:
        yield relaxed, None
    if any(job.deadline is not None for job in relaxed.jobs):
        relaxed = replace(relaxed, jobs=tuple(replace(job, deadline=None) for job in relaxed.jobs))
        yield relaxed, None
    if instance.battery_by_vehicle:
        lowest = 0
        yield relaxed, lowest
    execution, limited = execution_of(instance), relaxed
    if execution.pins:
        relaxed = replace(relaxed, execution=replace(execution, pins=()))
        yield relaxed, lowest
    as_planned = conceded(relaxed, execution.baseline)
    if as_planned.jobs != relaxed.jobs:
        yield as_planned, lowest
    committed = without_begun(relaxed)
    if committed is not relaxed:
        yield committed, lowest
    without = tuple(without_lags(job) for job in relaxed.jobs)
    if without != relaxed.jobs:
        relaxed = replace(relaxed, jobs=without)
        yield relaxed, lowest
    for dwell in (LONG_DWELL, None):
        soaking = tuple(without_dwell(job, dwell) for job in relaxed.jobs)
        if soaking != relaxed.jobs:
            relaxed = replace(relaxed, jobs=soaking)
            yield relaxed, lowest
    if lengths := may_need_overtime(relaxed):
        relaxed = with_overtime(relaxed, lengths)
        yield relaxed, lowest
    if instance.battery_by_vehicle:
        helped = lowest_with_help(instance)
        yield limited, helped
        if relaxed is not limited:
            yield relaxed, helped


def _searched(case: Case, relaxed: Instance, start: Schedule | None) -> Schedule | None:
    """Return the schedule of the least total lateness beyond deadlines that is found in a share of the time left."""
    if case.left < SHORTEST:
        return None
    # Here, not above: the solver takes its time to load.
    from scheduler.portfolio import solve

    return solve(
        _with_due_dates(case, relaxed),
        objective=OBJECTIVE,
        time_limit=_SEARCH_SHARE * case.left,
        workers=case.workers,
        seed=case.seed,
        start=start,
        stop=case.stop,
    ).schedule


def _constructed(case: Case, relaxed: Instance, is_over: Callable[[], bool]) -> Schedule | None:
    """Return the first schedule that construction finds, early where deadlines were."""
    return constructed(_with_due_dates(case, relaxed), OBJECTIVE, seed=case.seed, gives_up=is_over)


def _with_due_dates(case: Case, relaxed: Instance) -> Instance:
    """Return the instance in which deadlines are due dates, and there are no others."""
    deadlines = {job.id: job.deadline for job in case.instance.jobs}
    return replace(relaxed, jobs=tuple(replace(job, due_date=deadlines[job.id]) for job in relaxed.jobs))


def _is_late(instance: Instance, schedule: Schedule) -> bool:
    return any(job.deadline is not None and schedule.completions.get(job.id, 0) > job.deadline for job in instance.jobs)

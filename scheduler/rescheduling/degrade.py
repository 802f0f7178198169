"""Degrade honestly: where no schedule keeps every hard limit, the one that breaks them least, and which it breaks.

Limits that may be broken are deadlines, pins, maximum lags and dwells (`scheduler.rescheduling.concessions`). The
schedule is never passed off as a right one: what it breaks goes with it wherever it goes, as the checker says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from scheduler.checker import check
from scheduler.constraints import Violation
from scheduler.domain import Instance, Job, Objective, Schedule
from scheduler.domain.happened import execution_of
from scheduler.rescheduling.case import SHORTEST, Case
from scheduler.rescheduling.concessions import conceded, dwells_of, without_dwell, without_lags, without_lost
from scheduler.rescheduling.right_shift import shift
from scheduler.terms import value_terms

OBJECTIVE = Objective.parse("total_tardiness > start_deviation")
"""Of the search in which deadlines are due dates, the only ones."""

_LONG = 2**40
"""A dwell that nothing exceeds; work still begins when the part is put down."""

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

    What is broken for good is given up first, then deadlines: the right shift without them, and in half of the time
    that is left a search for the least total lateness (only where there is no right shift, unless `is_searched`). Where
    a pin or a maximum lag is in the way of every right shift, pins are given up too, then maximum lags: first those
    that the baseline breaks, as far as it does, and at last maximum dwells. Of several schedules the one with the least
    total excess is taken, and its lags and dwells are shortened as far as right shifts can.
    """
    baseline = execution_of(case.instance).baseline
    for relaxed in _relaxations(case.instance):
        placed = shift(relaxed, baseline).placed
        if placed is not None and check(relaxed, placed):
            placed = None
        found = [] if placed is None else [placed]
        if is_searched or placed is None:
            searched = _searched(case, relaxed, placed)
            found += [] if searched is None else [searched]
        candidates = [Degraded.of(case.instance, s) for s in found if s is placed or not check(relaxed, s)]
        if candidates:
            return _shortened(case, relaxed, min(candidates, key=lambda candidate: candidate.excess))
    return None


def _shortened(case: Case, relaxed: Instance, least: Degraded) -> Degraded:
    """Return the schedule in which one maximum lag or dwell after the other is broken as little as right shifts can.

    A right shift starts everything as early as it can, so that a lag which nobody limits is as long as it comes. For
    each that is broken, the least limit with a right shift of no more excess in all is sought by bisection.
    """
    baseline, wanted = execution_of(case.instance).baseline, case.instance
    for limit in _broken_limits(wanted, least.schedule):
        low, high = limit.allowed, limit.reached  # high is possible, low is not, or not known to be
        while low < high and case.left > SHORTEST:
            middle = (low + high) // 2
            given = conceded(wanted, least.schedule)
            jobs = tuple(limit.set(job, middle) if job.id == limit.job else job for job in given.jobs)
            jobs = tuple(replace(job, deadline=relaxed.job_by_id[job.id].deadline) for job in jobs)
            trial = replace(relaxed, jobs=jobs)
            placed = shift(trial, baseline).placed
            found = None if placed is None or check(trial, placed) else Degraded.of(wanted, placed)
            if found is not None and found.excess < least.excess:
                least, high = found, middle
            else:
                low = middle + 1
    return least


@dataclass(frozen=True)
class _Limit:
    """A maximum lag of a precedence, or the maximum dwell of an operation in a mode, and what it is in a schedule."""

    job: str
    operation: str
    successor: str | None
    mode: int
    allowed: int
    reached: int

    def set(self, job: Job, value: int) -> Job:
        """Return the job with this limit."""
        if self.successor is not None:
            way = (self.operation, self.successor)
            precedences = (
                replace(p, max_lag=value) if (p.predecessor, p.successor) == way else p for p in job.precedences
            )
            return replace(job, precedences=tuple(precedences))
        operation = job.operation(self.operation)
        modes = (replace(m, max_dwell=value) if n == self.mode else m for n, m in enumerate(operation.modes))
        changed = replace(operation, modes=tuple(modes))
        return replace(job, operations=tuple(changed if o.id == operation.id else o for o in job.operations))


def _broken_limits(instance: Instance, schedule: Schedule) -> Iterator[_Limit]:
    """Yield the maximum lags and dwells that a schedule breaks."""
    there = schedule.by_operation
    for job in instance.jobs:
        for p in job.precedences:
            before, after = there.get((job.id, p.predecessor)), there.get((job.id, p.successor))
            if p.max_lag is not None and before and after and after.start - before.end > p.max_lag:
                yield _Limit(job.id, p.predecessor, p.successor, 0, p.max_lag, after.start - before.end)
    for key, dwell in dwells_of(instance, schedule).items():
        allowed = instance.mode(key, there[key].mode).max_dwell
        if dwell is not None and allowed is not None:
            yield _Limit(*key, None, there[key].mode, allowed, dwell)


def _relaxations(instance: Instance) -> Iterator[Instance]:
    """Yield the instance with ever fewer limits."""
    relaxed = without_lost(instance)
    if relaxed is not instance:
        yield relaxed
    if any(job.deadline is not None for job in relaxed.jobs):
        relaxed = replace(relaxed, jobs=tuple(replace(job, deadline=None) for job in relaxed.jobs))
        yield relaxed
    execution = execution_of(instance)
    if execution.pins:
        relaxed = replace(relaxed, execution=replace(execution, pins=()))
        yield relaxed
    as_planned = conceded(relaxed, execution.baseline)
    if as_planned.jobs != relaxed.jobs:
        yield as_planned
    without = tuple(without_lags(job) for job in relaxed.jobs)
    if without != relaxed.jobs:
        relaxed = replace(relaxed, jobs=without)
        yield relaxed
    for dwell in (_LONG, None):
        soaking = tuple(without_dwell(job, dwell) for job in relaxed.jobs)
        if soaking != relaxed.jobs:
            yield replace(relaxed, jobs=soaking)


def _searched(case: Case, relaxed: Instance, start: Schedule | None) -> Schedule | None:
    """Return the schedule of the least total lateness beyond deadlines that is found in a share of the time left."""
    if case.left < SHORTEST or (start is not None and not _is_late(case.instance, start)):
        return None
    # Here, not above: the solver takes its time to load.
    from scheduler.portfolio import solve

    deadlines = {job.id: job.deadline for job in case.instance.jobs}
    jobs = tuple(replace(job, due_date=deadlines[job.id]) for job in relaxed.jobs)
    return solve(
        replace(relaxed, jobs=jobs),
        objective=OBJECTIVE,
        time_limit=_SEARCH_SHARE * case.left,
        workers=case.workers,
        seed=case.seed,
        start=start,
        stop=case.stop,
    ).schedule


def _is_late(instance: Instance, schedule: Schedule) -> bool:
    return any(job.deadline is not None and schedule.completions.get(job.id, 0) > job.deadline for job in instance.jobs)

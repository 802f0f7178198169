"""Degrade honestly: where no schedule keeps every hard limit, the one that breaks them least, and which it breaks.

Limits that may be broken are deadlines, pins and maximum lags; everything else is physics. The schedule is a proposal
to a person, never a result: what it breaks is said by the checker.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from scheduler.checker import check
from scheduler.constraints import Violation
from scheduler.domain import Instance, Schedule
from scheduler.domain.happened import execution_of
from scheduler.rescheduling.case import SHORTEST, Case
from scheduler.rescheduling.right_shift import shift

OBJECTIVE = "total_tardiness > start_deviation"
"""Of the search in which deadlines are due dates, the only ones."""


@dataclass(frozen=True)
class Degraded:
    """A schedule that breaks hard limits, and every violation as the checker states it."""

    schedule: Schedule
    broken: tuple[Violation, ...]

    def __str__(self) -> str:
        return "\n".join(str(violation) for violation in self.broken)


def degraded(case: Case) -> Degraded | None:
    """Return the least violating schedule of a case without any, None if not even the other limits suffice.

    Deadlines are given up first: the right shift without them, and in the time that is left a search for the least
    total lateness. Where a pin or a maximum lag is in the way of every right shift, pins are given up too, then maximum
    lags. Of several, the one with the least total excess is taken.
    """
    baseline = execution_of(case.instance).baseline
    for relaxed in _relaxations(case.instance):
        placed = shift(relaxed, baseline).placed
        found = [schedule for schedule in (placed, _searched(case, relaxed, placed)) if schedule is not None]
        candidates = [Degraded(s, check(case.instance, s)) for s in found if not check(relaxed, s)]
        if candidates:
            return min(candidates, key=lambda candidate: sum(violation.amount for violation in candidate.broken))
    return None


def _relaxations(instance: Instance) -> Iterator[Instance]:
    """Yield the instance without deadlines, then without pins too, then without maximum lags too; what differs."""
    relaxed = replace(instance, jobs=tuple(replace(job, deadline=None) for job in instance.jobs))
    yield relaxed
    execution = execution_of(instance)
    if execution.pins:
        relaxed = replace(relaxed, execution=replace(execution, pins=()))
        yield relaxed
    if any(p.max_lag is not None for job in instance.jobs for p in job.precedences):
        jobs = (
            replace(job, precedences=tuple(replace(p, max_lag=None) for p in job.precedences)) for job in relaxed.jobs
        )
        yield replace(relaxed, jobs=tuple(jobs))


def _searched(case: Case, relaxed: Instance, start: Schedule | None) -> Schedule | None:
    """Return the schedule of the least total lateness beyond deadlines that is found in the time left."""
    if case.left < SHORTEST or all(job.deadline is None for job in case.instance.jobs):
        return None
    # Here, not above: the solver takes its time to load.
    from scheduler.portfolio import solve

    deadlines = {job.id: job.deadline for job in case.instance.jobs}
    jobs = tuple(replace(job, due_date=deadlines[job.id]) for job in relaxed.jobs)
    return solve(
        replace(relaxed, jobs=jobs),
        objective=OBJECTIVE,
        time_limit=case.left,
        workers=case.workers,
        seed=case.seed,
        start=start,
        stop=case.stop,
    ).schedule

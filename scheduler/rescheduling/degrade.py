"""Degrade honestly: where no schedule keeps every hard limit, the one that breaks them least, and which it breaks.

Limits that may be broken are deadlines, pins and maximum lags (`scheduler.rescheduling.concessions`). The schedule is
never passed off as a right one: what it breaks goes with it wherever it goes, as the checker says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from scheduler.checker import check
from scheduler.constraints import Violation
from scheduler.domain import Instance, Objective, Schedule
from scheduler.domain.happened import execution_of
from scheduler.rescheduling.case import SHORTEST, Case
from scheduler.rescheduling.concessions import conceded, without_lags, without_lost
from scheduler.rescheduling.right_shift import shift
from scheduler.terms import value_terms

OBJECTIVE = Objective.parse("total_tardiness > start_deviation")
"""Of the search in which deadlines are due dates, the only ones."""

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
    that the baseline breaks, as far as it does. Of several schedules, the one with the least total excess is taken.
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
            return min(candidates, key=lambda candidate: candidate.excess)
    return None


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
        yield replace(relaxed, jobs=without)


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

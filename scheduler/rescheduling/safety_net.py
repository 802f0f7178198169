"""The safety net, in milliseconds, outside any solver: the right shift, else what construction finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import thread_time

from scheduler.domain import Instance, Objective, Schedule, Status
from scheduler.domain.happened import execution_of, started
from scheduler.portfolio.patience import PATIENCE
from scheduler.rescheduling.case import Case

INSERTION_SECONDS = 1.0
"""Most time spent on fitting new jobs into the gaps of a right shift."""


def offer_shift(case: Case, insertion: float | None = INSERTION_SECONDS) -> bool:
    """Offer the right shift, and with new jobs in its gaps where that is better; return whether there is any.

    Every other policy begins with it. A schedule that the case has from the beginning is no worse than the shift.
    Seconds of `insertion` are spent at most on better gaps; where there was a schedule, new jobs go where the first
    pass of construction puts them. None: they stay behind all others, if there is a right shift at all.
    """
    seconds = insertion or 0.0
    if case.best is not None:
        seconds = 0.0
    elif case.shift.schedule is not None:
        case.offer(case.shift.schedule, "right-shift")
    if insertion is None and case.best is not None:
        return True
    fitted = _fitted(case, seconds) if case.fits or case.best is None else None
    if fitted is not None:
        case.offer(fitted, "right-shift")
    return case.best is not None


def offer_construction(case: Case) -> None:
    """Offer the first schedule that construction finds, where orders of the baseline lead to none.

    A search makes one too, but only after it has been loaded and has prepared itself.
    """
    found = constructed(case.instance, case.objective, seed=case.seed, gives_up=lambda: case.left <= 0)
    case.is_constructed = case.left > 0
    if found is not None:
        case.offer(found, "reoptimise")


def offer_late(case: Case) -> None:
    """Offer what needs no search where the time was up before a policy came to it.

    Construction is the last chance of a schedule that keeps every limit, and may have had no time at all.
    """
    if case.shift.schedule is not None:
        case.offer(case.shift.schedule, "right-shift")
    elif not case.is_constructed and (case.found is None or case.found.status is not Status.INFEASIBLE):
        found = constructed(case.instance, case.objective, seed=case.seed, gives_up=patience())
        if found is not None:
            case.offer(found, "reoptimise")


def constructed(
    instance: Instance, objective: Objective, *, seed: int, gives_up: Callable[[], bool]
) -> Schedule | None:
    """Return the first schedule that construction finds, unless somebody `gives_up`."""
    # Here, not above: construction takes its time to load.
    from scheduler.search.construct import construct

    return construct(instance, objective, time_limit=0.0, seed=seed, gives_up=gives_up)


def patience(seconds: float = PATIENCE, is_over: Callable[[], bool] = lambda: False) -> Callable[[], bool]:
    """Return what tells whether patience is over, at the latest when another one is.

    In processor time, as a loaded machine is no reason for no plan.
    """
    ends_at = thread_time() + seconds
    return lambda: thread_time() >= ends_at or is_over()


def has_new_jobs(instance: Instance) -> bool:
    """Return whether the instance has jobs that its baseline lacks: a right shift alone puts them behind all others."""
    return not {o.job for o in execution_of(instance).baseline.operations}.issuperset(instance.job_by_id)


def _fitted(case: Case, insertion: float) -> Schedule | None:
    """Return the shift of the old jobs with the new ones in its gaps; None if there are none or they don't fit."""
    kept = case.shift.kept
    if kept is None or case.left <= 0 or not has_new_jobs(case.instance):
        return None
    # Here, not above: construction takes its time to load.
    from scheduler.search.construct import construct

    begun = started(case.instance)
    pins = tuple(o for o in kept.operations if o.key not in begun)
    pinned = replace(case.instance, execution=replace(execution_of(case.instance), pins=pins))
    seconds, is_hurried = (min(insertion, case.left / 4), False) if insertion > 0 else (case.left, True)
    return construct(pinned, case.objective, time_limit=seconds, seed=case.seed, stop=case.stop, is_hurried=is_hurried)

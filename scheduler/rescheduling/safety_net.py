"""The safety net: the right shift, in milliseconds, outside any solver."""

from __future__ import annotations

from dataclasses import replace

from scheduler.domain import Schedule
from scheduler.domain.happened import execution_of, started
from scheduler.rescheduling.case import Case

INSERTION_SECONDS = 1.0
"""Most time spent on fitting new jobs into the gaps of a right shift."""


def offer_shift(case: Case, insertion: float = INSERTION_SECONDS) -> bool:
    """Offer the right shift, and with new jobs in its gaps where that is better; return whether there is any.

    Every other policy begins with it. A schedule that the case has from the beginning is no worse. Seconds of
    `insertion` are spent at most on better gaps; with none, new jobs go where the first pass of construction puts them.
    """
    if case.best is not None:
        return True
    if case.shift.schedule is not None:
        case.offer(case.shift.schedule, "right-shift")
    fitted = _fitted(case, insertion)
    if fitted is not None:
        case.offer(fitted, "right-shift")
    return case.best is not None


def _fitted(case: Case, insertion: float) -> Schedule | None:
    """Return the shift of the old jobs with the new ones in its gaps; None if there are none or they don't fit."""
    kept = case.shift.kept
    known = {operation.job for operation in execution_of(case.instance).baseline.operations}
    seconds = min(insertion, case.left / 4)
    if kept is None or known.issuperset(case.instance.job_by_id) or case.left <= 0:
        return None
    # Here, not above: construction takes its time to load.
    from scheduler.search.construct import construct

    begun = started(case.instance)
    pins = tuple(o for o in kept.operations if o.key not in begun)
    pinned = replace(case.instance, execution=replace(execution_of(case.instance), pins=pins))
    return construct(pinned, case.objective, time_limit=seconds, seed=case.seed)

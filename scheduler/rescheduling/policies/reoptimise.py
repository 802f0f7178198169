"""Reoptimise: everything pending is free again, and change is taxed."""

from __future__ import annotations

import warnings
from dataclasses import replace

from scheduler.domain import Objective, Progress, Result, Schedule, Status
from scheduler.errors import UncheckedScheduleError
from scheduler.rescheduling.case import SHORTEST, Case
from scheduler.rescheduling.safety_net import offer_shift

VALUE_SHARE = 0.4
"""Share of the time in which the value is lowered; the rest is for bringing changes back that it does not need."""


def reoptimise(case: Case) -> None:
    """Right shift as safety net, then search with everything pending free."""
    offer_shift(case)
    search(case)


def search(case: Case) -> None:
    """Search with everything pending free, from the best schedule so far; see `scheduler.portfolio.solve`.

    First for the value alone, then for little change among the schedules that are good enough (`Case.aspire`).
    """
    tiers = case.valued_tiers
    if tiers and len(tiers) < len(case.objective.tiers):
        case.valued = _solved(case, Objective(tiers), VALUE_SHARE * case.left)
        if case.valued is not None and case.valued.status is Status.INFEASIBLE:
            case.found, case.valued = case.valued, None
            return
        case.aspire()
        if case.shift.schedule is not None:
            case.offer(case.shift.schedule, "right-shift")
    case.found = _solved(case, case.ranking, case.left)


def _solved(case: Case, objective: Objective, seconds: float) -> Result | None:
    if seconds < SHORTEST:
        return None
    # Here, not above: the solver takes its time to load.
    from scheduler.portfolio import solve

    spent = case.seconds

    def on_progress(point: Progress) -> None:
        case.note(replace(point, seconds=point.seconds + spent))

    def on_schedule(schedule: Schedule) -> None:
        case.offer(schedule, "reoptimise")

    try:
        return solve(
            case.instance,
            objective=objective,
            time_limit=seconds,
            workers=case.workers,
            seed=case.seed,
            start=None if case.best is None else case.best.schedule,
            on_progress=on_progress,
            on_schedule=on_schedule,
            stop=case.stop,
            findings=case.findings,
        )
    except UncheckedScheduleError as error:
        # A slip of ours, as in `Case.offer`: the factory gets the best plan that has passed.
        warnings.warn(f"a search is passed over: {error}", RuntimeWarning, stacklevel=2)
        return None

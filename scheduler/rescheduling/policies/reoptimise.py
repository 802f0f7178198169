"""Reoptimise: everything pending is free again, and change is taxed."""

from __future__ import annotations

from dataclasses import replace

from scheduler.domain import Progress, Schedule
from scheduler.rescheduling.case import SHORTEST, Case
from scheduler.rescheduling.safety_net import offer_shift


def reoptimise(case: Case) -> None:
    """Right shift as safety net, then search with everything pending free."""
    offer_shift(case)
    search(case)


def search(case: Case) -> None:
    """Search with everything pending free, from the best schedule so far; see `scheduler.portfolio.solve`."""
    if case.left < SHORTEST:
        return
    # Here, not above: the solver takes its time to load.
    from scheduler.portfolio import solve

    spent = case.seconds

    def on_progress(point: Progress) -> None:
        case.note(replace(point, seconds=point.seconds + spent))

    def on_schedule(schedule: Schedule) -> None:
        case.offer(schedule, "reoptimise")

    case.found = solve(
        case.instance,
        objective=case.objective,
        time_limit=case.left,
        workers=case.workers,
        seed=case.seed,
        start=None if case.best is None else case.best.schedule,
        on_progress=on_progress,
        on_schedule=on_schedule,
        stop=case.stop,
    )

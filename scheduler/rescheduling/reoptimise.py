"""Reoptimise: everything pending is free again, and change is taxed."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from statistics import median

from scheduler.domain import Instance, Objective, Progress, Result, Schedule, Tier
from scheduler.domain.objective import STABILITY_TERMS

_LARGEST_WEIGHT = 10_000


def with_stability(instance: Instance, objective: Objective) -> Objective:
    """Return the objective with a last tier that taxes change, unless it speaks of stability already.

    The tier is ``start_deviation + 2p*reassignments + p*sequence_changes`` with *p* the median duration of all modes,
    so that it means the same in seconds and in hours: to put an operation on another machine is worth starting it
    two operations earlier or later (its material, tools and people go elsewhere), to change the order of two
    neighbours is worth one. As the last tier it decides between schedules of equal value, and never costs any.
    """
    if STABILITY_TERMS.intersection(objective.terms):
        return objective
    durations = [mode.duration for job in instance.jobs for o in job.operations for mode in o.modes]
    p = min(max(1, round(median(durations or [1]))), _LARGEST_WEIGHT)
    tax = {"start_deviation": 1, "reassignments": 2 * p, "sequence_changes": p}
    return Objective((*objective.tiers, Tier(tuple((name, Fraction(weight)) for name, weight in tax.items()))))


def reoptimise(
    instance: Instance,
    fallback: Schedule | None,
    *,
    objective: Objective,
    time_limit: float,
    workers: int | None = None,
    seed: int = 0,
    on_progress: Callable[[Progress], None] | None = None,
) -> Result:
    """Solve the revised instance again, starting from a schedule that is already there.

    The result is never worse than `fallback`; see `scheduler.portfolio.solve`.
    """
    # Here, not above: the solver takes its time to load.
    from scheduler.portfolio import solve

    return solve(
        instance,
        objective=objective,
        time_limit=time_limit,
        workers=workers,
        seed=seed,
        start=fallback,
        on_progress=on_progress,
    )

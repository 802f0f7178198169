"""Some operations of a schedule free, the order of all others kept: what CP-SAT finds there, tier after tier."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic

from scheduler.cpsat.size import build_seconds, least_seconds
from scheduler.cpsat.subproblem import subproblem
from scheduler.domain import Instance, Objective, OperationKey, Schedule, Stop


def improve_part(
    instance: Instance,
    objective: Objective,
    schedule: Schedule,
    free: Iterable[OperationKey],
    *,
    is_start: bool,
    time_limit: float,
    workers: int,
    seed: int,
    stop: Stop,
) -> Schedule | None:
    """Return the best schedule found in which only the order of `free` operations is another; None if there is none.

    Parameters
    ----------
    schedule
        Says in which order everything else stays; its times need not be right.
    is_start
        Whether it is a schedule of the instance, to begin with.
    time_limit
        Seconds; where building the model takes longer, nothing is tried.
    """
    ends_at = monotonic() + time_limit
    if stop.requested or least_seconds(instance, schedule) > time_limit:
        return None
    sub = subproblem(instance, schedule, free)
    if build_seconds(sub.instance, time_limit) > time_limit:
        return None
    # Here, not above: loading the solver takes a fifth of a repair for which no model is built.
    from scheduler.cpsat.kept import Kept
    from scheduler.cpsat.solve import improve

    outcome = improve(
        sub.instance,
        objective,
        start=sub.schedule if is_start else None,
        time_limit=ends_at - monotonic(),
        workers=workers,
        seed=seed,
        on_progress=lambda value, bound: None,
        stop=stop,
        kept=Kept(sub.instance, sub.schedule, sub.free),
    )
    return None if outcome.schedule is None else sub.restore(outcome.schedule)

"""The policies: how the schedule of one revised instance is found."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import monotonic
from types import MappingProxyType

from scheduler.checker import check
from scheduler.domain import Instance, Objective, Progress, Result, Schedule, Status
from scheduler.domain.happened import execution_of, started
from scheduler.portfolio import versions
from scheduler.rescheduling.reoptimise import reoptimise
from scheduler.rescheduling.right_shift import Shift
from scheduler.terms import value_terms

OnProgress = Callable[[Progress], None]

INSERTION_SECONDS = 1.0
"""Most time spent on fitting new jobs into the gaps of a right shift."""
_SHORTEST = 0.05
"""Less time than this (seconds) is not worth a search."""


@dataclass(frozen=True)
class Case:
    """What a policy has to work with: the revised instance (frozen operations pinned) and its right shift.

    ``frees`` tells whether an event may leave room for something better (`Event.frees`).
    """

    instance: Instance
    shift: Shift
    objective: Objective
    time_limit: float
    workers: int | None
    seed: int
    on_progress: OnProgress | None
    began_at: float
    frees: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a policy found, and the name of the policy whose schedule it is."""

    result: Result
    policy: str


def keep_orders(case: Case) -> Outcome:
    """Right shift, new jobs fitted into its gaps. Where no right shift exists: reoptimise."""
    shifted = _shifted(case)
    return Outcome(shifted, "right-shift") if shifted is not None else _searched(case, None)


def free_everything(case: Case) -> Outcome:
    """Right shift as safety net, then search with everything pending free."""
    return _searched(case, _shifted(case))


def automatic(case: Case) -> Outcome:
    """Absorb what moves nothing and leaves no room; otherwise right shift, then reoptimise in the time that is left."""
    return keep_orders(case) if not case.frees and _absorbed(case) else free_everything(case)


POLICIES: Mapping[str, Callable[[Case], Outcome]] = {
    "auto": automatic,
    "right-shift": keep_orders,
    "reoptimise": free_everything,
}
"""Every policy by its name on the command line."""


def _absorbed(case: Case) -> bool:
    """Return whether the right shift leaves everything where it was, and nothing came or went."""
    before = execution_of(case.instance).baseline.operations
    after = case.shift.schedule
    if after is None or len(after.operations) != len(before):
        return False
    return [(o.key, o.start) for o in after.operations] == [(o.key, o.start) for o in before]


def _searched(case: Case, fallback: Result | None) -> Outcome:
    """Search in the time that is left; the fallback stands unless something better turns up."""
    spent = monotonic() - case.began_at
    if case.time_limit - spent < _SHORTEST:
        found = fallback or _result(case, Status.UNKNOWN, reason=f"no time is left to search; {case.shift.reason}")
        return Outcome(found, "right-shift")

    def report(point: Progress) -> None:
        if case.on_progress is not None:
            case.on_progress(_later(point, spent))

    found = reoptimise(
        case.instance,
        fallback.schedule if fallback is not None else None,
        objective=case.objective,
        time_limit=case.time_limit - spent,
        workers=case.workers,
        seed=case.seed,
        on_progress=report,
    )
    history = fallback.history if fallback is not None else ()
    history += tuple(_later(point, spent) for point in found.history if point.engine != "start")
    found = replace(found, history=history)
    if fallback is not None and fallback.values is not None:
        if found.values is None or fallback.values < found.values:
            return Outcome(fallback, "right-shift")
        return Outcome(found, "right-shift" if found.values == fallback.values else "reoptimise")
    if found.schedule is None:
        found = replace(found, reason="; ".join(reason for reason in (found.reason, case.shift.reason) if reason))
    return Outcome(found, "reoptimise")


def _shifted(case: Case) -> Result | None:
    """Return the right shift, with new jobs fitted into its gaps where that is better than after everything else."""
    found = [schedule for schedule in (case.shift.schedule, _fitted(case)) if schedule is not None]
    if not found:
        return None
    terms, schedule = min(((value_terms(case.instance, s), s) for s in found), key=lambda t: case.objective.value(t[0]))
    value = case.objective.value(terms)[0]
    first = Progress(monotonic() - case.began_at, value, None, "right shift")
    if case.on_progress is not None:
        case.on_progress(first)
    return _result(case, Status.FEASIBLE, schedule=schedule, terms=terms, history=(first,))


def _fitted(case: Case) -> Schedule | None:
    """Return the shift of the old jobs with the new ones in its gaps; None if there are none or they don't fit."""
    kept = case.shift.kept
    known = {operation.job for operation in execution_of(case.instance).baseline.operations}
    seconds = min(INSERTION_SECONDS, (case.time_limit - (monotonic() - case.began_at)) / 4)
    if kept is None or known.issuperset(case.instance.job_by_id) or seconds <= 0:
        return None
    # Here, not above: construction takes its time to load.
    from scheduler.search.construct import construct

    begun = started(case.instance)
    pins = tuple(o for o in kept.operations if o.key not in begun)
    pinned = replace(case.instance, execution=replace(execution_of(case.instance), pins=pins))
    fitted = construct(pinned, case.objective, time_limit=seconds, seed=case.seed)
    return fitted if fitted is not None and not check(case.instance, fitted) else None


def _result(
    case: Case,
    status: Status,
    *,
    schedule: Schedule | None = None,
    terms: Mapping[str, int] = MappingProxyType({}),
    history: tuple[Progress, ...] = (),
    reason: str = "",
) -> Result:
    workers = case.workers or os.cpu_count() or 1
    return Result(
        status,
        case.objective,
        schedule,
        terms,
        reason=reason,
        history=history,
        seed=case.seed,
        workers=workers,
        versions=versions(),
    )


def _later(point: Progress, seconds: float) -> Progress:
    return replace(point, seconds=point.seconds + seconds)

"""The policies: how the schedule of one revised instance is found."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import monotonic

from scheduler.checker import check
from scheduler.domain import Execution, Instance, Objective, Progress, Result, Schedule, Status
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
    """What a policy has to work with: the revised instance (frozen operations pinned) and its right shift."""

    instance: Instance
    shift: Shift
    objective: Objective
    time_limit: float
    workers: int | None
    seed: int
    on_progress: OnProgress | None
    began_at: float

    @property
    def time_left(self) -> float:
        """Seconds left of the time limit."""
        return self.time_limit - (monotonic() - self.began_at)


@dataclass(frozen=True)
class Outcome:
    """What a policy found, and the name of the policy whose schedule it is."""

    result: Result
    policy: str


def keep_orders(case: Case) -> Outcome:
    """Right shift, new jobs fitted into its gaps. Where no right shift exists: reoptimise."""
    schedule = _shifted(case)
    if schedule is None:
        return free_everything(case)
    return Outcome(_result(case, schedule), "right-shift")


def free_everything(case: Case) -> Outcome:
    """Right shift as safety net, then search with everything pending free."""
    schedule = _shifted(case)
    fallback = _result(case, schedule) if schedule is not None else None
    if case.time_left < _SHORTEST:
        if fallback is not None:
            return Outcome(fallback, "right-shift")
        return Outcome(replace(_empty(case), reason=f"no time was left to search, and {case.shift.reason}"), "right-shift")
    found = reoptimise(
        case.instance,
        schedule,
        objective=case.objective,
        time_limit=case.time_left,
        workers=case.workers,
        seed=case.seed,
        on_progress=case.on_progress,
    )
    if fallback is not None and (found.values is None or _values(fallback) <= _values(found)):
        proved = found.status if found.status is Status.OPTIMAL else fallback.status
        history = (*fallback.history, *found.history)
        return Outcome(replace(fallback, status=proved, bounds=found.bounds, history=history), "right-shift")
    if found.schedule is None:
        return Outcome(replace(found, reason=_joined(found.reason, case.shift.reason)), "reoptimise")
    return Outcome(found, "reoptimise")


def automatic(case: Case) -> Outcome:
    """Absorb what moves nothing; otherwise right shift, then reoptimise in the time that is left."""
    return keep_orders(case) if _absorbed(case) else free_everything(case)


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


def _shifted(case: Case) -> Schedule | None:
    """Return the right shift, with new jobs fitted into gaps where that is better than after everything else."""
    schedule = case.shift.schedule
    execution = execution_of(case.instance)
    if schedule is None or all(o.key in execution.baseline.by_operation for o in schedule.operations):
        return schedule
    # Here, not above: construction takes its time to load.
    from scheduler.search.construct import construct

    others = _all_pinned(case.instance, schedule, execution)
    seconds = min(INSERTION_SECONDS, case.time_left / 4)
    fitted = construct(others, case.objective, time_limit=seconds, seed=case.seed) if seconds > 0 else None
    if fitted is None or check(case.instance, fitted):
        return schedule
    return min(schedule, fitted, key=lambda s: case.objective.value(value_terms(case.instance, s)))


def _all_pinned(instance: Instance, schedule: Schedule, execution: Execution) -> Instance:
    begun = started(instance)
    pins = tuple(o for o in schedule.operations if o.key in execution.baseline.by_operation and o.key not in begun)
    return replace(instance, execution=replace(execution, pins=pins))


def _result(case: Case, schedule: Schedule) -> Result:
    terms = value_terms(case.instance, schedule)
    first = Progress(monotonic() - case.began_at, case.objective.value(terms)[0], None, "right shift")
    if case.on_progress is not None:
        case.on_progress(first)
    return replace(_empty(case), status=Status.FEASIBLE, schedule=schedule, terms=terms, history=(first,))


def _empty(case: Case) -> Result:
    return Result(
        Status.UNKNOWN,
        case.objective,
        seed=case.seed,
        workers=case.workers or os.cpu_count() or 1,
        versions=versions(),
    )


def _values(result: Result) -> tuple[object, ...]:
    return result.values or ()


def _joined(*reasons: str) -> str:
    return "; ".join(reason for reason in reasons if reason)

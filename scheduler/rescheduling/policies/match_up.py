"""Match-up: reschedule until an instant after which the old plan holds again."""

from __future__ import annotations

from dataclasses import replace

from scheduler.cpsat.part import improve_part
from scheduler.domain import Instance, OperationKey, ScheduledOperation
from scheduler.domain.happened import execution_of, started
from scheduler.domain.horizon import usual_duration
from scheduler.rescheduling.case import SHORTEST, Case
from scheduler.rescheduling.policies.reoptimise import search
from scheduler.rescheduling.safety_net import offer_shift

FIRST = 2
"""Usual durations of an operation that the first match-up point lies after now; twice as many each time."""
SHARE = 0.5
"""Most of the time left that the search for one match-up point may take."""


def match_up(case: Case) -> None:
    """Search the match-up point: the rest of the plan is rebuilt until then, and unchanged after it.

    The point is searched by doubling its distance from now, until the operations before it can be rescheduled so that
    all others start as planned, on their machines (Bean, Birge, Mittenthal & Noon, Operations Research 39, 1991; Akturk
    & Gorgulu, European J. Operational Research 112, 1999). Where there is no such point and no right shift: reoptimise.
    """
    offer_shift(case)
    find_match_up(case, case.left)
    if case.best is None:
        search(case)


def find_match_up(case: Case, seconds: float) -> None:
    """Offer the schedule with the earliest match-up point found, in so many seconds at the most."""
    base, ends_with = case.shift.placed, case.left - seconds
    if base is None or case.left < SHORTEST:
        return
    now = execution_of(case.instance).now
    distance = FIRST * usual_duration(case.instance)
    number_before = -1
    while case.left - ends_with > SHORTEST:
        pinned, free = _matched_at(case.instance, now + distance)
        if not pinned:
            return  # nothing is left to match
        distance *= 2
        if len(free) == number_before or not free:
            continue
        number_before = len(free)
        execution = execution_of(case.instance)
        found = improve_part(
            replace(case.instance, execution=replace(execution, pins=(*execution.pins, *pinned))),
            case.objective,
            base,
            free,
            is_start=False,
            time_limit=(case.left - ends_with) * SHARE,
            workers=case.workers,
            seed=case.seed,
            stop=case.stop,
        )
        if found is not None:
            case.offer(found, "match-up")
            return


def _matched_at(instance: Instance, instant: int) -> tuple[list[ScheduledOperation], list[OperationKey]]:
    """Return the pending operations that the baseline starts at the instant or later, and those that are free before.

    What has begun or is pinned belongs to neither; new operations are free.
    """
    execution = execution_of(instance)
    fixed = {pin.key for pin in execution.pins}.union(started(instance))
    pinned, free = [], []
    for key in instance.operation_by_key:
        was = execution.baseline.by_operation.get(key)
        if key in fixed:
            continue
        if was is not None and was.start >= instant:
            pinned.append(was)
        else:
            free.append(key)
    return pinned, free

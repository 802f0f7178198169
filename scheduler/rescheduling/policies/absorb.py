"""Absorb: nothing moves, if nothing has to."""

from __future__ import annotations

from scheduler.rescheduling.case import Case


def absorb(case: Case) -> None:
    """Keep the schedule in force where the events leave every start as it is; otherwise there is no schedule.

    The slack of the plan takes in a short breakdown or a delay. Ends and moves may change within it.
    """
    why = case.why_not_absorbed()
    if why:
        case.reason = f"the events can't be absorbed: {why}"
    elif case.shift.schedule is not None:
        case.offer(case.shift.schedule, "absorb")

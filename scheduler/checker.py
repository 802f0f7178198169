"""The checker: whether a schedule keeps every rule, and what it is worth.

It works on plain instance and schedule and shares no code with the engines, so that nothing they do wrong can pass.
"""

from __future__ import annotations

from fractions import Fraction

from scheduler.constraints import RULES, Violation
from scheduler.domain import Instance, Objective, Schedule
from scheduler.errors import UncheckedScheduleError
from scheduler.terms import TERMS

_SHOWN = 10


def check(instance: Instance, schedule: Schedule) -> tuple[Violation, ...]:
    """Return every violation of every rule, in the order of `RULES`; empty if the schedule is right.

    Every rule is asked, also one that does not apply to the instance: a schedule may list a setup or a move
    though the instance has nothing of the kind. The instance has to be valid, the schedule may hold anything.
    """
    return tuple(violation for rule in RULES for violation in rule.violations(instance, schedule))


def require(instance: Instance, schedule: Schedule) -> None:
    """Let only a right schedule pass; engines call it before anything leaves them.

    Raises
    ------
    UncheckedScheduleError
        If the schedule breaks a rule; the message lists the first violations.
    """
    found = check(instance, schedule)
    if not found:
        return
    lines = [f"  {violation}" for violation in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"  and {len(found) - _SHOWN} more")
    count = f"{len(found)} violation{'s' if len(found) != 1 else ''}"
    raise UncheckedScheduleError(f"the schedule for {instance.name} has {count}\n" + "\n".join(lines))


def recompute(instance: Instance, schedule: Schedule, objective: Objective) -> tuple[Fraction, ...]:
    """Return the value of each tier of the objective, computed from the schedule alone."""
    return objective.value({name: TERMS[name](instance, schedule) for name in objective.terms})

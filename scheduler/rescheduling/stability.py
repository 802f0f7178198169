"""What a change is worth: the tier that a repair puts behind the objective of the plan."""

from __future__ import annotations

from fractions import Fraction

from scheduler.domain import Instance, Objective, Tier
from scheduler.domain.happened import started
from scheduler.domain.horizon import usual_duration
from scheduler.domain.objective import STABILITY_TERMS

_LARGEST_WEIGHT = 10_000
ALLOWANCE = Fraction(1, 200)
"""Share of the value that stability may cost in large plans where nobody says how much."""
NEVER_EXACT = (150, 250)
"""Pending operations from which on a search no longer finds the least value in time, and never does."""


def usual_allowance(instance: Instance) -> Fraction:
    """Return what stability may cost where nobody says how much: with ``n`` pending operations, ``a..b`` NEVER_EXACT,
    ``ALLOWANCE * min(1, max(0, (n - a) / (b - a)))``.

    Where the least value is found, giving any of it away is a loss that somebody has to want. In a large plan, the
    values of two searches differ by more than this anyway.
    """
    pending = instance.num_operations - len(started(instance))
    few, many = NEVER_EXACT
    return ALLOWANCE * Fraction(min(max(pending, few), many) - few, many - few)


def with_stability(instance: Instance, objective: Objective) -> Objective:
    """Return the objective with a last tier that taxes change, unless it speaks of stability already.

    The tier is ``start_deviation + 2p*reassignments + p*sequence_changes`` with *p* the median duration of all modes,
    so that it means the same in seconds and in hours: to put an operation on another machine is worth starting it
    two operations earlier or later (its material, tools and people go elsewhere), to change the order of two
    neighbours is worth one. As the last tier it decides between schedules of equal value, and never costs any.
    """
    if STABILITY_TERMS.intersection(objective.terms):
        return objective
    p = min(usual_duration(instance), _LARGEST_WEIGHT)
    tax = {"start_deviation": 1, "reassignments": 2 * p, "sequence_changes": p}
    return Objective((*objective.tiers, Tier(tuple((name, Fraction(weight)) for name, weight in tax.items()))))

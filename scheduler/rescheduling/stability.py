"""What a change is worth: the tier that a repair puts behind the objective of the plan, and what it may cost."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

from scheduler.domain import Instance, Objective, Tier
from scheduler.domain.happened import started
from scheduler.domain.horizon import usual_duration
from scheduler.domain.objective import STABILITY_TERMS

_LARGEST_WEIGHT = 10_000
ALLOWANCE = Fraction(1, 200)
"""Share of the value that stability may cost in large job shops where nobody says how much ..."""
OF_GAIN = 2
"""... or so many times this share of what the repair gains on the right shift: a value of 0 has no shares."""
TAX = Fraction(1, 4)
"""Ticks by which all jobs may end later for a tick of start deviation less, in large networks where nobody says."""
NEVER_EXACT = (150, 250)
"""Pending operations from which on a search no longer finds the least value in time, and never does ..."""
NEVER_EXACT_IN_NETWORKS = (50, 150)
"""... and with cells, fleets, lanes and all that the tabu search does not speak."""
LATER_TIER = 100
"""Times that a tick of the first tier is worth one of a later tier."""


def usual_allowance(instance: Instance) -> Fraction:
    """Return what stability may cost where nobody says how much: with ``n`` pending operations, ``a..b`` NEVER_EXACT,
    ``ALLOWANCE * min(1, max(0, (n - a) / (b - a)))``.

    Where the least value is found, giving any of it away is a loss that somebody has to want. In a large plan, the
    values of two searches differ by more than this anyway.
    """
    return ALLOWANCE * _never_exact(instance, *NEVER_EXACT)


def usual_tax(instance: Instance) -> Fraction:
    """Return the tax where nobody says how much: TAX in large networks, less of it in smaller ones."""
    return TAX * _never_exact(instance, *NEVER_EXACT_IN_NETWORKS)


def _never_exact(instance: Instance, few: int, many: int) -> Fraction:
    return Fraction(min(max(num_pending(instance), few), many) - few, many - few)


def num_pending(instance: Instance) -> int:
    """Return how many operations have not started."""
    return instance.num_operations - len(started(instance))


def growth(instance: Instance, tier: Tier) -> Fraction:
    """Return by how much a tier grows if every job that is not complete ends a tick later and each of them is late."""
    begun = started(instance)
    jobs = [job for job in instance.jobs if any((job.id, o.id) not in begun for o in job.operations)]
    by_term = {
        "makespan": 1,
        "maximum_tardiness": 1,
        "total_tardiness": len(jobs),
        "flow_time": len(jobs),
        "weighted_tardiness": sum(job.weight for job in jobs),
    }
    return sum((weight * by_term.get(name, 0) for name, weight in tier.weights), Fraction(0))


def priced(instance: Instance, tiers: Sequence[Tier], stability: Tier, tax: Fraction) -> Tier | None:
    """Return a tier in which the value has its price: an improvement of it has to pay for the change that it needs.

    With ``n`` pending operations and ``g`` the `growth` of a tier, ``n/(tax g) * value`` is added to `stability`: all
    jobs ``tax`` ticks later is worth as much as all operations a tick off their starts. Later tiers break ties, and
    have a hundredth of that. None where there is no such price: without a tax, where the first tier is no matter of
    time, or where no start counts.

    Parameters
    ----------
    instance
        After the events.
    tiers
        Those of the value.
    stability
        The tier after them.
    tax
        Ticks by which all jobs may end later for a tick of mean start deviation less.
    """
    stays = dict(stability.weights).get("start_deviation", Fraction(0))
    growths = [growth(instance, tier) for tier in tiers]
    if not tiers or not tax or not stays or not growths[0]:
        return None
    prices = [stays * num_pending(instance) / (tax * (each or 1)) for each in growths]
    prices[1:] = [price / LATER_TIER for price in prices[1:]]
    # Small integers, so that all tiers together stay a small number.
    times = max(1, ceil(1 / min(prices)))
    weights = {name: times * weight for name, weight in stability.weights}
    for tier, price in zip(tiers, prices, strict=True):
        for name, weight in tier.weights:
            weights[name] = weights.get(name, Fraction(0)) + round(times * price) * weight
    return Tier(tuple(weights.items()))


def with_stability(instance: Instance, objective: Objective) -> Objective:
    """Return the objective with a last tier that taxes change, unless it speaks of stability already.

    The tier is ``start_deviation + 2p*reassignments + p*sequence_changes`` with *p* the median duration of all modes,
    so that it means the same in seconds and in hours: to put an operation on another machine is worth starting it
    two operations earlier or later (its material, tools and people go elsewhere), to change the order of two
    neighbours is worth one. As the last tier it decides between schedules of equal value; `priced` lets it cost some.
    """
    if STABILITY_TERMS.intersection(objective.terms):
        return objective
    p = min(usual_duration(instance), _LARGEST_WEIGHT)
    tax = {"start_deviation": 1, "reassignments": 2 * p, "sequence_changes": p}
    return Objective((*objective.tiers, Tier(tuple((name, Fraction(weight)) for name, weight in tax.items()))))

"""Lower bounds of the tiers of an objective, without a solver.

Those of tardiness and flow times are in `scheduler.bounds.sums`, that of the cycle time is in `scheduler.bounds.cycle`;
the makespan has:

* the longest job: ``max_o head(o) + tail(o)``;
* one machine with interruption: the operations that have no other machine than this one, each with its head and the
  shortest way to the end of its job after it, done in the order of Jackson's preemptive schedule (Carlier 1982: the
  optimum of the preemptive problem, hence a bound of the other);
* one lane: the trips that are needed for all that has to cross it (`scheduler.bounds.lanes`);
* calendars, carriers and operators: makespans that are proved to be too short (`scheduler.bounds.destructive`);
* part sets that follow one another a cycle time apart;
* machines with prices (`priced_bound`): what flexible operations cost at the least.

The load bound, which shares out flexible operations among machines in the best way, is a linear program:
`scheduler.cpsat.load`. Prices come close to it where the program is too large.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

from scheduler.bounds.cycle import cycle_bound
from scheduler.bounds.destructive import destructive_bound
from scheduler.bounds.lanes import lane_bound
from scheduler.bounds.one_machine import one_machine_bound
from scheduler.bounds.sums import SUMS, sum_bounds
from scheduler.domain import Instance, OperationKey, Tier
from scheduler.domain.collector import collector_paused
from scheduler.domain.cycle import part_set
from scheduler.domain.horizon import heads, tails
from scheduler.domain.remembered import remembered

PRICE_ROUNDS = 100
"""Rounds after which prices hardly change."""
PRICE_STEP = 0.5
"""How much dearer, as an exponent, the machine that is wanted most becomes against one that nobody wants."""


@collector_paused()
def tier_bounds(instance: Instance, tiers: Sequence[Tier]) -> tuple[Fraction, ...]:
    """Return a lower bound of each tier, from bounds of its terms.

    Terms that are no matter of starts and completions count 0; no term is ever negative.
    """
    instance = instance.at_best
    names, least = {name for tier in tiers for name, _ in tier.weights}, dict[str, int]()
    if sums := names.intersection(SUMS):
        least.update(sum_bounds(instance, sums))
    if "makespan" in names:
        least["makespan"] = makespan_bound(instance)
    if "cycle_time" in names:
        least["cycle_time"] = cycle_bound(instance)
    values = (sum((weight * least.get(name, 0) for name, weight in tier.weights), Fraction(0)) for tier in tiers)
    return tuple(max(tier.aspiration, value) for tier, value in zip(tiers, values, strict=True))


@remembered
def makespan_bound(instance: Instance) -> int:
    """Return the best of the bounds; valid for every schedule of the instance, whatever has already happened.

    In cyclic production the last of *n* sets begins ``n - 1`` cycles after the first, and takes what one set does.
    """
    bound = destructive_bound(instance.at_best, simple_bound(instance))
    if instance.cycle is not None and instance.execution is None:
        cycles = instance.cycle.repetitions - 1
        bound = max(bound, cycles * cycle_bound(instance) + makespan_bound(part_set(instance)))
    return bound


def simple_bound(instance: Instance) -> int:
    """Return the best of the bounds from one job, one machine or one lane."""
    instance = instance.at_best
    earliest, left, certain = heads(instance), tails(instance), _certain(instance)
    best = max((earliest[key] + left[key] for key in certain), default=0)
    by_machine: dict[str, list[tuple[int, int, int]]] = {}
    for key in certain:
        modes = instance.operation_by_key[key].modes
        machines = {mode.machine for mode in modes}
        if len(machines) == 1:
            duration = min(mode.duration for mode in modes)
            item = (earliest[key], duration, left[key] - duration)
            by_machine.setdefault(machines.pop(), []).append(item)
    for machine in instance.machines:
        if machine.capacity == 1 and machine.id in by_machine:
            best = max(best, one_machine_bound(by_machine[machine.id]))
    return max(best, lane_bound(instance, earliest, left))


def _certain(instance: Instance) -> list[OperationKey]:
    """Return the operations that every schedule contains."""
    planned = {job.id for job in instance.jobs if job.plans}
    return [key for key in instance.operation_by_key if key[0] not in planned]


def priced_bound(instance: Instance, rounds: int = PRICE_ROUNDS) -> int:
    """Return a lower bound of the makespan from prices of machine time.

    With prices ``p_m >= 0`` and ``sum_m p_m capacity_m = 1``, all work done costs at most the makespan C, and each
    operation costs at least its cheapest mode: ``C >= sum_o min_k p_m(ok) duration_ok``. Machines that are wanted more
    than others become dearer from round to round (multiplicative weights: Plotkin, Shmoys & Tardos 1995); the limit is
    the optimum of the load program without heads and tails. Operations of jobs with alternative plans are left out.
    """
    import numpy as np

    instance = instance.at_best
    numbers = {machine.id: number for number, machine in enumerate(instance.machines)}
    operations = [instance.operation_by_key[key] for key in _certain(instance)]
    if not operations:
        return 0
    counts = np.array([len(operation.modes) for operation in operations])
    machines = np.array([numbers[mode.machine] for operation in operations for mode in operation.modes])
    durations = np.array([mode.duration for operation in operations for mode in operation.modes], float)
    capacities = np.array([machine.capacity for machine in instance.machines], float)
    begins = np.concatenate(([0], np.cumsum(counts)[:-1]))
    prices = np.full(len(capacities), 1.0 / capacities.sum())
    best = 0.0
    for number in range(rounds):
        costs = prices[machines] * durations
        cheapest = np.minimum.reduceat(costs, begins)
        best = max(best, float(cheapest.sum()))
        chosen = costs <= np.repeat(cheapest, counts)
        shares = chosen / np.repeat(np.add.reduceat(chosen, begins, dtype=float), counts)
        loads = np.bincount(machines, durations * shares, len(capacities)) / capacities
        if not loads.any():
            return 0
        prices *= np.exp(PRICE_STEP / (1.0 + number / 10.0) * (loads / loads.max() - 1.0))
        prices /= (prices * capacities).sum()
    return ceil(best - 1e-6 * max(1.0, best))


def higher(a: Fraction | None, b: Fraction | None) -> Fraction | None:
    """Return the higher of two bounds, either of which may be missing."""
    return max((bound for bound in (a, b) if bound is not None), default=None)

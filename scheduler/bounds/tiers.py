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

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil

from scheduler.bounds.cycle import cycle_bound
from scheduler.bounds.destructive import destructive_bound
from scheduler.bounds.lanes import lane_bound
from scheduler.bounds.one_machine import one_machine_bound
from scheduler.bounds.rising import Rising, Unfinished
from scheduler.bounds.sums import SUMS, sum_bounds
from scheduler.domain import Instance, OperationKey, Stop, Tier
from scheduler.domain.collector import collector_paused
from scheduler.domain.cycle import part_set
from scheduler.domain.horizon import heads, tails
from scheduler.domain.remembered import remembered

PRICE_ROUNDS = 100
"""Rounds after which prices hardly change."""
PRICE_STEP = 0.5
"""How much dearer, as an exponent, the machine that is wanted most becomes against one that nobody wants."""


@collector_paused()
def tier_bounds(instance: Instance, tiers: Sequence[Tier], stop: Stop | None = None) -> tuple[Fraction, ...]:
    """Return a lower bound of each tier, from bounds of its terms.

    Terms that are no matter of starts and completions count 0; no term is ever negative. If somebody wants to `stop`,
    what is proved by then is the answer: at least what the longest job comes to.
    """
    instance = instance.at_best
    names, least = {name for tier in tiers for name, _ in tier.weights}, dict[str, int]()
    if sums := names.intersection(SUMS):
        least.update(sum_bounds(instance, sums, stop))
    if "cycle_time" in names:
        least["cycle_time"] = so_far(cycle_bound, instance, stop)
    if "makespan" in names:
        least["makespan"] = so_far(makespan_bound, instance, stop)
    values = (sum((weight * least.get(name, 0) for name, weight in tier.weights), Fraction(0)) for tier in tiers)
    return tuple(max(tier.aspiration, value) for tier, value in zip(tiers, values, strict=True))


def so_far(bound: Callable[..., int], instance: Instance, stop: Stop | None) -> int:
    """Return a bound, as far as it is proved when somebody wants to stop."""
    try:
        return bound(instance, stop=stop)
    except Unfinished as unfinished:
        return unfinished.bound


@remembered
def makespan_bound(instance: Instance, *, stop: Stop | None = None) -> int:
    """Return the best of the bounds; valid for every schedule of the instance, whatever has already happened.

    In cyclic production the last of *n* sets begins ``n - 1`` cycles after the first, and takes what one set does.

    Raises
    ------
    Unfinished
        If somebody wants to `stop`.
    """
    rising = Rising(stop, simple_bound(instance, stop))
    rising.lift(destructive_bound(instance.at_best, rising.bound, stop))
    if instance.cycle is not None and instance.execution is None:
        cycles = instance.cycle.repetitions - 1
        in_cycles = cycles * so_far(cycle_bound, instance, stop) + so_far(makespan_bound, part_set(instance), stop)
        rising.lift(in_cycles)
    return rising.bound


def simple_bound(instance: Instance, stop: Stop | None = None) -> int:
    """Return the best of the bounds from one job, one machine or one lane.

    Raises
    ------
    Unfinished
        If somebody wants to `stop`; one job has been looked at by then.
    """
    instance = instance.at_best
    earliest, left, certain = heads(instance), tails(instance), _certain(instance)
    rising = Rising(stop, max((earliest[key] + left[key] for key in certain), default=0))
    rising.lift()
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
            rising.lift(one_machine_bound(by_machine[machine.id]))
    return max(rising.bound, lane_bound(instance, earliest, left))


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

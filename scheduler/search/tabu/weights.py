"""Objectives as weights of completion times: what of an objective the compiled search speaks.

Every term that it speaks is regular, a sum or a maximum of what grows with completion times alone:
``sum_j (late_j max(0, C_j - due_j) + broken_j max(0, C_j - promised_j) + flow_j C_j) + late max_j max(0, C_j - due_j)
+ flow max_j C_j``, with the completions of the baseline as promises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

import numpy as np

from scheduler.domain import Instance, Objective, Schedule, Tier
from scheduler.domain.collector import collector_paused
from scheduler.domain.horizon import horizon
from scheduler.search.tabu.arrays import BROKEN, DUE, FLOW, LATE, PROMISED, Ints

REGULAR = {
    "makespan": FLOW,
    "flow_time": FLOW,
    "total_tardiness": LATE,
    "weighted_tardiness": LATE,
    "maximum_tardiness": LATE,
    "promised_tardiness": BROKEN,
}
"""Terms that the search speaks, and the row of `Weights.jobs` in which they stand."""
MOST = 1 << 52
"""Most that an objective may come to, so that no sum overflows."""
NEVER = 1 << 50
"""Due date of a job that has none."""
MAX_TAILS = 2_000_000
"""Operations times jobs up to which a tail for every pair is worth its time."""


@dataclass(frozen=True)
class Weights:
    """The leading tiers of an objective as one integer, in which an earlier tier outweighs all later ones.

    Attributes
    ----------
    jobs
        Rows DUE, LATE, FLOW, PROMISED, BROKEN by job: due date and weight of tardiness, weight of the completion,
        completion in the baseline and weight of what is later. The last column weighs the maximum tardiness (LATE) and
        the makespan (FLOW).
    unit
        What 1 of the first tier comes to.
    offset
        What the search leaves out of the objective: the release dates in flow times.
    tiers
        The tiers, and what 1 of each (times its scale) comes to.
    levels
        By tier what 1 of it comes to (UNIT) and its aspiration (ENOUGH); no tiers where nothing is to be gained by
        them: without aspirations, or where every tier that comes after one has its own.
    """

    jobs: Ints
    unit: int
    offset: int
    tiers: tuple[tuple[Tier, int], ...] = ()
    levels: Ints = field(default_factory=lambda: np.zeros((2, 0), np.int64))

    @property
    def is_makespan(self) -> bool:
        """Whether there is nothing but the makespan, once."""
        others = self.jobs[[LATE, BROKEN]].any() or self.jobs[FLOW, :-1].any()
        return self.unit == 1 and self.jobs[FLOW, -1] > 0 and not others

    @property
    def is_sum(self) -> bool:
        """Whether it sums over jobs, so that many of them count and not just the latest."""
        return bool(self.jobs[[LATE, BROKEN, FLOW], :-1].any())

    @property
    def kernel(self) -> str:
        """Module and name of the compiled walk for this objective."""
        return "walk.run" if self.is_makespan else "regular.run_regular"

    def value(self, instance: Instance, schedule: Schedule) -> int:
        """Return the value of a schedule; of the makespan alone it is the makespan, whatever its weight."""
        if self.is_makespan:
            return schedule.makespan
        ends = np.array([schedule.completions[job.id] for job in instance.jobs], np.int64)
        late, broken = (np.maximum(ends - self.jobs[row, :-1], 0) for row in (DUE, PROMISED))
        sums = self.jobs[LATE, :-1] * late + self.jobs[BROKEN, :-1] * broken + self.jobs[FLOW, :-1] * ends
        return self._lifted(int(sums.sum() + self.jobs[LATE, -1] * late.max() + self.jobs[FLOW, -1] * ends.max()))

    def _lifted(self, value: int) -> int:
        """Return a value in which every tier that is below its aspiration comes to that."""
        if not self.levels.size:
            return value
        found, rest = -self.offset, value + self.offset
        for unit, enough in self.levels.T.tolist():
            times, rest = divmod(rest, unit)
            found += max(times, enough) * unit
        return found

    def most(self, allowed: Sequence[Fraction], price: int = 0) -> Ints:
        """Return what the tiers may come to: what 1 of each comes to, how many it may be at most, and its price.

        Only the first tier has one; see `price`.
        """
        if self.is_makespan:
            longest = int(allowed[0] * self.tiers[0][0].scale) // int(self.jobs[FLOW, -1])
            return np.array([[1], [longest], [price]])
        rows = ((unit, int(most * tier.scale), 0) for (tier, unit), most in zip(self.tiers, allowed, strict=False))
        found = np.array(list(rows), np.int64).T.copy()
        found[2, 0] = price
        return found

    def price(self, objective: Objective) -> int:
        """Return what 1 of the first tier, times its scale, costs in the tier of stability, in ticks of deviation.

        That is the first tier that the search does not speak; 0 where the value is no part of it. Of the makespan alone
        it is what a tick costs.
        """
        if len(objective.tiers) == len(self.tiers):
            return 0
        tier = self.tiers[0][0]
        name, weight = tier.weights[0]
        costs = dict(objective.tiers[len(self.tiers)].weights)
        if name not in costs or "start_deviation" not in costs:
            return 0
        price = costs[name] / costs["start_deviation"]
        return max(1, round(price if self.is_makespan else price / (weight * tier.scale)))

    def first_tier(self, value: int) -> int:
        """Return what the first tier, times its scale, is at the most in a solution of this value."""
        if self.is_makespan:
            return value * int(self.jobs[FLOW, -1])
        return (value + self.offset) // self.unit

    def least(self, bounds: Sequence[Fraction]) -> int:
        """Return the least value of a solution whose tiers are at least these."""
        if self.is_makespan:
            return ceil(bounds[0] * self.tiers[0][0].scale / int(self.jobs[FLOW, -1]))
        known = zip(self.tiers, bounds, strict=False)
        return self._lifted(sum(ceil(bound * tier.scale) * unit for (tier, unit), bound in known) - self.offset)


@collector_paused()
def weigh(instance: Instance, objective: Objective) -> Weights | None:
    """Return the weights of as many leading tiers as the search speaks, None if that is not even the first."""
    longest = horizon(instance)
    tiers: list[Tier] = []
    for tier in objective.tiers:
        if any(name not in REGULAR for name, _ in tier.weights):
            break
        tiers.append(tier)
    fits = len(instance.operation_by_key) * len(instance.jobs) <= MAX_TAILS
    while tiers:
        weights = _combined(instance, tiers, longest)
        if weights is not None and (fits or weights.is_makespan):
            return weights
        tiers.pop()
    return None


def _combined(instance: Instance, tiers: list[Tier], longest: int) -> Weights | None:
    """Return the tiers as one integer, None if it could grow too large."""
    jobs = np.zeros((5, len(instance.jobs) + 1), np.int64)
    jobs[DUE, :-1] = [NEVER if job.due_date is None else job.due_date for job in instance.jobs]
    promised = {} if instance.execution is None else instance.execution.baseline.completions
    jobs[PROMISED, :-1] = [promised.get(job.id, NEVER) for job in instance.jobs]
    unit, offset = 1, 0
    units: list[int] = []
    for position in range(len(tiers) - 1, -1, -1):
        tier = tiers[position]
        most = 0
        for name, weight in tier.weights:
            times = int(weight * tier.scale)
            shares = _shares(instance, name, promised)
            most += times * longest * sum(shares)
            if unit * most > MOST:
                return None
            jobs[REGULAR[name]] += np.array([unit * times * share for share in shares], np.int64)
            if name == "flow_time":
                offset -= unit * times * sum(job.release_date for job in instance.jobs)
        most = max(most, int(tier.aspiration * tier.scale))  # what is below the aspiration counts as that
        if unit * most > MOST:
            return None
        units.insert(0, unit)
        if position > 0:
            unit *= most + 1
    aspired = [tier.aspiration > 0 for tier in tiers]
    enough = [int(tier.aspiration * tier.scale) for tier in tiers]
    gains = True in aspired and False in aspired[aspired.index(True) :]
    levels = np.array([units, enough] if gains else [(), ()], np.int64)
    return Weights(jobs, unit, offset, tuple(zip(tiers, units, strict=True)), levels)


def _shares(instance: Instance, term: str, promised: Mapping[str, int]) -> list[int]:
    """Return how often each job counts in a term, and last how often the maximum over all jobs."""
    if term in ("makespan", "maximum_tardiness"):
        return [*(0 for _ in instance.jobs), 1]
    if term == "flow_time":
        return [*(1 for _ in instance.jobs), 0]
    if term == "promised_tardiness":
        return [*(int(job.id in promised) for job in instance.jobs), 0]
    weights = [job.weight if term == "weighted_tardiness" else 1 for job in instance.jobs]
    return [*(0 if job.due_date is None else w for job, w in zip(instance.jobs, weights, strict=True)), 0]

"""Objectives as weights: the leading tiers as one integer, in which an earlier tier outweighs all later ones.

Deadlines stand before the first tier: by how much they are exceeded in total, so that a search can walk through
schedules that miss some.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np

from scheduler.domain import Instance, Job, Objective, Tier
from scheduler.search.decode.layout import NEVER, Array
from scheduler.search.decode.value import (
    BEYOND,
    BROKEN,
    CO2,
    COST,
    DEADLINE_AT,
    DEVIATION,
    DUE_AT,
    ENOUGH,
    FLOW,
    LATE,
    MAKESPAN,
    MAXIMUM,
    NUM_TIERS,
    OFFSET,
    OVER,
    PROMISED_AT,
    REASSIGNED,
    REORDERED,
    SETUP,
    TARDY,
    TIMES_OF,
    TRIP,
    WIDTH,
)

BY_JOB = {
    "total_tardiness": LATE,
    "weighted_tardiness": LATE,
    "number_tardy": TARDY,
    "flow_time": FLOW,
    "promised_tardiness": BROKEN,
}
IN_ALL = {
    "makespan": MAKESPAN,
    "maximum_tardiness": MAXIMUM,
    "setup_time": SETUP,
    "transfer_count": TRIP,
    "transfer_cost": COST,
    "transfer_co2": CO2,
    "start_deviation": DEVIATION,
    "reassignments": REASSIGNED,
    "sequence_changes": REORDERED,
}
"""Terms that the decoder knows, and the columns of `goal` in which they stand."""
MOST = 1 << 61
"""Most that a value may come to, so that no sum overflows."""


@dataclass(frozen=True)
class Goal:
    """The leading tiers of an objective as one integer.

    Attributes
    ----------
    weights
        By job: due date, weights of tardiness, of being tardy and of completion, deadline, weight of exceeding it,
        completion that was promised, weight of breaking that. The next row: weights of makespan, maximum tardiness,
        setup time, trips, three of stability, cost and emission of trips; how many rows of tiers follow (none without
        aspirations and where no start counts), and the offset. Rows of tiers: unit, aspiration, price of a unit beyond
        it, which is the unit itself unless a walk is more lenient.
    unit
        What 1 of the first tier (times its scale) comes to.
    offset
        What values leave out: release dates in flow times.
    num_tiers
        How many tiers it has.
    overrun
        What a tick beyond a deadline comes to; values from it on are no schedules.
    is_maximum
        Whether it has no term that is a sum over jobs.
    stay
        What a tick comes to by which an operation does not start where it does in the baseline.
    """

    weights: Array
    unit: int
    offset: int
    num_tiers: int
    overrun: int
    is_maximum: bool
    stay: int

    def first_tier(self, value: int) -> int:
        """Return what the first tier, times its scale, is at the most in a schedule of this value."""
        return (value + self.offset) // self.unit

    def least(self, bound: Fraction) -> int:
        """Return the least value of a schedule whose first tier, times its scale, is at least `bound`."""
        return ceil(bound) * self.unit - self.offset


def set_goal(instance: Instance, objective: Objective, latest: int) -> Goal | None:
    """Return the leading tiers that the decoder knows, None if it does not know the first.

    `latest` is an instant after which nothing ends.
    """
    tiers: list[Tier] = []
    for tier in objective.tiers:
        if any(name not in BY_JOB and name not in IN_ALL for name, _ in tier.weights):
            break
        tiers.append(tier)
    while tiers:
        goal = _combined(instance, tiers, latest)
        if goal is not None:
            return goal
        tiers.pop()
    return None


def _combined(instance: Instance, tiers: list[Tier], latest: int) -> Goal | None:
    """Return the tiers as one integer, None if it could grow too large."""
    jobs = instance.jobs
    has_rows = any(tier.aspiration > 0 or "start_deviation" in dict(tier.weights) for tier in tiers)
    weights = np.zeros((len(jobs) + 1, WIDTH), np.int64)
    rows = np.zeros((len(tiers) if has_rows else 0, WIDTH), np.int64)
    weights[:-1, DUE_AT] = [NEVER if job.due_date is None else job.due_date for job in jobs]
    weights[:-1, DEADLINE_AT] = [NEVER if job.deadline is None else job.deadline for job in jobs]
    promised = {} if instance.execution is None else instance.execution.baseline.completions
    weights[:-1, PROMISED_AT] = [promised.get(job.id, NEVER) for job in jobs]
    unit, offset = 1, 0
    for position in range(len(tiers) - 1, -1, -1):
        tier = tiers[position]
        enough = int(tier.aspiration * tier.scale)
        most = 0
        for name, weight in tier.weights:
            times = int(weight * tier.scale)
            most += times * _most(instance, name, latest)
            if unit * (most + 1) > MOST:
                return None
            if name in BY_JOB:
                by_job = [job.weight if name == "weighted_tardiness" else 1 for job in jobs]
                weights[:-1, BY_JOB[name]] += unit * times * np.array(by_job, np.int64)
            else:
                weights[-1, IN_ALL[name]] += unit * times
            if name == "flow_time":
                offset -= unit * times * sum(job.release_date for job in jobs)
        most = max(most, enough)  # what is below the aspiration counts as that
        if unit * (most + 1) > MOST:
            return None
        if has_rows:
            rows[position, [TIMES_OF, ENOUGH, BEYOND]] = unit, enough, unit
        if position > 0:
            unit *= most + 1
    weights[-1, [NUM_TIERS, OFFSET]] = len(rows), offset
    overrun = unit * (most + 1)
    with_deadline = sum(job.deadline is not None for job in jobs)
    if with_deadline:
        if overrun * latest * with_deadline > MOST:
            return None
        weights[:-1, OVER] = overrun
    is_maximum = not weights[:-1, [LATE, TARDY, FLOW, BROKEN]].any()
    stay = int(weights[-1, IN_ALL["start_deviation"]])
    return Goal(np.concatenate((weights, rows)), unit, offset, len(tiers), overrun, is_maximum, stay)


def _most(instance: Instance, term: str, latest: int) -> int:
    """Return the most that a term can come to."""
    num_jobs, num_operations = len(instance.jobs), instance.num_operations
    if term in ("makespan", "maximum_tardiness"):
        return latest
    if term == "weighted_tardiness":
        return latest * sum(job.weight for job in instance.jobs)
    if term == "number_tardy":
        return num_jobs
    if term in ("transfer_count", "transfer_cost", "transfer_co2"):
        most = {
            "transfer_count": lambda lane: 1,
            "transfer_cost": lambda lane: lane.trip_cost + lane.unit_cost * lane.units_per_vehicle,
            "transfer_co2": lambda lane: lane.trip_co2,
        }[term]
        num_trips = sum(len(job.links) * trips_per_way(instance, job) for job in instance.jobs)
        return num_trips * max(map(most, instance.lanes), default=0)
    if term in ("reassignments", "sequence_changes"):
        return num_operations + num_jobs
    if term == "start_deviation":
        return latest * num_operations
    if term == "setup_time":
        longest = (
            max((time for row in machine.setups.times.values() for time in row.values()), default=0)
            for machine in instance.machines
            if machine.setups is not None
        )
        return num_operations * max(longest, default=0)
    return latest * num_jobs


def trips_per_way(instance: Instance, job: Job) -> int:
    """Return the most trips that a job makes between two operations: one to a hub and one from it, in loads."""
    smallest = min((lane.units_per_vehicle for lane in instance.lanes), default=1)
    num_loads = -(-job.units // smallest) if job.splits else 1
    has_hubs = any(site.hub for site in instance.facilities)
    return 2 * num_loads if has_hubs else num_loads

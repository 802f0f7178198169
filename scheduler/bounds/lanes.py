"""A lower bound of the makespan from what has to cross each lane, in milliseconds and without a solver.

A network is often limited by its lanes, not by its machines. Let *K* be parts that all have to cross one lane with *v*
vehicles of *c* units each, ready for departure at *r* or later, and with a way of at least *q* from their arrival to
the end of their jobs. They need *n* trips, as many as there are bins of capacity *c* that hold parts of their sizes
(`Packing`). Among any ``v + 1`` departures in a row two are of one vehicle, so that the earliest instants of departures
follow one from the other::

    d_1 >= r,   d_k >= d_(k-1) + headway,   d_k >= d_(k-v) + trip time + return time,   d_k in working time

and the makespan is at least ``d_n + trip time + q``. Timetables, docks and longer transit times make it only later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scheduler.domain import Instance, Job, OperationKey
from scheduler.domain.calendar import earliest_start
from scheduler.domain.lanes import Lane
from scheduler.domain.routing import Leg, leg_time, routes

MOST_HEADS = 20
"""Instants, at the most, from which on the departures of a lane are counted."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A part of so many ``units`` that has to cross a lane, on one trip or, if it ``splits``, on several.

    It is ready for departure at ``head`` at the earliest, and needs ``tail`` from arrival to the end of the job.
    """

    head: int
    units: int
    tail: int
    splits: bool = False


class Packing:
    """How many trips parts need at the least, as they come one after the other.

    The bound *L2* of bin packing (Martello & Toth 1990, Knapsack Problems, section 8.3). For a limit ``a <= c / 2``, no
    two parts of more than ``c / 2`` share a trip, with those of more than ``c - a`` goes none of `a` or more, and so

        n(a) = b + max(0, ceil((s - f) / c))

    with *b* the number of parts of more than ``c / 2``, *f* the units that those of at most ``c - a`` of them leave
    free, and *s* the units of all parts from *a* to ``c / 2``. The bound is the largest of them; 0 is among the
    limits, so it is never less than all units by *c*. A part that splits counts for that limit only, by its units.

    Parameters
    ----------
    capacity
        Units of a trip.
    sizes
        Units of the parts; those of at most half a trip are the limits.
    """

    def __init__(self, capacity: int, sizes: Iterable[int]) -> None:
        self._capacity = capacity
        self._limits = sorted({0, *(size for size in sizes if 2 * size <= capacity)})
        self._free = [0] * len(self._limits)
        self._small = [0] * len(self._limits)
        self._num_large = 0

    def add(self, units: int, splits: bool) -> None:
        """Add a part; one larger than a trip counts as if it splits."""
        if splits or units > self._capacity:
            self._small[0] += units
            return
        is_large = 2 * units > self._capacity
        self._num_large += is_large
        for k, limit in enumerate(self._limits):
            if not is_large and units >= limit:
                self._small[k] += units
            elif is_large and units <= self._capacity - limit:
                self._free[k] += self._capacity - units

    @property
    def num_trips(self) -> int:
        """Trips that all parts so far need at the least."""
        excess = max(small - free for small, free in zip(self._small, self._free, strict=True))
        return self._num_large + max(0, -(-excess // self._capacity))


def lane_bound(instance: Instance, heads: Mapping[OperationKey, int], tails: Mapping[OperationKey, int]) -> int:
    """Return the best bound of all lanes; 0 where nothing has to cross one, for plans with a past and for cycles."""
    if not instance.lanes or instance.execution is not None or instance.cycle is not None:
        return 0
    by_lane: dict[str, list[Crossing]] = {}
    for job in instance.jobs:
        for predecessor, successor, _ in job.links:
            if job.plans or predecessor is None or successor is None:
                continue
            found = _crossing(instance, job, predecessor, successor, heads, tails)
            if found is not None:
                by_lane.setdefault(found[0], []).append(found[1])
    return max((crossings_bound(instance.lane_by_id[lane], work) for lane, work in by_lane.items()), default=0)


def crossings_bound(lane: Lane, crossings: Iterable[Crossing]) -> int:
    """Return the earliest end of all that has to cross a lane."""
    work = sorted(crossings, key=lambda crossing: -crossing.tail)
    instants = sorted({crossing.head for crossing in work})
    length, best = lane.trip_times[0], 0
    for first in instants[:: -(-len(instants) // MOST_HEADS) or 1]:
        late = [crossing for crossing in work if crossing.head >= first]
        packing, num_trips = Packing(lane.units_per_vehicle, {crossing.units for crossing in late}), list[int]()
        for crossing in late:
            packing.add(crossing.units, crossing.splits)
            num_trips.append(packing.num_trips)
        departs_at = departures(lane, first, num_trips[-1])
        for crossing, num in zip(late, num_trips, strict=True) if departs_at else ():
            best = max(best, departs_at[num - 1] + length + crossing.tail)
    return best


def departures(lane: Lane, first: int, num: int) -> list[int]:
    """Return the earliest instants at which so many trips of a lane can depart, none before `first`.

    There are none where no trip ever fits into the calendar of the lane. A trip that takes no time fits everywhere.
    """
    length, until = lane.trip_times[0], first + 1
    period = lane.calendar.pattern.period if lane.calendar.pattern is not None else 0
    # From the last downtime on all periods are alike: two of them show every gap there is.
    settled = max((first, *(downtime.end for downtime in lane.calendar.downtimes))) + 2 * (period + length)
    while True:
        until *= 2
        blocked, found = lane.calendar.blocked(until), list[int]()
        for k in range(num):
            ready = found[-1] + lane.headway if found else first
            if k >= lane.vehicles:
                ready = max(ready, found[k - lane.vehicles] + length + lane.return_time)
            found.append(earliest_start(blocked, ready, length, interruptible=False))
        if not found or found[-1] + length <= until:
            return found
        if until > settled and found[0] + length > until:
            return []


def _crossing(
    instance: Instance,
    job: Job,
    predecessor: str,
    successor: str,
    heads: Mapping[OperationKey, int],
    tails: Mapping[OperationKey, int],
) -> tuple[str, Crossing] | None:
    """Return the one lane that the parts between two operations cross, whatever the modes, and what that means."""
    before = instance.operation_by_key[job.id, predecessor]
    after = instance.operation_by_key[job.id, successor]
    lanes, ready, left = set[str](), list[int](), list[int]()
    for mode in before.modes:
        for other in after.modes:
            ends = instance.machine_by_id[mode.machine], instance.machine_by_id[other.machine]
            for legs in routes(instance, *ends):
                at = [number for number, leg in enumerate(legs) if leg.kind == "transfer"]
                if len(at) != 1 or len(legs[at[0]].groups) != 1:
                    return None
                lanes.add(legs[at[0]].groups[0])
                ready.append(mode.duration + _time(instance, legs[: at[0]]))
                left.append(_time(instance, legs[at[0] + 1 :]))
    if len(lanes) != 1:
        return None
    head, tail = heads[job.id, predecessor] + min(ready), min(left) + tails[job.id, successor]
    return lanes.pop(), Crossing(head, job.units, tail, job.splits)


def _time(instance: Instance, legs: Iterable[Leg]) -> int:
    """Return how long some legs take at the least."""
    return sum(leg_time(instance, leg) for leg in legs)
